"""From one place to all stops, against the brute force asked for every stop."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from town import VEHICLES, query_of, questions

from mobility.planner import one_to_all
from mobility.planner.engine import Engine
from mobility.planner.one_to_all import Labels, matrix, reach, spread
from mobility.planner.query import TransferTimes, make_ends
from mobility.planner.workspace import FAR

SLOWER = TransferTimes(minimum_s=70, additional_s=5, factor=1.5)


def door_of(town, stop, *, is_goal=False):
    """A stop as a door: itself, and one footpath."""
    ways = {(a, b): s for (a, b), s in town.walks.items() if (b if is_goal else a) == stop}
    return {stop: 0} | {(a if is_goal else b): s for (a, b), s in ways.items()}


@settings(max_examples=250, deadline=None)
@given(questions(), st.integers(0, 30))
def test_all_stops_are_reached_when_the_brute_force_reaches_each(question, limit):
    """Seconds and vehicles to every stop are those of the brute force for that stop, within the limit and not beyond."""
    unit, town, access, _, at_s = question
    limit_s = limit * unit
    ends = make_ends(list(access), list(access.values()))
    found = reach(Engine(town.timetable()), ends, at_s, limit_s=limit_s, max_vehicles=VEHICLES)
    for stop in range(town.stop_count):
        goals = town.earliest(access, door_of(town, stop, is_goal=True), at_s)
        ways = [(goal - at_s, k) for k, goal in enumerate(goals, start=1) if goal is not None]
        ways += [(access[stop], 0)] if stop in access else []
        expected = min((way for way in ways if way[0] <= limit_s), default=(-1, -1))
        assert (found.seconds[stop], found.vehicles[stop]) == expected


@settings(max_examples=150, deadline=None)
@given(questions())
def test_arriving_at_a_place_from_all_stops(question):
    """Read backwards, every stop has the latest departure that the search from it by arrival finds."""
    unit, town, _, egress, _ = question
    by_s = 25 * unit
    engine = Engine(town.timetable())
    found = reach(engine, make_ends(list(egress), list(egress.values())), by_s, max_vehicles=VEHICLES, arrive_by=True)
    for stop in range(town.stop_count):
        paths = engine.find_paths(query_of(door_of(town, stop), egress, by_s, arrive_by=True))
        ways = [by_s - path.departure_s for path in paths] + ([egress[stop]] if stop in egress else [])
        assert found.seconds[stop] == min(ways, default=-1)


@settings(max_examples=120, deadline=None)
@given(questions(), questions(), st.booleans(), st.sampled_from([TransferTimes(), SLOWER]))
def test_a_matrix_holds_what_single_questions_answer(question, other, arrive_by, transfer):
    """Every cell is the best answer of the search between its two doors, in both directions of time."""
    unit, town, access, egress, at_s = question
    doors = [access, egress, {n % town.stop_count: s for n, s in other[2].items()}]
    ends = [make_ends(list(door), list(door.values())) for door in doors]
    engine = Engine(town.timetable())
    at_s += 15 * unit if arrive_by else 0
    table = matrix(engine, ends, ends, at_s, max_vehicles=VEHICLES, arrive_by=arrive_by, transfer=transfer)
    for row, start in enumerate(doors):
        for column, end in enumerate(doors):
            paths = engine.find_paths(query_of(start, end, at_s, arrive_by=arrive_by, transfer=transfer))
            times = [(at_s - p.departure_s) if arrive_by else (p.arrival_s - at_s) for p in paths]
            assert table[row, column] == min(times, default=-1)


@settings(max_examples=60, deadline=None)
@given(questions())
def test_the_compiled_kernels_reach_what_plain_python_reaches(question):
    """Numba and the same source as plain Python fill the same labels."""
    _, town, access, _, at_s = question
    a = town.timetable().arrays
    ends = make_ends(list(access), list(access.values()))
    both = []
    for kernel, last in ((spread, one_to_all.finish), (spread.py_func, one_to_all.finish.py_func)):
        labels = Labels(np.full(town.stop_count, FAR, np.int32), np.zeros(town.stop_count, np.int8))
        kernel(a, labels, *ends, at_s, 1800, VEHICLES)
        found = one_to_all.Reach(*(np.full(town.stop_count, -1, kind) for kind in (np.int32, np.int8, np.int32)))
        last(a, labels, *ends, at_s, 1800, found)
        both.append([column.tolist() for column in (*labels, *found)])
    assert both[0] == both[1]
