"""A city's car parks become one JSON document: position, capacity by kind of vehicle, tariff as data.

The tariff is parsed from the published text; where that fails the text stands alone and ``tariff_status`` is
``unknown``. Vehicles and days are those of ``mobility.parking.tariffs``; amounts are in ``currency``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from mobility.cities.catalog import City
from mobility.cities.tables import Fact, latest_date, read_facts
from mobility.parking.facilities import Facility
from mobility.parking.tariff_text import parse_tariff
from mobility.parking.tariffs import Rate, Vehicle

VERSION = "1.0"


def build_parking(city: City, path: Path) -> None:
    """Write the parking document.

    Raises:
        CityError: The table does not hold.
    """
    facts = read_facts(city, "car_parks")
    document = {
        "version": VERSION,
        "city": city.id,
        "timezone": city.timezone,
        "currency": city.currency,
        "attribution": city.attribution,
        "last_updated": latest_date(facts),
        "facilities": [_encode(_facility(city, fact), fact) for fact in facts],
    }
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _facility(city: City, fact: Fact) -> Facility:
    capacity: dict[Vehicle, int] = {v: fact.integer(v.value) for v in Vehicle if v is not Vehicle.ANY and fact[v.value]}
    return Facility(
        facility_id=fact.required("car_park_id"),
        names=fact.names("name", city.languages),
        at=fact.coordinate() if fact["lat"] else None,
        capacity=capacity,
        tariff_text=fact["tariff_text"],
        tariff=parse_tariff(fact["tariff_text"]),
        address=fact["address"],
        district=fact["district"],
        opening_hours=fact["hours"],
        ownership=fact["category"],
        structure=fact["kind"],
        chargers=fact.integer("chargers") if fact["chargers"] else None,
    )


def _encode(facility: Facility, fact: Fact) -> Mapping[str, Any]:
    at = facility.at
    return {
        "facility_id": facility.facility_id,
        "name": [{"text": text, "language": lang} for lang, text in facility.names.items()],
        "lat": at.lat if at else None,
        "lon": at.lon if at else None,
        "address": facility.address,
        "district": facility.district,
        "ownership": facility.ownership,
        "structure": facility.structure,
        "opening_hours_text": facility.opening_hours,
        "capacity": {vehicle.value: spaces for vehicle, spaces in facility.capacity.items()},
        "chargers": facility.chargers,
        "tariff_text": facility.tariff_text,
        "tariff_status": "parsed" if facility.tariff else "unknown",
        "tariff": [_encode_rate(rate) for rate in facility.tariff.rates] if facility.tariff else None,
        "source": fact.source,
        "source_date": fact.source_date,
    }


def _encode_rate(rate: Rate) -> Mapping[str, Any]:
    return {
        "vehicle": rate.vehicle.value,
        "days": rate.days.value,
        "amount": _number(rate.amount),
        "period_min": rate.period_min,
        "is_per_day": rate.is_per_day,
        "free_min": rate.free_min,
        "is_free_deducted": rate.is_free_deducted,
        "caps": [{"amount": _number(cap.amount), "window_min": cap.window_min} for cap in rate.caps],
    }


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)
