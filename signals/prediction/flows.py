"""Who will come after those who are seen: recent flow by movement, continued evenly to the horizon.

Sensors see some twenty seconds ahead, the horizon is longer. With nobody expected after that, a search puts
off a small queue for ever, because it always looks cheaper to serve it once the visible platoon has passed.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from signals.model import Intersection
from signals.ports import Detections, FloatArray, IntArray
from signals.prediction.arrivals import MAX_PER_LANE, LaneArrivals, free_speeds_mps

WINDOW_S = 300.0
SENSED_M = 300.0
_SAMPLE_EVERY_S = 15.0
_MIN_WINDOW_S = 60.0


class FlowMeter:
    """Vehicles per second by movement over the last five minutes."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, IntArray]] = deque()

    def measure(self, seen: Detections) -> FloatArray:
        """Take in the counts of this second and return the flows; zero until a minute has passed,
        empty where nobody counts.
        """
        samples = self._samples
        if samples and seen.at_s < samples[-1][0]:
            samples.clear()  # the clock went back
        if not samples or seen.at_s - samples[-1][0] >= _SAMPLE_EVERY_S:
            samples.append((seen.at_s, seen.volume))
        while len(samples) > 1 and seen.at_s - samples[0][0] > WINDOW_S:
            samples.popleft()
        passed_s = seen.at_s - samples[0][0]
        if passed_s < _MIN_WINDOW_S:
            return np.zeros(len(seen.volume))
        flows: FloatArray = (seen.volume - samples[0][1]) / passed_s
        return flows


def add_expected(
    intersection: Intersection, arrivals: LaneArrivals, flow_per_s: FloatArray, horizon_s: float
) -> LaneArrivals:
    """The arrivals with evenly spaced ones of each movement between the end of sight and the horizon."""
    if len(flow_per_s) == 0:
        return arrivals
    expected: list[list[tuple[float, int]]] = [[] for _ in intersection.entries]
    for movement, sight_s in zip(intersection.movements, _list_sights_s(intersection), strict=True):
        flow = float(flow_per_s[movement.index])
        if flow <= 0:
            continue
        times_s = np.arange(sight_s + 0.5 / flow, horizon_s, 1.0 / flow)
        expected[movement.entry] += [(float(at_s), movement.index) for at_s in times_s]
    for lane, more in enumerate(expected):
        count = int(arrivals.count[lane])
        for at_s, movement_index in sorted(more)[: MAX_PER_LANE - count]:
            last_s = arrivals.arrival_s[lane, count - 1] if count else 0.0
            arrivals.arrival_s[lane, count] = max(last_s, at_s)
            arrivals.movement[lane, count] = movement_index
            arrivals.delay_s[lane, count] = 0.0
            count += 1
        arrivals.count[lane] = count
    return arrivals


def _list_sights_s(intersection: Intersection) -> list[float]:
    free_mps = free_speeds_mps(intersection)
    return [SENSED_M / float(free_mps[m.entry]) for m in intersection.movements]
