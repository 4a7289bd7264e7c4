"""Tiny networks as plain lists, questions about them, and a brute force that knows no patterns, no labels
shared between rounds and no bounds: what every search of the planner is held against.
"""

import datetime as dt

import numpy as np
from hypothesis import strategies as st

from mobility.network.build import assemble
from mobility.network.runs import Runs
from mobility.network.schedule import Schedule, group_trips
from mobility.network.timetable import pack_footpaths
from mobility.network.transfers import Footpaths
from mobility.planner.query import Query, make_ends

VEHICLES = 4
DATE = dt.date(2026, 7, 15)


class Town:
    """A tiny network as plain lists: trips are lists of (stop, arrival, departure, may board, may alight)."""

    def __init__(self, stop_count, trips, walks, change_s):
        self.stop_count, self.trips, self.walks, self.change_s = stop_count, trips, walks, change_s

    def __repr__(self):
        return f"Town({self.stop_count}, {self.trips}, {self.walks}, {self.change_s})"

    def schedule(self):
        rows = [row for trip in self.trips for row in trip]
        stop, arr, dep, board, alight = (np.array(c, np.int32) for c in zip(*rows, strict=True))
        row_off = np.zeros(len(self.trips) + 1, np.int64)
        np.cumsum([len(trip) for trip in self.trips], out=row_off[1:])
        flags = (board + 2 * alight).astype(np.uint8)
        return Schedule(
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
            trip_group=group_trips(row_off, stop, flags),
            headways=np.zeros((0, 4), np.int64),
        )

    def footpaths(self):
        walks = np.array([(a, b, s) for (a, b), s in self.walks.items()], np.int32).reshape(-1, 3)
        return Footpaths(*pack_footpaths(self.stop_count, *walks.T), np.array(self.change_s, np.int32))

    def runs(self):
        count = len(self.trips)
        trip = np.arange(count, dtype=np.int32)
        return Runs(trip, np.zeros(count, np.int64), trip, np.zeros(count, np.int8))

    def timetable(self):
        return assemble(self.schedule(), self.footpaths(), self.runs(), DATE)

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
