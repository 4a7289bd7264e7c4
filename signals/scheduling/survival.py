"""Which futures survive: the cheapest, some of each stage; none that another beats in everything.

A future is dropped when a cheaper one in the same situation has served at least as many in every lane.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from signals.ports import IntArray
from signals.scheduling.futures import GREEN, LEFT, STAGE, TARGET, Futures, copy_future
from signals.scheduling.problem import Layout, Settings, Traffic

_LEAST_OF_A_STAGE = 4


@njit(cache=True)
def is_dominated(futures: Futures, kept: Futures, count: int, one: int, min_green_s: IntArray) -> bool:
    """Whether a kept (hence cheaper) future in the same situation has served as many in every lane."""
    state = futures.state
    stage, target, left_s, green_s = state[one, STAGE], state[one, TARGET], state[one, LEFT], state[one, GREEN]
    needed_s = min(green_s, min_green_s[stage]) if target < 0 else 0
    for other in range(count):
        if kept.state[other, STAGE] != stage or kept.state[other, TARGET] != target:
            continue
        if target >= 0 and kept.state[other, LEFT] > left_s:
            continue
        if kept.state[other, GREEN] < needed_s:
            continue
        as_many = True
        for lane in range(futures.served.shape[1]):
            if kept.served[other, lane] < futures.served[one, lane]:
                as_many = False
                break
        if as_many:
            return True
    return False


@njit(cache=True)
def is_final(traffic: Traffic, settings: Settings, futures: Futures, one: int) -> bool:
    """Whether a future has served everybody, and nothing can be earned or has to be paid after that."""
    if settings.guide_cost > 0.0 or traffic.price.min() < 0.0:
        return False
    for lane in range(futures.served.shape[1]):  # noqa: SIM110  (a kernel: numba has no generators)
        if futures.served[one, lane] < traffic.vehicles[lane]:
            return False
    return True


@njit(cache=True)
def prune(layout: Layout, traffic: Traffic, settings: Settings, futures: Futures, spare: Futures, count: int) -> int:
    """Copy the survivors to ``spare``, cheapest first; how many there are.

    Nothing that is dearer than a future which has served everybody can still become the cheapest.
    """
    order = np.argsort(futures.cost[:count], kind="mergesort")
    stages = layout.level.shape[0]
    share = max(_LEAST_OF_A_STAGE, settings.width // stages)
    used = np.zeros(stages, np.int64)
    total = 0
    for position in range(count):
        one = order[position]
        if futures.cost[one] == np.inf:
            break
        state = futures.state
        group = state[one, TARGET] if state[one, TARGET] >= 0 else state[one, STAGE]
        if used[group] >= share or is_dominated(futures, spare, total, one, layout.min_green_s):
            continue
        copy_future(futures, one, spare, total)
        used[group] += 1
        total += 1
        if total == settings.width or is_final(traffic, settings, futures, one):
            break
    return total
