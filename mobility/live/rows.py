"""Rows that touched trips drive instead of those of the feed, appended to the schedule."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mobility.network.schedule import Schedule
from mobility.network.timetable import Flags, Ints

BOTH_DOORS = 3


class NewRows(NamedTuple):
    """Rows of trips one behind the other; trip t has ``offset[t]:offset[t+1]``."""

    offset: Ints
    origin: Ints
    """The row of the schedule that each is made of, -1 none."""
    stop: Ints
    arr: Ints
    dep: Ints
    flags: Flags
    group: Ints
    """Per trip its group in the schedule, -1 where it calls elsewhere than any."""


def write_rows(trips: list[Ints]) -> NewRows:
    """Rows of trips that say all themselves, as lines of stop, arrival, departure."""
    lines = np.concatenate([np.zeros((0, 3), np.int32), *trips])
    offset = np.zeros(len(trips) + 1, np.int64)
    np.cumsum([len(trip) for trip in trips], out=offset[1:])
    stop, arr, dep = (np.ascontiguousarray(column, np.int32) for column in lines.T)
    return NewRows(
        offset,
        np.full(len(lines), -1, np.int64),
        stop,
        arr,
        dep,
        np.full(len(lines), BOTH_DOORS, np.uint8),
        np.full(len(trips), -1, np.int32),
    )


def join_rows(first: NewRows, second: NewRows) -> NewRows:
    """Both, one behind the other."""
    if len(second.offset) == 1:
        return first
    offset = np.concatenate([first.offset, second.offset[1:] + first.offset[-1]])
    return NewRows(offset, *(np.concatenate(pair) for pair in zip(first[1:], second[1:], strict=True)))


def append_rows(schedule: Schedule, rows: NewRows) -> Schedule:
    """A schedule with these trips behind its own; the given one stays as it is."""
    index = np.where(rows.origin >= 0, schedule.row_index[np.maximum(rows.origin, 0)], -1)
    return replace(
        schedule,
        row_off=np.concatenate([schedule.row_off, rows.offset[1:] + schedule.row_off[-1]]),
        row_stop=np.concatenate([schedule.row_stop, rows.stop]),
        row_arr=np.concatenate([schedule.row_arr, rows.arr]),
        row_dep=np.concatenate([schedule.row_dep, rows.dep]),
        row_flags=np.concatenate([schedule.row_flags, rows.flags]),
        row_index=np.concatenate([schedule.row_index, index]),
        trip_group=np.concatenate([schedule.trip_group, _group(schedule, rows)]),
    )


def _group(schedule: Schedule, rows: NewRows) -> Ints:
    """Groups beyond those of the schedule for trips that call elsewhere; equal calls share one."""
    first = int(schedule.trip_group.max(initial=-1)) + 1
    group = rows.group.copy()
    key = rows.stop * np.int32(4) + rows.flags
    found: dict[bytes, int] = {}
    for trip in np.flatnonzero(group < 0).tolist():
        calls = key[rows.offset[trip] : rows.offset[trip + 1]].tobytes()
        group[trip] = first + found.setdefault(calls, len(found))
    return group
