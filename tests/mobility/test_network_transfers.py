"""Stops split into copies by the rules of transfers.txt: how many, which, and what becomes of too many."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from gtfs.ingest import read_feed
from mobility.network import transfer_rules
from mobility.network.accessible import with_walking
from mobility.network.build import build_network
from mobility.network.schedule import encode_schedule
from mobility.network.transfers import FORBIDDEN_S, Walking

BART = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "gtfs" / "bart.zip"
HEAD = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# stops.txt
stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station
A,Alpha,0.00,0.00,0,
B,Beta,0.00,0.02,0,
C,Gamma,0.00,0.04,0,
# routes.txt
route_id,agency_id,route_short_name,route_type
R1,X,1,3
R2,X,2,3
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,0,0,1,0,0,0,0,20260701,20260731
"""


def feed_of(trips, *rules):
    """Trips as (id, route), each from A by B to C five minutes after the one before, and rows of transfers.txt."""
    lines = [HEAD + "# trips.txt\nroute_id,service_id,trip_id"]
    lines += [f"{route},W,{trip}" for trip, route in trips]
    lines.append("# stop_times.txt\ntrip_id,stop_id,stop_sequence,arrival_time,departure_time")
    for number, (trip, _) in enumerate(trips):
        for hop, stop in enumerate("ABC"):
            clock = f"{8 + number // 12:02d}:{number % 12 * 5 + hop:02d}:00"
            lines.append(f"{trip},{stop},{hop},{clock},{clock}")
    columns = (
        "from_stop_id,to_stop_id,from_route_id,to_route_id,from_trip_id,to_trip_id,transfer_type,min_transfer_time"
    )
    return "\n".join([*lines, "# transfers.txt", columns, *rules]) + "\n"


def test_rules_for_stops_split_nothing(net):
    """A feed whose rules name stops only has every stop once, and no rule is lost."""
    network = net(feed_of([("t", "R1")], "B,B,,,,,2,300", "B,C,,,,,3,"))
    assert network.network.schedule.stop_ids == ("A", "B", "C")
    assert network.timetable().arrays.change_s[network.stops["B"]] == 300


def test_trips_that_rules_cannot_tell_apart_share_a_copy(net):
    """Rules for each of many trips that say the same make one copy more, not one for each."""
    trips = [(f"t{n}", "R1") for n in range(9)] + [("u", "R2")]
    network = net(feed_of(trips, *(f"B,B,,,t{n},u,2,300" for n in range(9))))
    # people and trips that nobody names, arrivals by t, departures of u
    assert Counter(network.network.schedule.stop_ids) == {"A": 1, "B": 3, "C": 1}
    assert network.timetable().pattern_count == 2


def test_a_rule_that_names_what_the_feed_has_not_concerns_nobody(net):
    """Unknown stops, routes and trips in a rule change nothing and break nothing."""
    rules = "B,B,XX,,,,3,", "B,B,,,,YY,3,", "ZZ,B,,,,,3,", ",,,,t,u,4,"
    network = net(feed_of([("t", "R1"), ("u", "R2")], *rules))
    assert network.timetable().arrays.change_s.tolist() == [120, 120, 120]


def test_type_three_at_one_stop_forbids_every_change_there(net):
    """Where nobody may change, all copies of the stop are alike, but for trips that have a rule of their own."""
    network = net(feed_of([("t", "R1"), ("u", "R2")], "B,B,,,,,3,", "B,B,R1,R2,,,2,60"))
    timetable = network.timetable()
    numbers = network.copies["B"]
    walks = {(a, b): timetable.find_footpath_s(a, b) for a in numbers for b in numbers if a != b}
    assert sorted(s for s in walks.values() if s is not None) == [60]
    assert (timetable.arrays.change_s[list(numbers)] == FORBIDDEN_S).all()


def test_too_many_copies_keep_the_rules_for_routes_and_say_so(net, monkeypatch):
    """Where trips by the dozen have times of their own, the rules for routes are kept and the feed's editor is told."""
    monkeypatch.setattr(transfer_rules, "MOST_COPIES", 4)
    trips = [(f"t{n}", "R1") for n in range(6)] + [("u", "R2")]
    rules = [f"B,B,,,t{n},u,2,{60 * n}" for n in range(6)]
    network = net(feed_of(trips, "B,B,R1,R2,,,2,900", *rules))
    assert len(network.copies["B"]) == 3
    (finding,) = network.network.footpaths.findings
    assert (finding.code, finding.file) == ("changtong_transfer_rules_left_out", "transfers.txt")
    assert "stop B" in finding.message
    timetable = network.timetable()
    times = [timetable.find_footpath_s(a, b) for a in network.copies["B"] for b in network.copies["B"] if a != b]
    assert times.count(900) == 1


def test_another_way_of_walking_keeps_the_numbers_of_stops(net):
    """The network of slower people has the same copies, so that what is known by number holds for both."""
    network = net(feed_of([("t", "R1"), ("u", "R2")], "B,B,R1,R2,,,2,600"), Walking()).network
    slow = with_walking(network, Walking(speed_mps=0.8, max_transfer_s=6000))
    assert slow.schedule is network.schedule
    assert len(slow.footpaths.change_s) == len(network.footpaths.change_s) == 5
    assert len(slow.footpaths.fp_to) > len(network.footpaths.fp_to)


@pytest.mark.skipif(not BART.exists(), reason="the reference feeds are not here")
def test_real_rules_need_few_copies():
    """BART's 37 rows, 31 of them for pairs of routes, split 8 of 50 stops into at most 6 copies and no line in two."""
    feed, _ = read_feed(BART)
    network = build_network(feed)
    counts = Counter(network.schedule.stop_ids)
    assert max(counts.values()) == 6
    assert sum(count > 1 for count in counts.values()) == 8
    groups = np.unique(network.schedule.trip_group)
    assert len(groups) == len(np.unique(encode_schedule(feed).trip_group))
    assert not network.footpaths.findings


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
def test_every_type_at_one_stop(net, kind):
    """Recommended: as any change. Guaranteed: no time. Timed: its time. Forbidden: never."""
    network = net(feed_of([("t", "R1"), ("u", "R2")], f"B,B,R1,R2,,,{kind},{240 if kind == 2 else ''}"))
    timetable = network.timetable()
    times = {timetable.find_footpath_s(a, b) for a in network.copies["B"] for b in network.copies["B"] if a != b}
    assert times >= {0: {120}, 1: {0, 120}, 2: {240, 120}, 3: {None, 120}}[kind]
