"""How one possible future goes from stage to stage: where it may go, whether anybody wants that, what it changes."""

from __future__ import annotations

from signals.kernels import kernel
from signals.ports import BoolArray, IntArray
from signals.scheduling.discharge import begin_stage
from signals.scheduling.futures import CHANGES, GREEN, LEFT, MAX_CHANGES, STAGE, TARGET, Futures
from signals.scheduling.outlook import NO_LANE, Outlook
from signals.scheduling.problem import Layout, Settings, Traffic


@kernel
def is_wanted(
    traffic: Traffic, settings: Settings, outlook: Outlook, served: IntArray, stage: int, second: int
) -> bool:
    """Whether a lane's waiting or soon arriving vehicles include one that ``stage`` serves, or a band wants it soon."""
    is_guided = settings.guide_cost > 0.0 and stage < traffic.guide_s.shape[0]
    if is_guided and traffic.guide_s[stage, 0] - settings.look_ahead_s <= second < traffic.guide_s[stage, 1]:
        return True
    for place in range(outlook.busy.shape[0]):
        lane = outlook.busy[place]
        if lane == NO_LANE:
            break
        k = outlook.next_use[stage, lane, served[lane]]
        if k < traffic.vehicles[lane] and traffic.arrival_s[lane, k] <= second + settings.look_ahead_s:
            return True
    return False


@kernel
def is_branching(settings: Settings, second: int) -> bool:
    """Whether changes are considered in this second: in each at first, in every n-th later, in fewer at last."""
    if second < settings.fine_s:
        return True
    every_s = settings.branch_every_s * (2 if second >= settings.coarse_s else 1)
    return second % every_s == 0


@kernel
def can_leave(layout: Layout, settings: Settings, futures: Futures, one: int, second: int) -> bool:
    """Whether a future may change its stage in this second, as soon as it can and as late as it must in any second."""
    state = futures.state
    now, green_s = state[one, STAGE], state[one, GREEN]
    if state[one, TARGET] >= 0 or state[one, CHANGES] == MAX_CHANGES or green_s < layout.min_green_s[now]:
        return False
    is_due = green_s == layout.min_green_s[now] or green_s == layout.max_green_s[now]
    return bool(is_due or is_branching(settings, second))


@kernel
def is_offered(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    outlook: Outlook,
    futures: Futures,
    one: int,
    target: int,
    second: int,
    may_change: BoolArray,
) -> bool:
    """Whether a future that can leave its stage may go to ``target``: it is allowed, and wanted or overdue."""
    now = futures.state[one, STAGE]
    if not layout.allowed[now, target] or (second == 0 and not may_change[target]):
        return False
    is_full = futures.state[one, GREEN] >= layout.max_green_s[now]
    return bool(is_full or is_wanted(traffic, settings, outlook, futures.served[one], target, second))


@kernel
def must_leave(layout: Layout, futures: Futures, one: int, second: int, may_change: BoolArray) -> bool:
    """Whether a future that can leave its stage has had its maximum green, and there is another stage to go to."""
    now = futures.state[one, STAGE]
    if futures.state[one, GREEN] < layout.max_green_s[now]:
        return False
    for target in range(layout.level.shape[0]):
        if layout.allowed[now, target] and (second > 0 or may_change[target]):
            return True
    return False


@kernel
def start_stage(layout: Layout, traffic: Traffic, futures: Futures, one: int, second: int) -> None:
    """The change of a future has ended: its target is green from ``second`` on."""
    state = futures.state
    now, target = state[one, STAGE], state[one, TARGET]
    begin_stage(layout, traffic, futures.served[one], futures.next_free_s[one], now, target, second)
    state[one, STAGE], state[one, TARGET], state[one, GREEN] = target, -1, 0


@kernel
def leave_stage(
    layout: Layout, traffic: Traffic, settings: Settings, futures: Futures, one: int, target: int, second: int
) -> None:
    """Let a future go to ``target`` now."""
    futures.cost[one] += settings.change_cost_s
    state = futures.state
    changes = state[one, CHANGES]
    futures.path[one, changes, 0] = second
    futures.path[one, changes, 1] = target
    state[one, CHANGES] = changes + 1
    state[one, TARGET] = target
    state[one, LEFT] = layout.change_s[state[one, STAGE], target]
    if state[one, LEFT] == 0:
        start_stage(layout, traffic, futures, one, second)
