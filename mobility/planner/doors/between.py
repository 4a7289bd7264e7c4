"""A shared bike between two vehicles: footpaths that are partly ridden.

ULTRA's extension to bike sharing (Sauer, Wagner, Zündorf, SEA 2020) in the plain form: for each pair of stops that a
ride joins within a limit, the best pair of stations is a footpath of a network of its own, kept where it is clearly
faster than walking. Stations are chosen anew when a journey is told, by what is left there at that moment; a journey
for which there are none is not proposed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mobility.itinerary import Leg
from mobility.network.build import Network
from mobility.network.timetable import Ints, pack_footpaths
from mobility.planner.days import Days
from mobility.planner.doors.ends import Moment
from mobility.planner.doors.hire import LOCK_S, UNLOCK_S, HireFinder
from mobility.planner.doors.stock import LEAST, expect_lost_s
from mobility.planner.doors.streetside import Pairs

LONGEST_CHANGE_S: Final = 1500
LONGEST_WALK_S: Final = 240
"""Between two vehicles nobody walks farther to a bike."""
CUSHION_S: Final = 120
"""Counted on top of each ride: about what is expected to be lost where bikes and docks are seldom gone."""
WORTH_S: Final = 180
"""A bike is taken to save at least so much."""
_FAR_S: Final = 2**28


@dataclass(frozen=True, slots=True, eq=False)
class Ridden:
    """Changes by bike: from stop, to stop, seconds and how much of them is on foot, ascending by the pair."""

    start: Ints
    end: Ints
    seconds: Ints
    walking_s: Ints
    stop_count: int

    def find(self, start: int, end: int) -> int:
        """The row of a pair, -1 where nobody rides."""
        row = int(np.searchsorted(self._keys(), start * self.stop_count + end))
        is_there = row < len(self.start) and self.start[row] == start and self.end[row] == end
        return row if is_there else -1

    def list_walked_s(self, starts: Ints, ends: Ints, seconds: Ints) -> Ints:
        """Of footpaths of so many seconds those on foot."""
        keys, asked = self._keys(), starts.astype(np.int64) * self.stop_count + ends
        if not len(keys):
            return seconds
        at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
        return np.where(keys[at] == asked, self.walking_s[at], seconds)

    def _keys(self) -> Ints:
        return self.start.astype(np.int64) * self.stop_count + self.end


@dataclass(slots=True, eq=False)
class BikeChanges:
    """One system's bikes as a way to change, on a network whose footpaths they are part of. ``days`` are those of
    that network, made when they are first searched.
    """

    finder: HireFinder
    network: Network
    ridden: Ridden
    days: Days | None = None

    def is_ridden(self, start: int, end: int) -> bool:
        """Whether the footpath between two stops is a ride."""
        return self.ridden.find(start, end) >= 0

    def choose(self, start: int, end: int, at_s: float, asked_s: float) -> tuple[int, int, int] | None:
        """The stations to ride between at an instant, those with the least seconds after what is expected to be lost,
        and the seconds of the ride with its walks; None where none has a bike (a dock) left.
        """
        places = self.finder.places
        taken, taken_walk_s = _at_stop(places.from_stop, start)
        left, left_walk_s = _at_stop(places.to_stop, end)
        best: tuple[int, int, int] | None = None
        least_s = _FAR_S
        for first, before_s in zip(taken.tolist(), taken_walk_s.tolist(), strict=True):
            bike = places.bikes.find_probability(first, asked_s, at_s + before_s)
            if bike < LEAST:
                continue
            other, ride_s = self.finder.list_rides(first)
            _, rows, columns = np.intersect1d(other, left, return_indices=True)
            for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
                seconds = int(before_s + UNLOCK_S + ride_s[row] + LOCK_S + left_walk_s[column])
                dock = places.docks.find_probability(int(other[row]), asked_s, at_s + seconds)
                expected_s = seconds + int(expect_lost_s(bike) + expect_lost_s(dock))
                if dock >= LEAST and expected_s < least_s:
                    best, least_s = (first, int(other[row]), seconds), expected_s
        return best

    def tell(self, start: int, end: int, at_s: int, moment: Moment) -> list[Leg] | None:
        """The legs of a change that begins at ``at_s`` of the service day."""
        chosen = self.choose(start, end, moment.instant_s(at_s), moment.asked_s)
        if chosen is None:
            return None
        stops = self.finder.teller.stops
        return self.finder.tell_between(stops[start], stops[end], chosen[0], chosen[1], at_s, moment)


def with_finder(changes: BikeChanges, finder: HireFinder) -> BikeChanges:
    """The same changes by a finder of the same places: with newer counts."""
    return BikeChanges(_narrow(finder), changes.network, changes.ridden, changes.days)


def _narrow(finder: HireFinder) -> HireFinder:
    """Only walks that are short enough between two vehicles."""
    near = replace(
        finder.places,
        from_stop=_within(finder.places.from_stop, LONGEST_WALK_S),
        to_stop=_within(finder.places.to_stop, LONGEST_WALK_S),
    )
    return replace(finder, places=near)


def build_changes(finder: HireFinder, network: Network) -> BikeChanges:
    """The changes that there are when every station has bikes and docks; takes a second or two for a city."""
    schedule, stop_count = network.schedule, len(network.schedule.stop_ids)
    finder = _narrow(finder)
    near = finder.places
    rides = {place: finder.list_rides(place) for place in np.unique(near.from_stop.place).tolist()}
    parts = [_changes_from(stop, finder, rides) for stop in np.unique(near.from_stop.stop).tolist()]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else [np.zeros(0, np.int64)] * 4
    start, end, seconds, walking_s = columns
    footpaths = network.footpaths
    count = np.diff(footpaths.fp_off)
    walk_key = np.repeat(np.arange(stop_count), count) * stop_count + footpaths.fp_to
    order = np.argsort(walk_key)
    at = np.searchsorted(walk_key[order], start * stop_count + end)
    at = np.minimum(at, max(0, len(order) - 1))
    walked_s = np.full(len(start), _FAR_S, np.int64)
    if len(order):
        is_walk = walk_key[order][at] == start * stop_count + end
        walked_s[is_walk] = footpaths.fp_s[order][at[is_walk]]
    is_worth = (walked_s - seconds >= WORTH_S) & (schedule.stop_row[start] != schedule.stop_row[end])
    start, end, seconds, walking_s = (column[is_worth] for column in (start, end, seconds, walking_s))
    by_pair = np.lexsort((end, start))
    start, end, seconds, walking_s = (column[by_pair].astype(np.int32) for column in (start, end, seconds, walking_s))
    ridden = Ridden(start, end, seconds, walking_s, stop_count)
    return BikeChanges(finder, _with_footpaths(network, ridden, walk_key), ridden)


def _with_footpaths(network: Network, ridden: Ridden, walk_key: Ints) -> Network:
    """The network with rides in place of the footpaths that they beat."""
    footpaths, count = network.footpaths, ridden.stop_count
    ride_key = ridden.start.astype(np.int64) * count + ridden.end
    kept = ~np.isin(walk_key, ride_key)
    start = np.concatenate([walk_key[kept] // count, ridden.start]).astype(np.int32)
    end = np.concatenate([footpaths.fp_to[kept], ridden.end]).astype(np.int32)
    seconds = np.concatenate([footpaths.fp_s[kept], ridden.seconds]).astype(np.int32)
    packed = pack_footpaths(count, start, end, seconds)
    return replace(network, footpaths=replace(footpaths, fp_off=packed[0], fp_to=packed[1], fp_s=packed[2]))


def _changes_from(stop: int, finder: HireFinder, rides: dict[int, tuple[Ints, Ints]]) -> tuple[Ints, Ints, Ints, Ints]:
    """All changes from one stop: start, end, seconds, seconds on foot."""
    near_s = np.full(len(finder.places.lat), _FAR_S, np.int64)
    before_s = np.zeros(len(near_s), np.int64)
    for place, walk_s in zip(*(column.tolist() for column in _at_stop(finder.places.from_stop, stop)), strict=True):
        other, ride_s = rides[place]
        total_s = walk_s + UNLOCK_S + ride_s + LOCK_S + CUSHION_S
        is_better = total_s < near_s[other]
        near_s[other[is_better]], before_s[other[is_better]] = total_s[is_better], walk_s
    pairs = finder.places.to_stop
    seconds = near_s[pairs.place] + pairs.seconds
    kept = (seconds <= LONGEST_CHANGE_S) & (pairs.stop != stop)
    end, seconds, walking_s = pairs.stop[kept], seconds[kept], before_s[pairs.place[kept]] + pairs.seconds[kept]
    order = np.lexsort((walking_s, seconds, end))
    end = end[order]
    is_first = np.append(True, end[1:] != end[:-1])[: len(end)]
    chosen = order[is_first]
    end = end[is_first].astype(np.int64)
    return np.full(len(end), stop, np.int64), end, seconds[chosen], walking_s[chosen]


def _within(pairs: Pairs, limit_s: int) -> Pairs:
    is_near = pairs.seconds <= limit_s
    return Pairs(*(column[is_near] for column in pairs))


def _at_stop(pairs: Pairs, stop: int) -> tuple[Ints, Ints]:
    is_here = pairs.stop == stop
    return pairs.place[is_here], pairs.seconds[is_here]
