"""The rolling-horizon beam search over stage sequences, at the level of lanes.

Family: schedule-driven control (Xie, Smith, Lu, Barlow 2012, SchIC/Surtrac) refined to lanes as in ERIS and
connection-based scheduling. Time runs in seconds; every other second each possible future may stay or go to a
stage that someone needs soon. Of many futures the cheapest survive, some of each stage; a future is dropped
when another in the same situation is cheaper and has served at least as many in every lane.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from signals.ports import FloatArray, IntArray
from signals.scheduling.discharge import begin_stage, cost_to_go, discharge_second
from signals.scheduling.problem import BoolArray, Layout, Settings, Traffic

MAX_CHANGES = 12
_STAGE, _TARGET, _LEFT, _GREEN, _CHANGES = 0, 1, 2, 3, 4  # columns of a future's whole numbers


@njit(cache=True)
def is_wanted(layout: Layout, traffic: Traffic, settings: Settings, served: IntArray, stage: int, second: int) -> bool:
    """Whether a lane's waiting or soon arriving vehicles include one that ``stage`` serves."""
    for lane in range(served.shape[0]):
        for k in range(served[lane], traffic.vehicles[lane]):
            if traffic.arrival_s[lane, k] > second + settings.look_ahead_s:
                break
            if layout.level[stage, traffic.movement[lane, k]] > 0:
                return True
    return False


@njit(cache=True)
def is_dominated(
    futures: IntArray, served: IntArray, cost: FloatArray, kept: IntArray, count: int, one: int, min_green_s: IntArray
) -> bool:
    """Whether a kept (hence cheaper) future in the same situation has served as many in every lane."""
    for position in range(count):
        other = kept[position]
        if futures[other, _STAGE] != futures[one, _STAGE] or futures[other, _TARGET] != futures[one, _TARGET]:
            continue
        if futures[other, _LEFT] > futures[one, _LEFT] or cost[other] > cost[one]:
            continue
        needed = min(futures[one, _GREEN], min_green_s[futures[one, _STAGE]])
        if futures[one, _TARGET] < 0 and futures[other, _GREEN] < needed:
            continue
        as_many = True
        for lane in range(served.shape[1]):
            if served[other, lane] < served[one, lane]:
                as_many = False
                break
        if as_many:
            return True
    return False


@njit(cache=True)
def list_survivors(
    futures: IntArray, served: IntArray, cost: FloatArray, count: int, layout: Layout, settings: Settings
) -> IntArray:
    """The futures to keep, cheapest first: within the width, and within each stage's share of it."""
    order = np.argsort(cost[:count])
    stages = layout.level.shape[0]
    share = max(4, settings.width // stages)
    used = np.zeros(stages, np.int64)
    kept = np.empty(settings.width, np.int64)
    total = 0
    for position in range(count):
        one = order[position]
        group = futures[one, _TARGET] if futures[one, _TARGET] >= 0 else futures[one, _STAGE]
        if used[group] >= share or is_dominated(futures, served, cost, kept, total, one, layout.min_green_s):
            continue
        kept[total] = one
        used[group] += 1
        total += 1
        if total == settings.width:
            break
    return kept[:total]


@njit(cache=True)
def search_changes(
    layout: Layout, traffic: Traffic, settings: Settings, stage: int, green_s: int, may_change: BoolArray
) -> tuple[IntArray, float]:
    """The cheapest sequence found: rows of (second, stage to change to), and its cost.

    ``may_change[t]``: whether the very first decision, now, may be to go to stage t.
    """
    stages, lanes = layout.level.shape[0], traffic.vehicles.shape[0]
    size = settings.width * (stages + 1)
    futures = np.zeros((size, 5), np.int64)
    served = np.zeros((size, lanes), np.int64)
    next_free_s = np.zeros((size, lanes))
    cost = np.zeros(size)
    path = np.zeros((size, MAX_CHANGES, 2), np.int64)
    futures[0, _STAGE], futures[0, _TARGET], futures[0, _GREEN] = stage, -1, green_s
    count = 1
    for second in range(settings.horizon_s):
        if second % settings.branch_every_s == 0:
            parents = count
            for one in range(parents):
                if futures[one, _TARGET] >= 0 or futures[one, _CHANGES] == MAX_CHANGES:
                    continue
                now = futures[one, _STAGE]
                if futures[one, _GREEN] < layout.min_green_s[now]:
                    continue
                has_left = False
                is_full = futures[one, _GREEN] >= layout.max_green_s[now]
                for target in range(stages):
                    if not layout.allowed[now, target] or (second == 0 and not may_change[target]):
                        continue
                    if not is_wanted(layout, traffic, settings, served[one], target, second):
                        continue

                    child = count
                    futures[child] = futures[one]
                    served[child] = served[one]
                    next_free_s[child] = next_free_s[one]
                    cost[child] = cost[one]
                    path[child] = path[one]
                    changes = futures[child, _CHANGES]
                    path[child, changes, 0] = second
                    path[child, changes, 1] = target
                    futures[child, _CHANGES] = changes + 1
                    futures[child, _TARGET] = target
                    futures[child, _LEFT] = layout.change_s[now, target]
                    if futures[child, _LEFT] == 0:
                        begin_stage(layout, traffic, settings, served[child], next_free_s[child], now, target, second)
                        futures[child, _STAGE], futures[child, _TARGET], futures[child, _GREEN] = target, -1, 0
                    count += 1
                    has_left = True
                if is_full and has_left:
                    cost[one] = np.inf
            kept = list_survivors(futures, served, cost, count, layout, settings)
            total = 0
            for position in range(kept.shape[0]):
                if cost[kept[position]] < np.inf:
                    total += 1
            chosen = kept[:total]
            futures[:total] = futures[chosen]
            served[:total] = served[chosen]
            next_free_s[:total] = next_free_s[chosen]
            cost[:total] = cost[chosen]
            path[:total] = path[chosen]
            count = total
        for one in range(count):
            now, target = futures[one, _STAGE], futures[one, _TARGET]
            cost[one] += discharge_second(layout, traffic, settings, served[one], next_free_s[one], now, target, second)
            if target < 0:
                futures[one, _GREEN] += 1
                continue
            futures[one, _LEFT] -= 1
            if futures[one, _LEFT] == 0:
                begin_stage(layout, traffic, settings, served[one], next_free_s[one], now, target, second + 1)
                futures[one, _STAGE], futures[one, _TARGET], futures[one, _GREEN] = target, -1, 0
    best, best_cost = 0, np.inf
    for one in range(count):
        final = futures[one, _TARGET] if futures[one, _TARGET] >= 0 else futures[one, _STAGE]
        total_cost = cost[one] + cost_to_go(layout, traffic, settings, served[one], final, settings.horizon_s)
        if total_cost < best_cost:
            best, best_cost = one, total_cost
    return path[best, : futures[best, _CHANGES]].copy(), best_cost
