"""Feeds in which there is nothing to plan are told so, wherever one asks."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from feed_text import feed_folder

from mobility.model import Coordinate, Place
from mobility.network.needs import Needs
from mobility.service import JourneyPlanner, NoStopNear, PlanRequest

ON_DEMAND = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,On Call,https://example.org,Etc/UTC
# calendar_dates.txt
service_id,date,exception_type
S,20260715,1
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,45.60,-122.60
B,Beta,45.70,-122.50
# location_groups.txt
location_group_id,location_group_name
G,Everywhere
# location_group_stops.txt
location_group_id,stop_id
G,A
G,B
# routes.txt
route_id,agency_id,route_short_name,route_type
R,X,R,3
# trips.txt
route_id,service_id,trip_id
R,S,t
# stop_times.txt
trip_id,location_group_id,stop_sequence,start_pickup_drop_off_window,end_pickup_drop_off_window,pickup_type,drop_off_type
t,G,1,05:30:00,19:00:00,2,1
t,G,2,05:30:00,19:00:00,1,2
"""
NOON = dt.datetime(2026, 7, 15, 12, tzinfo=ZoneInfo("Etc/UTC"))


@pytest.mark.parametrize("is_wheelchair", [False, True])
def test_where_no_vehicle_keeps_to_a_timetable_everybody_is_told(tmp_path, is_wheelchair):
    """A feed with nothing but vehicles on demand refuses every plan with that reason, from stops and from streets."""
    planner = JourneyPlanner.open(str(feed_folder(ON_DEMAND, tmp_path)))
    needs = Needs(wheelchair=is_wheelchair)
    doors = [Place("Alpha", Coordinate(45.6, -122.6), stop_id="A"), Place("door", Coordinate(45.5, -122.4))]
    for door in doors:
        with pytest.raises(NoStopNear, match="no vehicle calls at any stop"):
            planner.plan(PlanRequest(door, Place("far", Coordinate(45.9, -122.0)), NOON, needs=needs))
        with pytest.raises(NoStopNear, match="no vehicle calls at any stop"):
            planner.reach(door, NOON, 30, needs=needs)
