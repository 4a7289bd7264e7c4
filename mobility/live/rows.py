"""Rows that touched trips drive instead of those of the feed, behind the rows of the schedule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mobility.network.schedule import Schedule
from mobility.network.timetable import Flags, Ints

BOTH_DOORS = 3


class Room(NamedTuple):
    """The rows of a schedule, copied, with room for more behind them."""

    stop: Ints
    arr: Ints
    dep: Ints
    flags: Flags


def make_room(schedule: Schedule, count: int) -> Room:
    """Room for ``count`` more rows."""
    return Room(
        _extend(schedule.row_stop, count),
        _extend(schedule.row_arr, count),
        _extend(schedule.row_dep, count),
        _extend(schedule.row_flags, count),
    )


def _extend(column: npt.NDArray[Any], count: int) -> npt.NDArray[Any]:
    longer = np.empty(len(column) + count, column.dtype)
    longer[: len(column)] = column
    return longer


def write_rows(room: Room, at: int, lines: list[Ints]) -> Ints:
    """Write trips that say all themselves, as lines of stop, arrival, departure: where the rows of each end."""
    ends = at + np.cumsum([len(trip) for trip in lines], dtype=np.int64)
    if lines:
        rows = slice(at, int(ends[-1]))
        room.stop[rows], room.arr[rows], room.dep[rows] = np.concatenate(lines).T
        room.flags[rows] = BOTH_DOORS
    return ends


def append_trips(schedule: Schedule, room: Room, ends: Ints, group: Ints) -> Schedule:
    """The schedule with the trips in the room behind its own, each with its group (-1: calls as no other).
    ``row_index`` stays that of the feed's rows.
    """
    offset = np.concatenate([schedule.row_off, ends])
    first = int(schedule.trip_group.max(initial=-1)) + 1
    found: dict[bytes, int] = {}
    for trip in np.flatnonzero(group < 0).tolist():
        rows = slice(int(offset[schedule.trip_count + trip]), int(ends[trip]))
        calls = (room.stop[rows] * np.int32(4) + room.flags[rows]).tobytes()
        group[trip] = first + found.setdefault(calls, len(found))
    end = int(offset[-1])
    return replace(
        schedule,
        row_off=offset,
        row_stop=room.stop[:end],
        row_arr=room.arr[:end],
        row_dep=room.dep[:end],
        row_flags=room.flags[:end],
        trip_group=np.concatenate([schedule.trip_group, group]),
    )
