"""Kaohsiung's feed, built from its tables: what it must contain, and that it keeps what was published."""

import csv
import datetime as dt
import io
import zipfile
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest

from gtfs.ingest import read_feed
from gtfs.validate import validate
from mobility.cities import find_city
from mobility.cities.build_feed import build_feed
from mobility.cities.geometry import distances_m
from mobility.cities.tables import read_facts


@pytest.fixture(scope="module")
def city():
    """The city under test."""
    return find_city("kaohsiung")


@pytest.fixture(scope="module")
def zip_path(city, tmp_path_factory):
    """Its feed as a zip."""
    path = tmp_path_factory.mktemp("feed") / "kaohsiung.zip"
    build_feed(city, path)
    return path


@pytest.fixture(scope="module")
def feed(zip_path):
    """Every file of the feed as a list of records."""
    with zipfile.ZipFile(zip_path) as archive:
        return {
            name: list(csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8")))
            for name in archive.namelist()
            if name.endswith(".txt")
        }


@pytest.fixture(scope="module")
def calls(feed):
    """Per trip its calls: (stop_id, arrival, departure), seconds."""
    trips = defaultdict(list)
    for row in feed["stop_times.txt"]:
        if not row["arrival_time"]:
            continue  # on demand: a window, no times
        trips[row["trip_id"]].append((row["stop_id"], seconds(row["arrival_time"]), seconds(row["departure_time"])))
    return trips


@pytest.fixture(scope="module")
def trips(feed):
    """Trips by id."""
    return {row["trip_id"]: row for row in feed["trips.txt"]}


def seconds(clock):
    """HH:MM:SS as seconds."""
    hours, minutes, secs = map(int, clock.split(":"))
    return hours * 3600 + minutes * 60 + secs


def clock_of(time_s):
    """Seconds as HH:MM."""
    return f"{time_s // 3600:02d}:{time_s // 60 % 60:02d}"


def departures_from(trips, calls, route, direction, service, stop_id):
    """When trips leave a stop, in order."""
    return sorted(
        departure
        for trip_id, trip in trips.items()
        if (trip["route_id"], trip["direction_id"], trip["service_id"]) == (route, direction, service)
        for stop, _, departure in calls[trip_id][:-1]
        if stop == stop_id
    )


def test_city_feed_has_no_error(zip_path):
    """The feed passes our own validator without an error."""
    feed, report = read_feed(zip_path)
    assert validate(feed, report, today=dt.date(2026, 11, 23)).errors == ()


def test_city_feed_warnings_are_the_known_ones(zip_path):
    """The only warnings are four bus stops beside a line of 2018 and a contact that the publisher must set."""
    feed, report = read_feed(zip_path)
    found = Counter(
        n.code for n in validate(feed, report, today=dt.date(2026, 11, 23)) if n.severity.value == "warning"
    )
    assert found == {"stop_too_far_from_shape": 4, "missing_feed_contact_email_and_url": 1}


def test_city_feed_is_the_same_in_every_build(city, zip_path, tmp_path):
    """The same tables give the same bytes."""
    again = tmp_path / "again.zip"
    build_feed(city, again)
    assert again.read_bytes() == zip_path.read_bytes()


def test_city_feed_has_every_station(feed):
    """39 metro and 38 light rail stations carry the code that riders read on the platform."""
    stops = {row["stop_id"]: row for row in feed["stops.txt"]}
    assert Counter(stop_id.split("-")[0] for stop_id in stops) == {"KRTC": 39, "KLRT": 38, "KHH": 730}
    assert (stops["KRTC-R10"]["stop_code"], stops["KRTC-R10"]["stop_name"]) == ("R10", "美麗島")
    assert stops["KLRT-C5"]["stop_name"] == "夢時代"
    assert len({row["stop_code"] for row in feed["stops.txt"] if row["stop_code"]}) == 77


def test_city_feed_has_the_trunk_buses_only(feed):
    """19 bus routes with known headways are there, none of the placeholders."""
    kinds = Counter(row["route_type"] for row in feed["routes.txt"])
    assert kinds == {"1": 2, "0": 1, "3": 19, "715": 8}


def test_city_feed_counts_trips(trips):
    """1,924 metro and 338 light rail trips, and one repeated trip per bus pattern and day type."""
    assert Counter(trip["route_id"].split("-")[0][:4] for trip in trips.values())["KRTC"] == 1924
    by_kind = Counter(trip_id.split("-")[0] for trip_id in trips)
    assert (by_kind["KRTC"], by_kind["KLRT"]) == (1924, 338)
    assert len(trips) == 1924 + 338 + 72 + 8


@pytest.mark.parametrize(
    ("route", "direction", "stop_id", "first", "count"),
    [
        ("KRTC-R", "0", "KRTC-R3", "05:55", 160),
        ("KRTC-R", "1", "KRTC-RK1", "05:55", 159),
        ("KRTC-O", "0", "KRTC-O1", "06:00", 151),
        ("KRTC-O", "1", "KRTC-OT1", "06:00", 150),
    ],
)
def test_city_feed_starts_and_ends_the_metro_day_as_published(trips, calls, route, direction, stop_id, first, count):
    """Monday to Thursday the first trains leave the terminals at 05:55 and 06:00, the last ones at 24:00."""
    found = departures_from(trips, calls, route, direction, "MT", stop_id)
    assert (clock_of(found[0]), clock_of(found[-1]), len(found)) == (first, "24:00", count)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [("R3", "R8", 16), ("RK1", "R9", 34), ("RK1", "R8", 36), ("O1", "O10", 13), ("O1", "O11", 15)],
)
@pytest.mark.parametrize("service", ["MT", "FR", "WE"])
def test_city_feed_holds_the_last_trains_as_published(trips, calls, start, end, minutes, service):
    """The trains of 24:00 pass each station at the minute of FirstLastTimetable (2026-08-24)."""
    (times,) = [
        {stop.split("-")[1]: departure for stop, _, departure in calls[trip_id]}
        for trip_id, trip in trips.items()
        if trip["service_id"] == service and calls[trip_id][0][::2] == (f"KRTC-{start}", 86400)
    ]
    assert clock_of(times[end]) == clock_of(86400 + minutes * 60)


def test_city_feed_keeps_every_light_rail_departure(city, trips, calls):
    """At every station, direction and day type the minutes of departure are exactly the published ones."""
    built = defaultdict(Counter)
    for trip_id, trip in trips.items():
        for stop, _, departure in calls[trip_id][:-1]:
            built[stop, trip["direction_id"], trip["service_id"]][departure // 60] += 1
    lists = read_facts(city, "station_departures")
    assert len(lists) == 152
    published = 0
    for fact in lists:
        minutes = [time_s // 60 for time_s in fact.times_s("times")]
        published += len(minutes)
        assert built[f"KLRT-{fact['station']}", fact["direction"], fact["service"]] == Counter(minutes)
    assert published == 12393


def test_city_feed_closes_the_circle(trips, calls):
    """A loop calls at C1 first and last, 38 other hops apart, and at every other station once."""
    loops = [stops for trip_id, stops in calls.items() if trip_id.startswith("KLRT") and len(stops) == 39]
    assert len(loops) == 313
    for stops in loops:
        names = [stop for stop, _, _ in stops]
        assert names[0] == names[-1] == "KLRT-C1"
        assert len(set(names)) == 38
        assert 80 * 60 <= stops[-1][1] - stops[0][2] <= 100 * 60


def test_city_feed_runs_the_circle_both_ways(trips, calls):
    """Direction 0 goes from C1 to C2, direction 1 from C1 to C37."""
    after_c1 = {
        (trips[trip_id]["direction_id"], stops[1][0])
        for trip_id, stops in calls.items()
        if trip_id.startswith("KLRT") and stops[0][0] == "KLRT-C1"
    }
    assert after_c1 == {("0", "KLRT-C2"), ("1", "KLRT-C37")}


def test_city_feed_lets_riders_stay_aboard_where_the_circle_closes(trips, calls):
    """Trips of one block follow each other at C1 within 4 minutes, in one direction, on one day type."""
    blocks = defaultdict(list)
    for trip_id, trip in trips.items():
        if trip["block_id"]:
            blocks[trip["block_id"]].append(trip_id)
    links = 0
    for members in blocks.values():
        members.sort(key=lambda trip_id: calls[trip_id][0][2])
        assert len({(trips[m]["direction_id"], trips[m]["service_id"]) for m in members}) == 1
        for before, after in pairwise(members):
            assert calls[before][-1][0] == calls[after][0][0] == "KLRT-C1"
            assert 0 <= calls[after][0][2] - calls[before][-1][1] <= 240
            links += 1
    assert links > 280
    assert not any(trip["block_id"] for trip in trips.values() if not trip["route_id"].startswith("KLRT"))


def test_city_feed_sequences_every_call(feed):
    """Calls of a trip are numbered from 1 without gaps, although C1 comes twice."""
    numbers = defaultdict(list)
    for row in feed["stop_times.txt"]:
        numbers[row["trip_id"]].append(int(row["stop_sequence"]))
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())


def test_city_feed_never_goes_back_in_time(calls):
    """Trains arrive after they left the station before, and do not leave before they arrived."""
    for stops in calls.values():
        assert all(arrival <= departure for _, arrival, departure in stops)
        assert all(a[2] < b[1] for a, b in pairwise(stops))


def test_city_feed_lets_metro_trains_dwell(calls):
    """A metro train stands 20 s at each station between the terminals."""
    stops = calls["KRTC-R-0-MT-001"]
    assert {departure - arrival for _, arrival, departure in stops[1:-1]} == {20}


def test_city_feed_measures_along_every_shape(feed):
    """Distances along a shape grow from stop to stop and never pass its end, also round the circle."""
    ends = {}
    for row in feed["shapes.txt"]:
        ends[row["shape_id"]] = float(row["shape_dist_traveled"])
    shape_of = {row["trip_id"]: row["shape_id"] for row in feed["trips.txt"]}
    along = defaultdict(list)
    for row in feed["stop_times.txt"]:
        if row["shape_dist_traveled"]:
            along[row["trip_id"]].append(float(row["shape_dist_traveled"]))
    assert set(along) == {trip_id for trip_id, shape_id in shape_of.items() if shape_id}
    for trip_id, distances in along.items():
        assert all(a < b for a, b in pairwise(distances))
        assert distances[-1] <= ends[shape_of[trip_id]] + 0.05
    assert 21_000 < ends["KLRT-C-0"] < 23_000
    loop = along["KLRT-C-0-WD-001"]
    assert loop[0] < 50
    assert loop[-1] > 21_000


def test_city_feed_repeats_buses_by_headway(feed, trips):
    """Buses run by headway, not by timetable: 12.5 min at peaks and 22.5 min else on a trunk route."""
    assert all(row["exact_times"] == "0" for row in feed["frequencies.txt"])
    found = {
        (row["start_time"][:5], row["end_time"][:5], row["headway_secs"])
        for row in feed["frequencies.txt"]
        if row["trip_id"] == "KHH50-0-WD"
    }
    assert found == {
        ("06:00", "07:00", "1350"),
        ("07:00", "09:00", "750"),
        ("09:00", "17:00", "1350"),
        ("17:00", "19:00", "750"),
        ("19:00", "22:00", "1350"),
    }
    assert {row["trip_id"] for row in feed["frequencies.txt"]} == {t for t in trips if t.startswith("KHH")}


def test_city_feed_drives_buses_at_the_speed_of_2018(calls):
    """Trunk buses take their stops at about the 13 km/h that was measured: between 10 and 22 km/h."""
    positions = {f["stop_id"]: (f.real("lat"), f.real("lon")) for f in read_facts(find_city("kaohsiung"), "bus_stops")}
    for trip_id, stops in calls.items():
        if trip_id.startswith("KHH"):
            points = np.array([positions[stop] for stop, _, _ in stops])
            length_m = distances_m(points[:-1], points[1:]).sum()
            assert 10 < length_m / (stops[-1][1] - stops[0][2]) * 3.6 < 22


def test_city_feed_tells_riders_what_is_estimated(feed):
    """Metro and bus routes carry a sentence saying what is estimated, the light rail's is empty."""
    sentences = {row["route_id"]: row["changtong_approximate"] for row in feed["routes.txt"]}
    assert sentences["KLRT-C"] == ""
    assert "2019" in sentences["KRTC-R"]
    assert "2019" in sentences["KRTC-O"]
    assert all("2018" in sentence for route_id, sentence in sentences.items() if route_id.startswith("KHH"))
    for row in feed["routes.txt"]:
        assert row["route_desc"] == (
            "Times estimated: " + sentences[row["route_id"]] if sentences[row["route_id"]] else ""
        )


def test_city_feed_tells_riders_in_their_language_what_is_estimated(feed):
    """Each sentence about a route has its Chinese in translations.txt."""
    chinese = {
        row["record_id"]: row["translation"]
        for row in feed["translations.txt"]
        if row["field_name"] == "changtong_approximate" and row["language"] == "zh-TW"
    }
    assert set(chinese) == {row["route_id"] for row in feed["routes.txt"] if row["changtong_approximate"]}
    assert "週五與週末班次為 2019 年時刻表。" in chinese["KRTC-R"]


def test_city_feed_marks_weekend_metro_trips_apart(trips):
    """Friday and weekend trains rest on 2019 departures, Monday to Thursday only on 2019 run times."""
    basis = {(t["service_id"], t["changtong_basis"]) for t in trips.values() if t["route_id"].startswith("KRTC")}
    assert basis == {("MT", "A1"), ("FR", "A1 A2"), ("WE", "A1 A2")}


def test_city_feed_marks_published_times(feed):
    """Times are exact at every tram call but the assumed arrival at C1, at the metro's terminals, never on buses."""
    points = defaultdict(list)
    for row in feed["stop_times.txt"]:
        points[row["trip_id"]].append(row["timepoint"])
    for trip_id, found in points.items():
        exact = {"KLRT": len(found) - 1, "KRTC": 1}.get(trip_id[:4], 0)
        assert found == ["1"] * exact + ["0"] * (len(found) - exact)


def test_city_feed_lists_every_approximation(city, feed):
    """The extra file explains every code that trips, stops, transfers, fares and calendar rest on."""
    rows = feed["changtong_approximations.txt"]
    assert {row["code"] for row in rows} == {"A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "D1", "D2", "R1", "R2"}
    assert all(row["note_zh"] and row["note_en"] for row in rows)
    assert {row["code"] for row in rows} == set(city.approximations)


def test_city_feed_names_things_in_english(feed):
    """Every station, route, operator and headsign has an English name."""
    english = {(row["table_name"], row["record_id"]) for row in feed["translations.txt"] if row["language"] == "en"}
    assert {("stops", row["stop_id"]) for row in feed["stops.txt"]} <= english
    assert {("routes", row["route_id"]) for row in feed["routes.txt"]} <= english
    assert {("agency", row["agency_id"]) for row in feed["agency.txt"]} <= english
    headsigns = {row["field_value"] for row in feed["translations.txt"] if row["field_name"] == "trip_headsign"}
    assert {row["trip_headsign"] for row in feed["trips.txt"]} <= headsigns


def test_city_feed_prices_metro_pairs_by_distance(feed):
    """R3 to R4 (1.5 km) costs 20, R3 to RK1 (29.72 km) 60, and a change at R10/O5 is one ride of one price."""
    price = defaultdict(set)
    for row in feed["fare_leg_rules.txt"]:
        price[row["from_area_id"], row["to_area_id"]].add(row["fare_product_id"])
    assert price["KRTC-R3", "KRTC-R4"] == {"KRTC-20"}
    assert price["KRTC-R3", "KRTC-RK1"] == {"KRTC-60"}
    assert price["KRTC-R10", "KRTC-O5"] == {"KRTC-20"}
    assert sum(start.startswith("KRTC") for start, _ in price) == 39 * 38
    joins = {(row["from_stop_id"], row["to_stop_id"]) for row in feed["fare_leg_join_rules.txt"]}
    assert joins == {("KRTC-R10", "KRTC-O5"), ("KRTC-O5", "KRTC-R10"), ("KLRT-C1", "KLRT-C1")}


def test_city_feed_prices_the_circle_by_the_shorter_way(feed):
    """C1 to C37 is 0.48 km backwards, not 21.6 km round: 20, or 17 by card."""
    price = {(r["from_area_id"], r["to_area_id"]): r["fare_product_id"] for r in feed["fare_leg_rules.txt"]}
    assert price["KLRT-C1", "KLRT-C37"] == "KLRT-20"
    amounts = {(r["fare_product_id"], r["fare_media_id"]): r["amount"] for r in feed["fare_products.txt"]}
    assert (amounts["KLRT-20", "ticket"], amounts["KLRT-20", "card"]) == ("20", "17")


def test_city_feed_lets_people_change_lines(feed):
    """Four interchanges between lines, each in both directions, with the time they take."""
    pairs = {(r["from_stop_id"], r["to_stop_id"]): int(r["min_transfer_time"]) for r in feed["transfers.txt"]}
    assert pairs.pop(("KLRT-C1", "KLRT-C1")) == 0
    assert len(pairs) == 8
    assert pairs["KRTC-R10", "KRTC-O5"] == 180
    assert all(pairs[b, a] == time_s for (a, b), time_s in pairs.items())


def test_city_feed_first_and_last_agree_with_the_table(city, trips, calls):
    """The table of first and last departures says what the feed does, to the minute that rounding allows."""
    for fact in read_facts(city, "first_last"):
        route, stop_id = f"{fact['system']}-{fact['line']}", f"{fact['system']}-{fact['station']}"
        found = departures_from(trips, calls, route, fact["direction"], fact["service"], stop_id)
        assert len(found) == fact.integer("departures")
        assert abs(found[0] - fact.time_s("first")) <= 60
        assert abs(found[-1] - fact.time_s("last")) <= 60
