"""Staying aboard: the search on runs that hold several trips, against a brute force that rides vehicles."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from town import DATE, VEHICLES, Town, pareto_of, query_of, questions

from mobility.network.blocks import StayRules, _list_turns
from mobility.network.build import assemble
from mobility.network.stays import MAX_PORTIONS, MAX_STAYS, keep_aboard, link_runs
from mobility.planner.engine import Engine


class TownOfVehicles(Town):
    """A town whose trips may be of blocks (a number each, -1 none), linked or parted, pair by pair."""

    def __init__(self, town, blocks, linked=(), parted=()):
        super().__init__(town.stop_count, town.trips, town.walks, town.change_s)
        self.blocks, self.linked, self.parted = blocks, list(linked), list(parted)

    def __repr__(self):
        return f"{super().__repr__()} {self.blocks} {self.linked} {self.parted}"

    def timetable(self):
        schedule, runs, block = self.schedule(), self.runs(), np.array(self.blocks, np.int32)
        pairs = (np.array(rows, np.int32).reshape(-1, 2) for rows in (self.linked, self.parted))
        links = link_runs(StayRules(block, _list_turns(block, schedule), *pairs), schedule, runs)
        if links is None:
            return assemble(schedule, self.footpaths(), runs, DATE)
        rows, runs, following = keep_aboard(schedule, runs, links)
        return assemble(rows, self.footpaths(), runs, DATE, following)

    def next_trips(self, number):
        """The trips that the vehicle of a trip makes next."""

        def may_follow(after):
            return self.trips[number][-1][1] <= self.trips[after][0][2] and (number, after) not in self.parted

        linked = [after for before, after in self.linked if before == number and may_follow(after)]
        if linked:
            return linked[:MAX_PORTIONS]
        mates = [n for n, block in enumerate(self.blocks) if block >= 0 and block == self.blocks[number]]
        mates.sort(key=lambda n: (self.trips[n][0][2], self.trips[n][-1][1], n))
        following = mates[mates.index(number) + 1 :][:1] if number in mates else []
        return [n for n in following if may_follow(n) and self.trips[number][-1][0] == self.trips[n][0][0]]

    def _ride(self, ready):
        arrivals = set()
        for number, trip in enumerate(self.trips):
            aboard = False
            for pos, (stop, arrival, departure, board, alight) in enumerate(trip):
                if aboard and alight:
                    arrivals.add((stop, arrival))
                if board and pos < len(trip) - 1 and ready.get(stop, departure + 1) <= departure:
                    aboard = True
            if aboard:
                self._stay(number, MAX_STAYS, arrivals)
        return arrivals

    def _stay(self, number, times, arrivals):
        """Add where one gets to who sits in a trip to its end."""
        for after in self.next_trips(number) if times else []:
            last_stop, ended, *_ = self.trips[number][-1]
            for pos, (stop, arrival, _, _, alight) in enumerate(self.trips[after]):
                if alight and (pos or stop != last_stop):
                    arrivals.add((stop, max(arrival, ended)))
            self._stay(after, times - 1, arrivals)


@st.composite
def vehicles(draw):
    """A question to a town in which vehicles go on: by their block or a row, at the same stop or another, with other
    trips of the block between, or not at all.
    """
    unit, town, access, egress, at_s = draw(questions())
    stops = st.integers(0, town.stop_count - 1)
    blocks = draw(st.lists(st.integers(-1, 1), min_size=len(town.trips), max_size=len(town.trips)))
    linked = []
    if draw(st.booleans()):  # from where vehicles start to where they end only
        access, egress = {}, {}
    for block in range(2, 2 + draw(st.integers(1, 3))):
        number = draw(st.integers(0, len(town.trips) - 1))
        blocks[number] = block
        access[town.trips[number][0][0]] = 0
        for _ in range(draw(st.integers(1, 3))):
            last_stop, arrival, *_ = town.trips[number][-1]
            trip = continuation(draw, unit, [last_stop, *draw(st.lists(stops, min_size=1, max_size=3))], arrival)
            if draw(st.integers(0, 3)) == 0:
                linked.append((number, len(town.trips)))
                trip[0] = (draw(stops), *trip[0][1:])
            town.trips.append(trip)
            blocks.append(block)
            number = draw(st.sampled_from([len(town.trips) - 1] * 3 + [number]))
            egress[trip[-1][0]] = 0
    numbers = st.integers(0, len(town.trips) - 1)
    pairs = st.lists(st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1]), max_size=3, unique=True)
    linked = list(dict.fromkeys([*linked, *draw(pairs)]))
    return unit, TownOfVehicles(town, blocks, linked, draw(pairs)), access, egress, at_s // 4


def continuation(draw, unit, line, clock):
    """A trip that leaves soon after ``clock``."""
    trip = []
    for stop in line:
        arrival = clock + unit * draw(st.integers(0, 2))
        clock = arrival + unit * draw(st.integers(0, 1))
        trip.append((stop, arrival, clock, *draw(st.sampled_from([(1, 1)] * 6 + [(0, 1), (1, 0)]))))
    return trip


def facts(paths):
    """What counts of paths."""
    return sorted((path.departure_s, path.arrival_s, len(path.rides)) for path in paths)


@settings(max_examples=400, deadline=None)
@given(vehicles())
def test_one_departure_finds_the_pareto_set_of_who_rides_vehicles(question):
    """Arrivals per number of vehicles are those of the brute force, and every ride is one of its vehicles."""
    _, town, access, egress, at_s = question
    timetable = town.timetable()
    paths = Engine(timetable).find_paths(query_of(access, egress, at_s))
    assert [(len(p.rides), p.arrival_s) for p in paths] == pareto_of(town.earliest(access, egress, at_s))
    for path in paths:
        for ride in path.rides:
            parts = timetable.list_parts(ride.trip, ride.board_pos, ride.alight_pos)
            trips = [part.feed_trip for part in parts]
            assert all(after in town.next_trips(before) for before, after in pairwise(trips))
            first, last = parts[0], parts[-1]
            assert town.trips[first.feed_trip][first.board_pos][0] == ride.board_stop
            if ride.alight_pos == last.alight_pos:
                assert town.trips[last.feed_trip][last.alight_pos - last.first_pos][0] == ride.alight_stop


@settings(max_examples=300, deadline=None)
@given(vehicles())
def test_read_backwards_the_same_journeys_are_found(question):
    """All journeys by departure are all journeys by arrival."""
    unit, town, access, egress, _ = question
    engine = Engine(town.timetable())
    end_s = 200 * unit
    forward = engine.find_paths(query_of(access, egress, -20 * unit, window_s=end_s))
    backward = engine.find_paths(query_of(access, egress, end_s, window_s=end_s + 20 * unit, arrive_by=True))
    assert facts(forward) == facts(backward)


@settings(max_examples=200, deadline=None)
@given(vehicles(), st.integers(0, 20), st.booleans())
def test_trips_of_one_vehicle_are_no_transfers_to_a_trip_based_search(question, length, arrive_by):
    """Transfers between trips worked out beforehand give the same journeys, both ways in time."""
    unit, town, access, egress, at_s = question
    timetable = town.timetable()
    query = query_of(access, egress, at_s + 15 * unit * arrive_by, window_s=length * unit, arrive_by=arrive_by)
    fast = Engine(timetable)
    fast.accelerate(backward=True)
    assert fast.is_accelerated
    assert facts(fast.find_paths(query)) == facts(Engine(timetable, trip_based=False).find_paths(query))


@settings(max_examples=200, deadline=None)
@given(vehicles())
def test_another_vehicle_never_makes_an_answer_worse(question):
    """With one trip more, of no block, nobody arrives later with as many vehicles."""
    _, town, access, egress, at_s = question
    alone = (*town.blocks[:-1], -1)
    pairs = [[pair for pair in rows if len(town.trips) - 1 not in pair] for rows in (town.linked, town.parted)]
    more = TownOfVehicles(town, alone, *pairs)
    if len(town.trips) == 1:
        return
    fewer = TownOfVehicles(Town(town.stop_count, town.trips[:-1], town.walks, town.change_s), alone[:-1], *pairs)
    query = query_of(access, egress, at_s)
    all_of = Engine(more.timetable()).find_paths(query)
    for path in Engine(fewer.timetable()).find_paths(query):
        assert any(len(p.rides) <= len(path.rides) and p.arrival_s <= path.arrival_s for p in all_of)


@settings(max_examples=200, deadline=None)
@given(vehicles())
def test_blocks_that_are_parted_are_no_blocks(question):
    """Where a row forbids every stay, the answers are those of the town without blocks, over a whole window."""
    unit, town, access, egress, at_s = question
    everybody = range(len(town.trips))
    parted = TownOfVehicles(town, town.blocks, town.linked, [(a, b) for a in everybody for b in everybody])
    query = query_of(access, egress, at_s, window_s=20 * unit)
    plain = Town(town.stop_count, town.trips, town.walks, town.change_s)
    assert facts(Engine(parted.timetable()).find_paths(query)) == facts(Engine(plain.timetable()).find_paths(query))


@settings(max_examples=200, deadline=None)
@given(vehicles())
def test_staying_aboard_never_needs_a_vehicle_more(question):
    """Who may stay seated arrives no later, with no more vehicles, than who has to get off."""
    _, town, access, egress, at_s = question
    with_stays = town.earliest(access, egress, at_s)
    found = {len(p.rides): p.arrival_s for p in Engine(town.timetable()).find_paths(query_of(access, egress, at_s))}
    plain = Town(town.stop_count, town.trips, town.walks, town.change_s)
    for path in Engine(plain.timetable()).find_paths(query_of(access, egress, at_s)):
        assert any(v <= len(path.rides) and a <= path.arrival_s for v, a in found.items())
    assert len(with_stays) == VEHICLES
