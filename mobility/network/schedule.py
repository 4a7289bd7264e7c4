"""A feed's stops and trips encoded once as integers, whatever the date: what every service day is cut from.

Cleaning follows one rule: a bad row costs itself, never its trip. Rows at unknown stops fall out,
missing times are interpolated between their neighbours (GTFS reference, stop_times.txt: times are
required only at timepoints), and of times that run backwards the longest non-decreasing chain is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from gtfs.feed import ABSENT, Feed
from mobility.network.timetable import Flags, Ints

STATION = 1
NOT_AVAILABLE = 1  # pickup_type, drop_off_type


@dataclass(frozen=True, slots=True)
class Schedule:
    """Stops are positions of stops.txt (``stop_row``); trips are positions of trips.txt. Several stops may be
    copies of one, with the same ``stop_row`` (``transfer_rules``): no id stands for one number.

    The rows of trip t are ``row_off[t]:row_off[t+1]``, none where the trip is of no use. Trips of one
    ``trip_group`` have the same stops and permissions; -1 for trips without rows.
    """

    stop_ids: tuple[str, ...]
    stop_row: Ints
    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    row_off: Ints
    row_stop: Ints
    row_arr: Ints
    row_dep: Ints
    row_flags: Flags
    row_index: Ints
    trip_group: Ints
    headways: Ints
    """One line per usable row of frequencies.txt: trip, start, end, headway in seconds."""

    @property
    def trip_count(self) -> int:
        """Trips of the feed, usable or not."""
        return len(self.trip_group)

    def list_first_copies(self) -> Ints:
        """Per stop the lowest number of its copies, itself where it has no other."""
        _, first, inverse = np.unique(self.stop_row, return_index=True, return_inverse=True)
        numbers: Ints = first[inverse].astype(np.int32)
        return numbers

    def without_copies(self) -> Schedule:
        """The schedule with every stop once, under the number of its first copy."""
        first = self.list_first_copies()
        count = int(first.max(initial=-1)) + 1  # added copies come after all stops
        if count == len(first):
            return self
        row_stop = first[self.row_stop]
        return replace(
            self,
            stop_ids=self.stop_ids[:count],
            stop_row=self.stop_row[:count],
            lat=self.lat[:count],
            lon=self.lon[:count],
            row_stop=row_stop,
            trip_group=group_trips(self.row_off, row_stop, self.row_flags),
        )

    def list_copies(self) -> dict[str, tuple[int, ...]]:
        """Stop ids to stops, the first copy first."""
        copies: dict[str, tuple[int, ...]] = {}
        for number, stop_id in enumerate(self.stop_ids):
            copies[stop_id] = (*copies.get(stop_id, ()), number)
        return copies

    def list_used_trips(self) -> Ints:
        """Trips that have rows."""
        return np.flatnonzero(np.diff(self.row_off) > 0)


def lookup(index: dict[str, int], names: Iterable[Any], count: int) -> Ints:
    """Positions of names, -1 where unknown."""
    return np.fromiter((index.get(name, -1) for name in names), np.int32, count)


@nb.njit(cache=True, nogil=True)
def repair_times(row_off: Ints, arr: Ints, dep: Ints) -> Flags:
    """Make the times of every trip complete and non-decreasing, in place; 0 marks rows that are lost."""
    keep = np.ones(len(arr), np.uint8)
    for trip in range(len(row_off) - 1):
        begin, end = row_off[trip], row_off[trip + 1]
        is_good = True
        before = np.int32(0)
        for i in range(begin, end):
            if arr[i] < 0:
                arr[i] = dep[i]
            dep[i] = max(dep[i], arr[i])
            is_good = is_good and arr[i] >= before
            before = dep[i]
        if not is_good:
            _keep_longest_chain(arr[begin:end], dep[begin:end])
            _interpolate(arr[begin:end], dep[begin:end], keep[begin:end])
    return keep


@nb.njit(cache=True, nogil=True)
def _keep_longest_chain(arr: Ints, dep: Ints) -> None:
    """Forget (-1) the times outside the longest chain that never runs backwards."""
    size = len(arr)
    length = np.zeros(size, np.int32)
    parent = np.full(size, -1, np.int32)
    best = -1
    for i in range(size):
        if arr[i] < 0:
            continue
        length[i] = 1
        for j in range(i):
            if arr[j] >= 0 and dep[j] <= arr[i] and length[j] + 1 > length[i]:
                length[i] = length[j] + 1
                parent[i] = j
        if best < 0 or length[i] > length[best]:
            best = i
    chosen = np.zeros(size, np.uint8)
    while best >= 0:
        chosen[best] = 1
        best = parent[best]
    for i in range(size):
        if not chosen[i]:
            arr[i] = -1
            dep[i] = -1


@nb.njit(cache=True, nogil=True)
def _interpolate(arr: Ints, dep: Ints, keep: Flags) -> None:
    """Fill forgotten times evenly between known ones; before the first and after the last they are lost."""
    known = -1
    for i in range(len(arr)):
        if arr[i] < 0:
            keep[i] = 0
            continue
        if known >= 0:
            for j in range(known + 1, i):
                arr[j] = dep[known] + (arr[i] - dep[known]) * (j - known) // (i - known)
                dep[j] = arr[j]
                keep[j] = 1
        known = i


def encode_schedule(feed: Feed) -> Schedule:
    """Encode stops.txt, trips.txt, stop_times.txt and frequencies.txt."""
    stop_row, lat, lon = _list_boarding_places(feed)
    stop_ids = tuple(feed["stops.txt"]["stop_id"][stop_row].tolist())
    trip_ids = feed["trips.txt"]["trip_id"].tolist()
    trip_index = {trip_id: number for number, trip_id in enumerate(trip_ids)}
    times = feed["stop_times.txt"]
    stop = lookup({stop_id: number for number, stop_id in enumerate(stop_ids)}, times["stop_id"], len(times))
    trip = lookup(trip_index, times["trip_id"], len(times))

    order = np.lexsort((times["stop_sequence"], trip))
    order = order[(stop[order] >= 0) & (trip[order] >= 0)]
    arr, dep = times["arrival_time"][order].astype(np.int32), times["departure_time"][order].astype(np.int32)
    keep = repair_times(_offsets(trip[order], len(trip_ids)), arr, dep) == 1
    alone = np.bincount(trip[order][keep], minlength=len(trip_ids))[trip[order]] < 2  # leads nowhere
    keep &= ~alone
    order = order[keep]

    flags = (times["pickup_type"][order] != NOT_AVAILABLE).astype(np.uint8)
    flags |= (times["drop_off_type"][order] != NOT_AVAILABLE).astype(np.uint8) << 1
    row_off = _offsets(trip[order], len(trip_ids))
    return Schedule(
        stop_ids=stop_ids,
        stop_row=stop_row,
        lat=lat,
        lon=lon,
        row_off=row_off,
        row_stop=stop[order],
        row_arr=arr[keep],
        row_dep=dep[keep],
        row_flags=flags,
        row_index=order,
        trip_group=group_trips(row_off, stop[order], flags),
        headways=_read_headways(feed, trip_index, row_off),
    )


def _list_boarding_places(feed: Feed) -> tuple[Ints, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Rows of stops.txt where vehicles call, and their coordinates (a parent's where a platform has none)."""
    stops = feed["stops.txt"]
    ids = stops["stop_id"].tolist()
    index = {stop_id: number for number, stop_id in enumerate(ids)}
    lat, lon = stops["stop_lat"].astype(np.float64), stops["stop_lon"].astype(np.float64)
    parent = lookup(index, stops["parent_station"], len(ids))
    orphan = (np.isnan(lat) | np.isnan(lon)) & (parent >= 0)
    lat[orphan], lon[orphan] = lat[parent[orphan]], lon[parent[orphan]]
    called = np.zeros(len(ids), bool)
    visited = lookup(index, set(feed["stop_times.txt"]["stop_id"].tolist()), -1)
    called[visited[visited >= 0]] = True
    is_platform = np.isin(stops["location_type"], (0, ABSENT))
    with np.errstate(invalid="ignore"):
        on_earth = (np.abs(lat) <= 90.0) & (np.abs(lon) <= 180.0)
    rows = np.flatnonzero((is_platform | called) & on_earth)
    return rows, lat[rows], lon[rows]


def _offsets(sorted_keys: Ints, count: int) -> Ints:
    offsets = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(sorted_keys, minlength=count), out=offsets[1:])
    return offsets


def group_trips(row_off: Ints, row_stop: Ints, flags: Flags) -> Ints:
    """Equal numbers for trips with the same stops and permissions; -1 for trips without rows."""
    key = row_stop.astype(np.int32) * 4 + flags
    groups: dict[bytes, int] = {}
    trip_group = np.full(len(row_off) - 1, -1, np.int32)
    for trip in np.flatnonzero(np.diff(row_off)).tolist():
        sequence = key[row_off[trip] : row_off[trip + 1]].tobytes()
        trip_group[trip] = groups.setdefault(sequence, len(groups))
    return trip_group


def _read_headways(feed: Feed, trip_index: dict[str, int], row_off: Ints) -> Ints:
    table = feed["frequencies.txt"]
    trip = lookup(trip_index, table["trip_id"], len(table))
    lines = np.stack([trip, table["start_time"], table["end_time"], table["headway_secs"]], axis=1).astype(np.int64)
    is_usable = (trip >= 0) & (lines[:, 1] >= 0) & (lines[:, 2] > lines[:, 1]) & (lines[:, 3] > 0)
    is_usable &= (np.diff(row_off) > 0)[np.where(trip >= 0, trip, 0)] if len(row_off) > 1 else False
    return lines[is_usable]
