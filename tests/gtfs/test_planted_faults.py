"""The command on a feed with many planted faults: each is named with its file and row, and no other."""

import json
import subprocess
import sys

import pytest
from feed_text import feed_folder, feed_zip
from toy_feed import TOY, toy

FAULTY = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone,agency_email
KT,Kaohsiung Toy,https://example.org,Asia/Taipei,info@example.org
K2,Second,example.org,Asia/Taipei,
K3,Third,https://example.org,Asia/Atlantis,
K4,Fourth,https://example.org,Asia/Tokyo,nobody
# stops.txt
stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station
A,Alpha,22.600,120.300,0,
B,Beta,22.610,120.300,0,
C,Gamma,22.620,120.300,0,
F,Far,23.600,120.300,0,
ST,Station,22.600,120.300,1,
A,Again,22.600,120.300,0,
N,Nowhere,95.0,120.300,0,
O,Origin,0.0,0.0,0,
E,Entrance,22.600,120.300,2,
S2,Second station,22.600,120.300,1,ST
P,Platform,22.600,120.300,0,B
X,Lost,22.600,120.300,0,GONE
,No id,22.6,120.3,0,
L,,22.600,120.300,0,
W, Wide ,22.600,120.300,0,
H,Half,22.600
# routes.txt
route_id,agency_id,route_short_name,route_long_name,route_type,route_color,route_text_color
R,KT,1,Alpha to Gamma,3,FF0000,FFFFFF
R2,KT,,,3,,
R3,KT,3,Third,99,,
R4,KT,4,Fourth,3,red,
R5,KT,1234567890123,Fifth,3,,
R6,KT,6,Sixth,bus,,
R7,,7,Seventh,3,,
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
WD,1,1,1,1,1,0,0,20260101,20991231
EX,1,1,1,1,1,0,0,20100101,20101231
RV,1,1,1,1,1,0,0,20991231,20260101
ND,0,0,0,0,0,0,0,20260101,20991231
BD,1,1,1,1,1,0,0,2026-01-01,20991231
# calendar_dates.txt
service_id,date,exception_type
WD,20260230,1
WD,20260303,3
# trips.txt
route_id,service_id,trip_id,block_id,shape_id
R,WD,T1,,SH
R2,WD,T2,BL,
R3,WD,T3,BL,
R4,WD,T4,,
R5,WD,T5,,
R6,NOPE,T6,,
R7,WD,T7,,
R,WD,T8,,
R,WD,T9,,
R,WD,T10,,
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled,pickup_type
T1,08:00:00,08:00:00,A,1,0,0
T1,08:05:00,08:06:00,B,2,1.1,0
T1,08:10:00,08:10:00,C,3,1.1,0
T2,08:00:00,08:00:00,A,1,,
T2,08:20:00,08:20:00,C,2,,
T3,08:10:00,08:10:00,A,1,,
T3,08:05:00,08:30:00,C,2,,
T4,08:00:00,08:00:00,A,1,,
T4,,,C,2,,
T5,08:00:00,08:00:00,A,1,,
T6,08:00:00,08:00:00,A,1,,
T6,08:05:00,,B,2,,
T6,08:10:00,08:10:00,C,3,,
T7,08:00:00,08:00:00,A,1,,
T7,08:10:00,08:10:00,F,2,,
T8,08:00:00,08:00:00,A,1,,
T8,8h10,08:10:00,B,2,,
T8,08:20:00,08:20:00,GONE,3,,7
T10,08:00:00,08:00:00,A,one,,
T10,08:00:00,08:00:00,A,1,x,
T10,08:00:00,08:00:00,A,1,,
T10,08:05:00,08:05:00,C,2,-5,
T10,09:00:00,08:55:00,A,3,,
# shapes.txt
shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence,shape_dist_traveled
SH,22.600,120.300,1,0
SH,22.610,120.310,2,2
SH,22.630,120.300,3,1
# frequencies.txt
trip_id,start_time,end_time,headway_secs
T1,08:00:00,10:00:00,600
T1,09:00:00,11:00:00,600
T1,13:00:00,12:00:00,600
T1,14:00:00,14:00:00,600
T1,15:00:00,16:00:00,0
# transfers.txt
from_stop_id,to_stop_id,transfer_type,min_transfer_time
A,F,2,
A,E,0,
# pathways.txt
pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional
P1,A,A,1,1
P2,A,ST,1,1
# attributions.txt
organization_name,is_producer
Nobody,0
# levels.txt
level_id,level_name
L1,Ground
# notes.txt
hello
"""

PLANTED = {
    ("attribution_without_role", "attributions.txt", 2),
    ("block_trips_with_overlapping_stop_times", "trips.txt", 4),
    ("changtong_timed_transfer_without_time", "transfers.txt", 2),
    ("decreasing_or_equal_stop_time_distance", "stop_times.txt", 4),
    ("decreasing_shape_distance", "shapes.txt", 4),
    ("duplicate_key", "stops.txt", 7),
    ("duplicate_key", "stop_times.txt", 22),
    ("expired_calendar", "calendar.txt", 3),
    ("fast_travel_between_consecutive_stops", "stop_times.txt", 16),
    ("foreign_key_violation", "stops.txt", 13),
    ("foreign_key_violation", "stop_times.txt", 19),
    ("foreign_key_violation", "trips.txt", 7),
    ("inconsistent_agency_timezone", "agency.txt", 5),
    ("invalid_color", "routes.txt", 5),
    ("invalid_date", "calendar.txt", 6),
    ("invalid_date", "calendar_dates.txt", 2),
    ("invalid_email", "agency.txt", 5),
    ("invalid_float", "stop_times.txt", 21),
    ("invalid_integer", "routes.txt", 7),
    ("invalid_integer", "stop_times.txt", 20),
    ("invalid_row_length", "stops.txt", 17),
    ("invalid_time", "stop_times.txt", 18),
    ("invalid_timezone", "agency.txt", 4),
    ("invalid_url", "agency.txt", 3),
    ("leading_or_trailing_whitespaces", "stops.txt", 16),
    ("location_without_parent_station", "stops.txt", 10),
    ("missing_required_column", "levels.txt", 1),
    ("missing_required_field", "routes.txt", 8),
    ("missing_required_field", "stops.txt", 14),
    ("missing_stop_name", "stops.txt", 15),
    ("missing_trip_edge", "stop_times.txt", 10),
    ("number_out_of_range", "frequencies.txt", 6),
    ("number_out_of_range", "stop_times.txt", 23),
    ("number_out_of_range", "stops.txt", 8),
    ("overlapping_frequency", "frequencies.txt", 3),
    ("pathway_loop", "pathways.txt", 2),
    ("pathway_to_wrong_location_type", "pathways.txt", 3),
    ("point_near_origin", "stops.txt", 9),
    ("route_both_short_and_long_name_missing", "routes.txt", 3),
    ("route_short_name_too_long", "routes.txt", 6),
    ("service_has_no_active_day_of_the_week", "calendar.txt", 5),
    ("start_and_end_range_equal", "frequencies.txt", 5),
    ("start_and_end_range_out_of_order", "calendar.txt", 4),
    ("start_and_end_range_out_of_order", "frequencies.txt", 4),
    ("start_and_end_range_out_of_order", "stop_times.txt", 24),
    ("station_with_parent_station", "stops.txt", 11),
    ("stop_time_with_arrival_before_previous_departure_time", "stop_times.txt", 8),
    ("stop_time_with_only_arrival_or_departure_time", "stop_times.txt", 13),
    ("stop_too_far_from_shape", "stop_times.txt", 3),
    ("stop_without_location", "stops.txt", 17),
    ("transfer_distance_too_large", "transfers.txt", 2),
    ("transfer_with_invalid_stop_location_type", "transfers.txt", 3),
    ("unexpected_enum_value", "calendar_dates.txt", 3),
    ("unexpected_enum_value", "routes.txt", 4),
    ("unexpected_enum_value", "stop_times.txt", 19),
    ("unknown_file", "notes.txt", None),
    ("unusable_trip", "trips.txt", 6),
    ("unused_trip", "trips.txt", 10),
    ("wrong_parent_location_type", "stops.txt", 12),
}


CONSEQUENCES = {
    ("pathway_unreachable_location", "stops.txt", 2),
    ("pathway_unreachable_location", "stops.txt", 7),
    ("stop_time_with_only_arrival_or_departure_time", "stop_times.txt", 18),
    ("stop_too_far_from_shape", "stop_times.txt", 4),
    ("stop_without_location", "stops.txt", 8),
    ("unused_station", "stops.txt", 11),
    *(("stop_without_stop_time", "stops.txt", row) for row in (8, 9, 12, 13, 15, 16, 17)),
}
"""What follows from the planted faults: a stop with a latitude of 95 has no place, and so on."""


def run(*arguments):
    """The real command, in its own process."""
    code = "import sys; sys.argv[0] = 'changtong'; from api.cli import main; main()"
    command = [sys.executable, "-c", code, "gtfs", "validate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """The faulty feed as a zip."""
    return feed_zip(FAULTY, tmp_path_factory.mktemp("faulty") / "faulty.zip")


@pytest.fixture(scope="module")
def report(faulty):
    """The command's JSON on it."""
    result = run(faulty, "--json")
    assert result.returncode == 1, result.stderr
    assert result.stderr == ""
    return json.loads(result.stdout)


def test_every_planted_fault_is_named_with_file_and_row(report):
    """Each of the more than 20 kinds of planted faults appears with its code, its file and its row."""
    assert len({code for code, _, _ in PLANTED}) >= 45
    found = {(n["code"], n["file"], n["row"]) for n in report["notices"]}
    assert not PLANTED - found


def test_nothing_else_is_named(report):
    """There is no notice but the planted faults and what follows from them, and none is said twice."""
    found = [(n["code"], n["file"], n["row"]) for n in report["notices"]]
    assert set(found) == PLANTED | CONSEQUENCES
    assert len(found) == len(set(found))


def test_the_summary_counts_the_notices(report):
    """The summary of --json is the count of its notices by severity."""
    severities = [n["severity"] for n in report["notices"]]
    assert report["summary"] == {f"{name}s": severities.count(name) for name in ("error", "warning", "info")}


def test_the_text_names_the_same_faults(faulty, report):
    """The human output has a line with code, file and row for every notice, and ends with the count."""
    result = run(faulty)
    assert result.returncode == 1
    for n in report["notices"]:
        place = f"{n['file']}:{n['row']}" if n["row"] else n["file"]
        assert f"{n['severity'].upper():7} {place}  {n['code']}: " in result.stdout
    errors = sum(n["severity"] == "error" for n in report["notices"])
    assert f"{faulty}: {errors} errors" in result.stdout.splitlines()[-1]


def test_the_text_caps_a_code_and_counts_the_rest(tmp_path):
    """With 1,300 unused stops ten are shown and the rest are counted; --json has all of them."""
    stops = ["stop_id,stop_name,stop_lat,stop_lon", "A,a,22.6,120.3", "B,b,22.6,120.3", "C,c,22.6,120.3"]
    stops += [f"S{n},s,22.6,120.3" for n in range(1300)]
    path = feed_zip(toy(stops="\n".join(stops)), tmp_path / "feed.zip")
    result = run(path)
    assert result.returncode == 0
    assert result.stdout.count("stop_without_stop_time: ") == 10
    assert "… and 1,290 more stop_without_stop_time" in result.stdout
    assert run(path, "--max", "0").stdout.count("stop_without_stop_time: ") == 1300
    assert len(json.loads(run(path, "--json").stdout)["notices"]) == 1300


def test_a_sound_feed_is_praised(tmp_path):
    """A sound feed, also as a folder, exits with 0 and says that nothing was found."""
    result = run(feed_folder(TOY, tmp_path / "feed"))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.strip().endswith("no faults found")


@pytest.mark.parametrize(("content", "words"), [(b"PK not a zip", "not a zip"), (b"", "empty"), (None, "no such file")])
def test_what_is_no_feed_gets_one_clear_line(tmp_path, content, words):
    """A file that is not a zip, is empty or is missing gets one line on stderr and exit code 2."""
    path = tmp_path / "feed.zip"
    if content is not None:
        path.write_bytes(content)
    result = run(path)
    assert result.returncode == 2
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    assert words in result.stderr
    assert str(path) in result.stderr
    assert json.loads(run(path, "--json").stdout)["error"] in result.stderr


@pytest.mark.parametrize("file", ["agency", "stops", "routes", "trips", "stop_times"])
def test_a_missing_required_file_gets_one_clear_line(tmp_path, file):
    """A feed without a required file gets one error, that the file is missing, and no flood of consequences."""
    result = run(feed_zip(toy(**{file: ""}), tmp_path / "feed.zip"), "--json")
    assert result.returncode == 1
    errors = [n for n in json.loads(result.stdout)["notices"] if n["severity"] == "error"]
    assert [(n["code"], n["file"], n["row"]) for n in errors] == [("missing_required_file", f"{file}.txt", None)]


def test_a_missing_calendar_gets_one_clear_line(tmp_path):
    """A feed without calendar.txt and calendar_dates.txt gets one error."""
    result = run(feed_zip(toy(calendar=""), tmp_path / "feed.zip"), "--json")
    errors = [n["code"] for n in json.loads(result.stdout)["notices"] if n["severity"] == "error"]
    assert errors == ["missing_calendar_and_calendar_date_files"]
