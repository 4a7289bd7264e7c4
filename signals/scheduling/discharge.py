"""How lanes empty: one second of one possible future.

Every lane is first in, first out, so that a left turn that waits holds the through traffic behind it. The head
leaves when it has arrived, its movement is green, its exit has room and, on a permitted green, no vehicle that
it gives way to will come within the gap. One that has still to change to its movement's lane waits for such a gap
there, and holds up those behind it. Start-up loss is paid only by lanes whose head was not green before.
A head whose turn is only guessed leaves where its lane's share may go, so much later as that share is less than one.
"""

from __future__ import annotations

from signals.kernels import kernel
from signals.ports import FloatArray, IntArray
from signals.scheduling.outlook import LEAST_SHARE, NO_LANE, Outlook
from signals.scheduling.problem import NO_GREEN, PERMITTED, PROTECTED, Layout, Settings, Traffic

_SLOWEST_SHARE = 0.25


@kernel
def lamp_level(layout: Layout, settings: Settings, stage: int, target: int, left_s: int, movement: int) -> int:
    """What a movement may do: in a stage, or ``left_s`` before the change to ``target`` ends."""
    if target < 0:
        return int(layout.level[stage, movement])
    if layout.through[stage, target, movement] > NO_GREEN:
        return int(layout.through[stage, target, movement])
    passed_s = layout.change_s[stage, target] - left_s
    if passed_s < layout.keeps_s[stage, target, movement] + settings.yellow_use_s:
        return int(layout.level[stage, movement])
    return int(layout.level[target, movement]) if left_s <= layout.early_s[stage, target, movement] else NO_GREEN


@kernel
def is_foe_near(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    served: IntArray,
    next_free_s: FloatArray,
    stage: int,
    target: int,
    left_s: int,
    movement: int,
    now_s: float,
) -> bool:
    """Whether a vehicle with the right of way reaches the stop line within the gap, in its lane's order."""
    for f in range(layout.foes.shape[1]):
        foe = layout.foes[movement, f]
        if foe < 0:
            break
        if lamp_level(layout, settings, stage, target, left_s, foe) == NO_GREEN:
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
            if lamp_level(layout, settings, stage, target, left_s, bound_for) == NO_GREEN:
                break  # it blocks its lane, the foe behind it cannot come
            free_s = leaves_s + traffic.headway_s[lane]
    return False


@kernel
def has_merging_gap(
    traffic: Traffic, settings: Settings, served: IntArray, next_free_s: FloatArray, lane: int, now_s: float
) -> bool:
    """Whether one who stands at the line in the next lane may change to ``lane``: nobody in it comes within the gap."""
    k = served[lane]
    if next_free_s[lane] > now_s:
        return False
    return k == traffic.vehicles[lane] or bool(traffic.arrival_s[lane, k] >= now_s + settings.gap_s)


@kernel
def discharge_second(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    outlook: Outlook,
    served: IntArray,
    next_free_s: FloatArray,
    room: IntArray,
    stage: int,
    target: int,
    left_s: int,
    second: int,
) -> float:
    """Let vehicles leave in ``[second, second + 1)``; what the wait, stops and departures of that second cost."""
    cost = 0.0
    delay_cost = 1.0 + settings.co2_cost_s_per_g * settings.idle_g_per_s
    stop_cost = settings.stop_cost_s + settings.co2_cost_s_per_g * settings.stop_g
    for place in range(served.shape[0]):
        lane = outlook.busy[place]
        if lane == NO_LANE:
            break
        k = served[lane]
        if k == traffic.vehicles[lane]:
            continue
        if target >= 0:
            m = traffic.movement[lane, k]
            if layout.through[stage, target, m] == NO_GREEN and left_s == layout.early_s[stage, target, m]:
                next_free_s[lane] = max(next_free_s[lane], second + traffic.startup_loss_s[lane])
        if traffic.arrival_s[lane, k] >= second + 1:
            continue
        while k < traffic.vehicles[lane]:
            start_s = max(next_free_s[lane], traffic.arrival_s[lane, k], float(second))
            if start_s >= second + 1:
                break
            m = traffic.movement[lane, k]
            level = lamp_level(layout, settings, stage, target, left_s, m)
            slower = 1.0
            if traffic.is_guess[lane, k] and target < 0:
                share = outlook.share[stage, lane]
                if share <= LEAST_SHARE:
                    break
                level = PROTECTED if level == NO_GREEN else level
                slower = 1.0 / max(share, _SLOWEST_SHARE)
            if level == NO_GREEN:
                break
            if second < settings.blocked_s:
                is_stuck = traffic.blocked[m] or (traffic.held[m] and level == PERMITTED)
                if is_stuck or room[layout.exit_of[m]] <= 0:
                    break
            own = layout.entry_of[m]
            if own != lane:  # it stands in another lane than its own, and blocks it
                if not has_merging_gap(traffic, settings, served, next_free_s, own, start_s):
                    break
                next_free_s[own] = max(next_free_s[own], start_s + traffic.headway_s[own])
            headway_s = traffic.headway_s[lane]
            if level == PERMITTED:
                if is_foe_near(layout, traffic, settings, served, next_free_s, stage, target, left_s, m, start_s):
                    break
                headway_s *= settings.permitted_slower
            next_free_s[lane] = start_s + headway_s * slower
            room[layout.exit_of[m]] -= 1
            cost += traffic.price[m]
            k += 1
            served[lane] = k
        come = outlook.come[lane, second]
        if come > k:
            cost += delay_cost * (outlook.weight[lane, come] - outlook.weight[lane, k])
            stood = max(k, outlook.come[lane, max(0, second - 1)])
            cost += stop_cost * (outlook.weight[lane, come] - outlook.weight[lane, max(k, stood)])
    return cost


@kernel
def begin_stage(
    layout: Layout,
    traffic: Traffic,
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
        is_green_before = layout.through[stage, target, m] > NO_GREEN or layout.early_s[stage, target, m] > 0
        if layout.level[target, m] > NO_GREEN and not is_green_before:
            next_free_s[lane] = max(next_free_s[lane], second + traffic.startup_loss_s[lane])


@kernel
def cost_to_go(
    layout: Layout, traffic: Traffic, settings: Settings, outlook: Outlook, served: IntArray, stage: int, horizon_s: int
) -> float:
    """What the vehicles still queued at the horizon will cost at least, more where their head sees no green."""
    cost = 0.0
    for lane in range(served.shape[0]):
        queued = outlook.come[lane, horizon_s] - served[lane]
        if queued <= 0:
            continue
        weight = outlook.weight[lane, served[lane] + queued] - outlook.weight[lane, served[lane]]
        cost += settings.rest_factor * traffic.headway_s[lane] * weight * (queued + 1) / 2.0
        if layout.level[stage, traffic.movement[lane, served[lane]]] != PROTECTED:
            cost += settings.red_head_s * weight
    return cost
