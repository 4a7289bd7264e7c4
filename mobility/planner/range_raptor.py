"""Range RAPTOR: which departures of a window are worth a search of their own.

Delling, Pajor, Werneck (ALENEX 2012), section 4.1: one run per departure event reachable on foot from
the origin, in descending order, labels kept (self-pruning). A run begins only at the stops whose event
it is. Before them one run from all stops at the end of the half-open window, whose journeys are thrown
away: what leaves at or after the end of the window prunes what leaves before it.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from mobility.network.timetable import Arrays, Ints
from mobility.planner.query import Ends


@nb.njit(cache=True, nogil=True)
def first_from(dep: Ints, begin: int, end: int, time: int) -> int:
    """The first place in an ascending part of ``dep`` that is not before a time."""
    while begin < end:
        middle = (begin + end) >> 1
        if dep[middle] < time:
            begin = middle + 1
        else:
            end = middle
    return begin


@nb.njit(cache=True, nogil=True)
def list_events(a: Arrays, stop: Ints, seconds: Ints, begin_s: int, end_s: int) -> Ints:
    """When to leave the door for every departure at the access stops, as (moment << 20 | access)."""
    count = 0
    events = np.empty(0, np.int64)
    for must_fill in range(2):
        if must_fill:
            events = np.empty(count, np.int64)
            count = 0
        for e in range(len(stop)):
            for b in range(a.brd_off[stop[e]], a.brd_off[stop[e] + 1]):
                trips = np.int64(a.pat_trips[a.brd_pat[b]])
                row = a.time_off[a.brd_pat[b]] + a.brd_pos[b] * trips
                first = first_from(a.dep, row, row + trips, begin_s + seconds[e])
                last = first_from(a.dep, first, row + trips, end_s + seconds[e])
                if must_fill:
                    for at in range(first, last):
                        events[count + at - first] = (np.int64(a.dep[at] - seconds[e]) << 20) | e
                count += last - first
    return events


def list_seeds(a: Arrays, access: Ends, begin_s: int, end_s: int) -> tuple[Ints, Ints]:
    """The runs of the window [begin, end): moments descending, and the access stop of each."""
    events = np.unique(list_events(a, access.stop, access.seconds, begin_s, end_s))[::-1]
    after = np.arange(len(access.stop), dtype=np.int64)
    moments = np.concatenate([np.full(len(after), end_s, np.int64), events >> 20])
    return moments, np.concatenate([after, events & 0xFFFFF])
