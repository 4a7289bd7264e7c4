"""The dynamic programme over phases and clusters of the schedule-driven family (SchIC; Xie, Smith, Lu, Barlow 2012).

Within a phase the order of clusters is fixed, only their interleaving is decided. A state is (X, s): how many
clusters of each phase are served, and the last phase. Of all ways to a state the one with the least delay is kept,
of equals the earliest (the greedy elimination that is published). X is counted in mixed radix, so that each
predecessor has a smaller number.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from signals.ports import FloatArray, IntArray


@njit(cache=True)
def schedule_clusters(
    count: IntArray,
    arrival_s: FloatArray,
    duration_s: FloatArray,
    vehicles: FloatArray,
    stage: int,
    green_s: float,
    min_green_s: FloatArray,
    max_green_s: FloatArray,
    change_s: FloatArray,
    startup_loss_s: float,
    interruption_s: float,
) -> tuple[int, float]:
    """The phase of the first cluster in the best schedule, -1 where there is none, and the delay in vehicle-seconds.

    Rows are phases, ``count`` says how many clusters of a row are in use; times count from now.
    """
    phases = count.shape[0]
    stride = np.ones(phases + 1, np.int64)
    for i in range(phases):
        stride[i + 1] = stride[i] * (count[i] + 1)
    total = stride[phases]
    if total == 1:
        return -1, 0.0
    delay = np.full((total, phases), np.inf)
    time_s = np.zeros((total, phases))
    lit_s = np.zeros((total, phases))
    first = np.full((total, phases), -1, np.int64)
    delay[0, stage] = 0.0
    lit_s[0, stage] = green_s
    for x in range(total):
        for s in range(phases):
            if delay[x, s] == np.inf:
                continue
            for i in range(phases):
                served = (x // stride[i]) % (count[i] + 1)
                if served == count[i]:
                    continue
                may_start_s = time_s[x, s]
                if i != s:
                    may_start_s += max(0.0, min_green_s[s] - lit_s[x, s]) + change_s[s, i]
                start_s = max(arrival_s[i, served], may_start_s)
                if i != s and may_start_s > arrival_s[i, served]:
                    start_s += startup_loss_s
                end_s = start_s + duration_s[i, served]
                cost = delay[x, s] + vehicles[i, served] * (start_s - arrival_s[i, served])
                lit = lit_s[x, s] + end_s - time_s[x, s] if i == s else end_s - may_start_s
                if lit > max_green_s[i]:
                    end_s += interruption_s
                    lit = 0.0
                y = x + stride[i]
                is_better = cost < delay[y, i] or (cost == delay[y, i] and end_s < time_s[y, i])
                if is_better:
                    delay[y, i], time_s[y, i], lit_s[y, i] = cost, end_s, lit
                    first[y, i] = i if x == 0 else first[x, s]
    best = int(np.argmin(delay[total - 1]))
    return int(first[total - 1, best]), float(delay[total - 1, best])
