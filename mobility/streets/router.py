"""What the planner asks of streets: how far it is to many places, and the way to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from mobility.geodesy import Floats
from mobility.model import Coordinate
from mobility.street_use import Step
from mobility.streets.graph import Ints
from mobility.streets.profiles import Profile

SPEED_PROFILES = frozenset({Profile.FOOT, Profile.WHEELCHAIR, Profile.BICYCLE})
"""Those that have a speed of their own; of the others the road decides."""


class Reached(NamedTuple):
    """Places within a limit, by seconds (rounded up) and then by number."""

    number: Ints  # int32[]
    seconds: Ints  # int32[]


NOTHING = Reached(np.zeros(0, np.int32), np.zeros(0, np.int32))


@dataclass(frozen=True, slots=True)
class Way:
    """From a door to a door. ``geometry`` has at least two points, the doors first and last; ``climb_m`` is all
    that goes up, where elevations are known; ``approximate`` where it is not along streets.
    """

    duration_s: int
    distance_m: float
    geometry: tuple[Coordinate, ...]
    steps: tuple[Step, ...] = ()
    climb_m: float = 0.0
    approximate: bool = False


class Targets(Protocol):
    """Places that a router has linked for one profile; only the same router reads them."""

    @property
    def profile(self) -> Profile:
        """Whose ways."""

    @property
    def lat(self) -> Floats:
        """Degrees, of the places themselves."""

    @property
    def lon(self) -> Floats:
        """Degrees."""

    @property
    def unlinked(self) -> Ints:
        """Numbers of the places that no way leads to."""


class StreetRouter(Protocol):
    """All durations are whole seconds, rounded up, from door to door. Safe to call from several threads.

    ``speed_mps`` is another speed than the profile's, for those that have one (``SPEED_PROFILES``).
    """

    @property
    def approximate(self) -> Mapping[str, str]:
        """A sentence for ways with ``approximate``, by BCP-47 language tag; empty where there are none."""

    @property
    def attribution(self) -> str:
        """Whose streets these are; empty where there are none."""

    def link(self, lat: Floats, lon: Floats, profile: Profile) -> Targets:
        """Done once per set of places."""

    def reach(
        self,
        at: Coordinate,
        targets: Targets,
        limit_s: int,
        *,
        inbound: bool = False,
        speed_mps: float | None = None,
    ) -> Reached:
        """The targets within a limit of a point; with ``inbound`` the ways lead from them to it."""

    def route(
        self, start: Coordinate, end: Coordinate, profile: Profile, *, speed_mps: float | None = None
    ) -> Way | None:
        """The quickest way, or None where there is none."""

    def table(self, starts: Targets, ends: Targets, limit_s: int, *, speed_mps: float | None = None) -> list[Reached]:
        """The ends within a limit of each start."""


def find_slowness(profile: Profile, usual_mps: float, speed_mps: float | None) -> float:
    """How many times as long somebody takes who goes at ``speed_mps``.

    Raises:
        ValueError: Not a speed, or the profile has none of its own.
    """
    if speed_mps is None:
        return 1.0
    if profile not in SPEED_PROFILES:
        raise ValueError(f"the road decides how fast {profile} goes: leave speed_mps out")
    if not 0.0 < speed_mps < np.inf:
        raise ValueError(f"{speed_mps} m/s is not a speed")
    return usual_mps / speed_mps
