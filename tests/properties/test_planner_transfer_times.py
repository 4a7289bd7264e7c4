"""Changes that take one person longer, against the brute force in a town where they do."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from town import Town, assert_can_be_ridden, pareto_of, query_of, questions

from mobility.planner.engine import Engine
from mobility.planner.query import TransferTimes
from mobility.planner.transfer_times import ImpossibleTransferTimes, stretch_changes

wishes = st.builds(
    TransferTimes,
    minimum_s=st.integers(0, 200),
    additional_s=st.integers(0, 120),
    factor=st.sampled_from([1.0, 1.25, 2.0, 3.7]),
)


def slower_town(town, wish):
    """The town as this person walks through it between vehicles, worked out without arrays."""

    def longer(seconds):
        return max(wish.minimum_s, math.ceil(seconds * wish.factor - 1e-9) + wish.additional_s)

    walks = {pair: longer(seconds) for pair, seconds in town.walks.items()}
    return Town(town.stop_count, town.trips, walks, [longer(seconds) for seconds in town.change_s])


@settings(max_examples=250, deadline=None)
@given(questions(), wishes, st.booleans())
def test_longer_changes_find_what_the_brute_force_finds_in_a_slower_town(question, wish, arrive_by):
    """With a minimum, an addition and a factor the answers are those of a town whose walks and changes are as long."""
    _, town, access, egress, at_s = question
    slower = slower_town(town, wish)
    engine = Engine(town.timetable())
    if arrive_by:
        query = query_of(access, egress, at_s + 1500, arrive_by=True)
        expected = Engine(slower.timetable()).find_paths(query)
        found = engine.find_paths(replace(query, transfer=wish))
        assert [(len(p.rides), p.departure_s) for p in found] == [(len(p.rides), p.departure_s) for p in expected]
    else:
        query = query_of(access, egress, at_s)
        found = engine.find_paths(replace(query, transfer=wish))
        assert [(len(p.rides), p.arrival_s) for p in found] == pareto_of(slower.earliest(access, egress, at_s))
    for path in found:
        assert_can_be_ridden(slower, engine.timetable, query, path)


@settings(max_examples=60, deadline=None)
@given(questions(), wishes, st.integers(1, 12))
def test_longer_changes_over_a_window(question, wish, length):
    """A window in the same slower town finds the same journeys, with and without bounds."""
    unit, town, access, egress, at_s = question
    query = query_of(access, egress, at_s, window_s=length * unit)
    expected = Engine(slower_town(town, wish).timetable(), bounds=False).find_paths(query)
    for bounds in (True, False):
        engine = Engine(town.timetable(), bounds=bounds)
        found = engine.find_paths(replace(query, transfer=wish))
        assert [(*p[:2], len(p.rides)) for p in found] == [(*p[:2], len(p.rides)) for p in expected]


@settings(max_examples=60, deadline=None)
@given(questions(), wishes)
def test_no_wish_disturbs_another(question, wish):
    """An engine asked with many wishes, more than it keeps, answers each as if it were the only one."""
    _, town, access, egress, at_s = question
    engine = Engine(town.timetable())
    query = query_of(access, egress, at_s)
    for additional_s in (0, 10, 20, 30, 40, 50, 0):
        asked = replace(query, transfer=wish._replace(additional_s=additional_s))
        assert engine.find_paths(asked) == Engine(town.timetable()).find_paths(asked)
    assert engine.find_paths(query) == Engine(town.timetable()).find_paths(query)


def test_forbidden_changes_stay_forbidden_and_footpaths_in_order():
    """What nobody may do no factor makes possible; a search may still break off at the first walk too long."""
    town = Town(3, [[(0, 0, 0, 1, 1), (1, 60, 60, 1, 1)]], {(0, 1): 61, (0, 2): 60, (2, 1): 5}, [0, 10_000_000, 7])
    arrays = stretch_changes(town.timetable().arrays, TransferTimes(minimum_s=30, additional_s=1, factor=1.5))
    assert arrays.change_s.tolist() == [30, 10_000_000, 30]
    assert arrays.fp_s.tolist() == [91, 93, 30]
    assert all(np.all(np.diff(arrays.fp_s[a:b]) >= 0) for a, b in zip(arrays.fp_off, arrays.fp_off[1:], strict=False))


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (TransferTimes(factor=0.5), "0.5.*1 "),
        (TransferTimes(factor=float("nan")), "nan"),
        (TransferTimes(factor=11), "10"),
        (TransferTimes(minimum_s=-60), "minimum.*-60"),
        (TransferTimes(additional_s=86_401), "additional.*86400"),
    ],
)
def test_impossible_wishes_are_refused_with_their_limits(wish, told):
    """A factor below 1 or a negative minimum is an error that names the number."""
    town = Town(2, [[(0, 0, 0, 1, 1), (1, 60, 60, 1, 1)]], {}, [0, 0])
    with pytest.raises(ImpossibleTransferTimes, match=told):
        Engine(town.timetable()).find_paths(query_of({0: 0}, {1: 0}, 0, transfer=wish))
