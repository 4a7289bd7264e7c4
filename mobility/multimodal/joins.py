"""Who is joined with whom: of all that is in reach, the nearest few."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from mobility.geodesy import Floats
from mobility.model import Coordinate
from mobility.network.timetable import Ints
from mobility.streets.profiles import Profile
from mobility.streets.router import StreetRouter

FEW = 3
"""A place is joined with so many of a kind."""
LONGEST_WALK_S = 600
LONGEST_RIDE_S = 900


class Points(NamedTuple):
    """Places by their nodes' names, with latitude and longitude in degrees."""

    names: list[str]
    lat: Floats
    lon: Floats

    def at(self, row: int) -> Coordinate:
        """Where one of them is."""
        return Coordinate(float(self.lat[row]), float(self.lon[row]))


def points_of(placed: Mapping[str, Coordinate]) -> Points:
    """By the names of their nodes."""
    at = placed.values()
    return Points(list(placed), np.array([p.lat for p in at], np.float64), np.array([p.lon for p in at], np.float64))


class Joins(NamedTuple):
    """Ways from one set of points to another: row of the first, row of the second, seconds."""

    start: Ints
    end: Ints
    seconds: Ints


def join_walks(router: StreetRouter, starts: Points, ends: Points, few: int = FEW) -> Joins:
    """Walks of at most ten minutes to each start's nearest ends, and to each end from its nearest starts: a place in
    a dense street is joined, whoever is nearer to others.
    """
    found = _list_reached(router, starts, ends, Profile.FOOT, LONGEST_WALK_S)
    is_kept = _is_among_first(found.start, found.end, found.seconds, few)
    is_kept |= _is_among_first(found.end, found.start, found.seconds, few)
    return Joins(*(column[is_kept] for column in found))


def join_rides(router: StreetRouter, stations: Points, speed_mps: float | None, few: int = FEW) -> Joins:
    """Rides by bicycle of at most a quarter of an hour from each station to those that are nearest."""
    found = _list_reached(router, stations, stations, Profile.BICYCLE, LONGEST_RIDE_S, speed_mps)
    found = Joins(*(column[found.start != found.end] for column in found))
    is_kept = _is_among_first(found.start, found.end, found.seconds, few)
    return Joins(*(column[is_kept] for column in found))


def _list_reached(
    router: StreetRouter,
    starts: Points,
    ends: Points,
    profile: Profile,
    limit_s: int,
    speed_mps: float | None = None,
) -> Joins:
    targets = router.link(ends.lat, ends.lon, profile)
    columns: list[list[Ints]] = [[], [], []]
    for row in range(len(starts.names)):
        reached = router.reach(starts.at(row), targets, limit_s, speed_mps=speed_mps)
        for column, part in zip(columns, (np.full(len(reached.number), row, np.int32), *reached), strict=True):
            column.append(part)
    none = np.zeros(0, np.int32)
    return Joins(*(np.concatenate([none, *column]).astype(np.int32) for column in columns))


def _is_among_first(group: Ints, other: Ints, seconds: Ints, few: int) -> Ints:
    """Which rows are among the first ``few`` of their group by seconds, ties by the other's number."""
    order = np.lexsort((other, seconds, group))
    begins = np.searchsorted(group[order], group[order])
    is_first = np.zeros(len(group), bool)
    is_first[order] = np.arange(len(group)) - begins < few
    return is_first
