"""From a path of integers to an itinerary that a person can follow: walks, calls, lines on the map."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple, Protocol

from mobility.itinerary import Call, Itinerary, Leg
from mobility.model import Coordinate, Place
from mobility.network.build import Network
from mobility.network.places import StopPlaces
from mobility.network.routes import RouteTable
from mobility.network.shapes import Shapes, line_length_m
from mobility.network.timetable import Part, Timetable
from mobility.planner.doors.legs import LegTeller
from mobility.planner.query import Path, Ride


class Run(NamedTuple):
    """A vehicle as it drives: stops and times at every position."""

    stops: list[int]
    arrivals_s: list[int]
    departures_s: list[int]


class EndsTold(Protocol):
    """Who tells what is not a ride in a vehicle of the timetable (``doors.tell``)."""

    def tell_access(self, stop: int, first: Leg) -> Sequence[Leg]:
        """The legs from the door to the stop where ``first`` begins."""
        ...

    def tell_change(self, start: int, end: int, at_s: int) -> Sequence[Leg] | None:
        """The legs between two stops, None where one walks (or stays)."""
        ...

    def tell_egress(self, stop: int, last: Leg) -> Sequence[Leg]:
        """The legs from the stop where ``last`` ends to the door."""
        ...


@dataclass(frozen=True, slots=True)
class Reconstructor:
    """What itineraries of one network are made of."""

    network: Network
    places: StopPlaces
    routes: RouteTable
    shapes: Shapes
    timezone: str
    teller: LegTeller

    def build_itinerary(self, timetable: Timetable, path: Path, ends: EndsTold) -> Itinerary:
        """The itinerary of a path that has at least one vehicle; one leaves as late as the first vehicle allows."""
        rides = [self._ride_legs(timetable, ride) for ride in path.rides]
        legs = [*ends.tell_access(path.rides[0].board_stop, rides[0][0]), *rides[0]]
        for (ride, following), next_legs in zip(pairwise(path.rides), rides[1:], strict=True):
            change = ends.tell_change(ride.alight_stop, following.board_stop, legs[-1].arrival_s)
            if change is None:
                walk = self._transfer_leg(timetable, ride, following, legs[-1])
                change = [walk] if walk else []
            legs.extend([*change, *next_legs])
        legs.extend(ends.tell_egress(path.rides[-1].alight_stop, legs[-1]))
        return Itinerary(tuple(legs), timetable.service_date, self.timezone)

    def walk_leg(self, start: Place, end: Place, departure_s: int, duration_s: int) -> Leg:
        """A walk that lasts as long as the search counted."""
        return self.teller.walk(start, end, departure_s, duration_s)

    def _transfer_leg(self, timetable: Timetable, ride: Ride, following: Ride, leg: Leg) -> Leg | None:
        start, end = ride.alight_stop, following.board_stop
        stop_row = self.network.schedule.stop_row
        if start == end or stop_row[start] == stop_row[end]:  # copies of one stop
            return None
        seconds = timetable.find_footpath_s(start, end)
        if seconds is None:
            message = f"no footpath from stop {start} to stop {end}: the path is not of this timetable"
            raise LookupError(message)
        return self.walk_leg(self.places.stops[start], self.places.stops[end], leg.arrival_s, seconds)

    def _ride_legs(self, timetable: Timetable, ride: Ride) -> list[Leg]:
        """One leg, or several where one stays aboard and the vehicle goes on as something else to riders."""
        parts = timetable.list_parts(ride.trip, ride.board_pos, ride.alight_pos)
        run = Run(timetable.list_stops_of(timetable.get_pattern_of(ride.trip)[0]), *timetable.list_times_of(ride.trip))
        # where the next trip begins elsewhere one rides until there
        ends = [*(part.board_pos for part in parts[1:]), ride.alight_pos]
        parts = [part._replace(alight_pos=end) for part, end in zip(parts, ends, strict=True)]
        groups = [list(group) for _, group in groupby(parts, key=lambda part: self.routes.told_of(part.feed_trip))]
        planned = [self._list_planned(run, part) for part in parts]
        doors = (
            self._door_type(parts[0], planned[0], parts[0].board_pos, "pickup_type"),
            self._door_type(parts[-1], planned[-1], ride.alight_pos, "drop_off_type"),
        )
        legs, told = [], 0
        for group in groups:
            following = told + len(group)
            ends_of_ride = doors[0] if not told else 0, doors[1] if following == len(parts) else 0
            legs.append(self._vehicle_leg(timetable, run, group, planned[told:following], ends_of_ride, bool(told)))
            told = following
        return legs

    def _vehicle_leg(
        self,
        timetable: Timetable,
        run: Run,
        parts: list[Part],
        planned: list[Sequence[int]],
        doors: tuple[int, int],
        stays_aboard: bool,  # noqa: FBT001  (of this module only)
    ) -> Leg:
        first, last, places = parts[0], parts[-1], self.places.stops
        pieces = [self._line_of(run, part, known) for part, known in zip(parts, planned, strict=True)]
        date = timetable.service_date + dt.timedelta(first.day)
        end = places[run.stops[first.last_pos]]
        between = slice(first.board_pos + 1, last.alight_pos)
        return Leg(
            mode=self.routes.mode_of(first.feed_trip),
            start=places[run.stops[first.board_pos]],
            end=places[run.stops[last.alight_pos]],
            departure_s=run.departures_s[first.board_pos],
            arrival_s=run.arrivals_s[last.alight_pos],
            distance_m=sum(length_m for _, length_m in pieces),
            ride=self.routes.ride_of(first.feed_trip, date, end, self._begins_s(timetable, first)),
            calls=tuple(
                map(
                    Call,
                    [places[stop] for stop in run.stops[between]],
                    run.arrivals_s[between],
                    run.departures_s[between],
                )
            ),
            geometry=pieces[0][0] if len(pieces) == 1 else tuple(point for piece, _ in pieces for point in piece),
            stays_aboard=stays_aboard,
            pickup_type=doors[0],
            drop_off_type=doors[1],
        )

    def _line_of(self, run: Run, part: Part, planned: Sequence[int]) -> tuple[tuple[Coordinate, ...], float]:
        """What the vehicle draws on the map, and how long it is: from stop to stop where it drives otherwise."""
        reached = min(part.alight_pos, part.last_pos)
        ends = planned[part.board_pos - part.first_pos], planned[reached - part.first_pos]
        is_as_planned = -1 not in ends and ends[0] < ends[1]
        if is_as_planned and reached == part.alight_pos:
            return self.shapes.measured_slice_of(part.feed_trip, *ends)
        stops = [self.places.stops[stop].at for stop in run.stops[part.board_pos : part.alight_pos + 1]]
        if not is_as_planned:
            line = tuple(stops)
        else:
            line = (*self.shapes.slice_of(part.feed_trip, *ends), *stops[reached - part.board_pos + 1 :])
        return line, line_length_m(line)

    def _door_type(self, part: Part, planned: Sequence[int], pos: int, column: str) -> int:
        position = planned[min(pos, part.last_pos) - part.first_pos]
        if position < 0:
            return 0
        schedule = self.network.schedule
        row = schedule.row_index[schedule.row_off[part.feed_trip] + position]
        return max(0, int(self.network.feed["stop_times.txt"][column][row]))

    def _list_planned(self, run: Run, part: Part) -> Sequence[int]:
        """For every call of a trip as it is driven its position in the timetable's trip, -1 where it has none.

        Live changes leave calls out, or move them to another platform.
        """
        schedule = self.network.schedule
        stops = run.stops[part.first_pos : part.last_pos + 1]
        if part.feed_trip >= schedule.trip_count:
            return [-1] * len(stops)
        rows = slice(schedule.row_off[part.feed_trip], schedule.row_off[part.feed_trip + 1])
        own = schedule.row_stop[rows]
        if own.tolist() == stops:
            return range(len(stops))
        driven = schedule.stop_row[stops].tolist()
        planned = schedule.stop_row[own].tolist()
        if planned == driven:
            return range(len(driven))
        positions, begin = [], 0
        for stop in driven:
            position = planned.index(stop, begin) if stop in planned[begin:] else -1
            begin = max(begin, position + 1)
            positions.append(position)
        return positions

    def _begins_s(self, timetable: Timetable, part: Part) -> int:
        """When a run leaves its first stop as planned, in seconds of its own service day."""
        network = self.network
        if part.feed_trip >= network.schedule.trip_count:
            return -1
        first_s = int(network.schedule.row_dep[network.schedule.row_off[part.feed_trip]])
        return first_s + part.shift_s - network.clocks.day_start_s(timetable.service_date, part.day, part.feed_trip)
