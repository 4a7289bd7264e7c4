"""Ways without streets: the great circle times a factor, at the speed of the profile.

Used where a city has no street extract, and for places outside it (``fallback.py``). On foot these are the walks
that the planner always had: ``ceil(distance * detour / speed - 1e-9)`` seconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from mobility.geodesy import EARTH_M, Floats, great_circle_m
from mobility.model import Coordinate
from mobility.street_use import Step
from mobility.streets.graph import Ints
from mobility.streets.profiles import SPEED_MPS, Profile
from mobility.streets.router import NOTHING, Reached, Targets, Way, find_slowness
from mobility.streets.steps import DEPART

KMH = 1 / 3.6
FAR_FROM_POLES_DEG, FAR_FROM_180_DEG = 80.0, 170.0
"""Where what is near in metres is near in degrees of longitude, too, for limits of a day's walk."""
DETOURS: Mapping[Profile, float] = MappingProxyType(
    {Profile.FOOT: 1.3, Profile.WHEELCHAIR: 1.3, Profile.BICYCLE: 1.35, Profile.SCOOTER: 1.4, Profile.CAR: 1.4}
)
"""How much longer streets are than the line."""
SPEEDS_MPS: Mapping[Profile, float] = MappingProxyType(
    {
        Profile.FOOT: SPEED_MPS[Profile.FOOT],
        Profile.WHEELCHAIR: SPEED_MPS[Profile.WHEELCHAIR],
        Profile.BICYCLE: SPEED_MPS[Profile.BICYCLE],
        Profile.SCOOTER: 20 * KMH,
        Profile.CAR: 22 * KMH,
    }
)
"""In a city, waiting at signals included."""
APPROXIMATE: Mapping[str, str] = MappingProxyType(
    {
        "en": "Ways are straight lines times a factor, not streets.",
        "zh-Hant": "路程以直線距離乘上係數估算，並非沿著實際道路。",
    }
)


@dataclass(frozen=True, slots=True)
class GreatCircleTargets:
    """Places of one profile; every one is reached."""

    profile: Profile
    lat: Floats
    lon: Floats

    @property
    def unlinked(self) -> Ints:
        """None."""
        return np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class GreatCircle:
    """A StreetRouter that knows no streets. ``detours`` and ``speeds_mps`` override the defaults by profile."""

    detours: Mapping[Profile, float] = field(default_factory=lambda: DETOURS)
    speeds_mps: Mapping[Profile, float] = field(default_factory=lambda: SPEEDS_MPS)

    def __post_init__(self) -> None:
        object.__setattr__(self, "detours", MappingProxyType({**DETOURS, **self.detours}))
        object.__setattr__(self, "speeds_mps", MappingProxyType({**SPEEDS_MPS, **self.speeds_mps}))

    @property
    def approximate(self) -> Mapping[str, str]:
        """Every way is."""
        return APPROXIMATE

    @property
    def attribution(self) -> str:
        """Nobody's."""
        return ""

    def link(self, lat: Floats, lon: Floats, profile: Profile) -> GreatCircleTargets:
        """Nothing to link."""
        return GreatCircleTargets(profile, np.asarray(lat, np.float64), np.asarray(lon, np.float64))

    def reach(
        self,
        at: Coordinate,
        targets: Targets,
        limit_s: int,
        *,
        inbound: bool = False,  # noqa: ARG002  (the same both ways)
        speed_mps: float | None = None,
    ) -> Reached:
        """The targets within the limit."""
        if limit_s < 0 or not len(targets.lat):
            return NOTHING
        detour, mps = self._find(targets.profile, speed_mps)
        # all others are farther in latitude alone
        band = np.degrees((limit_s + 1) * mps / detour / EARTH_M) * 1.01
        is_near = np.abs(targets.lat - at.lat) <= band
        if abs(at.lat) + band < FAR_FROM_POLES_DEG and abs(at.lon) < FAR_FROM_180_DEG:
            # a degree of longitude is never shorter than at the far end of the band
            is_near &= np.abs(targets.lon - at.lon) <= band / math.cos(math.radians(abs(at.lat) + band))
        near = np.flatnonzero(is_near)
        if not len(near):
            return NOTHING
        distance_m = great_circle_m(targets.lat[near], targets.lon[near], at.lat, at.lon)
        seconds = np.ceil(distance_m * detour / mps - 1e-9).astype(np.int64)
        is_within = seconds <= limit_s
        key = np.sort(seconds[is_within] << 32 | near[is_within])
        return Reached((key & 0xFFFFFFFF).astype(np.int32), (key >> 32).astype(np.int32))

    def route(self, start: Coordinate, end: Coordinate, profile: Profile, *, speed_mps: float | None = None) -> Way:
        """The straight line, with the length that streets would have."""
        detour, mps = self._find(profile, speed_mps)
        line_m = float(great_circle_m(np.array([start.lat]), np.array([start.lon]), end.lat, end.lon)[0])
        seconds = int(np.ceil(line_m * detour / mps - 1e-9))
        steps = (Step("", line_m * detour, DEPART),)
        return Way(seconds, line_m * detour, (start, end), steps, approximate=True)

    def table(self, starts: Targets, ends: Targets, limit_s: int, *, speed_mps: float | None = None) -> list[Reached]:
        """The ends within the limit of each start."""
        doors = zip(starts.lat.tolist(), starts.lon.tolist(), strict=True)
        return [self.reach(Coordinate(*door), ends, limit_s, speed_mps=speed_mps) for door in doors]

    def _find(self, profile: Profile, speed_mps: float | None) -> tuple[float, float]:
        usual_mps = self.speeds_mps[profile]
        slowness = find_slowness(profile, usual_mps, speed_mps)
        return self.detours[profile], usual_mps if slowness == 1.0 or speed_mps is None else speed_mps
