"""What a person may wish of the service: stops on the way, longer changes, vehicles that fit, reach, few good options."""

import datetime as dt

import pytest
from feed_text import feed_folder

from mobility.itinerary import format_itinerary
from mobility.network.needs import Needs
from mobility.planner.query import Criterion, TransferTimes
from mobility.service import JourneyPlanner, PlanRequest, Reason, Stopover

UTC8 = dt.timezone(dt.timedelta(hours=8))
AT = dt.datetime(2026, 7, 15, 8, tzinfo=UTC8)

FEED = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Asia/Taipei
# stops.txt
stop_id,stop_name,stop_lat,stop_lon,wheelchair_boarding
A,Alpha,22.60,120.30,1
B,Beta,22.65,120.30,1
C,Gamma,22.70,120.30,1
D,Delta,22.75,120.30,1
S,Steps,22.65,120.35,2
# routes.txt
route_id,agency_id,route_short_name,route_type
M,X,Metro,1
T,X,Tram,0
Q,X,Direct,3
P,X,Scenic,3
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,1,1,1,1,1,1,1,20260701,20260731
# trips.txt
route_id,service_id,trip_id,wheelchair_accessible,bikes_allowed
M,W,m1,1,1
M,W,m2,1,1
T,W,t1,2,1
T,W,t2,1,1
Q,W,q1,1,2
P,W,p1,1,2
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
m1,08:00:00,08:00:00,A,1
m1,08:10:00,08:10:00,B,2
m2,08:15:00,08:15:00,A,1
m2,08:25:00,08:25:00,B,2
t1,08:13:00,08:13:00,B,1
t1,08:20:00,08:20:00,C,2
t1,08:30:00,08:30:00,D,3
t2,08:28:00,08:28:00,B,1
t2,08:35:00,08:35:00,C,2
t2,08:45:00,08:45:00,D,3
q1,08:05:00,08:05:00,A,1
q1,08:39:00,08:39:00,D,2
p1,08:02:00,08:02:00,A,1
p1,08:20:00,08:20:00,S,2
p1,09:20:00,09:20:00,D,3
# fare_attributes.txt
fare_id,price,currency_type,payment_method,transfers
metro,30,TWD,0,0
bus,15,TWD,0,0
# fare_rules.txt
fare_id,route_id
metro,M
metro,T
bus,Q
bus,P
"""


@pytest.fixture(scope="module")
def planner(tmp_path_factory):
    """The planner of the feed above."""
    return JourneyPlanner.open(str(feed_folder(FEED, tmp_path_factory.mktemp("wishes") / "feed")))


@pytest.fixture
def ask(planner):
    """Lines of a plan from Alpha to Delta within the hour."""

    def plan(**facts):
        usual = {"start": planner.find_place("A"), "end": planner.find_place("D"), "at": AT, "itineraries": None}
        return planner.plan(PlanRequest(**usual | facts))

    return plan


def lines(result):
    """The journeys in notation."""
    return [format_itinerary(journey) for journey in result.itineraries]


FIRST = "Alpha ~ SUBWAY Metro 08:00 08:10 ~ Beta ~ TRAM Tram 08:13 08:30 ~ Delta [08:00 08:30 30m Tx1 NT$60]"
DIRECT = "Alpha ~ BUS Direct 08:05 08:39 ~ Delta [08:05 08:39 34m Tx0 NT$15]"
SECOND = "Alpha ~ SUBWAY Metro 08:15 08:25 ~ Beta ~ TRAM Tram 08:28 08:45 ~ Delta [08:15 08:45 30m Tx1 NT$60]"


def test_what_there_is(ask):
    """Without a wish: the ways that no other beats, each with its fare."""
    assert lines(ask()) == [FIRST, DIRECT, SECOND]


def test_a_stop_on_the_way_and_a_stay_there(planner, ask):
    """By way of Gamma one rides through; ten minutes there take the next tram."""
    gamma = planner.find_place("C")
    assert lines(ask(via=(Stopover(gamma),))) == [FIRST, SECOND]
    (stayed,) = lines(ask(via=(Stopover(gamma, 600),)))
    assert "~ TRAM Tram 08:13 08:20 ~ Gamma ~ TRAM Tram 08:35 08:45 ~ Delta [08:00 08:45 45m Tx2 NT$90]" in stayed


def test_who_needs_longer_to_change(ask):
    """Three minutes suffice for the tram, three and a half do not: what is left is the bus, where one need not change."""
    assert lines(ask(transfer=TransferTimes(minimum_s=180))) == [FIRST, DIRECT, SECOND]
    assert lines(ask(transfer=TransferTimes(minimum_s=181))) == [DIRECT]
    assert lines(ask(transfer=TransferTimes(additional_s=60, factor=1.25))) == [DIRECT]


def test_only_vehicles_that_fit(ask):
    """With a wheelchair the first tram does not do, with a bicycle the bus does not."""
    assert FIRST not in lines(ask(needs=Needs(wheelchair=True)))
    assert SECOND in lines(ask(needs=Needs(wheelchair=True)))
    told = {notice.code for notice in ask(needs=Needs(wheelchair=True)).notices}
    assert "steps_unknown" in told - {notice.code for notice in ask().notices}
    assert lines(ask(needs=Needs(bicycle=True))) == [FIRST, SECOND]


def test_few_options_with_their_reasons(ask):
    """The first way is the earliest, the bus has no change, costs less and cannot be missed on the way."""
    options = ask(options=True).options
    told = [(format_itinerary(o.itinerary), set(o.reasons)) for o in options]
    assert told[0][0] == FIRST
    assert Reason.EARLIEST_ARRIVAL in told[0][1]
    assert told[1][0] == DIRECT
    assert {Reason.FEWEST_TRANSFERS, Reason.CHEAPEST, Reason.MOST_RELIABLE} <= told[1][1]
    assert len(told) == 2


def test_how_far_one_gets(planner):
    """Within half an hour of eight: every stop with its minutes and vehicles; arriving by, every stop one may leave."""
    alpha, delta = planner.find_place("A"), planner.find_place("D")
    reached = {r.place.stop_id: (r.minutes, r.vehicles) for r in planner.reach(alpha, AT, 30)}
    assert reached == {"A": (0, 0), "B": (10, 1), "C": (20, 2), "D": (30, 2), "S": (20, 1)}
    assert {r.place.stop_id for r in planner.reach(alpha, AT, 15)} == {"A", "B"}
    by = dt.datetime(2026, 7, 15, 8, 45, tzinfo=UTC8)
    left = {r.place.stop_id: r.minutes for r in planner.reach(delta, by, 60, arrive_by=True)}
    assert left == {"D": 0, "C": 10, "B": 17, "A": 30}
    seated = planner.reach(alpha, AT, 40, needs=Needs(wheelchair=True))
    assert {r.place.stop_id for r in seated} == {"A", "B", "C", "D"}


def test_a_matrix_of_places(planner):
    """Seconds from each start to each end, 0 where one is there already, None where there is no way."""
    places = [planner.find_place(stop) for stop in "AD"]
    assert planner.matrix(places, places, AT) == ((0, 1800), (None, 0))
    by = dt.datetime(2026, 7, 15, 8, 45, tzinfo=UTC8)
    assert planner.matrix(places, places, by, arrive_by=True) == ((0, 1800), (None, 0))


def test_a_small_day_is_not_prepared_and_a_large_one_answers_the_same(planner, tmp_path, monkeypatch):
    """With `accelerate` a day in use is prepared by a thread of its own, only where that pays; answers stay."""
    import threading

    from mobility.planner import days

    quick = JourneyPlanner.open(str(feed_folder(FEED, tmp_path / "feed")), accelerate=True)
    asked = PlanRequest(quick.find_place("A"), quick.find_place("D"), AT, itineraries=None)
    expected = lines(planner.plan(asked))
    assert [lines(quick.plan(asked)) for _ in range(4)] == [expected] * 4
    assert not [t for t in threading.enumerate() if t.name == "changtong-accelerate"]
    before = quick._side.ground.days.get(AT.date()).engine.is_accelerated
    monkeypatch.setattr(days, "WORTH_PREPARING", 1)
    monkeypatch.setattr(days, "IN_USE", 6)
    quick._side.ground.days.get(AT.date())  # the thread that this starts may be done before anybody looks
    for thread in [t for t in threading.enumerate() if t.name == "changtong-accelerate"]:
        thread.join(timeout=60)
    assert (before, quick._side.ground.days.get(AT.date()).engine.is_accelerated) == (False, True)
    assert lines(quick.plan(asked)) == expected


def test_all_four_criteria_are_answered_at_once(planner):
    """Everything minimised together finds the plain journeys and the direct one, not what arrives an hour later."""
    start, end = planner.find_place("A"), planner.find_place("D")
    plain = planner.plan(PlanRequest(start, end, AT, itineraries=None))
    found = planner.plan(PlanRequest(start, end, AT, itineraries=None, criteria=frozenset(Criterion)))
    told = {format_itinerary(itinerary) for itinerary in found.itineraries}
    assert {format_itinerary(itinerary) for itinerary in plain.itineraries} <= told
    assert any("BUS Direct" in line for line in told)
    assert not any("BUS Scenic" in line for line in told)
