"""Streets where there are any, and the great circle beyond the end of the extract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mobility.geodesy import Floats
from mobility.model import Coordinate
from mobility.streets.graph import Ints
from mobility.streets.great_circle import GreatCircle, GreatCircleTargets
from mobility.streets.profiles import Profile
from mobility.streets.router import Reached, Targets, Way
from mobility.streets.streets_router import StreetNetworkRouter, StreetTargets


@dataclass(frozen=True, slots=True)
class FallbackTargets:
    """The same places for both routers."""

    on_streets: StreetTargets
    beyond: GreatCircleTargets  # all of them
    outside: Ints  # int32[]: numbers of those outside the extract
    outside_only: GreatCircleTargets  # those, in the order of ``outside``

    @property
    def profile(self) -> Profile:
        """Whose ways."""
        return self.beyond.profile

    @property
    def lat(self) -> Floats:
        """Degrees."""
        return self.beyond.lat

    @property
    def lon(self) -> Floats:
        """Degrees."""
        return self.beyond.lon

    @property
    def unlinked(self) -> Ints:
        """Within the extract, and not at a street."""
        return np.setdiff1d(self.on_streets.unlinked, self.outside).astype(np.int32)

    def explain(self, number: int) -> str:
        """Why a place has no street."""
        return self.on_streets.explain(number)


class WithFallback:
    """A StreetRouter: along streets between places of the extract, by the great circle where an end is outside it.

    A place within the extract that is at no street stays unlinked: there may be water or stairs between.
    """

    def __init__(self, streets: StreetNetworkRouter, great_circle: GreatCircle) -> None:
        self.streets, self.great_circle = streets, great_circle

    @property
    def approximate(self) -> Mapping[str, str]:
        """What holds for ways with ``approximate``."""
        return self.great_circle.approximate

    @property
    def attribution(self) -> str:
        """Of the extract."""
        return self.streets.attribution

    def link(self, lat: Floats, lon: Floats, profile: Profile) -> FallbackTargets:
        """Link places to both."""
        linked = self.streets.link(lat, lon, profile)
        outside = np.flatnonzero(linked.places.is_outside).astype(np.int32)
        beyond = self.great_circle.link(linked.lat, linked.lon, profile)
        return FallbackTargets(
            linked, beyond, outside, GreatCircleTargets(profile, beyond.lat[outside], beyond.lon[outside])
        )

    def reach(
        self,
        at: Coordinate,
        targets: Targets,
        limit_s: int,
        *,
        inbound: bool = False,
        speed_mps: float | None = None,
    ) -> Reached:
        """The targets within a limit of a point."""
        own = _own(targets)
        found = self.streets.reach(at, own.on_streets, limit_s, inbound=inbound, speed_mps=speed_mps)
        if len(found.number) == 0 and not self.streets.covers(at):
            return self.great_circle.reach(at, own.beyond, limit_s, inbound=inbound, speed_mps=speed_mps)
        if not len(own.outside):
            return found
        far = self.great_circle.reach(at, own.outside_only, limit_s, inbound=inbound, speed_mps=speed_mps)
        return _merge(found, Reached(own.outside[far.number], far.seconds))

    def route(
        self, start: Coordinate, end: Coordinate, profile: Profile, *, speed_mps: float | None = None
    ) -> Way | None:
        """The quickest way along streets, or the straight line where a door is outside the extract."""
        way = self.streets.route(start, end, profile, speed_mps=speed_mps)
        if way is not None or (self.streets.covers(start) and self.streets.covers(end)):
            return way
        return self.great_circle.route(start, end, profile, speed_mps=speed_mps)

    def table(self, starts: Targets, ends: Targets, limit_s: int, *, speed_mps: float | None = None) -> list[Reached]:
        """The ends within a limit of each start."""
        first, last = _own(starts), _own(ends)
        rows = self.streets.table(first.on_streets, last.on_streets, limit_s, speed_mps=speed_mps)
        is_outside = first.on_streets.places.is_outside
        for i, row in enumerate(rows):
            if not is_outside[i] and not len(last.outside):
                continue
            at = Coordinate(float(first.lat[i]), float(first.lon[i]))
            if is_outside[i]:
                rows[i] = self.great_circle.reach(at, last.beyond, limit_s, speed_mps=speed_mps)
                continue
            far = self.great_circle.reach(at, last.outside_only, limit_s, speed_mps=speed_mps)
            rows[i] = _merge(row, Reached(last.outside[far.number], far.seconds))
        return rows


def _own(targets: Targets) -> FallbackTargets:
    if not isinstance(targets, FallbackTargets):
        raise TypeError("these targets were linked by another router: link them with this one")
    return targets


def _merge(one: Reached, other: Reached) -> Reached:
    """Both, by seconds and then by number."""
    if not len(other.number):
        return one
    number, seconds = np.concatenate([one.number, other.number]), np.concatenate([one.seconds, other.seconds])
    order = np.lexsort((number, seconds))
    return Reached(number[order], seconds[order])
