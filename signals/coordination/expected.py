"""Who is expected beyond sight: the recent flow, shaped in time by what neighbours promise.

The number comes from our own counts, the times from the neighbours: a promise can move expected vehicles within the
horizon, it cannot multiply them without bound. Where no neighbour leads, or none is heard, flow continues evenly.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from signals.model import Intersection
from signals.ports import FloatArray, IntArray
from signals.prediction.arrivals import MAX_PER_LANE, LaneArrivals

_MOST_TIMES_FLOW = 3.0  # a platoon is denser than the mean flow, by no more than saturation over mean


@njit(cache=True)
def spread_rates(
    flow_per_s: FloatArray,
    approach_of: IntArray,
    sight_s: FloatArray,
    promised: FloatArray,
    promised_from_s: FloatArray,
    trust: FloatArray,
) -> FloatArray:
    """Expected vehicles by movement and second, beyond sight only.

    ``flow_per_s`` is what is expected of each movement on the long run. ``promised[a, second]`` counts in full;
    ``trust[a]`` mixes it with the even flow of the approach's movements from ``promised_from_s[a]`` on.
    """
    movements, horizon = flow_per_s.shape[0], promised.shape[1]
    rates = np.zeros((movements, horizon))
    total = np.zeros(promised.shape[0])
    for m in range(movements):
        total[approach_of[m]] += flow_per_s[m]
    for m in range(movements):
        a = approach_of[m]
        if total[a] <= 0.0:
            continue
        part = flow_per_s[m] / total[a]
        for second in range(horizon):
            seen = min(1.0, max(0.0, sight_s[m] - second))  # the part of this second that is in sight
            shaped = min(promised[a, second], _MOST_TIMES_FLOW * max(total[a], 0.2))
            believed = trust[a] if second >= promised_from_s[a] else 0.0
            rate = (1.0 - believed) * total[a] + believed * shaped
            rates[m, second] = part * rate * (1.0 - seen)
    return rates


@njit(cache=True)
def append_expected(
    rates: FloatArray,
    entry_of: IntArray,
    count: IntArray,
    arrival_s: FloatArray,
    movement: IntArray,
    delay_s: FloatArray,
) -> None:
    """One vehicle in each lane whenever its expected number has grown by one, the first at one half."""
    sums = np.full(rates.shape[0], 0.5)
    for second in range(rates.shape[1]):
        for m in range(rates.shape[0]):
            sums[m] += rates[m, second]
            while sums[m] >= 1.0:
                sums[m] -= 1.0
                lane = entry_of[m]
                k = count[lane]
                if k == MAX_PER_LANE:
                    continue
                earliest_s = arrival_s[lane, k - 1] if k > 0 else 0.0
                arrival_s[lane, k] = max(earliest_s, second + 0.5)
                movement[lane, k] = m
                delay_s[lane, k] = 0.0
                count[lane] = k + 1


def add_promised(arrivals: LaneArrivals, rates: FloatArray, entry_of: IntArray) -> LaneArrivals:
    """The arrivals with the expected ones behind them, in place."""
    append_expected(rates, entry_of, arrivals.count, arrivals.arrival_s, arrivals.movement, arrivals.delay_s)
    return arrivals


def list_approach_of(intersection: Intersection) -> IntArray:
    """The approach of each movement; of those from no approach, the first."""
    of_lane = {lane: number for number, approach in enumerate(intersection.approaches) for lane in approach.lanes}
    return np.array([of_lane.get(m.entry, 0) for m in intersection.movements], np.int64)
