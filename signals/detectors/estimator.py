"""The estimator of one intersection: readings of loops and neighbours' messages in, who is probably where out."""

from __future__ import annotations

import numpy as np

from signals.detectors.calls import PedestrianCalls
from signals.detectors.health import Health, HealthMonitor
from signals.detectors.layout import build_layout
from signals.detectors.outcome import build_outcome, clean
from signals.detectors.second import estimate_second
from signals.detectors.shown import ShownLamps
from signals.detectors.tracker import SPACING_M
from signals.detectors.tracks import DELAY, DISTANCE, SPEED, build_tracks
from signals.model import Detector, Intersection
from signals.ports import (
    NOBODY_ENTERED,
    Detections,
    Entered,
    FloatArray,
    IntArray,
    Learned,
    Readings,
    SignalState,
)
from signals.timing_plan import TimingPlan


class LoopEstimator:
    """Implements ``ports.Estimator`` for whatever detectors there are."""

    def __init__(self, intersection: Intersection, plan: TimingPlan, detectors: tuple[Detector, ...]) -> None:
        self._intersection, self._detectors = intersection, detectors
        self._layout = build_layout(intersection, plan, detectors)
        self._tracks, self._outcome = build_tracks(self._layout), build_outcome(self._layout)
        self._lamps = ShownLamps(intersection, plan)
        self._monitor = HealthMonitor(intersection, self._layout, detectors)
        self._calls = PedestrianCalls(intersection, detectors)
        self._exit_capacity = np.array([max(1, int(x.length_m / SPACING_M)) for x in intersection.exits], np.int64)
        self._exit_free_mps = np.array([x.speed_mps for x in intersection.exits], np.float64)
        self._told_m = np.zeros(len(intersection.approaches))
        size = len(detectors)
        self._count, self._occupied_s = np.zeros(size, np.int64), np.zeros(size)
        self._is_fresh, self._usable = np.zeros(size, np.bool_), np.zeros(size, np.bool_)

    @property
    def health(self) -> Health:
        """What is known about the detectors."""
        return self._monitor.report()

    def list_trust(self) -> tuple[float, ...]:
        """How far the detectors of each approach can be believed, 0 to 1."""
        return self._monitor.list_trust()

    def estimate(self, readings: Readings, state: SignalState, entered: Entered = NOBODY_ENTERED) -> Detections:
        """Take in one second and say who is probably where."""
        levels = self._lamps.of_last_second(state)
        self._clean(readings)
        approach, distance_m = self._place(entered, readings.at_s)
        vehicles = estimate_second(
            self._layout,
            self._tracks,
            self._monitor.watch,
            self._outcome,
            levels,
            self._count,
            self._occupied_s,
            self._is_fresh,
            self._usable,
            approach,
            distance_m,
            self._told_m,
            self._exit_capacity,
            self._exit_free_mps,
        )
        self._calls.take(self._count, self._usable, levels)
        return self._to_detections(readings.at_s, vehicles)

    def _place(self, entered: Entered, now_s: float) -> tuple[IntArray, FloatArray]:
        """Where those who were told of are now, had they driven freely since."""
        if len(entered.approach) == 0:
            return entered.approach, entered.distance_m
        known = (entered.approach >= 0) & (entered.approach < len(self._told_m)) & np.isfinite(entered.distance_m)
        approach, from_m = entered.approach[known], entered.distance_m[known]
        lanes = [self._intersection.approaches[a].lanes[0] for a in approach.tolist()]
        passed_s = np.nan_to_num(now_s - entered.at_s[known], nan=0.0, posinf=0.0, neginf=0.0)
        np.maximum.at(self._told_m, approach, from_m)
        return approach, np.maximum(1.0, from_m - np.maximum(0.0, passed_s) * self._layout.free_mps[lanes])

    def _to_detections(self, now_s: float, vehicles: int) -> Detections:
        outcome, tracks = self._outcome, self._tracks
        movement, is_guess = outcome.movement[:vehicles].copy(), outcome.is_guess[:vehicles].copy()
        cars = outcome.cars[:, :vehicles].copy()
        walkers, waited_s = self._calls.list_waiting()
        if len(walkers):  # they come first
            movement = np.concatenate((walkers, movement))
            is_guess = np.concatenate((np.zeros(len(walkers), np.bool_), is_guess))
            on_foot = np.zeros((len(cars), len(walkers)))
            on_foot[DELAY] = waited_s
            cars = np.concatenate((on_foot, cars), axis=1)
        standing = outcome.exit_count.copy()
        return Detections(
            at_s=now_s,
            movement=movement,
            distance_m=cars[DISTANCE],
            speed_mps=cars[SPEED],
            delay_s=cars[DELAY],
            exit_count=standing,
            exit_halted=standing,
            exit_speed_mps=outcome.exit_speed_mps.copy(),
            volume=outcome.volume.copy(),
            sight_m=outcome.sights_m.copy(),
            is_guess=is_guess,
            learned=Learned(outcome.shares.copy(), tracks.headway_s.copy(), tracks.startup_loss_s.copy()),
        )

    def _clean(self, readings: Readings) -> None:
        """Keep the readings without what no detector can say; what is missing is not fresh."""
        size = len(self._detectors)
        if len(readings.count) == len(readings.occupied_s) == len(readings.is_fresh) == size:
            given = readings.count, readings.occupied_s, readings.is_fresh
            clean(*given, self._count, self._occupied_s, self._is_fresh)
        else:
            self._count[:], self._occupied_s[:], self._is_fresh[:] = 0, 0.0, False
