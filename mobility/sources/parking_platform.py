"""The JSON of a city's parking platform ({"parkingLots": [...]}, as Kaohsiung publishes it) as facilities and counts.

All values are strings. Any negative number means unknown, the position (1.0, 1.0) too, and there is no timestamp:
the caller stamps a document on receipt. ``volumn`` (so spelt) and ``leftspace`` are totals that often contradict the
counts by kind; they are taken only where no kind is known. A record that cannot be used is told and left out.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mobility.model import Coordinate, InvalidCoordinate
from mobility.parking.facilities import Facility, Occupancy, SpaceKind
from mobility.parking.structure_text import parse_structure
from mobility.parking.tariff_text import parse_tariff
from mobility.sources.notices import SourceNotice

CAPACITY = {
    "volumnAuto": SpaceKind.CAR,
    "volumnScooter": SpaceKind.MOTORCYCLE,
    "volumnTruck": SpaceKind.TRUCK,
    "volumnBike": SpaceKind.BICYCLE,
}
VACANCY = {
    "smallcarVacancy": SpaceKind.CAR,
    "motorcycleVacancy": SpaceKind.MOTORCYCLE,
    "largecarVacancy": SpaceKind.TRUCK,
}
_UNKNOWN_PLACE = Coordinate(1.0, 1.0)


@dataclass(frozen=True, slots=True)
class ParkingLots:
    """What a document holds: facilities, what is free in those that say so, and what is wrong with it."""

    facilities: tuple[Facility, ...]
    occupancy: Mapping[str, Occupancy]
    notices: tuple[SourceNotice, ...]


def decode_platform(
    document: Mapping[str, Any],
    received_at: dt.datetime,
    *,
    file: str = "parkingLots",
    source: str = "parking platform",
    language: str = "zh-TW",
) -> ParkingLots:
    """Read the platform's document.

    Args:
        document: The JSON as read.
        received_at: When it came, aware: the counts' only date.
        file: The document's name, for notices.
        source: Who is named for the counts.
        language: What the names are written in (BCP 47).

    Raises:
        ValueError: ``received_at`` has no time zone.
    """
    if received_at.tzinfo is None:
        raise ValueError("received_at needs a time zone")
    lots = _Lots(received_at, file, source, language)
    records = document.get("parkingLots") if isinstance(document, Mapping) else None
    if not isinstance(records, list):
        lots.tell("no_parking_lots", "", "there is no list parkingLots: fetch the document anew")
        records = []
    for k, record in enumerate(records):
        lots.add(record, f"parkingLots[{k}]")
    return ParkingLots(tuple(lots.facilities.values()), lots.occupancy, tuple(lots.notices))


class _Lots:
    """A document in the reading."""

    def __init__(self, received_at: dt.datetime, file: str, source: str, language: str) -> None:
        self.facilities: dict[str, Facility] = {}
        self.occupancy: dict[str, Occupancy] = {}
        self.notices: list[SourceNotice] = []
        self._received_at, self._file, self._source, self._language = received_at, file, source, language

    def tell(self, code: str, record: str, message: str) -> None:
        self.notices.append(SourceNotice(code, self._file, record, message))

    def add(self, record: Any, place: str) -> None:
        """Keep one record, or tell why not."""
        lot_id = _text(record.get("id")) if isinstance(record, Mapping) else ""
        if not lot_id:
            self.tell("parking_lot_without_id", place, "the lot has no id and is left out: ask the city to give one")
            return
        if lot_id in self.facilities:
            self.tell("parking_lot_twice", lot_id, "a second lot with this id is left out: ask which one holds")
            return
        capacity = self._counts(record, CAPACITY, lot_id)
        if not capacity:
            capacity = self._counts(record, {"volumn": SpaceKind.ANY}, lot_id)
        text, structure = _text(record.get("chargeway")), _text(record.get("parkingLotType"))
        self.facilities[lot_id] = Facility(
            facility_id=lot_id,
            names={self._language: name} if (name := _text(record.get("name"))) else {},
            at=self._place(record, lot_id),
            capacity=capacity,
            tariff_text=text,
            tariff=parse_tariff(text),
            address=_text(record.get("location")),
            district=_text(record.get("areaname")),
            opening_hours=_text(record.get("businesshours")),
            ownership=_text(record.get("cate")),
            structure=structure,
            chargers=self._count(record, "chargingPileCount", lot_id),
            build=parse_structure(structure),
            telephone=_text(record.get("telephone")),
        )
        self._add_occupancy(record, lot_id, capacity)

    def _add_occupancy(self, record: Mapping[str, Any], lot_id: str, capacity: Mapping[SpaceKind, int]) -> None:
        free = self._counts(record, VACANCY, lot_id)
        if not free:
            free = self._counts(record, {"leftspace": SpaceKind.ANY}, lot_id)
        if not free:
            return
        for kind, spaces in free.items():
            most = capacity.get(kind)
            if most is not None and spaces > most:
                self.tell(
                    "vacancy_above_capacity",
                    lot_id,
                    f"{spaces} free {kind} spaces of {most}: both are kept, ask the city which is wrong",
                )
        self.occupancy[lot_id] = Occupancy(lot_id, free, self._received_at, self._source)

    def _counts(self, record: Mapping[str, Any], fields: Mapping[str, SpaceKind], lot_id: str) -> dict[SpaceKind, int]:
        counts = {kind: self._count(record, name, lot_id) for name, kind in fields.items()}
        return {kind: count for kind, count in counts.items() if count is not None}

    def _count(self, record: Mapping[str, Any], name: str, lot_id: str) -> int | None:
        """A number of spaces; None where it is absent, negative, or no number (which is told)."""
        text = _text(record.get(name))
        if not text:
            return None
        try:
            count = int(text)
        except ValueError:
            message = f"{name} is {text[:40]!r}, not a whole number, and is taken as unknown: ask the city to mend it"
            self.tell("count_not_a_number", lot_id, message)
            return None
        return count if count >= 0 else None

    def _place(self, record: Mapping[str, Any], lot_id: str) -> Coordinate | None:
        lat, lon = _text(record.get("lat")), _text(record.get("lng"))
        try:
            at = Coordinate(float(lat), float(lon)) if lat or lon else None
        except (ValueError, InvalidCoordinate):
            at = None
            message = (
                f"lat {lat[:20]!r}, lng {lon[:20]!r} is no position; the lot stays without: ask the city to mend it"
            )
            self.tell("position_not_a_coordinate", lot_id, message)
        if at is None or at == _UNKNOWN_PLACE or not math.hypot(at.lat, at.lon):
            return None
        return at


def _text(value: Any) -> str:
    """A value as text, empty where there is none; numbers are taken, too, because sources change."""
    return "" if value is None or isinstance(value, list | dict | bool) else str(value).strip()
