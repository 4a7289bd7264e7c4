"""Memory of one search, allocated once per thread and reused: nothing is allocated in a query.

Labels come in rows of ``n`` stops, one row per number of vehicles; the earliest-arrival search lets
all numbers share one row (``stride`` 0), the range search keeps them apart (``stride`` n).
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np

from mobility.network.timetable import Flags, Ints

FAR = np.int32(2**30)
"""Later than everything, far enough from the end of int32 to add to."""
MAX_VEHICLES = 8


class Workspace(NamedTuple):
    """Arrays that a search writes."""

    arrived: Ints  # rows of n: earliest arrival *in a vehicle*
    ready: Ints  # rows of n: earliest moment to board
    is_marked: Flags  # n: ready improved in the round before
    marked: Ints  # n: those stops
    is_improved: Flags  # n: arrived improved in this round
    improved: Ints  # n: those stops
    first_pos: Ints  # P: earliest marked position, FAR when the pattern is not queued
    queue: Ints  # P
    egress_s: Ints  # n: seconds from a stop to the goal, FAR where it is none
    goal: Ints  # per number of vehicles: best arrival at the goal
    goal_stop: Ints  # per number of vehicles: where the last vehicle is left
    came_trip: Ints  # rows of n: the vehicle that arrived
    came_from: Ints  # rows of n: where it was boarded
    came_pos: Ints  # rows of n: its positions, boarded * 65536 + left
    walked_from: Ints  # rows of n: where the walk to a boarding stop began, -1 no walk
    journeys: Ints  # answers: departure, arrival, vehicles
    legs: Ints  # their legs in order: trip, board and alight position, board and alight stop


def build_workspace(stop_count: int, pattern_count: int, *, answers: int = 64) -> Workspace:
    """Fresh memory for a network of this size."""
    cells = (MAX_VEHICLES + 1) * stop_count
    return Workspace(
        arrived=np.empty(cells, np.int32),
        ready=np.empty(cells, np.int32),
        is_marked=np.zeros(stop_count, np.uint8),
        marked=np.empty(stop_count, np.int32),
        is_improved=np.zeros(stop_count, np.uint8),
        improved=np.empty(stop_count, np.int32),
        first_pos=np.full(pattern_count, FAR, np.int32),
        queue=np.empty(pattern_count, np.int32),
        egress_s=np.full(stop_count, FAR, np.int32),
        goal=np.empty(MAX_VEHICLES + 1, np.int32),
        goal_stop=np.empty(MAX_VEHICLES + 1, np.int32),
        came_trip=np.empty(cells, np.int32),
        came_from=np.empty(cells, np.int32),
        came_pos=np.empty(cells, np.int32),
        walked_from=np.empty(cells, np.int32),
        journeys=np.empty((answers, 3), np.int32),
        legs=np.empty((answers * MAX_VEHICLES, 5), np.int32),
    )


class WorkspacePool:
    """A workspace per thread and size of network."""

    def __init__(self) -> None:
        self._local = threading.local()

    def get(self, stop_count: int, pattern_count: int) -> Workspace:
        """The calling thread's workspace for this size; only the last size is kept."""
        size = stop_count, pattern_count
        if getattr(self._local, "size", None) != size:
            self._local.size = size
            self._local.workspace = build_workspace(stop_count, pattern_count)
        workspace: Workspace = self._local.workspace
        return workspace

    def grow_answers(self, workspace: Workspace) -> Workspace:
        """Twice the room for answers; the calling thread keeps it."""
        answers = 2 * len(workspace.journeys)
        grown = workspace._replace(
            journeys=np.empty((answers, 3), np.int32),
            legs=np.empty((answers * MAX_VEHICLES, 5), np.int32),
        )
        self._local.workspace = grown
        return grown


Answers = tuple[Ints, Ints]
"""Journeys and their legs, as in ``Workspace``; how many are filled is told beside them."""
