"""Few journeys that differ for a reason; a reason only where it is really different."""

import random

import pytest

from mobility.planner.candidates import Candidate
from mobility.planner.filters import MARGIN_BEFORE_S, Rule, judge
from mobility.planner.options import Offer, Reason, choose_options
from mobility.planner.paging import PageRequest, find_page
from mobility.planner.query import Criterion, Path, Ride

MINUTE = 60


def candidate(departure_min, arrival_min, *lines, walking_min=0, vehicles=None, costs=()):
    """A journey between 08:00 and 10:00, its lines by number."""
    rides = tuple(Ride(line, 0, 1, line, line + 1) for line in lines)
    path = Path(departure_min * MINUTE, arrival_min * MINUTE, rides, costs)
    keys = vehicles or tuple((line, departure_min) for line in lines)
    ways = tuple((line, line, line + 1) for line in lines)
    return Candidate(path, 0, path.departure_s, path.arrival_s, ways, keys, walking_min * MINUTE)


def offer(journey, **costs):
    """A journey with costs by criterion."""
    known = {Criterion[name.upper()]: amount for name, amount in costs.items()}
    return Offer(journey, {Criterion.WALKING: journey.walking_s, **known})


def chosen(*offers, **facts):
    """Departure and reasons of each choice."""
    found = choose_options(offers, **facts)
    return [(c.offer.journey.departure_s // MINUTE, [reason.value for reason in c.reasons]) for c in found]


def test_one_journey_is_the_earliest_and_nothing_else():
    """Where there is nothing to compare with, no other reason is told."""
    assert chosen(offer(candidate(0, 30, 1), price=3000)) == [(0, ["earliest_arrival"])]
    assert chosen(offer(candidate(0, 30, 1)), arrive_by=True) == [(0, ["latest_departure"])]
    assert chosen() == []


def test_each_option_has_a_reason_of_its_own():
    """Five ways that differ: the earliest, a direct one, a short walk, a cheap one, and one that is safe and green."""
    found = chosen(
        offer(candidate(0, 30, 1, 2, 3, walking_min=10), price=6000, co2=900, risk=300),
        offer(candidate(1, 45, 4, walking_min=10), price=6000, co2=900, risk=300),
        offer(candidate(2, 50, 5, 6, 7, walking_min=1), price=6000, co2=900, risk=300),
        offer(candidate(3, 55, 8, 9, 10, walking_min=10), price=2000, co2=900, risk=300),
        offer(candidate(4, 58, 11, 12, 13, walking_min=10), price=6000, co2=100, risk=20),
    )
    assert found == [
        (0, ["earliest_arrival", "fastest"]),
        (1, ["fewest_transfers"]),
        (2, ["least_walking"]),
        (3, ["cheapest"]),
        (4, ["most_reliable", "lowest_carbon"]),
    ]


def test_a_journey_may_hold_several_reasons():
    """Where the earliest is also the shortest and has no change, it says so, and the cheap one only that."""
    assert chosen(
        offer(candidate(0, 30, 1), price=6000),
        offer(candidate(5, 60, 2, 3), price=2000),
    ) == [(0, ["earliest_arrival", "fastest", "fewest_transfers"]), (5, ["cheapest"])]


def test_nobody_is_sent_another_way_for_a_coin_or_a_minute():
    """Below the threshold of a reason there is no option for it."""
    assert chosen(
        offer(candidate(0, 30, 1), price=3000, co2=500, risk=40),
        offer(candidate(1, 31, 2, walking_min=0), price=2950, co2=460, risk=0),
        offer(candidate(3, 31, 3), price=3000, co2=500, risk=40),
    ) == [(0, ["earliest_arrival"])]


def test_near_identical_journeys_never_take_two_places():
    """The next run of the same lines is no option, nor are the same vehicles with another change."""
    same = (("v", 1), ("w", 2))
    assert chosen(
        offer(candidate(0, 40, 1, 2, walking_min=9)),
        offer(candidate(20, 50, 1, 2, walking_min=9)),
        offer(candidate(0, 41, 1, 2, walking_min=2, vehicles=same)),
        offer(candidate(25, 60, 3, 4, walking_min=2)),
    ) == [(0, ["earliest_arrival"]), (25, ["fastest", "least_walking"])]


def test_never_more_than_five():
    """However many ways there are, five are shown at most."""
    offers = [
        offer(candidate(n, 30 + 10 * n, *range(10 * n, 10 * n + 7 - n), walking_min=20 - 3 * n),
              price=9000 - 1000 * n, co2=900 - 100 * n, risk=900 - 100 * n)
        for n in range(7)
    ]  # fmt: skip
    found = choose_options(offers)
    assert len(found) <= 5
    assert found[0].reasons[0] is Reason.EARLIEST_ARRIVAL
    assert all(c.reasons for c in found)


def test_what_is_not_known_is_no_reason():
    """A journey without a price is neither cheap nor dear."""
    assert chosen(offer(candidate(0, 30, 1)), offer(candidate(1, 50, 2), price=100)) == [(0, ["earliest_arrival"])]


def test_with_criteria_only_a_rival_that_costs_no_more_drops_a_journey():
    """A slower journey stays where it is cheaper, and goes where it is not."""
    cheap, dear = ((Criterion.PRICE, 2000),), ((Criterion.PRICE, 3000),)
    fast = candidate(0, 30, 1, costs=dear)
    assert judge([fast, candidate(0, 45, 2, costs=cheap)]) == [None, None]
    assert judge([fast, candidate(0, 45, 2, costs=dear)]) == [None, Rule.DOMINATED]
    assert judge([fast, candidate(0, 30, 2, costs=dear)]) == [None, Rule.DOMINATED]
    assert judge([candidate(0, 30, 2, costs=dear), candidate(0, 30, 1, costs=cheap)]) == [Rule.DOMINATED, None]


def test_rivals_far_away_in_time_drop_nothing():
    """Rules look half an hour far, by departure or by arrival as the page does."""
    slow, late = candidate(0, 100, 1), candidate(40, 60, 2, 3)
    assert judge([slow, late]) == [None, None]
    assert judge([slow, late], by_arrival=True) == [None, None]
    assert judge([slow, candidate(20, 60, 2, 3)]) == [Rule.LONG_WAY_ROUND, None]


def test_who_loses_the_only_reason_goes():
    """A journey chosen for a change less is no option once a journey without any change is there for another reason."""
    found = chosen(
        offer(candidate(0, 30, 1, 2, 3, walking_min=20)),
        offer(candidate(10, 36, 4, 5, 6, walking_min=12)),
        offer(candidate(30, 55, 7, 8, 9, walking_min=2)),
    )
    assert all(reasons for _, reasons in found)
    assert found[0] == (0, ["earliest_arrival"])


def test_a_rival_on_the_page_before_still_counts():
    """A page that begins between a journey and the one it hardly gains on does not show it: its neighbours are fetched."""
    everything = [candidate(0, 30, 1), candidate(1, 29, 2, 3), candidate(40, 70, 1)]

    def fetch(begin_s, end_s):
        return [journey for journey in everything if begin_s <= journey.departure_s < end_s]

    page = find_page(PageRequest(at_s=30, count=None, window_s=3600), fetch)
    assert (page.journeys, page.dropped) == ((everything[2],), {Rule.HARDLY_GAINS: 1})
    before = find_page(PageRequest(at_s=30, count=None, window_s=3600, backwards=True), fetch)
    assert (before.journeys, before.end_s) == ((everything[0],), page.begin_s)


@pytest.mark.parametrize("by_arrival", [False, True])
def test_no_journey_is_dropped_for_one_long_before_it(by_arrival):
    """What pages fetch before a window is enough: verdicts are the same without all that lies further off."""
    rng = random.Random(7)
    for _ in range(200):
        journeys = []
        for _ in range(12):
            departure_min, line = rng.randrange(30), rng.randrange(3)
            lines = [(line,), (line, line + 3), (line, 9, line + 3)][rng.randrange(3)]
            ends_min = departure_min + rng.randrange(5, 40)
            vehicles = tuple((each, rng.randrange(2)) for each in lines)
            journeys.append(candidate(departure_min, ends_min, *lines, walking_min=rng.randrange(9), vehicles=vehicles))
        axis = {id(j): -j.arrival_s if by_arrival else j.departure_s for j in journeys}
        begin_s = sorted(axis.values())[6]
        near = [j for j in journeys if axis[id(j)] >= begin_s - MARGIN_BEFORE_S]
        verdicts = [
            dict(zip(map(id, some), judge(some, by_arrival=by_arrival), strict=True)) for some in (journeys, near)
        ]
        for journey in journeys:
            if axis[id(journey)] >= begin_s:
                assert verdicts[0][id(journey)] == verdicts[1][id(journey)]
