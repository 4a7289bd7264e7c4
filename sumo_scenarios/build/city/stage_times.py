"""What surrounds a green: walk and pedestrian clearance, yellow by the speed of the street, red."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sumo_scenarios.build.city.layout import District, Turn
from sumo_scenarios.build.city.links import Signal
from sumo_scenarios.build.city.staging import Stage

WALK_S, SHORT_WALK_S, WALKING_MPS = 7, 5, 1.07  # MUTCD 2009 section 4E.06: 7 s, 4 s where few walk; 3.5 ft/s
MIN_GREEN_S, MIN_LEFT_S = 7, 5
ALL_RED_S = 2


@dataclass(frozen=True, slots=True)
class StageTimes:
    """What surrounds and bounds the green of one stage, in seconds."""

    walk_s: int
    ped_clearance_s: int
    yellow_s: int
    all_red_s: int
    min_green_s: int

    @property
    def least_s(self) -> int:
        """The shortest green, walk and pedestrian clearance included."""
        return max(self.min_green_s, self.walk_s + self.ped_clearance_s)

    @property
    def lost_s(self) -> int:
        """Yellow and red."""
        return self.yellow_s + self.all_red_s


@dataclass(frozen=True, slots=True)
class Timed:
    """A signal with its stages and their fixed times."""

    signal: Signal
    stages: tuple[Stage, ...]
    times: tuple[StageTimes, ...]

    def starts_s(self, greens_s: Sequence[int]) -> list[int]:
        """When each stage begins, from the beginning of the first."""
        ends = [green + times.lost_s for green, times in zip(greens_s, self.times, strict=True)]
        return [sum(ends[:k]) for k in range(len(ends))]


def get_times(district: District, signal: Signal, stages: tuple[Stage, ...]) -> Timed:
    """Walk, clearances, yellow (by the speed of the street) and red of each stage."""
    found = []
    for stage in stages:
        green = [signal.links[k] for k in stage.greens()]
        walks = [link.length_m for link in green if link.is_crossing]
        legs = {link.leg for link in green if not link.is_crossing}
        speed_mps = max(district.ways[leg, signal.name].speed_mps for leg in legs)
        is_turning = all(link.turn is not Turn.THROUGH for link in green if not link.is_crossing)
        is_wide = len(district.legs(signal.name)) > 4
        found.append(
            StageTimes(
                walk_s=0 if not walks else WALK_S if max(walks) > 12 else SHORT_WALK_S,
                ped_clearance_s=math.ceil(max(walks, default=0.0) / WALKING_MPS),
                yellow_s=4 if speed_mps > 12 and not is_turning else 3,
                all_red_s=ALL_RED_S + is_wide,
                min_green_s=MIN_LEFT_S if stage.kind == "left" else MIN_GREEN_S,
            )
        )
    return Timed(signal, stages, tuple(found))
