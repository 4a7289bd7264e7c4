"""One intersection's side of the talk with its neighbours, second by second: listen, expect, promise, tell.

The controller owns the decision; this owns what it hears for it and what it says of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numba import njit

from signals.coordination.expected import add_promised, list_approach_of, spread_rates
from signals.coordination.messages import ApproachReport
from signals.coordination.neighbourhood import Downstream, Neighbourhood
from signals.coordination.outflow import plan_outflow
from signals.coordination.promise import CROSSING_S
from signals.coordination.streets import Street
from signals.model import Detector, DetectorKind, Intersection
from signals.ports import Detections, Entered, FloatArray, IntArray, NeighbourLink, Readings
from signals.prediction.arrivals import LaneArrivals, free_speeds_mps
from signals.scheduling.futures import Workspace
from signals.scheduling.problem import Layout, Settings, Traffic

DEFAULT_SIGHT_M = 300.0
HALTED_MPS = 1.5
TELL_EVERY_S = 2.0  # streets are longer than two seconds, and what was counted is told with its age
QUEUE_GAP_M = 25.0  # a halted vehicle further behind the last is not of the same queue


class Conversation:
    """Call ``listen`` first in each second and ``tell`` last."""

    def __init__(
        self,
        intersection: Intersection,
        streets: Sequence[Street],
        link: NeighbourLink,
        detectors: Sequence[Detector] = (),
    ) -> None:
        self.neighbours = Neighbourhood(intersection, streets, link)
        self._intersection, self._approaches = intersection, len(intersection.approaches)
        self._approach_of = list_approach_of(intersection)
        self._entry_of = np.array([m.entry for m in intersection.movements], np.int64)
        self._free_mps = free_speeds_mps(intersection)[self._entry_of]
        self._promised_from_s = np.full(len(intersection.approaches), np.inf)
        for street in streets:
            if street.destination == intersection.id:
                known_s = self._promised_from_s[street.approach]
                self._promised_from_s[street.approach] = min(known_s, street.free_s + CROSSING_S)
        loops = [(n, d.lane) for n, d in enumerate(detectors) if d.kind is DetectorKind.EXIT]
        self._exit_loops = np.array([n for n, _ in loops], np.int64)
        self._exit_lanes = [lane for _, lane in loops]
        self._planned = np.zeros((0, 0))
        self._planned_at_s = float("-inf")
        self._now_s = self._told_s = float("-inf")

    def listen(self, now_s: float) -> None:
        """Take in what neighbours have sent."""
        self._now_s = now_s
        self.neighbours.read(now_s)

    def count(self, readings: Readings) -> None:
        """Take in what the exit loops counted in this second."""
        counted = readings.count[self._exit_loops].tolist()
        if not any(counted):
            return
        departed = np.zeros(len(self._intersection.exits), np.int64)
        for loop, exit_lane, number in zip(self._exit_loops.tolist(), self._exit_lanes, counted, strict=True):
            if number and readings.is_fresh[loop]:
                departed[exit_lane] += number
        self.neighbours.count(departed)

    def entered(self) -> Entered:
        """For an estimator: vehicles measured on their way here, each once."""
        return self.neighbours.entered()

    def downstream(self) -> Downstream:
        """For a storage guard: what stands beyond the exits."""
        return self.neighbours.downstream()

    def expect(
        self, arrivals: LaneArrivals, seen: Detections, flow_per_s: FloatArray, horizon_s: int, trust: float
    ) -> LaneArrivals:
        """The arrivals with those expected beyond sight behind them."""
        if len(flow_per_s) == 0:
            return arrivals
        sight_m = seen.sight_m[self._entry_of] if len(seen.sight_m) else np.full(len(self._entry_of), DEFAULT_SIGHT_M)
        trusted = np.where(self.neighbours.is_covered(), trust, 0.0)
        promised = self.neighbours.promised(horizon_s)
        rates = spread_rates(
            flow_per_s, self._approach_of, sight_m / self._free_mps, promised, self._promised_from_s, trusted
        )
        return add_promised(arrivals, rates, self._entry_of)

    def plan(
        self,
        layout: Layout,
        traffic: Traffic,
        settings: Settings,
        space: Workspace,
        stage: int,
        green_s: int,
        changes: IntArray,
    ) -> None:
        """Note the departures of the schedule that the search has just chosen."""
        self._planned, _ = plan_outflow(layout, traffic, settings, space, stage, green_s, changes)
        self._planned_at_s = self._now_s

    def tell(self, seen: Detections) -> None:
        """Send the present state, with the last plan as far as it still lies ahead; every other second."""
        if 0 <= self._now_s - self._told_s < TELL_EVERY_S:
            return
        self._told_s = self._now_s
        passed = min(self._planned.shape[1], round(self._now_s - self._planned_at_s)) if len(self._planned) else 0
        self.neighbours.publish(self._planned[:, passed:], self._list_standing(seen))

    def _list_standing(self, seen: Detections) -> list[ApproachReport]:
        standing = count_standing(self._approach_of, seen.movement, seen.distance_m, seen.speed_mps, self._approaches)
        return [
            ApproachReport(number, *counts)
            for number, counts in enumerate(standing.tolist())
            if self._intersection.approaches[number].lanes
        ]


@njit(cache=True)
def count_standing(
    approach_of: IntArray, movement: IntArray, distance_m: FloatArray, speed_mps: FloatArray, approaches: int
) -> IntArray:
    """By approach: queued, present, and how far up the queue reaches, in m; ``distance_m`` does not fall."""
    standing = np.zeros((approaches, 3), np.int64)
    for user in range(movement.shape[0]):
        a = approach_of[movement[user]]
        standing[a, 1] += 1
        if speed_mps[user] < HALTED_MPS:
            standing[a, 0] += 1
            if distance_m[user] - standing[a, 2] <= QUEUE_GAP_M:
                standing[a, 2] = math.ceil(distance_m[user])
    return standing
