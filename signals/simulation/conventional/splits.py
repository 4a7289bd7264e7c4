"""Splits and the delay that they cause: greens shared out to the lane that is worst off.

With lanes that several stages serve there is no single critical lane per stage, so the greens are filled second by
second: each goes to the stage that serves the most loaded lane best. For stages that serve lanes of their own this
is Webster's rule (1958) of greens in proportion to critical flow ratios. The cycle is the one with the least HCM delay.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from signals.simulation.conventional.capacity import SATURATION_VPH, LaneLoads

START_UP_LOSS_S = 2.0  # HCM 6 chapter 19
MIN_CYCLE_S, MAX_CYCLE_S = 40, 120
LOAD_MARGIN = 1.1  # for peaks within the hour
_PERIOD_H = 0.25  # HCM's analysis period


def split_greens(loads: LaneLoads, green_s: int, min_s: Sequence[float], exponent: float = 1.0) -> tuple[int, ...]:
    """Share ``green_s`` out in whole seconds, no stage under its minimum.

    ``exponent`` below 1 evens the loads out, above 1 it favours the full lanes.
    """
    greens = np.array([math.ceil(least) for least in min_s], np.float64)
    load = loads.load**exponent * (loads.load > 0)
    for _ in range(max(0, green_s - int(greens.sum()))):
        served = loads.rate @ np.maximum(greens - START_UP_LOSS_S, 0.5) + loads.kept_s
        with np.errstate(divide="ignore", invalid="ignore"):
            degree = np.where(load > 0, np.where(served > 0, load / served, 0.0), 0.0)
        worst = int(np.argmax(degree))
        if degree[worst] <= 0:
            greens[int(np.argmin(greens))] += 1
            continue
        best = loads.rate[worst] >= loads.rate[worst].max() - 1e-9
        help_others = (loads.rate * degree[:, None]).sum(axis=0)
        greens[int(np.argmax(np.where(best, help_others, -1.0)))] += 1
    return tuple(int(g) for g in greens)


def estimate_delay(loads: LaneLoads, greens_s: Sequence[float], cycle_s: float) -> float:
    """Vehicle-seconds a second lost at a signal: HCM 6 equations 19-18 (uniform) and 19-26 (random and overflow)."""
    greens = np.maximum(np.array(greens_s, np.float64) - START_UP_LOSS_S, 0.5)
    busy = loads.load > 0
    load = loads.load[busy] * LOAD_MARGIN
    kept_s = np.broadcast_to(loads.kept_s, busy.shape)[busy]
    share = (loads.rate[busy] @ greens + kept_s) / cycle_s
    is_open = np.minimum(((loads.rate[busy] > 0) @ greens + kept_s) / cycle_s, 1.0)
    degree = load / np.maximum(share, 1e-3)
    uniform_s = 0.5 * cycle_s * (1.0 - is_open) ** 2 / (1.0 - np.minimum(degree, 1.0) * is_open + 1e-9)
    capacity_vph = SATURATION_VPH * np.maximum(share, 1e-3)
    over = degree - 1.0
    random_s = 900.0 * _PERIOD_H * (over + np.sqrt(over**2 + 4.0 * degree / (capacity_vph * _PERIOD_H)))
    return float((load * (uniform_s + random_s)).sum())


def list_cycles(shortest_s: float) -> tuple[int, ...]:
    """The cycles that are tried: those that streets use, never too short for the minimums."""
    first = max(MIN_CYCLE_S, round(5 * math.ceil(shortest_s / 5 - 1e-9)))
    return tuple(range(first, max(first, MAX_CYCLE_S) + 1, 5))
