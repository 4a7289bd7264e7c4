"""From a feed to arrays: what every pattern promises the search."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.network.schedule import repair_times
from mobility.network.timetable import reflect

FEED = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Europe/Berlin
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,0.000,0.000
B,Beta,0.000,0.020
C,Gamma,0.000,0.040
# routes.txt
route_id,agency_id,route_short_name,route_type
R1,X,1,3
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,1,1,1,1,1,1,1,20260101,20261231
# trips.txt
route_id,service_id,trip_id
R1,W,t1
R1,W,t2
R1,W,t3
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
t1,08:00:00,08:00:00,A,1
t1,08:20:00,08:20:00,B,2
t1,08:40:00,08:40:00,C,3
t2,08:05:00,08:05:00,A,1
t2,08:10:00,08:10:00,B,2
t2,08:15:00,08:15:00,C,3
t3,23:50:00,23:50:00,A,1
t3,24:20:00,24:20:00,B,2
t3,24:40:00,24:40:00,C,3
"""


def test_no_trip_of_a_pattern_overtakes_another(net):
    """At every position of a pattern arrivals and departures do not decrease from trip to trip."""
    timetable = net(FEED).timetable()
    a = timetable.arrays
    assert timetable.pattern_count == 2
    for p in range(timetable.pattern_count):
        shape = (-1, int(a.pat_trips[p]))
        for times in (a.arr, a.dep):
            block = times[a.time_off[p] : a.time_off[p + 1]].reshape(shape)
            assert (np.diff(block, axis=1) >= 0).all()
            assert (np.diff(block, axis=0) >= 0).all()


def test_days_are_merged_on_one_clock(net):
    """Yesterday's trip after midnight is there 24 h earlier, and which day it is of is known; one day alone has none."""
    network = net(FEED)
    timetable = network.timetable()
    late = [n for n in range(timetable.trip_count) if timetable.trips.day[n] == -1]
    assert [timetable.list_times_of(n)[0] for n in late] == [[-600, 1200, 2400]]
    alone = net(FEED, days=(0,)).timetable()
    assert alone.trip_count == 3


def test_days_on_which_clocks_change_have_another_length(net):
    """After the night of 29 March 2026 in Berlin, yesterday's trip runs at its own distance from noon."""
    timetable = net(FEED).timetable("2026-03-29")
    late = [n for n in range(timetable.trip_count) if timetable.trips.day[n] == -1]
    # noon minus 12 h is 23:00 of the day before on the wall: 23 hours lie between the two service days
    assert [timetable.list_times_of(n)[0][0] for n in late] == [23 * 3600 + 50 * 60 - 23 * 3600]


def test_reflecting_twice_changes_nothing(net):
    """The timetable read backwards and backwards again is itself."""
    arrays = net(FEED).timetable().arrays
    again = reflect(reflect(arrays))
    for name, array in arrays._asdict().items():
        assert np.array_equal(array, getattr(again, name)), name


TIMES = st.lists(st.tuples(st.integers(-1, 40), st.integers(-1, 40)), min_size=1, max_size=9)


@settings(max_examples=300, deadline=None)
@given(TIMES)
def test_times_come_out_in_order_and_good_ones_untouched(rows):
    """Whatever the rows, the times kept never run backwards; times that were in order stay as they were."""
    arr, dep = (np.array(column, np.int32) for column in zip(*rows, strict=True))
    before = arr.copy(), dep.copy()
    keep = repair_times(np.array([0, len(rows)], np.int64), arr, dep) == 1
    flat = np.stack([arr[keep], dep[keep]], axis=1).ravel()
    assert (np.diff(flat) >= 0).all()
    assert (flat >= 0).all()
    whole = np.stack(before, axis=1).ravel()
    if (whole >= 0).all() and (np.diff(whole) >= 0).all():
        assert keep.all()
        assert np.array_equal(arr, before[0])
        assert np.array_equal(dep, before[1])


def test_one_bad_row_is_mended_and_its_trip_kept():
    """A time typed wrongly is interpolated between its neighbours."""
    arr = np.array([100, 9999, 300, 400], np.int32)
    dep = arr.copy()
    keep = repair_times(np.array([0, 4], np.int64), arr, dep)
    assert keep.tolist() == [1, 1, 1, 1]
    assert arr.tolist() == [100, 200, 300, 400]
