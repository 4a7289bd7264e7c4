"""Legs on the street: a walk, a ride or a drive between two places, with its way where streets are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mobility.geodesy import Floats
from mobility.itinerary import Leg
from mobility.model import Coordinate, Mode, Place
from mobility.streets.great_circle import GreatCircle
from mobility.streets.profiles import Profile
from mobility.streets.router import Reached, StreetRouter, Targets, Way


@dataclass(frozen=True, slots=True)
class LegTeller:
    """``router`` finds ways; ``straight`` is for places that no street leads to. ``stops`` are by stop number."""

    router: StreetRouter
    straight: GreatCircle
    stops: Sequence[Place]
    foot: Profile = Profile.FOOT
    foot_mps: float | None = None
    """Another walking speed than the profile's."""

    def walk(self, start: Place, end: Place, at_s: int, duration_s: int | None = None) -> Leg:
        """On foot from ``at_s`` on; ``duration_s`` is what the search counted, where it is known."""
        return self.move(Mode.WALK, self.foot, start, end, at_s, duration_s=duration_s, speed_mps=self.foot_mps)

    def find_walk(self, start: Place, end: Place) -> Way:
        """The way on foot."""
        return self.find_way(start, end, self.foot, self.foot_mps)

    def link_on_foot(self, lat: Floats, lon: Floats) -> Targets:
        """Places to walk to and from."""
        return self.router.link(lat, lon, self.foot)

    def reach_on_foot(self, at: Coordinate, places: Targets, limit_s: int, *, inbound: bool = False) -> Reached:
        """Those within a walk, at the speed at which walks are told."""
        return self.router.reach(at, places, limit_s, inbound=inbound, speed_mps=self.foot_mps)

    def move(
        self,
        mode: Mode,
        profile: Profile,
        start: Place,
        end: Place,
        at_s: int,
        *,
        duration_s: int | None = None,
        added_s: int = 0,
        speed_mps: float | None = None,
    ) -> Leg:
        """By a profile from ``at_s`` on; ``added_s`` is spent beside moving: unlocking, parking."""
        way = self.find_way(start, end, profile, speed_mps)
        return Leg(
            mode=mode,
            start=start,
            end=end,
            departure_s=at_s,
            arrival_s=at_s + (way.duration_s + added_s if duration_s is None else duration_s),
            distance_m=way.distance_m,
            geometry=way.geometry,
            steps=tuple(way.steps),
            is_straight=way.approximate,
        )

    def find_way(self, start: Place, end: Place, profile: Profile, speed_mps: float | None = None) -> Way:
        """Along the streets, else in a straight line."""
        way = self.router.route(start.at, end.at, profile, speed_mps=speed_mps)
        return self.straight.route(start.at, end.at, profile, speed_mps=speed_mps) if way is None else way


def begin_at(legs: Sequence[Leg], at_s: int) -> list[Leg]:
    """The same legs, the first of which begins at ``at_s``."""
    later_s = at_s - legs[0].departure_s
    return [replace(leg, departure_s=leg.departure_s + later_s, arrival_s=leg.arrival_s + later_s) for leg in legs]
