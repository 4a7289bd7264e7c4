"""A made-up city of any size, always the same for a seed: a feed in memory, to see how planning grows.

Streets form a grid that is denser in the centre; on it run buses, along every street both ways. Diameters
cross the city with more frequent buses, a few with rapid lines of wide spacing, and ring lines join them.
A city of more stop events is larger, has more lines and more frequent ones: radius grows with
``events ** 0.35``, so that stops do with about the power 0.7 (Saskatoon to Mexico City: 0.5). Vehicles run
from 5 to 24 h, every line at a headway of its own, more often and slower in the two peaks.

Sizes are the order of real ones, not those of one city: a million stop events a day are about 5,500
stops, half a platform each way.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from gtfs import schema
from gtfs.feed import Column, Feed, Table
from gtfs.ingest.cells import absent_column
from gtfs.service_days import to_number
from mobility.benchmark.problem import Pair
from mobility.geodesy import great_circle_m

Floats = npt.NDArray[np.float64]

DATE = dt.date(2026, 7, 15)
CENTRE_LAT, CENTRE_LON = 45.0, 10.0
METRES_PER_DEGREE = 111_195.0
RADIUS_M = 16_000.0
"""Of the city of a million stop events."""
FIRST_S, LAST_S = 5 * 3600, 24 * 3600
PEAKS_S = (8 * 3600, 17.5 * 3600)
PEAK_WIDTH_S = 4500.0
STREETS_PER_KM = 0.62
"""Parallel streets with a bus, per kilometre of the city's width."""
LONGEST_BUS_M = 15_000.0
NEAREST_PAIR_M = 1000.0


@dataclass(frozen=True, slots=True)
class Standard:
    """How a kind of line is run. ``headway_min`` is relative: all are scaled to the events that were asked for."""

    headway_min: float
    speed_kmh: float
    stop_gap_m: float
    dwell_s: int
    route_type: int


GRID = Standard(12.0, 18.0, 420.0, 0, 3)
RADIAL = Standard(8.0, 18.0, 420.0, 0, 3)
RING = Standard(10.0, 19.0, 480.0, 0, 3)
RAPID = Standard(5.0, 36.0, 1300.0, 30, 1)


@dataclass(frozen=True, slots=True)
class Line:
    """One direction of a line: where it stops, as metres from the centre."""

    standard: Standard
    x: Floats
    y: Floats


def build_city(events: int, seed: int = 42) -> Feed:
    """A feed of one service day (``DATE``) with about ``events`` stop events, within a few per cent."""
    random = np.random.default_rng(seed)
    lines = [line for whole in _list_lines(RADIUS_M * (events / 1e6) ** 0.35) for line in _both_ways(whole, random)]
    return _build_feed(lines, _schedule(lines, events, random), f"synthetic city, {events:,} events, seed {seed}")


def list_city_pairs(feed: Feed, count: int, *, departure_min: int = 480, seed: int = 42) -> tuple[Pair, ...]:
    """Random pairs of stops at least a kilometre apart."""
    random = np.random.default_rng(seed)
    stops = feed["stops.txt"]
    lat, lon = stops["stop_lat"], stops["stop_lon"]
    pairs: list[Pair] = []
    while len(pairs) < count:
        start, end = random.integers(0, len(stops), 2).tolist()
        if great_circle_m(lat[[start]], lon[[start]], lat[end], lon[end])[0] >= NEAREST_PAIR_M:
            pairs.append(Pair(stops["stop_id"][start], stops["stop_id"][end], departure_min))
    return tuple(pairs)


def _list_lines(radius_m: float) -> list[Line]:
    """The map: streets, diameters, rings."""
    streets = max(2, round(2 * radius_m / 1000 * STREETS_PER_KM))
    rank = np.linspace(-1.0, 1.0, streets) * 0.96
    at = np.sign(rank) * np.abs(rank) ** 1.3 * radius_m
    half = np.sqrt(radius_m**2 - at**2)
    lines = []
    for offset, reach in zip(at.tolist(), half.tolist(), strict=True):
        lines += _cut(_straight(GRID, (-reach, offset), (reach, offset)))
        lines += _cut(_straight(GRID, (offset, -reach), (offset, reach)))
    diameters = max(3, round(radius_m / 2000))
    for number in range(diameters):
        angle = math.pi * (number + 0.37) / diameters
        end = radius_m * math.cos(angle), radius_m * math.sin(angle)
        lines += _cut(_straight(RADIAL, (-end[0], -end[1]), end))
        if number % 3 == 0:
            lines.append(_straight(RAPID, (-end[0], -end[1]), end))
    rings = max(1, round(radius_m / 5000))
    return lines + [_circle(RING, radius_m * (number + 1) / (rings + 1)) for number in range(rings)]


def _cut(line: Line) -> list[Line]:
    """Nobody drives a bus for two hours: long ones become several that overlap by two stops."""
    pieces = math.ceil(len(line.x) * line.standard.stop_gap_m / LONGEST_BUS_M)
    ends = np.linspace(0, len(line.x), pieces + 1).astype(int).tolist()
    spans = [slice(max(0, begin - 1), end + 1) for begin, end in pairwise(ends)]
    return [Line(line.standard, line.x[span], line.y[span]) for span in spans]


def _straight(standard: Standard, start: tuple[float, float], end: tuple[float, float]) -> Line:
    length_m = math.dist(start, end)
    share = np.linspace(0.0, 1.0, max(2, round(length_m / standard.stop_gap_m)))
    return Line(standard, start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))


def _circle(standard: Standard, radius_m: float) -> Line:
    angle = np.linspace(0.0, 2 * math.pi, max(4, round(2 * math.pi * radius_m / standard.stop_gap_m)))
    return Line(standard, radius_m * np.cos(angle), radius_m * np.sin(angle))


def _both_ways(line: Line, random: np.random.Generator) -> tuple[Line, Line]:
    """Two directions, the platforms of a stop some ten metres apart and no street quite straight."""
    shape = 2, len(line.x)
    x, y = line.x + random.normal(0.0, 15.0, shape), line.y + random.normal(0.0, 15.0, shape)
    return Line(line.standard, x[0], y[0]), Line(line.standard, x[1, ::-1], y[1, ::-1])


def _schedule(lines: list[Line], events: int, random: np.random.Generator) -> list[Floats]:
    """When the vehicles of every line leave: headways of their own, scaled so that the events come out."""
    own = np.array([line.standard.headway_min * 60 for line in lines]) * random.uniform(0.6, 1.6, len(lines))
    clock = np.arange(FIRST_S, LAST_S, 60.0)
    demand = np.cumsum(0.55 + 0.9 * _peak(clock)) * 60.0  # headways' worth of time that has passed
    calls = np.array([len(line.x) for line in lines])
    scale = float((calls * (demand[-1] / own)).sum()) / events
    starts = [np.arange(random.uniform(0, 1), demand[-1] / gap, 1.0) * gap for gap in own * scale]
    return [np.interp(moments, demand, clock) for moments in starts]


def _peak(clock: Floats) -> Floats:
    rush: Floats = np.exp(-(np.abs(clock[..., None] - np.array(PEAKS_S)).min(axis=-1) ** 2) / (2 * PEAK_WIDTH_S**2))
    return rush


def _times_of(line: Line, departures: Floats) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Arrivals and departures, trips by stops; slower in the peaks, and never before the vehicle ahead."""
    hops_m = np.hypot(np.diff(line.x), np.diff(line.y))
    run_s = np.concatenate([[0.0], np.cumsum(hops_m / (line.standard.speed_kmh / 3.6) + 12.0)])
    dwell_s = np.arange(len(run_s)) * line.standard.dwell_s
    slow = 1.0 + 0.25 * _peak(departures)
    arrivals = np.rint(departures[:, None] + slow[:, None] * run_s + dwell_s).astype(np.int32)
    leaving = arrivals + np.int32(line.standard.dwell_s)
    return arrivals, leaving


def _build_feed(lines: list[Line], departures: list[Floats], source: str) -> Feed:
    calls = [len(line.x) for line in lines]
    runs = [len(own) for own in departures]
    times = [_times_of(line, own) for line, own in zip(lines, departures, strict=True)]
    stop_ids = _name("s", sum(calls))
    trip_ids = _name("t", sum(runs))
    route_ids = _name("r", len(lines))
    per_trip = np.repeat(calls, runs)
    first_stop = np.cumsum([0, *calls[:-1]])
    sequence = np.concatenate([np.tile(np.arange(count), own) for count, own in zip(calls, runs, strict=True)])
    stop_of_call = np.repeat(first_stop, np.multiply(calls, runs)) + sequence
    x, y = np.concatenate([line.x for line in lines]), np.concatenate([line.y for line in lines])
    lon_scale = METRES_PER_DEGREE * math.cos(math.radians(CENTRE_LAT))
    every_day = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 1)
    day = to_number(DATE)
    given: dict[str, dict[str, Column]] = {
        "agency.txt": _texts(agency_id="a", agency_name="Synthetic", agency_timezone="Etc/UTC"),
        "stops.txt": {
            "stop_id": stop_ids,
            "stop_name": stop_ids,
            "stop_lat": CENTRE_LAT + y / METRES_PER_DEGREE,
            "stop_lon": CENTRE_LON + x / lon_scale,
        },
        "routes.txt": {
            "route_id": route_ids,
            "route_short_name": route_ids,
            "route_type": _whole([line.standard.route_type for line in lines]),
        },
        "calendar.txt": _texts(service_id="day")
        | {name: _whole([value]) for name, value in (every_day | {"start_date": day, "end_date": day}).items()},
        "trips.txt": {
            "trip_id": trip_ids,
            "route_id": np.repeat(route_ids, runs),
            "service_id": _same("day", len(trip_ids)),
        },
        "stop_times.txt": {
            "trip_id": np.repeat(trip_ids, per_trip),
            "stop_id": stop_ids[stop_of_call],
            "stop_sequence": sequence.astype(np.int32),
            "arrival_time": np.concatenate([own[0].ravel() for own in times]),
            "departure_time": np.concatenate([own[1].ravel() for own in times]),
        },
    }
    tables = {spec.name: _build_table(spec, given.get(spec.name, {})) for spec in schema.list_files()}
    return Feed(source, MappingProxyType(tables), frozenset(given))


def _build_table(spec: schema.FileSpec, given: dict[str, Column]) -> Table:
    rows = len(next(iter(given.values()), ()))
    columns = {field.name: absent_column(field.kind, rows) for field in spec.fields} | given
    return Table(spec.name, MappingProxyType(columns), np.arange(2, rows + 2, dtype=np.int32), tuple(given))


def _name(letter: str, count: int) -> Column:
    return np.array([f"{letter}{number}" for number in range(count)], dtype=object)


def _texts(**values: str) -> dict[str, Column]:
    return {name: _same(value, 1) for name, value in values.items()}


def _same(value: str, count: int) -> Column:
    return np.full(count, value, dtype=object)


def _whole(values: list[int]) -> npt.NDArray[np.int32]:
    return np.array(values, dtype=np.int32)
