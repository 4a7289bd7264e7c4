"""Runs of vehicles sorted into patterns in which nobody overtakes (planner arrays, stop-major).

The split is greedy: the runs of one stop sequence in order of first departure (ties: last arrival),
each appended to the first chain whose last run is no later than it at every arrival and departure.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from mobility.network.schedule import Schedule
from mobility.network.stays import Rows
from mobility.network.timetable import Ints

LATEST_S = 2**31
"""Beyond every time."""


@nb.njit(cache=True, nogil=True)
def split_overtaking(
    group_off: Ints,
    trip: Ints,
    shift: Ints,
    row_off: Ints,
    arr: Ints,
    dep: Ints,
) -> Ints:
    """For runs sorted by group: the number of the chain of each run within its group."""
    chain = np.zeros(len(trip), np.int32)
    last = np.zeros(len(trip), np.int32)
    for g in range(len(group_off) - 1):
        chains = 0
        for r in range(group_off[g], group_off[g + 1]):
            begin, end = row_off[trip[r]], row_off[trip[r] + 1]
            c = 0
            while c < chains:
                before = last[c]
                offset = row_off[trip[before]] - begin
                ahead = shift[r] - shift[before]
                is_fifo = True
                for i in range(begin, end):
                    if arr[i + offset] > arr[i] + ahead or dep[i + offset] > dep[i] + ahead:
                        is_fifo = False
                        break
                if is_fifo:
                    break
                c += 1
            chains = max(chains, c + 1)
            last[c] = r
            chain[r] = c
    return chain


@nb.njit(cache=True, nogil=True)
def fill_times(
    run_off: Ints,
    time_off: Ints,
    trip: Ints,
    shift: Ints,
    row_off: Ints,
    row_time: Ints,
) -> Ints:
    """Times of the runs of every pattern, stop-major."""
    times = np.empty(time_off[-1], np.int32)
    for p in range(len(run_off) - 1):
        runs = run_off[p + 1] - run_off[p]
        for t in range(runs):
            r = run_off[p] + t
            begin = row_off[trip[r]]
            for i in range(row_off[trip[r] + 1] - begin):
                times[time_off[p] + i * runs + t] = row_time[begin + i] + shift[r]
    return times


def list_changes(*keys: Ints) -> Ints:
    """Where a run of equal keys begins, and the end: offsets of the groups of sorted keys."""
    size = len(keys[0])
    is_new = np.ones(size, bool)
    for number, key in enumerate(keys):
        change = np.ones(size, bool)
        change[1:] = key[1:] != key[:-1]
        is_new = change if number == 0 else is_new | change
    return np.append(np.flatnonzero(is_new), size).astype(np.int64)


def order_runs(schedule: Schedule | Rows, trip: Ints, shift: Ints) -> tuple[Ints, Ints]:
    """Runs sorted pattern by pattern: their order, and the offsets of the patterns in it."""
    if not len(trip):
        return np.zeros(0, np.int64), np.zeros(1, np.int64)
    group = schedule.trip_group[trip]
    departure = schedule.row_dep[schedule.row_off[trip]] + shift
    arrival = schedule.row_arr[schedule.row_off[trip + 1] - 1] + shift
    order = np.argsort(departure.astype(np.int64) * LATEST_S + arrival, kind="stable")
    order = order[np.argsort(group[order], kind="stable")]
    group_off = list_changes(group[order])
    chain = split_overtaking(
        group_off,
        trip[order],
        shift[order],
        schedule.row_off,
        schedule.row_arr,
        schedule.row_dep,
    )
    group = group[order]
    stop = schedule.row_stop[schedule.row_off[trip[order]]].astype(np.int64)  # patterns near each other in memory
    size = int(chain.max()) + 1
    key = (stop * (int(group.max()) + 1) + group) * size + chain
    by_pattern = np.argsort(key, kind="stable")
    return order[by_pattern], list_changes(key[by_pattern])
