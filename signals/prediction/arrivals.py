"""When each seen vehicle would reach its stop line, if nothing stopped it, lane by lane in order of distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from signals.model import Intersection
from signals.ports import Detections, FloatArray, IntArray

MAX_PER_LANE = 48
_MIN_FREE_SPEED_MPS = 8.0
_MOVING_SHARE = 0.3
_HALTED_MPS = 1.5
_QUEUE_REACH_M = 100.0  # whoever stands within it stands in the queue of this stop line
_SLOW_REACH_M = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class LaneArrivals:
    """Vehicles by entry lane, nearest first. ``arrival_s`` counts from now and never falls within a lane.

    Rows are lanes, ``count`` says how many columns of a row are in use.
    """

    count: IntArray
    arrival_s: FloatArray
    movement: IntArray
    delay_s: FloatArray


def free_speeds_mps(intersection: Intersection) -> FloatArray:
    """How fast vehicles approach each entry lane's stop line when nothing is in their way."""
    speeds: FloatArray = np.maximum(_MIN_FREE_SPEED_MPS, [lane.speed_mps for lane in intersection.entries])
    return speeds


def predict_arrivals(intersection: Intersection, seen: Detections) -> LaneArrivals:
    """Free-flow arrival times of everything seen."""
    lanes = len(intersection.entries)
    entry_of = np.array([m.entry for m in intersection.movements], np.int64)
    free_mps = free_speeds_mps(intersection)
    arrivals = LaneArrivals(
        np.zeros(lanes, np.int64),
        np.zeros((lanes, MAX_PER_LANE)),
        np.zeros((lanes, MAX_PER_LANE), np.int64),
        np.zeros((lanes, MAX_PER_LANE)),
    )
    if len(seen.movement) == 0:
        return arrivals
    lane_of = entry_of[seen.movement]
    time_s = _free_flow_s(seen, free_mps[lane_of])
    for position in np.argsort(seen.distance_m, kind="stable").tolist():
        lane = int(lane_of[position])
        place = int(arrivals.count[lane])
        if place == MAX_PER_LANE:
            continue
        earliest_s = arrivals.arrival_s[lane, place - 1] if place else 0.0
        arrivals.arrival_s[lane, place] = max(earliest_s, time_s[position])
        arrivals.movement[lane, place] = seen.movement[position]
        arrivals.delay_s[lane, place] = seen.delay_s[position]
        arrivals.count[lane] = place + 1
    return arrivals


def _free_flow_s(seen: Detections, free_mps: FloatArray) -> FloatArray:
    """Moving vehicles cruise on; halted ones are there if near; slow ones are on their way into a queue."""
    moving_s = seen.distance_m / free_mps
    halted_s = np.maximum(0.0, seen.distance_m - _QUEUE_REACH_M) / free_mps
    slow_s = np.maximum(0.0, seen.distance_m - _SLOW_REACH_M) / free_mps
    is_halted = seen.speed_mps < _HALTED_MPS
    is_moving = ~is_halted & (seen.speed_mps > _MOVING_SHARE * free_mps)
    times: FloatArray = np.where(is_moving, moving_s, np.where(is_halted, halted_s, slow_s))
    return times
