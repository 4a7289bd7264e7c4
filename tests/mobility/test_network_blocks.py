"""Which trips of a date one vehicle makes, and what its runs are made of."""

import datetime as dt

import numpy as np
import pytest

from mobility.network import stays
from mobility.network.blocks import read_stay_rules
from mobility.network.graph import build_graph

FEED = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,0.000,0.000
B,Beta,0.000,0.020
C,Gamma,0.000,0.040
# routes.txt
route_id,route_short_name,route_type
R1,1,0
R2,2,0
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,0,0,1,0,0,0,0,20260701,20260731
V,0,0,0,1,0,0,0,20260701,20260731
U,0,0,1,1,0,0,0,20260701,20260731
# trips.txt
route_id,service_id,trip_id,block_id,trip_headsign
R1,W,t1,b,Round
{second}
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
t1,08:00:00,08:00:00,A,1
t1,08:10:00,08:12:00,B,2
t2,{start},{start},{stop},1
t2,08:20:00,08:20:00,{end},2
t2,08:25:00,08:25:00,A,3
# transfers.txt
from_stop_id,to_stop_id,from_trip_id,to_trip_id,transfer_type
{transfer}
# frequencies.txt
trip_id,start_time,end_time,headway_secs
{frequency}
"""
GOOD = {"second": "R1,W,t2,b,Round", "start": "08:11:00", "stop": "B", "end": "C", "transfer": "", "frequency": ""}


def chains(timetable):
    """Trips that one rides through, by number, boarding the first of them at its first stop."""
    found = set()
    for trip in range(timetable.trip_count):
        last = len(timetable.list_times_of(trip)[0]) - 1
        found.add(tuple(part.feed_trip for part in timetable.list_parts(trip, 0, last)))
    return found


@pytest.mark.parametrize(
    "fact",
    [
        {},
        {"second": "R2,W,t2,b,Depot"},
        {"second": "R2,U,t2,b,"},
        {"second": "R2,W,t2,,", "transfer": "B,B,t1,t2,4"},
        {"second": "R2,W,t2,,", "transfer": "B,C,t1,t2,4", "stop": "C", "end": "B"},
        {"second": "R2,W,t2,c,", "transfer": "B,B,t1,t2,4"},
        {"start": "08:10:00"},
    ],
)
def test_where_a_vehicle_goes_on_one_rides_through(net, fact):
    """In a block at one stop, whatever the line or the service, and by a row of type 4 anywhere."""
    assert chains(net(FEED.format(**(GOOD | fact))).timetable()) == {(0, 1), (1,)}


@pytest.mark.parametrize(
    "fact",
    [
        {"second": "R1,V,t2,b,Round"},
        {"second": "R1,W,t2,c,Round"},
        {"second": "R1,W,t2,,Round"},
        {"start": "08:09:00"},
        {"stop": "C", "end": "B"},
        {"transfer": "B,B,t1,t2,5"},
        {"transfer": "B,B,t1,t2,4\nB,B,t1,t2,5"},
        {"frequency": "t2,08:00:00,09:00:00,600"},
        {"transfer": "B,B,t1,nobody,4", "second": "R1,W,t2,,Round"},
    ],
)
def test_where_it_does_not_one_gets_off(net, fact):
    """Another day, block or stop, an overlap, a rule against it, a trip by headway, a rule about no trip."""
    parts = chains(net(FEED.format(**(GOOD | fact))).timetable())
    assert parts <= {(0,), (1,)}
    assert (0,) in parts


def test_rows_are_those_of_both_trips(net):
    """Where both call at one stop that is one call; doors open to get in as long as the vehicle is on its own trip."""
    timetable = net(FEED.format(**GOOD)).timetable()
    trip = timetable.trips.feed_trip.tolist().index(0)
    pattern, _ = timetable.get_pattern_of(trip)
    a = timetable.arrays
    span = slice(a.pat_off[pattern], a.pat_off[pattern + 1])
    assert timetable.list_stops_of(pattern) == [0, 1, 2, 0]
    assert timetable.list_times_of(trip) == ([28_800, 29_400, 30_000, 30_300], [28_800, 29_460, 30_000, 30_300])
    assert a.may_board[span].tolist() == [1, 0, 0, 0]
    assert a.may_alight[span].tolist() == [1, 1, 1, 1]
    assert timetable.count_own_positions(trip) == 2


def test_a_trip_between_that_is_not_asked_for_parts_its_neighbours(net):
    """What a vehicle does between is known even where its line is filtered out."""
    text = FEED.format(**GOOD | {"second": "R2,W,t2,b,\nR1,W,t3,b,"}).replace(
        "t2,08:25:00,08:25:00,A,3", "t2,08:30:00,08:30:00,B,3\nt3,08:31:00,08:31:00,B,1\nt3,08:40:00,08:40:00,A,2"
    )
    network = net(text)
    assert chains(network.timetable()) == {(0, 1, 2), (1, 2), (2,)}
    only = network.network.build_timetable(network.timetable().service_date, np.array([1, 0]))
    assert chains(only) == {(0,), (2,)}


def test_trips_of_one_way_share_a_pattern(net):
    """Two vehicles that do the same stand in one pattern; the one that goes on elsewhere has its own."""
    more = "R1,W,t2,b,\nR1,W,t3,d,\nR1,W,t4,d,\nR1,W,t5,e,\nR1,W,t6,,"
    times = (
        "t2,08:25:00,08:25:00,A,3\nt3,09:00:00,09:00:00,A,1\nt3,09:10:00,09:10:00,B,2\n"
        "t4,09:11:00,09:11:00,B,1\nt4,09:20:00,09:20:00,C,2\nt4,09:25:00,09:25:00,A,3\n"
        "t5,10:00:00,10:00:00,A,1\nt5,10:10:00,10:10:00,B,2"
    )
    timetable = net(FEED.format(**GOOD | {"second": more}).replace("t2,08:25:00,08:25:00,A,3", times)).timetable()
    runs_of = [timetable.trips.feed_trip.tolist().index(trip) for trip in (0, 2, 4)]
    patterns = [timetable.get_pattern_of(run)[0] for run in runs_of]
    assert patterns[0] == patterns[1] != patterns[2]


def test_a_divided_train_is_a_run_for_each_portion(net):
    """Several rows of type 4 from one trip: one may ride into every portion, four at most."""
    second = "\n".join(f"R2,W,t{n},," for n in range(2, 8))
    rows = "\n".join(f"B,B,t1,t{n},4" for n in range(2, 8))
    times = "\n".join(f"t{n},08:11:00,08:11:00,B,1\nt{n},08:2{n}:00,08:2{n}:00,C,2" for n in range(3, 8))
    text = FEED.format(**GOOD | {"second": second, "transfer": rows}).replace(
        "# transfers.txt", f"{times}\n# transfers.txt"
    )
    assert {chain for chain in chains(net(text).timetable()) if chain[0] == 0} == {(0, n) for n in range(1, 5)}


def test_a_late_vehicle_takes_its_delay_along(net):
    """Where the first trip ends after the second should have left, the second leaves as the vehicle arrives."""
    network = net(FEED.format(**GOOD)).network
    schedule = network.schedule
    runs = stays.Runs(*(np.array(column) for column in ([0, 1], [0, 0], [0, 1], [0, 0])))
    links = stays.link_runs(network.stay_rules, schedule, runs)
    late = schedule.row_arr.copy(), schedule.row_dep.copy()
    for times in late:
        times[1] += 300
    schedule = type(schedule)(
        **{name: getattr(schedule, name) for name in schedule.__slots__}
        | dict(zip(("row_arr", "row_dep"), late, strict=True))
    )
    rows, runs, _ = stays.keep_aboard(schedule, runs, links)
    span = slice(rows.row_off[runs.trip[0]], rows.row_off[runs.trip[0] + 1])
    # 08:15 instead of 08:10, so that the trip of 08:11 is four minutes late
    assert rows.row_arr[span].tolist() == [28_800, 29_700, 30_240, 30_540]
    assert rows.row_dep[span].tolist() == [28_800, 29_700, 30_240, 30_540]


def test_a_feed_without_blocks_has_no_rules(net):
    """What nobody says costs nothing."""
    network = net(FEED.format(**GOOD | {"second": "R1,W,t2,,"}).replace("t1,b,", "t1,,")).network
    rules = read_stay_rules(network.feed, network.schedule)
    assert [len(column) for column in rules] == [0, 0, 0, 0]


def test_one_ride_calls_where_the_trips_meet(net):
    """What is told as one ride calls at every stop between, and its line has no gap."""
    (journey,) = net(FEED.format(**GOOD)).itineraries("A", "C", "08:00")
    (leg,) = journey.legs
    assert [(call.place.stop_id, call.arrival_s, call.departure_s) for call in leg.calls] == [("B", 29_400, 29_460)]
    assert (leg.start.stop_id, leg.end.stop_id, leg.ride.trip_id, journey.transfers) == ("A", "C", "t1", 0)
    assert [point.lon for point in leg.geometry] == [0.0, 0.02, 0.02, 0.04]


def test_a_graph_counts_every_run_once(net):
    """What a vehicle does after its trip is drawn by the next trip's own run."""
    network = net(FEED.format(**GOOD))
    parts = network.reconstructor.places, network.reconstructor.routes
    graph = build_graph(network.network, network.timetable(), *parts)
    rides = {(a, b): data["runs"] for a, b, data in graph.edges(data=True) if data["kind"] == "ride"}
    assert rides == {("A", "B"): 1, ("B", "C"): 1, ("C", "A"): 1}


def test_a_day_without_runs_has_no_stays(net):
    """Every line filtered out, or a day without service: an empty timetable, not a failure."""
    network = net(FEED.format(**GOOD)).network
    day = dt.date(2026, 7, 15)
    assert network.build_timetable(day, np.array([0, 0])).trip_count == 0
    assert network.build_timetable(day + dt.timedelta(2)).trip_count == 0


def test_chains_are_filled_the_same_without_numba(net, monkeypatch):
    """Compiled, and the same source as plain Python."""
    network = net(FEED.format(**GOOD))
    compiled = network.timetable().arrays
    for name in ("measure_rows", "fill_rows"):
        monkeypatch.setattr(stays, name, getattr(stays, name).py_func)
    for one, other in zip(compiled, network.timetable().arrays, strict=True):
        assert np.array_equal(one, other)
