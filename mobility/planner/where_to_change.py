"""Where to get on and off the vehicles of a journey: searches settle which vehicles and when, this settles the rest.

Among journeys that are equal in departure, arrival and vehicles a search returns any: one may leave a vehicle early to
walk, or change at the worse of two stops. Given the vehicles in order, the stops at both doors and at every change are
chosen anew, by exact dynamic programming along the journey (a choice at one change limits the next), so that nobody
leaves earlier or arrives later. Of all that can be ridden the best is, in this order,

1. the least walking, doors included (changing at one place is no walk, however long it takes),
2. the least risk to miss a connection, that is the most time to change (``criteria.risk``: a cost per slack, which
   adds up along the journey and is nothing from about three quarters of an hour on),
3. the earliest positions to change at, the latest to board the first vehicle, the earliest to leave the last.

So the choice depends on the vehicles, the doors and the moments, and not on the search that found them. Of vehicles
that leave one stop and reach another at the same moments (parallel lines) the first in the feed is taken, for the same
reason. Known elsewhere as transfer optimisation (OpenTripPlanner).
"""

from __future__ import annotations

from collections.abc import Sequence

import numba as nb
import numpy as np

from mobility.network.timetable import Arrays, Ints
from mobility.planner.criteria.risk import DEFAULT_DELAYS
from mobility.planner.engine import Engine
from mobility.planner.query import AS_THE_TIMETABLE_SAYS, Path, Query, Ride
from mobility.planner.range_raptor import first_from

RISK = DEFAULT_DELAYS.build_table()
WALK = np.int64(1) << 40
CHANCE = np.int64(1) << 20
"""One cost in three parts: seconds on foot (below 2**20), risk (below 2**20), positions (below 2**19 either way)."""
NEVER = np.int64(1) << 62


def choose_stops(engine: Engine, query: Query, paths: Sequence[Path], place: Ints) -> list[Path]:
    """The same vehicles (or their twins, at the same moments), boarded and left where it is best.

    ``place`` tells per stop where it is (``Schedule.stop_row``: copies of one stop are one place). What a search by
    way of somewhere or with more criteria found is left as it is: it has chosen by what it was asked for.
    """
    if not paths or query.via or query.criteria:
        return list(paths)
    slower = engine if query.transfer == AS_THE_TIMETABLE_SAYS else engine.with_transfer_times(query.transfer)
    needed = slower.timetable.arrays
    rides = np.array([ride for path in paths for ride in path.rides], np.int32)
    ends = np.cumsum([len(path.rides) for path in paths])
    own, feed_trip = engine.timetable.arrays, engine.timetable.trips.feed_trip
    _choose_all(own, feed_trip, needed.fp_s, needed.change_s, place, RISK, *query.access, *query.egress, ends, rides)
    chosen = [Ride._make(ride) for ride in rides.tolist()]
    return [
        path._replace(rides=tuple(chosen[end - len(path.rides) : end]))
        for path, end in zip(paths, ends.tolist(), strict=True)
    ]


@nb.njit(cache=True, nogil=True)
def _first_time(a: Arrays, pattern: int, trip: int) -> int:
    """Where the times of a trip begin; those of its next position are ``pat_trips`` further on."""
    return int(a.time_off[pattern]) + int(trip) - int(a.first_trip[pattern])


@nb.njit(cache=True, nogil=True)
def _board_first(a: Arrays, pattern: int, trip: int, access: Ints, leave_s: int, cost: Ints) -> None:
    """What it costs to be aboard the first vehicle from each of its positions, for whoever leaves no earlier."""
    first, stride = _first_time(a, pattern, trip), np.int64(a.pat_trips[pattern])
    begin, length = a.pat_off[pattern], a.pat_off[pattern + 1] - a.pat_off[pattern]
    for pos in range(length - 1):
        walk_s = access[a.pat_stop[begin + pos]]
        is_open = a.may_board[begin + pos] == 1 and walk_s < NEVER
        cost[pos] = walk_s * WALK - pos if is_open and a.dep[first + pos * stride] - walk_s >= leave_s else NEVER


@nb.njit(cache=True, nogil=True)
def _change(
    a: Arrays, fp_s: Ints, change_s: Ints, place: Ints, risk: Ints, patterns: Ints, trips: Ints,
    cost: Ints, next_cost: Ints, came: Ints, head: Ints, following: Ints,
) -> None:  # fmt: skip
    """From aboard one vehicle to aboard the next: the best cost per position, and the positions it came from."""
    begin, length = a.pat_off[patterns[0]], a.pat_off[patterns[0] + 1] - a.pat_off[patterns[0]]
    first, stride = _first_time(a, patterns[0], trips[0]), np.int64(a.pat_trips[patterns[0]])
    next_begin, next_length = a.pat_off[patterns[1]], a.pat_off[patterns[1] + 1] - a.pat_off[patterns[1]]
    next_first, next_stride = _first_time(a, patterns[1], trips[1]), np.int64(a.pat_trips[patterns[1]])
    for pos in range(next_length - 2, -1, -1):
        next_cost[pos] = NEVER
        if a.may_board[next_begin + pos] == 1:
            stop = a.pat_stop[next_begin + pos]
            following[pos] = head[stop]
            head[stop] = pos
    latest = a.dep[next_first + (next_length - 2) * next_stride]
    best, boarded = NEVER, -1
    for pos in range(1, length):
        if cost[pos - 1] < best:
            best, boarded = cost[pos - 1], pos - 1
        arrival = a.arr[first + pos * stride]
        if best == NEVER or a.may_alight[begin + pos] == 0 or arrival > latest:
            continue
        stop = a.pat_stop[begin + pos]
        for f in range(a.fp_off[stop] - 1, a.fp_off[stop + 1]):
            # before the footpaths of a stop: no footpath, the change at the stop itself
            is_walk = f >= a.fp_off[stop]
            to = a.fp_to[f] if is_walk else stop
            ready = arrival + (fp_s[f] if is_walk else change_s[stop])
            if ready > latest:
                if is_walk:
                    break
                continue
            walk_s = np.int64(a.fp_s[f]) if is_walk and place[to] != place[stop] else np.int64(0)
            on = head[to]
            while on >= 0:
                slack = a.dep[next_first + on * next_stride] - ready
                if slack >= 0:
                    chance = np.int64(risk[slack]) if slack < len(risk) else np.int64(0)
                    total = best + walk_s * WALK + chance * CHANCE + pos + on
                    if total < next_cost[on]:
                        next_cost[on] = total
                        came[on, 0] = boarded
                        came[on, 1] = pos
                on = following[on]
    for pos in range(next_length - 1):
        head[a.pat_stop[next_begin + pos]] = -1


@nb.njit(cache=True, nogil=True)
def _alight_last(a: Arrays, pattern: int, trip: int, egress: Ints, arrive_s: int, cost: Ints) -> tuple[int, int]:
    """Where the last vehicle is boarded and left, -1 where nobody arrives in time."""
    first, stride = _first_time(a, pattern, trip), np.int64(a.pat_trips[pattern])
    begin, length = a.pat_off[pattern], a.pat_off[pattern + 1] - a.pat_off[pattern]
    best, boarded = NEVER, -1
    least, at, left = NEVER, -1, -1
    for pos in range(1, length):
        if cost[pos - 1] < best:
            best, boarded = cost[pos - 1], pos - 1
        walk_s = egress[a.pat_stop[begin + pos]]
        if best == NEVER or a.may_alight[begin + pos] == 0 or walk_s == NEVER:
            continue
        total = best + walk_s * WALK + pos
        if a.arr[first + pos * stride] + walk_s <= arrive_s and total < least:
            least, at, left = total, boarded, pos
    return at, left


@nb.njit(cache=True, nogil=True)
def _choose_one(
    a: Arrays, fp_s: Ints, change_s: Ints, place: Ints, risk: Ints, access: Ints, egress: Ints,
    patterns: Ints, rides: Ints, cost: Ints, came: Ints, head: Ints, following: Ints,
) -> None:  # fmt: skip
    """Write into the rides of one path where each is boarded and left."""
    last = len(rides) - 1
    dep = a.dep[_first_time(a, patterns[0], rides[0, 0]) + rides[0, 1] * np.int64(a.pat_trips[patterns[0]])]
    arr = a.arr[_first_time(a, patterns[last], rides[last, 0]) + rides[last, 2] * np.int64(a.pat_trips[patterns[last]])]
    leave_s, arrive_s = dep - access[rides[0, 3]], arr + egress[rides[last, 4]]
    _board_first(a, patterns[0], rides[0, 0], access, leave_s, cost[0])
    for ride in range(1, last + 1):
        _change(
            a, fp_s, change_s, place, risk, patterns[ride - 1 : ride + 1], rides[ride - 1 : ride + 1, 0],
            cost[ride - 1], cost[ride], came[ride], head, following,
        )  # fmt: skip
    board, alight = _alight_last(a, patterns[last], rides[last, 0], egress, arrive_s, cost[last])
    if board < 0:  # not a path of this timetable and these doors
        return
    for ride in range(last, -1, -1):
        stops = a.pat_off[patterns[ride]]
        rides[ride, 1], rides[ride, 2] = board, alight
        rides[ride, 3], rides[ride, 4] = a.pat_stop[stops + board], a.pat_stop[stops + alight]
        if ride > 0:
            board, alight = came[ride, board, 0], came[ride, board, 1]


@nb.njit(cache=True, nogil=True)
def _take_first_twins(a: Arrays, feed_trip: Ints, patterns: Ints, rides: Ints) -> bool:
    """Ride the vehicle that comes first in the feed of those between the same stops at the same moments."""
    is_new = False
    for ride in range(len(rides)):
        stride = np.int64(a.pat_trips[patterns[ride]])
        first = _first_time(a, patterns[ride], rides[ride, 0])
        dep, arr = a.dep[first + rides[ride, 1] * stride], a.arr[first + rides[ride, 2] * stride]
        start, end = rides[ride, 3], rides[ride, 4]
        for b in range(a.brd_off[start], a.brd_off[start + 1]):
            pattern, board = a.brd_pat[b], a.brd_pos[b]
            trips, begin = np.int64(a.pat_trips[pattern]), np.int64(a.time_off[pattern])
            column = begin + board * trips
            at = first_from(a.dep, column, column + trips, dep)
            while at < column + trips and a.dep[at] == dep:
                trip, known = a.first_trip[pattern] + at - column, rides[ride, 0]
                order = feed_trip[trip] - feed_trip[known]
                if order < 0 or (order == 0 and trip < known):
                    for left in range(board + 1, a.pat_off[pattern + 1] - a.pat_off[pattern]):
                        place = a.pat_off[pattern] + left
                        is_open = a.pat_stop[place] == end and a.may_alight[place] == 1
                        if is_open and a.arr[begin + left * trips + at - column] == arr:
                            patterns[ride], is_new = pattern, True
                            rides[ride, 0], rides[ride, 1], rides[ride, 2] = trip, board, left
                            break
                at += 1
    return is_new


@nb.njit(cache=True, nogil=True)
def _choose_all(
    a: Arrays, feed_trip: Ints, fp_s: Ints, change_s: Ints, place: Ints, risk: Ints, access_stop: Ints, access_s: Ints,
    egress_stop: Ints, egress_s: Ints, ends: Ints, rides: Ints,
) -> None:  # fmt: skip
    """Choose in many paths, the rides of all of them in one array; ``fp_s`` and ``change_s`` are one's own."""
    stop_count = len(change_s)
    access, egress = np.full(stop_count, NEVER, np.int64), np.full(stop_count, NEVER, np.int64)
    for e in range(len(access_stop)):
        access[access_stop[e]] = access_s[e]
    for e in range(len(egress_stop)):
        egress[egress_stop[e]] = egress_s[e]
    patterns = np.searchsorted(a.first_trip, rides[:, 0], side="right") - 1
    longest, most, begin = 0, 0, 0
    for pattern in range(len(a.pat_off) - 1):
        longest = max(longest, a.pat_off[pattern + 1] - a.pat_off[pattern])
    for end in ends:
        most, begin = max(most, end - begin), end
    cost = np.empty((most, longest), np.int64)
    came = np.empty((most, longest, 2), np.int32)
    head, following = np.full(stop_count, -1, np.int32), np.empty(longest, np.int32)
    begin = 0
    for end in ends:
        must_choose = True
        while must_choose:  # ends: walking and risk never grow, and every twin comes earlier in the feed
            _choose_one(
                a, fp_s, change_s, place, risk, access, egress, patterns[begin:end], rides[begin:end],
                cost, came, head, following,
            )  # fmt: skip
            must_choose = _take_first_twins(a, feed_trip, patterns[begin:end], rides[begin:end])
        begin = end
