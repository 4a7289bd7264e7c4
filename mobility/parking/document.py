"""The parking document: a city's facilities as JSON, written and read here, so that both sides agree.

Version 1.1 adds to 1.0 what rates, spaces and facilities have gained since; a document of 1.0 reads as well.
Amounts are numbers in ``currency``, read back exactly; names are [{text, language}].
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from mobility.model import Coordinate, InvalidCoordinate, PlannerError
from mobility.parking.facilities import Charger, Facility, Placement, SpaceKind, Structure
from mobility.parking.tariffs import Band, Block, Cap, CapPer, Concession, Days, Holder, Rate, Tariff, Vehicle

VERSION = "1.1"


class ParkingUnreadable(PlannerError):  # noqa: N818  (what is wrong is the document)
    """A parking document that is not one; the message says what to do."""


@dataclass(frozen=True, slots=True)
class GeneralTariff:
    """A tariff of no facility in particular, such as the one of the city's smart bays."""

    tariff_id: str
    names: Mapping[str, str]
    tariff: Tariff | None


@dataclass(frozen=True, slots=True)
class ParkingDocument:
    """What a document holds."""

    timezone: str
    currency: str
    facilities: tuple[Facility, ...]
    tariffs: tuple[GeneralTariff, ...] = ()


def read_parking(path: Path) -> ParkingDocument:
    """Read a parking document.

    Raises:
        ParkingUnreadable: The file is missing, or not such a document.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        return ParkingDocument(
            str(document["timezone"]),
            str(document["currency"]),
            tuple(decode_facility(record) for record in document["facilities"]),
            tuple(_decode_general(record) for record in document.get("tariffs", ())),
        )
    except (OSError, ArithmeticError, ValueError, LookupError, TypeError, AttributeError, InvalidCoordinate) as error:
        message = f"{path}: {type(error).__name__}: {error}; build it with `changtong city build CITY`"
        raise ParkingUnreadable(message) from error


def _decode_general(record: Mapping[str, Any]) -> GeneralTariff:
    names = {name["language"]: name["text"] for name in record["name"]}
    return GeneralTariff(record["tariff_id"], names, decode_tariff(record))


def encode_facility(facility: Facility) -> dict[str, Any]:
    """A facility as a record of the document."""
    at = facility.at
    return {
        "facility_id": facility.facility_id,
        "name": [{"text": text, "language": lang} for lang, text in facility.names.items()],
        "lat": at.lat if at else None,
        "lon": at.lon if at else None,
        "address": facility.address,
        "district": facility.district,
        "telephone": facility.telephone,
        "ownership": facility.ownership,
        "placement": facility.placement.value,
        "structure": facility.structure,
        "build": facility.build.value,
        "height_limit_m": facility.height_limit_m,
        "opening_hours_text": facility.opening_hours,
        "capacity": {kind.value: spaces for kind, spaces in facility.capacity.items()},
        "chargers": facility.chargers,
        "charger_facts": [
            {"count": c.count, "connector": c.connector, "power_kw": c.power_kw} for c in facility.charger_facts
        ],
        "tariff_text": facility.tariff_text,
        "tariff_status": "parsed" if facility.tariff else "unknown",
        **encode_tariff(facility.tariff),
    }


def decode_facility(record: Mapping[str, Any]) -> Facility:
    """The facility of a record. Raises KeyError, TypeError or ValueError where it is none."""
    has_place = record.get("lat") is not None
    height = record.get("height_limit_m")
    return Facility(
        facility_id=record["facility_id"],
        names={name["language"]: name["text"] for name in record["name"]},
        at=Coordinate(float(record["lat"]), float(record["lon"])) if has_place else None,
        capacity={SpaceKind(kind): int(spaces) for kind, spaces in record["capacity"].items()},
        tariff_text=record.get("tariff_text", ""),
        tariff=decode_tariff(record),
        address=record.get("address", ""),
        district=record.get("district", ""),
        opening_hours=record.get("opening_hours_text", ""),
        ownership=record.get("ownership", ""),
        structure=record.get("structure", ""),
        chargers=record.get("chargers"),
        placement=Placement(record.get("placement", Placement.OFF_STREET)),
        build=Structure(record.get("build", Structure.UNKNOWN)),
        height_limit_m=float(height) if height is not None else None,
        charger_facts=tuple(
            Charger(c["count"], c["connector"], float(c["power_kw"]) if c["power_kw"] is not None else None)
            for c in record.get("charger_facts", ())
        ),
        telephone=record.get("telephone", ""),
    )


def encode_tariff(tariff: Tariff | None) -> dict[str, Any]:
    """A tariff as members of a record: its rates under ``tariff``, what else it has only where it has it."""
    if tariff is None:
        return {"tariff": None}
    more: dict[str, Any] = {
        "concessions": [_encode_concession(concession) for concession in tariff.concessions],
        "max_stay_min": tariff.max_stay_min,
        "payable_unit": None if tariff.unit is None else _number(tariff.unit),
    }
    return {"tariff": [_encode_rate(rate) for rate in tariff.rates], **{k: v for k, v in more.items() if v}}


def decode_tariff(record: Mapping[str, Any]) -> Tariff | None:
    """The tariff of a record; None where it has none."""
    if record.get("tariff") is None:
        return None
    unit = record.get("payable_unit")
    return Tariff(
        tuple(_decode_rate(rate) for rate in record["tariff"]),
        tuple(_decode_concession(concession) for concession in record.get("concessions", ())),
        record.get("max_stay_min"),
        None if unit is None else _amount(unit),
    )


def _encode_rate(rate: Rate) -> dict[str, Any]:
    band = rate.band
    return {
        "vehicle": rate.vehicle.value,
        "days": rate.days.value,
        "hours": f"{_clock(band.from_min)}-{_clock(band.until_min)}" if band else None,
        "amount": _number(rate.amount),
        "period_min": rate.period_min,
        "is_per_day": rate.is_per_day,
        "free_min": rate.free_min,
        "is_free_deducted": rate.is_free_deducted,
        "first": [{"amount": _number(b.amount), "period_min": b.period_min, "times": b.times} for b in rate.first],
        "caps": [
            {"amount": _number(cap.amount), "window_min": cap.window_min, "per": cap.per.value} for cap in rate.caps
        ],
    }


def _decode_rate(record: Mapping[str, Any]) -> Rate:
    hours = record.get("hours")
    return Rate(
        _amount(record["amount"]),
        record["period_min"],
        Vehicle(record["vehicle"]),
        Days(record["days"]),
        record["is_per_day"],
        record["free_min"],
        record["is_free_deducted"],
        tuple(Cap(_amount(c["amount"]), c["window_min"], CapPer(c.get("per", CapPer.DAY))) for c in record["caps"]),
        Band(*(_minutes(end) for end in hours.split("-"))) if hours else None,
        tuple(Block(_amount(b["amount"]), b["period_min"], b["times"]) for b in record.get("first", ())),
    )


def _encode_concession(concession: Concession) -> dict[str, Any]:
    return {
        "holder": concession.holder.value,
        "vehicle": concession.vehicle.value,
        "free_min": concession.free_min,
        "percent_off": _number(concession.percent_off),
        "amount_off": _number(concession.amount_off),
    }


def _decode_concession(record: Mapping[str, Any]) -> Concession:
    return Concession(
        Holder(record["holder"]),
        record["free_min"],
        _amount(record["percent_off"]),
        _amount(record["amount_off"]),
        Vehicle(record["vehicle"]),
    )


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)


def _amount(value: Any) -> Decimal:
    """Exact also where JSON was read with binary floats: 0.1 is a tenth."""
    return Decimal(str(value))
