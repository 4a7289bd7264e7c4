"""When the vehicles of a schedule will leave, and by which exit: what downstream neighbours may expect.

Replays the changes that the search found through the very same discharge, so that what is promised is what is meant.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from signals.ports import FloatArray, IntArray
from signals.scheduling.discharge import begin_stage, discharge_second
from signals.scheduling.outlook import build_outlook, fill_outlook
from signals.scheduling.problem import Layout, Settings, Traffic


@njit(cache=True)
def plan_outflow(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    stage: int,
    changes: IntArray,
    exit_of: IntArray,
    exits: int,
) -> tuple[FloatArray, float]:
    """Vehicles by exit lane and second of the horizon, and what their waiting costs until then.

    ``changes`` are rows of (second, stage to change to), as ``search_changes`` returns them.
    """
    planned = np.zeros((exits, settings.horizon_s))
    served = np.zeros(traffic.vehicles.shape[0], np.int64)
    next_free_s = np.zeros(traffic.vehicles.shape[0])
    room = traffic.room.copy()
    lanes, most = traffic.arrival_s.shape
    outlook = build_outlook(lanes, layout.level.shape[0], most, settings.horizon_s)
    fill_outlook(layout, traffic, settings, outlook)
    cost, target, left_s, following = 0.0, -1, 0, 0
    for second in range(settings.horizon_s):
        if target < 0 and following < changes.shape[0] and changes[following, 0] == second:
            target = changes[following, 1]
            following += 1
            left_s = layout.change_s[stage, target]
            if left_s == 0:
                begin_stage(layout, traffic, served, next_free_s, stage, target, second)
                stage, target = target, -1
        before = served.copy()
        cost += discharge_second(
            layout, traffic, settings, outlook, served, next_free_s, room, stage, target, left_s, second
        )
        for lane in range(served.shape[0]):
            for k in range(before[lane], served[lane]):
                planned[exit_of[traffic.movement[lane, k]], second] += 1.0
        if target >= 0:
            left_s -= 1
            if left_s == 0:
                begin_stage(layout, traffic, served, next_free_s, stage, target, second + 1)
                stage, target = target, -1
    return planned, cost
