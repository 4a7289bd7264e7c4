"""Journeys along real streets: doors, changes and whole walks, and what happens where streets end or are broken."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from feed_text import feed_folder
from street_town import Town

from api.cli import app
from mobility.itinerary import format_itinerary
from mobility.model import Coordinate, Mode, Place
from mobility.planner.request import Ways
from mobility.service import JourneyPlanner, PlanRequest, open_streets

LAT, LON = 22.63, 120.30
METRE = 1 / 111_195
AT = dt.datetime(2026, 7, 15, 8, 0, tzinfo=ZoneInfo("Asia/Taipei"))


def at(east_m, north_m):
    """A point from the corner of the town."""
    from math import cos, radians

    return Coordinate(LAT + north_m * METRE, LON + east_m * METRE / cos(radians(LAT)))


def streets():
    """Two long roads either side of a river, 100 m apart, with one bridge 600 m to the east; then a road north."""
    town = Town()
    for east in range(0, 700, 100):
        town.node(f"s{east}", east, 0).node(f"n{east}", east, 100)
    town.node("far", 0, 3000)
    town.way(" ".join(f"s{east}" for east in range(0, 700, 100)), name="South Bank")
    town.way(" ".join(f"n{east}" for east in range(0, 700, 100)), name="North Bank")
    town.way("s600 n600", name="Bridge")
    town.way("n0 far", name="North Road")
    return town


def feed(stops):
    """One line from X to A, and another from B to C, at places of the town."""
    rows = "\n".join(f"    {name},{name},{where.lat:.6f},{where.lon:.6f}" for name, where in stops.items())
    return f"""
    # agency.txt
    agency_id,agency_name,agency_url,agency_timezone,agency_lang
    X,Example,https://example.org,Asia/Taipei,en
    # stops.txt
    stop_id,stop_name,stop_lat,stop_lon
{rows}
    # routes.txt
    route_id,agency_id,route_short_name,route_type
    R,X,R,3
    Q,X,Q,3
    # calendar.txt
    service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
    W,1,1,1,1,1,1,1,20260701,20260731
    # trips.txt
    route_id,service_id,trip_id
    R,W,r
    Q,W,q1
    Q,W,q2
    # stop_times.txt
    trip_id,arrival_time,departure_time,stop_id,stop_sequence
    r,08:20:00,08:20:00,X,1
    r,08:30:00,08:30:00,A,2
    q1,08:35:00,08:35:00,B,1
    q1,08:45:00,08:45:00,C,2
    q2,08:50:00,08:50:00,B,1
    q2,09:00:00,09:00:00,C,2
"""


# A and B face each other across the river; C is far in the north, X at the western end of the south
STOPS = {"X": at(5, 0), "A": at(200, 0), "B": at(200, 100), "C": at(0, 2900)}


@pytest.fixture
def build(tmp_path):
    """A planner of the town, with its streets or without."""

    def make(stops=STOPS, *, along_streets=True):
        path = streets().write(tmp_path / "town.osm.pbf")
        router = open_streets(path) if along_streets else None
        return JourneyPlanner.open_feed(feed_folder(feed(stops), tmp_path / "feed"), streets=router)

    return make


def plan(planner, start, end, **facts):
    """The journeys of two hours."""
    return planner.plan(PlanRequest(start, end, AT, itineraries=None, window_s=7200, asked_at=AT, **facts))


def test_a_change_across_the_river_goes_over_the_bridge(build):
    """A crow changes in two minutes and catches the first Q; on foot it is 900 m, more than a change may last."""
    far = STOPS | {"X": at(-8000, 0)}
    as_the_crow_flies, on_foot = build(far, along_streets=False), build(far)
    crow = plan(as_the_crow_flies, as_the_crow_flies.find_place("X"), as_the_crow_flies.find_place("C"))
    assert [leg.ride.trip_id for leg in crow.itineraries[0].legs if leg.ride] == ["r", "q1"]
    assert any(notice.code == "straight_walks" for notice in crow.notices)
    walked = plan(on_foot, on_foot.find_place("X"), on_foot.find_place("C"))
    assert not [j for j in walked.itineraries if [leg.ride.trip_id for leg in j.legs if leg.ride] == ["r", "q1"]]


def test_doors_are_reached_along_streets(build):
    """From a house on the south bank to the stop on the north bank: by the bridge, with instructions and a line."""
    planner = build()
    journey = plan(planner, Place("home", at(300, 5)), planner.find_place("C"), max_walk_s=1800).itineraries[0]
    walk = journey.legs[0]
    assert walk.mode is Mode.WALK
    assert walk.end.stop_id == "B"
    # 5 m to the street, 300 + 100 + 400 m
    assert walk.distance_m == pytest.approx(805, abs=5)
    assert walk.arrival_s - walk.departure_s == pytest.approx(805 / 1.33, abs=6)
    assert [step.name for step in walk.steps] == ["South Bank", "Bridge", "North Bank"]
    assert len(walk.geometry) > 4
    assert not walk.is_straight
    assert format_itinerary(journey).startswith("Walk 10m")


def test_walking_all_the_way_is_along_streets(build):
    """Across the river from house to house: 10 minutes, not one."""
    result = plan(build(), Place("here", at(300, 3)), Place("there", at(300, 97)))
    assert result.direct[0].legs[0].distance_m == pytest.approx(700, abs=15)


def test_own_bicycle_and_car_use_streets(build):
    """By bicycle and by car from door to door, both over the bridge."""
    ways = Ways(direct=frozenset({Mode.WALK, Mode.BIKE, Mode.CAR}))
    result = plan(build(), Place("here", at(300, 3)), Place("there", at(300, 97)), ways=ways)
    assert {journey.legs[0].mode for journey in result.direct} == {Mode.WALK, Mode.BIKE, Mode.CAR}
    assert all(journey.legs[0].distance_m == pytest.approx(700, abs=20) for journey in result.direct)


def test_a_stop_at_no_street_is_reported_and_not_lost(build):
    """A stop 400 m off every street, within the extract: a notice names it, vehicles still call there."""
    planner = build(STOPS | {"B": at(300, 550)})
    told = [notice.message for notice in planner.report.notices if notice.code == "changtong_stop_without_street"]
    assert len(told) == 1
    assert told[0].startswith("B is at no street")
    found = plan(planner, planner.find_place("B"), planner.find_place("C")).itineraries
    assert [leg.ride.trip_id for leg in found[0].legs if leg.ride] == ["q1"]


def test_beyond_the_extract_ways_are_straight_and_say_so(build):
    """A house 6 km outside: the walk to the stop is a straight line, and the answer tells it."""
    planner = build(STOPS | {"X": at(-8000, 0)})
    result = plan(planner, Place("out", at(-8200, 0)), planner.find_place("A"))
    assert result.itineraries[0].legs[0].is_straight
    assert any(notice.code == "straight_walks" for notice in result.notices)
    inside = plan(planner, Place("home", at(300, 5)), planner.find_place("C"), max_walk_s=1800)
    assert not any(leg.is_straight for journey in inside.itineraries for leg in journey.legs)


def test_wheelchairs_do_not_take_stairs(tmp_path):
    """With the bridge a flight of stairs, somebody in a wheelchair does not get across."""
    town = streets()
    for way, (nodes, tags) in town.ways.items():
        if tags.get("name") == "Bridge":
            town.ways[way] = nodes, {"highway": "steps", "name": "Bridge"}
    router = open_streets(town.write(tmp_path / "steps.osm.pbf"))
    planner = JourneyPlanner.open_feed(feed_folder(feed(STOPS), tmp_path / "feed"), streets=router)
    # so far south that no place of the other bank is within reach of a link
    request = PlanRequest(Place("home", at(300, -120)), planner.find_place("C"), AT, max_walk_s=3600, asked_at=AT)
    assert planner.plan(request).itineraries
    rolling = replace(request, needs=replace(request.needs, wheelchair=True))
    assert not [format_itinerary(j) for j in planner.plan(rolling).itineraries]


def test_an_extract_that_was_cut_is_told_in_one_line(tmp_path, capsys):
    """Half a file: exit code 2, the file and the remedy, no traceback."""
    whole = streets().write(tmp_path / "town.osm.pbf").read_bytes()
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(whole[: len(whole) // 2])
    folder = feed_folder(feed(STOPS), tmp_path / "feed")
    code = app(
        ["plan", "X", "C", "--gtfs", str(folder), "--streets", str(cut), "--at", AT.isoformat()],
        result_action="return_value",
    )
    assert code == 2
    told = capsys.readouterr().err.strip()
    assert told.startswith("error: ")
    assert "cut.osm.pbf" in told
    assert "\n" not in told
