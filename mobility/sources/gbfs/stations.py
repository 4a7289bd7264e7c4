"""station_information: the stations of a system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import shapely

from mobility.bikeshare.system import Station
from mobility.model import Coordinate
from mobility.sources.gbfs.documents import Document
from mobility.sources.gbfs.geometry import read_area
from mobility.sources.gbfs.positions import find_lost, read_position
from mobility.sources.gbfs.records import Record, keep_first, list_records
from mobility.sources.notices import SourceNotice


def read_stations(
    document: Document,
    language: str,
    types: frozenset[str],
    regions: Mapping[str, Mapping[str, str]],
    notices: list[SourceNotice],
) -> tuple[Station, ...]:
    """The stations in the order of the document, without those that have no place or no name of their own."""
    records, stations = [], []
    for record in keep_first(list_records(document, "stations", "station_id", notices)):
        area = read_area(record, record.raw["station_area"], "station_area") if record.has("station_area") else None
        at = _position(record, area)
        if at is not None:
            records.append(record)
            stations.append(_station(record, at, area, language, types, regions))
    lost = find_lost(records, [station.at for station in stations])
    return tuple(station for station, is_lost in zip(stations, lost, strict=True) if not is_lost)


def _position(record: Record, area: Any) -> Coordinate | None:
    if area is None or record.has("lat") or record.has("lon"):
        return read_position(record)
    inside = shapely.point_on_surface(area)
    record.tell("no_position", "has an area but no lat, lon: a point inside is used; publish where riders should go")
    return Coordinate(shapely.get_y(inside), shapely.get_x(inside))


def _station(
    record: Record,
    at: Coordinate,
    area: Any,
    language: str,
    types: frozenset[str],
    regions: Mapping[str, Mapping[str, str]],
) -> Station:
    names = record.texts("name", language)
    if not names:
        record.tell("no_name", "has no name: its id is shown; publish the name that riders know")
    region = record.text("region_id")
    if region and regions and region not in regions:
        record.tell("unknown_region", f"region_id {region} is not in system_regions: taken as none; add it there")
        region = ""
    return Station(
        station_id=record.label,
        names=names or {language: record.label},
        at=at,
        capacity=record.count("capacity"),
        is_virtual=record.flag("is_virtual_station", otherwise=area is not None),
        area=area,
        region=region,
        address=record.text("address"),
        cross_street=record.text("cross_street"),
        type_places=(*_places(record, types), *_old_places(record, types)),
        is_valet=record.flag("is_valet_station", otherwise=False),
        is_charging=record.flag("is_charging_station", otherwise=False),
        parking_type=record.text("parking_type"),
        opening_hours=record.text("station_opening_hours"),
        rental_uris=record.rental_uris(),
    )


def _places(record: Record, types: frozenset[str]) -> list[tuple[frozenset[str], int]]:
    """Places by vehicle types as 3.0 has them."""
    found = []
    for name in ("vehicle_types_capacity", "vehicle_docks_capacity"):
        for entry in record.objects(name) if isinstance(record.raw.get(name), list) else ():
            part = Record(record.file, record.label, entry, record.notices)
            fitting = known_types(part, part.ids("vehicle_type_ids", "vehicle_type_id"), types)
            count = part.count("count")
            if fitting and count is not None:
                found.append((fitting, count))
    return found


def _old_places(record: Record, types: frozenset[str]) -> list[tuple[frozenset[str], int]]:
    """Places by vehicle type as 2.x has them: ``vehicle_capacity`` and ``vehicle_type_capacity`` are objects."""
    found = []
    for name in ("vehicle_capacity", "vehicle_type_capacity"):
        value = record.raw.get(name)
        for type_id, raw in value.items() if isinstance(value, Mapping) else ():
            count = record.count(f"{name}.{type_id}", raw)
            fitting = known_types(record, frozenset({str(type_id)}), types)
            if fitting and count is not None:
                found.append((fitting, count))
    return found


def known_types(record: Record, named: frozenset[str], types: frozenset[str]) -> frozenset[str]:
    """The vehicle types that exist; the others are told."""
    for type_id in sorted(named - types):
        record.tell("unknown_vehicle_type", f"vehicle type {type_id} is not in vehicle_types: left out; add it there")
    return named & types
