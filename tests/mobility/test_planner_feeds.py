"""Several feeds in one planner: opened with commas, planned across, built into a network."""

import datetime as dt
import json
import os
from zoneinfo import ZoneInfo

import pytest
from feed_text import feed_folder, feed_zip
from toy_feed import toy

from api.cli import app
from gtfs.ingest import FeedUnreadable
from mobility.itinerary import format_itinerary
from mobility.planner.request import PlanRequest
from mobility.service import JourneyPlanner

NORTH = """
# agency.txt
agency_name,agency_url,agency_timezone
North,https://n.org,Europe/Berlin
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
1,Hill,53.000,8.000
2,Gate,53.100,8.000
# routes.txt
route_id,route_short_name,route_type
R,N,3
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
D,1,1,1,1,1,1,1,20260101,20261231
# trips.txt
route_id,service_id,trip_id
R,D,t
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
t,08:00:00,08:00:00,1,1
t,08:20:00,08:20:00,2,2
# fare_attributes.txt
fare_id,price,currency_type,payment_method,transfers
F,3,EUR,0,0
"""
SOUTH = (
    NORTH.replace("Europe/Berlin", "Europe/London")
    .replace("North", "South")
    .replace("2,Gate,53.100", "2,Gate South,53.1001")
    .replace("1,Hill,53.000", "1,Lake,53.200")
    .replace("R,N,3", "R,S,3")
    .replace("t,08:00:00,08:00:00,1,1\nt,08:20:00,08:20:00,2,2", "t,07:30:00,07:30:00,2,1\nt,07:50:00,07:50:00,1,2")
    .replace("F,3,EUR", "F,2,EUR")
)
ACROSS = "Hill ~ BUS N 08:00 08:20 ~ Gate ~ Walk 2m ~ Gate South ~ BUS S 08:30 08:50 ~ Lake [08:00 08:50 50m Tx1 €5]"


@pytest.fixture
def source(tmp_path):
    """Two feeds of one place with the same ids, on clocks an hour apart."""
    return f"n={feed_folder(NORTH, tmp_path / 'north')},s={feed_zip(SOUTH, tmp_path / 'south.zip')}"


def lines(planner, start, end, hour=7):
    """Journeys on 2026-07-15, in the notation."""
    at = dt.datetime(2026, 7, 15, hour, tzinfo=ZoneInfo(planner.timezone))
    result = planner.plan(PlanRequest(planner.find_place(start), planner.find_place(end), at, itineraries=1))
    return [format_itinerary(itinerary) for itinerary in result.itineraries]


def test_one_changes_between_feeds_on_foot_and_pays_both(source):
    """Ids that both feeds have stay apart, each bus runs by its own clock, each fare is of its own feed's ride."""
    planner = JourneyPlanner.open(source)
    assert lines(planner, "n:1", "s:1") == [ACROSS]
    assert {place.stop_id for place in planner.stops()} == {"n:1", "n:2", "s:1", "s:2"}
    assert "changtong_merged_timezones" in [notice.code for notice in planner.report]


def test_the_order_of_feeds_changes_the_clock_and_no_answer(source):
    """With the other feed first times are told on its clock; they are the same instants."""
    turned = JourneyPlanner.open(",".join(reversed(source.split(","))))
    assert (turned.timezone, lines(turned, "n:1", "s:1", hour=6)) == (
        "Europe/London",
        [ACROSS.replace("08:", "07:")],
    )


def test_the_commands_take_several_feeds(source, tmp_path, capsys):
    """`plan --gtfs A --gtfs B`, and a network of both; the network answers the same and knows that a feed changed."""
    ask = ["plan", "n:1", "s:1", "--at", "2026-07-15T07:00", "--itineraries", "1"]
    several = [word for path in source.split(",") for word in ("--gtfs", path)]
    assert app([*ask, *several], result_action="return_value") == 0
    planned = capsys.readouterr().out
    assert ACROSS in planned.splitlines()
    root = tmp_path / "network"
    build = ["network", "build", source, "--out", str(root), "--from", "2026-07-15", "--days", "2"]
    assert app(build, result_action="return_value") == 0
    capsys.readouterr()
    assert app([*ask, "--network", str(root)], result_action="return_value") == 0
    assert capsys.readouterr().out == planned
    os.utime(tmp_path / "south.zip", (0, 0))  # the same bytes: not changed
    assert app(["network", "info", str(root), "--json"], result_action="return_value") == 0
    assert json.loads(capsys.readouterr().out)["staleness"] == ""
    feed_zip(SOUTH.replace("07:50", "07:55"), tmp_path / "south.zip")
    assert app(["network", "info", str(root), "--json"], result_action="return_value") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["source"]["reference"] == source
    assert f"network build {source} --out {root}" in facts["staleness"]


def test_a_network_of_several_feeds_has_their_names(tmp_path, monkeypatch, capsys):
    """Where nothing is said it is written to build/TAG+TAG-network."""
    one, two = feed_zip(toy(), tmp_path / "one.zip"), feed_zip(toy(), tmp_path / "two.zip")
    monkeypatch.chdir(tmp_path)
    words = ["network", "build", f"{one},{two}", "--from", "2026-07-15", "--days", "1"]
    assert app(words, result_action="return_value") == 0
    assert "build/one+two-network" in capsys.readouterr().out


def test_what_cannot_be_opened_is_named(tmp_path, capsys):
    """A missing feed and two of one name: one line each, in the planner and on the command line."""
    one = feed_zip(toy(), tmp_path / "one.zip")
    with pytest.raises(FeedUnreadable, match=r"none\.zip: no such file"):
        JourneyPlanner.open(f"{one},{tmp_path / 'none.zip'}")
    for words in (["plan", "A", "B", "--gtfs", f"{one},{one}"], ["network", "build", f"{one},{one}"]):
        assert app(words, result_action="return_value") == 2
        told = capsys.readouterr().err
        assert "both called one" in told
        assert told.count("\n") == 1
