"""How much of each lane's demand each stage can discharge: lane loads and rates for retiming.

A lane is first in, first out: where one of its turns is red, it stands. A permissive turn discharges through the
gaps of what it yields to (HCM 6 exhibit 19-28) once the opposing queue has gone, and two vehicles at the end of
green. Lanes with several turns have the harmonic mean of their rates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from signals.model import Intersection, Lamp, RoadUser
from signals.ports import FloatArray
from signals.simulation.conventional.stages import ShippedProgram
from signals.simulation.shipped_plan import to_lamps

SATURATION_VPH = 1800.0  # per lane; SUMO's default car-following discharges a little more
CRITICAL_GAP_S, FOLLOW_UP_S = 4.5, 2.5  # permissive left turn, HCM 6 exhibit 19-28
STOP_THEN_GO_RATE = 0.3
_OPPOSING_GREEN_SHARE = 0.4
_MIN_PERMITTED_RATE = 0.12  # two vehicles at the end of a green of some thirty seconds
_NEGLIGIBLE_SHARE = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class LaneLoads:
    """``load``: demand over saturation flow, by entry lane. ``rate``: share of saturation flow, by lane and stage.

    ``kept_s``: seconds a cycle, at full rate, in which a lane goes on between stages: most often while pedestrians
    clear. They are of fixed length, but the lane's green all the same.
    """

    load: FloatArray
    rate: FloatArray
    kept_s: FloatArray | float = 0.0


def list_green_levels(shipped: ShippedProgram) -> list[tuple[Lamp, ...]]:
    """The lamps of each stage, by movement."""
    return [to_lamps(shipped.displays[k].state, shipped.site) for k in shipped.stages]


def measure_loads(shipped: ShippedProgram, volume_vph: FloatArray) -> LaneLoads:
    """Loads and rates under the shipped stages."""
    crossing = shipped.site.intersection
    stages = list_green_levels(shipped)
    between = [(to_lamps(d.state, shipped.site), d) for k, d in enumerate(shipped.displays) if k not in shipped.stages]
    load, rate = np.zeros(len(crossing.entries)), np.zeros((len(crossing.entries), len(stages)))
    kept_s = np.zeros(len(crossing.entries))
    by_lane: dict[int, list[int]] = {}
    for m in crossing.movements:
        if m.user is RoadUser.VEHICLE and volume_vph[m.index] > 0:
            by_lane.setdefault(m.entry, []).append(m.index)
    for lane, movements in by_lane.items():
        total = float(sum(volume_vph[m] for m in movements))
        load[lane] = total / SATURATION_VPH
        shares = {m: float(volume_vph[m]) / total for m in movements}
        for s, lamps in enumerate(stages):
            rate[lane, s] = _lane_rate(crossing, lamps, shares, volume_vph, is_strict=True)
        if not rate[lane].any():  # its turns are never green together: whoever is at its head goes
            for s, lamps in enumerate(stages):
                rate[lane, s] = _lane_rate(crossing, lamps, shares, volume_vph, is_strict=False)
        kept_s[lane] = sum(
            display.duration_s * _lane_rate(crossing, lamps, shares, volume_vph, is_strict=True)
            for lamps, display in between
        )
    return LaneLoads(load, rate, kept_s)


def _lane_rate(
    crossing: Intersection,
    lamps: tuple[Lamp, ...],
    shares: dict[int, float],
    volume_vph: FloatArray,
    *,
    is_strict: bool,
) -> float:
    rates = {m: _movement_rate(crossing, lamps, m, volume_vph) for m in shares}
    red_share = sum(share for m, share in shares.items() if rates[m] == 0.0)
    if red_share >= 1.0 or (is_strict and red_share > _NEGLIGIBLE_SHARE):
        return 0.0
    green = {m: share for m, share in shares.items() if rates[m] > 0.0}
    return (1.0 - red_share) * sum(green.values()) / sum(share / rates[m] for m, share in green.items())


def _movement_rate(crossing: Intersection, lamps: tuple[Lamp, ...], m: int, volume_vph: FloatArray) -> float:
    if lamps[m] is Lamp.PROTECTED_GREEN:
        return 1.0
    if lamps[m] is Lamp.STOP_THEN_GO:
        return STOP_THEN_GO_RATE
    if lamps[m] is not Lamp.PERMITTED_GREEN:
        return 0.0
    opposing = [j for j in range(len(lamps)) if crossing.yields[m, j] and lamps[j] is Lamp.PROTECTED_GREEN]
    flow_vph = float(sum(volume_vph[j] for j in opposing))
    if flow_vph < 1.0:
        return 1.0
    lanes: dict[int, float] = {}
    for j in opposing:
        lane = crossing.movements[j].entry
        lanes[lane] = lanes.get(lane, 0.0) + float(volume_vph[j]) / SATURATION_VPH
    cleared = 1.0 - min(1.0, max(lanes.values()) * (1.0 - _OPPOSING_GREEN_SHARE) / _OPPOSING_GREEN_SHARE)
    per_s = flow_vph / 3600.0
    through_gaps = flow_vph * math.exp(-per_s * CRITICAL_GAP_S) / (1.0 - math.exp(-per_s * FOLLOW_UP_S))
    return max(_MIN_PERMITTED_RATE, min(1.0, cleared * through_gaps / SATURATION_VPH))
