"""Green bands as a signal's controller sees them: by stage, when the next band reaches the stop line.

A band is a wish of small weight, which a schedule may beat: it counts in the search, never in the guard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from signals.ports import FloatArray


@dataclass(frozen=True, slots=True)
class BandWindow:
    """A band at one signal: in each cycle, counted from time zero, stage ``stage`` is wanted green."""

    stage: int
    begin_s: float
    length_s: float
    cycle_s: float


def list_guides(windows: Sequence[BandWindow], stages: int, now_s: float) -> FloatArray:
    """By stage, from when to when a band wants it green, counted from now; NaN where none does."""
    guides = np.full((stages, 2), np.nan)
    for window in windows:
        begin_s = (window.begin_s - now_s) % window.cycle_s
        if begin_s > window.cycle_s - window.length_s:  # it runs already
            begin_s -= window.cycle_s
        end_s = begin_s + window.length_s
        known_s = guides[window.stage]
        if np.isnan(known_s[0]) or begin_s < known_s[0]:
            guides[window.stage] = max(0.0, begin_s), end_s
    return guides
