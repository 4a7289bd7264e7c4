"""The stops of one network on the streets: linked once per profile, and which other places are a short walk away."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np

from mobility.geodesy import Floats
from mobility.model import Coordinate
from mobility.network.timetable import Ints
from mobility.streets.profiles import Profile
from mobility.streets.router import StreetRouter, Targets


class Pairs(NamedTuple):
    """Walks between places and stops: place, stop, seconds."""

    place: Ints
    stop: Ints
    seconds: Ints


class Streetside:
    """``lat`` and ``lon`` are of the stops of a network. Thread-safe; what is linked is kept."""

    def __init__(self, router: StreetRouter, lat: Floats, lon: Floats) -> None:
        self.router = router
        self.lat, self.lon = lat, lon
        self._targets: dict[Profile, Targets] = {}
        self._lock = threading.Lock()

    def targets(self, profile: Profile) -> Targets:
        """The stops, linked to the streets of a profile."""
        with self._lock:
            if profile not in self._targets:
                self._targets[profile] = self.router.link(self.lat, self.lon, profile)
            return self._targets[profile]

    def list_walks(self, lat: Floats, lon: Floats, limit_s: int, *, inbound: bool = False) -> Pairs:
        """All walks of at most ``limit_s`` from places to stops, with ``inbound`` from stops to places."""
        stops = self.targets(Profile.FOOT)
        parts = []
        for number in range(len(lat)):
            at = Coordinate(float(lat[number]), float(lon[number]))
            reached = self.router.reach(at, stops, limit_s, inbound=inbound)
            parts.append((np.full(len(reached.number), number, np.int32), reached.number, reached.seconds))
        if not parts:
            none = np.zeros(0, np.int32)
            return Pairs(none, none, none)
        return Pairs(*(np.concatenate(column).astype(np.int32) for column in zip(*parts, strict=True)))
