"""How lanes empty: one second of one possible future.

Every lane is first in, first out, so that a left turn that waits holds the through traffic behind it. The head
leaves when it has arrived, its movement is green, its exit is free and, on a permitted green, no vehicle that
it gives way to will come within the gap. Start-up loss is paid only by lanes whose head was not green before.
"""

from __future__ import annotations

from numba import njit

from signals.ports import FloatArray, IntArray
from signals.scheduling.problem import PERMITTED, Layout, Settings, Traffic


@njit(cache=True)
def lamp_level(layout: Layout, stage: int, target: int, movement: int) -> int:
    """What a movement may do: in a stage, or while it changes to ``target``."""
    if target >= 0:
        return int(layout.through[stage, target, movement])
    return int(layout.level[stage, movement])


@njit(cache=True)
def is_foe_near(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    served: IntArray,
    next_free_s: FloatArray,
    stage: int,
    target: int,
    movement: int,
    now_s: float,
) -> bool:
    """Whether a vehicle with the right of way reaches the stop line within the gap, in its lane's order."""
    for f in range(layout.foes.shape[1]):
        foe = layout.foes[movement, f]
        if foe < 0:
            break
        if lamp_level(layout, stage, target, foe) == 0:
            continue
        lane = layout.entry_of[foe]
        free_s = next_free_s[lane]
        for k in range(served[lane], traffic.vehicles[lane]):
            leaves_s = max(traffic.arrival_s[lane, k], free_s)
            if leaves_s > now_s + settings.gap_s:
                break
            bound_for = traffic.movement[lane, k]
            if bound_for == foe:
                return True
            if lamp_level(layout, stage, target, bound_for) == 0:
                break  # it blocks its lane, the foe behind it cannot come
            free_s = leaves_s + traffic.headway_s[lane]
    return False


@njit(cache=True)
def discharge_second(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    served: IntArray,
    next_free_s: FloatArray,
    stage: int,
    target: int,
    second: int,
) -> float:
    """Let vehicles leave in ``[second, second + 1)``; the weighted seconds waited by those who have arrived."""
    cost = 0.0
    for lane in range(served.shape[0]):
        k = served[lane]
        while k < traffic.vehicles[lane]:
            start_s = max(next_free_s[lane], traffic.arrival_s[lane, k], float(second))
            if start_s >= second + 1:
                break
            m = traffic.movement[lane, k]
            level = lamp_level(layout, stage, target, m)
            is_stuck = traffic.blocked[m] or (traffic.held[m] and level == PERMITTED)
            if level == 0 or (is_stuck and second < settings.blocked_s):
                break
            if level == PERMITTED and is_foe_near(
                layout, traffic, settings, served, next_free_s, stage, target, m, start_s
            ):
                break
            next_free_s[lane] = start_s + (
                settings.permitted_headway_s if level == PERMITTED else traffic.headway_s[lane]
            )
            k += 1
            served[lane] = k
        for waiting in range(k, traffic.vehicles[lane]):
            if traffic.arrival_s[lane, waiting] > second:
                break
            cost += traffic.weight[lane, waiting]
    return cost


@njit(cache=True)
def begin_stage(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,  # noqa: ARG001  (kernels of one family take the same arguments)
    served: IntArray,
    next_free_s: FloatArray,
    stage: int,
    target: int,
    second: int,
) -> None:
    """The change from ``stage`` has ended: heads that were not green through it need their start-up time."""
    for lane in range(served.shape[0]):
        if served[lane] >= traffic.vehicles[lane]:
            continue
        m = traffic.movement[lane, served[lane]]
        if layout.level[target, m] > 0 and layout.through[stage, target, m] == 0:
            next_free_s[lane] = max(next_free_s[lane], second + traffic.startup_loss_s[lane])


@njit(cache=True)
def cost_to_go(
    layout: Layout, traffic: Traffic, settings: Settings, served: IntArray, stage: int, horizon_s: int
) -> float:
    """What the vehicles still queued at the horizon will cost at least, more where their head sees no green."""
    cost = 0.0
    for lane in range(served.shape[0]):
        queued = 0
        for k in range(served[lane], traffic.vehicles[lane]):
            if traffic.arrival_s[lane, k] > horizon_s:
                break
            queued += 1
        if queued:
            cost += traffic.headway_s[lane] * queued * (queued + 1) / 2.0
            if layout.level[stage, traffic.movement[lane, served[lane]]] != 2:
                cost += settings.red_head_s * queued
    return cost
