"""A city's car parks become one JSON document: position, capacity by kind of space, tariff as data.

The tariff is parsed from the published text; where that fails the text stands alone and ``tariff_status`` is
``unknown``. Tariffs that hold for no facility in particular (the city's kerb) are a table of their own, a row per
rate, under ``tariffs``. Vehicles and days are those of ``mobility.parking.tariffs``; amounts are in ``currency``.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from mobility.cities.catalog import City
from mobility.cities.tables import Fact, latest_date, read_facts
from mobility.parking.document import VERSION, encode_facility, encode_tariff
from mobility.parking.facilities import Facility, SpaceKind
from mobility.parking.structure_text import parse_structure
from mobility.parking.tariff_text import parse_tariff
from mobility.parking.tariffs import DAY_MIN, Band, Cap, Days, Rate, Tariff, TariffError, Vehicle


def build_parking(city: City, path: Path) -> None:
    """Write the parking document.

    Raises:
        CityError: A table does not hold.
    """
    facts = read_facts(city, "car_parks")
    rates = read_facts(city, "parking_tariffs")
    document = {
        "version": VERSION,
        "city": city.id,
        "timezone": city.timezone,
        "currency": city.currency,
        "attribution": city.attribution,
        "last_updated": latest_date([*facts, *rates]),
        "facilities": [_encode(_facility(city, fact), fact) for fact in facts],
        "tariffs": [
            _encode_general(city, list(rows)) for _, rows in itertools.groupby(rates, lambda r: r.required("tariff_id"))
        ],
    }
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _facility(city: City, fact: Fact) -> Facility:
    capacity: dict[SpaceKind, int] = {
        kind: fact.integer(kind.value)
        for kind in SpaceKind
        if kind is not SpaceKind.ANY and fact.values.get(kind.value)
    }
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
        build=parse_structure(fact["kind"]),
        height_limit_m=fact.real("height_limit_m") if fact.values.get("height_limit_m") else None,
    )


def _encode(facility: Facility, fact: Fact) -> Mapping[str, Any]:
    return {**encode_facility(facility), "source": fact.source, "source_date": fact.source_date}


def _encode_general(city: City, rows: Sequence[Fact]) -> Mapping[str, Any]:
    """A tariff that is no facility's own; its rows follow one another in the table."""
    first = rows[0]
    try:
        tariff = Tariff(tuple(_rate(row) for row in rows))
    except TariffError as error:
        first.refuse(str(error))
    return {
        "tariff_id": first["tariff_id"],
        "name": [{"text": text, "language": lang} for lang, text in first.names("name", city.languages).items()],
        **encode_tariff(tariff),
        "source": first.source,
        "source_date": latest_date(rows),
    }


def _rate(row: Fact) -> Rate:
    try:
        return Rate(
            Decimal(row.required("amount")),
            row.integer("period_min") if row["period_min"] else None,
            Vehicle(row.required("vehicle")),
            Days(row.required("days")),
            row.flag("is_per_day"),
            row.integer("free_min"),
            row.flag("is_free_deducted"),
            (Cap(Decimal(row["day_cap"])),) if row["day_cap"] else (),
            Band(row.time_s("from") // 60, row.time_s("until") // 60 or DAY_MIN) if row["from"] else None,
        )
    except (ValueError, InvalidOperation) as error:
        row.refuse(f"{error}: see mobility/parking/tariffs.py for what a rate may be")
