"""On-demand trips of a feed: zones, groups, windows, durations, booking rules; what is broken and what is old."""

import json
from pathlib import Path

import pytest
from feed_text import feed_folder
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.feed import Feed
from gtfs.flex import BookingType, Duration, read_flex
from gtfs.flex.zones import read_zones
from gtfs.ingest import read_feed
from gtfs.notices import Severity

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "gtfs-misc"
SQUARE = [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]]
BASE = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone,agency_lang
X,Example,https://example.org,Etc/UTC,en
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,0,0
B,Beta,0,0.2
# routes.txt
route_id,agency_id,route_short_name,route_type
R,X,1,3
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,1,1,1,1,1,0,0,20260101,20261231
# trips.txt
route_id,service_id,trip_id,safe_duration_factor,safe_duration_offset
R,W,t,1.5,300
"""
TIMES = (
    "trip_id,arrival_time,departure_time,stop_id,location_id,location_group_id,stop_sequence,"
    "start_pickup_drop_off_window,end_pickup_drop_off_window,pickup_type,drop_off_type,pickup_booking_rule_id,"
    "drop_off_booking_rule_id\n"
)
IN_ZONE = "t,,,,Z,,1,08:00:00,18:00:00,2,1,K,\nt,,,,Z,,2,08:00:00,18:00:00,1,2,,K\n"
RULES = "booking_rule_id,booking_type,prior_notice_last_day,prior_notice_last_time,message,phone_number"


def collection(*features):
    """A FeatureCollection as text."""
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


def feature(zone_id, coordinates, kind="Polygon", **properties):
    """One feature."""
    geometry = {"type": kind, "coordinates": coordinates}
    return {"id": zone_id, "type": "Feature", "properties": properties, "geometry": geometry}


def read(tmp_path, *files, zones=None):
    """The on-demand part of the base feed with these files (name, text) added or replaced."""
    folder = feed_folder(BASE, tmp_path)
    zones = (feature("Z", SQUARE, stop_name="Zone"),) if zones is None else zones
    (folder / "locations.geojson").write_text(collection(*zones), encoding="utf-8")
    for name, text in files:
        (folder / name).write_text(text, encoding="utf-8")
    return read_flex(read_feed(folder)[0])


def codes(flex):
    """Codes and severities of the notices."""
    return [(notice.code, notice.severity) for notice in flex.notices]


def test_a_ride_inside_a_zone_is_read(tmp_path):
    """Two rows with one zone are one ride, with its window, its types, its rules and the duration of its trip."""
    rules = f"{RULES},changtong_least_riders\nK,2,1,18:00:00,Bitte anrufen,0800,2\n"
    said = "table_name,field_name,language,translation,record_id\nbooking_rules,message,en,Please phone,K\n"
    files = [("stop_times.txt", TIMES + IN_ZONE), ("booking_rules.txt", rules), ("translations.txt", said)]
    flex = read(tmp_path, *files)
    assert flex.notices == ()
    (service,) = flex.services
    ((pickup, drop_off),) = service.list_rides()
    assert (pickup.place.zones, pickup.place.name, pickup.window_s) == (("Z",), "Zone", (28_800, 64_800))
    assert (pickup.pickup_rule_id, drop_off.drop_off_rule_id) == ("K", "K")
    assert service.safe_of(pickup, drop_off) == Duration(1.5, 300.0)
    assert service.mean_of(pickup, drop_off) is None
    rule = flex.rules["K"]
    assert (rule.type, rule.last_day, rule.last_time_s) == (BookingType.PRIOR_DAYS, 1, 64_800)
    assert (rule.duration_min_minutes, rule.start_day, rule.least_riders) == (None, None, 2)
    assert (rule.message, rule.messages, rule.phone) == ("Bitte anrufen", {"en": "Please phone"}, "0800")


def test_a_feed_without_windows_has_nothing_on_demand(tmp_path):
    """Fixed times alone give no service and no notice."""
    rows = "t,08:00:00,08:00:00,A,,,1,,,0,0,,\nt,09:00:00,09:00:00,B,,,2,,,0,0,,\n"
    flex = read(tmp_path, ("stop_times.txt", TIMES + rows), zones=())
    assert (flex.services, flex.notices) == ((), ())


def test_rides_go_from_earlier_calls_to_later_ones(tmp_path):
    """Stop, zone and stop of a trip: stop to zone and zone to stop can be ridden, stop to stop is for the timetable."""
    rows = (
        "t,09:00:00,09:00:00,B,,,7,,,0,0,,\n"
        "t,,,,Z,,5,08:00:00,09:00:00,2,2,,\n"
        "t,08:00:00,08:00:00,A,,,2,,,0,0,,\n"
        "t,,,,Z,,6,08:00:00,09:00:00,2,2,,\n"
    )
    (service,) = read(tmp_path, ("stop_times.txt", TIMES + rows)).services
    pairs = [(a.place.place_id, b.place.place_id) for a, b in service.list_rides()]
    assert pairs == [("A", "Z"), ("Z", "Z"), ("Z", "B")]
    assert (service.calls[0].departure_s, service.calls[0].window_s) == (28_800, None)


def test_nobody_rides_where_nobody_gets_on(tmp_path):
    """A trip whose calls let nobody on before anybody gets off is left out, with a notice that says what it needs."""
    rows = IN_ZONE.replace("18:00:00,2,1,K", "18:00:00,1,2,K")
    flex = read(tmp_path, ("stop_times.txt", TIMES + rows))
    assert flex.services == ()
    assert codes(flex) == [("changtong_flex_without_ride", Severity.WARNING)]
    assert "an earlier call must let people on" in flex.notices[0].message


@pytest.mark.parametrize(
    ("geometry", "shown"),
    [
        ({"type": "Point", "coordinates": [0, 0]}, "is a Point, not a Polygon"),
        ({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "is a LineString, not a Polygon"),
        (None, "is without a geometry"),
        ("somewhere", "is without a geometry"),
    ],
)
def test_a_zone_that_is_no_polygon_is_named_with_the_remedy(tmp_path, geometry, shown):
    """It serves nobody, the notice says which zone and what to do, and the zone beside it stays in use."""
    bad = {"id": "P", "type": "Feature", "geometry": geometry}
    rows = IN_ZONE + IN_ZONE.replace("t,", "u,").replace(",Z,", ",P,")
    trips = "route_id,service_id,trip_id\nR,W,t\nR,W,u\n"
    flex = read(tmp_path, ("stop_times.txt", TIMES + rows), ("trips.txt", trips), zones=(bad, feature("Z", SQUARE)))
    assert [service.trip_id for service in flex.services] == ["t"]
    assert list(flex.zones) == ["Z"]
    first = flex.notices[0]
    assert (first.code, first.severity, first.file) == (
        "unsupported_geometry_type",
        Severity.ERROR,
        "locations.geojson",
    )
    assert "zone 'P' (feature 1)" in first.message
    assert shown in first.message
    assert "draw its border" in first.message
    assert [notice.code for notice in flex.notices[1:]] == [
        "changtong_flex_unknown_place",
        "changtong_flex_without_ride",
    ]


@pytest.mark.parametrize(
    ("ring", "shown"),
    [
        ([[0, 0], [1, 0], [0, 0]], "a ring has 3 positions"),
        ([[0, 0], [1, 1], [2, 2], [0, 0]], "encloses nothing"),
        ([[0, 0], [22.6, 120.3], [22.7, 120.3], [0, 0]], "not on Earth"),
        ([[0, 0], ["x", 1], [2, 2], [0, 0]], "is no position"),
        ([[0, 0], [1], [2, 2], [0, 0]], "is no position"),
        ([[0, 0], [float("nan"), 1], [2, 2], [0, 0]], "not on Earth"),
        ([[0, 0], [10**400, 1], [2, 2], [0, 0]], "not on Earth"),
        ("ring", "no list of positions"),
        ([], "a ring has 0 positions"),
    ],
)
def test_a_broken_ring_takes_only_its_own_polygon(tmp_path, ring, shown):
    """Of a MultiPolygon the sound part is kept; a zone of nothing but the broken part is left out."""
    zones = (feature("M", [SQUARE, [ring]], "MultiPolygon"), feature("Q", [ring]))
    flex = read(tmp_path, ("stop_times.txt", TIMES), zones=zones)
    assert list(flex.zones) == ["M"]
    assert len(flex.zones["M"].polygons) == 1
    assert codes(flex) == [("invalid_geometry", Severity.ERROR)] * 2
    assert all(shown in notice.message and "draw the ring again" in notice.message for notice in flex.notices)
    assert "this polygon is left out" in flex.notices[0].message
    assert "nobody is picked up there" in flex.notices[1].message


def test_an_open_ring_is_closed(tmp_path):
    """A ring that lacks its last position can only mean one thing: it is closed, and a warning says so."""
    flex = read(tmp_path, ("stop_times.txt", TIMES), zones=(feature("Z", [SQUARE[0][:-1]]),))
    (ring,) = flex.zones["Z"].polygons[0]
    assert ring[0] == ring[-1]
    assert codes(flex) == [("invalid_geometry", Severity.WARNING)]


def test_an_unknown_place_takes_only_its_own_rows(tmp_path):
    """A row that names no place is left out and counted, what else the trip does stays."""
    rows = IN_ZONE + "t,,,,NOWHERE,,3,08:00:00,18:00:00,1,2,,\n"
    flex = read(tmp_path, ("stop_times.txt", TIMES + rows))
    assert len(flex.services[0].calls) == 2
    (notice,) = flex.notices
    assert notice.code == "changtong_flex_unknown_place"
    assert "'NOWHERE'" in notice.message
    assert "1 rows" in notice.message


def test_groups_of_stops_are_places(tmp_path):
    """location_group_stops.txt gives a group its stops; an empty group can serve nobody."""
    rows = "t,,,,,G,1,08:00:00,18:00:00,2,1,,\nt,,,,Z,,2,08:00:00,18:00:00,1,2,,\nt,,,,,E,3,08:00:00,18:00:00,1,2,,\n"
    groups = "location_group_id,location_group_name\nG,Both\nE,None\n"
    members = "location_group_id,stop_id\nG,B\nG,A\nG,B\n"
    flex = read(
        tmp_path,
        ("stop_times.txt", TIMES + rows),
        ("location_groups.txt", groups),
        ("location_group_stops.txt", members),
    )
    (service,) = flex.services
    place = service.calls[0].place
    assert (place.place_id, place.name, place.stops, place.zones) == ("G", "Both", ("B", "A"), ())
    assert [call.place.place_id for call in service.calls] == ["G", "Z"]
    assert codes(flex) == [("changtong_flex_unknown_place", Severity.WARNING)]


def test_old_forms_are_understood_where_they_mean_one_thing(tmp_path):
    """Zones in stop_id, groups listed in location_groups.txt, old names, offsets in minutes, one row for two."""
    times = (
        "trip_id,stop_id,stop_sequence,start_pickup_dropoff_window,end_pickup_dropoff_window,pickup_type,"
        "drop_off_type,dropoff_booking_rule_id,safe_duration_factor,safe_duration_offset\n"
        "t,Z,1,08:00:00,18:00:00,2,2,K,1,20.00\n"
        "u,Z,1,8:00:00,18:00:00,2,1,,,\n"
        "u,G,2,8:00:00,18:00:00,1,2,K,,\n"
    )
    groups = "location_group_id,location_id,location_group_name\nG,A,Group\nG,Z,Group\n"
    trips = "route_id,service_id,trip_id\nR,W,t\nR,W,u\n"
    flex = read(
        tmp_path,
        ("stop_times.txt", times),
        ("location_groups.txt", groups),
        ("trips.txt", trips),
        ("booking_rules.txt", f"{RULES}\nK,0,,,,\n"),
    )
    lone, grouped = flex.services
    ((pickup, drop_off),) = lone.list_rides()
    assert (pickup.place.zones, drop_off.place.zones) == (("Z",), ("Z",))
    assert lone.safe_of(pickup, drop_off) == Duration(1.0, 1200.0)
    assert drop_off.drop_off_rule_id == "K"
    assert grouped.calls[0].window_s == (28_800, 64_800)
    place = grouped.calls[1].place
    assert (place.place_id, place.zones, place.stops) == ("G", ("Z",), ("A",))
    assert {notice.code for notice in flex.notices} == {"changtong_flex_dialect"}
    told = " ".join(notice.message for notice in flex.notices)
    for shown in (
        "start_pickup_dropoff_window for start_pickup_drop_off_window",
        "dropoff_booking_rule_id",
        "a zone in stop_id",
        "a location group in stop_id",
        "members of a group in location_groups.txt",
        "taken for minutes",
        "one row",
    ):
        assert shown in told


def test_an_id_of_two_kinds_is_not_guessed(tmp_path):
    """A stop_id that names both a zone and a group is left out: nobody can tell which is meant."""
    rows = IN_ZONE + "t,,,Y,,,3,08:00:00,18:00:00,1,2,,\n"
    flex = read(
        tmp_path,
        ("stop_times.txt", TIMES + rows),
        ("location_groups.txt", "location_group_id\nY\n"),
        ("location_group_stops.txt", "location_group_id,stop_id\nY,A\n"),
        zones=(feature("Z", SQUARE), feature("Y", SQUARE)),
    )
    assert len(flex.services[0].calls) == 2
    assert [notice.code for notice in flex.notices] == ["changtong_flex_unknown_place"]


def test_offsets_of_today_are_seconds(tmp_path):
    """An offset of trips.txt is seconds however small, and one of stop_times.txt from 60 on."""
    times = TIMES.strip() + ",mean_duration_factor,mean_duration_offset\n"
    rows = "".join(f"{line},1.2,90\n" for line in IN_ZONE.splitlines())
    trips = "route_id,service_id,trip_id,safe_duration_factor,safe_duration_offset\nR,W,t,2,30\n"
    flex = read(tmp_path, ("stop_times.txt", times + rows), ("trips.txt", trips))
    ((pickup, drop_off),) = flex.services[0].list_rides()
    assert flex.services[0].safe_of(pickup, drop_off) == Duration(2.0, 30.0)
    assert flex.services[0].mean_of(pickup, drop_off) == Duration(1.2, 90.0)
    assert flex.notices == ()


def test_a_duration_is_whole_seconds_and_never_negative():
    """Factor and offset are applied to the drive, rounded up; a negative offset does not turn time round."""
    assert Duration(1.3, 1200.0).ride_s(100) == 1330
    assert Duration(1.0, 0.2).ride_s(10) == 11
    assert Duration(1.0, -60.0).ride_s(10) == 0


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-200, 200) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["type", "coordinates", "id"]), inner),
    max_leaves=12,
)
rings = st.lists(st.lists(st.floats(-200, 200) | st.none(), min_size=1, max_size=3), max_size=6)
geometries = st.fixed_dictionaries(
    {"type": st.sampled_from(["Polygon", "MultiPolygon", "Point", 7]), "coordinates": st.lists(rings) | json_values}
)
features = st.fixed_dictionaries({"id": st.sampled_from(["Z", "", 5]), "geometry": geometries | json_values})


@settings(max_examples=300)
@given(st.lists(features | json_values, max_size=4))
def test_whatever_stands_in_the_file_zones_are_read(found):
    """No document raises; every zone that is kept has closed rings of at least four positions on Earth."""
    feed = Feed("test", {}, documents={"locations.geojson": {"features": found}})
    zones, notices = read_zones(feed)
    for zone in zones.values():
        for polygon in zone.polygons:
            for ring in polygon:
                assert len(ring) >= 4
                assert ring[0] == ring[-1]
                assert all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in ring)
    assert all(notice.file == "locations.geojson" for notice in notices)


@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason="the reference data is not beside the checkout")
@pytest.mark.parametrize(
    ("name", "services", "rides", "zones", "rules", "dialects"),
    [
        ("ctran-flex.zip", 1389, 1389, 8, 128, 0),
        ("flex/aspen-flex-on-demand.gtfs", 2, 2, 1, 1, 2),
        ("flex/cobblinc-scheduled-deviated-flex.gtfs", 72, 216, 3, 1, 2),
    ],
)
def test_published_feeds_yield_all_they_offer(name, services, rides, zones, rules, dialects):
    """Every on-demand trip of three published feeds, of which two are drafts, gives its rides; nothing is lost."""
    flex = read_flex(read_feed(DATA / name)[0])
    assert (len(flex.services), len(flex.zones), len(flex.rules)) == (services, zones, rules)
    assert sum(1 for service in flex.services for _ in service.list_rides()) == rides
    assert [notice.code for notice in flex.notices] == ["changtong_flex_dialect"] * dialects
