"""The search with more criteria against a brute force that lists every journey of a small town."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journey_lists import (
    ORDER,
    Costs,
    expect,
    list_journeys,
    mirror_journeys,
    mirror_town,
    open_search,
    query_of,
    small_towns,
    told,
)
from town import Town, assert_can_be_ridden, questions
from town import query_of as plain_query

from mobility.planner.criteria import multi_raptor
from mobility.planner.criteria import search as search_module
from mobility.planner.criteria.restriction import Restriction
from mobility.planner.criteria.risk import risk_of
from mobility.planner.criteria.search import CriteriaSearch
from mobility.planner.engine import Engine
from mobility.planner.query import Criterion, TransferTimes

CRITERIA = st.sets(st.sampled_from(ORDER), min_size=1).map(frozenset)


@settings(max_examples=400, deadline=None)
@given(small_towns(), CRITERIA)
def test_one_departure_finds_every_undominated_journey_of_the_brute_force(question, criteria):
    """Arrival, vehicles and any of walking, price, CO2 and risk: the very set, and every path can be ridden."""
    unit, town, access, egress, at_s = question
    costs = Costs(mean_delay_s=3 * unit)
    search = open_search(town, costs)
    query = query_of(access, egress, at_s, criteria=criteria)
    paths = search.find_paths(query)
    assert told(paths, criteria) == expect(list_journeys(town, costs, access, egress), criteria, at_s)
    for path in paths:
        assert_can_be_ridden(town, search._engine.timetable, query, path)


@settings(max_examples=300, deadline=None)
@given(small_towns(), CRITERIA, st.integers(1, 12))
def test_a_window_finds_what_no_later_departure_beats(question, criteria, length):
    """Over a half-open window, departure is a criterion like the others, what leaves after its end included."""
    unit, town, access, egress, at_s = question
    costs = Costs(mean_delay_s=3 * unit)
    query = query_of(access, egress, at_s, criteria=criteria, window_s=length * unit)
    paths = open_search(town, costs).find_paths(query)
    assert told(paths, criteria) == expect(list_journeys(town, costs, access, egress), criteria, at_s, length * unit)


@settings(max_examples=200, deadline=None)
@given(small_towns(), CRITERIA, st.sampled_from([0, 0, 1, 5, 12]))
def test_arriving_by_a_time_is_leaving_at_it_in_the_mirrored_town(question, criteria, length):
    """Read backwards in time, the answers are those of the brute force in a town where time runs backwards."""
    unit, town, access, egress, at_s = question
    by_s = at_s + 12 * unit
    costs = Costs(mean_delay_s=3 * unit)
    query = query_of(access, egress, by_s, criteria=criteria, window_s=length * unit, arrive_by=True)
    paths = open_search(town, costs).find_paths(query)
    mirrored = list_journeys(mirror_town(town), costs, egress, access)
    assert told(paths, criteria) == mirror_journeys(expect(mirrored, criteria, -by_s, length * unit))


@settings(max_examples=200, deadline=None)
@given(questions(), st.sampled_from([0, 0, 3, 12]), st.booleans())
def test_without_criteria_the_answers_are_those_of_raptor(question, length, arrive_by):
    """The multi-label search asked for nothing more finds what the plain search finds."""
    unit, town, access, egress, at_s = question
    engine = Engine(town.timetable())
    query = plain_query(access, egress, at_s + 5 * unit, window_s=length * unit, arrive_by=arrive_by)
    plain = [(p.departure_s, p.arrival_s, len(p.rides)) for p in engine.find_paths(query)]
    assert sorted(plain) == sorted(told(engine.criteria.find_paths(query), ()))


@settings(max_examples=200, deadline=None)
@given(small_towns(), CRITERIA, st.integers(0, 6), st.sampled_from([0.0, 0.5]), st.integers(0, 1), st.integers(0, 9))
def test_a_restriction_leaves_the_subset_that_its_rule_says(question, criteria, slack, factor, more, length):
    """Of the full Pareto set, those near the earliest arrival for their departure and number of vehicles."""
    unit, town, access, egress, at_s = question
    costs, window_s = Costs(mean_delay_s=3 * unit), length * unit
    journeys = list_journeys(town, costs, access, egress)
    full = expect(journeys, criteria, at_s, window_s)
    after = expect(journeys, (), at_s + window_s)
    plain = expect(journeys, (), at_s, window_s) | after
    slack_s = max(slack * unit, int(factor * min((j[1] - j[0] for j in plain), default=0)))
    most = max((j[2] for j in plain), default=0) + more

    def is_near(journey):
        rivals = [j[1] for j in journeys if j[0] >= journey[0] and j[2] <= journey[2]]
        return journey[2] <= most and journey[1] <= min(rivals) + slack_s

    query = query_of(access, egress, at_s, criteria=criteria, window_s=window_s)
    paths = open_search(town, costs).find_paths(query, restriction=Restriction(slack * unit, factor, more))
    assert told(paths, criteria) == {journey for journey in full if is_near(journey)}


@settings(max_examples=100, deadline=None)
@given(small_towns(), CRITERIA, st.integers(0, 9))
def test_rounded_criteria_miss_nothing_that_is_much_better(question, criteria, length):
    """Each undominated journey is matched to within the steps by one that leaves, arrives and changes as well."""
    unit, town, access, egress, at_s = question
    costs, steps = Costs(mean_delay_s=3 * unit), (1 if unit == 1 else 6, 1, 2, 6)
    query = query_of(access, egress, at_s, criteria=criteria, window_s=length * unit)
    search = open_search(town, costs)
    exact, rounded = (told(search.find_paths(query, steps=s), criteria) for s in (search_module.EXACT, steps))
    # in a window, what is matched by somebody who leaves at its end is not told
    end = query_of(access, egress, at_s + length * unit, criteria=criteria)
    rounded |= told(search.find_paths(end, steps=steps), criteria)
    # a label may lose to another by less than a step where it is ready, boards (among those aboard, and among all
    # that rode in the trip) and arrives, and once more at the goal
    stages = 4 * query.max_vehicles + 1
    slack = [2**step * stages for name, step in zip(ORDER, steps, strict=True) if name in criteria]
    for journey in exact:
        assert any(
            other[0] >= journey[0]
            and other[1] <= journey[1]
            and other[2] <= journey[2]
            and all(a < b + s for a, b, s in zip(other[3:], journey[3:], slack, strict=True))
            for other in rounded
        )


@settings(max_examples=100, deadline=None)
@given(small_towns(), CRITERIA, st.integers(0, 9), st.booleans())
def test_bounds_change_nothing_but_the_time_it_takes(question, criteria, length, arrive_by):
    """With and without lower bounds the answers are equal."""
    unit, town, access, egress, at_s = question
    costs = Costs(mean_delay_s=3 * unit)
    query = query_of(access, egress, at_s, criteria=criteria, window_s=length * unit, arrive_by=arrive_by)
    answers = [told(open_search(town, costs, bounds=b).find_paths(query), criteria) for b in (True, False)]
    assert answers[0] == answers[1]


@settings(max_examples=100, deadline=None)
@given(small_towns(), st.integers(0, 2), st.integers(0, 3))
def test_longer_changes_are_no_longer_walks(question, additional, minimum):
    """Whoever wants more time to change walks as far as before: the seconds on foot are the footpaths'."""
    unit, town, access, egress, at_s = question
    costs, criteria = Costs(mean_delay_s=3 * unit), frozenset({Criterion.WALKING, Criterion.RISK})
    times = TransferTimes(minimum * unit, additional * unit, 1.0)
    query = query_of(access, egress, at_s, criteria=criteria, transfer=times)
    answers = told(open_search(town, costs).find_paths(query), criteria)

    def longer(seconds):
        return max(minimum * unit, seconds + additional * unit)

    slow = Town(
        town.stop_count, town.trips, {p: longer(s) for p, s in town.walks.items()}, [longer(s) for s in town.change_s]
    )
    search = open_search(slow, costs)
    walk_s = town.timetable().arrays.fp_s
    search = CriteriaSearch(search._engine, replace(search.costs, walk_s=walk_s), search.delays)
    assert answers == told(search.find_paths(query_of(access, egress, at_s, criteria=criteria)), criteria)


@settings(max_examples=100, deadline=None)
@given(small_towns(), st.integers(0, 9))
def test_the_risk_that_is_told_is_that_of_the_connections(question, length):
    """The cost a path was found with is what its connections cost one by one."""
    unit, town, access, egress, at_s = question
    costs = Costs(mean_delay_s=3 * unit)
    search = open_search(town, costs)
    query = query_of(access, egress, at_s, criteria=frozenset({Criterion.RISK}), window_s=length * unit)
    for path in search.find_paths(query):
        assert dict(path.costs)[Criterion.RISK] == risk_of(path, search._engine.timetable, search.delays)


KERNELS = ("is_beaten", "insert", "write", "collect", "arrive", "board", "scan", "walk", "begin")


@settings(max_examples=60, deadline=None)
@given(small_towns(), CRITERIA, st.integers(0, 8))
def test_compiled_kernels_answer_as_plain_python(question, criteria, length):
    """Numba and the same source as plain Python find the same paths, legs and costs included."""
    unit, town, access, egress, at_s = question
    search = open_search(town, Costs(mean_delay_s=3 * unit))
    query = query_of(access, egress, at_s, criteria=criteria, window_s=length * unit)
    compiled = search.find_paths(query)
    with pytest.MonkeyPatch.context() as patch:
        for name in KERNELS:
            patch.setattr(multi_raptor, name, getattr(multi_raptor, name).py_func)
        for name in ("search", "emit"):
            patch.setattr(search_module, name, getattr(multi_raptor, name).py_func)
        assert search.find_paths(query) == compiled


def test_a_small_arena_grows_until_the_answer_fits(monkeypatch):
    """A query that needs more labels than there is room for is repeated with more, and answers the same."""
    trips = [[(0, t, t, 1, 1), (1, t + 5, t + 5, 1, 1), (2, t + 9, t + 9, 1, 1)] for t in range(40)]
    town = Town(3, trips, {(0, 1): 3, (1, 2): 2}, [1, 1, 1])
    query = query_of({0: 0, 1: 2}, {2: 0, 1: 4}, 0, criteria=frozenset(ORDER), window_s=30)
    expected = open_search(town, Costs()).find_paths(query)
    monkeypatch.setattr("mobility.planner.criteria.labels.build_bags.__kwdefaults__", {"labels": 4, "riding": 1})
    assert open_search(town, Costs()).find_paths(query) == expected
