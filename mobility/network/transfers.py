"""Footpaths between stops, and the time a change at one stop takes.

``transfers.txt`` decides where it speaks (types 0 and 1 by distance, 2 with its minimum time,
3 forbids; rows for single routes or trips and the in-seat types 4 and 5 are not footpaths); between
all other stops near each other a walk is made from the great circle and a detour factor. A row that
names a station holds for its platforms. Footpaths are not closed transitively: one is walked at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gtfs.feed import Feed
from mobility.geodesy import Floats, great_circle_m
from mobility.network.distance import list_near_pairs
from mobility.network.schedule import Schedule
from mobility.network.timetable import Ints, pack_footpaths

FORBIDDEN_S = 10_000_000
"""A change that nobody can make: longer than any journey, far from the end of int32."""


@dataclass(frozen=True, slots=True)
class Walking:
    """How people walk. Defaults: 1.33 m/s, streets 1.3 times as long as the line, ten minutes at most
    between two vehicles, two minutes to change at a stop.
    """

    speed_mps: float = 1.33
    detour: float = 1.3
    max_transfer_s: int = 600
    change_s: int = 120
    makes_walks: bool = True
    """False keeps to the walks of transfers.txt."""

    def duration_s(self, distance_m: Floats) -> Ints:
        """Seconds to walk the great-circle distances."""
        return np.ceil(distance_m * self.detour / self.speed_mps - 1e-9).astype(np.int32)

    @property
    def transfer_reach_m(self) -> float:
        """The great-circle distance walked in the longest transfer."""
        return self.max_transfer_s * self.speed_mps / self.detour


@dataclass(frozen=True, slots=True)
class Footpaths:
    """``fp_*`` and ``change_s`` of the planner arrays."""

    fp_off: Ints
    fp_to: Ints
    fp_s: Ints
    change_s: Ints


def build_footpaths(feed: Feed, schedule: Schedule, walking: Walking) -> Footpaths:
    """All footpaths of a feed."""
    count = len(schedule.stop_ids)
    change_s = np.full(count, walking.change_s, np.int32)
    durations: dict[tuple[int, int], int] = {}
    for here, there, seconds in _list_rows(feed, schedule, walking):
        if here == there:
            change_s[here] = seconds
        else:
            durations[here, there] = min(seconds, durations.get((here, there), FORBIDDEN_S))
    start, end, duration = _make_walks(schedule, walking)
    if durations:
        ruled = np.array([a * count + b for a, b in durations], np.int64)
        is_free = ~np.isin(start.astype(np.int64) * count + end, ruled)
        allowed = [(a, b, s) for (a, b), s in durations.items() if s < FORBIDDEN_S]
        rows = np.array(allowed, np.int32).reshape(-1, 3)
        start = np.concatenate([start[is_free], rows[:, 0]])
        end = np.concatenate([end[is_free], rows[:, 1]])
        duration = np.concatenate([duration[is_free], rows[:, 2]])
    return Footpaths(*pack_footpaths(count, start, end, duration), change_s)


def _make_walks(schedule: Schedule, walking: Walking) -> tuple[Ints, Ints, Ints]:
    reach_m = walking.transfer_reach_m if walking.makes_walks else 0.0
    start, end, distance_m = list_near_pairs(schedule.lat, schedule.lon, reach_m)
    # changing takes its time, however near the other platform is
    return start, end, np.maximum(walking.duration_s(distance_m), walking.change_s)


def _list_rows(feed: Feed, schedule: Schedule, walking: Walking) -> list[tuple[int, int, int]]:
    """Rows of transfers.txt as from, to, seconds, stations expanded to their platforms."""
    table = feed["transfers.txt"]
    platforms = _list_platforms(feed, schedule)
    qualifiers = [table[name] for name in ("from_route_id", "to_route_id", "from_trip_id", "to_trip_id")]
    rows = []
    for number in range(len(table)):
        kind = max(0, int(table["transfer_type"][number]))
        if kind > 3 or any(column[number] for column in qualifiers):
            continue
        for start in platforms.get(table["from_stop_id"][number], ()):
            for end in platforms.get(table["to_stop_id"][number], ()):
                seconds = _duration_s(kind, int(table["min_transfer_time"][number]), schedule, (start, end), walking)
                rows.append((start, end, seconds))
    return rows


def _list_platforms(feed: Feed, schedule: Schedule) -> dict[str, list[int]]:
    parents = feed["stops.txt"]["parent_station"]
    platforms: dict[str, list[int]] = {stop_id: [number] for number, stop_id in enumerate(schedule.stop_ids)}
    own = frozenset(platforms)
    for number, row in enumerate(schedule.stop_row.tolist()):
        if parents[row] and parents[row] not in own:
            platforms.setdefault(parents[row], []).append(number)
    return platforms


def _duration_s(kind: int, minimum_s: int, schedule: Schedule, ends: tuple[int, int], walking: Walking) -> int:
    if kind == 3:
        return FORBIDDEN_S
    if kind == 2 and minimum_s >= 0:
        return minimum_s
    start, end = ends
    here = schedule.lat[[start]], schedule.lon[[start]]
    distance_m = great_circle_m(*here, float(schedule.lat[end]), float(schedule.lon[end]))
    return max(walking.change_s, int(walking.duration_s(distance_m)[0]))
