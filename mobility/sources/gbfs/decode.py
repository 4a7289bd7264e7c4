"""All documents of a system, and the news that follows: what a server calls with what it has fetched.

Pure functions: no network, no clock. The system is read once and again when its master data changes; its state at
every poll, from whatever documents came.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mobility.bikeshare.state import DEFAULT_FRESHNESS, FreeVehicle, Freshness, StationState, SystemState
from mobility.bikeshare.system import SharedSystem
from mobility.bikeshare.zones import Zones
from mobility.sources.gbfs.documents import Contents, Document, GbfsUnreadable, open_document
from mobility.sources.gbfs.geofencing import read_zones
from mobility.sources.gbfs.offer import (
    DEFAULT_TYPE,
    find_language,
    make_default_type,
    read_plans,
    read_regions,
    read_system,
    read_vehicle_types,
)
from mobility.sources.gbfs.stations import read_stations
from mobility.sources.gbfs.status import guess_constraint, read_station_states, read_vehicles
from mobility.sources.notices import SourceNotice

MASTER_FEEDS = (
    "system_information",
    "vehicle_types",
    "system_regions",
    "system_pricing_plans",
    "station_information",
    "geofencing_zones",
)
VEHICLE_FEEDS = ("vehicle_status", "free_bike_status")
AHEAD_S = 60
"""Clocks differ: a time this much ahead of ours is still now."""


@dataclass(frozen=True, slots=True)
class DecodedSystem:
    """A system, and what of its documents was left out or mended."""

    system: SharedSystem
    notices: tuple[SourceNotice, ...]


@dataclass(frozen=True, slots=True)
class DecodedState:
    """A system's state, and what of its documents was left out or mended."""

    state: SystemState
    notices: tuple[SourceNotice, ...]


def decode(contents: Contents, *, now: dt.datetime, freshness: Freshness = DEFAULT_FRESHNESS) -> DecodedState:
    """Master data and state at once, as from a folder. ``now`` is aware: when the documents were fetched.

    Raises:
        GbfsUnreadable: As ``decode_system``.
    """
    decoded = decode_system(contents)
    start = SystemState(decoded.system, now, freshness=freshness)
    applied = apply_status(start, contents, now=now)
    return DecodedState(applied.state, (*decoded.notices, *applied.notices))


def decode_system(contents: Contents) -> DecodedSystem:
    """The master data. Documents of status are looked at only to tell what kind of system it is.

    Raises:
        GbfsUnreadable: There is no system_information that can be read, or the system is one of stations and there is
            no station_information that can be read.
    """
    notices: list[SourceNotice] = []
    documents = {
        name: document
        for name, content in contents.items()
        if name in MASTER_FEEDS and (document := open_document(name, content, notices)) is not None
    }
    information = documents.get("system_information")
    if information is None:
        raise GbfsUnreadable(_tell_unread("system_information", contents, notices))
    is_docked = "station_information" in contents or "station_status" in contents
    if is_docked and "station_information" not in documents and not any(name in contents for name in VEHICLE_FEEDS):
        raise GbfsUnreadable(_tell_unread("station_information", contents, notices))
    language = find_language(information)
    system = read_system(information, notices)
    guess = guess_constraint(
        has_stations="station_information" in documents,
        has_street_vehicles=_has_street_vehicles(contents),
        has_zones="geofencing_zones" in documents,
    )
    default = make_default_type(guess)
    kinds = {default.type_id: default}
    types: frozenset[str] = frozenset()
    if "vehicle_types" in documents:
        kinds = read_vehicle_types(documents["vehicle_types"], language, guess, notices) or kinds
        types = frozenset(kinds)
    plans = (
        read_plans(documents["system_pricing_plans"], language, notices) if "system_pricing_plans" in documents else {}
    )
    regions = read_regions(documents["system_regions"], language, notices) if "system_regions" in documents else {}
    stations = documents.get("station_information")
    zones = documents.get("geofencing_zones")
    if stations is None and not any(name in contents for name in VEHICLE_FEEDS):
        message = (
            "has neither stations nor vehicles: nothing can be rented; publish station_information or vehicle_status"
        )
        notices.append(SourceNotice("nothing_to_rent", "gbfs.json", "", message))
    for kind in kinds.values():
        if kind.default_plan_id and kind.default_plan_id not in plans:
            message = (
                f"default_pricing_plan_id {kind.default_plan_id} is no plan: rides have no price; publish the plan"
            )
            notices.append(SourceNotice("unknown_plan", "vehicle_types.json", kind.type_id, message))
    decoded = replace(
        system,
        vehicle_types=kinds,
        plans=plans,
        currency=next((plan.currency for plan in plans.values()), ""),
        regions=regions,
        stations=read_stations(stations, language, types or frozenset({DEFAULT_TYPE}), regions, notices)
        if stations
        else (),
        zones=read_zones(zones, language, types, notices) if zones else Zones(),
    )
    return DecodedSystem(decoded, tuple(notices))


def apply_status(state: SystemState, contents: Contents, *, now: dt.datetime) -> DecodedState:
    """The state after a poll at ``now`` (aware); a feed that is not among ``contents`` was not asked for.

    A document that did not come, cannot be read or is older than what is known changes nothing: the last good news
    stays, is stale, and ages. A station whose record is missing from good news keeps its own until that is too old; a
    vehicle that is missing has been taken.
    """
    notices: list[SourceNotice] = []
    changes: dict[str, object] = {}
    name, document = _open_first(("station_status",), contents, notices)
    if name and document is None:
        changes["is_station_news_bad"] = True
    elif document is not None:
        changes |= _new_states(state, document, now, notices)
    name, document = _open_first(VEHICLE_FEEDS, contents, notices)
    if name and document is None:
        changes["is_vehicle_news_bad"] = True
    elif document is not None:
        changes |= _new_vehicles(state, document, now, notices)
    return DecodedState(replace(state, **changes).at(now), tuple(notices))  # type: ignore[arg-type]


def _new_states(
    state: SystemState, document: Document, now: dt.datetime, notices: list[SourceNotice]
) -> Mapping[str, object]:
    said_at = _time_of(document, now, state.freshness.drop_stations_after_s, notices)
    if _is_overtaken(document, said_at, state.states_at, notices) or not _has_list(document, ("stations",), notices):
        return {"is_station_news_bad": True}
    found: dict[str, StationState] = read_station_states(document, state.system, said_at, now, notices)
    return {"states": {**state.states, **found}, "states_at": said_at, "is_station_news_bad": False}


def _new_vehicles(
    state: SystemState, document: Document, now: dt.datetime, notices: list[SourceNotice]
) -> Mapping[str, object]:
    said_at = _time_of(document, now, state.freshness.drop_vehicles_after_s, notices)
    keys = ("vehicles", "bikes")
    if _is_overtaken(document, said_at, state.vehicles_at, notices) or not _has_list(document, keys, notices):
        return {"is_vehicle_news_bad": True}
    found: tuple[FreeVehicle, ...] = read_vehicles(document, state.system, now, notices)
    return {"vehicles": found, "vehicles_at": said_at, "is_vehicle_news_bad": False}


def _has_list(document: Document, keys: tuple[str, ...], notices: list[SourceNotice]) -> bool:
    if any(isinstance(document.data.get(key), list) for key in keys):
        return True
    message = f"has no list `{keys[0]}`: the last good news stays in use; publish one, empty if there is nothing"
    notices.append(SourceNotice("no_list", document.file, "", message))
    return False


def _time_of(document: Document, now: dt.datetime, drop_s: int, notices: list[SourceNotice]) -> dt.datetime:
    said_at = document.last_updated or now
    if (now - said_at).total_seconds() > drop_s:
        message = f"is of {said_at.isoformat()}, more than {drop_s} s ago: not used; ask the operator to publish again"
        notices.append(SourceNotice("too_old", document.file, "", message))
    if said_at > now + dt.timedelta(seconds=AHEAD_S):
        message = f"last_updated {said_at.isoformat()} is yet to come: taken as now; set the clock of the publisher"
        notices.append(SourceNotice("future_time", document.file, "", message))
    return min(said_at, now)


def _is_overtaken(
    document: Document, said_at: dt.datetime, known_at: dt.datetime | None, notices: list[SourceNotice]
) -> bool:
    if known_at is None or said_at >= known_at:
        return False
    message = f"is of {said_at.isoformat()}, older than what is known: not used; check for a cache in between"
    notices.append(SourceNotice("older_than_known", document.file, "", message))
    return True


def _open_first(names: tuple[str, ...], contents: Contents, notices: list[SourceNotice]) -> tuple[str, Document | None]:
    """The first feed of several that came, and its document if it can be read."""
    name = next((name for name in names if name in contents), "")
    return name, open_document(name, contents[name], notices) if name else None


def _has_street_vehicles(contents: Contents) -> bool:
    name, document = _open_first(VEHICLE_FEEDS, contents, [])
    data = document.data if document else {}
    vehicles = data.get("vehicles", data.get("bikes"))
    entries = vehicles if name and isinstance(vehicles, list) else []
    return any(isinstance(entry, Mapping) and not entry.get("station_id") for entry in entries)


def _tell_unread(name: str, contents: Contents, notices: list[SourceNotice]) -> str:
    told = next((notice.message for notice in notices if notice.file == f"{name}.json"), "")
    reason = told or ("cannot be read" if name in contents else "is missing")
    return f"{name}.json {reason}: nothing can be rented without it; fetch it from the address in gbfs.json"
