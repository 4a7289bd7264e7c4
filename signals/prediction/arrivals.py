"""When each seen vehicle would reach its stop line, if nothing stopped it, lane by lane in order of distance."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numba import njit

from signals.model import Intersection
from signals.ports import BoolArray, Detections, FloatArray, IntArray

MAX_PER_LANE = 48
_MIN_FREE_SPEED_MPS = 8.0
_MOVING_SHARE = 0.3
_HALTED_MPS = 1.5
_QUEUE_REACH_M = 100.0  # whoever stands within it stands in the queue of this stop line
_SLOW_REACH_M = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class LaneArrivals:
    """Vehicles by entry lane, nearest first. ``arrival_s`` counts from now and never falls within a lane.

    Rows are lanes, ``count`` says how many columns of a row are in use. ``is_guess``: the movement is only guessed;
    empty where all are known.
    """

    count: IntArray
    arrival_s: FloatArray
    movement: IntArray
    delay_s: FloatArray
    is_guess: BoolArray = field(default_factory=lambda: np.zeros((0, 0), np.bool_))


@lru_cache(maxsize=4096)
def free_speeds_mps(intersection: Intersection) -> FloatArray:
    """How fast vehicles approach each entry lane's stop line when nothing is in their way."""
    speeds: FloatArray = np.maximum(_MIN_FREE_SPEED_MPS, [lane.speed_mps for lane in intersection.entries])
    speeds.setflags(write=False)
    return speeds


@lru_cache(maxsize=4096)
def list_entries(intersection: Intersection) -> IntArray:
    """The entry lane of each movement."""
    entries = np.array([m.entry for m in intersection.movements], np.int64)
    entries.setflags(write=False)
    return entries


def find_lanes(intersection: Intersection, seen: Detections) -> IntArray:
    """Where each one stands in line: in the lane of its movement, unless it is known to stand in another."""
    own = list_entries(intersection)[seen.movement]
    return np.where(seen.lane >= 0, seen.lane, own) if len(seen.lane) else own


def predict_arrivals(intersection: Intersection, seen: Detections) -> LaneArrivals:
    """Free-flow arrival times of everything seen."""
    lanes = len(intersection.entries)
    arrivals = LaneArrivals(
        np.zeros(lanes, np.int64),
        np.zeros((lanes, MAX_PER_LANE)),
        np.zeros((lanes, MAX_PER_LANE), np.int64),
        np.zeros((lanes, MAX_PER_LANE)),
        np.zeros((lanes, MAX_PER_LANE), np.bool_),
    )
    if len(seen.movement):
        is_guess = seen.is_guess if len(seen.is_guess) else np.zeros(len(seen.movement), np.bool_)
        line_up(
            find_lanes(intersection, seen),
            free_speeds_mps(intersection),
            seen.movement,
            seen.distance_m,
            seen.speed_mps,
            seen.delay_s,
            is_guess,
            arrivals.count,
            arrivals.arrival_s,
            arrivals.movement,
            arrivals.delay_s,
            arrivals.is_guess,
        )
    return arrivals


@njit(cache=True)
def free_flow_s(distance_m: float, speed_mps: float, free_mps: float) -> float:
    """Moving vehicles cruise on; halted ones are there if near; slow ones are on their way into a queue."""
    if speed_mps < _HALTED_MPS:
        return max(0.0, distance_m - _QUEUE_REACH_M) / free_mps
    if speed_mps > _MOVING_SHARE * free_mps:
        return distance_m / free_mps
    return max(0.0, distance_m - _SLOW_REACH_M) / free_mps


@njit(cache=True)
def line_up(
    lane_of: IntArray,
    free_mps: FloatArray,
    bound_for: IntArray,
    distance_m: FloatArray,
    speed_mps: FloatArray,
    waited_s: FloatArray,
    guessed: BoolArray,
    count: IntArray,
    arrival_s: FloatArray,
    movement: IntArray,
    delay_s: FloatArray,
    is_guess: BoolArray,
) -> None:
    """Put everyone into the row of their lane, nearest first; what a lane has no column for is left out."""
    for position in np.argsort(distance_m, kind="mergesort"):
        lane = lane_of[position]
        place = count[lane]
        if place == arrival_s.shape[1]:
            continue
        earliest_s = arrival_s[lane, place - 1] if place else 0.0
        at_s = free_flow_s(distance_m[position], speed_mps[position], free_mps[lane])
        arrival_s[lane, place] = max(earliest_s, at_s)
        movement[lane, place] = bound_for[position]
        delay_s[lane, place] = waited_s[position]
        is_guess[lane, place] = guessed[position]
        count[lane] = place + 1
