"""What a city has beside public transport, from the files that were built of its tables and from its feed.

No reading is among them: tables know no live data. Whoever polls a city's feeds replaces the states.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from gtfs.feed import Feed
from gtfs.notices import Notice, Severity
from mobility.availability import AvailabilityModel
from mobility.cities import City
from mobility.cities.build_city import CityFiles
from mobility.cities.taxis import read_taxis
from mobility.flex import build_on_demand
from mobility.model import PlannerError
from mobility.network.routes import build_routes
from mobility.parking.document import ParkingUnreadable, read_parking
from mobility.parking.facilities import Occupancy
from mobility.planner.doors.on_demand import RouteFacts
from mobility.planner.doors.parks import CarParks
from mobility.planner.doors.surroundings import Supply
from mobility.sources.gbfs import GbfsUnreadable, apply_status, decode, read_folder
from mobility.sources.notices import SourceNotice
from mobility.sources.parking_platform import decode_platform

BROKEN = "changtong_supply_unreadable"
STATUS_FEEDS: Final = frozenset({"station_status", "vehicle_status", "free_bike_status"})


class Supplied(NamedTuple):
    """A supply, and what of it could not be used as it was given."""

    supply: Supply
    notices: tuple[Notice, ...]


def supply_of_feed(feed: Feed, timezone: str) -> Supplied:
    """What a feed alone has: its on-demand zones."""
    zones = build_on_demand(feed)
    model = AvailabilityModel.prior(timezone)
    supply = Supply(zones=zones, routes=_list_route_facts(feed) if len(zones) else {}, model=model, timezone=timezone)
    return Supplied(supply, zones.notices)


def supply_of_city(city: City, files: CityFiles, feed: Feed) -> Supplied:
    """What a city that ships with Changtong has. A document that cannot be read is left out, with a notice."""
    alone, notices = supply_of_feed(feed, city.timezone)
    found = list(notices)
    systems = []
    documents = _read_documents(files.gbfs)
    if documents:
        try:
            decoded = decode(documents, now=dt.datetime.now(dt.UTC))
            systems.append(decoded.state)
            found += [_as_notice(notice) for notice in decoded.notices]
        except GbfsUnreadable as error:
            found.append(Notice(BROKEN, Severity.WARNING, str(files.gbfs), 0, str(error)))
    holidays = city.list_holidays()
    car_parks = None
    try:
        facilities = read_parking(files.parking).facilities
        car_parks = CarParks(facilities, city.timezone, city.currency, {}, holidays)
    except ParkingUnreadable as error:
        found.append(Notice(BROKEN, Severity.WARNING, str(files.parking), 0, str(error)))
    supply = replace(
        alone,
        systems=tuple(systems),
        car_parks=car_parks,
        taxi=read_taxis(city),
        model=AvailabilityModel.prior(city.timezone, holidays),
    )
    return Supplied(supply, tuple(found))


def _read_documents(folder: Path) -> Mapping[str, bytes]:
    """The GBFS documents of a folder; a city without shared vehicles has none."""
    try:
        return read_folder(folder)
    except GbfsUnreadable:
        return {}


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


class ReadingsUnreadable(PlannerError):  # noqa: N818  (what is wrong are the readings)
    """The folder of readings is not there; the message names it, and what may lie in it."""


def with_readings(supply: Supply, folder: Path, now: dt.datetime) -> Supplied:
    """The supply with what was last read of it, from files that a poller left in ``folder``; ``now`` is aware.

    ``station_status.json`` and ``vehicle_status.json`` (or ``free_bike_status.json``) are GBFS, of the first system
    or, in a folder of its own named by the system id, of that one. ``parking.json`` is a document of a parking
    platform, ``{"parkingLots": [...]}``; it has no date of its own and was read when the file was written. A document
    that cannot be read changes nothing, and is told.

    Raises:
        ReadingsUnreadable: There is no such folder.
    """
    if not folder.is_dir():
        message = (
            f"{folder} is no folder of readings: it may hold station_status.json, vehicle_status.json, parking.json"
        )
        raise ReadingsUnreadable(message)
    found: list[Notice] = []
    systems = []
    for number, state in enumerate(supply.systems):
        own = folder / state.system.system_id
        contents = _read_documents(own) if own.is_dir() else _read_documents(folder) if number == 0 else {}
        asked = {name: content for name, content in contents.items() if name in STATUS_FEEDS}
        decoded = apply_status(state, asked, now=now)
        systems.append(decoded.state)
        found += [_as_notice(notice) for notice in decoded.notices]
    car_parks = supply.car_parks
    path = folder / "parking.json"
    if car_parks is not None and path.is_file():
        occupancies, notices = _read_occupancies(path)
        car_parks = replace(car_parks, occupancies={**car_parks.occupancies, **occupancies})
        found += [_as_notice(notice) for notice in notices]
    return Supplied(replace(supply, systems=tuple(systems), car_parks=car_parks), tuple(found))


def _read_occupancies(path: Path) -> tuple[Mapping[str, Occupancy], Sequence[SourceNotice]]:
    read_at = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"it cannot be read ({error}); fetch it anew: until then no space is known to be free"
        return {}, [SourceNotice("unreadable", path.name, "", message)]
    lots = decode_platform(document, read_at, file=path.name)
    return lots.occupancy, lots.notices
