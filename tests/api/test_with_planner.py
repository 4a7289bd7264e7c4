"""The API with the real planner behind it: the city that ships, and a feed by its path."""

import datetime as dt

import pytest
from fastapi.testclient import TestClient
from feed_text import feed_zip

from api.app import create_app
from api.settings import Settings

TINY = """
    # agency.txt
    agency_id,agency_name,agency_url,agency_timezone,agency_lang
    A,Tiny Transit,https://tiny.example,America/New_York,en

    # stops.txt
    stop_id,stop_name,stop_lat,stop_lon
    north,North End,40.10,-74.00
    south,South End,40.00,-74.00

    # routes.txt
    route_id,agency_id,route_short_name,route_long_name,route_type,route_color
    T,A,T1,Tiny Tram,0,AA0000

    # calendar.txt
    service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
    D,1,1,1,1,1,1,1,20260301,20260331

    # trips.txt
    route_id,service_id,trip_id,trip_headsign
    T,D,t1,South End
    T,D,night,South End

    # stop_times.txt
    trip_id,arrival_time,departure_time,stop_id,stop_sequence
    t1,10:00:00,10:00:00,north,1
    t1,10:20:00,10:20:00,south,2
    night,24:30:00,24:30:00,north,1
    night,24:50:00,24:50:00,south,2
"""


@pytest.fixture(scope="module")
def kaohsiung(tmp_path_factory):
    """The city that ships."""
    with TestClient(
        create_app(Settings(city="kaohsiung", redis_url="", cache_dir=tmp_path_factory.mktemp("cache")))
    ) as client:
        yield client


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A feed of two stops, by its path."""
    folder = tmp_path_factory.mktemp("tiny")
    path = feed_zip(TINY, folder / "tiny.zip")
    with TestClient(create_app(Settings(city=str(path), redis_url="", cache_dir=folder))) as client:
        yield client


def test_metro_and_light_rail_to_dream_mall(kaohsiung):
    """美麗島 to 夢時代 on a weekday morning is Red Line and light rail, under half an hour, in city time."""
    reply = kaohsiung.get(
        "/api/v6/plan", params={"fromPlace": "美麗島", "toPlace": "夢時代", "time": "2026-11-24T08:00:00+08:00"}
    )
    journey = reply.json()["itineraries"][0]
    assert [leg["mode"] for leg in journey["legs"] if "tripId" in leg] == ["SUBWAY", "TRAM"]
    assert journey["startTime"].startswith("2026-11-24T08:")
    assert journey["startTime"].endswith("+08:00")
    assert journey["duration"] < 1800


@pytest.mark.parametrize(("text", "language"), [("夢時代", "zh-TW"), ("dream mall", "en"), ("C5", "zh-TW")])
def test_geocoding_in_two_languages(kaohsiung, text, language):
    """The light rail stop is the first answer to its Chinese name, its English name and its code."""
    found = kaohsiung.get("/api/v1/geocode", params={"text": text, "language": language}).json()[0]
    assert found["stopCode"] == "C5"
    assert found["name"] == {"zh-TW": "夢時代", "en": "Dream Mall"}[language]


def test_the_map_has_every_rail_line_and_station(kaohsiung):
    """Three rail lines with colours, and their 77 stations told apart from bus stops."""
    lines = [f["properties"] for f in kaohsiung.get("/api/v1/lines").json()["features"]]
    assert sorted(line["mode"] for line in lines if line["mode"] != "BUS") == ["SUBWAY", "SUBWAY", "TRAM"]
    stops = [f["properties"] for f in kaohsiung.get("/api/v1/stops").json()["features"]]
    assert sum(stop["isStation"] for stop in stops) == 77


def test_every_station_reaches_the_centre(kaohsiung):
    """A city's own stops are all places to start from."""
    stops = [f["properties"] for f in kaohsiung.get("/api/v1/stops").json()["features"] if f["properties"]["isStation"]]
    for stop in stops[::7]:
        query = {
            "fromPlace": stop["id"],
            "toPlace": "KRTC-R10",
            "time": "2026-11-24T09:00:00+08:00",
            "detailedLegs": "false",
        }
        reply = kaohsiung.get("/api/v5/plan", params=query)
        assert reply.status_code == 200
        assert reply.json()["itineraries"] or reply.json()["direct"], stop


def test_a_feed_by_its_path(tiny):
    """Any city's feed is served; times cross the change to summer time at the right instant."""
    reply = tiny.get(
        "/api/v6/plan", params={"fromPlace": "north", "toPlace": "South End", "time": "2026-03-08T09:30:00-04:00"}
    )
    journey = reply.json()["itineraries"][0]
    assert dt.datetime.fromisoformat(journey["startTime"]) == dt.datetime(2026, 3, 8, 14, tzinfo=dt.UTC)
    assert journey["legs"][-1]["routeColor"] == "AA0000"
    assert tiny.get("/api/v1/map/initial").json()["city"]["name"] == "Tiny Transit"


def test_after_midnight_belongs_to_the_evening_before(tiny):
    """A trip at 24:30 leaves at half past midnight of the next day."""
    reply = tiny.get(
        "/api/v6/plan", params={"fromPlace": "north", "toPlace": "south", "time": "2026-03-11T00:10:00-04:00"}
    )
    assert reply.json()["itineraries"][0]["startTime"] == "2026-03-11T00:30:00-04:00"


def test_outside_the_calendar_is_told(tiny):
    """The refusal names the parameter and the days that are covered."""
    reply = tiny.get("/api/v6/plan", params={"fromPlace": "north", "toPlace": "south", "time": "2026-04-20T10:00:00Z"})
    assert reply.status_code == 404
    assert "2026-03-31" in reply.json()["detail"]
    assert reply.json()["errors"][0]["parameter"] == "time"


def test_pages_of_a_city_neither_lose_nor_repeat(kaohsiung):
    """Six pages of five are one page of thirty: the same journeys by their ids, through the cursors of the replies."""
    query = {"fromPlace": "KRTC-R10", "toPlace": "C5", "time": "2026-11-24T22:30:00+08:00", "detailedLegs": "false"}
    pages, cursor = [], None
    for _ in range(6):
        reply = kaohsiung.get("/api/v6/plan", params=query | ({"pageCursor": cursor} if cursor else {})).json()
        pages += [journey["id"] for journey in reply["itineraries"]]
        cursor = reply["nextPageCursor"]
    whole = kaohsiung.get("/api/v6/plan", params=query | {"numItineraries": len(pages)}).json()
    assert [journey["id"] for journey in whole["itineraries"]] == pages
    assert len(set(pages)) == len(pages) >= 30


def test_few_options_of_a_city_with_fares(kaohsiung):
    """At most five, each with a reason and a price, the earliest first."""
    query = {"fromPlace": "美麗島", "toPlace": "夢時代", "time": "2026-11-24T08:00:00+08:00", "options": "true"}
    options = kaohsiung.get("/api/v6/plan", params=query | {"withFares": "true"}).json()["options"]
    assert 2 <= len(options) <= 5
    assert options[0]["reasons"][0] == "earliest_arrival"
    assert all(option["reasons"] and option["costs"]["price"] > 0 for option in options)
    assert any("fareTransfers" in option["itinerary"] for option in options)


def test_a_place_in_the_sea_is_refused_by_its_parameter(kaohsiung):
    """Who stands in the strait is told the nearest stop and how far it is."""
    reply = kaohsiung.get(
        "/api/v6/plan", params={"fromPlace": "22.10,119.50", "toPlace": "C5", "time": "2026-11-24T08:00"}
    )
    assert reply.status_code == 422
    (error,) = reply.json()["errors"]
    assert error["parameter"] == "fromPlace"
    assert "no stop within an hour's walk of 22.10,119.50; the nearest is" in error["message"]


def test_a_page_beyond_the_timetable_is_refused_by_its_parameter(tiny):
    """The cursor behind the last page names the timetable and the day it ended."""
    query = {"fromPlace": "north", "toPlace": "south", "time": "2026-03-31T10:10:00-04:00"}
    cursor = tiny.get("/api/v6/plan", params=query).json()["nextPageCursor"]
    reply = tiny.get("/api/v6/plan", params=query | {"pageCursor": cursor})
    assert reply.status_code == 404
    assert reply.json()["errors"][0]["parameter"] == "pageCursor"
    assert "Tiny Transit ended on 2026-03-31" in reply.json()["detail"]
