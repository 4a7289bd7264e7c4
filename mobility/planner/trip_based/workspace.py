"""Memory of one trip-based search, kept per thread and reused."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np

from mobility.network.timetable import Ints
from mobility.planner.workspace import MAX_VEHICLES

FIRST_CAPACITY = 1 << 14


class Segments(NamedTuple):
    """Vehicles ridden, in the order found: those of vehicle number k follow those of number k - 1."""

    trip: Ints
    begin: Ints  # where it is boarded
    end: Ints  # from here on the trip was covered before
    best: Ints  # no earlier can it lead to the goal
    parent: Ints  # the segment before, -1 none
    left_at: Ints  # where that one is left


class TripWorkspace(NamedTuple):
    """Arrays that a search writes."""

    segments: Segments
    covered: Ints  # per number of vehicles and trip: behind this position it is covered
    goal: Ints  # per number of vehicles: best arrival at the goal
    goal_segment: Ints  # per number of vehicles: the last segment
    goal_pos: Ints  # per number of vehicles: where it is left
    target_head: Ints  # P: first of the places where a pattern is left for the goal, -1 none
    target_next: Ints  # list of those places
    target_pos: Ints
    target_s: Ints  # seconds from there to the goal
    journeys: Ints  # answers: departure, arrival, vehicles
    legs: Ints  # their legs in order: trip, board and alight position, board and alight stop


def build_trip_workspace(pattern_count: int, trip_count: int, target_count: int) -> TripWorkspace:
    """Fresh memory for a timetable of this size."""
    return TripWorkspace(
        segments=_build_segments(FIRST_CAPACITY),
        covered=np.empty((MAX_VEHICLES, trip_count), np.int16),
        goal=np.empty(MAX_VEHICLES + 2, np.int32),
        goal_segment=np.empty(MAX_VEHICLES + 2, np.int32),
        goal_pos=np.empty(MAX_VEHICLES + 2, np.int32),
        target_head=np.full(pattern_count, -1, np.int32),
        target_next=np.empty(target_count, np.int32),
        target_pos=np.empty(target_count, np.int32),
        target_s=np.empty(target_count, np.int32),
        journeys=np.empty((64, 3), np.int32),
        legs=np.empty((64 * MAX_VEHICLES, 5), np.int32),
    )


def _build_segments(capacity: int) -> Segments:
    return Segments(*(np.empty(capacity, np.int32) for _ in Segments._fields))


def grow(work: TripWorkspace) -> TripWorkspace:
    """Twice the room for segments and answers."""
    answers = 2 * len(work.journeys)
    return work._replace(
        segments=_build_segments(2 * len(work.segments.trip)),
        journeys=np.empty((answers, 3), np.int32),
        legs=np.empty((answers * MAX_VEHICLES, 5), np.int32),
    )


class TripWorkspacePool(threading.local):
    """The calling thread's workspace; made when first asked for, and kept."""

    work: TripWorkspace | None = None
