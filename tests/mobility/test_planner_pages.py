"""Pages of the service: through midnight, changes of clocks and the ends of the timetable, nothing lost or repeated."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from feed_text import feed_folder

from mobility.planner.refusals import ImpossibleRequest, OutsideService
from mobility.service import JourneyPlanner, PlanRequest

ZONE = "Europe/Paris"
FEED = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Night Lines,https://example.org,Europe/Paris
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,48.80,2.30
B,Beta,48.85,2.35
C,Gamma,48.90,2.40
# routes.txt
route_id,agency_id,route_short_name,route_type
R,X,1,3
S,X,2,3
E,X,Express,2
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,1,1,1,1,1,1,1,20261023,20261027
# trips.txt
route_id,service_id,trip_id
R,W,r
S,W,s
E,W,e
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
r,00:00:00,00:00:00,A,1
r,00:20:00,00:20:00,B,2
s,00:00:00,00:00:00,B,1
s,00:25:00,00:25:00,C,2
e,00:00:00,00:00:00,A,1
e,01:10:00,01:10:00,C,2
# frequencies.txt
trip_id,start_time,end_time,headway_secs
r,00:10:00,26:00:00,1140
s,00:05:00,26:30:00,1500
e,05:00:00,25:00:00,4020
"""


@pytest.fixture(scope="module")
def planner(tmp_path_factory):
    """The planner of the feed above: five days around the end of summer time."""
    return JourneyPlanner.open(str(feed_folder(FEED, tmp_path_factory.mktemp("pages") / "feed")))


def request(planner, at, **facts):
    """From Alpha to Gamma at a wall-clock time."""
    moment = dt.datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(ZONE))
    return PlanRequest(planner.find_place("A"), planner.find_place("C"), moment, **facts)


def told(result):
    """Each journey as instants and vehicles."""
    found = []
    for journey in result.itineraries:
        day = dt.datetime.combine(journey.service_date, dt.time(12), ZoneInfo(ZONE)).timestamp() - 12 * 3600
        rides = tuple(leg.ride.short_name for leg in journey.legs if leg.ride)
        found.append((day + journey.departure_s, day + journey.arrival_s, rides))
    return found


def turn(planner, asked, steps):
    """The journeys of a page and of so many pages after it (before it, where negative), in order of the clock."""
    result = planner.plan(asked)
    pages = [told(result)]
    for _ in range(abs(steps)):
        cursor = result.next_cursor if steps > 0 else result.previous_cursor
        result = planner.plan(PlanRequest(**{f: getattr(asked, f) for f in PlanRequest.__slots__} | {"page": cursor}))
        pages.append(told(result))
    ordered = pages if steps > 0 else pages[::-1]
    at = 1 if asked.arrive_by else 0
    return [journey for page in ordered for journey in sorted(page, key=lambda j: (j[at], j))]


@pytest.mark.parametrize("arrive_by", [False, True])
@pytest.mark.parametrize("count", [1, 3, 7])
@pytest.mark.parametrize("start", ["2026-10-23T21:00", "2026-10-24T20:30", "2026-10-25T22:00"])
def test_pages_through_the_night_are_one_list(planner, start, count, arrive_by):
    """Page after page through midnight (one night has 25 hours) is the list that large pages give, nothing twice."""

    def axis(journey):
        return journey[1] if arrive_by else journey[0]

    small = turn(planner, request(planner, start, itineraries=count, arrive_by=arrive_by, window_s=600), 24 // count)
    assert len(set(small)) == len(small)
    assert [axis(journey) for journey in small] == sorted(axis(journey) for journey in small)
    large = turn(planner, request(planner, start, itineraries=60, arrive_by=arrive_by, window_s=24 * 3600), 1)
    shared = [journey for journey in large if axis(small[0]) <= axis(journey) <= axis(small[-1])]
    assert sorted(small) == sorted(shared)
    assert len(small) >= 20


def test_back_and_forth_is_the_same_page(planner):
    """The page before the page after is the page itself."""
    asked = request(planner, "2026-10-24T23:30", itineraries=4)
    first = planner.plan(asked)
    after = planner.plan(request(planner, "2026-10-24T23:30", itineraries=4, page=first.next_cursor))
    back = planner.plan(request(planner, "2026-10-24T23:30", itineraries=4, page=after.previous_cursor))
    assert told(back) == told(first)[-len(told(back)) :]
    assert after.previous_cursor.split("|")[1] == first.next_cursor.split("|")[1]


def test_pages_end_where_the_timetable_ends(planner):
    """The last page is full or the last of the timetable, the cursor behind it is refused by name and date."""
    result = planner.plan(request(planner, "2026-10-27T22:00", itineraries=100))
    assert result.itineraries
    with pytest.raises(OutsideService, match="Night Lines ended on 2026-10-27") as refused:
        planner.plan(request(planner, "2026-10-27T22:00", page=result.next_cursor))
    assert refused.value.field == "page"
    with pytest.raises(ImpossibleRequest, match="no cursor"):
        planner.plan(request(planner, "2026-10-27T22:00", page="NEXT"))


def test_rules_that_drop_journeys_are_counted(planner):
    """How many journeys of the page each rule left out is told."""
    result = planner.plan(request(planner, "2026-10-26T08:00", itineraries=20))
    assert all(count > 0 for count in result.dropped.values())
    assert sum(result.dropped.values()) > 0
