"""A whole city that is late: random updates for all its runs, and how long the next state takes to make."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gtfs.ingest import read_feed
from gtfs.service_days import active_services, service_dates
from mobility.benchmark.problem import Advance, BenchmarkError
from mobility.live.index import LiveIndex, build_index
from mobility.live.overlay import build_overlay
from mobility.live.snapshot import Snapshot
from mobility.live.updates import StopUpdate, TripUpdate
from mobility.network.build import build_network
from mobility.network.runs import Runs
from mobility.network.schedule import Schedule
from mobility.network.timetable import Timetable
from mobility.network.transfers import Walking
from mobility.planner.engine import Engine
from mobility.planner.live_engine import LiveState, open_state
from mobility.planner.prepared import Prepared

TYPICAL_DELAY_S = 240.0
PARTS = ("encode", "apply", "assemble", "engine")


@dataclass(frozen=True, slots=True)
class LiveDay:
    """A network and its planned day."""

    index: LiveIndex
    planned: Engine
    prepared: Prepared

    @property
    def timetable(self) -> Timetable:
        """The day as planned."""
        return self.planned.timetable


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Milliseconds from updates to an engine that answers, over several rounds: of the parts the median."""

    runs: int
    stop_events: int
    stop_updates: int
    p50_ms: float
    p95_ms: float
    cpu_p50_ms: float
    """Of the making thread alone: what it takes where no neighbour takes the core."""
    parts_ms: dict[str, float]


def open_day(gtfs: Path, date: dt.date | None) -> LiveDay:
    """The planned day of a feed; walks are made where it has no transfers.txt.

    Raises:
        BenchmarkError: Nothing runs on the date, or none is given and the feed has several.
    """
    feed, _ = read_feed(gtfs)
    first, last = service_dates(feed)
    if date is None and first != last:
        raise BenchmarkError(f"{gtfs} is valid from {first} to {last}: say which day with --date")
    date = date or first
    if not active_services(feed, date):
        raise BenchmarkError(f"{gtfs}: nothing runs on {date}; the feed is valid from {first} to {last}")
    network = build_network(feed, Walking(makes_walks=not len(feed["transfers.txt"])))
    engine = Engine(network.build_timetable(date))
    return LiveDay(build_index(network), engine, engine.prepare(backward=False))


def draw_updates(day: LiveDay, seed: int) -> list[TripUpdate]:
    """Every run of the day is late from some stop on, and makes some of it up (or loses more) further down."""
    random = np.random.default_rng(seed)
    schedule, index, trips = day.index.network.schedule, day.index, day.timetable.trips
    runs = np.flatnonzero(trips.day == 0)
    trip = trips.feed_trip[runs]
    first, length = schedule.row_off[trip], np.diff(schedule.row_off)[trip]
    late_s = 30 * np.round(random.gamma(1.0, TYPICAL_DELAY_S, len(runs)) / 30).astype(np.int64)
    later_s = 30 * np.round(late_s * random.uniform(0.3, 1.4, len(runs)) / 30).astype(np.int64)
    at = (random.random(len(runs)) * length).astype(np.int64)
    then = np.minimum(at + 1 + (random.random(len(runs)) * length).astype(np.int64), length - 1)
    start_s = schedule.row_dep[first] + trips.shift_s[runs]
    columns = (trip, index.is_repeated[trip], start_s, index.row_sequence[first + at], late_s)
    more = (index.row_sequence[first + then], later_s, then > at)
    ids, date = index.network.feed["trips.txt"]["trip_id"], day.timetable.service_date
    updates = []
    for number, repeated, start, here, seconds, there, after, has_second in zip(
        *(column.tolist() for column in (*columns, *more)), strict=True
    ):
        stops = [StopUpdate(sequence=here, arrival_delay_s=seconds)]
        if has_second:
            stops.append(StopUpdate(sequence=there, arrival_delay_s=after))
        updates.append(TripUpdate(ids[number], date, stops=tuple(stops), start_s=start if repeated else None))
    return updates


class _Timed:
    """An overlay that notes how long it takes."""

    def __init__(self, updates: list[TripUpdate], index: LiveIndex) -> None:
        begin = time.perf_counter()
        self.overlay = build_overlay(updates, index)
        self.encode_s = time.perf_counter() - begin
        self.apply_s = 0.0

    def apply(self, schedule: Schedule, runs: Runs, date: dt.date) -> tuple[Schedule, Runs]:
        begin = time.perf_counter()
        found = self.overlay.apply(schedule, runs, date)
        self.apply_s = time.perf_counter() - begin
        return found


def rebuild(day: LiveDay, updates: list[TripUpdate], sequence: int) -> tuple[LiveState, npt.NDArray[np.float64]]:
    """The next state, and the milliseconds of its parts."""
    timed = _Timed(updates, day.index)
    begin = time.perf_counter()
    timetable = day.index.network.build_timetable(day.timetable.service_date, overlay=timed)
    built = time.perf_counter()
    state = open_state(Snapshot(sequence, timetable, float(sequence), timed.overlay.new_trips), day.prepared)
    parts = timed.encode_s, timed.apply_s, built - begin - timed.apply_s, time.perf_counter() - built
    return state, np.array(parts) * 1000


def measure_rebuilds(day: LiveDay, rounds: int, seed: int, advance: Advance) -> Rebuild:
    """Make ``rounds`` states of different updates, after two that compile and warm up."""
    spent, worked = [], []
    updates: list[TripUpdate] = []
    for number in range(rounds + 2):
        updates = draw_updates(day, seed + number)
        begin = time.thread_time()
        parts = rebuild(day, updates, number)[1]
        if number >= 2:
            worked.append((time.thread_time() - begin) * 1000)
            spent.append(parts)
        advance(number + 1, rounds + 2)
    table = np.array(spent)
    totals = table.sum(axis=1)
    return Rebuild(
        runs=len(updates),
        stop_events=len(day.timetable.arrays.arr),
        stop_updates=sum(len(update.stops) for update in updates),
        p50_ms=round(float(np.quantile(totals, 0.5)), 1),
        p95_ms=round(float(np.quantile(totals, 0.95)), 1),
        cpu_p50_ms=round(float(np.median(worked)), 1),
        parts_ms={name: round(float(np.median(column)), 1) for name, column in zip(PARTS, table.T, strict=True)},
    )
