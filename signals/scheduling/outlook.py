"""What every future of one search shares, worked out once: who has come by when, and what they cost.

With sums along each lane, a second of waiting costs one subtraction a lane, however long the queue is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from signals.kernels import kernel
from signals.ports import FloatArray, IntArray
from signals.scheduling.problem import Layout, Settings, Traffic

NO_LANE = -1
LEAST_SHARE = 0.05  # a guessed vehicle is not expected to go where fewer of its lane go


class Outlook(NamedTuple):
    """``come[l, t]``: vehicles of lane l that have reached the line or its queue by second t. ``weight[l, k]``: of
    the first k of lane l together. ``next_use[s, l, k]``: the first of lane l, from its k-th on, whom stage s serves.

    ``share[s, l]``: how likely a guessed vehicle of lane l may go in stage s; ``guide_cost[s, t]`` is the band's.
    ``busy``: the lanes in which somebody is or is expected, then ``NO_LANE``; nothing ever happens in the others.
    """

    come: IntArray
    weight: FloatArray
    next_use: IntArray
    share: FloatArray
    guide_cost: FloatArray
    busy: IntArray


@njit(cache=True)
def build_outlook(lanes: int, stages: int, capacity: int, horizon_s: int) -> Outlook:
    """Room for an outlook, to be filled before each search."""
    return Outlook(
        np.zeros((lanes, horizon_s + 1), np.int64),
        np.zeros((lanes, capacity + 1)),
        np.zeros((stages, lanes, capacity + 1), np.int64),
        np.ones((stages, lanes)),
        np.zeros((stages, horizon_s)),
        np.full(lanes + 1, NO_LANE, np.int64),
    )


@kernel
def fill_outlook(layout: Layout, traffic: Traffic, settings: Settings, outlook: Outlook) -> None:
    """Work out everything that depends on the traffic of this moment."""
    stages = layout.level.shape[0]
    fill_shares(layout, traffic, outlook)
    busy = 0
    for lane in range(traffic.vehicles.shape[0]):
        count = traffic.vehicles[lane]
        if count > 0:
            outlook.busy[busy] = lane
            busy += 1
        outlook.weight[lane, 0] = 0.0
        for k in range(count):
            outlook.weight[lane, k + 1] = outlook.weight[lane, k] + traffic.weight[lane, k]
        come = 0
        for second in range(outlook.come.shape[1]):
            while come < count and traffic.arrival_s[lane, come] <= second:
                come += 1
            outlook.come[lane, second] = come
        for stage in range(stages):
            outlook.next_use[stage, lane, count] = count
            for k in range(count - 1, -1, -1):
                is_served = layout.level[stage, traffic.movement[lane, k]] > 0
                if traffic.is_guess[lane, k]:
                    is_served = outlook.share[stage, lane] > LEAST_SHARE
                outlook.next_use[stage, lane, k] = k if is_served else outlook.next_use[stage, lane, k + 1]
    outlook.busy[busy] = NO_LANE
    fill_guidance(traffic, settings, outlook)


@kernel
def fill_shares(layout: Layout, traffic: Traffic, outlook: Outlook) -> None:
    """How much of each lane's traffic a stage serves; one where nothing was learnt."""
    stages, lanes = outlook.share.shape
    for lane in range(lanes):
        total = 0.0
        for m in range(layout.entry_of.shape[0]):
            total += traffic.turn_share[m] if layout.entry_of[m] == lane else 0.0
        for stage in range(stages):
            green = 0.0
            for m in range(layout.entry_of.shape[0]):
                if layout.entry_of[m] == lane and (layout.level[stage, m] > 0):
                    green += traffic.turn_share[m] if total > 0.0 else 1.0
            outlook.share[stage, lane] = green / total if total > 0.0 else min(green, 1.0)


@kernel
def fill_guidance(traffic: Traffic, settings: Settings, outlook: Outlook) -> None:
    """The band's cost: of each second in which it wants a stage and none that it wants is green."""
    guided = traffic.guide_s.shape[0]
    for second in range(outlook.guide_cost.shape[1]):
        is_wanted = False
        for stage in range(guided):
            if traffic.guide_s[stage, 0] <= second < traffic.guide_s[stage, 1]:
                is_wanted = True
        for stage in range(outlook.guide_cost.shape[0]):
            is_right = stage < guided and traffic.guide_s[stage, 0] <= second < traffic.guide_s[stage, 1]
            outlook.guide_cost[stage, second] = settings.guide_cost if is_wanted and not is_right else 0.0
