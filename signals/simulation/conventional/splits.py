"""Cycle and splits: Webster's cycle (1958), greens shared out to the lane that is worst off.

With lanes that several stages serve there is no single critical lane per stage, so the greens are filled second by
second: each goes to the stage that serves the most loaded lane best. For stages that serve lanes of their own this
is Webster's rule of greens in proportion to critical flow ratios.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from signals.simulation.conventional.capacity import LaneLoads

START_UP_LOSS_S = 2.0  # HCM 6 chapter 19
MIN_CYCLE_S, MAX_CYCLE_S = 40, 120
_TRIAL_CYCLE_S = 100
_HIGHEST_LOAD = 0.93  # Webster's cycle goes to infinity at 1


def split_greens(loads: LaneLoads, green_s: int, min_s: Sequence[float], exponent: float = 1.0) -> tuple[int, ...]:
    """Share ``green_s`` out in whole seconds, no stage under its minimum.

    ``exponent`` below 1 evens the loads out, above 1 it favours the full lanes.
    """
    greens = np.array([math.ceil(least) for least in min_s], np.float64)
    load = loads.load**exponent * (loads.load > 0)
    for _ in range(max(0, green_s - int(greens.sum()))):
        served = loads.rate @ np.maximum(greens - START_UP_LOSS_S, 0.5)
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


def find_load(loads: LaneLoads, lost_s: float, min_s: Sequence[float]) -> float:
    """The sum of critical flow ratios: the share of time that the demand needs green."""
    green_s = max(1, _TRIAL_CYCLE_S - round(lost_s))
    greens = np.array(split_greens(loads, green_s, [START_UP_LOSS_S for _ in min_s]), np.float64)
    served = loads.rate @ greens
    degrees = np.where(served > 0, loads.load / np.maximum(served, 1e-9), 0.0)
    return float(degrees.max(initial=0.0) * greens.sum())


def webster_cycle_s(load: float, lost_s: float, shortest_s: float) -> int:
    """Webster's cycle, to the next five seconds, within what streets use and never too short for the minimums."""
    cycle_s = (1.5 * lost_s + 5.0) / (1.0 - min(load, _HIGHEST_LOAD))
    bounded = min(max(cycle_s, MIN_CYCLE_S), MAX_CYCLE_S)
    return round(5 * math.ceil(max(bounded, shortest_s) / 5 - 1e-9))
