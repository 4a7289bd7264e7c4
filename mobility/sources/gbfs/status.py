"""station_status and vehicle_status (free_bike_status before 3.0): what stands where, record by record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from mobility.bikeshare.state import UNLIMITED, FreeVehicle, StationState
from mobility.bikeshare.system import Propulsion, ReturnConstraint, SharedSystem, Station, VehicleType
from mobility.model import Coordinate
from mobility.sources.gbfs.documents import Document
from mobility.sources.gbfs.positions import find_lost, read_position
from mobility.sources.gbfs.records import Record, keep_first, list_records
from mobility.sources.gbfs.stations import known_types
from mobility.sources.notices import SourceNotice

OLD_S = 86_400
"""A station that has been silent for longer is told: its counts are used, with their age."""


def read_station_states(
    document: Document, system: SharedSystem, read_at: dt.datetime, now: dt.datetime, notices: list[SourceNotice]
) -> dict[str, StationState]:
    """States by station id, without stations that the system does not have.

    Of several records for one station the one that reported last is used, of equal ones the later.
    """
    stations = {station.station_id: station for station in system.stations}
    untyped = _find_untyped(system.vehicle_types)
    found: dict[str, StationState] = {}
    for record in list_records(document, "stations", "station_id", notices):
        station = stations.get(record.label)
        if station is None:
            record.tell("unknown_station", "is not in station_information: left out; publish the station there")
            continue
        state = _station_state(record, station, system, untyped, read_at, now)
        before = found.get(record.label)
        if before is not None:
            record.tell("duplicate_id", "comes more than once: the one that reported last is used; publish it once")
            if state.spoke_at < before.spoke_at:
                continue
        found[record.label] = state
    return found


def _find_untyped(types: Mapping[str, VehicleType]) -> str:
    """The type of vehicles that are counted without one: the slowest of those that ride on the same streets, empty
    where it could be a moped as well as a bicycle.
    """
    if len({kind.profile_name for kind in types.values()}) != 1:
        return ""
    first = [kind for kind in types.values() if kind.propulsion is Propulsion.HUMAN]
    return next(iter([*first, *types.values()])).type_id


def _station_state(
    record: Record, station: Station, system: SharedSystem, untyped: str, read_at: dt.datetime, now: dt.datetime
) -> StationState:
    types = frozenset(system.vehicle_types)
    reported_at = record.instant("last_reported", now=now)
    if reported_at is not None and (read_at - reported_at).total_seconds() > OLD_S:
        days = (read_at - reported_at).days
        record.tell(
            "old_report", f"last_reported is {days} days back: used with its age; ask the operator for the station"
        )
    return StationState(
        station_id=record.label,
        bikes=_bikes(record, types, untyped, station.capacity),
        docks=_docks(record, station, system),
        read_at=read_at,
        is_installed=record.flag("is_installed", otherwise=True, is_required=True),
        is_renting=record.flag("is_renting", otherwise=True, is_required=True),
        is_returning=record.flag("is_returning", otherwise=True, is_required=True),
        reported_at=reported_at,
        type_docks=_type_docks(record, types),
    )


def _bikes(record: Record, types: frozenset[str], untyped: str, capacity: int | None) -> Mapping[str, int] | None:
    name = next(
        (name for name in ("num_vehicles_available", "num_bikes_available") if record.has(name)),
        "num_vehicles_available",
    )
    total = record.count(name)
    if total is not None and capacity is not None and total > capacity:
        record.tell("over_capacity", f"{name} {total} is more than the capacity {capacity}: used; mend one of them")
    if record.has("vehicle_types_available"):
        typed = _typed_bikes(record, types)
        if typed is not None:
            if total is not None and sum(typed.values()) != total:
                record.tell(
                    "counts_disagree",
                    f"{name} is {total} but vehicle_types_available add up to {sum(typed.values())}: "
                    "the counts by type are used; publish counts that add up",
                )
            return typed
    if total is None:
        if not record.has(name):
            record.tell("no_count", f"has no {name}: taken as unknown; publish the count")
        return None
    if total == 0:
        return {}
    if not untyped:
        record.tell(
            "untyped_count",
            f"{name} {total} says nothing of vehicle types that ride differently: taken as unknown; "
            "publish vehicle_types_available",
        )
        return None
    return {untyped: total}


def _typed_bikes(record: Record, types: frozenset[str]) -> dict[str, int] | None:
    """Counts by type; None where one of them cannot be."""
    found: dict[str, int] = {}
    for entry in record.objects("vehicle_types_available"):
        part = Record(record.file, record.label, entry, record.notices)
        fitting = known_types(part, part.ids("vehicle_type_id"), types)
        count = part.count("count")
        if count is None:
            return None
        for type_id in fitting:
            found[type_id] = found.get(type_id, 0) + count
    return found


def _docks(record: Record, station: Station, system: SharedSystem) -> int | None:
    docks = record.count("num_docks_available")
    if docks is None:
        if record.has("num_docks_available"):
            return None
        is_place = station.is_virtual or station.is_valet or station.capacity is None
        if is_place or any(kind.return_constraint.allows_streets for kind in system.vehicle_types.values()):
            return UNLIMITED
        record.tell("no_count", "has no num_docks_available: taken as unknown; publish the count")
    elif station.capacity is not None and docks > station.capacity:
        message = f"num_docks_available {docks} is more than the capacity {station.capacity}: used; mend one of them"
        record.tell("over_capacity", message)
    return docks


def _type_docks(record: Record, types: frozenset[str]) -> tuple[tuple[frozenset[str], int], ...]:
    found = []
    for entry in record.objects("vehicle_docks_available"):
        part = Record(record.file, record.label, entry, record.notices)
        fitting, count = known_types(part, part.ids("vehicle_type_ids"), types), part.count("count")
        if fitting and count is not None:
            found.append((fitting, count))
    return tuple(found)


def read_vehicles(
    document: Document, system: SharedSystem, now: dt.datetime, notices: list[SourceNotice]
) -> tuple[FreeVehicle, ...]:
    """The vehicles of the document, without those of no known type or place."""
    stations = {station.station_id: station for station in system.stations}
    key = "vehicles" if isinstance(document.data.get("vehicles"), list) else "bikes"
    records, vehicles = [], []
    for record in keep_first(list_records(document, key, "vehicle_id", notices, other_id="bike_id")):
        vehicle = _vehicle(record, system, stations, now)
        if vehicle is not None:
            records.append(record)
            vehicles.append(vehicle)
    lost = find_lost(records, [v.at for v in vehicles], [station.at for station in system.stations])
    return tuple(vehicle for vehicle, is_lost in zip(vehicles, lost, strict=True) if not is_lost)


def _vehicle(
    record: Record, system: SharedSystem, stations: Mapping[str, Station], now: dt.datetime
) -> FreeVehicle | None:
    type_id = _type_of(record, system.vehicle_types)
    if not type_id:
        return None
    station_id = _station_of(record, "station_id", stations)
    at: Coordinate | None = stations[station_id].at if station_id else read_position(record)
    if at is None:
        return None
    plan_id = record.text("pricing_plan_id")
    if plan_id and plan_id not in system.plans:
        record.tell("unknown_plan", f"pricing_plan_id {plan_id} is no plan: that of its type is used; publish the plan")
        plan_id = ""
    return FreeVehicle(
        vehicle_id=record.label,
        type_id=type_id,
        at=at,
        station_id=station_id,
        home_station_id=_station_of(record, "home_station_id", stations),
        range_m=record.number("current_range_meters", least=0),
        is_reserved=record.flag("is_reserved", otherwise=False, is_required=True),
        is_disabled=record.flag("is_disabled", otherwise=False, is_required=True),
        plan_id=plan_id,
        reported_at=record.instant("last_reported", now=now),
        available_until=record.instant("available_until"),
        rental_uris=record.rental_uris(),
    )


def _type_of(record: Record, types: Mapping[str, VehicleType]) -> str:
    type_id = record.text("vehicle_type_id")
    if type_id in types:
        return type_id
    if not type_id and len(types) == 1:
        return next(iter(types))
    named = f"vehicle type {type_id} is not in vehicle_types" if type_id else "has no vehicle_type_id"
    record.tell("unknown_vehicle_type", f"{named}: left out; publish the type")
    return ""


def _station_of(record: Record, name: str, stations: Mapping[str, Station]) -> str:
    station_id = record.text(name)
    if station_id and station_id not in stations:
        record.tell("unknown_station", f"{name} {station_id} is not in station_information: taken as none; publish it")
        return ""
    return station_id


def guess_constraint(*, has_stations: bool, has_street_vehicles: bool, has_zones: bool) -> ReturnConstraint:
    """Where rides end in a feed that does not say: at stations where there are any, in the street too where vehicles
    stand there and zones say where.
    """
    if not has_stations:
        return ReturnConstraint.FREE_FLOATING
    return ReturnConstraint.HYBRID if has_street_vehicles and has_zones else ReturnConstraint.ANY_STATION
