"""What riders are told about a vehicle: line, colour, direction, and whether its times are published."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from gtfs.feed import Feed
from mobility.itinerary import Ride
from mobility.model import Mode, mode_of_route_type
from mobility.network.schedule import lookup
from mobility.network.timetable import Ints

APPROXIMATE_COLUMN = "changtong_approximate"
"""Our own column of routes.txt: a sentence that says why the times are not a published timetable."""


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Routes as rides without a trip, and which route each trip of the feed is of (-1: unknown)."""

    rides: tuple[Ride, ...]
    modes: tuple[Mode, ...]
    trip_route: Ints
    trip_ids: tuple[str, ...]
    trip_headsigns: tuple[str, ...]

    def ride_of(self, trip: int, service_date: dt.date, last_stop: str) -> Ride:
        """The ride of a trip of the feed; where it has no headsign its last stop stands in."""
        route = self.rides[self.trip_route[trip]] if self.trip_route[trip] >= 0 else UNKNOWN
        return replace(
            route,
            trip_id=self.trip_ids[trip],
            headsign=self.trip_headsigns[trip] or last_stop,
            service_date=service_date,
        )

    def mode_of(self, trip: int) -> Mode:
        """The mode of a trip of the feed."""
        return self.modes[self.trip_route[trip]] if self.trip_route[trip] >= 0 else Mode.OTHER


UNKNOWN = Ride(route_id="", trip_id="", short_name="?")
"""A trip whose route routes.txt lacks: still a vehicle that one can ride."""


def build_routes(feed: Feed) -> RouteTable:
    """Read routes.txt, agency.txt and the names of trips.txt."""
    routes, trips, agencies = feed["routes.txt"], feed["trips.txt"], feed["agency.txt"]
    index = {route_id: number for number, route_id in enumerate(routes["route_id"].tolist())}
    agency = dict(zip(agencies["agency_id"].tolist(), agencies["agency_name"].tolist(), strict=True))
    only = agencies["agency_id"][0] if len(agencies) == 1 else ""
    approximate = routes.columns.get(APPROXIMATE_COLUMN, [""] * len(routes))
    rides = []
    for row in range(len(routes)):
        agency_id = routes["agency_id"][row] or only
        rides.append(
            Ride(
                route_id=routes["route_id"][row],
                trip_id="",
                short_name=routes["route_short_name"][row],
                long_name=routes["route_long_name"][row],
                agency_id=agency_id,
                agency_name=agency.get(agency_id, ""),
                color=routes["route_color"][row],
                text_color=routes["route_text_color"][row],
                route_type=int(routes["route_type"][row]),
                approximate=str(approximate[row]),
            )
        )
    return RouteTable(
        rides=tuple(rides),
        modes=tuple(mode_of_route_type(ride.route_type) for ride in rides),
        trip_route=lookup(index, trips["route_id"], len(trips)),
        trip_ids=tuple(trips["trip_id"].tolist()),
        trip_headsigns=tuple(trips["trip_headsign"].tolist()),
    )
