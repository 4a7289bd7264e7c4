"""Labels of the multi-criteria search and the bags that hold them: memory, allocated once per thread.

All labels of a query stand in one arena, in order of creation. A bag is a linked list through them, newest
first, none of which beats another; a label that is beaten leaves its bag and stays in the arena, because a
journey may begin with it. No bag can overflow, only the arena: then the query is repeated with a larger one.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np

from mobility.network.timetable import Flags, Ints
from mobility.planner.workspace import FAR, MAX_VEHICLES

# Columns of a label (a cache line of int32). In the bags of trips TIME is the position where one boards.
TIME, VEHICLES, VIAS, COST = 0, 1, 2, 3
"""What is compared: four rounded costs from COST on, in the order of ``CRITERIA``."""
NEXT = 7
EXACT = 8
"""Four costs, not rounded."""
PARENT, STOP, TRIP, POSITIONS = 12, 13, 14, 15
"""Positions: boarded * 65536 + left. For an arrival at the goal TRIP is the departure and STOP is -1 when it is
no answer any more."""
COLUMNS = 16
COSTS = 4

# Columns of a label that rides in the pattern being scanned; its costs are those with the pattern's
# running sums taken off, so that they stay the same along the ride.
RIDE_TRIP, RIDE_BOARDED, RIDE_VIAS, RIDE_PARENT, RIDE_COST, RIDE_EXACT = 0, 1, 2, 3, 4, 8
RIDE_COLUMNS = 12


class Bags(NamedTuple):
    """Arrays that a search writes."""

    label: Ints  # the arena
    arrived: Ints  # n: first label of the bag *arrived in a vehicle*, -1 when it is empty
    ready: Ints  # n: first label of the bag *ready to board*
    boarded: Ints  # trips: first label of what has been ridden in this trip
    goal: Ints  # 1: first label of the arrivals at the goal
    answers: Ints  # labels of arrivals at the goal, in order of creation
    is_marked: Flags  # n: the ready bag has new labels
    marked: Ints  # n: those stops
    is_improved: Flags  # n: the bag of arrivals has new labels
    improved: Ints  # n: those stops
    first_pos: Ints  # P: earliest marked position, FAR when the pattern is not queued
    queue: Ints  # P
    riding: Ints  # labels that ride in the pattern being scanned
    egress_s: Ints  # n: seconds from a stop to the goal, FAR where it is none
    via_of: Flags  # n: a bit for every via that the stop belongs to
    place_of: Ints  # n: of a stop of a via the row of stops.txt, -1 of others
    bound: Ints  # per number of vehicles: the latest arrival worth having


def build_bags(stops: int, patterns: int, trips: int, *, labels: int = 1 << 15, riding: int = 256) -> Bags:
    """Fresh memory for a network of this size."""
    return Bags(
        label=np.empty((labels, COLUMNS), np.int32),
        arrived=np.empty(stops, np.int32),
        ready=np.empty(stops, np.int32),
        boarded=np.empty(trips, np.int32),
        goal=np.empty(1, np.int32),
        answers=np.empty(max(1024, labels >> 5), np.int32),
        is_marked=np.zeros(stops, np.uint8),
        marked=np.empty(stops, np.int32),
        is_improved=np.zeros(stops, np.uint8),
        improved=np.empty(stops, np.int32),
        first_pos=np.full(patterns, FAR, np.int32),
        queue=np.empty(patterns, np.int32),
        riding=np.empty((riding, RIDE_COLUMNS), np.int32),
        egress_s=np.full(stops, FAR, np.int32),
        via_of=np.zeros(stops, np.uint8),
        place_of=np.full(stops, -1, np.int32),
        bound=np.empty(MAX_VEHICLES + 2, np.int64),
    )


class BagsPool:
    """Bags per thread; the size of the last network is kept."""

    def __init__(self) -> None:
        self._local = threading.local()

    def get(self, stops: int, patterns: int, trips: int) -> Bags:
        """The calling thread's bags for this size."""
        size = stops, patterns, trips
        if getattr(self._local, "size", None) != size:
            self._local.size = size
            self._local.bags = build_bags(*size)
        bags: Bags = self._local.bags
        return bags

    def grow(self, bags: Bags) -> Bags:
        """Four times the labels and twice those that ride, clean; the calling thread keeps them."""
        grown = build_bags(*self._local.size, labels=4 * len(bags.label), riding=2 * len(bags.riding))
        self._local.bags = grown
        return grown
