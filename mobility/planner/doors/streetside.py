"""The stops of one network on the streets: linked once per profile, and which other places are a short walk away.

Stops inside stations with pathways are reached through their entrances only, as on foot: the way inside is added.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np

from mobility.geodesy import Floats
from mobility.model import Coordinate
from mobility.network.stations import Entrances, no_entrances
from mobility.network.timetable import Ints
from mobility.streets.profiles import Profile
from mobility.streets.router import StreetRouter, Targets


class Pairs(NamedTuple):
    """Walks between places and stops: place, stop, seconds."""

    place: Ints
    stop: Ints
    seconds: Ints


class Near(NamedTuple):
    """Stops within reach, ascending, and the seconds to each."""

    stop: Ints
    seconds: Ints


class Streetside:
    """``lat`` and ``lon`` are of the stops of a network; people walk by ``foot`` at ``foot_mps``. Thread-safe; what is
    linked is kept.
    """

    def __init__(
        self,
        router: StreetRouter,
        lat: Floats,
        lon: Floats,
        entrances: Entrances | None = None,
        *,
        foot: Profile = Profile.FOOT,
        foot_mps: float | None = None,
    ) -> None:
        self.router = router
        self.lat, self.lon = lat, lon
        self.foot, self.foot_mps = foot, foot_mps
        self._entrances = no_entrances(len(lat)) if entrances is None else entrances
        self._targets: dict[Profile, Targets] = {}
        self._lock = threading.Lock()

    def list_near(
        self, at: Coordinate, profile: Profile, limit_s: int, *, inbound: bool = False, speed_mps: float | None = None
    ) -> Near:
        """The stops within ``limit_s`` of a point, with ``inbound`` on ways from the stops."""
        reached = self.router.reach(at, self._find_targets(profile), limit_s, inbound=inbound, speed_mps=speed_mps)
        count = len(self.lat)
        seconds = np.full(count, limit_s + 1, np.int64)
        is_stop = reached.number < count
        seconds[reached.number[is_stop]] = reached.seconds[is_stop]
        doors = self._entrances
        if doors.is_inside.any():
            seconds[doors.is_inside] = limit_s + 1
            to_door_s = np.full(len(doors.lat), limit_s + 1, np.int64)
            to_door_s[reached.number[~is_stop] - count] = reached.seconds[~is_stop]
            door, stop, inside_s = doors.list_doors(outward=inbound)
            np.minimum.at(seconds, stop, to_door_s[door] + inside_s)
        near = np.flatnonzero(seconds <= limit_s)
        return Near(near.astype(np.int32), seconds[near].astype(np.int32))

    def list_walks(self, lat: Floats, lon: Floats, limit_s: int, *, inbound: bool = False) -> Pairs:
        """All walks of at most ``limit_s`` from places to stops, with ``inbound`` from stops to places."""
        parts = []
        for number, at in enumerate(zip(lat.tolist(), lon.tolist(), strict=True)):
            near = self.list_near(Coordinate(*at), self.foot, limit_s, inbound=inbound, speed_mps=self.foot_mps)
            parts.append((np.full(len(near.stop), number, np.int32), near.stop, near.seconds))
        if not parts:
            none = np.zeros(0, np.int32)
            return Pairs(none, none, none)
        return Pairs(*(np.concatenate(column).astype(np.int32) for column in zip(*parts, strict=True)))

    def list_unlinked(self) -> Ints:
        """The stops, and behind their numbers the entrances, that no street leads walkers to."""
        return self._find_targets(self.foot).unlinked

    def _find_targets(self, profile: Profile) -> Targets:
        """The stops and then the entrances, linked to the streets of a profile."""
        with self._lock:
            if profile not in self._targets:
                doors = self._entrances
                lat, lon = np.append(self.lat, doors.lat), np.append(self.lon, doors.lon)
                self._targets[profile] = self.router.link(lat, lon, profile)
            return self._targets[profile]
