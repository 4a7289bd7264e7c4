"""Who may stay seated: vehicles that end one trip and begin the next, resolved for one date.

Two trips of one block that run on the same service day, one after the other, are one vehicle where the later
begins at the stop where the earlier ends, whatever their lines, directions and headsigns (GTFS Schedule,
trips.txt, block_id). A row of transfer_type 4 says so of two trips by itself, at any stops, and goes before the
block; where its second trip begins before the first ends it is that of the next service day ("Linked trips").
Several such rows are a vehicle that is divided: one may ride into each of up to ``MAX_PORTIONS`` portions.
transfer_type 5 forbids. Trips of frequencies.txt have no next trip.

A run whose vehicle goes on gets rows of its own: its trip's and those of up to ``MAX_STAYS`` following, boardable
only in its own part. Searches see one vehicle and need no rule. Who follows whom is decided by planned times; on a
live day a vehicle that arrives after its next trip should have left takes that delay along.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from mobility.network.blocks import StayRules
from mobility.network.runs import Runs
from mobility.network.schedule import Schedule
from mobility.network.timetable import Flags, Ints

MAX_STAYS = 2
"""A rider who sits through more than three trips of one vehicle is not looked for."""
MAX_PORTIONS = 4
MAY_ALIGHT = 2


class Links(NamedTuple):
    """Which trip of which service day goes on as which, planned: trips of the feed, days as of ``Runs``."""

    trip: Ints
    day: Ints
    next_trip: Ints
    next_day: Ints


class Rows(NamedTuple):
    """What runs drive: the columns of a ``Schedule`` of which a timetable is made."""

    row_off: Ints
    row_stop: Ints
    row_arr: Ints
    row_dep: Ints
    row_flags: Flags
    trip_group: Ints


class Following(NamedTuple):
    """The trips of the feed that each run goes on with: a line per run, ``MAX_STAYS`` columns, trip -1 for none.

    ``left`` is the position among the run's rows where the trip before ends, ``begin`` that where this one
    begins: the same where both call at one stop.
    """

    trip: Ints
    day: Ints
    shift_s: Ints
    left: Ints
    begin: Ints


def link_runs(rules: StayRules, schedule: Schedule, runs: Runs) -> Links | None:
    """Who follows whom among the planned runs of a date; None where nobody does."""
    if not len(rules.block) and not len(rules.linked):
        return None
    pairs = _keep_valid(rules, schedule, runs, _link_blocks(rules, schedule, runs))
    rows = _keep_valid(rules, schedule, runs, _link_rows(rules, schedule, runs))
    before, after = np.concatenate([pairs[~np.isin(pairs[:, 0], rows[:, 0])], rows]).T
    if not len(before):
        return None
    return Links(runs.feed_trip[before], runs.day[before], runs.feed_trip[after], runs.day[after])


def _keep_valid(rules: StayRules, schedule: Schedule, runs: Runs, pairs: Ints) -> Ints:
    """Pairs of runs of which the second leaves when the first has ended, and that no rule parts."""
    before, after = runs.feed_trip[pairs].T
    shift_s = runs.shift_s[pairs]
    ends_s = schedule.row_arr[schedule.row_off[before + 1] - 1] + shift_s[:, 0]
    leaves_s = schedule.row_dep[schedule.row_off[after]] + shift_s[:, 1]
    parted = rules.parted[:, 0].astype(np.int64) * schedule.trip_count + rules.parted[:, 1]
    is_parted = np.isin(before.astype(np.int64) * schedule.trip_count + after, parted)
    valid: Ints = pairs[(ends_s <= leaves_s) & ~is_parted]
    return valid


def _link_blocks(rules: StayRules, schedule: Schedule, runs: Runs) -> Ints:
    """Pairs of runs: neighbours in a block on one service day that meet at one stop."""
    if not len(rules.block):
        return np.zeros((0, 2), np.int64)
    turn = rules.turn[runs.feed_trip]
    key = runs.day.astype(np.int64) * len(rules.turn) + turn
    inside: Ints = np.flatnonzero(turn >= 0)
    inside = inside[np.argsort(key[inside])]
    trip, day = runs.feed_trip[inside], runs.day[inside]
    first, end = schedule.row_off[trip[1:]], schedule.row_off[trip[:-1] + 1] - 1
    block = rules.block[trip]
    is_next = (block[:-1] == block[1:]) & (day[:-1] == day[1:])
    is_next &= schedule.stop_row[schedule.row_stop[end]] == schedule.stop_row[schedule.row_stop[first]]
    return np.stack([inside[:-1][is_next], inside[1:][is_next]], axis=1)


def _link_rows(rules: StayRules, schedule: Schedule, runs: Runs) -> Ints:
    """Pairs of runs by transfer_type 4, in the order of the rows, on every day on which both their trips run."""
    named = np.flatnonzero(np.isin(runs.feed_trip, rules.linked))
    keys = zip(runs.feed_trip[named].tolist(), runs.day[named].tolist(), strict=True)
    run_of = dict(zip(keys, named.tolist(), strict=True))
    days = sorted({day for _, day in run_of})
    pairs: list[tuple[int, int]] = []
    for trip, next_trip in rules.linked.tolist():
        ends_s, leaves_s = (
            schedule.row_arr[schedule.row_off[trip + 1] - 1],
            schedule.row_dep[schedule.row_off[next_trip]],
        )
        days_later = int(ends_s > leaves_s)
        for day in days:
            run, next_run = run_of.get((trip, day)), run_of.get((next_trip, day + days_later))
            if run is not None and next_run is not None:
                pairs.append((run, next_run))
    return np.array(pairs, np.int64).reshape(-1, 2)


def keep_aboard(schedule: Schedule, runs: Runs, links: Links) -> tuple[Rows, Runs, Following]:
    """Rows for every run, with those of the trips its vehicle goes on with; the runs that drive them; those trips.

    A vehicle that is divided becomes a run for each of its portions.
    """
    chain = _list_chains(len(runs.trip), *_find_runs(schedule, runs, links))
    parts = np.where(chain >= 0, runs.trip[chain], -1)
    row_off, left, begin = measure_rows(parts, schedule.row_off, schedule.row_stop, schedule.stop_row)
    times = schedule.row_off, schedule.row_stop, schedule.row_arr, schedule.row_dep, schedule.row_flags
    stop, arr, dep, flags = fill_rows(row_off, begin == left, parts, runs.shift_s[chain], *times)
    rows = Rows(row_off, stop, arr, dep, flags, _group_chains(schedule.trip_group, parts))
    own, following = chain[:, 0], chain[:, 1:]
    trip = np.where(following >= 0, runs.feed_trip[following], -1).astype(np.int32)
    numbers = np.arange(len(own), dtype=np.int32)
    driven = Runs(numbers, runs.shift_s[own], runs.feed_trip[own], runs.day[own])
    return rows, driven, Following(trip, runs.day[following], runs.shift_s[following], left, begin)


def _find_runs(schedule: Schedule, runs: Runs, links: Links) -> tuple[Ints, Ints]:
    """The links between runs that are really there: (run, next run), those of one run together and in order."""
    lowest = int(runs.day.min(initial=0))
    size = int(max(runs.feed_trip.max(initial=0), schedule.trip_count)) + 1
    run_of = np.full(size * (int(runs.day.max(initial=0)) - lowest + 1), -1, np.int32)
    # backwards, so that of two runs of one trip (an additional one, live) the first stays
    numbers = np.arange(len(runs.trip), dtype=np.int32)[::-1]
    run_of[(runs.day[numbers].astype(np.int64) - lowest) * size + runs.feed_trip[numbers]] = numbers
    ends = []
    for trip, day in ((links.trip, links.day), (links.next_trip, links.next_day)):
        key = (day.astype(np.int64) - lowest) * size + trip
        is_inside = (key >= 0) & (key < len(run_of))
        ends.append(np.where(is_inside, run_of[np.where(is_inside, key, 0)], -1))
    both = (ends[0] >= 0) & (ends[1] >= 0)
    before, after = ends[0][both], ends[1][both]
    order = np.argsort(before, kind="stable")
    return before[order], after[order]


def _list_chains(count: int, before: Ints, after: Ints) -> Ints:
    """Every run with what it goes on as: a line per run and portion, ``1 + MAX_STAYS`` runs, -1 none."""
    offset = np.searchsorted(before, np.arange(count + 1))
    chain = np.full((count, 1 + MAX_STAYS), -1, np.int32)
    chain[:, 0] = np.arange(count)
    for level in range(MAX_STAYS):
        tail = chain[:, level]
        portions = np.minimum(np.where(tail >= 0, offset[tail + 1] - offset[tail], 0), MAX_PORTIONS)
        copies = np.maximum(portions, 1)
        chain = np.repeat(chain, copies, axis=0)
        number = np.arange(len(chain)) - np.repeat(np.cumsum(copies) - copies, copies)
        goes_on = np.flatnonzero(np.repeat(portions, copies))
        chain[goes_on, level + 1] = after[offset[chain[goes_on, level]] + number[goes_on]]
    return chain


def _group_chains(trip_group: Ints, parts: Ints) -> Ints:
    """Groups for chains of trips: those of the same groups have the same stops and doors."""
    size = int(trip_group.max(initial=-1)) + 2
    key = np.zeros(len(parts), np.int64)
    for column in parts.T:
        key = key * size + np.where(column >= 0, trip_group[column] + 1, 0)
    _, number = np.unique(key, return_inverse=True)
    return number.astype(np.int32)


@nb.njit(cache=True, nogil=True)
def measure_rows(parts: Ints, row_off: Ints, row_stop: Ints, stop_row: Ints) -> tuple[Ints, Ints, Ints]:
    """Of chains of trips: offsets of their rows, and where each following trip's forerunner ends and it begins.

    Where both call at one stop, be it at copies of it, the two calls become one.
    """
    offset = np.zeros(len(parts) + 1, np.int64)
    left = np.zeros((len(parts), parts.shape[1] - 1), np.int32)
    begin = np.zeros((len(parts), parts.shape[1] - 1), np.int32)
    for r in range(len(parts)):
        size = row_off[parts[r, 0] + 1] - row_off[parts[r, 0]]
        for k in range(1, parts.shape[1]):
            trip = parts[r, k]
            if trip < 0:
                break
            meets = stop_row[row_stop[row_off[parts[r, k - 1] + 1] - 1]] == stop_row[row_stop[row_off[trip]]]
            left[r, k - 1] = size - 1
            begin[r, k - 1] = size - 1 if meets else size
            size += row_off[trip + 1] - row_off[trip] - (1 if meets else 0)
        offset[r + 1] = offset[r] + size
    return offset, left, begin


@nb.njit(cache=True, nogil=True)
def fill_rows(
    offset: Ints,
    meets: npt.NDArray[np.bool_],
    parts: Ints,
    shift_s: Ints,
    row_off: Ints,
    row_stop: Ints,
    row_arr: Ints,
    row_dep: Ints,
    row_flags: Flags,
) -> tuple[Ints, Ints, Ints, Flags]:
    """Stops, arrivals, departures and doors of chains of trips, on the clock of the first trip's rows."""
    size = offset[-1]
    stop, flags = np.empty(size, row_stop.dtype), np.empty(size, np.uint8)
    arr, dep = np.empty(size, np.int32), np.empty(size, np.int32)
    for r in range(len(parts)):
        at = offset[r]
        for k in range(parts.shape[1]):
            trip = parts[r, k]
            if trip < 0:
                break
            first, end = row_off[trip], row_off[trip + 1]
            ahead = shift_s[r, k] - shift_s[r, 0]
            if k > 0:
                ahead += max(np.int64(0), arr[at - 1] - (row_dep[first] + ahead))  # a vehicle that comes late
                dep[at - 1] = arr[at - 1]
                if meets[r, k - 1]:
                    dep[at - 1] = row_dep[first] + ahead
                    first += 1
            for i in range(first, end):
                stop[at] = row_stop[i]
                arr[at] = row_arr[i] + ahead
                dep[at] = row_dep[i] + ahead
                if k > 0 and i == first:
                    arr[at] = max(arr[at], dep[at - 1])
                # one boards the next trip's own run; what begins here is only ridden
                is_boarded = k == 0 and (i < end - 1 or parts[r, 1] < 0)
                flags[at] = row_flags[i] if is_boarded else row_flags[i] & MAY_ALIGHT
                at += 1
    return stop, arr, dep, flags
