"""The possible futures of one search, and the memory that a controller keeps for them from second to second."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from signals.kernels import kernel
from signals.ports import FloatArray, IntArray
from signals.prediction.arrivals import MAX_PER_LANE
from signals.scheduling.outlook import NO_LANE, Outlook, build_outlook
from signals.scheduling.problem import Layout, Settings

MAX_CHANGES = 12
STAGE, TARGET, LEFT, GREEN, CHANGES = 0, 1, 2, 3, 4  # columns of a future's whole numbers


class Futures(NamedTuple):
    """The possible futures under way, one a row; ``state`` has the whole numbers named above."""

    state: IntArray
    served: IntArray
    next_free_s: FloatArray
    room: IntArray
    cost: FloatArray
    path: IntArray


class Workspace(NamedTuple):
    """Memory for a search: the futures, as many again to move the survivors to, and what all of them share.

    ``order`` and ``used`` are scratch: rows by cost, and survivors by stage.
    """

    futures: Futures
    spare: Futures
    outlook: Outlook
    found: IntArray
    order: IntArray
    used: IntArray


def build_workspace(layout: Layout, settings: Settings) -> Workspace:
    """Memory for searches with one layout and these settings."""
    stages = layout.level.shape[0]
    lanes, exits = int(layout.entry_of.max(initial=0)) + 1, int(layout.exit_of.max(initial=0)) + 1
    lanes, exits = max(lanes, layout.lanes), max(exits, layout.exits)
    outlook = build_outlook(lanes, stages, MAX_PER_LANE, settings.horizon_s)
    rows = settings.width
    futures, spare = _build_futures(rows, lanes, exits), _build_futures(rows, lanes, exits)
    found = np.zeros((MAX_CHANGES, 2), np.int64)
    return Workspace(futures, spare, outlook, found, np.zeros(rows, np.int64), np.zeros(stages, np.int64))


def _build_futures(rows: int, lanes: int, exits: int) -> Futures:
    return Futures(
        np.zeros((rows, 5), np.int64),
        np.zeros((rows, lanes), np.int64),
        np.zeros((rows, lanes)),
        np.zeros((rows, exits), np.int64),
        np.zeros(rows),
        np.zeros((rows, MAX_CHANGES, 2), np.int64),
    )


@kernel
def copy_future(source: Futures, one: int, target: Futures, place: int, outlook: Outlook) -> None:
    """Copy one row, as far as it is in use: the busy lanes, and the changes of its path."""
    for i in range(source.state.shape[1]):
        target.state[place, i] = source.state[one, i]
    for i in range(source.served.shape[1]):
        lane = outlook.busy[i]
        if lane == NO_LANE:
            break
        target.served[place, lane] = source.served[one, lane]
        target.next_free_s[place, lane] = source.next_free_s[one, lane]
    for out in range(source.room.shape[1]):
        target.room[place, out] = source.room[one, out]
    target.cost[place] = source.cost[one]
    for change in range(source.state[one, CHANGES]):
        target.path[place, change, 0] = source.path[one, change, 0]
        target.path[place, change, 1] = source.path[one, change, 1]
