"""Ways by shared vehicle and car park against every combination of places, counted one by one."""

from types import SimpleNamespace
from typing import ClassVar

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.availability.readings import Kind
from mobility.model import Coordinate, Place
from mobility.planner.doors import hire, park
from mobility.planner.doors.hire import HireFinder, HirePlaces
from mobility.planner.doors.legs import LegTeller
from mobility.planner.doors.park import ParkFinder, ParkPlaces
from mobility.planner.doors.stock import LEAST, MOST_EXTRA_S, UNKNOWN, Stock
from mobility.planner.doors.streetside import Streetside
from mobility.street_use import Hire, Parked
from mobility.streets.great_circle import GreatCircle
from mobility.streets.profiles import Profile

ROUTER = GreatCircle()
DEGREE = 0.02
points = st.tuples(st.floats(0, DEGREE), st.floats(0, DEGREE))
levels = st.integers(-1, 2)


class Chances:
    """A forecast that is a table: by level, whatever the time."""

    P: ClassVar = {UNKNOWN: 0.7, 0: 0.1, 1: 0.5, 2: 0.9}

    def bind(self, ids, kind):
        return self

    def forecast(self, *asked):
        """Of one place by its reading, or of all by their levels."""
        if isinstance(asked[0], str):
            reading = asked[2]
            return SimpleNamespace(p_usable=self.P[UNKNOWN if reading is None else reading.level], basis="history")
        return SimpleNamespace(p_usable=np.array([self.P[x] for x in asked[0].tolist()]))


def stock(kind, level):
    """Levels as a stock with that forecast."""
    count = len(level)
    ids = [str(number) for number in range(count)]
    known = np.where(np.array(level) == UNKNOWN, np.nan, 0.0)
    yes = np.ones(count, np.uint8)
    return Stock(kind, ids, np.array(level), np.full(count, 10), known, yes, yes, Chances())


def towns(most=6):
    """Stations, their bikes and docks, stops, and a door."""
    return st.integers(2, most).flatmap(
        lambda n: st.tuples(
            st.lists(points, min_size=n, max_size=n),
            st.lists(levels, min_size=n, max_size=n),
            st.lists(levels, min_size=n, max_size=n),
            st.lists(points, min_size=1, max_size=4),
            points,
        )
    )


def seconds(a, b, profile):
    """Between two points."""
    return ROUTER.route(Coordinate(*a), Coordinate(*b), profile).duration_s


def extra(level, most_s):
    """What is expected to be lost at a level."""
    return int(np.ceil((1 - Chances.P[level]) * most_s))


def build(stations, stops):
    """Arrays of stations and stops, and who tells walks."""
    lat, lon = (np.array(column, float) for column in zip(*stations, strict=True))
    stop_lat, stop_lon = (np.array(column, float) for column in zip(*stops, strict=True))
    labels = tuple(Place(str(n), Coordinate(*at)) for n, at in enumerate(stations))
    teller = LegTeller(ROUTER, ROUTER, tuple(Place(f"S{n}", Coordinate(*at)) for n, at in enumerate(stops)))
    return lat, lon, labels, teller, Streetside(ROUTER, stop_lat, stop_lon)


def hire_finder(stations, bikes, docks, stops):
    """Shared bikes between stations."""
    lat, lon, labels, teller, side = build(stations, stops)
    places = HirePlaces(
        lat, lon, labels, stock(Kind.BIKES, bikes), stock(Kind.DOCKS, docks),
        np.full(len(lat), np.inf),
        ROUTER.link(lat, lon, Profile.FOOT), ROUTER.link(lat, lon, Profile.BICYCLE),
        side.list_walks(lat, lon, hire.LONGEST_WALK_S), side.list_walks(lat, lon, hire.LONGEST_WALK_S, inbound=True),
    )  # fmt: skip
    return HireFinder(places, Hire("s", {}, "bicycle", "human"), teller, Profile.BICYCLE)


def every_hire(stations, bikes, docks, start, end):
    """The least seconds from one point to another over all pairs of stations, None where there is no pair."""
    best = None
    for first, at in enumerate(stations):
        for second, there in enumerate(stations):
            walks = seconds(start, at, Profile.FOOT), seconds(there, end, Profile.FOOT)
            ride = seconds(at, there, Profile.BICYCLE)
            usable = Chances.P[bikes[first]] >= LEAST and Chances.P[docks[second]] >= LEAST
            if first == second or not usable or max(walks) > hire.LONGEST_WALK_S or ride > hire.LONGEST_RIDE_S:
                continue
            total = sum(walks) + ride + hire.UNLOCK_S + hire.LOCK_S
            total += extra(bikes[first], MOST_EXTRA_S) + extra(docks[second], MOST_EXTRA_S)
            best = total if best is None else min(best, total)
    return best


@settings(max_examples=300, deadline=None)
@given(town=towns(), is_egress=st.booleans(), limit_s=st.integers(0, 3600))
def test_hired_ways_are_the_best_of_all_pairs(town, is_egress, limit_s):
    """To every stop, from every stop and all the way: the pair of stations that costs the least expected time."""
    stations, bikes, docks, stops, door = town
    finder = hire_finder(stations, bikes, docks, stops)
    served = np.ones(len(stops), np.uint8)
    found = finder.find(Place("", Coordinate(*door)), 0.0, 0.0, limit_s, served, is_egress=is_egress)
    expected = {}
    for number, stop in enumerate(stops):
        ends = (stop, door) if is_egress else (door, stop)
        best = every_hire(stations, bikes, docks, *ends)
        if best is not None and best <= limit_s:
            expected[number] = best
    assert dict(zip(found.stop.tolist(), found.seconds.tolist(), strict=True)) == expected
    direct = finder.find_direct(Place("", Coordinate(*door)), Place("", Coordinate(*stops[0])), 0.0, 0.0)
    best = every_hire(stations, bikes, docks, door, stops[0])
    assert (direct.seconds if direct else None) == best


@settings(max_examples=100, deadline=None)
@given(town=towns(), is_egress=st.booleans())
def test_told_legs_last_as_long_as_was_counted_without_what_was_expected_to_be_lost(town, is_egress):
    """Walk, ride, walk: in order, from the door to the stop, and no longer than the search counted."""
    stations, bikes, docks, stops, door = town
    finder = hire_finder(stations, bikes, docks, stops)
    place = Place("door", Coordinate(*door))
    found = finder.find(place, 0.0, 0.0, 7200, np.ones(len(stops), np.uint8), is_egress=is_egress)
    for stop in found.stop.tolist():
        entry = found.find(stop)
        finder_with_model = finder.places.bikes.level[entry.first], finder.places.docks.level[entry.second]
        lost_s = sum(extra(int(level), MOST_EXTRA_S) for level in finder_with_model)
        here, there = finder.places.labels[entry.first].at, finder.places.labels[entry.second].at
        start, end = (Coordinate(*stops[stop]), place.at) if is_egress else (place.at, Coordinate(*stops[stop]))
        parts = [
            ROUTER.route(start, here, Profile.FOOT).duration_s,
            ROUTER.route(here, there, Profile.BICYCLE).duration_s + hire.UNLOCK_S + hire.LOCK_S,
            ROUTER.route(there, end, Profile.FOOT).duration_s,
        ]
        assert sum(parts) + lost_s == entry.seconds
        assert parts[0] + parts[2] == entry.walking_s


@settings(max_examples=200, deadline=None)
@given(town=towns(), limit_s=st.integers(0, 5400))
def test_parked_ways_are_the_best_of_all_car_parks(town, limit_s):
    """Drive, park, walk: the car park that costs the least expected time; nothing leaves a stop by a parked car."""
    lots, spaces, _, stops, door = town
    lat, lon, labels, teller, side = build(lots, stops)
    places = ParkPlaces(
        lat, lon, labels, stock(Kind.SPACES, spaces), ROUTER.link(lat, lon, Profile.CAR),
        ROUTER.link(lat, lon, Profile.FOOT), side.list_walks(lat, lon, park.LONGEST_WALK_S),
        lambda place, _, stay_s: Parked(str(place), {}, None, stay_s),
    )  # fmt: skip
    finder = ParkFinder(places, teller, 3600)
    served = np.ones(len(stops), np.uint8)
    place = Place("", Coordinate(*door))
    found = finder.find(place, 0.0, 0.0, limit_s, served, is_egress=False)
    expected = {}
    for number, stop in enumerate(stops):
        totals = [
            drive + park.PARK_S + extra(spaces[lot], MOST_EXTRA_S) + walk
            for lot, at in enumerate(lots)
            if Chances.P[spaces[lot]] >= LEAST
            and (drive := seconds(door, at, Profile.CAR)) <= park.LONGEST_DRIVE_S
            and (walk := seconds(at, stop, Profile.FOOT)) <= park.LONGEST_WALK_S
        ]
        if totals and min(totals) <= limit_s:
            expected[number] = min(totals)
    assert dict(zip(found.stop.tolist(), found.seconds.tolist(), strict=True)) == expected
    assert not len(finder.find(place, 0.0, 0.0, limit_s, served, is_egress=True).stop)


@settings(max_examples=60, deadline=None)
@given(town=towns())
def test_changes_by_bike_are_the_best_of_all_pairs(town):
    """Between every two stops with full stations: the best ride, where it beats the footpath by three minutes."""
    from mobility.planner.doors.between import CUSHION_S, LONGEST_CHANGE_S, LONGEST_WALK_S, WORTH_S, build_changes

    stations, _, _, stops, _ = town
    count = len(stops)
    if count < 2:
        return
    finder = hire_finder(stations, [2] * len(stations), [2] * len(stations), stops)
    walks = {
        (a, b): s
        for a in range(count)
        for b in range(count)
        if a != b and (s := seconds(stops[a], stops[b], Profile.FOOT)) <= 600
    }
    changes = build_changes(finder, toy_network(count, walks))
    expected = {}
    for a in range(count):
        for b in range(count):
            rides = [
                before + hire.UNLOCK_S + ride + hire.LOCK_S + after + CUSHION_S
                for first, at in enumerate(stations)
                for second, there in enumerate(stations)
                if first != second
                and a != b
                and (before := seconds(stops[a], at, Profile.FOOT)) <= LONGEST_WALK_S
                and (after := seconds(there, stops[b], Profile.FOOT)) <= LONGEST_WALK_S
                and (ride := seconds(at, there, Profile.BICYCLE)) <= hire.LONGEST_RIDE_S
            ]
            if rides and min(rides) <= LONGEST_CHANGE_S and walks.get((a, b), 2**28) - min(rides) >= WORTH_S:
                expected[a, b] = min(rides)
    ridden = changes.ridden
    assert (
        dict(zip(zip(ridden.start.tolist(), ridden.end.tolist(), strict=True), ridden.seconds.tolist(), strict=True))
        == expected
    )
    footpaths = changes.network.footpaths
    start = np.repeat(np.arange(count), np.diff(footpaths.fp_off))
    told = dict(zip(zip(start.tolist(), footpaths.fp_to.tolist(), strict=True), footpaths.fp_s.tolist(), strict=True))
    assert told == walks | expected


def toy_network(count, walks):
    """What of a network changes by bike look at."""
    from dataclasses import dataclass, field

    from mobility.network.timetable import pack_footpaths
    from mobility.network.transfers import Footpaths

    start, end = (np.array([pair[n] for pair in walks], np.int32) for n in (0, 1))
    packed = pack_footpaths(count, start, end, np.array(list(walks.values()), np.int32))

    @dataclass
    class Schedule:
        stop_ids: list
        stop_row: np.ndarray

    @dataclass
    class Net:
        footpaths: Footpaths
        schedule: Schedule = field(default=None)

    return Net(Footpaths(*packed, np.full(count, 120)), Schedule([str(n) for n in range(count)], np.arange(count)))
