"""Latest useful moments: from when on, at a stop and after so many vehicles, the goal is out of reach in time.

The pruning of restricted Pareto sets (Delling, Dibbelt, Pajor, ALENEX 2019, section 4): before the forward search a
RAPTOR runs backwards in time from the goal, whose arrival has a limit per number of vehicles. With K vehicles at
most, row k holds who has used k: ``ready`` the last moment to be ready for vehicle k+1, ``arrived`` the last moment
to arrive in vehicle k. Times here are those of the reflected timetable, so that the last moment is the smallest.
"""

from __future__ import annotations

import threading

import numba as nb
import numpy as np
import numpy.typing as npt

from mobility.network.timetable import Arrays, Ints
from mobility.planner.bounds import Row
from mobility.planner.workspace import FAR

MAX_GROUPS = 8
"""Runs for a window: departures with nearly the same limits share one."""
Table = npt.NDArray[np.int32]


@nb.njit(cache=True, nogil=True)
def search_latest(
    a: Arrays, goal_stop: Ints, goal_s: Ints, limit_s: Ints, earliest_s: int, most: int, lb: Row, unit_s: int,
    ready: Table, arrived: Table,
) -> None:  # fmt: skip
    """Fill rows 0..most of both tables for departures from ``earliest_s`` on; ``a`` is the reflected timetable."""
    n = len(a.change_s)
    for k in range(most + 1):
        ready[k, :] = FAR
        arrived[k, :] = FAR
    first_pos = np.full(len(a.pat_trips), FAR, np.int32)
    queue = np.empty(len(a.pat_trips), np.int32)
    is_marked, is_improved = np.zeros(n, np.uint8), np.zeros(n, np.uint8)
    marked, improved = np.empty(n, np.int32), np.empty(n, np.int32)
    count = 0
    for k in range(most, 0, -1):
        # here ``arrived[k]`` is ready to board backwards, ``ready[k - 1]`` the arrival in the reflected vehicle
        if k < most:
            for m in range(count):
                is_marked[marked[m]] = 1
        for e in range(len(goal_stop)):
            stop = goal_stop[e]
            time = -(limit_s[k] - goal_s[e])
            if limit_s[k] < FAR and time < arrived[k, stop]:
                arrived[k, stop] = time
                if not is_marked[stop]:
                    is_marked[stop] = 1
                    marked[count] = stop
                    count += 1
        queued = 0
        for m in range(count):
            stop = marked[m]
            for b in range(a.brd_off[stop], a.brd_off[stop + 1]):
                pattern = a.brd_pat[b]
                if first_pos[pattern] == FAR:
                    queue[queued] = pattern
                    queued += 1
                first_pos[pattern] = min(first_pos[pattern], a.brd_pos[b])
        ready[k - 1, :] = ready[k, :]
        arrived[k - 1, :] = arrived[k, :]
        found = 0
        for q in range(queued):
            pattern = queue[q]
            start = first_pos[pattern]
            first_pos[pattern] = FAR
            off, trips = a.pat_off[pattern], np.int64(a.pat_trips[pattern])
            trip = trips
            for i in range(start, a.pat_off[pattern + 1] - off):
                stop = a.pat_stop[off + i]
                column = a.time_off[pattern] + i * trips
                if trip < trips and a.may_alight[off + i]:
                    time = np.int64(a.arr[column + trip])
                    if time < ready[k - 1, stop] and time + np.int64(lb[stop]) * unit_s <= -earliest_s:
                        ready[k - 1, stop] = time
                        if not is_improved[stop]:
                            is_improved[stop] = 1
                            improved[found] = stop
                            found += 1
                if is_marked[stop] and a.may_board[off + i]:
                    begin = arrived[k, stop]
                    low, high = np.int64(0), trip
                    while low < high:
                        middle = (low + high) >> 1
                        if a.dep[column + middle] < begin:
                            low = middle + 1
                        else:
                            high = middle
                    trip = low
        for m in range(count):
            is_marked[marked[m]] = 0
        count = 0
        for m in range(found):
            here = improved[m]
            is_improved[here] = 0
            time = np.int64(ready[k - 1, here])
            first = a.fp_off[here]
            for f in range(first - 1, a.fp_off[here + 1]):
                if f < first:
                    stop, then = here, time + a.change_s[here]
                else:
                    stop, then = a.fp_to[f], time + a.fp_s[f]
                    if then > -earliest_s:
                        break
                if then < arrived[k - 1, stop] and then + np.int64(lb[stop]) * unit_s <= -earliest_s:
                    arrived[k - 1, stop] = then
                    if not is_marked[stop]:
                        is_marked[stop] = 1
                        marked[count] = stop
                        count += 1
        for m in range(count):
            is_marked[marked[m]] = 0


def group_moments(limits: Ints) -> Ints:
    """The group of every row of limits (loosest first): rows with equal limits are together, at most MAX_GROUPS."""
    changes = np.flatnonzero((limits[1:] != limits[:-1]).any(axis=1)) + 1
    if len(changes) >= MAX_GROUPS:
        changes = changes[np.linspace(0, len(changes) - 1, MAX_GROUPS - 1).astype(np.int64)]
    groups = np.zeros(len(limits), np.int64)
    groups[np.unique(changes)] = 1
    numbers: Ints = np.cumsum(groups)
    return numbers


class LatestPool:
    """Tables per thread: [group, vehicles, stop] of ready and of arrived."""

    def __init__(self) -> None:
        self._local = threading.local()

    def get(self, groups: int, rows: int, stops: int) -> tuple[Table, Table]:
        """Memory for at least so many groups and rows; what stands in it is of an earlier query."""
        size = rows, stops
        tables: tuple[Table, Table] | None = getattr(self._local, "tables", None)
        if tables is None or tables[0].shape[1:] != size or len(tables[0]) < groups:
            shape = (groups, *size)
            tables = np.empty(shape, np.int32), np.empty(shape, np.int32)
            self._local.tables = tables
        return tables
