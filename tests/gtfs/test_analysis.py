"""Describing and clipping: what gtfs_kit counts, checked against small feeds and by hand."""

import datetime as dt
import json
import subprocess
import sys
import zipfile

import pytest
from feed_text import feed_zip
from toy_feed import TOY, toy

from gtfs.analysis import Area, NothingToShow, clip_feed, describe_feed
from gtfs.analysis.describe import find_mode
from gtfs.cli import clip, describe
from gtfs.ingest import read_feed
from gtfs.validate import validate

MONDAY = dt.date(2026, 6, 1)
TIMES = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
HOURLY = TIMES + "".join(
    f"T{h},{h:02}:00:00,{h:02}:00:00,A,1\nT{h},{h:02}:06:00,{h:02}:06:00,C,2\n" for h in range(7, 20)
)
TRIPS = "route_id,service_id,trip_id,direction_id\n" + "".join(f"R,WD,T{h},0\n" for h in range(7, 20))
NATION = {
    "stops": "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
    "A,a,22.6,120.3,0,S\nB,b,22.61,120.3,0,\nS,s,22.6,120.3,1,\nE,e,22.6,120.3,2,S\nFAR,f,25.0,121.5,0,\nEND,g,25.1,121.5,0,\n",
    "routes": "route_id,agency_id,route_short_name,route_type\nR,KT,1,3\nQ,TP,2,3\n",
    "agency": "agency_id,agency_name,agency_url,agency_timezone\nKT,K,https://example.org,Asia/Taipei\nTP,T,https://example.org,Asia/Taipei\n",
    "trips": "route_id,service_id,trip_id,shape_id\nR,WD,T1,SH\nR,WD,T2,SH\nQ,WD,T3,SI\n",
    "stop_times": TIMES
    + "T1,08:00:00,08:00:00,A,1\nT1,08:10:00,08:10:00,B,2\nT2,09:00:00,09:00:00,B,1\nT2,12:00:00,12:00:00,FAR,2\n"
    "T3,09:00:00,09:00:00,FAR,1\nT3,09:20:00,09:20:00,END,2\n",
    "shapes": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\nSH,22.6,120.3,1\nSH,25.0,121.5,2\nSI,25.0,121.5,1\nSI,25.1,121.5,2\n",
    "transfers": 'from_stop_id,to_stop_id,transfer_type,note\nA,B,0,"near, here"\nFAR,END,0,there\n',
    "pathways": "pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional\nP,E,A,1,1\n",
    "fare_attributes": "fare_id,price,currency_type,payment_method,transfers,agency_id\nF,20,TWD,0,,KT\nG,20,TWD,0,,TP\n",
    "fare_rules": "fare_id,route_id\nF,R\nG,Q\n",
    "mystery": "a,b\n1,2\n",
}


def test_a_day_of_a_route(tmp_path):
    """Trips, first and last departure, headway and speed of a route are those of its timetable."""
    description = describe_feed(feed_zip(toy(trips=TRIPS, stop_times=HOURLY), tmp_path / "feed.zip"), MONDAY)
    (route,) = description.routes
    assert (route.trips, route.first_departure, route.last_departure) == (13, "07:00:00", "19:00:00")
    assert route.headway_min == pytest.approx(60.0)
    # 0.02 degrees of latitude, 2.22 km, in six minutes
    assert route.speed_kph == pytest.approx(22.2, abs=0.2)
    assert description.agencies == ("Kaohsiung Toy",)
    assert description.routes_by_mode == {"bus": 1}
    assert description.counts == {"stops": 3, "routes": 1, "trips": 13, "stop times": 26}


def test_a_day_without_service_has_no_trips(tmp_path):
    """On a Sunday a week-day feed has no trips and no routes; without a date the busiest day is shown."""
    path = feed_zip(TOY, tmp_path / "feed.zip")
    sunday = describe_feed(path, dt.date(2026, 6, 7))
    assert (sunday.trips_on_day, sunday.routes) == (0, ())
    assert describe_feed(path).date == dt.date(2026, 1, 1)


def test_frequencies_count_every_run(tmp_path):
    """A trip by frequency counts once for every run, with the headway that the feed states."""
    frequencies = "trip_id,start_time,end_time,headway_secs\nT1,06:00:00,09:00:00,600\nT1,09:00:00,10:00:00,1200\n"
    description = describe_feed(feed_zip(toy(frequencies=frequencies), tmp_path / "feed.zip"), MONDAY)
    (route,) = description.routes
    assert route.trips == 18 + 3 + 1
    assert (route.first_departure, route.last_departure) == ("06:00:00", "09:40:00")
    assert route.headway_min == pytest.approx(240 / 21, abs=0.01)


def test_trips_that_cannot_be_measured_are_counted_still(tmp_path):
    """A trip over a stop without a place has no speed, but is a trip of the day."""
    stops = "stop_id,stop_name,stop_lat,stop_lon\nA,a,22.6,120.3\nB,b,,\nC,c,,\n"
    (route,) = describe_feed(feed_zip(toy(stops=stops), tmp_path / "feed.zip"), MONDAY).routes
    assert (route.trips, route.speed_kph) == (2, None)


def test_a_feed_without_service_says_so(tmp_path):
    """Where nothing ever runs there is nothing to describe."""
    path = feed_zip(
        toy(calendar="", calendar_dates="service_id,date,exception_type\nWD,20260101,2\n"), tmp_path / "f.zip"
    )
    with pytest.raises(NothingToShow, match="runs on any date"):
        describe_feed(path)


@pytest.mark.parametrize(
    ("kind", "mode"), [(0, "tram"), (1, "subway"), (3, "bus"), (109, "rail"), (900, "tram"), (-1, "other")]
)
def test_modes_of_plain_and_extended_types(kind, mode):
    """Plain and extended route types have a mode in one word."""
    assert find_mode(kind) == mode


def test_a_clip_keeps_whole_trips_and_what_they_need(tmp_path):
    """Trips that touch the area stay whole, with their stops, stations, shapes, fares and agencies; the rest goes."""
    source, out = feed_zip(toy(**NATION), tmp_path / "nation.zip"), tmp_path / "city.zip"
    counts = clip_feed(source, Area.parse("120.2,22.5,120.4,22.7"), out)
    assert counts == {"trips": (2, 3), "stops": (5, 6), "routes": (1, 2)}
    feed, report = read_feed(out)
    assert feed["stops.txt"]["stop_id"].tolist() == ["A", "B", "S", "E", "FAR"]
    assert feed["agency.txt"]["agency_id"].tolist() == ["KT"]
    assert set(feed["shapes.txt"]["shape_id"].tolist()) == {"SH"}
    assert feed["fare_rules.txt"]["fare_id"].tolist() == feed["fare_attributes.txt"]["fare_id"].tolist() == ["F"]
    assert feed["pathways.txt"]["pathway_id"].tolist() == ["P"]
    assert not [n for n in validate(feed, report) if n.code == "foreign_key_violation"]
    with zipfile.ZipFile(out) as archive:
        # what nobody knows stays as it was
        assert (
            archive.read("transfers.txt").decode()
            == 'from_stop_id,to_stop_id,transfer_type,note\r\nA,B,0,"near, here"\r\n'
        )
        assert archive.read("mystery.txt") == b"a,b\n1,2\n"


def test_a_clip_refuses_what_it_cannot_do(tmp_path):
    """An empty area, a crooked box and the feed itself as output are refused in one line."""
    path = feed_zip(TOY, tmp_path / "feed.zip")
    with pytest.raises(NothingToShow, match="no trip stops within"):
        clip_feed(path, Area.parse("0,0,1,1"), tmp_path / "out.zip")
    with pytest.raises(NothingToShow, match="choose another"):
        clip_feed(path, Area.parse("120,22,121,23"), path)
    for box in ("1,2,3", "a,b,c,d", "2,0,1,1", "0,0,1,91", "nan,0,1,1"):
        with pytest.raises(NothingToShow, match="--bbox"):
            Area.parse(box)


def run(*arguments):
    """The real command, in its own process."""
    code = "import sys; sys.argv[0] = 'changtong'; from api.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "gtfs", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_commands_describe_and_clip(tmp_path):
    """`describe --json` prints JSON alone, and `clip` takes a box with negative degrees."""
    path = feed_zip(TOY, tmp_path / "feed.zip")
    described = run("describe", path, "--json")
    assert (described.returncode, described.stderr) == (0, "")
    document = json.loads(described.stdout)
    assert document["routes"][0]["name"] == "1"
    assert document["trips_on_day"] == 2
    clipped = run("clip", path, "--bbox", "-10,-10,130,30", "--out", tmp_path / "out.zip")
    assert (clipped.returncode, clipped.stderr) == (0, "")
    assert "2 of 2 trips" in clipped.stdout
    assert read_feed(tmp_path / "out.zip")[1].is_usable


def test_the_description_is_readable(tmp_path, capsys):
    """`describe` prints the day and a line a route."""
    assert describe(feed_zip(TOY, tmp_path / "feed.zip"), date="2026-06-01") == 0
    text = capsys.readouterr().out
    assert "2026-06-01 (Monday): 2 trips" in text
    assert text.splitlines()[-1].startswith("1 ")


def test_the_commands_refuse_in_one_line(tmp_path, capsys):
    """A missing feed, a date that is none, an empty area and an output without a folder: one line, exit code 2."""
    path, out = feed_zip(TOY, tmp_path / "feed.zip"), tmp_path / "out.zip"
    for refuse in (
        lambda: describe(tmp_path / "none.zip"),
        lambda: describe(path, date="yesterday"),
        lambda: clip(path, bbox="0,0,1,1", out=out),
        lambda: clip(path, bbox="120,22,121,23", out=tmp_path / "no" / "folder.zip"),
    ):
        assert refuse() == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert len(captured.err.strip().splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize(
    "broken",
    [
        {"trips": "route_id,trip_id\nR,T1\n"},
        {"trips": "service_id,trip_id\nWD,T1\nWD,T2\n"},
        {"routes": "route_short_name\n1\n"},
        {"stops": "stop_id,stop_name\nA,a\nB,b\nC,c\n"},
        {"stop_times": "trip_id,stop_sequence\nT1,1\nT1,2\n"},
        {"agency": "agency_name\nX\n"},
        {"stop_times": ""},
        {"trips": "route_id,service_id,trip_id\nGONE,WD,T1\nR,WD,T2\nR,WD,T2\n"},
    ],
)
def test_broken_feeds_are_described_and_clipped_or_refused(tmp_path, broken):
    """A feed without columns or files that gtfs_kit takes for granted gets an answer or one line, no traceback."""
    path = feed_zip(toy(**broken), tmp_path / "feed.zip")
    for ask in (
        lambda: str(describe_feed(path, MONDAY)),
        lambda: str(clip_feed(path, Area.parse("120,22,121,23"), tmp_path / "out.zip")),
    ):
        try:
            answer = ask()
        except NothingToShow as error:
            answer = str(error)
            assert "\n" not in answer
        assert answer
