"""Journeys among their rivals: what the filters and the choice of options compare, on one clock for all days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mobility.network.timetable import Ints, Timetable
from mobility.planner.query import Path, Query


@dataclass(frozen=True, slots=True)
class Candidate:
    """A path, and what tells it from others. ``departure_s`` and ``arrival_s`` are the path's, ``clock_s`` later;
    ``lines`` are route, place to board and place to alight of every vehicle, ``vehicles`` the runs themselves.
    """

    path: Path
    clock_s: int
    departure_s: int
    arrival_s: int
    lines: tuple[tuple[int, int, int], ...]
    vehicles: tuple[tuple[int, int], ...]
    walking_s: int

    @property
    def duration_s(self) -> int:
        """From door to door."""
        return self.arrival_s - self.departure_s

    @property
    def costs(self) -> tuple[int, ...]:
        """What the search added up, in the order of the criteria."""
        return tuple(amount for _, amount in sorted(self.path.costs))


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads paths of one timetable: ``trip_route`` per trip of the feed, ``stop_row`` per stop (two stops of one
    row are one place), and the second of the common clock at which this timetable's day begins.
    """

    timetable: Timetable
    trip_route: Ints
    stop_row: Ints
    clock_s: int = 0

    def list_candidates(self, query: Query, paths: Iterable[Path]) -> list[Candidate]:
        """The paths that the query found, as candidates."""
        access = dict(zip(query.access.stop.tolist(), query.access.seconds.tolist(), strict=True))
        egress = dict(zip(query.egress.stop.tolist(), query.egress.seconds.tolist(), strict=True))
        return [self._read(path, access, egress) for path in paths]

    def _read(self, path: Path, access: dict[int, int], egress: dict[int, int]) -> Candidate:
        trips, place = self.timetable.trips, self.stop_row
        lines, vehicles = [], []
        for ride in path.rides:
            feed_trip = int(trips.feed_trip[ride.trip])
            lines.append((int(self.trip_route[feed_trip]), int(place[ride.board_stop]), int(place[ride.alight_stop])))
            vehicles.append((feed_trip, self.clock_s + int(trips.shift_s[ride.trip])))
        walking_s = access[path.rides[0].board_stop] + egress[path.rides[-1].alight_stop]
        for ride, following in zip(path.rides, path.rides[1:], strict=False):
            if place[ride.alight_stop] != place[following.board_stop]:
                walking_s += self.timetable.find_footpath_s(ride.alight_stop, following.board_stop) or 0
        return Candidate(
            path=path,
            clock_s=self.clock_s,
            departure_s=path.departure_s + self.clock_s,
            arrival_s=path.arrival_s + self.clock_s,
            lines=tuple(lines),
            vehicles=tuple(vehicles),
            walking_s=walking_s,
        )
