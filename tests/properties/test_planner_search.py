"""The search against a brute force that knows no patterns, no labels shared between rounds and no bounds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from town import Town, assert_can_be_ridden, pareto_of, query_of, questions

from mobility.planner import direction as direction_module
from mobility.planner import range_raptor, raptor
from mobility.planner.engine import Engine


@settings(max_examples=400, deadline=None)
@given(questions())
def test_one_departure_finds_the_pareto_set_of_the_brute_force(question):
    """For one departure, arrivals and vehicles are those of the brute force, and every path can be ridden."""
    _, town, access, egress, at_s = question
    timetable = town.timetable()
    query = query_of(access, egress, at_s)
    paths = Engine(timetable).find_paths(query)
    assert [(len(p.rides), p.arrival_s) for p in paths] == pareto_of(town.earliest(access, egress, at_s))
    for path in paths:
        assert_can_be_ridden(town, timetable, query, path)


@settings(max_examples=150, deadline=None)
@given(questions(), st.integers(1, 12))
def test_a_window_finds_what_its_departures_find_one_by_one(question, length):
    """Over a window, exactly the journeys that no later departure matches, those after its end included."""
    unit, town, access, egress, at_s = question
    timetable = town.timetable()
    end_s = at_s + length * unit
    expected, later = set(), pareto_of(town.earliest(access, egress, end_s))
    for moment in range(end_s - 1, at_s - 1, -1):
        entries = pareto_of(town.earliest(access, egress, moment))
        news = [e for e in entries if not any(o[0] <= e[0] and o[1] <= e[1] for o in later)]
        expected |= {(moment, arrival, vehicles) for vehicles, arrival in news}
        later += news
    query = query_of(access, egress, at_s, window_s=end_s - at_s)
    paths = Engine(timetable).find_paths(query)
    assert sorted((p.departure_s, p.arrival_s, len(p.rides)) for p in paths) == sorted(expected)
    for path in paths:
        assert_can_be_ridden(town, timetable, query, path)


@settings(max_examples=150, deadline=None)
@given(questions())
def test_arriving_by_a_time_finds_the_latest_departure_of_the_brute_force(question):
    """Read backwards in time the search finds, per number of vehicles, the last moment to leave."""
    unit, town, access, egress, _ = question
    by_s = 25 * unit
    expected, best = [], None
    latest = {}
    for moment in range(by_s, -45 * unit, -1 if unit == 1 else -60):
        for vehicles, goal in enumerate(town.earliest(access, egress, moment), start=1):
            if goal is not None and goal <= by_s:
                latest.setdefault(vehicles, moment)
    for vehicles in sorted(latest):
        if best is None or latest[vehicles] > best:
            expected.append((vehicles, latest[vehicles]))
            best = latest[vehicles]
    timetable = town.timetable()
    query = query_of(access, egress, by_s, arrive_by=True)
    paths = Engine(timetable).find_paths(query)
    assert [(len(p.rides), p.departure_s) for p in paths] == expected
    for path in paths:
        assert_can_be_ridden(town, timetable, query, path)


@settings(max_examples=150, deadline=None)
@given(questions(), st.integers(0, 10), st.booleans())
def test_bounds_change_nothing_but_the_time_it_takes(question, length, arrive_by):
    """Without lower bounds, with all pairs of them, and with rows on demand the paths arrive the same."""
    unit, town, access, egress, at_s = question
    timetable = town.timetable()
    query = query_of(access, egress, at_s + 10 * unit, window_s=length * unit, arrive_by=arrive_by)
    engines = Engine(timetable, bounds=False), Engine(timetable), Engine(timetable, all_pairs=False)
    answers = [[(p.departure_s, p.arrival_s, len(p.rides)) for p in e.find_paths(query)] for e in engines]
    assert answers[0] == answers[1] == answers[2]


@settings(max_examples=60, deadline=None)
@given(questions(), st.integers(0, 8))
def test_compiled_kernels_answer_as_plain_python(question, length):
    """Numba and the same source as plain Python find the same paths, legs included."""
    unit, town, access, egress, at_s = question
    engine = Engine(town.timetable())
    query = query_of(access, egress, at_s, window_s=length * unit)
    compiled = engine.find_paths(query)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("collect", "scan", "walk", "emit"):
            patch.setattr(raptor, name, getattr(raptor, name).py_func)
        patch.setattr(direction_module, "search", raptor.search.py_func)
        patch.setattr(range_raptor, "first_from", range_raptor.first_from.py_func)
        patch.setattr(range_raptor, "list_events", range_raptor.list_events.py_func)
        assert engine.find_paths(query) == compiled


@settings(max_examples=100, deadline=None)
@given(questions())
def test_another_trip_never_makes_an_answer_worse(question):
    """A network with one trip less is never faster."""
    _, town, access, egress, at_s = question
    fewer = Town(town.stop_count, town.trips[:-1] or town.trips, town.walks, town.change_s)
    query = query_of(access, egress, at_s)
    all_of = {len(p.rides): p.arrival_s for p in Engine(town.timetable()).find_paths(query)}
    for path in Engine(fewer.timetable()).find_paths(query):
        assert any(v <= len(path.rides) and a <= path.arrival_s for v, a in all_of.items())
