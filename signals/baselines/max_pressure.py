"""Max-pressure (Varaiya 2013), waiting-weighted, with switching loss and computed permissive rates.

The honest simple rival: per slot it takes the stage with the greatest pressure. A movement's pressure is its
vehicles within 200 m, each halted one counted ``1 + delay / 30 s``, less the halted ones on its exit. No fixed
weight for permissive greens fits all places, so the share of its saturation flow that a permissive green can
use is computed from the opposing flow (gap acceptance, Harders' form: exp(-flow * critical gap)).
"""

from __future__ import annotations

import numpy as np

from signals.model import Intersection, IntervalKind, Lamp
from signals.ports import Advance, Command, Detections, FloatArray, Hold, SignalState
from signals.timing_plan import TimingPlan

SLOT_S = 10.0
RANGE_M = 200.0
_DELAY_UNIT_S = 30.0
_HALTED_MPS = 0.1
_CRITICAL_GAP_S = 4.0
_FLOW_WINDOW_S = 15.0
_SATURATION_PER_S = 0.5
_MIN_PERMITTED_SHARE = 0.1  # one vehicle can go when the green ends


class MaxPressure:
    """Decides for one intersection; implements ``DecisionMaker``."""

    def __init__(self, intersection: Intersection, plan: TimingPlan) -> None:
        self._intersection, self._plan = intersection, plan
        self._exit_of = np.array([m.exit for m in intersection.movements], np.int64)
        self._line = ""

    def decide(self, detections: Detections, state: SignalState) -> Command:
        """Stay, or go to the stage with the greatest pressure when a slot has ended."""
        self._line = ""
        timing = self._plan.timings[state.stage]
        slot_s = max(SLOT_S, timing.min_green_s)
        if state.interval is not IntervalKind.GREEN or state.elapsed_s < slot_s or state.elapsed_s % 5.0 >= 1.0:
            return Hold()
        weights = self._weigh(detections)
        pressures = [self._press(stage, weights) for stage in range(len(self._plan.stages))]
        for other in range(len(pressures)):
            if other != state.stage:  # what a change costs of the slot to come
                lost_s = self._plan.transition_s(state.stage, other)
                pressures[other] *= max(0.0, slot_s - lost_s) / slot_s
        best = int(np.argmax(pressures))
        if best == state.stage or pressures[best] <= pressures[state.stage]:
            return Hold()
        self._line = f"S{state.stage} {pressures[state.stage]:.1f} -> S{best} {pressures[best]:.1f}"
        return Advance(best)

    def explain(self) -> str:
        """The pressures that led to the last change."""
        return self._line

    def _weigh(self, seen: Detections) -> FloatArray:
        """Weighted vehicles per movement, less what stands on its exit."""
        size = len(self._intersection.movements)
        near = seen.distance_m <= RANGE_M
        each = 1.0 + np.where(seen.speed_mps < _HALTED_MPS, seen.delay_s / _DELAY_UNIT_S, 0.0)
        total = np.bincount(seen.movement[near], weights=each[near], minlength=size)
        weights: FloatArray = np.where(total > 0, total - seen.exit_halted[self._exit_of], 0.0)
        return weights

    def _press(self, stage: int, weights: FloatArray) -> float:
        shown = self._plan.stages[stage]
        protected = sum(float(weights[m]) for m in shown.protected)
        return protected + sum(float(weights[m]) * self._permitted_share(m, stage, weights) for m in shown.permitted)

    def _permitted_share(self, movement: int, stage: int, weights: FloatArray) -> float:
        """The share of its saturation flow that a permissive green passes through the opposing flow."""
        shown = self._plan.stages[stage]
        opposing = [
            j for j in shown.greens if self._intersection.yields[movement, j] and shown.lamp(j) is Lamp.PROTECTED_GREEN
        ]
        vehicles = sum(max(0.0, float(weights[j])) for j in opposing)
        flow_per_s = min(_SATURATION_PER_S, vehicles / _FLOW_WINDOW_S)
        return max(_MIN_PERMITTED_SHARE, float(np.exp(-flow_per_s * _CRITICAL_GAP_S)))
