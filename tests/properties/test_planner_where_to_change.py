"""Where vehicles are boarded and left, against a brute force that tries every place in small towns."""

from dataclasses import replace

import numpy as np
from hypothesis import event, given, settings
from hypothesis import strategies as st
from town import Town, assert_can_be_ridden, query_of, questions

from mobility.planner.candidates import Reader
from mobility.planner.criteria.risk import DEFAULT_DELAYS
from mobility.planner.engine import Engine
from mobility.planner.query import Criterion, TransferTimes, Via
from mobility.planner.where_to_change import choose_stops

TABLE = DEFAULT_DELAYS.build_table().tolist()
ways = st.fixed_dictionaries({"arrive_by": st.booleans(), "window_s": st.sampled_from([0, 1500])})


@st.composite
def parallel_questions(draw):
    """Questions in towns where vehicles run beside each other: copies of trips, cut off and prolonged, before them."""
    unit, town, access, egress, at_s = draw(questions())
    copies = []
    for trip in town.trips:
        if draw(st.booleans()):
            begin = draw(st.integers(0, len(trip) - 2))
            copy = trip[begin : draw(st.integers(begin + 2, len(trip)))]
            time_s = copy[-1][2] + unit
            copies.append([*copy, (draw(st.integers(0, town.stop_count - 1)), time_s, time_s, 1, 1)])
    number = draw(st.integers(0, len(town.trips)))
    trips = [*town.trips[:number], *copies, *town.trips[number:]]
    return unit, Town(town.stop_count, trips, town.walks, town.change_s), access, egress, at_s


class Ground:
    """A town of which some stops may be one place, and its engine."""

    def __init__(self, question, place=None):
        self.unit, self.town, self.access, self.egress, self.at_s = question
        self.engine = Engine(self.town.timetable())
        self.timetable = self.engine.timetable
        self.place = list(range(self.town.stop_count)) if place is None else place

    def query(self, arrive_by, window_s, **facts):
        at_s = self.at_s + (20 * self.unit if arrive_by else 0)
        return query_of(self.access, self.egress, at_s, arrive_by=arrive_by, window_s=window_s, **facts)

    def trip_of(self, ride):
        return self.town.trips[self.timetable.trips.feed_trip[ride.trip]]

    def moments(self, path):
        """When one leaves and arrives by the vehicles themselves."""
        first, last = path.rides[0], path.rides[-1]
        leaves = self.trip_of(first)[first.board_pos][2] - self.access[first.board_stop]
        return leaves, self.trip_of(last)[last.alight_pos][1] + self.egress[last.alight_stop]

    def measure(self, path):
        """Seconds on foot, risk, and the positions, as the module says they are compared."""
        first, last = path.rides[0], path.rides[-1]
        walking = self.access[first.board_stop] + self.egress[last.alight_stop]
        risk, positions = 0, last.alight_pos - first.board_pos
        for ride, following in zip(path.rides, path.rides[1:], strict=False):
            needed = self.needed_s(ride.alight_stop, following.board_stop)
            if self.place[ride.alight_stop] != self.place[following.board_stop]:
                walking += needed
            departure = self.trip_of(following)[following.board_pos][2]
            slack = departure - self.trip_of(ride)[ride.alight_pos][1] - needed
            risk += TABLE[slack] if slack < len(TABLE) else 0
            positions += ride.alight_pos + following.board_pos
        return walking, risk, positions

    def needed_s(self, start, end):
        return self.town.change_s[start] if start == end else self.town.walks.get((start, end))

    def list_choices(self, path):
        """Every way to ride the same vehicles without leaving earlier or arriving later."""
        leaves, arrives = self.moments(path)
        found = [()]
        for number, ride in enumerate(path.rides):
            trip = self.trip_of(ride)
            longer = []
            for rides in found:
                for board in range(len(trip)):
                    stop, _, departure, may_board, _ = trip[board]
                    if not may_board:
                        continue
                    if number == 0:
                        if stop not in self.access or departure - self.access[stop] < leaves:
                            continue
                    else:
                        before = rides[-1]
                        needed = self.needed_s(before.alight_stop, stop)
                        arrival = self.trip_of(before)[before.alight_pos][1]
                        if needed is None or arrival + needed > departure:
                            continue
                    for alight in range(board + 1, len(trip)):
                        end, _, _, _, may_alight = trip[alight]
                        if may_alight:
                            longer.append((*rides, ride._replace(
                                board_pos=board, alight_pos=alight, board_stop=stop, alight_stop=end,
                            )))  # fmt: skip
            found = longer
        paths = [path._replace(rides=rides) for rides in found]
        return [p for p in paths if p.rides[-1].alight_stop in self.egress and self.moments(p)[1] <= arrives]


@settings(max_examples=300, deadline=None)
@given(st.one_of(questions(), parallel_questions()), ways, st.lists(st.integers(0, 3), min_size=7, max_size=7))
def test_no_other_choice_is_better(question, way, place):
    """Same departure, arrival and vehicles, or others at the same moments; of all that can be ridden it is the best."""
    ground = Ground(question, place[: question[1].stop_count])
    query = ground.query(**way)
    found = ground.engine.find_paths(query)
    for path, before in zip(choose_stops(ground.engine, query, found, np.array(ground.place)), found, strict=True):
        assert (path.departure_s, path.arrival_s, len(path.rides)) == (
            before.departure_s, before.arrival_s, len(before.rides),
        )  # fmt: skip
        assert_can_be_ridden(ground.town, ground.timetable, query, path)
        left, arrived = ground.moments(path)
        assert (left >= ground.moments(before)[0], arrived <= ground.moments(before)[1]) == (True, True)
        assert ground.measure(path) == min(map(ground.measure, ground.list_choices(path)))
        assert ground.measure(path)[:2] <= min(ground.measure(choice)[:2] for choice in ground.list_choices(before))
        event(f"vehicles are {'the same' if vehicles_of(path) == vehicles_of(before) else 'others'}")


def vehicles_of(path):
    """The runs of a path."""
    return [ride.trip for ride in path.rides]


@settings(max_examples=200, deadline=None)
@given(parallel_questions(), ways)
def test_of_parallel_vehicles_the_first_in_the_feed_is_ridden(question, way):
    """No trip earlier in the feed leaves and arrives at the same stops and moments; without one, vehicles stay."""
    ground = Ground(question)
    query = ground.query(**way)
    found = ground.engine.find_paths(query)
    for path, before in zip(choose_stops(ground.engine, query, found, np.array(ground.place)), found, strict=True):
        for ride, was in zip(path.rides, before.rides, strict=True):
            number = ground.timetable.trips.feed_trip[ride.trip]
            calls = ground.trip_of(ride)[ride.board_pos], ground.trip_of(ride)[ride.alight_pos]
            assert not any(may_replace(trip, *calls) for trip in ground.town.trips[:number])
            if ride.trip != was.trip:
                assert number <= ground.timetable.trips.feed_trip[was.trip]


def may_replace(trip, board, alight):
    """Whether a trip calls at two stops in this order, at these moments and with its doors open."""
    boards = [n for n, call in enumerate(trip) if (call[0], call[2], call[3]) == (board[0], board[2], 1)]
    alights = [n for n, call in enumerate(trip) if (call[0], call[1], call[4]) == (alight[0], alight[1], 1)]
    return any(n < m for n in boards for m in alights)


@settings(max_examples=200, deadline=None)
@given(st.one_of(questions(), parallel_questions()), ways)
def test_what_was_chosen_is_chosen_again(question, way):
    """The choice depends on vehicles and moments alone: from any other way to ride them the same comes out."""
    ground = Ground(question)
    query, place = ground.query(**way), np.array(ground.place)
    for path in ground.engine.find_paths(query):
        [chosen] = choose_stops(ground.engine, query, [path], place)
        moments = ground.moments(chosen)
        same = [other for other in ground.list_choices(chosen) if ground.moments(other) == moments]
        assert choose_stops(ground.engine, query, same, place) == [chosen] * len(same)


@settings(max_examples=200, deadline=None)
@given(questions(), st.booleans())
def test_candidates_keep_their_moments_and_walk_no_further(question, arrive_by):
    """Over a window, what one is told leaves and arrives with the path itself, and walking is never more than before."""
    ground = Ground(question)
    query, place = ground.query(arrive_by, 1500), np.array(ground.place)
    found = ground.engine.find_paths(query)
    reader = Reader(ground.timetable, np.arange(len(ground.town.trips)), place)
    chosen = choose_stops(ground.engine, query, found, place)
    assert [ground.moments(path) for path in chosen] == [(path.departure_s, path.arrival_s) for path in found]
    pairs = zip(reader.list_candidates(query, chosen), reader.list_candidates(query, found), strict=True)
    assert all(after.walking_s <= before.walking_s for after, before in pairs)


@settings(max_examples=200, deadline=None)
@given(
    questions(), ways, st.builds(TransferTimes, st.integers(0, 200), st.integers(0, 120), st.sampled_from([1.0, 2.5]))
)
def test_who_changes_slowly_gets_changes_with_enough_time(question, way, wish):
    """With transfer times of one's own each change still leaves them."""
    ground = Ground(question)
    query = ground.query(**way, transfer=wish)
    slower = ground.engine.with_transfer_times(wish).timetable
    for path in choose_stops(ground.engine, query, ground.engine.find_paths(query), np.array(ground.place)):
        for ride, following in zip(path.rides, path.rides[1:], strict=False):
            start, end = ride.alight_stop, following.board_stop
            needed = slower.arrays.change_s[start] if start == end else slower.find_footpath_s(start, end)
            arrival = ground.trip_of(ride)[ride.alight_pos][1]
            assert arrival + needed <= ground.trip_of(following)[following.board_pos][2]


@settings(max_examples=100, deadline=None)
@given(questions(), st.booleans())
def test_what_was_asked_otherwise_is_left_as_it_is(question, is_via):
    """Journeys by way of somewhere, or with more criteria, were chosen by what was asked for."""
    ground = Ground(question)
    asked = {"via": (Via((0,)),)} if is_via else {"criteria": frozenset({Criterion.WALKING})}
    query = replace(ground.query(arrive_by=False, window_s=600), **asked)
    found = ground.engine.find_paths(query)
    assert choose_stops(ground.engine, query, found, np.array(ground.place)) == found
