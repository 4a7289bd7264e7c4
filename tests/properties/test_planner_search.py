"""The search against a brute force that knows no patterns, no labels shared between rounds and no bounds."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.network.build import assemble
from mobility.network.runs import Runs
from mobility.network.schedule import Schedule, _group_trips
from mobility.network.timetable import pack_footpaths
from mobility.network.transfers import Footpaths
from mobility.planner import direction as direction_module
from mobility.planner import range_raptor, raptor
from mobility.planner.engine import Engine
from mobility.planner.query import Query, make_ends

VEHICLES = 4
DATE = dt.date(2026, 7, 15)


class Town:
    """A tiny network as plain lists: trips are lists of (stop, arrival, departure, may board, may alight)."""

    def __init__(self, stop_count, trips, walks, change_s):
        self.stop_count, self.trips, self.walks, self.change_s = stop_count, trips, walks, change_s

    def __repr__(self):
        return f"Town({self.stop_count}, {self.trips}, {self.walks}, {self.change_s})"

    def timetable(self):
        rows = [row for trip in self.trips for row in trip]
        stop, arr, dep, board, alight = (np.array(c, np.int32) for c in zip(*rows, strict=True))
        row_off = np.zeros(len(self.trips) + 1, np.int64)
        np.cumsum([len(trip) for trip in self.trips], out=row_off[1:])
        flags = (board + 2 * alight).astype(np.uint8)
        schedule = Schedule(
            stop_ids=tuple(str(n) for n in range(self.stop_count)),
            stop_row=np.arange(self.stop_count),
            lat=np.zeros(self.stop_count),
            lon=np.zeros(self.stop_count),
            row_off=row_off,
            row_stop=stop,
            row_arr=arr,
            row_dep=dep,
            row_flags=flags,
            row_index=np.arange(len(rows)),
            trip_group=_group_trips(row_off, stop, flags),
            headways=np.zeros((0, 4), np.int64),
        )
        walks = np.array([(a, b, s) for (a, b), s in self.walks.items()], np.int32).reshape(-1, 3)
        footpaths = Footpaths(*pack_footpaths(self.stop_count, *walks.T), np.array(self.change_s, np.int32))
        count = len(self.trips)
        trip = np.arange(count, dtype=np.int32)
        runs = Runs(trip, np.zeros(count, np.int64), trip, np.zeros(count, np.int8))
        return assemble(schedule, footpaths, runs, DATE)

    def earliest(self, access, egress, at_s):
        """Best arrival with exactly 1, 2, ... vehicles, None where there is none."""
        ready = dict(access)
        ready = {stop: at_s + seconds for stop, seconds in ready.items()}
        goals = []
        for _ in range(VEHICLES):
            arrivals = self._ride(ready)
            goals.append(min((t + egress[s] for s, t in arrivals if s in egress), default=None))
            ready = self._change(arrivals)
        return goals

    def _ride(self, ready):
        arrivals = set()
        for trip in self.trips:
            aboard = False
            for number, (stop, arrival, departure, board, alight) in enumerate(trip):
                if aboard and alight:
                    arrivals.add((stop, arrival))
                if board and number < len(trip) - 1 and ready.get(stop, departure + 1) <= departure:
                    aboard = True
        return arrivals

    def _change(self, arrivals):
        ready = {}
        for stop, time in arrivals:
            ready[stop] = min(ready.get(stop, time + self.change_s[stop]), time + self.change_s[stop])
        for (start, end), seconds in self.walks.items():
            for stop, time in arrivals:
                if stop == start:
                    ready[end] = min(ready.get(end, time + seconds), time + seconds)
        return ready


def pareto_of(goals):
    """Entries (vehicles, arrival) that get earlier with every vehicle."""
    entries, best = [], None
    for vehicles, goal in enumerate(goals, start=1):
        if goal is not None and (best is None or goal < best):
            entries.append((vehicles, goal))
            best = goal
    return entries


@st.composite
def towns(draw):
    """Small numbers, so that things meet: loops, overtaking, one-way and unclosed walks, closed doors."""
    unit = draw(st.sampled_from([1, 60]))
    stop_count = draw(st.integers(2, 7))
    stops = st.integers(0, stop_count - 1)
    lines = draw(st.lists(st.lists(stops, min_size=2, max_size=5), min_size=1, max_size=4))
    trips = []
    for line in lines:
        for _ in range(draw(st.integers(1, 4))):
            clock, trip = draw(st.integers(0, 25)), []
            for stop in line:
                arrival = clock + draw(st.integers(0, 6))
                clock = arrival + draw(st.integers(0, 2))
                board, alight = draw(st.sampled_from([(1, 1)] * 6 + [(0, 1), (1, 0)]))
                trip.append((stop, arrival * unit, clock * unit, board, alight))
            trips.append(trip)
    pairs = draw(st.lists(st.tuples(stops, stops), max_size=8))
    walks = {(a, b): unit * draw(st.integers(1, 8)) for a, b in pairs if a != b}
    return unit, Town(stop_count, trips, walks, [unit * draw(st.integers(0, 4)) for _ in range(stop_count)])


@st.composite
def questions(draw):
    """A town, and doors with several stops each."""
    unit, town = draw(towns())
    stops = st.integers(0, town.stop_count - 1)
    door = st.dictionaries(stops, st.integers(0, 5).map(lambda m: m * unit), min_size=1, max_size=3)
    return unit, town, draw(door), draw(door), draw(st.integers(0, 15)) * unit


def query_of(access, egress, at_s, **facts):
    """The question in the planner's words."""
    return Query(
        make_ends(list(access), list(access.values())),
        make_ends(list(egress), list(egress.values())),
        at_s,
        max_vehicles=VEHICLES,
        **facts,
    )


def assert_can_be_ridden(town, timetable, query, path):
    """Replay a path against the trips, door to door."""
    access = dict(zip(query.access.stop.tolist(), query.access.seconds.tolist(), strict=True))
    egress = dict(zip(query.egress.stop.tolist(), query.egress.seconds.tolist(), strict=True))
    ready = {path.rides[0].board_stop: path.departure_s + access[path.rides[0].board_stop]}
    for ride in path.rides:
        trip = town.trips[timetable.trips.feed_trip[ride.trip]]
        stop, _, departure, may_board, _ = trip[ride.board_pos]
        assert stop == ride.board_stop
        assert may_board
        assert ready[stop] <= departure
        stop, arrival, _, _, may_alight = trip[ride.alight_pos]
        assert ride.board_pos < ride.alight_pos
        assert stop == ride.alight_stop
        assert may_alight
        ready = {end: arrival + s for (start, end), s in town.walks.items() if start == stop}
        ready[stop] = arrival + town.change_s[stop]
    assert arrival + egress[path.rides[-1].alight_stop] <= path.arrival_s


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
        patch.setattr(range_raptor, "_first_from", range_raptor._first_from.py_func)
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
