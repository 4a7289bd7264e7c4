"""Journeys among their rivals: what the filters and the choice of options compare, on one clock for all days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numba as nb
import numpy as np

from mobility.network.timetable import Ints, Timetable
from mobility.planner.query import Ends, Path, Query, Ride


@dataclass(frozen=True, slots=True)
class Candidate:
    """A path, and what tells it from others. ``departure_s`` and ``arrival_s`` are the path's, ``clock_s`` later;
    ``lines`` are route, place to board and place to alight of every vehicle, ``vehicles`` the runs themselves.
    ``plan`` numbers how one gets to them (``doors.plans``), ``burden`` is what that asks beside walking.
    """

    path: Path
    clock_s: int
    departure_s: int
    arrival_s: int
    lines: tuple[tuple[int, int, int], ...]
    vehicles: tuple[tuple[int, int], ...]
    walking_s: int
    plan: int = 0
    burden: int = 0

    @property
    def duration_s(self) -> int:
        """From door to door."""
        return self.arrival_s - self.departure_s

    @property
    def key(self) -> tuple[int, int, int, int, tuple[Ride, ...]]:
        """Equal for journeys that are told the same, whatever they were searched for."""
        return self.plan, self.clock_s, self.path.departure_s, self.path.arrival_s, self.path.rides

    @property
    def costs(self) -> tuple[int, ...]:
        """What the search added up, in the order of the criteria."""
        return tuple(amount for _, amount in sorted(self.path.costs))


class Ridden(Protocol):
    """Footpaths of a network that are partly ridden (``doors.between``)."""

    def list_walked_s(self, starts: Ints, ends: Ints, seconds: Ints) -> Ints:
        """Of footpaths of so many seconds those on foot."""
        ...


def as_walks(ends: Ends) -> Mapping[int, int]:
    """Seconds by stop, all of them on foot."""
    return dict(zip(ends.stop.tolist(), ends.seconds.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads paths of one timetable: ``trip_route`` per trip of the feed, ``stop_row`` per stop (two stops of one
    row are one place), and the second of the common clock at which this timetable's day begins.
    """

    timetable: Timetable
    trip_route: Ints
    stop_row: Ints
    clock_s: int = 0
    plan: int = 0
    burden: int = 0
    ridden: Ridden | None = None
    """Footpaths that are not walked all the way."""

    def list_candidates(
        self, query: Query, paths: Sequence[Path], doors: tuple[Mapping[int, int], Mapping[int, int]] | None = None
    ) -> list[Candidate]:
        """The paths that the query found, as candidates. ``doors`` are the seconds on foot at either end by stop; by
        default all of them.
        """
        rides = np.array([ride for path in paths for ride in path.rides], np.int64).reshape(-1, len(Ride._fields))
        trip, board, alight = rides[:, 0], rides[:, 3], rides[:, 4]
        trips, arrays = self.timetable.trips, self.timetable.arrays
        feed_trip = trips.feed_trip[trip]
        board_place, alight_place = self.stop_row[board], self.stop_row[alight]
        walks_s = list_footpaths_s(arrays.fp_off, arrays.fp_to, arrays.fp_s, alight[:-1], board[1:])
        # between the last vehicle of a path and the first of the next nobody walks: those are not read
        walks_s[alight_place[:-1] == board_place[1:]] = 0
        lines = list(zip(self.trip_route[feed_trip].tolist(), board_place.tolist(), alight_place.tolist(), strict=True))
        begins_s = (trips.shift_s[trip] + np.int64(self.clock_s)).tolist()
        vehicles = list(zip(feed_trip.tolist(), begins_s, strict=True))
        if self.ridden is not None:
            walks_s = self.ridden.list_walked_s(alight[:-1], board[1:], walks_s)
        access, egress = doors or (as_walks(query.access), as_walks(query.egress))
        changes_s = [*walks_s.tolist(), 0]
        found, first = [], 0
        for path in paths:
            last = first + len(path.rides) - 1
            doors_s = access[path.rides[0].board_stop] + egress[path.rides[-1].alight_stop]
            found.append(
                Candidate(
                    path=path,
                    clock_s=self.clock_s,
                    departure_s=path.departure_s + self.clock_s,
                    arrival_s=path.arrival_s + self.clock_s,
                    lines=tuple(lines[first : last + 1]),
                    vehicles=tuple(vehicles[first : last + 1]),
                    walking_s=doors_s + sum(changes_s[first:last]),
                    plan=self.plan,
                    burden=self.burden,
                )
            )
            first = last + 1
        return found


@nb.njit(cache=True, nogil=True)
def list_footpaths_s(fp_off: Ints, fp_to: Ints, fp_s: Ints, starts: Ints, ends: Ints) -> Ints:
    """Seconds of the footpath between each pair of stops, 0 where there is none."""
    seconds = np.zeros(len(starts), np.int64)
    for number in range(len(starts)):
        for at in range(fp_off[starts[number]], fp_off[starts[number] + 1]):
            if fp_to[at] == ends[number]:
                seconds[number] = fp_s[at]
                break
    return seconds
