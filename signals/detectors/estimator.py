"""The estimator of one intersection: readings of loops and neighbours' messages in, who is probably where out."""

from __future__ import annotations

import numpy as np

from signals.detectors.calls import PedestrianCalls
from signals.detectors.health import Health, HealthMonitor
from signals.detectors.layout import build_layout
from signals.detectors.outcome import clean, find_sights_m, list_vehicles, to_shares
from signals.detectors.shown import ShownLamps
from signals.detectors.tracker import SPACING_M, track_second
from signals.detectors.tracks import DELAY, DISTANCE, SPEED, build_tracks
from signals.model import Detector, Intersection
from signals.ports import (
    NOBODY_ENTERED,
    BoolArray,
    Detections,
    Entered,
    FloatArray,
    IntArray,
    Learned,
    Readings,
    SignalState,
)
from signals.timing_plan import TimingPlan

_BLOCKED_S = 4.0  # who stands on an exit loop so long stands in a queue that fills the exit
_BLOCKED_AT_MOST_S = 120.0


class LoopEstimator:
    """Implements ``ports.Estimator`` for whatever detectors there are."""

    def __init__(self, intersection: Intersection, plan: TimingPlan, detectors: tuple[Detector, ...]) -> None:
        self._intersection, self._detectors = intersection, detectors
        self._layout = build_layout(intersection, plan, detectors)
        self._tracks = build_tracks(self._layout)
        self._lamps = ShownLamps(intersection, plan)
        self._monitor = HealthMonitor(intersection, self._layout, detectors)
        self._calls = PedestrianCalls(intersection, detectors)
        self._exit_capacity = np.array([max(1, int(x.length_m / SPACING_M)) for x in intersection.exits], np.int64)
        self._exit_free_mps = np.array([x.speed_mps for x in intersection.exits], np.float64)
        self._told_m = np.zeros(len(intersection.approaches))
        self._at_s = -np.inf

    @property
    def health(self) -> Health:
        """What is known about the detectors."""
        return self._monitor.report()

    def estimate(self, readings: Readings, state: SignalState, entered: Entered = NOBODY_ENTERED) -> Detections:
        """Take in one second and say who is probably where."""
        levels = self._lamps.of_last_second(state)
        count, occupied_s, is_fresh = self._clean(readings)
        usable = self._monitor.check(count, occupied_s, is_fresh, levels)
        approach, distance_m = self._place(entered, readings.at_s)
        track_second(self._layout, self._tracks, levels, count, occupied_s, usable, approach, distance_m)
        self._calls.take(count, usable, levels)
        return self._to_detections(readings.at_s, usable)

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

    def _to_detections(self, now_s: float, usable: BoolArray) -> Detections:
        tracks = self._tracks
        walkers, waited_s = self._calls.list_waiting()
        movement, cars, is_guess = list_vehicles(self._layout, tracks, walkers, waited_s)
        blocked = (tracks.exit_stand_s >= _BLOCKED_S) & (tracks.exit_stand_s <= _BLOCKED_AT_MOST_S)
        standing = np.where(blocked, self._exit_capacity, 0)
        return Detections(
            at_s=now_s,
            movement=movement,
            distance_m=cars[DISTANCE],
            speed_mps=cars[SPEED],
            delay_s=cars[DELAY],
            exit_count=standing,
            exit_halted=standing,
            exit_speed_mps=np.where(blocked, 0.0, self._exit_free_mps),
            volume=tracks.volume.astype(np.int64),
            sight_m=find_sights_m(self._layout, tracks, usable, self._told_m),
            is_guess=is_guess,
            learned=Learned(to_shares(self._layout, tracks), tracks.headway_s.copy(), tracks.startup_loss_s.copy()),
        )

    def _clean(self, readings: Readings) -> tuple[IntArray, FloatArray, BoolArray]:
        """The readings without what no detector can say; what is missing is not fresh."""
        size = len(self._detectors)
        count, occupied_s, is_fresh = np.zeros(size, np.int64), np.zeros(size), np.zeros(size, np.bool_)
        if len(readings.count) == len(readings.occupied_s) == len(readings.is_fresh) == size:
            clean(readings.count, readings.occupied_s, readings.is_fresh, count, occupied_s, is_fresh)
        return count, occupied_s, is_fresh
