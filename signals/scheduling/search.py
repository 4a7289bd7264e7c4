"""The rolling-horizon beam search over stage sequences, at the level of lanes.

Family: schedule-driven control (Xie, Smith, Lu, Barlow 2012, SchIC/Surtrac) refined to lanes as in ERIS and
connection-based scheduling. Time runs in seconds; every other second each possible future may stay or go to a
stage that someone needs soon. Of many futures the cheapest survive, some of each stage; a future is dropped
when another in the same situation is cheaper and has served at least as many in every lane.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from signals.ports import FloatArray, IntArray
from signals.scheduling.discharge import begin_stage, cost_to_go, discharge_second
from signals.scheduling.problem import BoolArray, Layout, Settings, Traffic

MAX_CHANGES = 12


class Futures(NamedTuple):
    """The possible futures under way, one a row; ``state`` has the whole numbers named below."""

    state: IntArray
    served: IntArray
    next_free_s: FloatArray
    cost: FloatArray
    path: IntArray


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
def leave_stage(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    futures: Futures,
    parent: int,
    child: int,
    target: int,
    second: int,
) -> None:
    """Copy a future into row ``child`` and let it go to ``target`` now."""
    state = futures.state
    state[child] = state[parent]
    futures.served[child] = futures.served[parent]
    futures.next_free_s[child] = futures.next_free_s[parent]
    futures.cost[child] = futures.cost[parent]
    futures.path[child] = futures.path[parent]
    now, changes = state[child, _STAGE], state[child, _CHANGES]
    futures.path[child, changes, 0] = second
    futures.path[child, changes, 1] = target
    state[child, _CHANGES] = changes + 1
    state[child, _TARGET] = target
    state[child, _LEFT] = layout.change_s[now, target]
    if state[child, _LEFT] == 0:
        begin_stage(layout, traffic, settings, futures.served[child], futures.next_free_s[child], now, target, second)
        state[child, _STAGE], state[child, _TARGET], state[child, _GREEN] = target, -1, 0


@njit(cache=True)
def branch(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    futures: Futures,
    count: int,
    second: int,
    may_change: BoolArray,
) -> int:
    """Add every change that is allowed and wanted; a full stage that can be left is not stayed in. The new count."""
    state = futures.state
    parents = count
    for one in range(parents):
        now = state[one, _STAGE]
        is_changing = state[one, _TARGET] >= 0 or state[one, _CHANGES] == MAX_CHANGES
        if is_changing or state[one, _GREEN] < layout.min_green_s[now]:
            continue
        has_left = False
        for target in range(layout.level.shape[0]):
            if not layout.allowed[now, target] or (second == 0 and not may_change[target]):
                continue
            if is_wanted(layout, traffic, settings, futures.served[one], target, second):
                leave_stage(layout, traffic, settings, futures, one, count, target, second)
                count += 1
                has_left = True
        if has_left and state[one, _GREEN] >= layout.max_green_s[now]:
            futures.cost[one] = np.inf
    return count


@njit(cache=True)
def prune(layout: Layout, settings: Settings, futures: Futures, count: int) -> int:
    """Move the survivors to the first rows; how many there are."""
    kept = list_survivors(futures.state, futures.served, futures.cost, count, layout, settings)
    total = 0
    for position in range(kept.shape[0]):
        if futures.cost[kept[position]] < np.inf:
            total += 1
    chosen = kept[:total]
    futures.state[:total] = futures.state[chosen]
    futures.served[:total] = futures.served[chosen]
    futures.next_free_s[:total] = futures.next_free_s[chosen]
    futures.cost[:total] = futures.cost[chosen]
    futures.path[:total] = futures.path[chosen]
    return total


@njit(cache=True)
def pass_second(
    layout: Layout, traffic: Traffic, settings: Settings, futures: Futures, count: int, second: int
) -> None:
    """Let one second of traffic pass in every future."""
    state = futures.state
    for one in range(count):
        now, target = state[one, _STAGE], state[one, _TARGET]
        served, next_free_s = futures.served[one], futures.next_free_s[one]
        futures.cost[one] += discharge_second(layout, traffic, settings, served, next_free_s, now, target, second)
        if target < 0:
            state[one, _GREEN] += 1
            continue
        state[one, _LEFT] -= 1
        if state[one, _LEFT] == 0:
            begin_stage(layout, traffic, settings, served, next_free_s, now, target, second + 1)
            state[one, _STAGE], state[one, _TARGET], state[one, _GREEN] = target, -1, 0


@njit(cache=True)
def search_changes(
    layout: Layout, traffic: Traffic, settings: Settings, stage: int, green_s: int, may_change: BoolArray
) -> tuple[IntArray, float]:
    """The cheapest sequence found: rows of (second, stage to change to), and its cost.

    ``may_change[t]``: whether the very first decision, now, may be to go to stage t.
    """
    lanes = traffic.vehicles.shape[0]
    size = settings.width * (layout.level.shape[0] + 1)
    futures = Futures(
        np.zeros((size, 5), np.int64),
        np.zeros((size, lanes), np.int64),
        np.zeros((size, lanes)),
        np.zeros(size),
        np.zeros((size, MAX_CHANGES, 2), np.int64),
    )
    state = futures.state
    state[0, _STAGE], state[0, _TARGET], state[0, _GREEN] = stage, -1, green_s
    count = 1
    for second in range(settings.horizon_s):
        if second % settings.branch_every_s == 0:
            count = branch(layout, traffic, settings, futures, count, second, may_change)
            count = prune(layout, settings, futures, count)
        pass_second(layout, traffic, settings, futures, count, second)
    best, best_cost = 0, np.inf
    for one in range(count):
        final = state[one, _TARGET] if state[one, _TARGET] >= 0 else state[one, _STAGE]
        rest = cost_to_go(layout, traffic, settings, futures.served[one], final, settings.horizon_s)
        if futures.cost[one] + rest < best_cost:
            best, best_cost = one, futures.cost[one] + rest
    return futures.path[best, : state[best, _CHANGES]].copy(), best_cost
