"""Which futures survive: the cheapest, some of each stage; none that another beats in everything.

A future is dropped when a cheaper one in the same situation has served at least as many in every lane. Whoever stays in
a stage, and whoever leaves it now, is judged before anything is copied: most of them do not survive.
"""

from __future__ import annotations

from signals.kernels import kernel
from signals.ports import BoolArray, IntArray
from signals.scheduling.changes import can_leave, is_offered, leave_stage, must_leave
from signals.scheduling.futures import GREEN, LEFT, STAGE, TARGET, Futures, Workspace, copy_future
from signals.scheduling.outlook import NO_LANE, Outlook
from signals.scheduling.problem import Layout, Settings, Traffic

_LEAST_OF_A_STAGE = 4
STAYS = -1


@kernel
def is_dominated(
    layout: Layout, outlook: Outlook, futures: Futures, one: int, goes_to: int, kept: Futures, count: int
) -> bool:
    """Whether a kept (hence cheaper) future in the same situation has served as many in every lane as ``one``, which
    stays as it is or ``goes_to`` a stage.
    """
    stage, target = futures.state[one, STAGE], futures.state[one, TARGET]
    left_s, needed_s = futures.state[one, LEFT], min(futures.state[one, GREEN], layout.min_green_s[stage])
    if goes_to != STAYS:
        left_s, needed_s = layout.change_s[stage, goes_to], 0
        stage, target = (stage, goes_to) if left_s > 0 else (goes_to, -1)
    for other in range(count):
        if kept.state[other, STAGE] != stage or kept.state[other, TARGET] != target:
            continue
        if target < 0 and kept.state[other, GREEN] < needed_s:
            continue
        if target >= 0 and kept.state[other, LEFT] > left_s:
            continue
        as_many = True
        for place in range(outlook.busy.shape[0]):
            lane = outlook.busy[place]
            if lane == NO_LANE:
                break
            if kept.served[other, lane] < futures.served[one, lane]:
                as_many = False
                break
        if as_many:
            return True
    return False


@kernel
def is_final(traffic: Traffic, settings: Settings, outlook: Outlook, futures: Futures, one: int) -> bool:
    """Whether a future has served everybody, and nothing can be earned or has to be paid after that."""
    if settings.guide_cost > 0.0:
        return False
    for place in range(outlook.busy.shape[0]):
        lane = outlook.busy[place]
        if lane == NO_LANE:
            break
        if futures.served[one, lane] < traffic.vehicles[lane]:
            return False
    for m in range(traffic.price.shape[0]):  # noqa: SIM110  (a kernel: numba has no generators)
        if traffic.price[m] < 0.0:
            return False
    return True


@kernel
def has_change(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    outlook: Outlook,
    futures: Futures,
    count: int,
    second: int,
    may_change: BoolArray,
) -> bool:
    """Whether any future has a change of stage to offer in this second."""
    for one in range(count):
        if can_leave(layout, settings, futures, one, second):
            for target in range(layout.level.shape[0]):
                if is_offered(layout, traffic, settings, outlook, futures, one, target, second, may_change):
                    return True
    return False


@kernel
def sort_by_cost(futures: Futures, count: int, order: IntArray) -> None:
    """Fill ``order`` with the rows, cheapest first, ties as they are; they are nearly in order already."""
    for one in range(count):
        place = one
        while place > 0 and futures.cost[order[place - 1]] > futures.cost[one]:
            order[place] = order[place - 1]
            place -= 1
        order[place] = one


@kernel
def branch_and_prune(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    space: Workspace,
    futures: Futures,
    spare: Futures,
    count: int,
    second: int,
    may_change: BoolArray,
) -> int:
    """Copy to ``spare`` who survives of those who stay and those who leave now, cheapest first; how many there are.

    At equal cost staying comes first. Nothing that is dearer than a future which has served everybody can still become
    the cheapest.
    """
    stages, outlook, order, used = layout.level.shape[0], space.outlook, space.order, space.used
    share = max(_LEAST_OF_A_STAGE, settings.width // stages)
    sort_by_cost(futures, count, order)
    used[:] = 0
    total = stays = leaves = target = 0
    while total < settings.width:
        while leaves < count:  # to the next change on offer
            if target == stages or (target == 0 and not can_leave(layout, settings, futures, order[leaves], second)):
                leaves, target = leaves + 1, 0
            elif used[target] < share and is_offered(
                layout, traffic, settings, outlook, futures, order[leaves], target, second, may_change
            ):
                break
            else:
                target += 1
        while (
            stays < count
            and can_leave(layout, settings, futures, order[stays], second)
            and must_leave(layout, futures, order[stays], second, may_change)
        ):
            stays += 1
        if stays == count and leaves == count:
            break
        is_staying = leaves == count
        if stays < count and leaves < count:
            is_staying = futures.cost[order[stays]] <= futures.cost[order[leaves]] + settings.change_cost_s
        if is_staying:
            one, goes_to = order[stays], STAYS
            stays += 1
        else:
            one, goes_to = order[leaves], target
            target += 1
        group = goes_to
        if goes_to == STAYS:
            group = futures.state[one, TARGET] if futures.state[one, TARGET] >= 0 else futures.state[one, STAGE]
        if used[group] >= share or is_dominated(layout, outlook, futures, one, goes_to, spare, total):
            continue
        copy_future(futures, one, spare, total, outlook)
        if goes_to != STAYS:
            leave_stage(layout, traffic, settings, spare, total, goes_to, second)
        used[group] += 1
        total += 1
        if is_final(traffic, settings, outlook, futures, one):
            break
    return total
