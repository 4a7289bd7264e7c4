"""What trip-based searches read beside the timetable: its times trip by trip, and who can be changed to.

Witt: Trip-Based Public Transit Routing (ESA 2015), section 3.1. Stop event e of trip t at position i is
``trip_at[t, 1] + i``; its transfers are ``link[off[e]:off[e + 1]]``, each a trip and the position where
it is boarded, packed as ``trip << pos_bits | position``. Plain arrays, to be stored and memory-mapped.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from mobility.network.timetable import Arrays, Ints


class TransferSet(NamedTuple):
    """Arrays of trips (T), stop events (E), transfers (X), stops (n) and places to alight (A)."""

    trip_at: Ints  # T rows: the pattern, and the first event; side by side, for they are read together
    event_arr: Ints  # E: arrivals, trip-major
    off: Ints  # E+1
    link: Ints  # X
    pos_bits: Ints  # one number
    alight_off: Ints  # n+1
    alight_pat: Ints  # A: the patterns that one may leave at a stop
    alight_pos: Ints  # A: and at which position


@nb.njit(cache=True, nogil=True)
def index_trips(a: Arrays) -> tuple[Ints, Ints]:
    """Pattern and first event of every trip, and all arrivals, trip after trip."""
    trips = 0
    for p in range(len(a.pat_trips)):
        trips += a.pat_trips[p]
    trip_at = np.empty((trips, 2), np.int32)
    event_arr = np.empty(len(a.arr), np.int32)
    event = 0
    for p in range(len(a.pat_trips)):
        length = a.pat_off[p + 1] - a.pat_off[p]
        count = a.pat_trips[p]
        for t in range(count):
            trip_at[a.first_trip[p] + t, 0] = p
            trip_at[a.first_trip[p] + t, 1] = event
            for i in range(length):
                event_arr[event + i] = a.arr[a.time_off[p] + i * count + t]
            event += length
    return trip_at, event_arr


def index_alightings(a: Arrays) -> tuple[Ints, Ints, Ints]:
    """Patterns and positions at which every stop can be reached in a vehicle."""
    lengths = np.diff(a.pat_off)
    pattern = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    position = (np.arange(len(a.pat_stop)) - np.repeat(a.pat_off[:-1], lengths)).astype(np.int32)
    usable = (a.may_alight == 1) & (position > 0)
    stop = a.pat_stop[usable]
    order = np.argsort(stop, kind="stable")
    offsets = np.zeros(len(a.change_s) + 1, np.int64)
    np.cumsum(np.bincount(stop, minlength=len(a.change_s)), out=offsets[1:])
    return offsets, pattern[usable][order], position[usable][order]
