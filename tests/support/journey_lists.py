"""A brute force that lists every journey of a small town with all it costs and visits, and knows no dominance."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st
from town import Town

from mobility.planner.criteria.costs import RideCosts
from mobility.planner.criteria.risk import DelayDistribution
from mobility.planner.criteria.search import CriteriaSearch
from mobility.planner.engine import Engine
from mobility.planner.query import Criterion, Query, Via, make_ends

VEHICLES = 3


@dataclass(frozen=True)
class Costs:
    """Costs that follow from stops alone, the same in both directions; delays for the risk."""

    on_time_share: float = 0.5
    mean_delay_s: float = 3.0

    def hop_co2_g(self, a, b):
        return (a * b + a + b) % 5

    def hop_price(self, a, b):
        return (a + b) % 3

    def board_price(self, stops):
        return (stops[0] + stops[-1]) % 4

    def missed(self, slack_s):
        catch = 1 - (1 - self.on_time_share) * math.exp(-slack_s / self.mean_delay_s)
        return round(-1000 * math.log(catch))

    def of_rides(self, timetable):
        """The same for the planner: running sums per pattern."""
        price, co2 = [], []
        boards = []
        for pattern in range(timetable.pattern_count):
            stops = timetable.list_stops_of(pattern)
            boards.append(self.board_price(stops))
            price += np.cumsum([0] + [self.hop_price(*hop) for hop in pairwise(stops)]).tolist()
            co2 += np.cumsum([0] + [self.hop_co2_g(*hop) for hop in pairwise(stops)]).tolist()
        return RideCosts(*(np.array(c, np.int32) for c in (boards, price, co2)), timetable.arrays.fp_s)


ORDER = Criterion.WALKING, Criterion.PRICE, Criterion.CO2, Criterion.RISK


def list_journeys(town, costs, access, egress, via=(), vehicles=VEHICLES):
    """All journeys as (latest departure, arrival, vehicles, walking, price, co2, risk), each once.

    A state of the sweep is (latest departure, stop, ready, costs, vias visited).
    """
    found = set()
    ready = set()
    for stop, walk in access.items():
        for v, stay in visits(via, 0, stop):
            ready.add((None, stop, walk + stay, (walk, 0, 0, 0), v))
    for k in range(1, vehicles + 1):
        arrived = {state for trip in town.trips for state in ride(town, costs, trip, ready, via)}
        for latest, stop, time, paid, v in arrived:
            if stop in egress:
                for v_end, stay in visits(via, v, stop):
                    if v_end == len(via):
                        walked = paid[0] + egress[stop], *paid[1:]
                        found.add((latest, time + stay + egress[stop], k, *walked))
        ready = {state for arrival in arrived for state in change(town, arrival, via)}
    return found


def visits(via, visited, stop):
    """The numbers of vias that can be visited after a stay at a stop, and how long the stay is."""
    stay = 0
    yield visited, 0
    while visited < len(via) and stop in via[visited].stops:
        stay += via[visited].stay_s
        visited += 1
        yield visited, stay


def ride(town, costs, trip, ready, via):
    """All arrivals in a trip."""
    stops = [row[0] for row in trip]
    for latest, at, time, paid, v in ready:
        for board, (stop, _, departure, may_board, _) in enumerate(trip[:-1]):
            # somebody at the door (latest is None) leaves just in time; ``time`` is then the way to the stop
            if stop != at or not may_board or (latest is not None and time > departure):
                continue
            leaves = departure - time if latest is None else latest
            missed = 0 if latest is None else costs.missed(departure - time)
            price, co2, seen = paid[1] + costs.board_price(stops), paid[2], v
            for pos in range(board + 1, len(trip)):
                price += costs.hop_price(stops[pos - 1], stops[pos])
                co2 += costs.hop_co2_g(stops[pos - 1], stops[pos])
                while seen < len(via) and via[seen].stay_s == 0 and stops[pos] in via[seen].stops:
                    seen += 1
                if trip[pos][4]:
                    yield leaves, stops[pos], trip[pos][1], (paid[0], price, co2, paid[3] + missed), seen


def change(town, arrival, via):
    """All one can do between two vehicles: change, or walk, and stay before and after."""
    latest, stop, time, paid, v = arrival
    for v_here, stay in visits(via, v, stop):
        yield latest, stop, time + max(town.change_s[stop], stay), paid, v_here
        for (start, end), seconds in town.walks.items():
            if start == stop:
                walked = paid[0] + seconds, *paid[1:]
                for v_there, stay_there in visits(via, v_here, end):
                    yield latest, end, time + stay + seconds + stay_there, walked, v_there


def keep(journey, criteria):
    """A journey with nothing but what was asked for."""
    return (*journey[:3], *(cost for name, cost in zip(ORDER, journey[3:], strict=True) if name in criteria))


def list_undominated(journeys):
    """Those that no other equals or beats in all: late departure, early arrival, and all else small."""
    kept = []
    for one in sorted(journeys, key=lambda j: (-j[0], *j[1:])):
        if not any(all(a <= b for a, b in zip(other[1:], one[1:], strict=True)) for other in kept):
            kept.append(one)
    return set(kept)


def expect(journeys, criteria, at_s, window_s=0):
    """What the search has to answer, departure by departure if there is a window."""
    if not window_s:
        return list_undominated({(at_s, *keep(j, criteria)[1:]) for j in journeys if j[0] >= at_s})
    best = list_undominated({keep(j, criteria) for j in journeys if j[0] >= at_s})
    return {j for j in best if j[0] < at_s + window_s}


def told(paths, criteria):
    """The same of the planner's paths."""
    rows = []
    for path in paths:
        costs = dict(path.costs)
        assert set(costs) == set(criteria)
        rows.append((path.departure_s, path.arrival_s, len(path.rides), *(costs[c] for c in ORDER if c in criteria)))
    assert len(rows) == len(set(rows))
    return set(rows)


def mirror_town(town):
    """The town in a world where time runs backwards."""
    trips = [[(s, -dep, -arr, alight, board) for s, arr, dep, board, alight in reversed(t)] for t in town.trips]
    return Town(town.stop_count, trips, {(b, a): s for (a, b), s in town.walks.items()}, town.change_s)


def mirror_journeys(journeys):
    """Arrivals are departures, and the other way round."""
    return {(-arrival, -departure, *rest) for departure, arrival, *rest in journeys}


@st.composite
def small_towns(draw):
    """Towns small enough to list all journeys of: loops, overtaking, one-way walks, closed doors."""
    unit = draw(st.sampled_from([1, 60]))
    stop_count = draw(st.integers(2, 5))
    stops = st.integers(0, stop_count - 1)
    trips = []
    for line in draw(st.lists(st.lists(stops, min_size=2, max_size=4), min_size=1, max_size=3)):
        for _ in range(draw(st.integers(1, 3))):
            clock, trip = draw(st.integers(0, 15)), []
            for stop in line:
                arrival = clock + draw(st.integers(0, 5))
                clock = arrival + draw(st.integers(0, 2))
                board, alight = draw(st.sampled_from([(1, 1)] * 6 + [(0, 1), (1, 0)]))
                trip.append((stop, arrival * unit, clock * unit, board, alight))
            trips.append(trip)
    pairs = draw(st.lists(st.tuples(stops, stops), max_size=5))
    walks = {(a, b): unit * draw(st.integers(1, 5)) for a, b in pairs if a != b}
    town = Town(stop_count, trips, walks, [unit * draw(st.integers(0, 3)) for _ in range(stop_count)])
    door = st.dictionaries(stops, st.integers(0, 4).map(lambda m: m * unit), min_size=1, max_size=3)
    return unit, town, draw(door), draw(door), draw(st.integers(0, 12)) * unit


@st.composite
def vias(draw, stop_count, unit, *, most=3):
    """Places with one or two stops, half of them without a stay."""
    stop = st.lists(st.integers(0, stop_count - 1), min_size=1, max_size=2, unique=True).map(tuple)
    stay = st.one_of(st.just(0), st.integers(0, 5).map(lambda m: m * unit))
    return tuple(draw(st.lists(st.tuples(stop, stay).map(lambda place: Via(*place)), max_size=most)))


def query_of(access, egress, at_s, **facts):
    """The question in the planner's words."""
    ends = make_ends(list(access), list(access.values())), make_ends(list(egress), list(egress.values()))
    return Query(*ends, at_s, max_vehicles=VEHICLES, **facts)


def open_search(town, costs, **options):
    """The search of a town with its costs."""
    engine = Engine(town.timetable(), **options)
    delays = DelayDistribution(costs.on_time_share, costs.mean_delay_s)
    return CriteriaSearch(engine, costs.of_rides(engine.timetable), delays)
