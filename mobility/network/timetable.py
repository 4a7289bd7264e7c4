"""The timetable of one service day as arrays: what every search reads and nothing writes.

A *pattern* is a set of trips with one stop sequence and the same boarding and alighting permissions,
in which no trip overtakes another (Delling, Pajor, Werneck: Round-Based Public Transit Routing,
ALENEX 2012, section 3.1). Times are int32 seconds of ``service_date`` (noon minus 12 h, negative
before and above 86,400 after it), stop-major: trip t at position i of pattern p is
``time_off[p] + i * pat_trips[p] + t``, so that all departures at one stop lie together.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.uint8]


class Arrays(NamedTuple):
    """What the kernels see. P patterns, n stops, L positions of a pattern, F footpaths.

    The boardings of a stop (``brd_*``) leave out last positions and places where nobody may board;
    the footpaths of a stop (``fp_*``) are sorted by duration, so that a search may break off.
    """

    pat_off: Ints  # P+1
    pat_stop: Ints  # sum of L
    may_board: Flags  # sum of L
    may_alight: Flags  # sum of L
    pat_trips: Ints  # P
    first_trip: Ints  # P: number of the first trip of the pattern; its trips are consecutive
    time_off: Ints  # P+1
    arr: Ints
    dep: Ints
    brd_off: Ints  # n+1
    brd_pat: Ints
    brd_pos: Ints
    fp_off: Ints  # n+1
    fp_to: Ints  # F
    fp_s: Ints  # F
    change_s: Ints  # n: from alighting to boarding at the same stop


class TripTable(NamedTuple):
    """Which trip of the feed every run is, and which trips it goes on with while riders stay aboard.

    ``feed_trip`` is a position in trips.txt, ``day`` a service day relative to the timetable's (-1, 0, 1),
    ``shift_s`` how many seconds its times are moved from those of stop_times.txt. ``next_*`` hold the same of
    the trips that follow in the vehicle, those of run t at ``next_off[t]:next_off[t+1]``, with the position
    of the run where the trip before ends (``next_left``) and this one begins (``next_begin``; the same where
    both call at one stop).
    """

    feed_trip: Ints
    day: Ints
    shift_s: Ints
    next_off: Ints
    next_trip: Ints
    next_day: Ints
    next_shift_s: Ints
    next_left: Ints
    next_begin: Ints


class Part(NamedTuple):
    """What a rider has of one trip of the feed. Positions are the run's; the trip calls from ``first_pos`` to
    ``last_pos``, so that ``pos - first_pos`` is the position in the trip itself.
    """

    feed_trip: int
    day: int
    shift_s: int
    first_pos: int
    last_pos: int
    board_pos: int
    alight_pos: int


@dataclass(frozen=True, slots=True)
class Timetable:
    """One service day. ``trips`` is in the order of the global trip numbers."""

    service_date: dt.date
    arrays: Arrays
    trips: TripTable

    @property
    def stop_count(self) -> int:
        """Stops, served or not."""
        return len(self.arrays.brd_off) - 1

    @property
    def pattern_count(self) -> int:
        """Patterns."""
        return len(self.arrays.pat_trips)

    @property
    def trip_count(self) -> int:
        """Runs of vehicles."""
        return len(self.trips.feed_trip)

    def list_stops_of(self, pattern: int) -> list[int]:
        """The stop at every position of a pattern."""
        a = self.arrays
        stops: list[int] = a.pat_stop[a.pat_off[pattern] : a.pat_off[pattern + 1]].tolist()
        return stops

    def get_pattern_of(self, trip: int) -> tuple[int, int]:
        """The pattern of a trip number, and its position there."""
        pattern = int(np.searchsorted(self.arrays.first_trip, trip, side="right")) - 1
        return pattern, trip - int(self.arrays.first_trip[pattern])

    def list_times_of(self, trip: int) -> tuple[list[int], list[int]]:
        """Arrivals and departures of a trip at every position of its pattern."""
        pattern, column = self.get_pattern_of(trip)
        a = self.arrays
        span = slice(int(a.time_off[pattern]) + column, int(a.time_off[pattern + 1]), int(a.pat_trips[pattern]))
        return a.arr[span].tolist(), a.dep[span].tolist()

    def list_parts(self, trip: int, board_pos: int, alight_pos: int) -> list[Part]:
        """The trips of the feed that one rides between two positions of a run: one, or more where one stays aboard.

        Who gets off where the next trip begins has nothing of it.
        """
        table, last_pos = self.trips, self._count_positions(trip) - 1
        following = slice(int(table.next_off[trip]), int(table.next_off[trip + 1]))
        own = int(table.feed_trip[trip]), int(table.day[trip]), int(table.shift_s[trip])
        columns = (table.next_trip, table.next_day, table.next_shift_s)
        facts = [own, *zip(*(column[following].tolist() for column in columns), strict=True)]
        firsts, lasts = [0, *table.next_begin[following].tolist()], [*table.next_left[following].tolist(), last_pos]
        parts = [
            Part(trip, day, shift_s, first, last, max(board_pos, first), min(alight_pos, last))
            for (trip, day, shift_s), first, last in zip(facts, firsts, lasts, strict=True)
        ]
        return [part for part in parts if part.board_pos < part.alight_pos]

    def count_own_positions(self, trip: int) -> int:
        """How many positions of a run are of the trip it begins with: where one may board."""
        first = int(self.trips.next_off[trip])
        if first < int(self.trips.next_off[trip + 1]):
            return int(self.trips.next_left[first]) + 1
        return self._count_positions(trip)

    def _count_positions(self, trip: int) -> int:
        pattern, _ = self.get_pattern_of(trip)
        return int(self.arrays.pat_off[pattern + 1] - self.arrays.pat_off[pattern])

    def find_footpath_s(self, start: int, end: int) -> int | None:
        """Seconds of the footpath between two stops, None where there is none."""
        a = self.arrays
        span = slice(int(a.fp_off[start]), int(a.fp_off[start + 1]))
        found = np.flatnonzero(a.fp_to[span] == end)
        return int(a.fp_s[span][found[0]]) if len(found) else None


def index_boardings(arrays: Arrays) -> Arrays:
    """The same arrays with ``brd_*`` made from the patterns."""
    stop_count = len(arrays.change_s)
    lengths = np.diff(arrays.pat_off)
    pattern = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    position = (np.arange(len(arrays.pat_stop)) - np.repeat(arrays.pat_off[:-1], lengths)).astype(np.int32)
    usable = (arrays.may_board == 1) & (position < np.repeat(lengths, lengths) - 1)
    stop = arrays.pat_stop[usable]
    order = np.argsort(stop, kind="stable")
    offsets = np.zeros(stop_count + 1, np.int64)
    np.cumsum(np.bincount(stop, minlength=stop_count), out=offsets[1:])
    return arrays._replace(brd_off=offsets, brd_pat=pattern[usable][order], brd_pos=position[usable][order])


def pack_footpaths(stop_count: int, start: Ints, end: Ints, duration_s: Ints) -> tuple[Ints, Ints, Ints]:
    """Footpaths as ``fp_off, fp_to, fp_s``, per stop in order of duration."""
    order = np.lexsort((end, duration_s, start))
    offsets = np.zeros(stop_count + 1, np.int64)
    np.cumsum(np.bincount(start, minlength=stop_count), out=offsets[1:])
    return offsets, end[order].astype(np.int32), duration_s[order].astype(np.int32)


def reflect(arrays: Arrays) -> Arrays:
    """The timetable read backwards in time: the latest departure becomes the earliest arrival.

    Times are negated, stops and trips of every pattern and every footpath reversed, arrivals and
    departures swapped. Trip t of pattern p becomes trip T-1-t, position i becomes L-1-i.
    """
    flip = np.concatenate(
        [np.arange(b - 1, a - 1, -1) for a, b in zip(arrays.pat_off[:-1], arrays.pat_off[1:], strict=True)]
        or [np.zeros(0, np.int64)],
    )
    # Stop-major blocks of one pattern reversed as a whole reverse both positions and trips.
    turn = np.concatenate(
        [np.arange(b - 1, a - 1, -1) for a, b in zip(arrays.time_off[:-1], arrays.time_off[1:], strict=True)]
        or [np.zeros(0, np.int64)],
    )
    stop_count = len(arrays.change_s)
    walked_from = np.repeat(np.arange(stop_count, dtype=np.int32), np.diff(arrays.fp_off))
    fp_off, fp_to, fp_s = pack_footpaths(stop_count, arrays.fp_to, walked_from, arrays.fp_s)
    turned = arrays._replace(
        pat_stop=arrays.pat_stop[flip],
        may_board=arrays.may_alight[flip],
        may_alight=arrays.may_board[flip],
        arr=-arrays.dep[turn],
        dep=-arrays.arr[turn],
        fp_off=fp_off,
        fp_to=fp_to,
        fp_s=fp_s,
    )
    return index_boardings(turned)
