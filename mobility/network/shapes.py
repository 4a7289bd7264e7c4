"""The line a vehicle draws on the map, cut between two of its stops.

Stops are put on the shape in order: of all ways to place them on non-decreasing segments the one with the
smallest sum of squared distances (dynamic programming), so that a loop or a way there and back is not
cut short. Without a shape the line runs from stop to stop.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from gtfs.feed import Feed
from mobility.geodesy import EARTH_M, Floats
from mobility.model import Coordinate
from mobility.network.schedule import Schedule
from mobility.network.timetable import Ints

KEPT_SHAPES: Final = 1024
"""Shapes that are kept ready to be cut."""


class _Placed(NamedTuple):
    """Stops on a shape: the segment of each, and how far along it (0 to 1)."""

    segment: Ints
    share: Floats


class _Drawn(NamedTuple):
    """A shape ready to be cut: its points, and the length of every piece between them in radians."""

    line: tuple[Coordinate, ...]
    hops: Floats


class Shapes:
    """All shapes of a feed; a trip's stops are put on its shape once."""

    def __init__(self, feed: Feed, schedule: Schedule) -> None:
        """Index shapes.txt; nothing is placed yet."""
        table = feed["shapes.txt"]
        self._schedule = schedule
        self._trip_shape: list[str] = feed["trips.txt"]["shape_id"].tolist()
        self._points: dict[str, tuple[Floats, Floats]] = {}
        self._placed: dict[tuple[str, int], _Placed] = {}
        self._drawn_of = lru_cache(maxsize=KEPT_SHAPES)(self._draw)
        if len(table):
            order = np.lexsort((table["shape_pt_sequence"], table["shape_id"].astype(str)))
            ids = table["shape_id"][order]
            lat, lon = table["shape_pt_lat"][order], table["shape_pt_lon"][order]
            starts = np.flatnonzero(np.append(True, ids[1:] != ids[:-1]))
            for begin, end in zip(starts.tolist(), [*starts[1:].tolist(), len(ids)], strict=True):
                good = (np.abs(lat[begin:end]) <= 90) & (np.abs(lon[begin:end]) <= 180)
                self._points[ids[begin]] = lat[begin:end][good], lon[begin:end][good]

    def line_of(self, trip: int) -> tuple[Coordinate, ...]:
        """The whole line of a trip of the feed."""
        points = self._points.get(self._trip_shape[trip])
        if points is not None and len(points[0]) > 1:
            return _to_line(*points)
        rows = slice(self._schedule.row_off[trip], self._schedule.row_off[trip + 1])
        stops = self._schedule.row_stop[rows]
        return _to_line(self._schedule.lat[stops], self._schedule.lon[stops])

    def key_of(self, trip: int) -> tuple[str, int]:
        """Equal for trips that draw the same line."""
        shape = self._trip_shape[trip]
        return (shape, -1) if shape in self._points else ("", int(self._schedule.trip_group[trip]))

    def slice_of(self, trip: int, board_pos: int, alight_pos: int) -> tuple[Coordinate, ...]:
        """The line of a trip between two positions of its stops."""
        return self.measured_slice_of(trip, board_pos, alight_pos)[0]

    def measured_slice_of(self, trip: int, board_pos: int, alight_pos: int) -> tuple[tuple[Coordinate, ...], float]:
        """The same, with its length on the ground."""
        schedule, shape = self._schedule, self._trip_shape[trip]
        points = self._points.get(shape)
        if points is None or len(points[0]) < 2:
            stops = schedule.row_stop[schedule.row_off[trip] + board_pos : schedule.row_off[trip] + alight_pos + 1]
            line = _to_line(schedule.lat[stops], schedule.lon[stops])
            return line, line_length_m(line)
        key = shape, int(schedule.trip_group[trip])
        placed = self._placed.get(key)
        if placed is None:
            stops = schedule.row_stop[schedule.row_off[trip] : schedule.row_off[trip + 1]]
            placed = _place_stops(*points, schedule.lat[stops], schedule.lon[stops])
            self._placed[key] = placed
        return _cut(self._drawn_of(shape), placed, board_pos, alight_pos)

    def _draw(self, shape: str) -> _Drawn:
        lat, lon = self._points[shape]
        return _Drawn(_to_line(lat, lon), _hops(lat, lon))


def line_length_m(line: tuple[Coordinate, ...]) -> float:
    """Length of a line on the ground."""
    return float(_hops(np.array([p.lat for p in line]), np.array([p.lon for p in line])).sum() * EARTH_M)


def _hops(lat: Floats, lon: Floats) -> Floats:
    """The length of every piece, in radians."""
    lat, lon = np.radians(lat), np.radians(lon)
    x, y = (lon[1:] - lon[:-1]) * np.cos((lat[1:] + lat[:-1]) / 2), lat[1:] - lat[:-1]
    hops: Floats = np.hypot(x, y)
    return hops


def _to_line(lat: Floats, lon: Floats) -> tuple[Coordinate, ...]:
    return tuple(Coordinate(y, x) for y, x in zip(lat.tolist(), lon.tolist(), strict=True))


def _place_stops(shape_lat: Floats, shape_lon: Floats, lat: Floats, lon: Floats) -> _Placed:
    scale = np.cos(np.radians(shape_lat.mean()))
    x, y = shape_lon * scale, shape_lat
    dx, dy = np.diff(x), np.diff(y)
    length = np.maximum(dx * dx + dy * dy, 1e-18)
    share = ((lon * scale)[:, None] - x[:-1]) * dx + (lat[:, None] - y[:-1]) * dy
    share = np.clip(share / length, 0.0, 1.0)
    gap = ((lon * scale)[:, None] - (x[:-1] + share * dx)) ** 2 + (lat[:, None] - (y[:-1] + share * dy)) ** 2
    cost = gap[0]
    choice = []
    for stop in range(1, len(lat)):
        best = np.minimum.accumulate(cost)
        is_new = np.append(True, best[1:] < best[:-1])
        choice.append(np.maximum.accumulate(np.where(is_new, np.arange(len(cost)), 0)))
        cost = gap[stop] + best
    segment = np.empty(len(lat), np.int64)
    segment[-1] = int(np.argmin(cost))
    for stop in range(len(lat) - 2, -1, -1):
        segment[stop] = choice[stop][segment[stop + 1]]
    return _Placed(segment, share[np.arange(len(lat)), segment])


def _cut(drawn: _Drawn, placed: _Placed, board_pos: int, alight_pos: int) -> tuple[tuple[Coordinate, ...], float]:
    begin, end = _point_at(drawn, placed, board_pos), _point_at(drawn, placed, alight_pos)
    first, last = int(placed.segment[board_pos]) + 1, int(placed.segment[alight_pos])
    inner = drawn.line[first : last + 1]
    if not inner:
        return (begin, end), line_length_m((begin, end))
    ends = _hops(
        np.array([begin.lat, inner[0].lat, inner[-1].lat, end.lat]),
        np.array([begin.lon, inner[0].lon, inner[-1].lon, end.lon]),
    )
    hops = np.empty(len(inner) + 1)
    hops[0], hops[1:-1], hops[-1] = ends[0], drawn.hops[first:last], ends[2]
    return (begin, *inner, end), float(hops.sum() * EARTH_M)


def _point_at(drawn: _Drawn, placed: _Placed, pos: int) -> Coordinate:
    s, share = int(placed.segment[pos]), float(placed.share[pos])
    here, there = drawn.line[s], drawn.line[s + 1]
    return Coordinate(here.lat + share * (there.lat - here.lat), here.lon + share * (there.lon - here.lon))
