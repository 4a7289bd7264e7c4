"""Which vehicle one can change to from every stop event, without changes that staying aboard beats.

Witt (ESA 2015), section 3.1, with line-based pruning (Lehoux, Loiodice: Faster Preprocessing for the
Trip-Based Public Transit Routing Algorithm, ATMOS 2020). Pattern by pattern, and per neighbouring
pattern all trips in order, so that the earliest trip to catch only ever moves on.

What is left out is beaten by what stays for every continuation: nothing here depends on a query.
"""

from __future__ import annotations

from collections.abc import Callable

import numba as nb
import numpy as np

from mobility.network.timetable import Arrays, Ints
from mobility.planner.trip_based.transfer_set import TransferSet, index_alightings, index_trips
from mobility.planner.workspace import FAR

Progress = Callable[[int, int], None]
"""Told how many trips are done, of how many."""
CHUNK_EVENTS = 60_000


@nb.njit(cache=True, nogil=True)
def list_neighbours(a: Arrays, pattern: int) -> tuple[Ints, Ints]:
    """Places where one can board after alighting from a pattern: keys, sorted, and seconds between.

    A key is (other pattern, last position minus position, other position), 24, 20 and 20 bits.
    """
    off = a.pat_off[pattern]
    length = a.pat_off[pattern + 1] - off
    keys = np.empty(0, np.int64)
    seconds = np.empty(0, np.int32)
    for must_fill in range(2):
        count = 0
        for i in range(1, length):
            if not a.may_alight[off + i]:
                continue
            here = a.pat_stop[off + i]
            first = a.fp_off[here]
            for f in range(first - 1, a.fp_off[here + 1]):
                stop = here if f < first else a.fp_to[f]
                begin, end = a.brd_off[stop], a.brd_off[stop + 1]
                if must_fill:
                    for b in range(begin, end):
                        place = np.int64(length - i) << 20 | np.int64(a.brd_pos[b])
                        keys[count + b - begin] = np.int64(a.brd_pat[b]) << 40 | place
                        seconds[count + b - begin] = a.change_s[here] if f < first else a.fp_s[f]
                count += end - begin
        if not must_fill:
            keys = np.empty(count, np.int64)
            seconds = np.empty(count, np.int32)
    order = np.argsort(keys)
    return keys[order], seconds[order]


@nb.njit(cache=True, nogil=True)
def list_changes_of(a: Arrays, pattern: int, found: Ints) -> tuple[int, Ints]:
    """Transfers of all trips of a pattern as (event, trip, position): how many, and the array, grown.

    Events are counted from the first of the pattern.
    """
    keys, seconds = list_neighbours(a, pattern)
    trips = np.int64(a.pat_trips[pattern])
    length = a.pat_off[pattern + 1] - a.pat_off[pattern]
    count = 0
    begin = 0
    while begin < len(keys):
        other = keys[begin] >> 40
        end = begin
        low, high = np.int64(1 << 20), np.int64(0)
        while end < len(keys) and keys[end] >> 40 == other:
            low, high = min(low, keys[end] & 0xFFFFF), max(high, keys[end] & 0xFFFFF)
            end += 1
        others = np.int64(a.pat_trips[other])
        following = np.zeros(end - begin, np.int64)  # per place the first trip not yet missed
        earliest = np.empty(high - low + 1, np.int64)  # per position the first trip caught there or before
        for t in range(trips):
            if count + end - begin > len(found):
                grown = np.empty((2 * len(found) + end - begin, 3), np.int64)
                grown[:count] = found[:count]
                found = grown
            earliest[:] = others
            for n in range(begin, end):
                i = length - ((keys[n] >> 20) & 0xFFFFF)
                j = keys[n] & 0xFFFFF
                ready = a.arr[a.time_off[pattern] + i * trips + t] + seconds[n]
                row = a.time_off[other] + j * others
                u = following[n - begin]
                while u < others and a.dep[row + u] < ready:
                    u += 1
                following[n - begin] = u
                if u >= earliest[j - low] or (other == pattern and u >= t and j >= i):
                    continue
                for p in range(j - low, high - low + 1):
                    if earliest[p] <= u:
                        break
                    earliest[p] = u
                found[count, 0] = t * length + i
                found[count, 1] = a.first_trip[other] + u
                found[count, 2] = j
                count += 1
        begin = end
    return count, found


@nb.njit(cache=True, nogil=True)
def keep_useful(
    a: Arrays, trip_at: Ints, event_arr: Ints, pattern: int, event: int, pos_bits: int,
    off: Ints, links: Ints, begin: int, arrived: Ints,
) -> int:  # fmt: skip
    """Of the transfers of a pattern keep those that reach a stop earlier than the trip does by itself or with
    a transfer further on; moves them up in ``links``, corrects ``off``, and returns their end.

    Trap: only arrivals *in a vehicle* are compared. Who walked to a stop may neither walk on from it nor
    end there at a door, so that being there on foot earlier makes no later vehicle useless.
    """
    length = a.pat_off[pattern + 1] - a.pat_off[pattern]
    mask = (np.int64(1) << pos_bits) - 1
    useful = np.zeros(off[event + length * a.pat_trips[pattern]] - begin, np.uint8)
    touched = np.empty(len(a.change_s), np.int32)
    for t in range(a.pat_trips[pattern]):
        first = event + t * length
        count = 0
        for i in range(length - 1, 0, -1):
            if not a.may_alight[a.pat_off[pattern] + i]:
                continue
            for n in range(off[first + i] - 1, off[first + i + 1]):
                # before the transfers from here comes the trip itself
                if n < off[first + i]:
                    trip, board, end = a.first_trip[pattern] + t, np.int64(i - 1), np.int64(i)
                else:
                    trip, board = links[n] >> pos_bits, links[n] & mask
                    other = trip_at[trip, 0]
                    end = a.pat_off[other + 1] - a.pat_off[other] - 1
                stops = a.pat_off[trip_at[trip, 0]]
                for j in range(board + 1, end + 1):
                    stop = a.pat_stop[stops + j]
                    arrival = event_arr[trip_at[trip, 1] + j]
                    if arrival < arrived[stop] and a.may_alight[stops + j]:
                        if arrived[stop] == FAR:
                            touched[count] = stop
                            count += 1
                        arrived[stop] = arrival
                        if n >= off[first + i]:
                            useful[n - begin] = 1
        for n in range(count):
            arrived[touched[n]] = FAR
    kept = begin
    at = begin
    for e in range(event, event + length * a.pat_trips[pattern]):
        for n in range(at, off[e + 1]):
            if useful[n - begin]:
                links[kept] = links[n]
                kept += 1
        at = off[e + 1]
        off[e + 1] = kept
    return kept


@nb.njit(cache=True, nogil=True)
def link_patterns(
    a: Arrays, trip_at: Ints, event_arr: Ints, begin: int, end: int, event: int, pos_bits: int, off: Ints
) -> Ints:
    """Transfers of the patterns [begin, end), whose first event is given, in order of events; fills ``off``
    after each with their number up to there, counted from the first.
    """
    arrived = np.full(len(a.change_s), FAR, np.int32)
    links = np.empty(1 << 16, np.int64)
    total = 0
    found = np.empty((1 << 14, 3), np.int64)
    for pattern in range(begin, end):
        count, found = list_changes_of(a, pattern, found)
        events = (a.pat_off[pattern + 1] - a.pat_off[pattern]) * a.pat_trips[pattern]
        if total + count > len(links):
            grown = np.empty(2 * len(links) + count, np.int64)
            grown[:total] = links[:total]
            links = grown
        place = np.zeros(events + 1, np.int64)
        for n in range(count):
            place[found[n, 0] + 1] += 1
        place[0] = total
        off[event] = total
        for e in range(events):
            place[e + 1] += place[e]
            off[event + e + 1] = place[e + 1]
        for n in range(count):
            at = place[found[n, 0]]
            place[found[n, 0]] = at + 1
            links[at] = found[n, 1] << pos_bits | found[n, 2]
        total = keep_useful(a, trip_at, event_arr, pattern, event, pos_bits, off, links, total, arrived)
        event += events
    return links[:total]


def build_transfers(arrays: Arrays, progress: Progress | None = None) -> TransferSet:
    """The transfers of a timetable: seconds for a city."""
    trip_at, event_arr = index_trips(arrays)
    lengths, trips = np.diff(arrays.pat_off), arrays.pat_trips.astype(np.int64)
    pos_bits = int(lengths.max(initial=1)).bit_length()
    link_type = np.uint32 if len(trip_at) << pos_bits < 2**32 else np.int64
    first_event = np.append(0, np.cumsum(lengths * trips))
    off = np.zeros(len(event_arr) + 1, np.int64)
    parts, total, begin = [np.zeros(0, link_type)], 0, 0
    while begin < len(lengths):
        end = max(begin + 1, int(np.searchsorted(first_event, first_event[begin] + CHUNK_EVENTS, side="right")) - 1)
        links = link_patterns(arrays, trip_at, event_arr, begin, end, int(first_event[begin]), pos_bits, off)
        off[first_event[begin] : first_event[end] + 1] += total
        total += len(links)
        parts.append(links.astype(link_type))
        begin = end
        if progress:
            progress(int(arrays.first_trip[end - 1] + trips[end - 1]), len(trip_at))
    return TransferSet(
        trip_at,
        event_arr,
        off if total >= 2**31 else off.astype(np.int32),
        np.concatenate(parts),
        np.array([pos_bits], np.int32),
        *index_alightings(arrays),
    )
