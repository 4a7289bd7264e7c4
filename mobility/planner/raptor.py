"""RAPTOR, the search itself: fewest vehicles and earliest arrival, in rounds.

Delling, Pajor, Werneck: Round-Based Public Transit Routing (ALENEX 2012), with lower bounds for target
pruning and footpaths in order of duration. Round k extends what k-1 vehicles reach by one vehicle.

Trap: two labels per stop, never mixed. *Arrived in a vehicle* prunes the scan and starts footpaths;
*ready to board* prunes boarding only. Where footpaths are not closed transitively, somebody who walked
here early hides from a single label the later vehicle, although only its passengers may walk on.

The kernels are plain Python as ``.py_func``; the same source is both twins.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from mobility.network.timetable import Arrays, Ints
from mobility.planner.bounds import Row
from mobility.planner.workspace import FAR, Workspace

OVERFLOW = -1
"""The answer when there is no room left for journeys: grow, and search again."""


@nb.njit(cache=True, nogil=True)
def collect(a: Arrays, w: Workspace, row: int, marked: int, lb: Row, unit_s: int, bound: int) -> int:
    """Queue the patterns that can be boarded at marked stops, each with its earliest marked position."""
    queued = 0
    for m in range(marked):
        stop = w.marked[m]
        if w.ready[row + stop] + np.int64(lb[stop]) * unit_s >= bound:
            continue
        for b in range(a.brd_off[stop], a.brd_off[stop + 1]):
            pattern = a.brd_pat[b]
            if w.first_pos[pattern] == FAR:
                w.queue[queued] = pattern
                queued += 1
            w.first_pos[pattern] = min(w.first_pos[pattern], a.brd_pos[b])
    return queued


@nb.njit(cache=True, nogil=True)
def scan(
    a: Arrays, w: Workspace, k: int, stride: int, last: int, queued: int, lb: Row, unit_s: int, bound: int
) -> tuple[int, int]:
    """Ride the queued patterns: how many stops improved, and the new bound for who goes on with one vehicle more."""
    n = len(a.change_s)
    before, now, came = (k - 1) * stride, k * stride, k * n
    # who does not end here needs another vehicle, and over a range is known to be beaten by a later departure
    onward = min(bound, int(w.goal[k + 1])) if k < last else -int(FAR)
    improved = 0
    for q in range(queued):
        pattern = w.queue[q]
        start = w.first_pos[pattern]
        w.first_pos[pattern] = FAR
        off = a.pat_off[pattern]
        trips = a.pat_trips[pattern]
        time = a.time_off[pattern]
        trip = trips
        boarded = np.int64(0)
        for i in range(start, a.pat_off[pattern + 1] - off):
            stop = a.pat_stop[off + i]
            column = time + i * trips
            if trip < trips and a.may_alight[off + i]:
                arrival = a.arr[column + trip]
                egress_s = w.egress_s[stop]
                limit = onward if egress_s == FAR else bound
                if arrival < w.arrived[now + stop] and arrival + np.int64(lb[stop]) * unit_s < limit:
                    for j in range(k, last + 1):
                        if w.arrived[j * stride + stop] <= arrival:
                            break
                        w.arrived[j * stride + stop] = arrival
                        if stride == 0:
                            break
                    w.came_trip[came + stop] = a.first_trip[pattern] + trip
                    w.came_from[came + stop] = a.pat_stop[off + boarded]
                    w.came_pos[came + stop] = boarded * 65536 + i
                    if not w.is_improved[stop]:
                        w.is_improved[stop] = 1
                        w.improved[improved] = stop
                        improved += 1
                    # FAR must be asked for: read backwards in time, arrivals are negative
                    if egress_s != FAR and arrival + egress_s < bound:
                        w.goal[k] = arrival + egress_s
                        w.goal_stop[k] = stop
                        bound = min(bound, int(w.goal[k]))
                        onward = min(onward, bound)
            if w.is_marked[stop] and a.may_board[off + i]:
                ready = w.ready[before + stop]
                if trip < trips:
                    if trip > 0 and a.dep[column + trip - 1] >= ready:
                        while trip > 0 and a.dep[column + trip - 1] >= ready:
                            trip -= 1
                        boarded = np.int64(i)
                else:
                    low, high = np.int64(0), np.int64(trips)
                    while low < high:
                        middle = (low + high) >> 1
                        if a.dep[column + middle] < ready:
                            low = middle + 1
                        else:
                            high = middle
                    trip = low
                    boarded = np.int64(i)
    return improved, onward


@nb.njit(cache=True, nogil=True)
def walk(
    a: Arrays, w: Workspace, k: int, stride: int, last: int, improved: int, lb: Row, unit_s: int, bound: int
) -> int:
    """Change and walk on from the stops where a vehicle arrived: how many stops are marked."""
    n = len(a.change_s)
    now, came = k * stride, k * n
    marked = 0
    for m in range(improved):
        here = w.improved[m]
        w.is_improved[here] = 0
        arrival = w.arrived[now + here]
        first = a.fp_off[here]
        for f in range(first - 1, a.fp_off[here + 1]):
            if f < first:
                stop, ready = here, arrival + a.change_s[here]
            else:
                stop, ready = a.fp_to[f], arrival + a.fp_s[f]
                if ready >= bound:
                    break
            if ready < w.ready[now + stop] and ready + np.int64(lb[stop]) * unit_s < bound:
                for j in range(k, last + 1):
                    if w.ready[j * stride + stop] <= ready:
                        break
                    w.ready[j * stride + stop] = ready
                    if stride == 0:
                        break
                w.walked_from[came + stop] = -1 if f < first else here
                if not w.is_marked[stop]:
                    w.is_marked[stop] = 1
                    w.marked[marked] = stop
                    marked += 1
    return marked


@nb.njit(cache=True, nogil=True)
def emit(a: Arrays, w: Workspace, k: int, departure: int, journey: int, leg: int) -> int:
    """Copy the journey with k vehicles out of the parents, which the next departure overwrites."""
    n = len(a.change_s)
    w.journeys[journey, 0] = departure
    w.journeys[journey, 1] = w.goal[k]
    w.journeys[journey, 2] = k
    stop = w.goal_stop[k]
    for vehicle in range(k, 0, -1):
        line = leg + vehicle - 1
        at = vehicle * n + stop
        w.legs[line, 0] = w.came_trip[at]
        w.legs[line, 1] = w.came_pos[at] >> 16
        w.legs[line, 2] = w.came_pos[at] & 65535
        w.legs[line, 3] = w.came_from[at]
        w.legs[line, 4] = stop
        stop = w.came_from[at]
        if vehicle > 1:
            start = w.walked_from[(vehicle - 1) * n + stop]
            stop = start if start >= 0 else stop
    return leg + k


@nb.njit(cache=True, nogil=True)
def search(
    a: Arrays,
    w: Workspace,
    lb: Row,
    unit_s: int,
    access_stop: Ints,
    access_s: Ints,
    egress_stop: Ints,
    egress_s: Ints,
    seed_s: Ints,
    seed_access: Ints,
    discard_from_s: int,
    stride: int,
    limit_s: int,
    max_vehicles: int,
) -> int:
    """All departures, the latest first; how many journeys were written, or OVERFLOW.

    Seeds are pairs (departure, number of the access), departures descending. Labels persist from one
    departure to the next: what a later one left prunes every earlier one that is not strictly better,
    so that only Pareto-optimal journeys are written. Departures from ``discard_from_s`` on only prune.
    """
    n = len(a.change_s)
    rows = max_vehicles + 1 if stride else 1
    w.arrived[: rows * n] = FAR
    w.ready[: rows * n] = FAR
    w.goal[:] = FAR
    for e in range(len(egress_stop)):
        w.egress_s[egress_stop[e]] = min(w.egress_s[egress_stop[e]], egress_s[e])

    journeys, legs, seed = 0, 0, 0
    while seed < len(seed_s) and journeys != OVERFLOW:
        departure = np.int64(seed_s[seed])
        latest = departure + limit_s + 1
        marked = 0
        while seed < len(seed_s) and seed_s[seed] == departure:
            stop = access_stop[seed_access[seed]]
            ready = departure + access_s[seed_access[seed]]
            seed += 1
            if ready >= w.ready[stop]:
                continue
            for k in range(rows):
                if w.ready[k * stride + stop] <= ready:
                    break
                w.ready[k * stride + stop] = ready
            if not w.is_marked[stop]:
                w.is_marked[stop] = 1
                w.marked[marked] = stop
                marked += 1
        for k in range(1, max_vehicles + 1):
            if not marked:
                break
            if stride == 0:
                w.goal[k] = w.goal[k - 1]
            best = w.goal[k]
            bound = min(latest, np.int64(best))
            queued = collect(a, w, (k - 1) * stride, marked, lb, unit_s, bound)
            improved, onward = scan(a, w, k, stride, max_vehicles, queued, lb, unit_s, bound)
            for m in range(marked):
                w.is_marked[w.marked[m]] = 0
            marked = walk(a, w, k, stride, max_vehicles, improved, lb, unit_s, onward)
            if w.goal[k] < best:
                if stride:
                    for j in range(k + 1, max_vehicles + 1):
                        w.goal[j] = min(w.goal[j], w.goal[k])
                if departure < discard_from_s:
                    if journeys == len(w.journeys):
                        journeys = OVERFLOW
                        break
                    legs = emit(a, w, k, departure, journeys, legs)
                    journeys += 1
        for m in range(marked):
            w.is_marked[w.marked[m]] = 0
    for e in range(len(egress_stop)):
        w.egress_s[egress_stop[e]] = FAR
    return journeys
