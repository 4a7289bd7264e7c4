"""What riders are told about a vehicle: line, colour, direction, and whether its times are published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gtfs.feed import Feed
from mobility.itinerary import Ride
from mobility.model import Mode, Place, mode_of_route_type
from mobility.network.schedule import lookup
from mobility.network.timetable import Ints
from mobility.network.translations import Translations, build_translations

APPROXIMATE_COLUMN = "changtong_approximate"
"""Our own column of routes.txt: a sentence in English that says why the times are not a published timetable;
its translations stand in translations.txt.
"""
APPROXIMATE_LANGUAGE = "en"
FACTS = ("direction_id", "wheelchair_accessible", "bikes_allowed")
EXACT = 1


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Routes as rides without a trip, and which route each trip of the feed is of (-1: unknown)."""

    rides: tuple[Ride, ...]
    modes: tuple[Mode, ...]
    trip_route: Ints
    trip_ids: tuple[str, ...]
    trip_headsigns: tuple[str, ...]
    translations: Translations
    trip_facts: Ints
    """Columns of trips.txt (direction_id, wheelchair_accessible, bikes_allowed), 0 where nothing is said; trips
    added live stand behind the last line and have none.
    """
    headways: Mapping[int, tuple[tuple[int, int, int], ...]]
    """Trips of which frequencies.txt says only how often they come (exact_times 0): start, end, headway."""

    def ride_of(self, trip: int, service_date: dt.date, last_stop: Place, begins_s: int = -1) -> Ride:
        """The ride of a trip of the feed; where it has no headsign its last stop stands in. ``begins_s`` is when
        the run leaves its first stop, in seconds of its own service day.
        """
        route = self.rides[self.trip_route[trip]] if self.trip_route[trip] >= 0 else UNKNOWN
        trip_id, headsign = self.trip_ids[trip], self.trip_headsigns[trip]
        texts = self.translations.list_texts("trips", "trip_headsign", trip_id, headsign) if headsign else None
        return replace(
            route,
            trip_id=trip_id,
            headsign=headsign or last_stop.name,
            service_date=service_date,
            headway_s=next((h for start, end, h in self.headways.get(trip, ()) if start <= begins_s < end), 0),
            wheelchair_accessible=self._fact(trip, 1),
            bikes_allowed=self._fact(trip, 2),
            texts=_without_empty({**route.texts, "headsign": last_stop.names if texts is None else texts}),
        )

    def mode_of(self, trip: int) -> Mode:
        """The mode of a trip of the feed."""
        return self.modes[self.trip_route[trip]] if self.trip_route[trip] >= 0 else Mode.OTHER

    def told_of(self, trip: int) -> tuple[int, int, str]:
        """What makes two trips of one vehicle the same to riders: line, direction and headsign."""
        return int(self.trip_route[trip]), self._fact(trip, 0), self.trip_headsigns[trip]

    def _fact(self, trip: int, column: int) -> int:
        return int(self.trip_facts[trip, column]) if trip < len(self.trip_facts) else 0


UNKNOWN = Ride(route_id="", trip_id="", short_name="?")
"""A trip whose route routes.txt lacks: still a vehicle that one can ride."""


def build_routes(feed: Feed) -> RouteTable:
    """Read routes.txt, agency.txt and the names of trips.txt."""
    translations = build_translations(feed)
    routes, trips, agencies = feed["routes.txt"], feed["trips.txt"], feed["agency.txt"]
    index = {route_id: number for number, route_id in enumerate(routes["route_id"].tolist())}
    agency = dict(zip(agencies["agency_id"].tolist(), agencies["agency_name"].tolist(), strict=True))
    spoken = dict(zip(agencies["agency_id"].tolist(), agencies["agency_lang"].tolist(), strict=True))
    only = agencies["agency_id"][0] if len(agencies) == 1 else ""
    approximate = routes.columns.get(APPROXIMATE_COLUMN, [""] * len(routes))
    rides = []
    for row in range(len(routes)):
        agency_id = routes["agency_id"][row] or only
        ride = Ride(
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
        rides.append(replace(ride, texts=_list_texts(ride, translations, spoken.get(agency_id, ""))))
    return RouteTable(
        rides=tuple(rides),
        modes=tuple(mode_of_route_type(ride.route_type) for ride in rides),
        trip_route=lookup(index, trips["route_id"], len(trips)),
        trip_ids=tuple(trips["trip_id"].tolist()),
        trip_headsigns=tuple(trips["trip_headsign"].tolist()),
        translations=translations,
        trip_facts=np.stack([np.maximum(trips[name], 0) for name in FACTS], axis=1).astype(np.int8),
        headways=_list_headways(feed),
    )


def _list_headways(feed: Feed) -> dict[int, tuple[tuple[int, int, int], ...]]:
    table = feed["frequencies.txt"]
    rows = np.flatnonzero(table["exact_times"] != EXACT)
    index = (
        {trip_id: number for number, trip_id in enumerate(feed["trips.txt"]["trip_id"].tolist())} if len(rows) else {}
    )
    columns = (table[name][rows].tolist() for name in ("trip_id", "start_time", "end_time", "headway_secs"))
    headways: dict[int, tuple[tuple[int, int, int], ...]] = {}
    for trip_id, *band in zip(*columns, strict=True):
        if trip_id in index:
            headways[index[trip_id]] = (*headways.get(index[trip_id], ()), (band[0], band[1], band[2]))
    return headways


def _list_texts(ride: Ride, translations: Translations, agency_language: str) -> Mapping[str, Mapping[str, str]]:
    texts = translations.list_texts
    why = texts("routes", APPROXIMATE_COLUMN, ride.route_id, ride.approximate, APPROXIMATE_LANGUAGE)
    return _without_empty(
        {
            "short_name": texts("routes", "route_short_name", ride.route_id, ride.short_name),
            "long_name": texts("routes", "route_long_name", ride.route_id, ride.long_name),
            "agency_name": texts("agency", "agency_name", ride.agency_id, ride.agency_name, agency_language),
            "approximate": why,
        }
    )


def _without_empty(texts: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    return {field: by_language for field, by_language in texts.items() if by_language}
