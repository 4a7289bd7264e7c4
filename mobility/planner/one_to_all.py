"""From one place to all stops: what isochrones, accessibility and matrices are made of.

RAPTOR (``raptor``) without a target: no bounds, no journeys, one row of labels, and how many vehicles each took.
A stop is reached by the walk from the door, in a vehicle, or on one footpath from where a vehicle arrived. Read
backwards in time (``arrive_by``) the same kernel tells from where, and how late, one gets here in time.

The two labels of a stop are the trap here too: *arrived in a vehicle* starts footpaths, *ready to board* does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from mobility.network.timetable import Arrays, Ints
from mobility.planner.engine import Engine
from mobility.planner.query import AS_THE_TIMETABLE_SAYS, Ends, TransferTimes
from mobility.planner.workspace import FAR, MAX_VEHICLES

UNREACHED_S = -1
LONGEST_S = 86_400

Seconds = npt.NDArray[np.int32]


class Reach(NamedTuple):
    """Per stop, ``UNREACHED_S`` where there is no way in time: seconds from the question's moment, waiting included."""

    seconds: Seconds
    """To be there, on foot or in a vehicle."""
    vehicles: npt.NDArray[np.int8]
    """How many of them that takes, 0 on foot."""
    arrived_s: Seconds
    """To arrive there in a vehicle: from here one may walk on."""


class Labels(NamedTuple):
    """What the kernel fills: earliest arrival in a vehicle, FAR where none, and in which vehicle that was."""

    arrived: Ints
    vehicles: npt.NDArray[np.int8]


@nb.njit(cache=True, nogil=True)
def spread(a: Arrays, labels: Labels, stop: Ints, seconds: Ints, at_s: int, limit_s: int, max_vehicles: int) -> None:
    """Ride and change in rounds from the stops of a door, until nothing gets earlier."""
    n = len(a.change_s)
    arrived, vehicles = labels
    ready = np.full(n, FAR, np.int32)
    is_marked, is_improved = np.zeros(n, np.uint8), np.zeros(n, np.uint8)
    marked, improved = np.empty(n, np.int32), np.empty(n, np.int32)
    first_pos = np.full(len(a.pat_trips), FAR, np.int32)
    queue = np.empty(len(a.pat_trips), np.int32)
    bound = np.int64(at_s) + limit_s + 1
    marks = 0
    for e in range(len(stop)):
        moment = np.int64(at_s) + seconds[e]
        if moment < ready[stop[e]] and moment < bound:
            ready[stop[e]] = moment
            if not is_marked[stop[e]]:
                is_marked[stop[e]] = 1
                marked[marks] = stop[e]
                marks += 1
    for vehicle in range(1, max_vehicles + 1):
        if not marks:
            break
        queued = 0
        for m in range(marks):
            for b in range(a.brd_off[marked[m]], a.brd_off[marked[m] + 1]):
                pattern = a.brd_pat[b]
                if first_pos[pattern] == FAR:
                    queue[queued] = pattern
                    queued += 1
                first_pos[pattern] = min(first_pos[pattern], a.brd_pos[b])
        improvements = 0
        for q in range(queued):
            pattern = queue[q]
            off, trips, time = a.pat_off[pattern], a.pat_trips[pattern], a.time_off[pattern]
            trip = np.int64(trips)
            for i in range(first_pos[pattern], a.pat_off[pattern + 1] - off):
                here = a.pat_stop[off + i]
                column = time + i * trips
                if trip < trips:
                    arrival = a.arr[column + trip]
                    if arrival >= bound:
                        trip = np.int64(trips)  # too late itself, but an earlier one may be caught further on
                    elif arrival < arrived[here] and a.may_alight[off + i]:
                        arrived[here] = arrival
                        vehicles[here] = vehicle
                        if not is_improved[here]:
                            is_improved[here] = 1
                            improved[improvements] = here
                            improvements += 1
                if is_marked[here] and a.may_board[off + i]:
                    moment = np.int64(ready[here])
                    if trip < trips:
                        while trip > 0 and a.dep[column + trip - 1] >= moment:
                            trip -= 1
                    else:
                        trip = np.searchsorted(a.dep[column : column + trips], moment)
            first_pos[pattern] = FAR
        for m in range(marks):
            is_marked[marked[m]] = 0
        marks = 0
        for m in range(improvements):
            here = improved[m]
            is_improved[here] = 0
            first = a.fp_off[here]
            for f in range(first - 1, a.fp_off[here + 1]):
                there = here if f < first else a.fp_to[f]
                moment = np.int64(arrived[here]) + (a.change_s[here] if f < first else a.fp_s[f])
                if moment >= bound and f >= first:
                    break
                if moment < ready[there] and moment < bound:
                    ready[there] = moment
                    if not is_marked[there]:
                        is_marked[there] = 1
                        marked[marks] = there
                        marks += 1


@nb.njit(cache=True, nogil=True)
def finish(a: Arrays, labels: Labels, stop: Ints, seconds: Ints, at_s: int, limit_s: int, reach: Reach) -> None:
    """What is reached: by the first walk, in a vehicle, and by one footpath from there."""
    last = np.int64(at_s) + limit_s
    for e in range(len(stop)):
        if seconds[e] <= limit_s and (reach.seconds[stop[e]] < 0 or seconds[e] < reach.seconds[stop[e]]):
            reach.seconds[stop[e]] = seconds[e]
            reach.vehicles[stop[e]] = 0
    for here in range(len(a.change_s)):
        if labels.arrived[here] > last:
            continue
        passed = np.int64(labels.arrived[here]) - at_s
        reach.arrived_s[here] = passed
        first = a.fp_off[here]
        for f in range(first - 1, a.fp_off[here + 1]):
            there, total = (here, passed) if f < first else (np.int64(a.fp_to[f]), passed + a.fp_s[f])
            if total > limit_s:
                break
            known = reach.seconds[there]
            is_fewer = total == known and labels.vehicles[here] < reach.vehicles[there]
            if known < 0 or total < known or is_fewer:
                reach.seconds[there] = total
                reach.vehicles[there] = labels.vehicles[here]


def reach(
    engine: Engine,
    ends: Ends,
    at_s: int,
    *,
    limit_s: int = LONGEST_S,
    max_vehicles: int = MAX_VEHICLES,
    arrive_by: bool = False,
    transfer: TransferTimes = AS_THE_TIMETABLE_SAYS,
) -> Reach:
    """All stops within ``limit_s`` of a door whose stops are ``ends``; with ``arrive_by`` the door is the goal.

    The last walk takes what the timetable says, whatever ``transfer`` makes of changes.
    """
    moment_s = -at_s if arrive_by else at_s
    plain = _arrays_of(engine, arrive_by=arrive_by)
    slower = engine if transfer == AS_THE_TIMETABLE_SAYS else engine.with_transfer_times(transfer)
    count = len(plain.change_s)
    labels = Labels(np.full(count, FAR, np.int32), np.zeros(count, np.int8))
    spread(_arrays_of(slower, arrive_by=arrive_by), labels, *ends, moment_s, limit_s, max_vehicles)
    found = Reach(
        np.full(count, UNREACHED_S, np.int32), np.full(count, -1, np.int8), np.full(count, UNREACHED_S, np.int32)
    )
    finish(plain, labels, *ends, moment_s, limit_s, found)
    return found


def matrix(
    engine: Engine,
    origins: Sequence[Ends],
    targets: Sequence[Ends],
    at_s: int,
    *,
    limit_s: int = LONGEST_S,
    max_vehicles: int = MAX_VEHICLES,
    arrive_by: bool = False,
    transfer: TransferTimes = AS_THE_TIMETABLE_SAYS,
) -> Seconds:
    """Seconds from every origin to every target by at least one vehicle, ``UNREACHED_S`` where there is no way.

    With ``arrive_by`` the same places, and how long before ``at_s`` one leaves each origin to be at each target.
    """
    here, there = (targets, origins) if arrive_by else (origins, targets)
    table = np.full((len(here), len(there)), UNREACHED_S, np.int32)
    for row, ends in enumerate(here):
        found = reach(
            engine, ends, at_s, limit_s=limit_s, max_vehicles=max_vehicles, arrive_by=arrive_by, transfer=transfer
        )
        arrived_s = found.arrived_s.astype(np.int64)
        arrived_s[arrived_s == UNREACHED_S] = FAR
        for column, others in enumerate(there):
            best = (arrived_s[others.stop] + others.seconds).min(initial=FAR)
            if best <= limit_s:
                table[row, column] = best
    return np.ascontiguousarray(table.T) if arrive_by else table


def _arrays_of(engine: Engine, *, arrive_by: bool) -> Arrays:
    return (engine.backward if arrive_by else engine.forward).arrays
