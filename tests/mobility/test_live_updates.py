"""Updates that say something wrong cost only themselves, and are told; nothing that is given is changed."""

import datetime as dt
from dataclasses import fields

import numpy as np
import pytest

from mobility.live.index import build_index
from mobility.live.overlay import build_overlay
from mobility.live.updates import StopUpdate, TripRelation, TripUpdate
from mobility.network.runs import list_runs

DATE = dt.date(2026, 7, 15)
FEED = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,0.00,0.00
B,Beta,0.00,0.02
C,Gamma,0.00,0.04
# routes.txt
route_id,agency_id,route_short_name,route_type
R1,X,1,3
R2,X,2,0
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,0,0,1,0,0,0,0,20260701,20260731
F,0,0,0,0,1,0,0,20260701,20260731
# trips.txt
route_id,service_id,trip_id,trip_headsign
R1,W,t1,
R1,W,t2,Town
R2,W,often,
R1,F,friday,
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
t1,08:00:00,08:00:00,A,1
t1,08:10:00,08:10:00,B,2
t1,08:20:00,08:20:00,C,3
t2,09:00:00,09:00:00,A,1
t2,09:10:00,09:10:00,B,2
t2,09:20:00,09:20:00,C,3
often,00:00:00,00:00:00,A,1
often,00:10:00,00:10:00,B,2
friday,08:00:00,08:00:00,A,1
friday,08:10:00,08:10:00,B,2
# frequencies.txt
trip_id,start_time,end_time,headway_secs
often,08:00:00,09:00:00,1200
"""
LATE_T2 = TripUpdate("t2", DATE, delay_s=60)


@pytest.fixture
def index(net):
    """What updates may name in this feed."""
    return build_index(net(FEED).network)


def apply(index, *updates, allowed_routes=None):
    """The overlay after its day was made, and the day."""
    live = build_overlay(updates, index, allowed_routes)
    return live, index.network.build_timetable(DATE, allowed_routes, live)


def first_departures(timetable):
    """First departures of the runs of every trip of the feed."""
    found = {}
    for trip in range(timetable.trip_count):
        found.setdefault(int(timetable.trips.feed_trip[trip]), []).append(timetable.list_times_of(trip)[1][0])
    return {trip: sorted(times) for trip, times in found.items()}


@pytest.mark.parametrize(
    ("update", "code", "words"),
    [
        (TripUpdate("t9", DATE, delay_s=60), "unknown_trip", "'t9' of 2026-07-15: trips.txt has no such trip"),
        (TripUpdate("friday", DATE, delay_s=60), "trip_not_running", "does not run on that day"),
        (TripUpdate("often", DATE, delay_s=60), "start_missing", "needs a start time"),
        (TripUpdate("often", DATE, start_s=28_801), "trip_not_running", "does not run"),
        (TripUpdate("t1", DATE, stops=(StopUpdate("Z", arrival_delay_s=60),)), "unknown_stop", "at stop 'Z'"),
        (TripUpdate("t1", DATE, stops=(StopUpdate(sequence=9, arrival_delay_s=60),)), "unknown_stop", "stop_sequence 9"),
        (TripUpdate("t1", DATE, stops=(StopUpdate("A", arrival_s=10**12),)), "time_out_of_range", "ten days"),
        (TripUpdate("t1", DATE, TripRelation.DUPLICATED), "start_missing", "needs its start time"),
        (TripUpdate("x", DATE, TripRelation.ADDED, (StopUpdate("A", arrival_s=0),)), "trip_too_short", "fewer than two"),
        (
            TripUpdate("x", DATE, TripRelation.ADDED, (StopUpdate("Z", arrival_s=0),)),
            "unknown_stop",
            "call 1 at 'Z': not a stop",
        ),
        (
            TripUpdate("x", DATE, TripRelation.ADDED, (StopUpdate("A", arrival_delay_s=0),)),
            "time_missing",
            "call 1 at 'A' has no time",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_applied_is_told_and_costs_only_itself(index, update, code, words):
    """A notice names the update by its number and says what is wrong; the update beside it is applied."""
    live, timetable = apply(index, LATE_T2, update)
    mine = [notice for notice in live.notices if notice.code == f"changtong_live_{code}"]
    assert [notice.row for notice in mine] == [2]
    assert words in mine[0].message
    departures = first_departures(timetable)
    assert departures[1] == [9 * 3600 + 60]
    assert departures[0] == [8 * 3600]
    assert departures[2] == [28_800, 30_000, 31_200]


def test_of_two_updates_of_one_trip_the_last_counts(index):
    """A trip told twice is as told last, and the first is a notice."""
    live, timetable = apply(index, TripUpdate("t1", DATE, delay_s=60), TripUpdate("t1", DATE, delay_s=120))
    assert first_departures(timetable)[0] == [8 * 3600 + 120]
    assert [(notice.code, notice.row) for notice in live.notices] == [("changtong_live_duplicate_update", 1)]


def test_another_day_is_no_mistake(index):
    """Updates of days that are not in this timetable are not complained about."""
    live, _ = apply(index, TripUpdate("t1", dt.date(2026, 7, 22), delay_s=60))
    assert live.notices == ()


def test_stops_in_no_order_are_found(index):
    """Updates of stops that come in any order mean the same."""
    stops = StopUpdate(sequence=3, arrival_delay_s=30), StopUpdate(sequence=1, departure_delay_s=60)
    _, timetable = apply(index, TripUpdate("t1", DATE, stops=stops))
    run = timetable.trips.feed_trip.tolist().index(0)
    assert timetable.list_times_of(run) == ([28_800, 29_460, 30_030], [28_860, 29_460, 30_030])


def test_what_is_given_is_not_changed(index):
    """Schedule and runs are byte for byte what they were, so that any number of states share them."""
    network = index.network
    runs = list_runs(
        network.feed, network.schedule, network.clocks, DATE, days=network.days, horizon_s=network.horizon_s
    )
    arrays = [getattr(network.schedule, field.name) for field in fields(network.schedule)] + list(runs)
    before = [np.copy(array) for array in arrays]
    updates = [LATE_T2, TripUpdate("t1", DATE, TripRelation.CANCELLED)]
    live = build_overlay(updates, index)
    schedule, changed = live.apply(network.schedule, runs, DATE)
    assert len(changed.trip) == len(runs.trip) - 1
    assert schedule.trip_count == network.schedule.trip_count + 1
    assert all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True))


def test_an_overlay_that_says_nothing_of_the_day_hands_back_what_it_got(index):
    """Without an update of the day the very schedule and runs go on."""
    network = index.network
    runs = list_runs(
        network.feed, network.schedule, network.clocks, DATE, days=network.days, horizon_s=network.horizon_s
    )
    assert build_overlay([], index).apply(network.schedule, runs, DATE) == (network.schedule, runs)


def test_only_lines_that_are_allowed_get_trips_added(index):
    """A day of one line takes that line's added and repeated trips, and nobody else's."""
    calls = StopUpdate("A", departure_s=0), StopUpdate("B", arrival_s=600)
    updates = [
        TripUpdate("x1", DATE, TripRelation.ADDED, calls, route_id="R1"),
        TripUpdate("x2", DATE, TripRelation.ADDED, calls, route_id="R2"),
        TripUpdate("often", DATE, TripRelation.DUPLICATED, start_s=3600, new_trip_id="x3"),
        TripUpdate("x4", DATE, TripRelation.ADDED, calls, route_id="nobody's"),
    ]
    live, timetable = apply(index, *updates, allowed_routes=np.array([False, True]))
    assert first_departures(timetable) == {2: [28_800, 30_000, 31_200], 5: [0], 6: [3600]}
    assert [trip.trip_id for trip in live.new_trips] == ["x1", "x2", "x3", "x4"]
    assert first_departures(apply(index, *updates)[1]).keys() == {0, 1, 2, 4, 5, 6, 7}
