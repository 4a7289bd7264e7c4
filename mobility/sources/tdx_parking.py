"""TDX parking records (Taiwan's Parking v1) as facilities and counts: car parks, and segments of kerb.

Documents are objects that hold an array beside ``UpdateTime``, or the bare array. Every field is optional: absent,
null and empty all occur. A negative number means unknown. ``DataCollectTime`` dates a count, else the document's
``SrcUpdateTime``, else its ``UpdateTime``; a count without any date is left out, because its age cannot be told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mobility.model import Coordinate, InvalidCoordinate
from mobility.parking.facilities import Facility, Occupancy, Placement, SpaceKind, Structure
from mobility.parking.tariff_text import parse_tariff
from mobility.sources.notices import SourceNotice

SPACE_KINDS = {
    0: SpaceKind.ANY,
    1: SpaceKind.CAR,
    2: SpaceKind.MOTORCYCLE,
    3: SpaceKind.HEAVY_MOTORCYCLE,
    4: SpaceKind.BICYCLE,
    5: SpaceKind.TRUCK,
    6: SpaceKind.BUS,
    7: SpaceKind.FAMILY,
    8: SpaceKind.WOMEN,
    9: SpaceKind.ACCESSIBLE,
    10: SpaceKind.ACCESSIBLE_MOTORCYCLE,
    11: SpaceKind.ELECTRIC,
    12: SpaceKind.ELECTRIC_MOTORCYCLE,
}
"""SpaceType; the others (rents, loading, taxis, reserved ...) are no spaces for whoever comes and are not counted."""
STRUCTURES = {
    1: Structure.SURFACE,
    2: Structure.MULTI_STOREY,
    3: Structure.UNDERGROUND,
    4: Structure.TOWER,
    5: Structure.MECHANICAL,
    6: Structure.MIXED,
    254: Structure.OTHER,
}
"""CarParkType."""
RESTING, OPERATING, SUSPENDED = range(3)
"""ServiceStatus."""
FULL = (2, 3)
"""FullStatus: full, and more than full."""
_LANGUAGES = {"Zh_tw": "zh-TW", "En": "en"}


@dataclass(frozen=True, slots=True)
class TdxFacilities:
    """Facilities of a document, and what is wrong with it."""

    facilities: tuple[Facility, ...]
    notices: tuple[SourceNotice, ...]


@dataclass(frozen=True, slots=True)
class TdxOccupancy:
    """Counts of a document by facility id, and what is wrong with it."""

    occupancy: Mapping[str, Occupancy]
    notices: tuple[SourceNotice, ...]


def decode_car_parks(document: Any, *, file: str = "CarParks") -> TdxFacilities:
    """CarPark: position, type and tariff. Capacity is told by the availabilities, not here."""
    reading = _Reading(document, "CarParks", "CarParkID", file)
    facilities = tuple(_car_park(record, name, reading) for name, record in reading.records())
    return TdxFacilities(facilities, tuple(reading.notices))


def decode_segments(document: Any, *, file: str = "ParkingSegments") -> TdxFacilities:
    """ParkingSegment: kerb along a street; the ids get the prefix ``kerb:``, because they are plain numbers."""
    reading = _Reading(document, "ParkingSegments", "ParkingSegmentID", file)
    facilities = tuple(
        Facility(
            facility_id=f"kerb:{name}",
            names=_names(record.get("ParkingSegmentName")),
            at=reading.place(record.get("ParkingSegmentPosition"), name),
            capacity={},
            tariff_text=_text(record.get("FareDescription")),
            tariff=parse_tariff(_text(record.get("FareDescription"))),
            placement=Placement.KERB,
        )
        for name, record in reading.records()
    )
    return TdxFacilities(facilities, tuple(reading.notices))


def decode_availabilities(document: Any, *, file: str = "ParkingAvailabilities", source: str = "TDX") -> TdxOccupancy:
    """ParkingAvailability of car parks."""
    reading = _Reading(document, "ParkingAvailabilities", "CarParkID", file)
    return _occupancy(reading, "", source)


def decode_segment_availabilities(
    document: Any, *, file: str = "CurbParkingSegmentAvailabilities", source: str = "TDX"
) -> TdxOccupancy:
    """ParkingSegmentAvailability: one count per segment. The array is named unlike the resource."""
    reading = _Reading(document, "CurbParkingSegmentAvailabilities", "ParkingSegmentID", file)
    return _occupancy(reading, "kerb:", source)


class _Reading:
    """One document: its records, its date, and what is wrong."""

    def __init__(self, document: Any, array: str, key: str, file: str) -> None:
        self.notices: list[SourceNotice] = []
        self._array, self._key, self._file = array, key, file
        about = document if isinstance(document, Mapping) else {}
        self.updated = _instant(about.get("SrcUpdateTime")) or _instant(about.get("UpdateTime"))
        records = about.get(array) if about else document
        if not isinstance(records, list):
            self.tell("no_records", "", f"there is no list {array}: fetch the resource anew")
            records = []
        self._records: list[Any] = records

    def tell(self, code: str, record: str, message: str) -> None:
        self.notices.append(SourceNotice(code, self._file, record, message))

    def records(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Records by their ids; those without, and those that come again, are told and left out."""
        seen: set[str] = set()
        for k, record in enumerate(self._records):
            name = _text(record.get(self._key)) if isinstance(record, Mapping) else ""
            if not name:
                remedy = f"the record has no {self._key} and is left out: report it to the authority"
                self.tell("record_without_id", f"{self._array}[{k}]", remedy)
            elif name in seen:
                self.tell("record_twice", name, "a second record with this id is left out: report it to the authority")
            else:
                seen.add(name)
                yield name, record

    def place(self, position: Any, record: str) -> Coordinate | None:
        """The coordinate of a position object; None where it has none, or a wrong one (which is told)."""
        lat, lon = (position.get(k) if isinstance(position, Mapping) else None for k in ("PositionLat", "PositionLon"))
        if lat is None or lon is None:
            return None
        try:
            at = Coordinate(float(lat), float(lon))
        except (TypeError, ValueError, InvalidCoordinate):
            message = f"{str(lat)[:20]}, {str(lon)[:20]} is no position; it stays without: report it to the authority"
            self.tell("position_not_a_coordinate", record, message)
            return None
        return None if at == Coordinate(0.0, 0.0) else at

    def count(self, record: Mapping[str, Any], field: str, name: str) -> int | None:
        """A whole number of 0 or more; None where it is absent, negative, or no number (which is told)."""
        value = record.get(field)
        if value is None or value == "":
            return None
        try:
            count = int(value)
        except (TypeError, ValueError, OverflowError):
            message = (
                f"{field} is {str(value)[:40]!r}, not a number, and is taken as unknown: report it to the authority"
            )
            self.tell("count_not_a_number", name, message)
            return None
        return count if count >= 0 else None


def _car_park(record: Mapping[str, Any], name: str, reading: _Reading) -> Facility:
    tariff_text = _text(record.get("FareDescription"))
    kind = reading.count(record, "CarParkType", name)
    return Facility(
        facility_id=name,
        names=_names(record.get("CarParkName")),
        at=reading.place(record.get("CarParkPosition"), name),
        capacity={},
        tariff_text=tariff_text,
        tariff=parse_tariff(tariff_text),
        address=_text(record.get("Address")),
        telephone=_text(record.get("Telephone")),
        build=STRUCTURES.get(kind, Structure.UNKNOWN) if kind is not None else Structure.UNKNOWN,
    )


def _occupancy(reading: _Reading, prefix: str, source: str) -> TdxOccupancy:
    found: dict[str, Occupancy] = {}
    for name, record in reading.records():
        observed_at = _instant(record.get("DataCollectTime")) or reading.updated
        if observed_at is None:
            reading.tell(
                "count_without_time", name, "nothing dates the count, it is left out: report it to the authority"
            )
            continue
        free, capacity = _spaces(record, name, reading)
        for kind, spaces in free.items():
            if kind in capacity and spaces > capacity[kind]:
                message = f"{spaces} free {kind} spaces of {capacity[kind]}: both are kept, ask which is wrong"
                reading.tell("vacancy_above_capacity", name, message)
        service, fullness = (reading.count(record, field, name) for field in ("ServiceStatus", "FullStatus"))
        found[prefix + name] = Occupancy(
            prefix + name,
            free,
            observed_at,
            source,
            is_full=None if fullness is None else fullness in FULL,
            is_operating=service == OPERATING if service in (RESTING, OPERATING, SUSPENDED) else None,
            capacity=capacity,
        )
    return TdxOccupancy(found, tuple(reading.notices))


def _spaces(
    record: Mapping[str, Any], name: str, reading: _Reading
) -> tuple[dict[SpaceKind, int], dict[SpaceKind, int]]:
    """Free spaces and capacity by kind: the totals as those of any kind, unless a row of their own says more."""
    free: dict[SpaceKind, int] = {}
    capacity: dict[SpaceKind, int] = {}
    rows = record.get("Availabilities")
    rows = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    totals = {
        "SpaceType": 0,
        "NumberOfSpaces": record.get("TotalSpaces"),
        "AvailableSpaces": record.get("AvailableSpaces"),
    }
    for row in (totals, *rows):
        number = reading.count(row, "SpaceType", name)
        kind = SPACE_KINDS.get(number) if number is not None else None
        if kind is None:
            continue
        for target, field in ((free, "AvailableSpaces"), (capacity, "NumberOfSpaces")):
            count = reading.count(row, field, name)
            if count is not None:
                target[kind] = count
    return free, capacity


def _names(value: Any) -> dict[str, str]:
    """Names by language; some datasets give a plain string."""
    if isinstance(value, Mapping):
        return {tag: text for key, tag in _LANGUAGES.items() if (text := _text(value.get(key)))}
    text = _text(value)
    return {"zh-TW": text} if text else {}


def _instant(value: Any) -> dt.datetime | None:
    """An aware instant; None for anything else. A time without zone dates nothing."""
    try:
        instant = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return instant if instant.tzinfo else None


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, list | dict | bool) else str(value).strip()
