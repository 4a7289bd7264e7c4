"""Journeys from door to door along real streets: how long one query takes, and whether its walks are as long as a
peer's.

Doors are seeded points a few steps beside streets of the extract. A query is the whole Python call, itineraries with
their legs, instructions and lines on the map included: what is best for somebody who leaves at that moment. The walks
to the first stop are asked of Valhalla, too; it starts at the nearest street without counting the way there, so that
these few steps are added to its time.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from mobility.benchmark.measure import Times, to_times
from mobility.benchmark.problem import BenchmarkError
from mobility.benchmark.valhalla_peer import NEUTRAL, Valhalla, Walk
from mobility.itinerary import Leg
from mobility.model import Coordinate, Mode, Place
from mobility.network.places import distance_between_m
from mobility.planner.refusals import RequestRefused
from mobility.planner.request import PlanRequest
from mobility.service import JourneyPlanner
from mobility.streets.fallback import WithFallback
from mobility.streets.profiles import Profile

WALK_MPS = 1.33
BESIDE_DEG = 0.0003
"""Doors lie up to 30 m from a street's node, north and east."""
SAME = 0.05
ALIKE = 0.15
"""Ours has hills, which theirs has not."""
ADDED_S = 10.0
APART_M = 15.0
"""Farther apart, two ways begin at different streets."""
WORST = 10
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Doors:
    """What is asked: so many pairs, and when one leaves; ``accelerate`` prepares the day as a server does."""

    at: dt.datetime
    pairs: int = 500
    seed: int = 1
    repeats: int = 5
    accelerate: bool = True


@dataclass(frozen=True, slots=True)
class WalkDifference:
    """A walk to a first stop: ours, theirs, and why they differ."""

    relative: float
    start: str
    end: str
    ours_s: int
    theirs_s: int
    why: str


@dataclass(frozen=True, slots=True)
class DoorsReport:
    """``answered`` queries have a journey or a walk all the way; differences are relative, theirs is 1."""

    nodes: int
    stops: int
    queries: int
    answered: int
    journeys: int
    times: Times
    cpu: Times
    walks: int = 0
    median: float | None = None
    median_absolute: float | None = None
    worst: tuple[WalkDifference, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def measure_doors(
    planner: JourneyPlanner, router: WithFallback, doors: Doors, peer: Valhalla | None, progress: Progress
) -> DoorsReport:
    """Ask everything.

    Raises:
        BenchmarkError: The day is not in the timetable.
    """
    first, last = planner.feed_dates
    if not first <= doors.at.date() <= last:
        raise BenchmarkError(f"{doors.at.date()} is not in the timetable, which is valid from {first} to {last}")
    planner.warm_up()
    if doors.accelerate:
        planner.accelerate(doors.at.date())
    questions = _draw(router, doors)
    wall_s = np.full((len(questions), doors.repeats), np.inf)
    cpu_s = wall_s.copy()
    walks: list[Leg] = []
    answered = journeys = 0
    for repeat in range(doors.repeats + 1):  # the first round only warms caches
        for number, question in enumerate(questions):
            progress(repeat * len(questions) + number, (doors.repeats + 1) * len(questions))
            begun, begun_cpu = time.perf_counter(), time.thread_time()
            try:
                result = planner.plan(question)
            except RequestRefused:
                result = None
            if repeat:
                wall_s[number, repeat - 1] = time.perf_counter() - begun
                cpu_s[number, repeat - 1] = time.thread_time() - begun_cpu
                continue
            if result is not None and (result.itineraries or result.direct):
                answered += 1
                journeys += len(result.itineraries)
                walks += [j.legs[0] for j in result.itineraries[:1] if j.legs[0].mode is Mode.WALK]
    report = DoorsReport(
        nodes=len(router.streets.graph.node_lat),
        stops=len(planner.stops()),
        queries=len(questions),
        answered=answered,
        journeys=journeys,
        times=to_times(wall_s.tolist()),
        cpu=to_times(cpu_s.tolist()),
    )
    return report if peer is None else _compare(report, walks, router, peer)


def _draw(router: WithFallback, doors: Doors) -> list[PlanRequest]:
    graph, draw = router.streets.graph, np.random.default_rng(doors.seed)
    nodes = np.flatnonzero(graph.profiles[Profile.FOOT].is_main)
    chosen = draw.choice(nodes, (doors.pairs, 2))
    beside = draw.uniform(-BESIDE_DEG, BESIDE_DEG, (doors.pairs, 2, 2))
    lat, lon = graph.node_lat[chosen] + beside[..., 0], graph.node_lon[chosen] + beside[..., 1]

    def place(pair: int, end: int) -> Place:
        return Place(f"{pair}-{end}", Coordinate(float(lat[pair, end]), float(lon[pair, end])))

    return [
        PlanRequest(place(pair, 0), place(pair, 1), doors.at, at_once=True, asked_at=doors.at)
        for pair in range(doors.pairs)
    ]


def _compare(report: DoorsReport, walks: list[Leg], router: WithFallback, peer: Valhalla) -> DoorsReport:
    found: list[tuple[float, Leg, float]] = []
    for leg in walks:
        if leg.is_straight:
            continue
        theirs = peer.walk(leg.start.at, leg.end.at)
        if theirs is None or not theirs.line:
            continue
        theirs_s = theirs.seconds + _steps_beside(leg, theirs)
        found.append(((leg.arrival_s - leg.departure_s) / theirs_s - 1.0, leg, theirs_s))
    if not found:
        return report
    relative = np.array([difference for difference, _, _ in found])
    worst = sorted(found, key=lambda entry: -abs(entry[0]))[:WORST]
    values = asdict(report) | {
        "times": report.times,
        "cpu": report.cpu,
        "walks": len(found),
        "median": round(float(np.median(relative)), 4),
        "median_absolute": round(float(np.median(np.abs(relative))), 4),
        "worst": tuple(_explain(*entry, router, peer) for entry in worst),
    }
    return DoorsReport(**values)


def _steps_beside(leg: Leg, theirs: Walk) -> float:
    """Seconds from the doors to where its way begins and ends."""
    metres = distance_between_m(leg.start.at, theirs.line[0]) + distance_between_m(theirs.line[-1], leg.end.at)
    return metres / WALK_MPS


def _explain(relative: float, leg: Leg, theirs_s: float, router: WithFallback, peer: Valhalla) -> WalkDifference:
    ours_s = leg.arrival_s - leg.departure_s
    return WalkDifference(
        round(relative, 3),
        _write(leg.start.at),
        _write(leg.end.at),
        ours_s,
        round(theirs_s),
        "; ".join(_list_reasons(leg, ours_s, router, peer)) or f"not explained: {leg.distance_m:.0f} m of ours",
    )


def _list_reasons(leg: Leg, ours_s: int, router: WithFallback, peer: Valhalla) -> list[str]:
    """What was found out about a walk that differs, each with its figure."""
    if len(leg.geometry) == 2:
        return ["the doors are nearer to each other than to the street: we walk straight"]
    found = []
    theirs = peer.walk(leg.start.at, leg.end.at)
    if theirs is not None:
        apart_m = [
            distance_between_m(leg.geometry[1], theirs.line[0]),
            distance_between_m(leg.geometry[-2], theirs.line[-1]),
        ]
        if max(apart_m) > APART_M:
            found.append(f"it begins or ends at another street, {max(apart_m):.0f} m from ours")
    free = Valhalla(peer.actor, {**peer.options, **NEUTRAL}).walk(leg.start.at, leg.end.at)
    if free is not None and _is_alike(ours_s, free.seconds + _steps_beside(leg, free)):
        found.append(f"without its penalties it takes {free.seconds + _steps_beside(leg, free):.0f} s")
    lines = [peer.walk_along(line) for line in (leg.geometry, leg.geometry[1:-1])]
    traced = min((line for line in lines if line), key=lambda line: abs(line.distance_m - leg.distance_m), default=None)
    if traced is None:
        found.append("it cannot walk our line: a way that it closes to walkers")
    else:
        along_s = traced.seconds + _steps_beside(leg, traced)
        added_s = traced.seconds - traced.distance_m / WALK_MPS
        if theirs is not None and traced.distance_m < (1 - SAME) * theirs.distance_m and _is_alike(ours_s, along_s):
            found.append(f"along our line it takes {along_s:.0f} s, and it does not choose it")
        if added_s > ADDED_S:
            found.append(f"it adds {added_s:.0f} s for stairs, gates or crossings of our line")
    way = router.route(leg.start.at, leg.end.at, Profile.FOOT)
    stairs_m = sum(step.distance_m for step in leg.steps if step.maneuver == "STAIRS")
    level_s = leg.distance_m / WALK_MPS
    if stairs_m:
        found.append(f"{stairs_m:.0f} m of stairs, which we walk slower")
    elif way is not None and ours_s - level_s > SAME * level_s:
        found.append(f"{ours_s - level_s:.0f} s of ours are hills ({way.climb_m:.0f} m up) or a lift")
    return found


def _is_alike(ours_s: float, theirs_s: float) -> bool:
    return abs(ours_s / theirs_s - 1.0) <= ALIKE


def _write(at: Coordinate) -> str:
    return f"{at.lat:.5f},{at.lon:.5f}"


def parse_departure(text: str, timezone: str) -> dt.datetime:
    """An ISO 8601 moment on the clock of the feed.

    Raises:
        BenchmarkError: It is none.
    """
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise BenchmarkError(f"{text!r} is no moment such as 2019-05-14T14:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))


def find_data(name: str) -> Path:
    """A file of the reference data beside the checkout.

    Raises:
        BenchmarkError: It is not there.
    """
    path = Path("../shared/data") / name
    if not path.exists():
        raise BenchmarkError(f"no {path}: name the files with --gtfs and --streets")
    return path
