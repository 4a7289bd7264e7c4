"""Who will come after those who are seen: recent flow by movement, continued evenly to the horizon.

Sensors see some twenty seconds ahead, the horizon is longer. With nobody expected after that, a search puts
off a small queue for ever, because it always looks cheaper to serve it once the visible platoon has passed.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numba import njit

from signals.model import Intersection
from signals.ports import Detections, FloatArray, IntArray
from signals.prediction.arrivals import LaneArrivals, free_speeds_mps, list_entries

WINDOW_S = 300.0
SENSED_M = 300.0
_SAMPLE_EVERY_S = 15.0
_MIN_WINDOW_S = 60.0


class FlowMeter:
    """Vehicles per second by movement over the last five minutes; every second has to be taken in."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, IntArray]] = deque()

    def take(self, seen: Detections) -> None:
        """Take in the counts of this second."""
        samples = self._samples
        if samples and seen.at_s < samples[-1][0]:
            samples.clear()  # the clock went back
        if not samples or seen.at_s - samples[-1][0] >= _SAMPLE_EVERY_S:
            samples.append((seen.at_s, seen.volume))
        while len(samples) > 1 and seen.at_s - samples[0][0] > WINDOW_S:
            samples.popleft()

    def find_flows(self, seen: Detections) -> FloatArray:
        """The flows up to the second taken in last; zero until a minute has passed, empty where nobody counts."""
        since_s, before = self._samples[0]
        passed_s = seen.at_s - since_s
        if passed_s < _MIN_WINDOW_S:
            return np.zeros(len(seen.volume))
        flows: FloatArray = (seen.volume - before) / passed_s
        return flows


def add_expected(
    intersection: Intersection,
    arrivals: LaneArrivals,
    flow_per_s: FloatArray,
    horizon_s: float,
    sight_m: FloatArray | None = None,
) -> LaneArrivals:
    """The arrivals with evenly spaced ones of each movement between the end of sight and the horizon, in place.

    ``sight_m`` says how far each entry lane is seen; without it, or where it is empty, ``SENSED_M`` holds.
    """
    if len(flow_per_s) == 0:
        return arrivals
    free_mps = free_speeds_mps(intersection)
    reach_m = np.full(len(free_mps), SENSED_M) if sight_m is None or len(sight_m) == 0 else sight_m
    append_evenly(
        list_entries(intersection),
        flow_per_s,
        reach_m / free_mps,
        horizon_s,
        arrivals.count,
        arrivals.arrival_s,
        arrivals.movement,
        arrivals.delay_s,
    )
    return arrivals


@njit(cache=True)
def append_evenly(
    entry_of: IntArray,
    flow_per_s: FloatArray,
    sight_s: FloatArray,
    horizon_s: float,
    count: IntArray,
    arrival_s: FloatArray,
    movement: IntArray,
    delay_s: FloatArray,
) -> None:
    """Behind each lane's vehicles those of all its movements, in order of time; the first half a headway late."""
    due_s = np.full(flow_per_s.shape[0], np.inf)
    for m in range(flow_per_s.shape[0]):
        if flow_per_s[m] > 0.0:
            due_s[m] = sight_s[entry_of[m]] + 0.5 / flow_per_s[m]
    while True:
        first = 0
        for m in range(1, due_s.shape[0]):
            if due_s[m] < due_s[first]:
                first = m
        if due_s.shape[0] == 0 or due_s[first] >= horizon_s:
            return
        at_s = due_s[first]
        due_s[first] += 1.0 / flow_per_s[first]
        lane = entry_of[first]
        k = count[lane]
        if k == arrival_s.shape[1]:
            continue
        arrival_s[lane, k] = max(at_s, arrival_s[lane, k - 1] if k else 0.0)
        movement[lane, k] = first
        delay_s[lane, k] = 0.0
        count[lane] = k + 1
