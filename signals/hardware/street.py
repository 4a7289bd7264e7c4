"""A street for the emulator: road users arrive at random, drive to the stop line, queue, and leave on green.

Arrivals are a Poisson process per movement; a queue discharges at the saturation headway after a start-up loss
(HCM 2010, chapter 18: 1,900 vehicles an hour and lane, 2 s lost). It serves training and tests, not figures.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from signals.model import Detector, DetectorKind, Intersection, Lamp
from signals.ports import Detections, Readings

HEADWAY_S = 1.9
STARTUP_LOSS_S = 2.0
SPACING_M = 7.0
CAR_M = 5.0
SIGHT_M = 200.0


@dataclass(slots=True)
class _Traveller:
    distance_m: float
    delay_s: float = 0.0
    speed_mps: float = 0.0


class EmulatedStreet:
    """The traffic of one intersection, one queue per movement."""

    def __init__(
        self,
        intersection: Intersection,
        demand_per_h: tuple[float, ...],
        seed: int = 1,
        detectors: tuple[Detector, ...] = (),
    ) -> None:
        self._intersection, self._demand_per_h = intersection, demand_per_h
        self._random = random.Random(seed)  # noqa: S311  (traffic, not secrets)
        self._queues: list[list[_Traveller]] = [[] for _ in intersection.movements]
        self._ready_s = [0.0] * len(intersection.movements)
        self._now_s = 0.0
        self._detectors = detectors
        self._counts, self._speeds = np.zeros(len(detectors), np.int64), np.full(len(detectors), np.nan)
        self.arrived = self.served = 0
        self.waited_s = 0.0

    def tick(self, seconds: float, lamps: tuple[Lamp, ...]) -> None:
        """Let time pass under the given lamps."""
        self._now_s += seconds
        for movement, queue in zip(self._intersection.movements, self._queues, strict=True):
            lane = self._intersection.entries[movement.entry]
            if self._random.random() < self._demand_per_h[movement.index] * seconds / 3600.0:
                queue.append(_Traveller(max(SIGHT_M, len(queue) * SPACING_M)))
                self.arrived += 1
            self._serve(movement.index, queue, lamps[movement.index])
            for position, traveller in enumerate(queue):
                place_m = max(position * SPACING_M, traveller.distance_m - lane.speed_mps * seconds)
                self._pass_loops(movement.entry, traveller.distance_m, place_m, seconds)
                traveller.speed_mps = (traveller.distance_m - place_m) / seconds
                traveller.distance_m = place_m
                if traveller.speed_mps < 0.1:
                    traveller.delay_s += seconds
                    self.waited_s += seconds

    def read(self) -> Detections:
        """What perfect detectors see now."""
        users = [(m, t) for m, queue in enumerate(self._queues) for t in queue]
        users.sort(key=lambda user: user[1].distance_m)
        exits = len(self._intersection.exits)
        return Detections(
            self._now_s,
            np.array([m for m, _ in users], np.int64),
            np.array([t.distance_m for _, t in users], np.float64),
            np.array([t.speed_mps for _, t in users], np.float64),
            np.array([t.delay_s for _, t in users], np.float64),
            np.zeros(exits, np.int64),
            np.zeros(exits, np.int64),
            np.full(exits, 13.9),
        )

    def read_loops(self) -> Readings:
        """What loops at the given places tell since they were last read; none of them is broken."""
        counts, speeds = self._counts.copy(), self._speeds.copy()
        self._counts[:], self._speeds[:] = 0, np.nan
        occupied = np.array([float(self._stands_on(detector)) for detector in self._detectors])
        return Readings(self._now_s, counts, occupied, speeds, np.ones(len(counts), np.bool_))

    def _stands_on(self, detector: Detector) -> bool:
        if detector.kind in (DetectorKind.EXIT, DetectorKind.PUSH_BUTTON):
            return False
        near_m, far_m = detector.distance_m, detector.distance_m + detector.length_m
        queues = (
            q for m, q in zip(self._intersection.movements, self._queues, strict=True) if m.entry == detector.lane
        )
        return any(near_m - CAR_M <= t.distance_m <= far_m for queue in queues for t in queue)

    def _pass_loops(self, entry: int, from_m: float, to_m: float, seconds: float) -> None:
        for k, detector in enumerate(self._detectors):
            is_here = detector.lane == entry and detector.kind not in (DetectorKind.EXIT, DetectorKind.PUSH_BUTTON)
            if is_here and to_m <= detector.distance_m < from_m:
                self._counts[k] += 1
                self._speeds[k] = (from_m - to_m) / seconds

    def _serve(self, movement: int, queue: list[_Traveller], lamp: Lamp) -> None:
        if not lamp.is_green:
            self._ready_s[movement] = self._now_s + STARTUP_LOSS_S
        elif queue and queue[0].distance_m <= 0.0 and self._now_s >= self._ready_s[movement]:
            queue.pop(0)
            self.served += 1
            self._ready_s[movement] = self._now_s + HEADWAY_S
