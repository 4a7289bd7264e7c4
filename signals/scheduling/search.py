"""The rolling-horizon beam search over stage sequences, at the level of lanes.

Family: schedule-driven control (Xie, Smith, Lu, Barlow 2012, SchIC/Surtrac) refined to lanes as in ERIS and
connection-based scheduling. Time runs in seconds; each second in the near part of the horizon, less often later, each
possible future may stay or go to a stage that someone needs soon. Of many futures the cheapest survive, some of each
stage (``survival``); the search ends early when nothing is left to decide.
"""

from __future__ import annotations

import numpy as np

from signals.kernels import kernel
from signals.ports import IntArray
from signals.scheduling.changes import start_stage
from signals.scheduling.discharge import cost_to_go, discharge_second
from signals.scheduling.futures import CHANGES, GREEN, LEFT, STAGE, TARGET, Futures, Workspace
from signals.scheduling.outlook import Outlook, fill_outlook
from signals.scheduling.problem import BoolArray, Layout, Settings, Traffic
from signals.scheduling.survival import branch_and_prune, has_change


@kernel
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


@kernel
def begin_search(traffic: Traffic, futures: Futures, stage: int, green_s: int) -> None:
    """The present as the only future."""
    futures.state[0, STAGE], futures.state[0, TARGET], futures.state[0, LEFT] = stage, -1, 0
    futures.state[0, GREEN], futures.state[0, CHANGES] = green_s, 0
    futures.served[0] = 0
    futures.next_free_s[0] = 0.0
    for out in range(traffic.room.shape[0]):
        futures.room[0, out] = traffic.room[out]
    futures.cost[0] = 0.0


@kernel
def leaves_now(futures: Futures, count: int) -> bool:
    """Whether the first change of any future is now."""
    for one in range(count):  # noqa: SIM110  (a kernel: numba has no generators)
        if futures.state[one, CHANGES] > 0 and futures.path[one, 0, 0] == 0:
            return True
    return False


@kernel
def find_changes(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    space: Workspace,
    stage: int,
    green_s: int,
    may_change: BoolArray,
    until_decided: bool,  # noqa: FBT001  (a kernel: numba has no keywords)
) -> tuple[int, float]:
    """How many changes the cheapest sequence found has, written to ``space.found``, and its cost."""
    outlook, futures, spare = space.outlook, space.futures, space.spare
    fill_outlook(layout, traffic, settings, outlook)
    begin_search(traffic, futures, stage, green_s)
    count = 1
    for second in range(settings.horizon_s):
        if has_change(layout, traffic, settings, outlook, futures, count, second, may_change):
            count = branch_and_prune(layout, traffic, settings, space, futures, spare, count, second, may_change)
            futures, spare = spare, futures
            if until_decided and not leaves_now(futures, count):
                return 0, np.inf
        elif until_decided and second == 0:
            return 0, np.inf
        pass_second(layout, traffic, settings, outlook, futures, count, second)
    best, best_cost = 0, np.inf
    for one in range(count):
        final = futures.state[one, TARGET] if futures.state[one, TARGET] >= 0 else futures.state[one, STAGE]
        rest = cost_to_go(layout, traffic, settings, outlook, futures.served[one], final, settings.horizon_s)
        if futures.cost[one] + rest < best_cost:
            best, best_cost = one, futures.cost[one] + rest
    changes = futures.state[best, CHANGES]
    for change in range(changes):
        space.found[change, 0], space.found[change, 1] = futures.path[best, change, 0], futures.path[best, change, 1]
    return changes, best_cost


def search_changes(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    space: Workspace,
    stage: int,
    green_s: int,
    may_change: BoolArray,
    until_decided: bool = False,  # noqa: FBT001, FBT002  (passed on to the kernel)
) -> tuple[IntArray, float]:
    """The cheapest sequence found: rows of (second, stage to change to), and its cost.

    ``may_change[t]``: whether the very first decision, now, may be to go to stage t. With ``until_decided`` the search
    ends as soon as no future survives that leaves the stage now: the sequence is then empty, its cost infinite.
    """
    changes, cost = find_changes(layout, traffic, settings, space, stage, green_s, may_change, until_decided)
    return space.found[:changes].copy(), cost
