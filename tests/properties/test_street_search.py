"""Searching streets: every way of small random towns is that of a brute force, whichever kernel finds it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from random_streets import Oracle, Segment, Sketch, Spot, build_graph, sketches, spots_in

from mobility.model import Coordinate
from mobility.streets.door_to_door import straight_m
from mobility.streets.hierarchy import build_climb_space, build_hierarchy, climb_path, customize
from mobility.streets.links import find_stub_mps
from mobility.streets.profiles import Profile
from mobility.streets.search import find_path, list_arcs, pop, push, spread
from mobility.streets.streets_router import StreetNetworkRouter, StreetTargets
from mobility.streets.workspace import FAR, build_workspace

PLACES = 6
LONG_S = 100_000


@st.composite
def towns(draw: st.DrawFn) -> tuple[Sketch, list[tuple[float, float]]]:
    """A sketch, and places in it: the first is where one starts."""
    sketch = draw(sketches())
    return sketch, draw(spots_in(sketch, PLACES))


def link_all(router: StreetNetworkRouter, places: list[tuple[float, float]]) -> StreetTargets:
    """Link places for walkers."""
    lat, lon = (np.array(column) for column in zip(*places, strict=True))
    return router.link(lat, lon, Profile.FOOT)


def find_expected(sketch: Sketch, targets: StreetTargets, *, inbound: bool = False) -> dict[int, int]:
    """Seconds from the first place to each of all (or from each to it), by the oracle."""
    linked, mps = targets.places, find_stub_mps(Profile.FOOT)
    spots = {
        number: Spot(
            int(linked.segment[number]),
            float(linked.fraction[number]),
            int(np.ceil(linked.distance_m[number] / mps * 10 - 1e-6)),
        )
        for number in range(len(linked.lat))
        if linked.segment[number] >= 0
    }
    if 0 not in spots:
        return {}
    if inbound:
        found = {n: Oracle(sketch).find_all_ds(spot, {0: spots[0]}).get(0) for n, spot in spots.items()}
        ds = {number: way for number, way in found.items() if way is not None}
    else:
        ds = Oracle(sketch).find_all_ds(spots[0], spots)
    for number in spots:
        gap_m = straight_m(linked.lat[0], linked.lon[0], linked.lat[number], linked.lon[number])
        if gap_m <= max(linked.distance_m[0], linked.distance_m[number]):
            ds[number] = min(ds.get(number, FAR), int(np.ceil(gap_m / mps * 10 - 1e-6)))
    return {number: -(-way // 10) for number, way in ds.items()}


def as_dict(reached: tuple[np.ndarray, np.ndarray]) -> dict[int, int]:
    """Seconds by number."""
    return dict(zip(reached[0].tolist(), reached[1].tolist(), strict=True))


@settings(deadline=None, max_examples=150)
@given(towns())
def test_reaching_many_is_the_brute_force_both_ways(town: tuple[Sketch, list[tuple[float, float]]]) -> None:
    """One-ways, forbidden turns, streets for residents, places on one street: each place as the oracle has it."""
    sketch, places = town
    router = StreetNetworkRouter(build_graph(sketch))
    targets = link_all(router, places)
    at = Coordinate(*places[0])
    for inbound in (False, True):
        expected = find_expected(sketch, targets, inbound=inbound)
        assert as_dict(router.reach(at, targets, LONG_S, inbound=inbound)) == expected
        limit_s = sorted(expected.values())[len(expected) // 2] if expected else 10
        within = {number: seconds for number, seconds in expected.items() if seconds <= limit_s}
        reached = router.reach(at, targets, limit_s, inbound=inbound)
        assert as_dict(reached) == within
        assert list(zip(reached.seconds, reached.number, strict=True)) == sorted(
            zip(reached.seconds, reached.number, strict=True)
        )


@settings(deadline=None, max_examples=100)
@given(towns())
def test_backwards_is_forwards_in_the_town_turned_round(town: tuple[Sketch, list[tuple[float, float]]]) -> None:
    """Whom I reach where every street and turn is turned round is who reaches me."""
    sketch, places = town
    router, turned = StreetNetworkRouter(build_graph(sketch)), StreetNetworkRouter(build_graph(sketch.reversed()))
    targets, turned_targets = link_all(router, places), link_all(turned, places)
    np.testing.assert_array_equal(targets.places.segment, turned_targets.places.segment)
    at = Coordinate(*places[0])
    inbound = router.reach(at, targets, LONG_S, inbound=True)
    outbound = turned.reach(at, turned_targets, LONG_S)
    assert as_dict(inbound) == as_dict(outbound)


@settings(deadline=None, max_examples=100)
@given(towns())
def test_the_way_to_one_takes_what_reaching_it_takes(town: tuple[Sketch, list[tuple[float, float]]]) -> None:
    """``route`` (contraction hierarchy), ``reach`` and ``table`` (Dijkstra) agree, and None is not reached."""
    sketch, places = town
    router = StreetNetworkRouter(build_graph(sketch))
    targets = link_all(router, places)
    reached = router.reach(Coordinate(*places[0]), targets, LONG_S)
    rows = router.table(targets, targets, LONG_S)
    assert as_dict(rows[0]) == as_dict(reached)
    for number, place in enumerate(places):
        way = router.route(Coordinate(*places[0]), Coordinate(*place), Profile.FOOT)
        assert (way.duration_s if way else None) == as_dict(reached).get(number)
        back = router.reach(Coordinate(*place), targets, LONG_S, inbound=True)
        assert as_dict(back).get(0) == as_dict(reached).get(number)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Sketch, list[int], list[int], list[int], list[int]]:
    """A sketch, and street nodes to start from and to end at, each with deciseconds of its own."""
    sketch = draw(sketches())
    nodes = st.lists(st.integers(0, len(sketch.nodes) - 1), min_size=1, max_size=3, unique=True)
    seeds, ends = draw(nodes), draw(nodes)
    ds = st.integers(0, 300)
    return sketch, seeds, [draw(ds) for _ in seeds], ends, [draw(ds) for _ in ends]


@settings(deadline=None, max_examples=150)
@given(questions(), st.integers(0, 2**32 - 1))
def test_the_hierarchy_finds_what_dijkstra_finds(
    question: tuple[Sketch, list[int], list[int], list[int], list[int]], seed: int
) -> None:
    """The same deciseconds, along arcs that follow each other and add up; also after new times were brought on."""
    graph = build_graph(question[0])
    g = graph.profiles[Profile.FOOT]
    ends = tuple(np.array(part, np.int32) for part in question[1:])
    hierarchy = build_hierarchy(g, graph.node_lat, graph.node_lon)
    space, workspace = build_climb_space(len(g.node_of)), build_workspace(g)
    time_ds = np.random.default_rng(seed).integers(1, 500, len(g.head)).astype(np.int32)
    time_ds[time_ds > 450] = FAR  # shut
    for times in (g.time_ds, time_ds):
        hierarchy = hierarchy._replace(times=customize(hierarchy.climbs, times))
        arcs = list_arcs(g)._replace(time_ds=times)
        climbed = climb_path(hierarchy, *ends, space)
        walked = find_path(arcs, g.tail, *ends, workspace)
        assert climbed[0] == walked[0]
        for ds, path, first, last in (climbed, walked):
            if ds < FAR:
                nodes = [int(ends[0][first]), *g.head[path].tolist()]
                assert nodes[:-1] == g.tail[path].tolist()
                assert nodes[-1] == ends[2][last]
                assert ends[1][first] + times[path].sum() + ends[3][last] == ds
        assert (space.ahead == FAR).all()
        assert (space.behind == FAR).all()
        assert (workspace.dist == FAR).all()


@settings(deadline=None, max_examples=60)
@given(questions(), st.integers(0, 2000))
def test_kernels_do_what_their_python_does(
    question: tuple[Sketch, list[int], list[int], list[int], list[int]], limit_ds: int
) -> None:
    """Compiled and plain: the same labels in the same order, the same arcs."""
    graph = build_graph(question[0])
    g = graph.profiles[Profile.FOOT]
    ends = tuple(np.array(part, np.int32) for part in question[1:])
    compiled, plain = build_workspace(g), build_workspace(g)
    for arcs in (list_arcs(g), list_arcs(g, inbound=True)):
        counts = [
            kernel(arcs, ends[0], ends[1], limit_ds, w) for kernel, w in ((spread, compiled), (spread.py_func, plain))
        ]
        assert counts[0] == counts[1]
        np.testing.assert_array_equal(compiled.dist, plain.dist)
        np.testing.assert_array_equal(compiled.touched[: counts[0]], plain.touched[: counts[0]])
        compiled.dist[:], plain.dist[:] = FAR, FAR
    hierarchy = build_hierarchy(g, graph.node_lat, graph.node_lon)
    space = build_climb_space(len(g.node_of))
    for kernel, twin, given_arrays in (
        (find_path, find_path.py_func, (list_arcs(g), g.tail, *ends, compiled)),
        (climb_path, climb_path.py_func, (hierarchy, *ends, space)),
    ):
        one, other = kernel(*given_arrays), twin(*given_arrays)
        assert one[0] == other[0]
        np.testing.assert_array_equal(one[1], other[1])
        assert one[2:] == other[2:]


@given(st.lists(st.integers(0, 2**62)))
def test_the_heap_sorts(entries: list[int]) -> None:
    """Whatever is pushed comes up in order."""
    for add, take in ((push, pop), (push.py_func, pop.py_func)):
        heap, size = np.empty(len(entries) + 1, np.int64), 0
        for entry in entries:
            size = add(heap, size, entry)
        found = []
        while size:
            found.append(int(heap[0]))
            size = take(heap, size)
        assert found == sorted(entries)


def test_a_limit_is_one_of_time_for_whoever_walks() -> None:
    """Below zero nothing is reached, at zero the door itself."""
    sketch = Sketch([(-30.0, -51.0), (-30.0, -50.999)], [Segment(0, 1, 725, 725)])
    router = StreetNetworkRouter(build_graph(sketch))
    targets = link_all(router, [(-30.0, -51.0), (-30.0, -50.9995)])
    assert [len(router.reach(Coordinate(-30.0, -51.0), targets, limit_s).number) for limit_s in (-1, 0, 100)] == [
        0,
        1,
        2,
    ]
