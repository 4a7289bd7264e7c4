"""Max-pressure (Varaiya 2013), waiting-weighted, with switching loss and computed permissive rates.

The honest simple rival: per slot it takes the stage with the greatest pressure. A movement's pressure is its
vehicles within 200 m, each halted one counted ``1 + delay / 30 s``, less the halted ones on its exit. No fixed
weight for permissive greens fits all places, so the share of its saturation flow that a permissive green can
use is computed from the opposing flow (gap acceptance, Harders' form: exp(-flow * critical gap)). The variants of
the literature are settings, so that "tuned per map" can be said honestly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np

from signals.model import Intersection, IntervalKind, Lamp
from signals.ports import Advance, Command, Detections, FloatArray, Hold, SignalState
from signals.timing_plan import TimingPlan

_HALTED_MPS = 0.1
_CRITICAL_GAP_S = 4.0
_FLOW_WINDOW_S = 15.0
_SATURATION_PER_S = 0.5
_MIN_PERMITTED_SHARE = 0.1  # one vehicle can go when the green ends
_DECIDE_EVERY_S = 5.0
PERMISSIVE = ("computed", "0", "0.25", "0.5", "1")


@dataclass(frozen=True, slots=True)
class MaxPressureSettings:
    """``waiting_unit_s`` 0 counts vehicles alone; ``permissive`` weighs permissive greens, computed or fixed."""

    slot_s: float = field(default=10.0, metadata={"least": 1.0, "most": 60.0})
    waiting_unit_s: float = field(default=30.0, metadata={"most": 600.0})
    permissive: str = field(default="computed", metadata={"choices": PERMISSIVE})
    subtracts_downstream: bool = True
    has_switching_loss: bool = True
    range_m: float = field(default=200.0, metadata={"least": 20.0, "most": 1000.0})


VARIANTS = tuple(
    MaxPressureSettings(slot_s=slot_s, permissive=permissive, waiting_unit_s=unit_s)
    for slot_s, permissive, unit_s in [
        *product((5.0, 10.0), PERMISSIVE, (30.0,)), (10.0, "computed", 0.0), (10.0, "1", 0.0),
    ]
)  # fmt: skip
"""The dozen of which the best on training seeds is "max-pressure, tuned per map"."""


class MaxPressure:
    """Decides for one intersection; implements ``DecisionMaker``."""

    def __init__(
        self, intersection: Intersection, plan: TimingPlan, settings: MaxPressureSettings | None = None
    ) -> None:
        self._plan, self._settings = plan, settings or MaxPressureSettings()
        self._size = len(intersection.movements)
        self._exit_of = np.array([m.exit for m in intersection.movements], np.int64)
        lamps = np.array([[stage.lamp(m) for m in range(self._size)] for stage in plan.stages])
        self._protected = (lamps == Lamp.PROTECTED_GREEN).astype(np.float64)
        self._permitted = np.argwhere(lamps == Lamp.PERMITTED_GREEN)
        opposing = intersection.yields[self._permitted[:, 1]] & (lamps[self._permitted[:, 0]] == Lamp.PROTECTED_GREEN)
        self._opposing = opposing.astype(np.float64)
        count = len(plan.stages)
        self._lost_s = np.array(
            [[plan.transition_s(a, b) if a != b else 0.0 for b in range(count)] for a in range(count)]
        )
        self._line = ""

    def decide(self, detections: Detections, state: SignalState) -> Command:
        """Stay, or go to the stage with the greatest pressure when a slot has ended."""
        self._line = ""
        slot_s = max(self._settings.slot_s, self._plan.timings[state.stage].min_green_s)
        is_due = state.elapsed_s >= slot_s and state.elapsed_s % _DECIDE_EVERY_S < 1.0
        if state.interval is not IntervalKind.GREEN or not is_due:
            return Hold()
        pressures = self._press(self._weigh(detections))
        if self._settings.has_switching_loss:  # what a change costs of the slot to come
            pressures *= np.maximum(0.0, slot_s - self._lost_s[state.stage]) / slot_s
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
        near = seen.distance_m <= self._settings.range_m
        each = np.ones(int(near.sum()))
        if self._settings.waiting_unit_s > 0:
            each += np.where(
                seen.speed_mps[near] < _HALTED_MPS, seen.delay_s[near] / self._settings.waiting_unit_s, 0.0
            )
        total: FloatArray = np.bincount(seen.movement[near], weights=each, minlength=self._size).astype(np.float64)
        if self._settings.subtracts_downstream:
            total = np.where(total > 0, total - seen.exit_halted[self._exit_of], 0.0)
        return total

    def _press(self, weights: FloatArray) -> FloatArray:
        pressures: FloatArray = self._protected @ weights
        if len(self._permitted):
            gained = weights[self._permitted[:, 1]] * self._permitted_share(weights)
            pressures += np.bincount(self._permitted[:, 0], weights=gained, minlength=len(pressures))
        return pressures

    def _permitted_share(self, weights: FloatArray) -> FloatArray | float:
        """The share of its saturation flow that each permissive green passes through the opposing flow."""
        if self._settings.permissive != "computed":
            return float(self._settings.permissive)
        vehicles = self._opposing @ np.maximum(0.0, weights)
        flow_per_s = np.minimum(_SATURATION_PER_S, vehicles / _FLOW_WINDOW_S)
        shares: FloatArray = np.maximum(_MIN_PERMITTED_SHARE, np.exp(-flow_per_s * _CRITICAL_GAP_S))
        return shares
