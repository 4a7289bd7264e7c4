"""Dominance between labels: whether a bag beats a label, and what a new label drives out of its bag."""

from __future__ import annotations

import numba as nb

from mobility.network.timetable import Ints
from mobility.planner.criteria.labels import COST, EXACT, NEXT, PARENT, POSITIONS, STOP, TIME, TRIP, VEHICLES, VIAS


@nb.njit(cache=True, nogil=True)
def is_beaten(label: Ints, at: int, time: int, vehicles: int, vias: int, c0: int, c1: int, c2: int, c3: int) -> bool:
    """Whether a label of the bag that begins with ``at`` is no worse in anything."""
    while at >= 0:
        if (
            label[at, TIME] <= time
            and label[at, VEHICLES] <= vehicles
            and label[at, VIAS] >= vias
            and label[at, COST] <= c0
            and label[at, COST + 1] <= c1
            and label[at, COST + 2] <= c2
            and label[at, COST + 3] <= c3
        ):
            return True
        at = label[at, NEXT]
    return False


@nb.njit(cache=True, nogil=True)
def insert(label: Ints, head: Ints, where: int, new: int) -> None:
    """Put a label that nothing beats at the head of a bag, without those that it beats."""
    time, vehicles, vias = label[new, TIME], label[new, VEHICLES], label[new, VIAS]
    c0, c1, c2, c3 = label[new, COST], label[new, COST + 1], label[new, COST + 2], label[new, COST + 3]
    first = head[where]
    previous = first
    at = first
    while at >= 0:
        following = label[at, NEXT]
        if (
            time <= label[at, TIME]
            and vehicles <= label[at, VEHICLES]
            and vias >= label[at, VIAS]
            and c0 <= label[at, COST]
            and c1 <= label[at, COST + 1]
            and c2 <= label[at, COST + 2]
            and c3 <= label[at, COST + 3]
        ):
            if at == first:
                first = following
            else:
                label[previous, NEXT] = following
        else:
            previous = at
        at = following
    label[new, NEXT] = first
    head[where] = new


@nb.njit(cache=True, nogil=True)
def write(
    label: Ints, shift: Ints, new: int, time: int, vehicles: int, vias: int, x0: int, x1: int, x2: int, x3: int,
    parent: int, stop: int, trip: int, positions: int,
) -> None:  # fmt: skip
    """Fill a label."""
    label[new, TIME], label[new, VEHICLES], label[new, VIAS] = time, vehicles, vias
    label[new, COST], label[new, COST + 1] = x0 >> shift[0], x1 >> shift[1]
    label[new, COST + 2], label[new, COST + 3] = x2 >> shift[2], x3 >> shift[3]
    label[new, EXACT], label[new, EXACT + 1], label[new, EXACT + 2], label[new, EXACT + 3] = x0, x1, x2, x3
    label[new, PARENT], label[new, STOP], label[new, TRIP], label[new, POSITIONS] = parent, stop, trip, positions
