"""The contraction hierarchy on its own: shapes that break orders, and times brought on anew."""

import numpy as np
import pytest
from random_streets import Segment, Sketch, build_graph

from mobility.streets.hierarchy import build_climb_space, build_hierarchy, climb_path, customize
from mobility.streets.profiles import Profile
from mobility.streets.search import find_path, list_arcs
from mobility.streets.workspace import FAR, build_workspace


def block(size, seed=3):
    """A chessboard of streets with random times, some one-way."""
    draw = np.random.default_rng(seed)
    nodes = [(-30 + row * 1e-3, -51 + column * 1e-3) for row in range(size) for column in range(size)]
    pairs = [(n, n + 1) for n in range(size * size) if (n + 1) % size]
    pairs += [(n, n + size) for n in range(size * (size - 1))]
    times = draw.integers(50, 900, (len(pairs), 2))
    times[draw.random(len(pairs)) < 0.2, 1] = -1
    segments = [Segment(a, b, int(fwd), int(bwd)) for (a, b), (fwd, bwd) in zip(pairs, times, strict=True)]
    return build_graph(Sketch(nodes, segments))


def one(number, ds=0):
    """A single seed or end."""
    return np.array([number], np.int32), np.array([ds], np.int32)


def test_all_pairs_of_a_town_are_dijkstra_s():
    """Every node to every other: the same times, and paths that are ways."""
    graph = block(9)
    g = graph.profiles[Profile.FOOT]
    hierarchy = build_hierarchy(g, graph.node_lat, graph.node_lon)
    space, workspace, arcs = build_climb_space(len(g.node_of)), build_workspace(g), list_arcs(g)
    for start in range(81):
        for end in range(81):
            climbed = climb_path(hierarchy, *one(start), *one(end), space)
            assert climbed[0] == find_path(arcs, g.tail, *one(start), *one(end), workspace)[0]
            path = climbed[1]
            if len(path):
                assert g.tail[path[0]] == start
                assert g.head[path[-1]] == end
                assert (g.head[path[:-1]] == g.tail[path[1:]]).all()
                assert g.time_ds[path].sum() == climbed[0]


def test_new_times_need_no_new_order():
    """Customising with live times equals building with them; FAR shuts a street."""
    graph = block(7)
    g = graph.profiles[Profile.FOOT]
    built = build_hierarchy(g, graph.node_lat, graph.node_lon)
    slow = g.time_ds * 3
    slow[::5] = FAR
    again = built._replace(times=customize(built.climbs, slow))
    fresh = build_hierarchy(g._replace(time_ds=slow), graph.node_lat, graph.node_lon)
    space = build_climb_space(len(g.node_of))
    for start, end in np.random.default_rng(1).integers(0, 49, (200, 2)).tolist():
        assert (
            climb_path(again, *one(start), *one(end), space)[0] == climb_path(fresh, *one(start), *one(end), space)[0]
        )
    unchanged = customize(built.climbs, g.time_ds)
    for mine, before in zip(unchanged, built.times, strict=True):
        np.testing.assert_array_equal(mine, before)


@pytest.mark.parametrize("count", [2, 3, 40])
def test_a_street_without_end_and_islands_are_searched(count):
    """A path, and nodes that nothing leads to: no way is FAR with no arcs."""
    nodes = [(-30 + n * 1e-3, -51.0) for n in range(count + 2)]
    segments = [Segment(n, n + 1, 10, 20) for n in range(count - 1)] + [Segment(count, count + 1, 5, -1)]
    graph = build_graph(Sketch(nodes, segments))
    g = graph.profiles[Profile.FOOT]
    hierarchy = build_hierarchy(g, graph.node_lat, graph.node_lon)
    space = build_climb_space(len(g.node_of))
    assert climb_path(hierarchy, *one(0), *one(count - 1), space)[0] == 10 * (count - 1)
    assert climb_path(hierarchy, *one(count - 1), *one(0), space)[0] == 20 * (count - 1)
    ds, path, seed, end = climb_path(hierarchy, *one(0), *one(count), space)
    assert (ds, len(path), seed, end) == (FAR, 0, -1, -1)
    assert climb_path(hierarchy, *one(count + 1), *one(count), space)[0] == FAR


def test_a_map_without_streets_has_a_hierarchy():
    """Nothing to contract, nothing found; the start itself is still where it is."""
    graph = build_graph(Sketch([(-30.0, -51.0), (-30.0, -50.9)], []))
    g = graph.profiles[Profile.FOOT]
    hierarchy = build_hierarchy(g, graph.node_lat, graph.node_lon)
    space = build_climb_space(2)
    assert climb_path(hierarchy, *one(0), *one(1), space)[0] == FAR
    assert climb_path(hierarchy, *one(0, 7), *one(0, 5), space)[0] == 12
