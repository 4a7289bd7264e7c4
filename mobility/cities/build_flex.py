"""A city's demand-responsive services as GTFS-Flex (GTFS Schedule reference, March 2026): tables into files.

``drt_zones`` are areas, ``drt_rules`` booking rules, ``drt_services`` rides from one zone to another (or inside one)
within a window of some days. ``booking_rules.txt`` has one column of our own, ``changtong_least_riders``. The files
are joined to those of the timetable, so that one feed has both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gtfs.flex.booking import LEAST_RIDERS_COLUMN
from gtfs.schema import LOCATIONS
from mobility.cities.approximations import sentence_for_people
from mobility.cities.catalog import City
from mobility.cities.fare_files import read_fares
from mobility.cities.geometry import parse_linestring
from mobility.cities.gtfs_zip import GtfsFile, clock
from mobility.cities.tables import Fact, read_facts

BOOKED, NOT_AVAILABLE = "2", "1"
"""``pickup_type`` and ``drop_off_type``."""
_OPEN, _CLOSE = "POLYGON((", "))"


class GeoJsonFile(GtfsFile):
    """``locations.geojson``: each row is one feature as text."""

    __slots__ = ()

    def encode(self) -> bytes:
        """The features as a collection, UTF-8."""
        features = ",\n".join(feature for (feature,) in self.rows)
        return f'{{"type":"FeatureCollection","features":[\n{features}\n]}}\n'.encode()


@dataclass(frozen=True, slots=True)
class _Tables:
    zones: Mapping[str, Fact]
    rules: Mapping[str, Fact]
    services: Sequence[Fact]


def add_flex(city: City, files: Iterable[GtfsFile]) -> list[GtfsFile]:
    """The files of a feed with the city's on-demand services in them; as they were where it has none.

    Raises:
        TableError: A row does not hold, or refers to what is not there.
    """
    files = list(files)
    tables = _read(city)
    if not tables.services:
        return files
    place = {file.name: number for number, file in enumerate(files)}
    for file in _build_files(city, tables, files):
        if file.name in place:
            files[place[file.name]] = _join(files[place[file.name]], file)
        elif file.rows:
            place[file.name] = len(files)
            files.append(file)
    return files


def _read(city: City) -> _Tables:
    tables = _Tables(
        {fact.required("zone_id"): fact for fact in read_facts(city, "drt_zones")},
        {fact.required("rule_id"): fact for fact in read_facts(city, "drt_rules")},
        read_facts(city, "drt_services"),
    )
    days = {fact["service_id"] for fact in read_facts(city, "services")}
    for fact in tables.services:
        known = {"pickup_zone": tables.zones, "drop_off_zone": tables.zones, "rule_id": tables.rules, "service": days}
        for name, ids in known.items():
            if fact[name] not in ids:
                fact.refuse(f"{name} {fact[name]!r} has no row in its table")
        if fact.time_s("to") <= fact.time_s("from"):
            fact.refuse("the window ends before it begins")
    return tables


def _join(file: GtfsFile, more: GtfsFile) -> GtfsFile:
    """The rows of both under all columns of both; cells that one lacks are empty."""
    header = tuple(dict.fromkeys([*file.header, *more.header]))
    rows: list[tuple[str, ...]] = []
    for part in (file, more):
        at = [part.header.index(name) if name in part.header else None for name in header]
        rows += [tuple("" if k is None else row[k] for k in at) for row in part.rows]
    return GtfsFile(file.name, header, rows)


def _build_files(city: City, tables: _Tables, files: Sequence[GtfsFile]) -> Iterator[GtfsFile]:
    count = next((len(file.rows) for file in files if file.name == "routes.txt"), 0)
    codes = {fact["route_id"]: _codes(tables, fact) for fact in tables.services}
    yield _routes(city, tables, codes, count)
    trips = _trip_ids(tables)
    yield _trips(city, tables, trips)
    yield GtfsFile(
        "stop_times.txt",
        (
            *("trip_id", "stop_sequence", "timepoint", "location_id"),
            *("start_pickup_drop_off_window", "end_pickup_drop_off_window", "pickup_type", "drop_off_type"),
            *("pickup_booking_rule_id", "drop_off_booking_rule_id"),
        ),
        [row for trip_id, fact in zip(trips, tables.services, strict=True) for row in _stop_times(trip_id, fact)],
    )
    yield _booking_rules(city, tables)
    features = [
        (json.dumps(_feature(city, fact), ensure_ascii=False, separators=(",", ":")),) for fact in _used(tables)
    ]
    yield GeoJsonFile(LOCATIONS, (), features)
    priced = {fare["network"] for fare in read_fares(city)}
    members = {(f["network"], f["route_id"]): None for f in tables.services if f["network"] in priced}
    yield GtfsFile("route_networks.txt", ("network_id", "route_id"), list(members))
    yield _translations(city, tables, codes)
    yield _approximations(city, tables)


def _codes(tables: _Tables, fact: Fact) -> frozenset[str]:
    rows = (fact, tables.zones[fact["pickup_zone"]], tables.zones[fact["drop_off_zone"]], tables.rules[fact["rule_id"]])
    return frozenset(row.basis for row in rows if row.basis)


def _used(tables: _Tables) -> Iterator[Fact]:
    """Zones that a service names, in the order of the table."""
    named = {fact[name] for fact in tables.services for name in ("pickup_zone", "drop_off_zone")}
    yield from (zone for zone_id, zone in tables.zones.items() if zone_id in named)


def _own(city: City, fact: Fact, name: str) -> str:
    language = city.languages[0]
    return fact.names(name, city.languages).get(language) or fact.refuse(f"{name} in {language} is empty")


def _routes(city: City, tables: _Tables, codes: Mapping[str, frozenset[str]], count: int) -> GtfsFile:
    rows: dict[str, tuple[str, ...]] = {}
    for fact in tables.services:
        sentence = sentence_for_people(city, codes[fact["route_id"]])
        rows.setdefault(
            fact.required("route_id"),
            (
                fact["route_id"],
                fact.required("agency_id"),
                _own(city, fact, "name"),
                _own(city, fact, "long_name"),
                f"Times estimated: {sentence}" if sentence else "",
                str(fact.integer("route_type")),
                fact["color"],
                fact["text_color"],
                str(count + len(rows) + 1),
                sentence,
            ),
        )
    header = (
        *("route_id", "agency_id", "route_short_name", "route_long_name", "route_desc", "route_type", "route_color"),
        *("route_text_color", "route_sort_order", "changtong_approximate"),
    )
    return GtfsFile("routes.txt", header, list(rows.values()))


def _trip_ids(tables: _Tables) -> list[str]:
    """One per service, numbered where a route has several on the same days."""
    seen: dict[tuple[str, str], int] = {}
    ids: list[str] = []
    for fact in tables.services:
        key = (fact["route_id"], fact["service"])
        seen[key] = seen.get(key, 0) + 1
        ids.append("-".join(key) if seen[key] == 1 else f"{'-'.join(key)}-{seen[key]}")
    return ids


def _trips(city: City, tables: _Tables, trip_ids: Sequence[str]) -> GtfsFile:
    header = (
        *("route_id", "service_id", "trip_id", "trip_headsign", "wheelchair_accessible", "safe_duration_factor"),
        *("safe_duration_offset", "changtong_basis"),
    )
    rows = [
        (
            fact["route_id"],
            fact["service"],
            trip_id,
            _own(city, tables.zones[fact["drop_off_zone"]], "name"),
            str(fact.integer("wheelchair")),
            f"{fact.real('safe_factor'):g}",
            f"{fact.real('safe_offset_s'):g}",
            " ".join(sorted(_codes(tables, fact))),
        )
        for trip_id, fact in zip(trip_ids, tables.services, strict=True)
    ]
    return GtfsFile("trips.txt", header, rows)


def _stop_times(trip_id: str, fact: Fact) -> Iterator[tuple[str, ...]]:
    """Two calls, also inside one zone: at the first one gets on, at the second off."""
    window = (clock(fact.time_s("from")), clock(fact.time_s("to")))
    rule = fact["rule_id"]
    yield (trip_id, "1", "0", fact["pickup_zone"], *window, BOOKED, NOT_AVAILABLE, rule, "")
    yield (trip_id, "2", "0", fact["drop_off_zone"], *window, NOT_AVAILABLE, BOOKED, "", rule)


def _booking_rules(city: City, tables: _Tables) -> GtfsFile:
    def number(fact: Fact, name: str) -> str:
        return str(fact.integer(name)) if fact[name] else ""

    def time(fact: Fact, name: str) -> str:
        return clock(fact.time_s(name)) if fact[name] else ""

    used = {fact["rule_id"] for fact in tables.services}
    rows = [
        (
            rule_id,
            str(fact.integer("booking_type")),
            *(number(fact, name) for name in ("minutes_min", "minutes_max", "last_day")),
            *(time(fact, "last_time"), number(fact, "start_day"), time(fact, "start_time"), fact["notice_service"]),
            *(fact.names("message", city.languages).get(city.languages[0], ""), fact["phone"], fact["info_url"]),
            *(fact["booking_url"], number(fact, "least_riders")),
        )
        for rule_id, fact in tables.rules.items()
        if rule_id in used
    ]
    header = (
        *("booking_rule_id", "booking_type", "prior_notice_duration_min", "prior_notice_duration_max"),
        *("prior_notice_last_day", "prior_notice_last_time", "prior_notice_start_day", "prior_notice_start_time"),
        *("prior_notice_service_id", "message", "phone_number", "info_url", "booking_url", LEAST_RIDERS_COLUMN),
    )
    return GtfsFile("booking_rules.txt", header, rows)


def _feature(city: City, fact: Fact) -> dict[str, Any]:
    return {
        "id": fact["zone_id"],
        "type": "Feature",
        "properties": {"stop_name": _own(city, fact, "name")},
        "geometry": {"type": "Polygon", "coordinates": [_ring(fact)]},
    }


def _ring(fact: Fact) -> list[list[float]]:
    """The one ring of ``POLYGON((lon lat, …))``, closed."""
    text = fact["geometry"].strip()
    if not (text.startswith(_OPEN) and text.endswith(_CLOSE)):
        fact.refuse("geometry is not written POLYGON((lon lat, lon lat, …)): a zone is drawn as its border")
    try:
        points = parse_linestring(f"LINESTRING({text[len(_OPEN) : -len(_CLOSE)]})")
    except ValueError as error:
        fact.refuse(f"geometry: {error}")
    if len(points) < 4 or points[0].tolist() != points[-1].tolist():
        fact.refuse("geometry: a border has at least four points, of which the last is the first")
    return [[lon, lat] for lat, lon in points.tolist()]


def _translations(city: City, tables: _Tables, codes: Mapping[str, frozenset[str]]) -> GtfsFile:
    own, *others = city.languages
    rows: dict[tuple[str, ...], None] = {}
    for lang in others:
        for fact in tables.services:
            for field, name in (("route_short_name", "name"), ("route_long_name", "long_name")):
                rows["routes", field, lang, fact.names(name, city.languages).get(lang, ""), fact["route_id"], ""] = None
            zone = tables.zones[fact["drop_off_zone"]].names("name", city.languages)
            rows["trips", "trip_headsign", lang, zone.get(lang, ""), "", zone[own]] = None
        for rule_id in dict.fromkeys(fact["rule_id"] for fact in tables.services):
            message = tables.rules[rule_id].names("message", city.languages).get(lang, "")
            rows["booking_rules", "message", lang, message, rule_id, ""] = None
    for lang in city.languages:
        for route_id, own_codes in codes.items():
            sentence = sentence_for_people(city, own_codes, lang)
            if lang != "en":
                rows["routes", "changtong_approximate", lang, sentence, route_id, ""] = None
    header = ("table_name", "field_name", "language", "translation", "record_id", "field_value")
    return GtfsFile("translations.txt", header, [row for row in rows if row[3]])


def _approximations(city: City, tables: _Tables) -> GtfsFile:
    found = {(fact.basis, "trips.txt", fact["route_id"], fact["service"]) for fact in tables.services if fact.basis}
    found |= {(zone.basis, LOCATIONS, zone["zone_id"], "") for zone in _used(tables) if zone.basis}
    rules = {fact["rule_id"] for fact in tables.services}
    found |= {(f.basis, "booking_rules.txt", rule, "") for rule, f in tables.rules.items() if f.basis and rule in rules}
    notes = tuple(f"note_{lang.split('-')[0]}" for lang in city.languages)
    rows = [(*key, *(city.approximations[key[0]].sentences[lang] for lang in city.languages)) for key in sorted(found)]
    return GtfsFile("changtong_approximations.txt", ("code", "table_name", "record_id", "record_sub_id", *notes), rows)
