"""Pedestrians who wait: a push calls a crossing until it has been green; without a working button always.

A crossing that has long been red is called as well: the guard lets no red outlast its bound, whoever waits, and it is
cheaper to walk with a stage that comes anyway than to be forced into one.
"""

from __future__ import annotations

import numpy as np

from signals.detectors.layout import PERMITTED, PROTECTED
from signals.model import Detector, DetectorKind, Intersection, RoadUser
from signals.ports import BoolArray, FloatArray, IntArray

_WALK_S = 4.0  # who has pushed has stepped off after so much green
_OVERDUE_S = 90.0  # half of the longest red that plans allow


class PedestrianCalls:
    """The crossings of one intersection and since when somebody waits at each."""

    def __init__(self, intersection: Intersection, detectors: tuple[Detector, ...]) -> None:
        self._crossings = [m.index for m in intersection.movements if m.user is RoadUser.PEDESTRIAN]
        self._buttons = {m: [d for d, detector in enumerate(detectors) if _calls(detector, m)] for m in self._crossings}
        self._waited_s = dict.fromkeys(self._crossings, -1.0)
        self._green_s = dict.fromkeys(self._crossings, 0.0)
        self._red_s = dict.fromkeys(self._crossings, 0.0)

    def take(self, count: IntArray, usable: BoolArray, levels: IntArray) -> None:
        """One second of pushes and lamps."""
        for m in self._crossings:
            self._green_s[m] = self._green_s[m] + 1.0 if PERMITTED <= levels[m] <= PROTECTED else 0.0
            is_pushed = any(count[d] > 0 for d in self._buttons[m] if usable[d])
            self._red_s[m] = 0.0 if self._green_s[m] > 0.0 else self._red_s[m] + 1.0
            is_recalled = not any(usable[d] for d in self._buttons[m]) or self._red_s[m] >= _OVERDUE_S
            if self._green_s[m] >= _WALK_S:
                self._waited_s[m] = -1.0
            elif self._waited_s[m] >= 0.0:
                self._waited_s[m] += 1.0
            elif is_pushed or (is_recalled and self._green_s[m] == 0.0):
                self._waited_s[m] = 0.0

    def list_waiting(self) -> tuple[IntArray, FloatArray]:
        """Crossings where somebody waits, and for how long."""
        waiting = [(m, s) for m, s in self._waited_s.items() if s >= 0.0]
        return np.array([m for m, _ in waiting], np.int64), np.array([s for _, s in waiting], np.float64)


def _calls(detector: Detector, movement: int) -> bool:
    return detector.kind is DetectorKind.PUSH_BUTTON and detector.movement == movement
