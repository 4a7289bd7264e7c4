"""What a city has beside public transport, from the files that were built of its tables and from its feed.

No reading is among them: tables know no live data. Whoever polls a city's feeds replaces the states.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from gtfs.feed import Feed
from gtfs.notices import Notice, Severity
from mobility.availability import AvailabilityModel
from mobility.cities import City
from mobility.cities.build_city import CityFiles
from mobility.cities.taxis import read_taxis
from mobility.flex import build_on_demand
from mobility.network.routes import build_routes
from mobility.parking.document import ParkingUnreadable, read_parking
from mobility.planner.doors.on_demand import RouteFacts
from mobility.planner.doors.parks import CarParks
from mobility.planner.doors.surroundings import Supply
from mobility.sources.gbfs import GbfsUnreadable, decode, read_folder
from mobility.sources.notices import SourceNotice

BROKEN = "changtong_supply_unreadable"


class Supplied(NamedTuple):
    """A supply, and what of it could not be used as it was given."""

    supply: Supply
    notices: tuple[Notice, ...]


def supply_of_feed(feed: Feed, timezone: str) -> Supplied:
    """What a feed alone has: its on-demand zones."""
    zones = build_on_demand(feed)
    supply = Supply(zones=zones, routes=_list_route_facts(feed), model=AvailabilityModel.prior(timezone))
    return Supplied(supply, zones.notices)


def supply_of_city(city: City, files: CityFiles, feed: Feed) -> Supplied:
    """What a city that ships with Changtong has. A document that cannot be read is left out, with a notice."""
    alone, notices = supply_of_feed(feed, city.timezone)
    found = list(notices)
    systems = []
    documents = read_folder(files.gbfs)
    if documents:
        try:
            decoded = decode(documents, now=dt.datetime.now(dt.UTC))
            systems.append(decoded.state)
            found += [_as_notice(notice) for notice in decoded.notices]
        except GbfsUnreadable as error:
            found.append(Notice(BROKEN, Severity.WARNING, str(files.gbfs), 0, str(error)))
    holidays = frozenset(dt.date.fromisoformat(str(day)) for day in city.settings.get("public_holidays", ()))
    car_parks = None
    try:
        facilities = read_parking(files.parking).facilities
        car_parks = CarParks(facilities, city.timezone, city.currency, {}, holidays)
    except ParkingUnreadable as error:
        found.append(Notice(BROKEN, Severity.WARNING, str(files.parking), 0, str(error)))
    supply = Supply(
        systems=tuple(systems),
        car_parks=car_parks,
        zones=alone.zones,
        routes=alone.routes,
        taxi=read_taxis(city),
        model=AvailabilityModel.prior(city.timezone, holidays),
    )
    return Supplied(supply, tuple(found))


def _as_notice(notice: SourceNotice) -> Notice:
    record = f"{notice.record}: " if notice.record else ""
    return Notice(notice.code, Severity.WARNING, notice.file, 0, f"{record}{notice.message}")


def _list_route_facts(feed: Feed) -> Mapping[str, RouteFacts]:
    """Names of routes in every language, and why their facts are not published ones."""
    facts = {}
    for ride in build_routes(feed).rides:
        field = "long_name" if ride.long_name else "short_name"
        own = {"": ride.long_name or ride.short_name or ride.route_id}
        facts[ride.route_id] = RouteFacts(ride.texts.get(field) or own, ride.texts.get("approximate") or {})
    return facts
