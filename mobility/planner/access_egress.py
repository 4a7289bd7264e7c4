"""The first and the last walk: from a door to the stops around it.

Along streets where there are some, else the great circle times a detour factor; stops inside stations with pathways
are reached through their entrances. The nearest stops are there even beyond the walk that was asked for, up to an hour,
so that a door in the hills has a way out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mobility.geodesy import EARTH_M, great_circle_m
from mobility.model import Coordinate
from mobility.network.schedule import Schedule
from mobility.network.stations import Entrances, no_entrances
from mobility.network.timetable import Ints
from mobility.network.transfer_rules import MOST_COPIES
from mobility.network.transfers import Walking
from mobility.planner.doors.streetside import Streetside
from mobility.planner.query import Ends

NEAREST = 3
FARTHEST_S = 3600
_FAR_S = 2**30
_IN_THE_STREET = no_entrances(0)


def list_walks(
    at: Coordinate,
    schedule: Schedule,
    walking: Walking,
    max_walk_s: int,
    is_served: npt.NDArray[np.bool_],
    entrances: Entrances = _IN_THE_STREET,
    *,
    is_egress: bool = False,
    streets: Streetside | None = None,
) -> Ends:
    """Served stops within ``max_walk_s`` of a coordinate, and the nearest few up to an hour away; with
    ``is_egress`` the walks lead there from the stops. ``streets`` knows real ways, else they are straight.
    """
    if streets is not None:
        return _list_street_walks(at, schedule, max_walk_s, is_served, streets, is_egress=is_egress)
    # all others are farther in latitude alone
    reach_m = (max(max_walk_s, FARTHEST_S) + 1) * walking.speed_mps / walking.detour
    near = np.flatnonzero(is_served & (np.abs(schedule.lat - at.lat) <= np.degrees(reach_m / EARTH_M) * 1.01))
    seconds = np.full(len(schedule.lat), _FAR_S, np.int32)
    seconds[near] = walking.duration_s(great_circle_m(schedule.lat[near], schedule.lon[near], at.lat, at.lon))
    if entrances.is_inside.any():
        seconds[entrances.is_inside] = _FAR_S
        # there may be no door at all that this person can use
        to_door_s = walking.duration_s(great_circle_m(entrances.lat, entrances.lon, at.lat, at.lon))
        door, stop, inside_s = entrances.list_doors(outward=is_egress)
        np.minimum.at(seconds, stop, np.where(is_served[stop], to_door_s[door] + inside_s, _FAR_S))
    limit_s = max(max_walk_s, min(FARTHEST_S, _find_nearest_s(seconds, schedule.stop_row)))
    chosen = np.flatnonzero(seconds <= min(limit_s, _FAR_S - 1))
    return Ends(chosen.astype(np.int32), seconds[chosen].astype(np.int32))


def _list_street_walks(
    at: Coordinate,
    schedule: Schedule,
    max_walk_s: int,
    is_served: npt.NDArray[np.bool_],
    streets: Streetside,
    *,
    is_egress: bool,
) -> Ends:
    """As far as was asked for; where hardly a stop is so near, as far as an hour."""

    def reach(limit_s: int) -> Ends:
        near = streets.list_near(at, streets.foot, limit_s, inbound=is_egress, speed_mps=streets.foot_mps)
        kept = is_served[near.stop]
        return Ends(near.stop[kept], near.seconds[kept])

    ends = reach(max_walk_s)
    if max_walk_s >= FARTHEST_S or len(np.unique(schedule.stop_row[ends.stop])) >= NEAREST:
        return ends
    far = reach(FARTHEST_S)
    if not len(far.stop):
        return ends
    limit_s = max(max_walk_s, _find_nearest_s(far.seconds, schedule.stop_row[far.stop]))
    kept = far.seconds <= limit_s
    return Ends(far.stop[kept], far.seconds[kept])


def _find_nearest_s(seconds: Ints, stop_row: Ints) -> int:
    """How far the nearest few are; the copies of a stop count once."""
    few = min(len(seconds), NEAREST * MOST_COPIES)
    if not few:
        return 0
    nearest = np.argpartition(seconds, few - 1)[:few]
    nearest = nearest[np.argsort(seconds[nearest], kind="stable")]
    _, first = np.unique(stop_row[nearest], return_index=True)
    return int(seconds[nearest[np.sort(first)]][:NEAREST].max())


def merge_ends(*parts: Ends) -> Ends:
    """One entry per stop, the shortest."""
    stops = np.concatenate([part.stop for part in parts])
    seconds = np.concatenate([part.seconds for part in parts])
    order = np.lexsort((seconds, stops))
    stops, seconds = stops[order], seconds[order]
    is_first = np.append(True, stops[1:] != stops[:-1])[: len(stops)]
    return Ends(stops[is_first], seconds[is_first])
