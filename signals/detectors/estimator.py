"""The estimator of one intersection: readings of loops and neighbours' messages in, who is probably where out."""

from __future__ import annotations

import numpy as np

from signals.detectors.calls import PedestrianCalls
from signals.detectors.health import Health, HealthMonitor
from signals.detectors.layout import NO_DETECTOR, build_layout
from signals.detectors.shown import ShownLamps
from signals.detectors.tracker import SPACING_M, track_second
from signals.detectors.tracks import DELAY, DISTANCE, MAX_PER_LANE, MOVEMENT, SPEED, build_tracks
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

_MAX_COUNT = 4  # more in a second is no traffic
_BLOCKED_S = 4.0  # who stands on an exit loop so long stands in a queue that fills the exit
_BLOCKED_AT_MOST_S = 120.0
_NEAREST_M = 10.0
_TOLD_S = 120.0


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
        count, occupied_s, is_fresh = _clean(readings, len(self._detectors))
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
        tracks, layout = self._tracks, self._layout
        present = np.arange(MAX_PER_LANE) < tracks.vehicles[:, None]
        cars, movement = tracks.cars[present], tracks.tags[..., MOVEMENT][present]
        order = np.argsort(cars[:, DISTANCE], kind="stable")
        cars, movement = cars[order], movement[order]
        is_guess = layout.is_shared[layout.entry_of[movement]] > 0
        walkers, waited_s = self._calls.list_waiting()
        zeros = np.zeros(len(walkers))
        blocked = (tracks.exit_stand_s >= _BLOCKED_S) & (tracks.exit_stand_s <= _BLOCKED_AT_MOST_S)
        return Detections(
            at_s=now_s,
            movement=np.concatenate((walkers, movement)),
            distance_m=np.concatenate((zeros, cars[:, DISTANCE])),
            speed_mps=np.concatenate((zeros, cars[:, SPEED])),
            delay_s=np.concatenate((waited_s, cars[:, DELAY])),
            exit_count=np.where(blocked, self._exit_capacity, 0),
            exit_halted=np.where(blocked, self._exit_capacity, 0),
            exit_speed_mps=np.where(blocked, 0.0, self._exit_free_mps),
            volume=tracks.volume.astype(np.int64),
            sight_m=self._sight_m(usable),
            is_guess=np.concatenate((np.zeros(len(walkers), np.bool_), is_guess)),
            learned=self._learned(),
        )

    def _sight_m(self, usable: BoolArray) -> FloatArray:
        layout, tracks = self._layout, self._tracks
        watched = layout.advance != NO_DETECTOR
        watched[watched] = usable[layout.advance[watched]]
        sight_m: FloatArray = np.where(watched, layout.advance_m, _NEAREST_M)
        is_told = tracks.told_s < _TOLD_S
        told_m: FloatArray = np.where(is_told, self._told_m, 0.0)[layout.approach_of]
        return np.maximum(sight_m, told_m)

    def _learned(self) -> Learned:
        tracks, layout = self._tracks, self._layout
        total = np.bincount(layout.entry_of, weights=tracks.weight, minlength=len(tracks.vehicles))
        of_lane = total[layout.entry_of]
        share = np.divide(tracks.weight, of_lane, out=np.ones_like(of_lane), where=of_lane > 0)
        return Learned(share, tracks.headway_s.copy(), tracks.startup_loss_s.copy())


def _clean(readings: Readings, size: int) -> tuple[IntArray, FloatArray, BoolArray]:
    """The readings without what no detector can say; what is missing is not fresh."""
    if not len(readings.count) == len(readings.occupied_s) == len(readings.is_fresh) == size:
        return np.zeros(size, np.int64), np.zeros(size), np.zeros(size, np.bool_)
    is_fresh = readings.is_fresh & np.isfinite(readings.occupied_s)
    count = np.where(is_fresh, np.clip(readings.count, 0, _MAX_COUNT), 0).astype(np.int64)
    occupied_s = np.where(is_fresh, np.clip(np.nan_to_num(readings.occupied_s), 0.0, 1.0), 0.0)
    return count, occupied_s, is_fresh
