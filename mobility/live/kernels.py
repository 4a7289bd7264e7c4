"""Updates to runs, and updated times of the runs that have one (numba; the same source is the plain twin).

GTFS Realtime, trip updates: a delay holds until the next update of the trip; NO_DATA ends it; a time beats a
delay. Predictions are firm and the rest gives way to them: first no unpredicted time is later than the prediction
behind it, then no time is earlier than the one before.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from mobility.live.columns import UNKNOWN_S, StopColumns
from mobility.live.updates import StopRelation
from mobility.network.timetable import Flags, Ints

SKIPPED, NO_DATA = int(StopRelation.SKIPPED), int(StopRelation.NO_DATA)
NO_LIMIT_S = 2**31 - 1


@nb.njit(cache=True, nogil=True)
def match_runs(
    run_trip: Ints, run_day: Ints, run_start_s: Ints, is_repeated: Flags, trip: Ints, day: Ints, start_s: Ints
) -> tuple[Ints, Flags]:
    """Per run its update (-1: none), the last where there are several; and which updates have a run."""
    trips = len(is_repeated)
    head = np.full(3 * trips, -1, np.int32)
    following = np.empty(len(trip), np.int32)
    for u in range(len(trip)):
        if trip[u] >= 0 and -1 <= day[u] <= 1:
            key = (day[u] + 1) * trips + trip[u]
            following[u] = head[key]
            head[key] = u
    update = np.full(len(run_trip), -1, np.int32)
    is_used = np.zeros(len(trip), np.uint8)
    for r in range(len(run_trip)):
        u = head[(run_day[r] + 1) * trips + run_trip[r]]
        while u >= 0 and is_repeated[run_trip[r]] and start_s[u] != run_start_s[r]:
            u = following[u]
        if u >= 0:
            update[r] = u
            is_used[u] = 1
    return update, is_used


@nb.njit(cache=True, nogil=True)
def choose_updates(
    update: int, begin: int, end: int, s: StopColumns, sequence: Ints, place: Ints, chosen: Ints, lost: Flags
) -> None:
    """Which stop update every row of one trip has (-1: none); 1 in ``lost`` for those without a row."""
    chosen[: end - begin] = -1
    cursor = begin
    for u in range(s.offset[update], s.offset[update + 1]):
        found = -1
        for at in range(end - begin):
            row = begin + (cursor - begin + at) % (end - begin)  # from the start again: some senders have no order
            if s.sequence[u] >= 0:
                is_it = sequence[row] == s.sequence[u]
            else:
                is_it = s.place[u] >= 0 and place[row] == s.place[u]
            if is_it:
                found = row
                break
        if found < 0:
            lost[u] = 1
        else:
            chosen[found - begin] = u
            cursor = found + 1


@nb.njit(cache=True, nogil=True)
def predict(
    begin: int, end: int, lag_s: int, delay_s: int, s: StopColumns, chosen: Ints, row_arr: Ints, row_dep: Ints,
    time: Ints, is_firm: Flags,
) -> None:  # fmt: skip
    """Times of one trip as predicted or carried on, arrivals at even places and departures at odd ones, and which
    are predicted. ``lag_s`` lies between the clock of the rows and that of the updates.
    """
    delay = np.int64(0) if delay_s == UNKNOWN_S else np.int64(delay_s)
    for i in range(end - begin):
        u = chosen[i]
        for side in range(2):
            planned = np.int64(row_arr[begin + i] if side == 0 else row_dep[begin + i])
            at = 2 * i + side
            is_firm[at] = 0
            if u >= 0 and s.relation[u] == NO_DATA:
                delay = np.int64(0)
            elif u >= 0 and s.relation[u] != SKIPPED:
                told = s.arr[u] if side == 0 else s.dep[u]
                told_delay = s.arr_delay[u] if side == 0 else s.dep_delay[u]
                if told != UNKNOWN_S:
                    delay = told - lag_s - planned
                    is_firm[at] = 1
                elif told_delay != UNKNOWN_S:
                    delay = np.int64(told_delay)
                    is_firm[at] = 1
            time[at] = planned + delay


@nb.njit(cache=True, nogil=True)
def restore_order(count: int, is_skipped: Flags, time: Ints, is_firm: Flags) -> None:
    """Let what is not predicted give way, then let no time run backwards. Passed stops have no say."""
    limit = np.int64(NO_LIMIT_S)
    for at in range(2 * count - 1, -1, -1):
        if is_skipped[at >> 1]:
            continue
        if is_firm[at]:
            limit = time[at]
        else:
            time[at] = min(time[at], limit)
    before = np.int64(-NO_LIMIT_S)
    for at in range(2 * count):
        if not is_skipped[at >> 1]:
            time[at] = max(time[at], before)
            before = time[at]


@nb.njit(cache=True, nogil=True)
def update_rows(
    trips: Ints, updates: Ints, lag_s: Ints, delay_s: Ints, s: StopColumns, stop_of_place: Ints, sequence: Ints,
    place: Ints, row_off: Ints, stop: Ints, arr: Ints, dep: Ints, flags: Flags, at: int,
) -> tuple[Ints, Flags, Flags]:  # fmt: skip
    """Write the rows of trips with updates behind those of the schedule, from ``at`` on: where the rows of each end;
    which trips call elsewhere than planned, and which stop updates found no row.
    """
    longest = 0
    for r in range(len(trips)):
        longest = max(longest, row_off[trips[r] + 1] - row_off[trips[r]])
    ends = np.empty(len(trips), np.int64)
    is_other = np.zeros(len(trips), np.uint8)
    lost = np.zeros(len(s.sequence), np.uint8)
    chosen, is_skipped = np.empty(longest, np.int64), np.empty(longest, np.uint8)
    time, is_firm = np.empty(2 * longest, np.int64), np.empty(2 * longest, np.uint8)
    for r in range(len(trips)):
        u = updates[r]
        begin, end = row_off[trips[r]], row_off[trips[r] + 1]
        choose_updates(u, begin, end, s, sequence, place, chosen, lost)
        predict(begin, end, lag_s[r], delay_s[u], s, chosen, arr, dep, time, is_firm)
        for i in range(end - begin):
            is_skipped[i] = chosen[i] >= 0 and s.relation[chosen[i]] == SKIPPED
        restore_order(end - begin, is_skipped, time, is_firm)
        for i in range(end - begin):
            if is_skipped[i]:
                is_other[r] = 1
                continue
            stop[at] = stop[begin + i]
            if chosen[i] >= 0 and s.assigned[chosen[i]] >= 0 and s.assigned[chosen[i]] != place[begin + i]:
                other = stop_of_place[s.assigned[chosen[i]]]
                if other >= 0:
                    stop[at] = other
                    is_other[r] = 1
            arr[at], dep[at], flags[at] = time[2 * i], time[2 * i + 1], flags[begin + i]
            at += 1
        ends[r] = at
    return ends, is_other, lost
