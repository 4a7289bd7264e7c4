"""Journeys by way of somewhere against a brute force that lists every journey, every visit and every stay."""

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
    vias,
)

from mobility.planner.criteria import multi_raptor
from mobility.planner.criteria import search as search_module
from mobility.planner.criteria.restriction import Restriction
from mobility.planner.criteria.via import TooManyVias, list_visits
from mobility.planner.engine import Engine
from mobility.planner.query import Via

CRITERIA = st.one_of(st.just(frozenset()), st.sets(st.sampled_from(ORDER)).map(frozenset))


@st.composite
def via_questions(draw, *, most=3):
    """A small question with places to go by way of."""
    unit, town, access, egress, at_s = draw(small_towns())
    return unit, town, access, egress, at_s, draw(vias(town.stop_count, unit, most=most))


@settings(max_examples=400, deadline=None)
@given(via_questions(), CRITERIA)
def test_one_departure_by_way_of_places_finds_the_set_of_the_brute_force(question, criteria):
    """Visited by vehicle, by changing, on foot or with a stay, in order: the very set of undominated journeys."""
    unit, town, access, egress, at_s, via = question
    costs = Costs(mean_delay_s=3 * unit)
    query = query_of(access, egress, at_s, criteria=criteria, via=via)
    paths = open_search(town, costs).find_paths(query)
    assert told(paths, criteria) == expect(list_journeys(town, costs, access, egress, via), criteria, at_s)


@settings(max_examples=250, deadline=None)
@given(via_questions(), CRITERIA, st.integers(1, 12))
def test_a_window_by_way_of_places_finds_every_departure(question, criteria, length):
    """Over a window too, stays at the door's stop included: one leaves earlier to have the time."""
    unit, town, access, egress, at_s, via = question
    costs = Costs(mean_delay_s=3 * unit)
    query = query_of(access, egress, at_s, criteria=criteria, via=via, window_s=length * unit)
    paths = open_search(town, costs).find_paths(query)
    journeys = list_journeys(town, costs, access, egress, via)
    assert told(paths, criteria) == expect(journeys, criteria, at_s, length * unit)


@settings(max_examples=250, deadline=None)
@given(via_questions(), CRITERIA, st.sampled_from([0, 0, 1, 5, 12]))
def test_arriving_by_a_time_visits_the_same_places_backwards(question, criteria, length):
    """Read backwards in time, vias in reverse order, the answers are those of the mirrored town."""
    unit, town, access, egress, at_s, via = question
    by_s, costs = at_s + 15 * unit, Costs(mean_delay_s=3 * unit)
    facts = {"criteria": criteria, "window_s": length * unit, "arrive_by": True}
    paths = open_search(town, costs).find_paths(query_of(access, egress, by_s, via=via, **facts))
    mirrored = list_journeys(mirror_town(town), costs, egress, access, via[::-1])
    assert told(paths, criteria) == mirror_journeys(expect(mirrored, criteria, -by_s, length * unit))


@settings(max_examples=150, deadline=None)
@given(via_questions(), st.integers(0, 9), st.booleans())
def test_every_path_tells_where_and_when_it_visits(question, length, arrive_by):
    """A path's visits are in order, as long as asked for, and within the journey."""
    unit, town, access, egress, at_s, via = question
    search = open_search(town, Costs())
    query = query_of(access, egress, at_s + 8 * unit, via=via, window_s=length * unit, arrive_by=arrive_by)
    for path in search.find_paths(query):
        visits = list_visits(path, query, search._engine.timetable)
        assert len(visits) == len(via)
        clock = path.departure_s
        for visit, place in zip(visits, via, strict=True):
            assert visit.stop in place.stops
            assert clock <= visit.from_s
            assert visit.until_s - visit.from_s == place.stay_s
            clock = visit.until_s
        assert clock <= path.arrival_s


@settings(max_examples=150, deadline=None)
@given(via_questions(), CRITERIA, st.integers(0, 9), st.booleans())
def test_bounds_through_vias_change_nothing_but_the_time_it_takes(question, criteria, length, arrive_by):
    """With and without lower bounds by way of the places still to be visited the answers are equal."""
    unit, town, access, egress, at_s, via = question
    query = query_of(
        access, egress, at_s + 5 * unit, via=via, criteria=criteria, window_s=length * unit, arrive_by=arrive_by
    )
    answers = [told(open_search(town, Costs(), bounds=b).find_paths(query), criteria) for b in (True, False)]
    assert answers[0] == answers[1]


@settings(max_examples=100, deadline=None)
@given(via_questions(), CRITERIA, st.integers(0, 9))
def test_a_restriction_with_vias_is_measured_against_journeys_with_vias(question, criteria, length):
    """A wide restriction leaves everything, and none at all leaves what arrives first by way of the places."""
    unit, town, access, egress, at_s, via = question
    search = open_search(town, Costs())
    query = query_of(access, egress, at_s, via=via, criteria=criteria, window_s=length * unit)
    full = told(search.find_paths(query), criteria)
    assert told(search.find_paths(query, restriction=Restriction(10**6, 0.0, 3)), criteria) == full
    tight = told(search.find_paths(query, restriction=Restriction(0, 0.0, 3)), criteria)
    assert tight <= full
    assert {j[:3] for j in tight} >= told(
        search.find_paths(query_of(access, egress, at_s, via=via, window_s=length * unit)), ()
    ) & {j[:3] for j in full}


@settings(max_examples=50, deadline=None)
@given(via_questions(), st.integers(0, 8))
def test_compiled_kernels_visit_as_plain_python(question, length):
    """Numba and the same source as plain Python find the same paths by way of the same places."""
    unit, town, access, egress, at_s, via = question
    search = open_search(town, Costs())
    query = query_of(access, egress, at_s, via=via, criteria=frozenset(ORDER), window_s=length * unit)
    compiled = search.find_paths(query)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("is_beaten", "insert", "write", "collect", "arrive", "board", "scan", "walk", "begin"):
            patch.setattr(multi_raptor, name, getattr(multi_raptor, name).py_func)
        for name in ("search", "emit"):
            patch.setattr(search_module, name, getattr(multi_raptor, name).py_func)
        assert search.find_paths(query) == compiled


def test_a_thousand_vias_are_refused_in_words():
    """More places than a journey can be searched with are refused, and the limit is named."""
    from town import Town

    town = Town(2, [[(0, 0, 0, 1, 1), (1, 5, 5, 1, 1)]], {}, [0, 0])
    query = query_of({0: 0}, {1: 0}, 0, via=(Via((0,)),) * 1000)
    with pytest.raises(TooManyVias, match=r"1000 places .* may have 4"):
        Engine(town.timetable()).find_paths(query)
