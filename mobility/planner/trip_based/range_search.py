"""Trip-based search over a window of departures, the latest first (Witt, ESA 2015, section 3.3).

A departure boards only the vehicles whose departure it is: later ones were boarded before. The first run
is from all doors at the end of the half-open window, and its journeys are thrown away: what leaves at
or after the end prunes what leaves before it.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from mobility.network.timetable import Arrays, Ints
from mobility.planner.bounds import Row
from mobility.planner.range_raptor import first_from
from mobility.planner.raptor import OVERFLOW
from mobility.planner.trip_based.search import (
    add_segment,
    begin_search,
    board_at_doors,
    clear_targets,
    emit_path,
    follow,
    mark_targets,
)
from mobility.planner.trip_based.transfer_set import TransferSet
from mobility.planner.trip_based.workspace import TripWorkspace


@nb.njit(cache=True, nogil=True)
def list_departures(
    a: Arrays, access_stop: Ints, access_s: Ints, begin_s: int, end_s: int
) -> tuple[Ints, Ints, Ints, Ints]:
    """Vehicles at the doors by the second to leave: list heads per second, the next, trips and positions."""
    boardings = 0
    for e in range(len(access_stop)):
        boardings += a.brd_off[access_stop[e] + 1] - a.brd_off[access_stop[e]]
    span = np.empty((boardings, 2), np.int64)
    count, row = 0, 0
    for e in range(len(access_stop)):
        for b in range(a.brd_off[access_stop[e]], a.brd_off[access_stop[e] + 1]):
            trips = np.int64(a.pat_trips[a.brd_pat[b]])
            column = a.time_off[a.brd_pat[b]] + a.brd_pos[b] * trips
            span[row, 0] = first_from(a.dep, column, column + trips, begin_s + access_s[e])
            span[row, 1] = first_from(a.dep, span[row, 0], column + trips, end_s + access_s[e])
            count += span[row, 1] - span[row, 0]
            row += 1
    head = np.full(end_s - begin_s, -1, np.int32)
    following = np.empty(count, np.int32)
    trip = np.empty(count, np.int32)
    pos = np.empty(count, np.int32)
    count, row = 0, 0
    for e in range(len(access_stop)):
        for b in range(a.brd_off[access_stop[e]], a.brd_off[access_stop[e] + 1]):
            pattern = a.brd_pat[b]
            column = a.time_off[pattern] + a.brd_pos[b] * np.int64(a.pat_trips[pattern])
            for at in range(span[row, 1] - 1, span[row, 0] - 1, -1):
                moment = a.dep[at] - access_s[e] - begin_s
                following[count] = head[moment]
                head[moment] = count
                trip[count] = a.first_trip[pattern] + at - column
                pos[count] = a.brd_pos[b]
                count += 1
            row += 1
    return head, following, trip, pos


@nb.njit(cache=True, nogil=True)
def search_window(
    a: Arrays, s: TransferSet, w: TripWorkspace, lb: Row, unit_s: int, access_stop: Ints, access_s: Ints,
    egress_stop: Ints, egress_s: Ints, begin_s: int, end_s: int, limit_s: int, max_vehicles: int,
) -> int:  # fmt: skip
    """The journeys that leave within [begin, end): how many were written, or OVERFLOW."""
    begin_search(a, w, max_vehicles, max_vehicles)
    mark_targets(s, w, egress_stop, egress_s)
    head, following, trip, pos = list_departures(a, access_stop, access_s, begin_s, end_s)
    latest = end_s + limit_s + 1
    count = board_at_doors(a, s, w, max_vehicles, access_stop, access_s, end_s)
    is_complete = count != OVERFLOW and follow(a, s, w, max_vehicles, max_vehicles, count, lb, unit_s, latest)
    journeys, legs = 0, 0
    for moment in range(end_s - begin_s - 1, -1, -1):
        if head[moment] < 0 or not is_complete:
            continue
        w.goal_segment[:] = -1
        departure = begin_s + moment
        latest = departure + limit_s + 1
        count, seed = 0, head[moment]
        while seed >= 0 and count < len(w.segments.trip):
            count = add_segment(a, s, w, 1, max_vehicles, trip[seed], pos[seed], departure, -1, -1, count)
            seed = following[seed]
        is_complete = seed < 0 and follow(a, s, w, max_vehicles, max_vehicles, count, lb, unit_s, latest)
        for k in range(1, max_vehicles + 1):
            if is_complete and w.goal_segment[k] >= 0 and w.goal[k] < latest:
                is_complete = journeys < len(w.journeys)
                if is_complete:
                    legs = emit_path(a, s, w, k, departure, journeys, legs)
                    journeys += 1
    clear_targets(s, w, egress_stop)
    return journeys if is_complete else OVERFLOW
