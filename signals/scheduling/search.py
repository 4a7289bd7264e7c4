"""The rolling-horizon beam search over stage sequences, at the level of lanes.

Family: schedule-driven control (Xie, Smith, Lu, Barlow 2012, SchIC/Surtrac) refined to lanes as in ERIS and
connection-based scheduling. Time runs in seconds; each second in the near part of the horizon, less often later, each
possible future may stay or go to a stage that someone needs soon. Of many futures the cheapest survive, some of each
stage (``survival``); the search ends early when nothing is left to decide.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from signals.ports import IntArray
from signals.scheduling.discharge import begin_stage, cost_to_go, discharge_second
from signals.scheduling.futures import CHANGES, GREEN, LEFT, MAX_CHANGES, STAGE, TARGET, Futures, Workspace, copy_future
from signals.scheduling.outlook import Outlook, fill_outlook
from signals.scheduling.problem import BoolArray, Layout, Settings, Traffic
from signals.scheduling.survival import prune


@njit(cache=True)
def is_wanted(
    traffic: Traffic, settings: Settings, outlook: Outlook, served: IntArray, stage: int, second: int
) -> bool:
    """Whether a lane's waiting or soon arriving vehicles include one that ``stage`` serves, or a band wants it soon."""
    is_guided = settings.guide_cost > 0.0 and stage < traffic.guide_s.shape[0]
    if is_guided and traffic.guide_s[stage, 0] - settings.look_ahead_s <= second < traffic.guide_s[stage, 1]:
        return True
    for lane in range(served.shape[0]):
        k = outlook.next_use[stage, lane, served[lane]]
        if k < traffic.vehicles[lane] and traffic.arrival_s[lane, k] <= second + settings.look_ahead_s:
            return True
    return False


@njit(cache=True)
def is_branching(settings: Settings, second: int) -> bool:
    """Whether changes are considered in this second: in each at first, in every n-th later, in fewer at last."""
    if second < settings.fine_s:
        return True
    every_s = settings.branch_every_s * (2 if second >= settings.coarse_s else 1)
    return second % every_s == 0


@njit(cache=True)
def start_stage(layout: Layout, traffic: Traffic, futures: Futures, one: int, second: int) -> None:
    """The change of a future has ended: its target is green from ``second`` on."""
    state = futures.state
    now, target = state[one, STAGE], state[one, TARGET]
    begin_stage(layout, traffic, futures.served[one], futures.next_free_s[one], now, target, second)
    state[one, STAGE], state[one, TARGET], state[one, GREEN] = target, -1, 0


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
    copy_future(futures, parent, futures, child)
    futures.cost[child] += settings.change_cost_s
    state = futures.state
    changes = state[child, CHANGES]
    futures.path[child, changes, 0] = second
    futures.path[child, changes, 1] = target
    state[child, CHANGES] = changes + 1
    state[child, TARGET] = target
    state[child, LEFT] = layout.change_s[state[child, STAGE], target]
    if state[child, LEFT] == 0:
        start_stage(layout, traffic, futures, child, second)


@njit(cache=True)
def branch(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    outlook: Outlook,
    futures: Futures,
    count: int,
    second: int,
    may_change: BoolArray,
) -> int:
    """Add every change that is allowed and wanted; a full stage that can be left is not stayed in. The new count."""
    state = futures.state
    parents = count
    for one in range(parents):
        now, green_s = state[one, STAGE], state[one, GREEN]
        if state[one, TARGET] >= 0 or state[one, CHANGES] == MAX_CHANGES or green_s < layout.min_green_s[now]:
            continue
        is_due = green_s == layout.min_green_s[now] or green_s == layout.max_green_s[now]
        if not (is_due or is_branching(settings, second)):
            continue
        is_full = green_s >= layout.max_green_s[now]
        has_left = False
        for target in range(layout.level.shape[0]):
            if not layout.allowed[now, target] or (second == 0 and not may_change[target]):
                continue
            if is_full or is_wanted(traffic, settings, outlook, futures.served[one], target, second):
                leave_stage(layout, traffic, settings, futures, one, count, target, second)
                count += 1
                has_left = True
        if has_left and is_full:
            futures.cost[one] = np.inf
    return count


@njit(cache=True)
def pass_second(
    layout: Layout, traffic: Traffic, settings: Settings, outlook: Outlook, futures: Futures, count: int, second: int
) -> None:
    """Let one second of traffic pass in every future."""
    state = futures.state
    for one in range(count):
        now, target, left_s = state[one, STAGE], state[one, TARGET], state[one, LEFT]
        futures.cost[one] += outlook.guide_cost[now if target < 0 else target, second] + discharge_second(
            layout,
            traffic,
            settings,
            outlook,
            futures.served[one],
            futures.next_free_s[one],
            futures.room[one],
            now,
            target,
            left_s,
            second,
        )
        if target < 0:
            state[one, GREEN] += 1
            continue
        state[one, LEFT] = left_s - 1
        if left_s == 1:
            start_stage(layout, traffic, futures, one, second + 1)


@njit(cache=True)
def begin_search(traffic: Traffic, futures: Futures, stage: int, green_s: int) -> None:
    """The present as the only future."""
    futures.state[0, STAGE], futures.state[0, TARGET], futures.state[0, LEFT] = stage, -1, 0
    futures.state[0, GREEN], futures.state[0, CHANGES] = green_s, 0
    futures.served[0] = 0
    futures.next_free_s[0] = 0.0
    futures.room[0] = traffic.room
    futures.cost[0] = 0.0


@njit(cache=True)
def search_changes(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    space: Workspace,
    stage: int,
    green_s: int,
    may_change: BoolArray,
) -> tuple[IntArray, float]:
    """The cheapest sequence found: rows of (second, stage to change to), and its cost.

    ``may_change[t]``: whether the very first decision, now, may be to go to stage t.
    """
    outlook, futures, spare = space.outlook, space.futures, space.spare
    fill_outlook(layout, traffic, settings, outlook)
    begin_search(traffic, futures, stage, green_s)
    count = 1
    for second in range(settings.horizon_s):
        parents = count
        count = branch(layout, traffic, settings, outlook, futures, count, second, may_change)
        if count > parents:
            count = prune(layout, traffic, settings, futures, spare, count)
            futures, spare = spare, futures
        pass_second(layout, traffic, settings, outlook, futures, count, second)
    best, best_cost = 0, np.inf
    for one in range(count):
        final = futures.state[one, TARGET] if futures.state[one, TARGET] >= 0 else futures.state[one, STAGE]
        rest = cost_to_go(layout, traffic, settings, outlook, futures.served[one], final, settings.horizon_s)
        if futures.cost[one] + rest < best_cost:
            best, best_cost = one, futures.cost[one] + rest
    return futures.path[best, : futures.state[best, CHANGES]].copy(), best_cost
