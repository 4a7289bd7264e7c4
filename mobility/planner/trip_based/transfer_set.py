"""What trip-based searches read beside the timetable: its times trip by trip, and who can be changed to.

Witt: Trip-Based Public Transit Routing (ESA 2015), section 3.1. Stop event e of trip t at position i is
``event_off[t] + i``; its transfers are ``[off[e], off[e + 1])``. Six bytes a transfer, plain arrays, so
that the set can be stored and memory-mapped.
"""

from __future__ import annotations

from typing import NamedTuple

from mobility.network.timetable import Ints


class TransferSet(NamedTuple):
    """Arrays of trips (T), stop events (E) and transfers (X)."""

    trip_pat: Ints  # T: the pattern
    event_off: Ints  # T+1
    event_arr: Ints  # E: arrivals, trip-major
    off: Ints  # E+1
    trip: Ints  # X: the trip changed to
    pos: Ints  # X: where in its pattern it is boarded
