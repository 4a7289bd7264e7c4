"""A city's tables of facts become one GTFS feed (gtfs.org/documentation/schedule/reference, March 2026).

Two extra columns, which GTFS allows: ``routes.txt: changtong_approximate`` is a sentence in English saying
what is estimated (empty when nothing is), ``trips.txt: changtong_basis`` the codes behind it; the extra
file ``changtong_approximations.txt`` lists them all. The same tables give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from mobility.cities.approximations import (
    build_approximations_file,
    list_codes_by_route,
    list_translated_sentences,
    sentence_for_people,
)
from mobility.cities.build_flex import add_flex
from mobility.cities.bus_trips import build_bus_trips
from mobility.cities.catalog import City
from mobility.cities.content import content_hash
from mobility.cities.fare_files import build_fare_files, read_fares
from mobility.cities.geometry import Array
from mobility.cities.gtfs_zip import GtfsFile, clock, write_gtfs_zip
from mobility.cities.rail_trips import RailTables, build_rail_trips, read_rail
from mobility.cities.shapes import build_shapes_file, locate_trips, path_of, read_shapes
from mobility.cities.tables import Fact, read_facts
from mobility.cities.timed_trip import TimedTrip

BUS = "3"


def build_feed(city: City, path: Path) -> None:
    """Write the city's feed as a zip.

    Raises:
        CityError: The configuration or a table does not hold; nothing is written.
    """
    write_gtfs_zip(add_flex(city, _feed_files(city)), path)


def _feed_files(city: City) -> Iterator[GtfsFile]:
    rail = read_rail(city)
    bus_routes = read_facts(city, "bus_routes")
    services = read_facts(city, "services")
    transfers = read_facts(city, "transfers")
    stops = _list_stops(city, rail)
    places = {stop_id: fact.coordinate() for stop_id, fact in stops.items()}
    positions = {stop_id: (at.lat, at.lon) for stop_id, at in places.items()}
    trips = [*build_rail_trips(city, rail), *build_bus_trips(city, positions)]
    _check_services(trips, services)
    routes = {fact["route_id"]: fact for fact in (*(line.fact for line in rail.lines.values()), *bus_routes)}
    used = {stop_id for trip in trips for stop_id in trip.stop_ids}
    yield _agency(city)
    yield _stops(city, rail, {stop_id: fact for stop_id, fact in stops.items() if stop_id in used})
    yield _routes(city, routes, trips)
    shapes = read_shapes(city, rail)
    shape_ids = {key: shape.shape_id for key, shape in shapes.items()}
    yield _trips(trips, shape_ids)
    located = locate_trips(trips, shapes, positions)
    yield GtfsFile(
        "stop_times.txt",
        ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "timepoint", "shape_dist_traveled"),
        [row for trip in trips for row in _stop_times(city, trip, located.get(path_of(trip)))],
    )
    yield _calendar(services)
    yield GtfsFile(
        "frequencies.txt",
        ("trip_id", "start_time", "end_time", "headway_secs", "exact_times"),
        [(t.trip_id, clock(a), clock(b), str(headway_s), "0") for t in trips for a, b, headway_s in t.periods],
    )
    yield build_shapes_file(shapes)
    yield GtfsFile(
        "transfers.txt",
        ("from_stop_id", "to_stop_id", "transfer_type", "min_transfer_time"),
        [(t["from_stop"], t["to_stop"], "2", str(t.integer("seconds"))) for t in transfers],
    )
    yield from build_fare_files(city, rail, bus_routes)
    yield _translations(city, stops, used, routes, trips)
    yield _feed_info(city, services)
    yield GtfsFile(
        "attributions.txt",
        ("attribution_id", "organization_name", "is_producer", "is_authority", "attribution_url"),
        [("1", city.attribution, "0", "1", city.get_text("feed", "attribution_url"))],
    )
    approximate = {
        "calendar.txt": [(f["service_id"], f) for f in services],
        "stops.txt": [(stop_id, fact) for stop_id, fact in stops.items() if stop_id in used],
        "transfers.txt": [(f"{f['from_stop']} {f['to_stop']}", f) for f in transfers],
        "fare_products.txt": [(f["product_id"], f) for f in read_fares(city)],
    }
    yield build_approximations_file(city, trips, approximate)


def _list_stops(city: City, rail: RailTables) -> dict[str, Fact]:
    stops = {f"{s['system']}-{s['code']}": s for line in rail.lines.values() for s in line.stations}
    for fact in read_facts(city, "bus_stops"):
        if fact["stop_id"] in stops:
            fact.refuse(f"stop_id {fact['stop_id']} is there already")
        stops[fact["stop_id"]] = fact
    return stops


def _check_services(trips: Sequence[TimedTrip], services: Sequence[Fact]) -> None:
    known = {fact["service_id"] for fact in services}
    for trip in trips:
        if trip.service_id not in known:
            services[0].refuse(f"service {trip.service_id}, used by {trip.trip_id}, has no row")


def _own(city: City, fact: Fact, name: str) -> str:
    """A name in the feed's own language, which must be there."""
    language = city.languages[0]
    return fact.names(name, city.languages).get(language) or fact.refuse(f"{name} in {language} is empty")


def _agency(city: City) -> GtfsFile:
    rows = [
        (f.required("agency_id"), _own(city, f, "name"), f.required("url"), city.timezone, city.languages[0])
        for f in read_facts(city, "agencies")
    ]
    return GtfsFile("agency.txt", ("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang"), rows)


def _stops(city: City, rail: RailTables, stops: Mapping[str, Fact]) -> GtfsFile:
    accessible = {key for key, line in rail.lines.items() if line.fact.integer("wheelchair") == 1}
    rows = [
        (
            stop_id,
            fact.values.get("code", ""),
            _own(city, fact, "name"),
            fact["lat"],
            fact["lon"],
            "1" if (fact.values.get("system"), fact.values.get("line")) in accessible else "0",
        )
        for stop_id, fact in stops.items()
    ]
    header = ("stop_id", "stop_code", "stop_name", "stop_lat", "stop_lon", "wheelchair_boarding")
    return GtfsFile("stops.txt", header, rows)


def _routes(city: City, routes: Mapping[str, Fact], trips: Sequence[TimedTrip]) -> GtfsFile:
    codes = list_codes_by_route(trips)
    rows = []
    for order, (route_id, fact) in enumerate(routes.items(), 1):
        sentence = sentence_for_people(city, codes.get(route_id, ()))
        rows.append(
            (
                route_id,
                fact.required("agency_id"),
                _own(city, fact, "name"),
                _own(city, fact, "long_name"),
                f"Times estimated: {sentence}" if sentence else "",
                fact.values.get("route_type", BUS),
                fact["color"],
                fact["text_color"],
                str(order),
                sentence,
            )
        )
    header = (
        "route_id",
        "agency_id",
        "route_short_name",
        "route_long_name",
        "route_desc",
        "route_type",
        "route_color",
        "route_text_color",
        "route_sort_order",
        "changtong_approximate",
    )
    return GtfsFile("routes.txt", header, rows)


def _trips(trips: Iterable[TimedTrip], shape_ids: Mapping[tuple[str, int], str]) -> GtfsFile:
    header = (
        "route_id",
        "service_id",
        "trip_id",
        "trip_headsign",
        "direction_id",
        "block_id",
        "shape_id",
        "wheelchair_accessible",
        "bikes_allowed",
        "changtong_basis",
    )
    rows = [
        (
            t.route_id,
            t.service_id,
            t.trip_id,
            next(iter(t.headsign.values()), ""),
            str(t.direction),
            t.block_id,
            shape_ids.get((t.route_id, t.direction), ""),
            str(t.wheelchair),
            str(t.bikes),
            " ".join(sorted(t.basis)),
        )
        for t in trips
    ]
    return GtfsFile("trips.txt", header, rows)


def _stop_times(city: City, trip: TimedTrip, along: Array | None) -> Iterator[tuple[str, ...]]:
    """Calls; ``timepoint`` 1 where the time is published: all of a trip of which nothing that people should know
    is approximate, but an assumed arrival at its end, and the departure of a scheduled trip from its start.
    """
    is_exact = not any(city.approximations[code].has_badge for code in trip.basis)
    last = len(trip.stop_ids) - 1
    for k, stop_id in enumerate(trip.stop_ids):
        is_published = (k == 0 and not trip.periods) or (is_exact and (k < last or not trip.basis))
        yield (
            trip.trip_id,
            clock(trip.arrivals_s[k]),
            clock(trip.departures_s[k]),
            stop_id,
            str(k + 1),
            str(int(is_published)),
            "" if along is None else f"{along[k]:.1f}",
        )


def _calendar(services: Sequence[Fact]) -> GtfsFile:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for fact in services:
        for day in days:
            if fact[day] not in {"0", "1"}:
                fact.refuse(f"{day} is {fact[day]!r}, neither 0 nor 1")
    rows = [
        (f["service_id"], *(f[d] for d in days), f["start_date"].replace("-", ""), f["end_date"].replace("-", ""))
        for f in services
    ]
    return GtfsFile("calendar.txt", ("service_id", *days, "start_date", "end_date"), rows)


def _translations(
    city: City, stops: Mapping[str, Fact], used: set[str], routes: Mapping[str, Fact], trips: Sequence[TimedTrip]
) -> GtfsFile:
    own, *others = city.languages
    rows: list[tuple[str, ...]] = []
    named = [("agency", "agency_name", f["agency_id"], f, "name") for f in read_facts(city, "agencies")]
    named += [("stops", "stop_name", stop_id, f, "name") for stop_id, f in stops.items() if stop_id in used]
    named += [("routes", "route_short_name", route_id, f, "name") for route_id, f in routes.items()]
    named += [("routes", "route_long_name", route_id, f, "long_name") for route_id, f in routes.items()]
    for lang in others:
        for table, field, record_id, fact, name in named:
            text = fact.names(name, city.languages).get(lang)
            if text:
                rows.append((table, field, lang, text, record_id, ""))
        headsigns = {t.headsign[own]: t.headsign[lang] for t in trips if own in t.headsign and lang in t.headsign}
        rows += [("trips", "trip_headsign", lang, text, "", value) for value, text in sorted(headsigns.items())]
    for route_id, lang, text in list_translated_sentences(city, list_codes_by_route(trips)):
        rows.append(("routes", "changtong_approximate", lang, text, route_id, ""))
    return GtfsFile(
        "translations.txt", ("table_name", "field_name", "language", "translation", "record_id", "field_value"), rows
    )


def _feed_info(city: City, services: Sequence[Fact]) -> GtfsFile:
    header = (
        "feed_publisher_name",
        "feed_publisher_url",
        "feed_lang",
        "default_lang",
        "feed_start_date",
        "feed_end_date",
        "feed_version",
    )
    row = (
        city.get_text("feed", "publisher_name"),
        city.get_text("feed", "publisher_url"),
        city.languages[0],
        city.languages[0],
        min(f["start_date"] for f in services).replace("-", ""),
        max(f["end_date"] for f in services).replace("-", ""),
        content_hash(city)[:16],
    )
    return GtfsFile("feed_info.txt", header, [row])
