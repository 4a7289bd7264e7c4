"""A city's shared bikes as GBFS 3.0 (github.com/MobilityData/gbfs, v3.0), the part that does not change by the minute.

``station_status`` and ``vehicle_status`` are live data: the tables know none, so that they are left out rather
than invented. ``last_updated`` is the date of the facts, and the same tables give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mobility.bikeshare.stations import BikeStation
from mobility.cities.catalog import City
from mobility.cities.tables import Fact, latest_date, read_facts

VERSION = "3.0"
TTL_S = 86_400


def build_gbfs(city: City, folder: Path) -> None:
    """Write the documents into ``folder``; an empty folder where the city has no bikes.

    Raises:
        CityError: A table or the configuration does not hold.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = read_facts(city, "bike_stations")
    if not facts:
        return
    prices = read_facts(city, "bike_prices")
    stations = [_station(city, fact) for fact in facts]
    regions = {name: str(k) for k, name in enumerate(sorted({s.region for s in stations if s.region}), 1)}
    documents = {
        "system_information": _system(city),
        "vehicle_types": {"vehicle_types": [_vehicle_type(city, key) for key in _types(city)]},
        "system_regions": {"regions": [_region(city, name, number) for name, number in regions.items()]},
        "station_information": {"stations": [_encode_station(s, regions) for s in stations]},
        "system_pricing_plans": {"plans": [_plan(city, key, prices) for key in _types(city)]},
    }
    url = city.get_text("bike_system", "feed_url").rstrip("/")
    feeds = [{"name": name, "url": f"{url}/{name}.json"} for name in ("gbfs", *documents)]
    updated = _instant(city, latest_date([*facts, *prices]))
    for name, data in {"gbfs": {"feeds": feeds}, **documents}.items():
        document = {"last_updated": updated, "ttl": TTL_S, "version": VERSION, "data": data}
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def _station(city: City, fact: Fact) -> BikeStation:
    return BikeStation(
        station_id=fact.required("station_id"),
        names=fact.names("name", city.languages),
        at=fact.coordinate(),
        docks=fact.integer("docks"),
        region=fact["district"],
    )


def _encode_station(station: BikeStation, regions: Mapping[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "station_id": station.station_id,
        "name": _texts(station.names),
        "lat": station.at.lat,
        "lon": station.at.lon,
        "capacity": station.docks,
    }
    if station.region:
        entry["region_id"] = regions[station.region]
    return entry


def _system(city: City) -> dict[str, Any]:
    def get(name: str) -> str:
        return city.get_text("bike_system", name)

    return {
        "system_id": get("system_id"),
        "languages": list(city.languages),
        "name": _texts(city.get_texts("bike_system", "names")),
        "operator": _texts(city.get_texts("bike_system", "operators")),
        "url": get("url"),
        "opening_hours": get("opening_hours"),
        "feed_contact_email": get("feed_contact_email"),
        "timezone": city.timezone,
        "attribution_organization_name": [{"text": city.attribution, "language": city.languages[0]}],
    }


def _types(city: City) -> Sequence[str]:
    return list(city.get_setting("bike_system", "vehicle_types"))


def _vehicle_type(city: City, key: str) -> dict[str, Any]:
    path = ("bike_system", "vehicle_types", key)
    entry: dict[str, Any] = {
        "vehicle_type_id": key,
        "form_factor": city.get_text(*path, "form_factor"),
        "propulsion_type": city.get_text(*path, "propulsion_type"),
        "name": _texts(city.get_texts(*path, "names")),
        "default_pricing_plan_id": f"{key}_plan",
        "pricing_plan_ids": [f"{key}_plan"],
    }
    if entry["propulsion_type"] != "human":
        entry["max_range_meters"] = city.get_number(*path, "max_range_m")
    return entry


def _region(city: City, name: str, number: str) -> dict[str, Any]:
    return {"region_id": number, "name": [{"text": name, "language": city.languages[0]}]}


def _plan(city: City, key: str, prices: Sequence[Fact]) -> dict[str, Any]:
    path = ("bike_system", "vehicle_types", key)
    return {
        "plan_id": f"{key}_plan",
        "name": _texts(city.get_texts(*path, "plan_names")),
        "currency": city.currency,
        "price": 0.0,
        "is_taxable": False,
        "description": _texts(city.get_texts(*path, "plan_texts")),
        "per_min_pricing": [_step(fact) for fact in prices if fact["vehicle_type"] == key],
    }


def _step(fact: Fact) -> dict[str, Any]:
    step = {"start": fact.integer("start_min"), "rate": fact.real("rate"), "interval": fact.integer("interval_min")}
    return {**step, "end": fact.integer("end_min")} if fact["end_min"] else step


def _texts(names: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"text": text, "language": lang} for lang, text in names.items()]


def _instant(city: City, date: str) -> str:
    """Midnight of the (first) day of an ISO date, in the city's zone, as RFC 3339."""
    year, month, day = (*map(int, date.split("-")), 1, 1)[:3]
    return dt.datetime(year, month, day, tzinfo=ZoneInfo(city.timezone)).isoformat()
