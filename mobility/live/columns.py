"""Trip updates as columns, so that a whole city's can be applied in a few milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mobility.live.updates import TripUpdate
from mobility.network.timetable import Ints

UNKNOWN_S = np.int32(-(2**31))
"""No time and no delay: earlier than any."""
LONGEST_S = 10 * 86_400
"""Ten days: what is farther off is a mistake of the sender."""


class StopColumns(NamedTuple):
    """Updates of stops, those of one trip together: update u has ``offset[u]:offset[u+1]``."""

    offset: Ints
    sequence: Ints
    place: Ints
    """Position in stops.txt, -1 where the feed has no such stop."""
    arr: Ints
    dep: Ints
    arr_delay: Ints
    dep_delay: Ints
    relation: Ints
    assigned: Ints
    """Position in stops.txt of the platform instead, -1 where it stays."""


class UpdateColumns(NamedTuple):
    """Updates of trips, in the order given."""

    trip: Ints
    """Position in trips.txt, -1 where the feed has no such trip."""
    relation: Ints
    start_s: Ints
    delay_s: Ints
    stops: StopColumns
    is_odd: npt.NDArray[np.bool_]
    """Stop updates with a time or delay that cannot be; it was taken for unknown."""


def encode_updates(
    updates: Sequence[TripUpdate], trip_index: Mapping[str, int], place_index: Mapping[str, int]
) -> UpdateColumns:
    """Encode updates; the indices give the positions of trips and stops in the feed."""
    stops = [stop for update in updates for stop in update.stops]
    offset = np.zeros(len(updates) + 1, np.int64)
    np.cumsum([len(update.stops) for update in updates], out=offset[1:])
    arr, is_odd_arr = _to_seconds([stop.arrival_s for stop in stops])
    dep, is_odd_dep = _to_seconds([stop.departure_s for stop in stops])
    arr_delay, is_odd_arr_delay = _to_seconds([stop.arrival_delay_s for stop in stops])
    dep_delay, is_odd_dep_delay = _to_seconds([stop.departure_delay_s for stop in stops])
    columns = StopColumns(
        offset,
        np.array([-1 if s.sequence is None else s.sequence for s in stops], np.int64),
        _to_places([stop.stop_id for stop in stops], place_index),
        arr,
        dep,
        arr_delay,
        dep_delay,
        np.array([s.relation for s in stops], np.int8),
        _to_places([stop.assigned_stop_id for stop in stops], place_index),
    )
    find_trip = trip_index.get
    return UpdateColumns(
        np.array([find_trip(u.trip_id, -1) for u in updates], np.int32),
        np.array([u.relation for u in updates], np.int8),
        _to_seconds([u.start_s for u in updates])[0],
        _to_seconds([u.delay_s for u in updates])[0],
        columns,
        is_odd_arr | is_odd_dep | is_odd_arr_delay | is_odd_dep_delay,
    )


def _to_seconds(values: list[int | None]) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Seconds, and which cannot be."""
    seconds, is_odd = np.full(len(values), UNKNOWN_S, np.int32), np.zeros(len(values), bool)
    if values.count(None) == len(values):  # most senders fill one kind of time: worth the look
        return seconds, is_odd
    numbers = np.array(values, np.float64)  # None becomes NaN
    is_known = np.abs(numbers) <= LONGEST_S
    seconds[is_known] = numbers[is_known]
    return seconds, ~is_known & ~np.isnan(numbers)


def _to_places(names: list[str], place_index: Mapping[str, int]) -> Ints:
    """Positions in stops.txt, -1 where unknown or not said."""
    if names.count("") == len(names):
        return np.full(len(names), -1, np.int32)
    return np.array([place_index.get(name, -1) for name in names], np.int32)
