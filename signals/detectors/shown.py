"""Which lamps drivers saw in the second that the readings are about; the cabinet tells only where it is now."""

from __future__ import annotations

import numpy as np

from signals.detectors.layout import to_levels
from signals.model import Intersection, IntervalKind
from signals.ports import IntArray, SignalState
from signals.timing_plan import TimingPlan

_EPSILON_S = 1e-6


class ShownLamps:
    """Follows a cabinet's reports through greens and transitions."""

    def __init__(self, intersection: Intersection, plan: TimingPlan) -> None:
        size = len(intersection.movements)
        self._stages = [to_levels(stage.lamp(m) for m in range(size)) for stage in plan.stages]
        self._changes = {
            pair: [(i.kind, i.duration_s, to_levels(i.lamps)) for i in change]
            for pair, change in plan.transitions.items()
        }
        self._closed: IntArray = np.zeros(size, np.int64)
        self._last: SignalState | None = None
        self._at = 0  # interval of the transition
        self._levels = self._closed

    def of_last_second(self, state: SignalState) -> IntArray:
        """The levels of all movements in the second that has just passed."""
        before = self._levels
        self._follow(state)
        self._last = state
        return self._levels if state.elapsed_s >= 0.5 or before is self._closed else before

    def _follow(self, state: SignalState) -> None:
        if state.interval is IntervalKind.GREEN or state.target is None:
            self._levels = self._stages[state.stage] if 0 <= state.stage < len(self._stages) else self._closed
            return
        change = self._changes.get((state.stage, state.target), [])
        last = self._last
        is_same = last is not None and (last.stage, last.target) == (state.stage, state.target)
        self._at = min(self._at, len(change) - 1) if is_same else 0
        if is_same and last is not None and state.elapsed_s < last.elapsed_s - _EPSILON_S:
            self._at += 1  # the interval has ended, the next one may be of the same kind
        while self._at < len(change) - 1 and change[self._at][0] is not state.interval:
            self._at += 1
        self._levels = change[self._at][2] if 0 <= self._at < len(change) else self._closed
