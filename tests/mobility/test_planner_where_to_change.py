"""A citizen is told where it is best to change, whatever search found the journey."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from feed_text import feed_folder

from mobility.itinerary import format_itinerary
from mobility.planner.request import PlanRequest
from mobility.service import JourneyPlanner

FEED = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,0.00,0.00
B,Beta,0.00,0.02
C,Gamma,0.00,0.04
D,Delta,0.00,0.06
E,Epsilon,0.01,0.04
# routes.txt
route_id,route_short_name,route_type
R1,1,3
R2,2,0
R3,3,0
# calendar_dates.txt
service_id,date,exception_type
W,20260715,1
# trips.txt
route_id,service_id,trip_id
R1,W,t1
R3,W,w1
R2,W,u1
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
t1,08:00:00,08:00:00,A,1
t1,08:05:00,08:05:00,B,2
t1,08:08:00,08:08:00,C,3
t1,08:15:00,08:15:00,E,4
w1,08:15:00,08:15:00,C,1
w1,08:20:00,08:20:00,E,2
w1,08:30:00,08:30:00,D,3
u1,08:10:00,08:10:00,B,1
u1,08:15:00,08:15:00,C,2
u1,08:20:00,08:20:00,E,3
u1,08:30:00,08:30:00,D,4
"""


@pytest.mark.parametrize("is_accelerated", [False, True])
@pytest.mark.parametrize(("clock", "arrive_by"), [("07:30", False), ("09:00", True)])
def test_the_change_with_most_time_is_told_whatever_the_search(tmp_path, clock, arrive_by, is_accelerated):
    """By RAPTOR and trip by trip, by departure and by arrival: one changes at Gamma, into the first line of the feed."""
    planner = JourneyPlanner.open_feed(feed_folder(FEED, tmp_path / "feed"))
    at = dt.datetime.combine(dt.date(2026, 7, 15), dt.time.fromisoformat(clock), ZoneInfo("Etc/UTC"))
    request = PlanRequest(planner.find_place("A"), planner.find_place("D"), at, arrive_by=arrive_by)
    if is_accelerated:
        for date in (dt.date(2026, 7, 14), dt.date(2026, 7, 15)):
            planner._side.ground.days.get(date).engine.accelerate(backward=True)
    told = [format_itinerary(itinerary) for itinerary in planner.plan(request).itineraries]
    assert told == ["Alpha ~ BUS 1 08:00 08:08 ~ Gamma ~ TRAM 3 08:15 08:30 ~ Delta [08:00 08:30 30m Tx1]"]
