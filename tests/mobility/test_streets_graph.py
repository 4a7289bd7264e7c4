"""The compiled arrays: whole, consistent, and the same after being stored."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from street_town import Town

from mobility.network.packing import pack, unpack
from mobility.streets.compile import read_streets
from mobility.streets.components import MAIN_NODES, find_main_segments, number_components
from mobility.streets.graph import ProfileGraph, StreetGraph
from mobility.streets.profiles import Profile
from mobility.streets.turns import Directed

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
KINDS = ("residential", "footway", "steps", "cycleway", "service access=private", "primary oneway=yes", "motorway")
NODES = ("", "", "", "barrier=gate access=no", "barrier=bollard", "highway=traffic_signals", "highway=elevator")


@st.composite
def towns(draw):
    """Few nodes, some with a barrier, and ways among them, some of which pass a node twice."""
    town = Town()
    count = draw(st.integers(2, 7))
    for number in range(count):
        town.node(str(number), 100 * (number % 3), 70 * (number // 3) + 11 * number, draw(st.sampled_from(NODES)))
    node = st.integers(0, count - 1).map(str)
    ways = []
    for _ in range(draw(st.integers(1, 5))):
        path = draw(st.lists(node, min_size=2, max_size=6).filter(lambda names: len(set(names)) > 1))
        ways.append((town.way(" ".join(path), "highway=" + draw(st.sampled_from(KINDS))), path))
    for start, path in ways:
        if draw(st.booleans()):
            town.restrict(draw(st.sampled_from(["no_left_turn", "only_straight_on"])), start, path[-1], ways[0][0])
    return town


def check_arrays(graph: StreetGraph, arcs: ProfileGraph) -> None:
    """All that graph.py says of the arrays of a profile."""
    n, s, m, k = len(graph.node_lat), len(graph.seg_from), len(arcs.head), len(arcs.node_of)
    assert (arcs.node_of[:n] == np.arange(n)).all()
    ends = np.stack([graph.seg_from, graph.seg_to, graph.seg_to, graph.seg_from], axis=1).reshape(2 * s, 2)
    time = np.stack([arcs.fwd_ds, arcs.bwd_ds], axis=1).ravel()
    assert (np.repeat(np.arange(k), np.diff(arcs.offset)) == arcs.tail).all()
    assert (arcs.node_of[arcs.tail] == ends[arcs.arc_seg, 0]).all()
    assert (arcs.node_of[arcs.head] == ends[arcs.arc_seg, 1]).all()
    assert (arcs.time_ds == time[arcs.arc_seg]).all()
    assert (arcs.time_ds >= 1).all()
    # the reversed twin is the same arcs, by their heads
    assert (np.repeat(np.arange(k), np.diff(arcs.r_offset)) == arcs.head[arcs.r_arc]).all()
    assert (arcs.r_tail == arcs.tail[arcs.r_arc]).all()
    assert (arcs.r_time_ds == arcs.time_ds[arcs.r_arc]).all()
    assert sorted(arcs.r_arc) == list(range(m)) == sorted(arcs.of_seg)
    # by directed segment: each open one has an arc and a place where one is who starts in it
    assert (np.repeat(np.arange(2 * s), np.diff(arcs.of_seg_offset)) == arcs.arc_seg[arcs.of_seg]).all()
    is_open = time >= 0
    assert ((np.diff(arcs.of_seg_offset) > 0) == is_open).all()
    assert ((arcs.start_head >= 0) == is_open).all()
    assert (arcs.node_of[arcs.start_head[is_open]] == ends[is_open, 1]).all()
    assert not arcs.is_main_seg[~(is_open[0::2] | is_open[1::2])].any()
    assert set(np.flatnonzero(arcs.is_main)) == set(ends[0::2][arcs.is_main_seg].ravel())
    assert {a.dtype for a in (arcs.head, arcs.time_ds, arcs.node_of, arcs.tail, arcs.of_seg)} == {np.dtype(np.int32)}


@settings(max_examples=60, deadline=None)
@given(towns())
def test_the_arrays_of_any_town_are_consistent(tmp_path_factory, town):
    """Whatever crosses, loops, is shut or forbidden: the arrays keep what graph.py says."""
    folder = tmp_path_factory.getbasetemp()
    graph = town.read(folder).graph
    assert (graph.seg_from != graph.seg_to).all()
    assert np.diff(graph.point_off).min() >= 2
    for arcs in graph.profiles.values():
        check_arrays(graph, arcs)


def test_a_stored_graph_is_the_same(tmp_path):
    """Packed into named arrays and unpacked it holds the same, with its profiles and names."""
    town = Town().node("a", 0, 0).node("b", 100, 0, "barrier=bollard").node("c", 200, 50)
    town.way("a b c", name="中山路")
    graph = town.read(tmp_path).graph
    arrays = {}
    again = unpack(pack(graph, "streets", arrays), arrays)
    assert isinstance(again, StreetGraph)
    assert list(again.profiles) == list(Profile)
    assert again.names == ("", "中山路")
    assert again.kinds == graph.kinds
    for name in StreetGraph.__slots__:
        if isinstance(getattr(graph, name), np.ndarray):
            np.testing.assert_array_equal(getattr(again, name), getattr(graph, name))
    for profile in Profile:
        for field, other in zip(graph.profiles[profile], again.profiles[profile], strict=True):
            np.testing.assert_array_equal(field, other)


def test_the_networkx_twin_has_everything(tmp_path):
    """Nodes carry where they are, arcs how long they take and what they are called."""
    town = Town().node("a", 0, 0).node("b", 133, 0)
    town.way("a b", "highway=footway", name="Path")
    model = town.read(tmp_path).model(Profile.FOOT)
    assert model.graph["profile"] == "foot"
    assert "OpenStreetMap" in model.graph["attribution"]
    assert model.nodes[0] == {"lat": pytest.approx(22.63), "lon": pytest.approx(120.3), "street_node": 0, "osm_id": 1}
    assert model.edges[0, 1, 0] == {
        "seconds": pytest.approx(100, abs=0.1), "metres": pytest.approx(133, abs=0.1), "name": "Path",
        "kind": "footway", "osm_way": 101, "directed_segment": 0,
    }  # fmt: skip


@given(st.integers(1, 8), st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_components_are_those_of_networkx(count, pairs):
    """Two nodes share a number exactly where networkx finds them in one strongly connected component."""
    import networkx as nx

    pairs = sorted({(a % count, b % count) for a, b in pairs})
    offset = np.searchsorted([a for a, _ in pairs], np.arange(count + 1)).astype(np.int64)
    found = number_components.py_func(offset, np.array([b for _, b in pairs], np.int32))
    model = nx.DiGraph(pairs)
    model.add_nodes_from(range(count))
    wanted = {frozenset(part) for part in nx.strongly_connected_components(model)}
    assert {frozenset(np.flatnonzero(found == c).tolist()) for c in set(found.tolist())} == wanted


def test_the_kernel_equals_its_python_twin():
    """The compiled kernel numbers components as its source does."""
    rng = np.random.default_rng(5)
    head = rng.integers(0, 200, 300).astype(np.int32)
    offset = np.r_[0, np.sort(rng.integers(0, 301, 199)), 300].astype(np.int64)
    np.testing.assert_array_equal(number_components(offset, head), number_components.py_func(offset, head))


def chain(*sizes, is_oneway=False):
    """Lines of streets, each of so many nodes, unconnected."""
    tail, first = [], 0
    for size in sizes:
        tail += [end for a in range(first, first + size - 1) for end in (a, a + 1)]
        first += size
    tail = np.array(tail)
    is_open = np.ones(len(tail), bool)
    if is_oneway:
        is_open[1::2] = False
    return Directed(tail, tail.reshape(-1, 2)[:, ::-1].ravel(), is_open, np.zeros(len(tail), bool)), first


def test_islands_are_not_linked_to():
    """The largest part counts, and any of the stated size."""
    ways, count = chain(MAIN_NODES + 9, 5, MAIN_NODES, MAIN_NODES - 1)
    main = find_main_segments(ways, count, np.zeros(0, np.int64))
    assert main.sum() == MAIN_NODES + 8 + MAIN_NODES - 1
    assert not main[MAIN_NODES + 8 : MAIN_NODES + 12].any()
    ways, count = chain(4, 3)
    assert find_main_segments(ways, count, np.zeros(0, np.int64)).tolist() == [True] * 3 + [False] * 2


def test_what_lies_behind_a_shut_node_is_an_island():
    """A wall between two halves of a street: the longer one is main; streets that one cannot leave are not."""
    ways, count = chain(7)
    assert find_main_segments(ways, count, np.array([2])).tolist() == [False] * 2 + [True] * 4
    ways, count = chain(3, is_oneway=True)
    assert not find_main_segments(ways, count, np.zeros(0, np.int64)).any()


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared reference data beside the checkout")
@pytest.mark.parametrize("name", ["osm/poa", "osm/portland-central", "osm/spo", "gtfs-misc/flex/cobb-county.filtered"])
def test_real_extracts(name):
    """Four real extracts: nearly all streets of each profile hang together, and the arrays are consistent."""
    graph, _ = read_streets(SHARED / f"{name}.osm.pbf")
    for profile, arcs in graph.profiles.items():
        check_arrays(graph, arcs)
        is_open = (arcs.fwd_ds >= 0) | (arcs.bwd_ds >= 0)
        assert arcs.is_main_seg.sum() > 0.93 * is_open.sum(), profile
