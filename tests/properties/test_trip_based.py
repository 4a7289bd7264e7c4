"""Trip-based routing against RAPTOR, which is held equal to a brute force: on and off must answer the same."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from town import assert_can_be_ridden, pareto_of, query_of, questions

from mobility.planner.engine import Engine
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
