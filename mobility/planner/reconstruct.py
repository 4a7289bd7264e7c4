"""From a path of integers to an itinerary that a person can follow: walks, calls, lines on the map."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from itertools import pairwise

from mobility.itinerary import Call, Itinerary, Leg
from mobility.model import Mode, Place
from mobility.network.build import Network
from mobility.network.places import StopPlaces, distance_between_m
from mobility.network.routes import RouteTable
from mobility.network.shapes import Shapes, line_length_m
from mobility.network.timetable import Timetable
from mobility.planner.query import Path, Query, Ride


@dataclass(frozen=True, slots=True)
class Reconstructor:
    """What itineraries of one network are made of."""

    network: Network
    places: StopPlaces
    routes: RouteTable
    shapes: Shapes
    timezone: str

    def build_itinerary(self, timetable: Timetable, query: Query, path: Path, start: Place, end: Place) -> Itinerary:
        """The itinerary of a path that has at least one vehicle; one leaves as late as the first vehicle allows."""
        access = dict(zip(query.access.stop.tolist(), query.access.seconds.tolist(), strict=True))
        egress = dict(zip(query.egress.stop.tolist(), query.egress.seconds.tolist(), strict=True))
        rides = [self._ride_leg(timetable, ride) for ride in path.rides]
        legs = []
        first_walk_s = access[path.rides[0].board_stop]
        if first_walk_s:
            legs.append(self.walk_leg(start, rides[0].start, rides[0].departure_s - first_walk_s, first_walk_s))
        legs.append(rides[0])
        for (ride, following), (leg, next_leg) in zip(pairwise(path.rides), pairwise(rides), strict=True):
            if self._stays_aboard(timetable, ride, following):
                legs[-1] = _join(legs[-1], next_leg)
                continue
            walk = self._transfer_leg(timetable, ride, following, leg)
            legs.extend([walk, next_leg] if walk else [next_leg])
        last_walk_s = egress[path.rides[-1].alight_stop]
        if last_walk_s:
            legs.append(self.walk_leg(rides[-1].end, end, rides[-1].arrival_s, last_walk_s))
        return Itinerary(tuple(legs), timetable.service_date, self.timezone)

    def walk_leg(self, start: Place, end: Place, departure_s: int, duration_s: int) -> Leg:
        """A walk in a straight line that is as long as its streets are taken to be."""
        return Leg(
            mode=Mode.WALK,
            start=start,
            end=end,
            departure_s=departure_s,
            arrival_s=departure_s + duration_s,
            distance_m=distance_between_m(start.at, end.at) * self.network.walking.detour,
            geometry=(start.at, end.at),
        )

    def _stays_aboard(self, timetable: Timetable, ride: Ride, following: Ride) -> bool:
        """Whether one rides to the end of a trip and on from the start of the next that the vehicle makes."""
        trips = timetable.trips
        is_next = self.network.next_trips.get(int(trips.feed_trip[ride.trip])) == int(trips.feed_trip[following.trip])
        is_same_day = trips.day[ride.trip] == trips.day[following.trip]
        last_pos = len(timetable.list_stops_of(timetable.get_pattern_of(ride.trip)[0])) - 1
        return bool(is_next and is_same_day and ride.alight_pos == last_pos and following.board_pos == 0)

    def _transfer_leg(self, timetable: Timetable, ride: Ride, following: Ride, leg: Leg) -> Leg | None:
        start, end = ride.alight_stop, following.board_stop
        if start == end:
            return None
        seconds = timetable.find_footpath_s(start, end)
        if seconds is None:
            message = f"no footpath from stop {start} to stop {end}: the path is not of this timetable"
            raise LookupError(message)
        return self.walk_leg(self.places.stops[start], self.places.stops[end], leg.arrival_s, seconds)

    def _ride_leg(self, timetable: Timetable, ride: Ride) -> Leg:
        trips, pattern = timetable.trips, timetable.get_pattern_of(ride.trip)[0]
        trip = int(trips.feed_trip[ride.trip])
        stops = timetable.list_stops_of(pattern)
        arrivals, departures = timetable.list_times_of(ride.trip)
        calls = tuple(
            Call(self.places.stops[stops[pos]], arrivals[pos], departures[pos])
            for pos in range(ride.board_pos + 1, ride.alight_pos)
        )
        line = self.shapes.slice_of(trip, ride.board_pos, ride.alight_pos)
        date = timetable.service_date + dt.timedelta(int(trips.day[ride.trip]))
        return Leg(
            mode=self.routes.mode_of(trip),
            start=self.places.stops[ride.board_stop],
            end=self.places.stops[ride.alight_stop],
            departure_s=departures[ride.board_pos],
            arrival_s=arrivals[ride.alight_pos],
            distance_m=line_length_m(line),
            ride=self.routes.ride_of(trip, date, self.places.stops[stops[-1]]),
            calls=calls,
            geometry=line,
        )


def _join(leg: Leg, following: Leg) -> Leg:
    """Two trips of one vehicle as one ride: it calls where the first ends."""
    call = Call(leg.end, leg.arrival_s, following.departure_s)
    return replace(
        leg,
        end=following.end,
        arrival_s=following.arrival_s,
        distance_m=leg.distance_m + following.distance_m,
        calls=(*leg.calls, call, *following.calls),
        geometry=(*leg.geometry, *following.geometry),
    )
