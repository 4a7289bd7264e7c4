"""Where riders stay aboard from one trip to the next."""

import pytest

from mobility.network.blocks import find_next_trips

FEED = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,0.000,0.000
B,Beta,0.000,0.020
# routes.txt
route_id,route_short_name,route_type
R1,1,0
R2,2,0
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,0,0,1,0,0,0,0,20260701,20260731
V,0,0,0,1,0,0,0,20260701,20260731
# trips.txt
route_id,service_id,trip_id,block_id,trip_headsign
R1,W,t1,b,Round
{second}
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
t1,08:00:00,08:00:00,A,1
t1,08:10:00,08:10:00,B,2
t2,{start},{start},{stop},1
t2,08:20:00,08:20:00,{end},2
# transfers.txt
from_stop_id,to_stop_id,from_trip_id,to_trip_id,transfer_type
{transfer}
"""
GOOD = {"second": "R1,W,t2,b,Round", "start": "08:10:00", "stop": "B", "end": "A", "transfer": "B,B,,,2"}


def test_the_next_trip_of_a_block_is_found(net):
    """The same line, direction, service and block, from the stop where the first ends: the rider stays aboard."""
    network = net(FEED.format(**GOOD)).network
    assert find_next_trips(network.feed, network.schedule) == {0: 1}


@pytest.mark.parametrize(
    "fact",
    [
        {"second": "R2,W,t2,b,Round"},
        {"second": "R1,V,t2,b,Round"},
        {"second": "R1,W,t2,c,Round"},
        {"second": "R1,W,t2,,Round"},
        {"second": "R1,W,t2,b,Depot"},
        {"start": "08:09:00"},
        {"stop": "A", "end": "B"},
        {"transfer": "B,B,t1,t2,5"},
    ],
)
def test_where_it_is_not_certain_nobody_stays_aboard(net, fact):
    """Another line, service, block, direction or stop, an overlap, or a rule against it: a change as any other."""
    network = net(FEED.format(**(GOOD | fact))).network
    assert find_next_trips(network.feed, network.schedule) == {}


def test_one_ride_calls_where_the_trips_meet(net):
    """What is told as one ride calls at every stop between, and its line has no gap."""
    text = FEED.format(**(GOOD | {"start": "08:13:00"})).replace(
        "B,Beta,0.000,0.020", "B,Beta,0.000,0.020\nC,Gamma,0.000,0.040"
    )
    text = text.replace("t2,08:20:00,08:20:00,A,2", "t2,08:20:00,08:20:00,C,2")
    (journey,) = net(text).itineraries("A", "C", "08:00")
    (leg,) = journey.legs
    assert [(call.place.stop_id, call.arrival_s, call.departure_s) for call in leg.calls] == [("B", 29_400, 29_580)]
    assert (leg.start.stop_id, leg.end.stop_id, leg.ride.trip_id, journey.transfers) == ("A", "C", "t1", 0)
    assert [point.lon for point in leg.geometry if point.lon in {0.0, 0.02, 0.04}][-1] == 0.04
