"""The first and the last walk: from a door to the stops around it.

The great circle times a detour factor, until streets are routed. The nearest stops are there even
beyond the walk that was asked for, up to an hour, so that a door in the hills has a way out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mobility.geodesy import great_circle_m
from mobility.model import Coordinate
from mobility.network.schedule import Schedule
from mobility.network.transfers import Walking
from mobility.planner.query import Ends

NEAREST = 3
FARTHEST_S = 3600


def list_walks(
    at: Coordinate,
    schedule: Schedule,
    walking: Walking,
    max_walk_s: int,
    is_served: npt.NDArray[np.bool_],
) -> Ends:
    """Served stops within ``max_walk_s`` of a coordinate, and the nearest few up to an hour away."""
    served = np.flatnonzero(is_served)
    distance_m = great_circle_m(schedule.lat[served], schedule.lon[served], at.lat, at.lon)
    seconds = walking.duration_s(distance_m)
    chosen = seconds <= max_walk_s
    nearest = np.argsort(seconds, kind="stable")[:NEAREST]
    chosen[nearest] |= seconds[nearest] <= FARTHEST_S
    return Ends(served[chosen].astype(np.int32), seconds[chosen].astype(np.int32))


def merge_ends(*parts: Ends) -> Ends:
    """One entry per stop, the shortest."""
    stops = np.concatenate([part.stop for part in parts])
    seconds = np.concatenate([part.seconds for part in parts])
    order = np.lexsort((seconds, stops))
    stops, seconds = stops[order], seconds[order]
    is_first = np.append(True, stops[1:] != stops[:-1])[: len(stops)]
    return Ends(stops[is_first], seconds[is_first])
