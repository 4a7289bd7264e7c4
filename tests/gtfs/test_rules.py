"""Every rule that the planted faults leave out: one faulty feed, one notice, its file and row."""

import datetime as dt
import re
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from feed_text import feed_zip, split_files
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_feed import TOY, toy, toy_with

from gtfs.ingest import read_feed
from gtfs.notices import Report, Severity
from gtfs.rules.shapes import _distance_to_line
from gtfs.rules.subject import Subject, measure_distance_m
from gtfs.validate import RULES, validate

TODAY = dt.date(2026, 6, 1)
INFO = "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_contact_email\nX,https://example.org,zh-TW,"
STATION = """
stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,level_id
A,Alpha,22.600,120.300,0,S,
B,Beta,22.610,120.300,0,,
C,Gamma,22.620,120.300,0,,
S,Station,22.600,120.300,1,,
E,Entrance,22.600,120.300,2,S,
N,Node,22.600,120.300,3,S,
{more}
"""
SHAPE = "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence,shape_dist_traveled\n"
TRIPS = "route_id,service_id,trip_id,shape_id\nR,WD,T1,{}\nR,WD,T2,\n"
ONE_TRIP = "route_id,service_id,trip_id\nR,WD,T1\nR,WD,T2\nR,WD,T3\n"
TIMES = """
trip_id,arrival_time,departure_time,stop_id,stop_sequence,{columns}
T1,08:00:00,08:00:00,A,1,{first}
T1,08:05:00,08:06:00,B,2,
T1,08:10:00,08:10:00,C,3,
T2,08:00:00,08:00:00,A,1,
T2,09:00:00,09:00:00,C,2,
"""
ROUTES = "route_id,agency_id,route_short_name,route_long_name,route_type,route_desc,route_color,route_text_color\nR,KT,1,Alpha to Gamma,3,{}\n"
FLEX = """
trip_id,arrival_time,departure_time,stop_id,location_group_id,stop_sequence,start_pickup_drop_off_window,end_pickup_drop_off_window
T1,,,,G,1,{first}
T1,,,,G,2,08:00:00,10:00:00
T2,08:00:00,08:00:00,A,,1,,
T2,08:30:00,08:30:00,B,,2,,
"""
GROUP = {"location_groups": "location_group_id\nG\n", "location_group_stops": "location_group_id,stop_id\nG,C\n"}
BOOKING = "booking_rule_id,booking_type,prior_notice_duration_min,prior_notice_duration_max,prior_notice_last_day,prior_notice_last_time,prior_notice_start_day,prior_notice_start_time\n"
FARES = {
    "fare_products": "fare_product_id,amount,currency\nF,20,TWD\nG,30,TWD\n",
    "fare_leg_rules": "leg_group_id,fare_product_id\nL,F\nM,G\n",
}
FARE_TRANSFERS = (
    "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,fare_transfer_type\n"
)
TIMEFRAMES = "timeframe_group_id,start_time,end_time,service_id\n"
TRANSLATIONS = "table_name,field_name,language,translation,record_id,field_value\n"


AGENCY = "agency_id,agency_name,agency_url,agency_timezone,agency_lang\nKT,Toy,https://example.org,Asia/Taipei,{}"
CALENDAR = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nWD,1,1,1,1,1,0,0,20260101,{}"
LINKED = "from_stop_id,to_stop_id,from_route_id,to_route_id,from_trip_id,to_trip_id,transfer_type\n"
TWO_ROUTES = "route_id,agency_id,route_short_name,route_type\nR,KT,1,3\nR2,KT,2,3\n"
THREE_TRIPS = """
trip_id,arrival_time,departure_time,stop_id,stop_sequence
T1,08:00:00,08:00:00,A,1
T1,08:10:00,08:10:00,C,2
T2,08:20:00,08:20:00,C,1
T2,08:30:00,08:30:00,A,2
T3,09:20:00,09:20:00,C,1
T3,09:30:00,09:30:00,B,2
"""


def fares(rule):
    """A feed with one rule in fare_transfer_rules.txt."""
    return toy(fare_transfer_rules=FARE_TRANSFERS + rule, **FARES)


def read_text(text):
    """The feed of a text, for properties, which share no folder."""
    with tempfile.TemporaryDirectory() as folder:
        return read_feed(feed_zip(text, Path(folder) / "feed.zip"))


def station(more="", **others):
    """A feed with a station."""
    return toy(stops=STATION.format(more=more), **others)


def pathways(*rows):
    """Pathways that connect the station, and more."""
    sound = ["P1,E,N,1,1", "P2,N,A,1,1"]
    return "\n".join(["pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional", *sound, *rows])


CASES = {
    "bidirectional_exit_gate": (station(pathways=pathways("P3,N,E,7,1")), "pathways.txt", 4),
    "changtong_duplicate_trip": (
        toy(
            trips=ONE_TRIP,
            stop_times=TIMES.format(columns="stop_headsign", first="")
            + "T3,08:00:00,08:00:00,A,1,\nT3,09:00:00,09:00:00,C,2,\n",
        ),
        "trips.txt",
        4,
    ),
    "changtong_no_service_days": (
        toy(calendar="", calendar_dates="service_id,date,exception_type\nWD,20260601,2\n"),
        "calendar.txt",
        0,
    ),
    "changtong_service_outside_feed_dates": (
        toy(feed_info=INFO + "20990101,21000101,x@example.org", calendar=CALENDAR.format("20300101")),
        "feed_info.txt",
        2,
    ),
    "changtong_unused_route": (toy_with("routes", "R2,KT,2,Second,3"), "routes.txt", 3),
    "duplicate_geography_id": (
        toy(
            stop_times=FLEX.format(first="08:00:00,10:00:00").replace(",G,", ",A,"),
            location_groups="location_group_id\nA\n",
        ),
        "location_groups.txt",
        2,
    ),
    "duplicate_route_name": (
        toy_with("routes", "R2,KT,1,Alpha to Gamma,3").replace("R,WD,T2", "R2,WD,T2"),
        "routes.txt",
        3,
    ),
    "duplicated_column": (
        toy(
            agency="agency_id,agency_name,agency_url,agency_timezone,agency_name\nKT,a,https://example.org,Asia/Taipei,b"
        ),
        "agency.txt",
        1,
    ),
    "empty_column_name": (
        toy(agency="agency_id,agency_name,agency_url,agency_timezone,\nKT,a,https://example.org,Asia/Taipei,b"),
        "agency.txt",
        1,
    ),
    "empty_file": (toy(levels=""), "levels.txt", 0),
    "empty_row": (toy_with("stops", " , ,"), "stops.txt", 5),
    "equal_shape_distance_diff_coordinates": (
        toy(trips=TRIPS.format("SH"), shapes=SHAPE + "SH,22.6,120.3,1,0\nSH,22.61,120.3,2,1\nSH,22.62,120.3,3,1\n"),
        "shapes.txt",
        4,
    ),
    "equal_shape_distance_diff_coordinates_distance_below_threshold": (
        toy(trips=TRIPS.format("SH"), shapes=SHAPE + "SH,22.6,120.3,1,0\nSH,22.62,120.3,2,1\nSH,22.620001,120.3,3,1\n"),
        "shapes.txt",
        4,
    ),
    "equal_shape_distance_same_coordinates": (
        toy(trips=TRIPS.format("SH"), shapes=SHAPE + "SH,22.6,120.3,1,0\nSH,22.62,120.3,2,1\nSH,22.62,120.3,3,1\n"),
        "shapes.txt",
        4,
    ),
    "fare_transfer_rule_duration_limit_type_without_duration_limit": (fares("L,M,,,0,0"), "fare_transfer_rules.txt", 2),
    "fare_transfer_rule_duration_limit_without_type": (fares("L,M,,3600,,0"), "fare_transfer_rules.txt", 2),
    "fare_transfer_rule_invalid_transfer_count": (fares("L,L,0,,,0"), "fare_transfer_rules.txt", 2),
    "fare_transfer_rule_missing_transfer_count": (fares("L,L,,,,0"), "fare_transfer_rules.txt", 2),
    "fare_transfer_rule_with_forbidden_transfer_count": (fares("L,M,-1,,,0"), "fare_transfer_rules.txt", 2),
    "feed_expiration_date30_days": (toy(feed_info=INFO + "20260101,20260620,x@example.org"), "feed_info.txt", 2),
    "feed_expiration_date7_days": (toy(feed_info=INFO + "20260101,20260603,x@example.org"), "feed_info.txt", 2),
    "feed_info_lang_and_agency_lang_mismatch": (
        toy(feed_info=(INFO + "20260101,20991231,x@example.org").replace("zh-TW", "en")),
        "feed_info.txt",
        2,
    ),
    "forbidden_arrival_or_departure_time": (
        toy(
            stop_times=FLEX.format(first="08:00:00,10:00:00").replace("T1,,,,G,1", "T1,08:00:00,08:00:00,,G,1"), **GROUP
        ),
        "stop_times.txt",
        2,
    ),
    "forbidden_geography_id": (
        toy(stop_times=FLEX.format(first="08:00:00,10:00:00").replace("T1,,,,G,1", "T1,,,A,G,1"), **GROUP),
        "stop_times.txt",
        2,
    ),
    "forbidden_real_time_booking_field_value": (toy(booking_rules=BOOKING + "B,0,10,,,,,\n"), "booking_rules.txt", 2),
    "forbidden_same_day_booking_field_value": (
        toy(booking_rules=BOOKING + "B,1,10,,1,08:00:00,,\n"),
        "booking_rules.txt",
        2,
    ),
    "inconsistent_agency_lang": (
        toy_with("agency", "K2,Two,https://example.org,Asia/Taipei,en"),
        "agency.txt",
        3,
    ),
    "invalid_currency": (toy(fare_products="fare_product_id,amount,currency\nF,20,NT$\n"), "fare_products.txt", 2),
    "invalid_language_code": (toy(agency=AGENCY.format("中文")), "agency.txt", 2),
    "invalid_pickup_drop_off_window": (
        toy(stop_times=FLEX.format(first="10:00:00,10:00:00"), **GROUP),
        "stop_times.txt",
        2,
    ),
    "invalid_prior_notice_duration_min": (toy(booking_rules=BOOKING + "B,1,60,30,,,,\n"), "booking_rules.txt", 2),
    "location_with_unexpected_stop_time": (
        station().replace("T2,24:05:00,24:05:00,C", "T2,24:05:00,24:05:00,S"),
        "stops.txt",
        5,
    ),
    "missing_feed_contact_email_and_url": (toy(feed_info=INFO + "20260101,20991231,"), "feed_info.txt", 2),
    "missing_feed_info_date": (toy(feed_info=INFO + ",20991231,x@example.org"), "feed_info.txt", 2),
    "missing_level_id": (station(pathways=pathways("P3,N,E,5,1")), "stops.txt", 6),
    "missing_pickup_or_drop_off_window": (toy(stop_times=FLEX.format(first="08:00:00,"), **GROUP), "stop_times.txt", 2),
    "missing_prior_notice_duration_min": (toy(booking_rules=BOOKING + "B,1,,,,,,\n"), "booking_rules.txt", 2),
    "missing_prior_notice_last_day": (toy(booking_rules=BOOKING + "B,2,,,,,,\n"), "booking_rules.txt", 2),
    "missing_prior_notice_last_time": (toy(booking_rules=BOOKING + "B,2,,,1,,,\n"), "booking_rules.txt", 2),
    "missing_prior_notice_start_time": (toy(booking_rules=BOOKING + "B,2,,,1,08:00:00,7,\n"), "booking_rules.txt", 2),
    "missing_required_element": (
        TOY + '# locations.geojson\n{"type":"FeatureCollection","features":[{"type":"Feature"}]}\n',
        "locations.geojson",
        0,
    ),
    "more_than_one_entity": (
        toy(feed_info=INFO + "20260101,20991231,x@example.org\nY,https://example.org,zh-TW,,,y@example.org"),
        "feed_info.txt",
        3,
    ),
    "non_ascii_or_non_printable_char": (toy_with("stops", "D,De\u200blta,22.6,120.3,1,"), "stops.txt", 5),
    "pathway_dangling_generic_node": (
        station("M,Blind,22.6,120.3,3,S,", pathways=pathways("P3,N,M,1,1")),
        "stops.txt",
        8,
    ),
    "pathway_to_platform_with_boarding_areas": (
        station("Z,Zone,22.6,120.3,4,A,", pathways=pathways()),
        "pathways.txt",
        3,
    ),
    "pathway_unreachable_location": (
        station("M,Far,22.6,120.3,0,S,", pathways=pathways("P3,N,M,1,0")).replace(
            "T2,24:05:00,24:05:00,C", "T2,24:05:00,24:05:00,M"
        ),
        "stops.txt",
        8,
    ),
    "point_near_pole": (toy_with("stops", "D,Delta,-89.9,120.3,1,"), "stops.txt", 5),
    "prior_notice_last_day_after_start_day": (
        toy(booking_rules=BOOKING + "B,2,,,9,08:00:00,7,08:00:00\n"),
        "booking_rules.txt",
        2,
    ),
    "route_color_contrast": (toy(routes=ROUTES.format(",FFFFFF,FFFF00")), "routes.txt", 2),
    "same_name_and_description_for_route": (toy(routes=ROUTES.format("Alpha to Gamma,,")), "routes.txt", 2),
    "same_name_and_description_for_stop": (
        toy(
            stops="stop_id,stop_name,stop_desc,stop_lat,stop_lon\nA,Alpha,Alpha,22.6,120.3\nB,Beta,,22.61,120.3\nC,Gamma,,22.62,120.3"
        ),
        "stops.txt",
        2,
    ),
    "single_shape_point": (toy(trips=TRIPS.format(""), shapes=SHAPE + "SH,22.6,120.3,1,0\n"), "shapes.txt", 2),
    "stop_time_timepoint_without_times": (
        toy(stop_times=TIMES.format(columns="timepoint", first="1").replace("T1,08:05:00,08:06:00,B,2,", "T1,,,B,2,1")),
        "stop_times.txt",
        3,
    ),
    "timeframe_only_start_or_end_time_specified": (
        toy(timeframes=TIMEFRAMES + "P,08:00:00,,WD\n"),
        "timeframes.txt",
        2,
    ),
    "timeframe_overlap": (
        toy(timeframes=TIMEFRAMES + "P,08:00:00,10:00:00,WD\nP,09:00:00,11:00:00,WD\nQ,09:00:00,11:00:00,WD\n"),
        "timeframes.txt",
        3,
    ),
    "timeframe_start_or_end_time_greater_than_twenty_four_hours": (
        toy(timeframes=TIMEFRAMES + "P,22:00:00,26:00:00,WD\n"),
        "timeframes.txt",
        2,
    ),
    "transfer_distance_above_2_km": (
        toy(transfers="from_stop_id,to_stop_id,transfer_type\nA,C,0\n"),
        "transfers.txt",
        2,
    ),
    "transfer_with_invalid_trip_and_route": (
        toy(
            transfers=LINKED + "C,C,R,R2,T1,T2,4\n",
            routes=TWO_ROUTES,
            trips="route_id,service_id,trip_id\nR,WD,T1\nR,WD,T2\nR2,WD,T3\n",
            stop_times=THREE_TRIPS,
        ),
        "transfers.txt",
        2,
    ),
    "transfer_with_invalid_trip_and_stop": (toy(transfers=LINKED + "C,B,,,T1,T2,4\n"), "transfers.txt", 2),
    "translation_foreign_key_violation": (
        toy(translations=TRANSLATIONS + "stops,stop_name,en,Alpha,GONE,\n"),
        "translations.txt",
        2,
    ),
    "translation_unexpected_value": (
        toy(translations=TRANSLATIONS + "stops,stop_name,en,Alpha,A,Alpha\n"),
        "translations.txt",
        2,
    ),
    "translation_unknown_table_name": (
        toy(translations=TRANSLATIONS + "ships,ship_name,en,Alpha,,Alpha\n"),
        "translations.txt",
        2,
    ),
    "unknown_column": (
        toy(calendar_dates="service_id,date,exception_type,holiday\nWD,20260101,2,x\n"),
        "calendar_dates.txt",
        1,
    ),
    "unused_shape": (
        toy(trips=TRIPS.format(""), shapes=SHAPE + "SH,22.6,120.3,1,0\nSH,22.61,120.3,2,1\n"),
        "shapes.txt",
        2,
    ),
}
ALSO = {
    "duplicate_geography_id": {"stop_without_stop_time"},
    "non_ascii_or_non_printable_char": {"unused_station"},
    "point_near_pole": {"unused_station"},
    "single_shape_point": {"unused_shape"},
}
"""What one fault brings with it."""


@pytest.mark.parametrize("code", sorted(CASES))
def test_one_fault_is_one_notice(tmp_path, code):
    """The fault is named with its code, its file and its row, and nothing else is."""
    text, file, row = CASES[code]
    if code == "empty_file":
        text += "# levels.txt\n"
    feed, report = read_feed(feed_zip(text, tmp_path / "feed.zip"))
    found = {(n.code, n.file, n.row) for n in validate(feed, report, today=TODAY)}
    assert (code, file, row) in found
    assert {other for other, _, _ in found} - {code} == ALSO.get(code, set())


def test_sound_relatives_of_the_faults_are_sound(tmp_path):
    """Flexible trips, a station with pathways, fares and linked trips without faults give no notice."""
    for text in (
        toy(stop_times=FLEX.format(first="08:00:00,10:00:00"), **GROUP),
        station(pathways=pathways()),
        fares("L,L,-1,,,0"),
        toy(transfers=LINKED + "C,C,,,T1,T2,4\n"),
        toy(trips=TRIPS.format("SH"), shapes=SHAPE + "SH,22.6,120.3,1,0\nSH,22.62,120.3,2,1\n"),
        toy(feed_info=INFO + "20260101,20991231,x@example.org"),
        toy(
            frequencies="trip_id,start_time,end_time,headway_secs\nT1,08:00:00,10:00:00,600\nT1,10:00:00,12:00:00,900\n"
        ),
    ):
        feed, report = read_feed(feed_zip(text, tmp_path / "feed.zip"))
        assert [str(n) for n in validate(feed, report, today=TODAY)] == []


def test_the_order_of_notices_is_stable(tmp_path):
    """Two runs over one feed give the same notices in the same order, reading before rules."""
    path = feed_zip(toy_with("stops", "D,Delta,0,0,,", "E,,x,y,9,GONE"), tmp_path / "feed.zip")
    runs = []
    for _ in range(2):
        feed, report = read_feed(path)
        runs.append(validate(feed, report, today=TODAY))
        assert runs[-1].notices[: len(report)] == report.notices
    assert runs[0] == runs[1]
    assert len(runs[0]) > 4


def test_expiry_depends_on_the_day_only(tmp_path):
    """A feed that is sound today is expired after its last day, and for no other reason."""
    feed, report = read_feed(feed_zip(TOY, tmp_path / "feed.zip"))
    assert not list(validate(feed, report, today=dt.date(2099, 12, 31)))
    late = validate(feed, report, today=dt.date(2100, 1, 1))
    assert [(n.code, n.severity, n.row) for n in late] == [("expired_calendar", Severity.WARNING, 2)]


def test_speed_counts_the_way_along_stops_without_times(tmp_path):
    """Between two timed stops the way leads over the stops between: a detour is not hidden by a short crow."""
    times = """
trip_id,arrival_time,departure_time,stop_id,stop_sequence
T1,08:00:00,08:00:00,A,1
T1,,,FAR,2
T1,08:10:30,08:10:30,A,3
T2,08:00:00,08:00:00,B,1
T2,08:10:30,08:10:30,C,2
"""
    text = toy(
        stop_times=times,
        stops="stop_id,stop_name,stop_lat,stop_lon\nA,a,22.6,120.3\nB,b,22.61,120.3\nC,c,22.62,120.3\nFAR,far,22.8,120.3",
    )
    feed, report = read_feed(feed_zip(text, tmp_path / "feed.zip"))
    found = [(n.code, n.row) for n in validate(feed, report, today=TODAY)]
    assert found == [("fast_travel_between_consecutive_stops", 4)]


def test_blocks_overlap_only_on_common_days(tmp_path):
    """Two trips of a block at the same hour are a fault on common days only."""
    calendar = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nWD,1,1,1,1,1,0,0,20260101,20991231\nWE,0,0,0,0,0,1,1,20260101,20991231\n"
    times = TIMES.format(columns="stop_headsign", first="")
    for service, expected in (("WE", []), ("WD", [("block_trips_with_overlapping_stop_times", 3)])):
        trips = f"route_id,service_id,trip_id,block_id\nR,WD,T1,X\nR,{service},T2,X\n"
        feed, report = read_feed(feed_zip(toy(trips=trips, stop_times=times, calendar=calendar), tmp_path / "feed.zip"))
        assert [(n.code, n.row) for n in validate(feed, report, today=TODAY)] == expected


@given(
    st.lists(
        st.tuples(st.integers(1, 2), st.integers(0, 5), st.integers(0, 40)), max_size=12, unique_by=lambda c: c[:2]
    )
)
def test_backward_time_is_found_as_by_hand(calls):
    """Times that run backwards are found as a walk over the sorted stop times finds them."""
    rows = [f"T{t},00:00:{s:02},00:00:{s:02},A,{n}" for t, n, s in calls]
    feed, _ = read_text(toy(stop_times="\n".join(["trip_id,arrival_time,departure_time,stop_id,stop_sequence", *rows])))
    expected = set()
    for trip in (1, 2):
        own = sorted((n, s, row) for row, (t, n, s) in enumerate(calls, start=2) if t == trip)
        expected |= {row for (_, before, _), (_, s, row) in pairwise(own) if s < before}
    found = {
        n.row
        for n in validate(feed, Report(), today=TODAY)
        if n.code == "stop_time_with_arrival_before_previous_departure_time"
    }
    assert found == expected


@given(
    st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02)),
    st.lists(st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02)), min_size=1, max_size=5),
)
def test_distance_to_a_line_is_that_of_its_nearest_point(point, line):
    """The distance to a shape is that to the nearest of many points sampled along it."""
    lat, lon = (np.array([part]) for part in point)
    line_lat, line_lon = (np.array(part) for part in zip(*line, strict=True))
    along = np.linspace(0, len(line) - 1, 2000) if len(line) > 1 else np.zeros(1)
    places = np.arange(len(line))
    nearest = measure_distance_m(lat, lon, np.interp(along, places, line_lat), np.interp(along, places, line_lon)).min()
    assert _distance_to_line(lat, lon, line_lat, line_lon)[0] == pytest.approx(nearest, rel=0.01, abs=5)


def test_every_rule_survives_an_empty_feed(tmp_path):
    """Each rule runs on a feed without any record."""
    feed, _ = read_feed(feed_zip("# agency.txt\nagency_id\n", tmp_path / "feed.zip"))
    subject = Subject(feed, TODAY)
    assert len(RULES) >= 50
    for rule in RULES:
        list(rule(subject))


NASTY = [
    "",
    " ",
    "0",
    "-1",
    "999999999999",
    "1e400",
    "nan",
    "25:61:00",
    "99:00:00",
    "20260231",
    "A",
    "S",
    "T1",
    "中文",
    '"',
    "\x00",
]


@settings(max_examples=120, deadline=None)
@given(st.sampled_from([text for text, _, _ in CASES.values()]), st.data())
def test_no_cell_can_break_a_rule(text, data):
    """Whatever stands in two cells of a feed, reading and all rules run to their end."""
    files = split_files(text)
    for _ in range(2):
        name = data.draw(st.sampled_from(sorted(name for name in files if name.endswith(".txt"))))
        rows = [row.split(",") for row in files[name].splitlines()] or [[""]]
        row = data.draw(st.integers(0, len(rows) - 1))
        rows[row][data.draw(st.integers(0, len(rows[row]) - 1))] = data.draw(st.sampled_from(NASTY))
        files[name] = "\n".join(",".join(row) for row in rows) + "\n"
    feed, report = read_text("".join(f"# {name}\n{content}" for name, content in files.items()))
    assert len(validate(feed, report, today=TODAY)) >= len(report)


def test_own_codes_are_listed():
    """The README lists the codes of this package, and none that nothing reports (the planner reports two of them)."""
    package = Path(validate.__code__.co_filename).parent
    own, network = (
        {code for file in folder.rglob("*.py") for code in re.findall(r"changtong_\w+", file.read_text("utf-8"))}
        for folder in (package, package.parent / "mobility" / "network")
    )
    listed = set(re.findall(r"`(changtong_\w+)`", (package / "README.md").read_text("utf-8")))
    assert own <= listed <= own | network
