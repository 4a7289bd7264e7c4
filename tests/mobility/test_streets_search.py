"""Searching the streets of a real city: networkx finds the same, for every profile."""

from pathlib import Path

import numpy as np
import pytest

from mobility.benchmark.streets import Plan, measure_streets
from mobility.benchmark.streets_peers import Ends, Networkx
from mobility.model import Coordinate
from mobility.streets.check import to_networkx
from mobility.streets.compile import read_streets
from mobility.streets.profiles import Profile
from mobility.streets.streets_router import StreetNetworkRouter
from mobility.streets.workspace import FAR

STREETS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "osm"
STARTS, ENDS = 40, 25

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not STREETS.is_dir(), reason="no reference data in a folder `shared` beside the checkout"),
]


@pytest.fixture(scope="module")
def router():
    """The largest extract with its heights."""
    graph, _ = read_streets(STREETS / "poa.osm.pbf", elevation=STREETS / "poa_elevation.tif")
    return StreetNetworkRouter(graph)


@pytest.mark.parametrize("profile", list(Profile))
def test_a_thousand_pairs_are_networkx_s(router, profile):
    """Turn restrictions included: each way takes as long on the split graph, by Dijkstra from arc to arc."""
    graph, draw = router.graph, np.random.default_rng(7)
    model = to_networkx(graph, profile)
    tails = {}
    for tail, _, directed in model.edges(data="directed_segment"):
        tails.setdefault(directed, []).append(tail)
    peer = Networkx(graph.profiles[profile])
    off = draw.normal(0, 3e-4, (2, STARTS + ENDS))
    node = draw.integers(0, len(graph.node_lat), STARTS + ENDS)
    lat, lon = graph.node_lat[node] + off[0], graph.node_lon[node] + off[1]
    linked = router.link(lat, lon, profile).places
    mps = (
        1.33
        if profile in {Profile.FOOT, Profile.CAR, Profile.SCOOTER}
        else {"wheelchair": 0.8, "bicycle": 4.2}[profile]
    )
    g = graph.profiles[profile]
    compared = 0
    for start in np.flatnonzero(linked.segment[:STARTS] >= 0).tolist():
        reached = peer.reach_all(list_beside(g, linked, start, mps))
        for end in range(STARTS, STARTS + ENDS):
            way = router.find(*(Coordinate(float(lat[n]), float(lon[n])) for n in (start, end)), profile)
            if linked.segment[end] < 0:
                assert way.ds >= FAR
                continue
            if len(way.way) == 1 or (way.ds < FAR and not len(way.way)):
                continue  # along one street, or straight: networkx does not know these
            within = [
                reached[tail] + part
                for directed, part in list_parts(g, linked, end, arriving=True)
                for tail in tails.get(directed, [])
                if tail in reached
            ]
            best = min(within) + to_door_ds(linked, end, mps) if within else FAR
            assert min(way.ds, FAR) == best
            compared += 1
    assert compared > STARTS * ENDS * 0.8


def list_parts(g, linked, number, *, arriving):
    """Directed segments that a place stands at, and deciseconds from it to their end (or from their begin to it)."""
    segment, share = int(linked.segment[number]), float(linked.fraction[number])
    found = []
    for directed, whole_ds in ((2 * segment, g.fwd_ds[segment]), (2 * segment + 1, g.bwd_ds[segment])):
        part = share if arriving != bool(directed & 1) else 1 - share
        if whole_ds >= 0:
            found.append((directed, int(np.ceil(whole_ds * part - 1e-6))))
    return found


def list_beside(g, linked, number, mps):
    """The search nodes that one gets to from a place."""
    parts = list_parts(g, linked, number, arriving=False)
    door_ds = to_door_ds(linked, number, mps)
    return Ends(np.array([g.start_head[d] for d, _ in parts]), np.array([door_ds + part for _, part in parts]))


def to_door_ds(linked, number, mps):
    """Deciseconds between a door and its street."""
    return int(np.ceil(linked.distance_m[number] / mps * 10 - 1e-6))


@pytest.mark.parametrize("profile", list(Profile))
def test_reaching_is_finding_in_a_city(router, profile):
    """Each place within a quarter of an hour is as far by the hierarchy, and the others are farther."""
    graph, draw = router.graph, np.random.default_rng(8)
    node = draw.integers(0, len(graph.node_lat), 300)
    lat, lon = graph.node_lat[node] + draw.normal(0, 3e-4, 300), graph.node_lon[node] + draw.normal(0, 3e-4, 300)
    targets = router.link(lat, lon, profile)
    places = [Coordinate(*point) for point in zip(lat.tolist(), lon.tolist(), strict=True)]
    for start in range(8):
        for inbound in (False, True):
            reached = router.reach(places[start], targets, 900, inbound=inbound)
            seconds = dict(zip(reached.number.tolist(), reached.seconds.tolist(), strict=True))
            for number in range(0, 300, 3):
                ends = (places[start], places[number])
                way = router.find(*(reversed(ends) if inbound else ends), profile)
                assert seconds.get(number, 901) == min(-(-way.ds // 10), 901)


def test_the_benchmark_counts_no_difference():
    """All engines answer alike; every row has times."""
    report = measure_streets(
        STREETS / "spo.osm.pbf", None, Plan(queries=30, slow=5, repeats=1), lambda _done, _of: None
    )
    assert report.differing == 0
    assert {row.engine for row in report.rows} >= {"changtong", "networkx", "pyroutingkit"}
    assert all(row.times.p50_ms > 0 for row in report.rows)
