"""Trip-based routing against RAPTOR, which is held equal to a brute force: on and off must answer the same."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from town import Town, assert_can_be_ridden, pareto_of, query_of, questions

from mobility.network.timetable import index_boardings
from mobility.planner.engine import Engine
from mobility.planner.prepared import Prepared
from mobility.planner.trip_based import planner, preprocessing, range_search, search, transfer_set


def facts(paths):
    """What makes two answers equal."""
    return [(p.departure_s, p.arrival_s, len(p.rides)) for p in paths]


def both(town):
    """The same timetable with trip-based routing and without."""
    timetable = town.timetable()
    fast, plain = Engine(timetable), Engine(timetable, trip_based=False)
    fast.accelerate(backward=True)
    assert fast.is_accelerated
    assert not plain.is_accelerated
    return timetable, fast, plain


@settings(max_examples=400, deadline=None)
@given(questions())
def test_one_departure_finds_the_pareto_set_of_the_brute_force_trip_by_trip(question):
    """For one departure, arrivals and vehicles are those of the brute force, and every path can be ridden."""
    _, town, access, egress, at_s = question
    timetable, fast, _ = both(town)
    query = query_of(access, egress, at_s)
    paths = fast.find_paths(query)
    assert [(len(p.rides), p.arrival_s) for p in paths] == pareto_of(town.earliest(access, egress, at_s))
    for path in paths:
        assert_can_be_ridden(town, timetable, query, path)


@settings(max_examples=300, deadline=None)
@given(
    questions(),
    st.integers(0, 12),
    st.booleans(),
    st.integers(1, 4),
    st.integers(1, 40),
)
def test_trip_based_on_and_off_answer_the_same(question, length, arrive_by, max_vehicles, limit):
    """For a departure, a window or an arrival, between any doors and within any limits, in the same order."""
    unit, town, access, egress, at_s = question
    timetable, fast, plain = both(town)
    at_s += 10 * unit * arrive_by
    query = query_of(access, egress, at_s, window_s=length * unit, arrive_by=arrive_by, limit_s=limit * unit)
    query = replace(query, max_vehicles=max_vehicles)
    paths = fast.find_paths(query)
    assert facts(paths) == facts(plain.find_paths(query))
    for path in paths:
        assert_can_be_ridden(town, timetable, query, path)


@settings(max_examples=50, deadline=None)
@given(questions(), st.integers(0, 8))
def test_compiled_trip_based_kernels_answer_as_plain_python(question, length):
    """Numba and the same source as plain Python make the same transfers and find the same paths, legs included."""
    unit, town, access, egress, at_s = question
    timetable, fast, _ = both(town)
    query = query_of(access, egress, at_s, window_s=length * unit)
    paths = fast.find_paths(query)
    compiled = preprocessing.build_transfers(timetable.arrays)
    with pytest.MonkeyPatch.context() as patch:
        for module in (transfer_set, preprocessing, search, range_search, planner):
            for name, kernel in list(vars(module).items()):
                if hasattr(kernel, "py_func"):
                    patch.setattr(module, name, kernel.py_func)
        plain = preprocessing.build_transfers(timetable.arrays)
        assert fast.find_paths(query) == paths
    for one, other in zip(compiled, plain, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@settings(max_examples=100, deadline=None)
@given(questions(), st.integers(0, 8), st.booleans())
def test_an_engine_opened_with_prepared_parts_answers_the_same(question, length, arrive_by):
    """What an engine computed, as named arrays and back, makes an engine that computes nothing and answers the same."""
    unit, town, access, egress, at_s = question
    timetable, fast, _ = both(town)
    opened = Engine(timetable, prepared=Prepared.from_arrays(fast.prepare().to_arrays()))
    assert opened.is_accelerated
    query = query_of(access, egress, at_s + 10 * unit * arrive_by, window_s=length * unit, arrive_by=arrive_by)
    assert opened.find_paths(query) == fast.find_paths(query)


@settings(max_examples=100, deadline=None)
@given(questions(), st.lists(st.integers(0, 6), min_size=1, max_size=8))
def test_bounds_of_a_plan_are_kept_only_while_they_are_bounds(question, delays):
    """Trips moved by delays, hop by hop: an engine that keeps what holds answers as one that computes all anew."""
    unit, town, access, egress, at_s = question
    live = Town(town.stop_count, [delay(trip, delays, unit) for trip in town.trips], town.walks, town.change_s)
    kept = Engine(town.timetable()).prepare().keep_for(live.timetable().arrays)
    query = query_of(access, egress, at_s)
    paths = Engine(live.timetable(), prepared=kept).find_paths(query)
    assert facts(paths) == facts(Engine(live.timetable(), bounds=False).find_paths(query))


def delay(trip, delays, unit):
    """The trip with its first stops late and the others less so: some hops get longer, some shorter."""
    moved, clock = [], 0
    for number, (stop, arrival, departure, board, alight) in enumerate(trip):
        late = unit * delays[number % len(delays)]
        arrives = max(clock, arrival + late)
        clock = max(arrives, departure + late)
        moved.append((stop, arrives, clock, board, alight))
    return moved


def test_queries_go_on_while_an_engine_is_accelerated():
    """Answers before, during and after are the same, and at the end they are trip-based."""
    minutes = [(1, 1, 5), (0, 2, 8), (2, 3, 4)]
    trips = [
        [(a, 60 * (s + n), 60 * (s + n), 1, 1), (b, 60 * (s + n + 3), 60 * (s + n + 3), 1, 1)]
        for a, b, s in minutes
        for n in range(0, 60, 5)
    ]
    town = Town(4, trips, {(3, 2): 60, (1, 0): 60}, [60] * 4)
    engine = Engine(town.timetable())
    query = query_of({1: 0}, {3: 0}, 0, window_s=1800)
    before = engine.find_paths(query)
    told = []
    thread = threading.Thread(target=engine.accelerate, args=(lambda done, total: told.append((done, total)),))
    thread.start()
    while thread.is_alive():
        assert facts(engine.find_paths(query)) == facts(before)
    thread.join()
    assert engine.is_accelerated
    assert told[-1] == (len(trips), len(trips))
    assert facts(engine.find_paths(query)) == facts(before)


def test_a_day_without_vehicles_is_accelerated_too():
    """Where nothing runs there are no transfers, and no answer rather than an error."""
    timetable = Town(3, [[(0, 0, 0, 1, 1), (1, 60, 60, 1, 1)]], {(1, 2): 60}, [60] * 3).timetable()
    nothing = timetable.arrays._replace(
        pat_off=np.zeros(1, np.int64),
        pat_stop=np.zeros(0, np.int32),
        may_board=np.zeros(0, np.uint8),
        may_alight=np.zeros(0, np.uint8),
        pat_trips=np.zeros(0, np.int32),
        first_trip=np.zeros(0, np.int32),
        time_off=np.zeros(1, np.int64),
        arr=np.zeros(0, np.int32),
        dep=np.zeros(0, np.int32),
    )
    engine = Engine(replace(timetable, arrays=index_boardings(nothing)))
    engine.accelerate(backward=True)
    for facts_of_query in ({}, {"window_s": 3600}, {"arrive_by": True}):
        assert engine.find_paths(query_of({0: 0}, {1: 0}, 0, **facts_of_query)) == []
