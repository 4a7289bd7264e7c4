"""Streets: our router beside networkx, scipy and pyroutingkit on one extract, in one process.

*Access* asks for all of a few thousand places within a quarter of an hour's walk, *way* for the path between two
doors across the whole extract. Ours is timed from coordinates, linking included; *with its looks* adds geometry,
instructions and climb. The peers begin at the search nodes. Every answer that differs is counted.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mobility.benchmark.measure import Times, to_times
from mobility.benchmark.problem import Advance
from mobility.benchmark.streets_peers import Ends, Networkx, open_routing_kit, open_scipy
from mobility.geodesy import Floats
from mobility.model import Coordinate
from mobility.streets.compile import read_streets
from mobility.streets.graph import StreetGraph
from mobility.streets.links import list_ends, list_starts, stub_ds
from mobility.streets.nearest import Link
from mobility.streets.profiles import Profile
from mobility.streets.router import Reached
from mobility.streets.streets_router import StreetNetworkRouter, StreetTargets
from mobility.streets.workspace import FAR

ACCESS_S = 900
PLACES = 2000
SPREAD_DEG = 3e-4
"""Doors are some thirty metres from a street node."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is asked; ``slow`` questions of networkx, which takes its time."""

    queries: int = 500
    slow: int = 50
    repeats: int = 3
    seed: int = 42


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of question to one engine. ``ratio_*`` is its time over ours, ``differing`` the answers unlike ours."""

    question: str
    profile: Profile
    engine: str
    queries: int
    times: Times
    ratio_p50: float | None = None
    ratio_p95: float | None = None
    differing: int | None = None


@dataclass(frozen=True, slots=True)
class StreetsReport:
    """What was found on one extract."""

    name: str
    nodes: int
    segments: int
    read_s: float
    ready_s: float
    rows: tuple[Row, ...]

    @property
    def differing(self) -> int:
        """All answers that differ."""
        return sum(row.differing or 0 for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"differing": self.differing}


def measure_streets(extract: Path, elevation: Path | None, plan: Plan, advance: Advance) -> StreetsReport:
    """Read an extract, make it ready for all profiles, and ask.

    Raises:
        StreetsUnreadable: The extract cannot be read.
    """
    begin = time.perf_counter()
    graph, _ = read_streets(extract, elevation=elevation)
    read = time.perf_counter()
    router = StreetNetworkRouter(graph)
    for profile in graph.profiles:
        router.prepare(profile)
    ready = time.perf_counter()
    name, size = extract.name.removesuffix(".osm.pbf"), (len(graph.node_lat), len(graph.seg_from))
    rows = tuple(_ask_all(_Streets(graph, router, plan), plan, advance))
    return StreetsReport(name, *size, round(read - begin, 2), round(ready - read, 2), rows)


class _Streets:
    """The questions, and what peers need of them."""

    def __init__(self, graph: StreetGraph, router: StreetNetworkRouter, plan: Plan) -> None:
        self.graph, self.router = graph, router
        draw = np.random.default_rng(plan.seed)
        self.lat, self.lon = self._draw(draw, plan.queries)
        self.to_lat, self.to_lon = self._draw(draw, plan.queries)
        self.places = self._draw(draw, PLACES)
        self.doors, self.goals = _coordinates(self.lat, self.lon), _coordinates(self.to_lat, self.to_lon)

    def _draw(self, draw: np.random.Generator, count: int) -> tuple[Floats, Floats]:
        node = draw.integers(0, len(self.graph.node_lat), count)
        off = draw.normal(0.0, SPREAD_DEG, (2, count))
        return self.graph.node_lat[node] + off[0], self.graph.node_lon[node] + off[1]

    def list_ends(self, profile: Profile, *, goals: bool) -> list[Ends | None]:
        """The search nodes beside the doors, or beside the goals; None where there are none."""
        at = (self.to_lat, self.to_lon) if goals else (self.lat, self.lon)
        linked = self.router.link(*at, profile).places
        street = self.router.open_street(profile)
        columns = (linked.segment, linked.fraction, linked.side, linked.distance_m)
        found: list[Ends | None] = []
        for link in (Link(*row) for row in zip(*(column.tolist() for column in columns), strict=True)):
            if link.segment < 0:
                found.append(None)
                continue
            kernel = list_ends if goals else list_starts
            found.append(Ends(*kernel(street.stretches, link, stub_ds(street, link.distance_m))[:2]))
        return found


def _coordinates(lat: Floats, lon: Floats) -> list[Coordinate]:
    return [Coordinate(*point) for point in zip(lat.tolist(), lon.tolist(), strict=True)]


def _ask_all(streets: _Streets, plan: Plan, advance: Advance) -> Iterable[Row]:
    total = len(streets.graph.profiles) + 1
    yield from _ask_access(streets, plan)
    for done, profile in enumerate(streets.graph.profiles, 1):
        advance(done, total)
        yield from _ask_ways(streets, profile, plan)
    advance(total, total)


def _ask_access(streets: _Streets, plan: Plan) -> Iterable[Row]:
    profile = Profile.FOOT
    graph, router = streets.graph.profiles[profile], streets.router
    targets = router.link(*streets.places, profile)
    asks: list[Callable[[], Reached]] = [_access(router, door, targets) for door in streets.doors]
    answers, ours = _time(asks, plan.repeats)
    yield Row("access", profile, "changtong", len(asks), ours)
    starts = streets.list_ends(profile, goals=False)
    for peer in (Networkx(graph), open_scipy(graph)):
        if peer is None:
            continue
        chosen = [n for n, start in enumerate(starts) if start is not None][: plan.slow]
        theirs = [_bind(peer.reach, starts[n], targets.coming, ACCESS_S * 10) for n in chosen]
        found, times = _time(theirs, 1)
        differing = sum(
            not _is_same_access(router, answers[n], reach, streets.doors[n], targets)
            for n, reach in zip(chosen, found, strict=True)
        )
        yield _compare("access", profile, peer.name, times, ours, len(chosen), differing)


def _is_same_access(
    router: StreetNetworkRouter, ours: Reached, theirs: dict[int, int], door: Coordinate, targets: StreetTargets
) -> bool:
    """Peers do not know the ways that never meet a node: those places are asked for one by one."""
    seconds = {place: -(-ds // 10) for place, ds in theirs.items()}
    for number, mine in zip(ours.number.tolist(), ours.seconds.tolist(), strict=True):
        if seconds.get(number) != mine:
            found = router.find(door, Coordinate(float(targets.lat[number]), float(targets.lon[number])), Profile.FOOT)
            if len(found.way) > 1 or -(-found.ds // 10) != mine:
                return False
        seconds.pop(number, None)
    return not seconds


def _ask_ways(streets: _Streets, profile: Profile, plan: Plan) -> Iterable[Row]:
    graph, router = streets.graph.profiles[profile], streets.router
    pairs = list(zip(streets.doors, streets.goals, strict=True))
    answers, ours = _time([_bind(router.find, *pair, profile) for pair in pairs], plan.repeats)
    yield Row("way", profile, "changtong", len(pairs), ours)
    _, looks = _time([_bind(router.route, *pair, profile) for pair in pairs], plan.repeats)
    yield Row("way", profile, "changtong, with its looks", len(pairs), looks)
    starts, ends = streets.list_ends(profile, goals=False), streets.list_ends(profile, goals=True)
    at = streets.graph.node_lat, streets.graph.node_lon
    # only what leads over nodes can be compared
    usual = [
        n
        for n, (start, end) in enumerate(zip(starts, ends, strict=True))
        if start is not None and end is not None and (answers[n].ds >= FAR or len(answers[n].way) > 1)
    ]
    for peer, most in ((Networkx(graph), plan.slow), (open_routing_kit(graph, *at), plan.queries)):
        chosen = usual[:most]
        found, times = _time([_bind(peer.find, starts[n], ends[n]) for n in chosen], 1)
        differing = sum(min(answers[n].ds, FAR) != ds for n, ds in zip(chosen, found, strict=True))
        yield _compare("way", profile, peer.name, times, ours, len(chosen), differing)


def _compare(
    question: str, profile: Profile, engine: str, times: Times, ours: Times, queries: int, differing: int
) -> Row:
    ratios = round(times.p50_ms / ours.p50_ms, 1), round(times.p95_ms / ours.p95_ms, 1)
    return Row(question, profile, engine, queries, times, *ratios, differing)


def _access(router: StreetNetworkRouter, door: Coordinate, targets: StreetTargets) -> Callable[[], Reached]:
    return lambda: router.reach(door, targets, ACCESS_S)


def _bind(ask: Callable[..., Answer], *about: Any) -> Callable[[], Answer]:
    return lambda: ask(*about)


def _time(asks: list[Callable[[], Answer]], repeats: int) -> tuple[list[Answer], Times]:
    """Every answer, and quantiles over the questions of the median of their repeats; the first round is not timed."""
    answers = [ask() for ask in asks]
    spent: list[list[float]] = [[] for _ in asks]
    for _ in range(repeats):
        gc.collect()
        for ask, times in zip(asks, spent, strict=True):
            begin = time.perf_counter()
            ask()
            times.append(time.perf_counter() - begin)
    return answers, to_times(spent)
