"""When the vehicles of a schedule will leave, and by which exit: what downstream neighbours may expect.

Replays the changes that a search found, second by second through the very kernels of the search, so that what is
promised is what is meant.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from signals.ports import FloatArray, IntArray
from signals.scheduling.changes import start_stage
from signals.scheduling.futures import LEFT, STAGE, TARGET, Workspace
from signals.scheduling.problem import Layout, Settings, Traffic
from signals.scheduling.search import begin_search, pass_second


@njit(cache=True)
def plan_outflow(
    layout: Layout,
    traffic: Traffic,
    settings: Settings,
    space: Workspace,
    stage: int,
    green_s: int,
    changes: IntArray,
) -> tuple[FloatArray, float]:
    """Vehicles by exit lane and second of the horizon, and what the schedule costs until then.

    Call it after the search with the same traffic: ``space`` still has its outlook. ``changes`` are rows of (second,
    stage to change to), as ``search_changes`` returns them.
    """
    futures = space.spare
    planned = np.zeros((traffic.room.shape[0], settings.horizon_s))
    begin_search(traffic, futures, stage, green_s)
    before = np.zeros(futures.served.shape[1], np.int64)
    following = 0
    for second in range(settings.horizon_s):
        if futures.state[0, TARGET] < 0 and following < changes.shape[0] and changes[following, 0] <= second:
            target = changes[following, 1]
            futures.state[0, LEFT] = layout.change_s[futures.state[0, STAGE], target]
            futures.state[0, TARGET] = target
            futures.cost[0] += settings.change_cost_s
            following += 1
            if futures.state[0, LEFT] == 0:
                start_stage(layout, traffic, futures, 0, second)
        for lane in range(before.shape[0]):
            before[lane] = futures.served[0, lane]
        pass_second(layout, traffic, settings, space.outlook, futures, 1, second)
        for lane in range(traffic.vehicles.shape[0]):
            for k in range(before[lane], futures.served[0, lane]):
                planned[layout.exit_of[traffic.movement[lane, k]], second] += 1.0
    return planned, futures.cost[0]
