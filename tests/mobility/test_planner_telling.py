"""What a journey tells of its vehicles, and who can use them."""

import datetime as dt

import pytest

from mobility.network.needs import Needs
from mobility.planner.engine import Engine
from mobility.planner.query import Query

FEED = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# stops.txt
stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,wheelchair_boarding
A,Alpha,0.000,0.000,0,,
S,Beta Station,0.000,0.020,1,,2
B,Beta,0.000,0.020,0,S,
B1,Beta One,0.000,0.0201,0,S,1
C,Gamma,0.000,0.040,0,,0
D,Delta,0.000,0.060,0,,1
# routes.txt
route_id,route_short_name,route_type
R1,1,3
R2,2,0
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,0,0,1,1,0,0,0,20260701,20260731
# trips.txt
route_id,service_id,trip_id,block_id,wheelchair_accessible,bikes_allowed,trip_headsign
R1,W,t1,b,2,1,Gamma
R2,W,t2,b,0,,Delta
R1,W,t3,,1,2,Gamma
R1,W,t4,,0,0,Beta
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type
t1,08:00:00,08:00:00,A,1,2,1
t1,08:10:00,08:11:00,B,2,,
t1,08:20:00,08:20:00,C,3,1,3
t2,08:21:00,08:21:00,C,1,3,1
t2,08:30:00,08:30:00,D,2,1,2
t3,09:00:00,09:00:00,A,1,,
t3,09:10:00,09:11:00,B,2,,
t3,09:20:00,09:20:00,C,3,,
t4,06:00:00,06:00:00,A,1,,
t4,06:10:00,06:10:00,B1,2,,
# frequencies.txt
trip_id,start_time,end_time,headway_secs,exact_times
t4,10:00:00,11:00:00,600,0
t4,11:00:00,12:00:00,900,1
t4,23:00:00,25:00:00,1200,
"""


def journey(net, start, end, at, date="2026-07-15"):
    """The first answer."""
    return net.itineraries(start, end, at, date)[0]


def lines_for(net, needs, start, end, at):
    """Answers to somebody with needs."""
    timetable = net.network.build_timetable(dt.date(2026, 7, 15), needs=needs)
    engine = Engine(timetable)
    origin, target = net.stops[start], net.stops[end]
    query = Query(*engine.stop_to_stop(origin, target), at, origin=origin, target=target)
    return [(path.departure_s, path.arrival_s) for path in engine.find_paths(query)]


def test_doors_tell_how_they_open(net):
    """By phone, by asking the driver: told where one gets in and where one gets out, not where one stays seated."""
    first, second = journey(net(FEED), "A", "D", "07:55").legs
    assert (first.pickup_type, first.drop_off_type) == (2, 0)
    assert (second.stays_aboard, second.pickup_type, second.drop_off_type) == (True, 0, 2)
    (alone,) = journey(net(FEED), "A", "C", "07:55").legs
    assert (alone.pickup_type, alone.drop_off_type) == (2, 3)


def test_legs_of_one_vehicle_meet(net):
    """Each leg has its own line, headsign, calls and piece of the map."""
    itinerary = journey(net(FEED), "A", "D", "07:55")
    first, second = itinerary.legs
    assert (first.ride.short_name, first.ride.headsign, second.ride.trip_id) == ("1", "Gamma", "t2")
    assert [call.place.stop_id for call in first.calls] == ["B"]
    assert (first.end, first.arrival_s) == (second.start, second.departure_s - 60)
    assert first.geometry[-1] == second.geometry[0] == first.end.at
    assert (itinerary.transfers, second.calls) == (0, ())


def test_vehicles_tell_whom_they_take(net):
    """wheelchair_accessible and bikes_allowed as in trips.txt, 0 where it says nothing."""
    rides = [leg.ride for leg in journey(net(FEED), "A", "D", "07:55").legs]
    assert [(ride.wheelchair_accessible, ride.bikes_allowed) for ride in rides] == [(2, 1), (0, 0)]


@pytest.mark.parametrize(
    ("at", "date", "headway_s"),
    [("10:05", "2026-07-15", 600), ("11:05", "2026-07-15", 0), ("24:15", "2026-07-15", 1200),
     ("00:15", "2026-07-16", 1200), ("08:55", "2026-07-15", 0)],
)  # fmt: skip
def test_a_headway_is_told_where_times_are_examples(net, at, date, headway_s):
    """About every so many minutes, on the day before's clock too; not for exact headways and timetables."""
    end = "B" if at == "08:55" else "B1"
    assert journey(net(FEED), "A", end, at, date).legs[0].ride.headway_s == headway_s


def test_a_wheelchair_is_kept_from_what_is_known_to_be_closed(net):
    """A trip that takes none and a platform of a station without access fall out, what nobody states stays."""
    network = net(FEED)
    wheelchair = Needs(wheelchair=True)
    assert lines_for(network, Needs(), "A", "C", 28_800) == [(28_800, 30_000)]
    assert lines_for(network, wheelchair, "A", "C", 28_800) == [(28_800, 33_600)]
    assert lines_for(network, wheelchair, "A", "B", 28_800) == []
    assert lines_for(network, wheelchair, "B", "C", 28_800) == []
    assert lines_for(network, wheelchair, "C", "D", 28_800) == [(28_800, 30_600)]
    assert lines_for(network, wheelchair, "A", "B1", 28_800) != []


def test_a_bicycle_goes_where_it_is_known_to_be_allowed(net):
    """Only trips with bikes_allowed 1, and no staying aboard into another."""
    network = net(FEED)
    bicycle = Needs(bicycle=True)
    assert lines_for(network, bicycle, "A", "C", 28_800) == [(28_800, 30_000)]
    assert lines_for(network, bicycle, "A", "C", 28_801) == []
    assert lines_for(network, bicycle, "A", "D", 28_800) == []
    assert lines_for(network, bicycle, "A", "B1", 36_000) == []
