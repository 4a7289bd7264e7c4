"""Trip-based search: from vehicle to vehicle along the transfers, stops are looked at only at both doors.

Witt: Trip-Based Public Transit Routing (ESA 2015), sections 3.2 (one departure) and 3.3 (a range of
them), with lower bounds. Level k holds the segments ridden as vehicle number k. Whoever boards a trip at
a position covers it from there on, and all later trips of its pattern, which arrive no earlier: no
stop event is looked at twice. A range keeps this per number of vehicles from one departure to the
next earlier one (self-pruning), so that only Pareto-optimal journeys are written.

Goals are tested when a segment is found, so that ``goal[k + 1]`` bounds level k while it is expanded.
Trap: what is done per transfer stands in ``expand`` itself. A call that hands on the tuples of arrays there
made whole queries twice as slow, inlined by numba or not. Kernels are plain Python as ``.py_func``.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from mobility.network.timetable import Arrays, Ints
from mobility.planner.bounds import Row
from mobility.planner.range_raptor import first_from
from mobility.planner.raptor import OVERFLOW
from mobility.planner.trip_based.transfer_set import TransferSet
from mobility.planner.trip_based.workspace import TripWorkspace
from mobility.planner.workspace import FAR


@nb.njit(cache=True, nogil=True)
def mark_targets(s: TransferSet, w: TripWorkspace, stops: Ints, seconds: Ints) -> None:
    """List, per pattern, where it is left for the goal."""
    used = 0
    for e in range(len(stops)):
        for n in range(s.alight_off[stops[e]], s.alight_off[stops[e] + 1]):
            pattern = s.alight_pat[n]
            w.target_pos[used] = s.alight_pos[n]
            w.target_s[used] = seconds[e]
            w.target_next[used] = w.target_head[pattern]
            w.target_head[pattern] = used
            used += 1


@nb.njit(cache=True, nogil=True)
def clear_targets(s: TransferSet, w: TripWorkspace, stops: Ints) -> None:
    """Forget them."""
    for e in range(len(stops)):
        for n in range(s.alight_off[stops[e]], s.alight_off[stops[e] + 1]):
            w.target_head[s.alight_pat[n]] = -1


@nb.njit(cache=True, nogil=True)
def add_segment(
    a: Arrays, s: TransferSet, w: TripWorkspace, k: int, rows: int, trip: int, begin: int,
    best: int, parent: int, left_at: int, count: int,
) -> int:  # fmt: skip
    """Ride a trip from a position as vehicle number k, unless that is covered: how many segments there are."""
    row = min(k, rows) - 1
    end = w.covered[row, trip]
    if end <= begin:
        return count
    segments = w.segments
    segments.trip[count] = trip
    segments.begin[count] = begin
    segments.end[count] = end
    segments.best[count] = best
    segments.parent[count] = parent
    segments.left_at[count] = left_at
    pattern, event = s.trip_at[trip, 0], s.trip_at[trip, 1]
    last = a.first_trip[pattern] + a.pat_trips[pattern]
    for n in range(row, rows):
        if w.covered[n, trip] <= begin:
            break
        for later in range(trip, last):
            if w.covered[n, later] <= begin:
                break
            w.covered[n, later] = begin
    target = w.target_head[pattern]
    while target >= 0:
        if w.target_pos[target] > begin:
            arrival = s.event_arr[event + w.target_pos[target]] + w.target_s[target]
            if arrival < w.goal[k]:
                w.goal[k] = arrival
                w.goal_segment[k] = count
                w.goal_pos[k] = w.target_pos[target]
        target = w.target_next[target]
    return count + 1


@nb.njit(cache=True, nogil=True)
def expand(
    a: Arrays, s: TransferSet, w: TripWorkspace, k: int, rows: int, first: int, count: int,
    lb: Row, unit_s: int, latest: int,
) -> int:  # fmt: skip
    """Change from the segments [first, count) to vehicle number k + 1: how many there are then, or OVERFLOW."""
    segments = w.segments
    room = len(segments.trip)
    pos_bits = s.pos_bits[0]
    pos_mask = (np.int64(1) << pos_bits) - 1
    covered = w.covered[min(k, rows - 1)]
    bound = min(latest, np.int64(w.goal[k + 1]))
    used = count
    for segment in range(first, count):
        if segments.best[segment] >= bound:
            continue
        trip = segments.trip[segment]
        event = s.trip_at[trip, 1]
        stop_at = a.pat_off[s.trip_at[trip, 0]]
        for i in range(segments.begin[segment] + 1, segments.end[segment] + 1):
            arrival = s.event_arr[event + i]
            if arrival >= bound:
                break
            if arrival + np.int64(lb[a.pat_stop[stop_at + i]]) * unit_s >= bound:
                continue
            for n in range(s.off[event + i], s.off[event + i + 1]):
                link = np.int64(s.link[n])
                other, begin = link >> pos_bits, link & pos_mask
                if covered[other] <= begin:
                    continue
                pattern = s.trip_at[other, 0]
                best = s.event_arr[s.trip_at[other, 1] + begin + 1]
                best += np.int64(lb[a.pat_stop[a.pat_off[pattern] + begin + 1]]) * unit_s
                if best >= bound or (best >= w.goal[k + 2] and w.target_head[pattern] < 0):
                    continue
                if used == room:
                    return OVERFLOW
                used = add_segment(a, s, w, k + 1, rows, other, begin, best, segment, i, used)
                bound = min(bound, np.int64(w.goal[k + 1]))
    return used


@nb.njit(cache=True, nogil=True)
def emit_path(a: Arrays, s: TransferSet, w: TripWorkspace, k: int, departure: int, journey: int, leg: int) -> int:
    """Copy the journey with k vehicles out of the segments, which the next departure overwrites."""
    w.journeys[journey, 0] = departure
    w.journeys[journey, 1] = w.goal[k]
    w.journeys[journey, 2] = k
    segment, alight = w.goal_segment[k], w.goal_pos[k]
    for line in range(leg + k - 1, leg - 1, -1):
        trip, board = w.segments.trip[segment], w.segments.begin[segment]
        stop_at = a.pat_off[s.trip_at[trip, 0]]
        w.legs[line, 0] = trip
        w.legs[line, 1] = board
        w.legs[line, 2] = alight
        w.legs[line, 3] = a.pat_stop[stop_at + board]
        w.legs[line, 4] = a.pat_stop[stop_at + alight]
        alight = w.segments.left_at[segment]
        segment = w.segments.parent[segment]
    return leg + k


@nb.njit(cache=True, nogil=True)
def board_at_doors(
    a: Arrays, s: TransferSet, w: TripWorkspace, rows: int, access_stop: Ints, access_s: Ints, departure: int
) -> int:
    """The first vehicles after a departure; how many segments, or OVERFLOW."""
    count = 0
    for e in range(len(access_stop)):
        for b in range(a.brd_off[access_stop[e]], a.brd_off[access_stop[e] + 1]):
            pattern = a.brd_pat[b]
            trips = np.int64(a.pat_trips[pattern])
            column = a.time_off[pattern] + a.brd_pos[b] * trips
            chosen = first_from(a.dep, column, column + trips, departure + access_s[e]) - column
            if chosen < trips:
                if count == len(w.segments.trip):
                    return OVERFLOW
                trip = a.first_trip[pattern] + chosen
                count = add_segment(a, s, w, 1, rows, trip, a.brd_pos[b], departure, -1, -1, count)
    return count


@nb.njit(cache=True, nogil=True)
def follow(
    a: Arrays, s: TransferSet, w: TripWorkspace, rows: int, max_vehicles: int, count: int,
    lb: Row, unit_s: int, latest: int,
) -> bool:  # fmt: skip
    """All levels after the first ``count`` segments; false when there are too many segments."""
    first = 0
    for k in range(1, max_vehicles):
        for j in range(k + 1, max_vehicles + 1):
            w.goal[j] = min(w.goal[j], w.goal[k])
        used = expand(a, s, w, k, rows, first, count, lb, unit_s, latest)
        if used == OVERFLOW:
            return False
        if used == count:
            break
        first, count = count, used
    return True


@nb.njit(cache=True, nogil=True)
def begin_search(a: Arrays, w: TripWorkspace, rows: int, max_vehicles: int) -> None:
    """Nothing is covered, and no goal reached."""
    for p in range(len(a.pat_trips)):
        last = a.pat_off[p + 1] - a.pat_off[p] - 1
        w.covered[0, a.first_trip[p] : a.first_trip[p] + a.pat_trips[p]] = last
    for row in range(1, rows):
        w.covered[row] = w.covered[0]
    w.goal[:] = FAR
    w.goal[max_vehicles + 1] = -FAR  # the last vehicle must reach the goal itself
    w.goal_segment[:] = -1


@nb.njit(cache=True, nogil=True)
def search_departure(
    a: Arrays, s: TransferSet, w: TripWorkspace, lb: Row, unit_s: int, access_stop: Ints, access_s: Ints,
    egress_stop: Ints, egress_s: Ints, departure: int, limit_s: int, max_vehicles: int,
) -> int:  # fmt: skip
    """The journeys of one departure: how many were written, or OVERFLOW."""
    begin_search(a, w, 1, max_vehicles)
    mark_targets(s, w, egress_stop, egress_s)
    latest = departure + limit_s + 1
    count = board_at_doors(a, s, w, 1, access_stop, access_s, departure)
    is_complete = count != OVERFLOW and follow(a, s, w, 1, max_vehicles, count, lb, unit_s, latest)
    clear_targets(s, w, egress_stop)
    if not is_complete:
        return OVERFLOW
    journeys, legs = 0, 0
    for k in range(1, max_vehicles + 1):
        if w.goal_segment[k] >= 0 and w.goal[k] < latest:
            legs = emit_path(a, s, w, k, departure, journeys, legs)
            journeys += 1
    return journeys
