"""Vias of a query: where a journey may begin with some of them visited, and how far the rest is.

A via is visited where one boards or alights, and (without a stay) wherever the vehicle calls on the way. A stay
is spent at the stop between two vehicles, or between a vehicle and the door: standing still before the walk to
the next stop or after it. So the rule reads the same backwards in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mobility.model import PlannerError
from mobility.network.timetable import Ints, Timetable
from mobility.planner.bounds import UNREACHABLE, Row
from mobility.planner.direction import Direction
from mobility.planner.query import Ends, Path, Query, Via

MAX_VIAS = 4


class TooManyVias(PlannerError):  # noqa: N818  (named for what is wrong)
    """More vias than a journey can be searched with."""


class Entries(NamedTuple):
    """Where a journey begins: an access stop with none, one or more of the first vias visited there."""

    stop: Ints
    delay_s: Ints
    walk_s: Ints
    vias: Ints


class Visit(NamedTuple):
    """When a journey is at a via, and at which stop. Without a stay both times are the same."""

    stop: int
    from_s: int
    until_s: int


def check_vias(vias: Sequence[Via]) -> None:
    """Refuse what cannot be searched.

    Raises:
        TooManyVias: More than four.
    """
    if len(vias) > MAX_VIAS:
        message = f"{len(vias)} places to go by way of; a journey may have {MAX_VIAS}"
        raise TooManyVias(message)


def mark_vias(vias: Sequence[Via], via_of: npt.NDArray[np.uint8], place_of: Ints) -> None:
    """Set the bit of every via at its stops, and where they are; ``unmark_vias`` clears them."""
    for number, via in enumerate(vias):
        for stop in via.stops:
            via_of[stop] |= 1 << number
        for stop, row in zip(via.stops, via.rows, strict=False):
            place_of[stop] = row


def unmark_vias(vias: Sequence[Via], via_of: npt.NDArray[np.uint8], place_of: Ints) -> None:
    """Clear what ``mark_vias`` set."""
    for via in vias:
        for stop in via.stops:
            via_of[stop] = 0
            place_of[stop] = -1


def list_entries(access: Ends, vias: Sequence[Via]) -> Entries:
    """Every access stop, once for each number of vias that one may visit there before boarding."""
    rows = []
    for stop, seconds in zip(access.stop.tolist(), access.seconds.tolist(), strict=True):
        stay_s = 0
        rows.append((stop, seconds, seconds, 0))
        for number, via in enumerate(vias):
            if stop not in via.stops:
                break
            stay_s += via.stay_s
            if via.stay_s == 0:
                rows.pop()  # visiting costs nothing
            rows.append((stop, seconds + stay_s, seconds, number + 1))
    table = np.array(rows, np.int32).reshape(-1, 4)
    return Entries(*(np.ascontiguousarray(column) for column in table.T))


def build_bound_rows(direction: Direction, query: Query) -> tuple[npt.NDArray[np.uint16], int]:
    """Lower bounds to the goal by way of the vias still to be visited: a row per number of those visited."""
    row, unit_s = direction.row_for(query)
    rows = [row]
    for via in reversed(query.via):
        rows.append(_through(direction, via, rows[-1], unit_s))
    return np.stack(rows[::-1]) if query.via else row[None, :], unit_s


def _through(direction: Direction, via: Via, beyond: Row, unit_s: int) -> Row:
    if direction.bounds is None:
        return beyond
    best = np.full(len(beyond), UNREACHABLE, np.int64)
    places = via.rows or via.stops
    onward: dict[int, int] = {}  # from the copy that is best, since one changes to it while staying
    for stop, place in zip(via.stops, places, strict=True):
        onward[place] = min(int(beyond[stop]), onward.get(place, UNREACHABLE))
    for stop, place in zip(via.stops, places, strict=True):
        way = direction.bounds.row_to(stop).astype(np.int64)
        np.minimum(best, way + onward[place] + via.stay_s // unit_s, out=best)
    return best.astype(np.uint16)


def list_visits(path: Path, query: Query, timetable: Timetable) -> list[Visit]:
    """Where and when a path visits the vias of its query (both read forwards), each as early as it can.

    Raises:
        LookupError: The path does not visit them.
    """
    left = list(query.via)
    visits: list[Visit] = []
    place_of = {stop: row for via in query.via for stop, row in zip(via.stops, via.rows, strict=False)}
    access = dict(zip(query.access.stop.tolist(), query.access.seconds.tolist(), strict=True))
    egress = dict(zip(query.egress.stop.tolist(), query.egress.seconds.tolist(), strict=True))
    first, last = path.rides[0], path.rides[-1]
    free_s = timetable.list_times_of(first.trip)[1][first.board_pos] - path.departure_s - access[first.board_stop]
    clock = path.departure_s + access[first.board_stop]
    for number, ride in enumerate(path.rides):
        clock, free_s = _stay(left, visits, ride.board_stop, clock, free_s)
        stops = timetable.list_stops_of(timetable.get_pattern_of(ride.trip)[0])
        arrivals, departures = timetable.list_times_of(ride.trip)
        for pos in range(ride.board_pos, ride.alight_pos + 1):
            _stay(left, visits, stops[pos], departures[pos] if pos == ride.board_pos else arrivals[pos], 0)
        clock = arrivals[ride.alight_pos]
        if ride is last:
            _stay(left, visits, last.alight_stop, clock, path.arrival_s - egress[last.alight_stop] - clock)
            break
        following = path.rides[number + 1]
        free_s = timetable.list_times_of(following.trip)[1][following.board_pos] - clock
        place = place_of.get(ride.alight_stop)
        is_one_place = place is not None and place == place_of.get(following.board_stop)
        if following.board_stop != ride.alight_stop and not is_one_place:
            walk_s = timetable.find_footpath_s(ride.alight_stop, following.board_stop) or 0
            clock, free_s = _stay(left, visits, ride.alight_stop, clock, free_s - walk_s)
            clock += walk_s
    if left:
        message = "the path does not visit all places it was asked to go by way of"
        raise LookupError(message)
    return visits


def _stay(left: list[Via], visits: list[Visit], stop: int, clock: int, free_s: int) -> tuple[int, int]:
    while left and stop in left[0].stops and left[0].stay_s <= free_s:
        stay_s = left.pop(0).stay_s
        visits.append(Visit(stop, clock, clock + stay_s))
        clock, free_s = clock + stay_s, free_s - stay_s
    return clock, free_s
