"""What goes into the tracker and what comes out of it, copied by kernels: readings cleaned, vehicles in order."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from signals.detectors.layout import NO_DETECTOR, LoopLayout
from signals.detectors.tracks import DELAY, DISTANCE, MOVEMENT, SPEED, Tracks
from signals.ports import BoolArray, FloatArray, IntArray

TOLD_S = 120.0  # so long a neighbour that was heard of somebody is taken to tell of everybody
_MAX_COUNT = 4  # more in a second is no traffic
_NEAREST_M = 10.0


@njit(cache=True)
def clean(
    count: IntArray,
    occupied_s: FloatArray,
    is_fresh: BoolArray,
    clean_count: IntArray,
    clean_occupied_s: FloatArray,
    clean_fresh: BoolArray,
) -> None:
    """Copy readings within the bounds of what can be; values that are no numbers count as missing."""
    for d in range(count.shape[0]):
        clean_fresh[d] = is_fresh[d] and math.isfinite(occupied_s[d])
        if clean_fresh[d]:
            clean_count[d] = min(_MAX_COUNT, max(0, count[d]))
            clean_occupied_s[d] = min(1.0, max(0.0, occupied_s[d]))


@njit(cache=True)
def list_vehicles(
    layout: LoopLayout, tracks: Tracks, walkers: IntArray, waited_s: FloatArray
) -> tuple[IntArray, FloatArray, BoolArray]:
    """Movements, then rows of distance, speed and delay, then guesses; pedestrians first, then by distance."""
    size = walkers.shape[0] + tracks.vehicles.sum()
    distance_m, place = np.zeros(size), walkers.shape[0]
    lane_of, row_of = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for lane in range(tracks.vehicles.shape[0]):
        for k in range(tracks.vehicles[lane]):
            distance_m[place] = tracks.cars[lane, k, DISTANCE]
            lane_of[place], row_of[place] = lane, k
            place += 1
    first = walkers.shape[0]
    order = np.argsort(distance_m[first:], kind="mergesort")
    movement, is_guess = np.zeros(size, np.int64), np.zeros(size, np.bool_)
    cars = np.zeros((3, size))
    for position in range(size):
        if position < first:
            movement[position] = walkers[position]
            cars[DELAY, position] = waited_s[position]
            continue
        source = first + order[position - first]
        lane, k = lane_of[source], row_of[source]
        movement[position] = tracks.tags[lane, k, MOVEMENT]
        is_guess[position] = layout.is_shared[lane] > 0
        for part in (DISTANCE, SPEED, DELAY):
            cars[part, position] = tracks.cars[lane, k, part]
    return movement, cars, is_guess


@njit(cache=True)
def find_sights_m(layout: LoopLayout, tracks: Tracks, usable: BoolArray, told_m: FloatArray) -> FloatArray:
    """How far each lane is seen: to its advance loop, or to where a neighbour tells who leaves."""
    sights_m = np.full(layout.stop.shape[0], _NEAREST_M)
    for lane in range(layout.stop.shape[0]):
        loop = layout.advance[lane]
        if loop != NO_DETECTOR and usable[loop]:
            sights_m[lane] = layout.advance_m[lane]
        for u in range(layout.upstream.shape[0]):
            if layout.approach_of[layout.upstream_of[u]] == layout.approach_of[lane] and usable[layout.upstream[u]]:
                sights_m[lane] = max(sights_m[lane], layout.upstream_m[u])
        approach = layout.approach_of[lane]
        if approach < tracks.told_s.shape[0] and tracks.told_s[approach] < TOLD_S:
            sights_m[lane] = max(sights_m[lane], told_m[approach])
    return sights_m


@njit(cache=True)
def to_shares(layout: LoopLayout, tracks: Tracks) -> FloatArray:
    """Each movement's learned share of its lane; one for those that have no lane of vehicles."""
    shares = np.ones(layout.entry_of.shape[0])
    for lane in range(layout.moves.shape[0]):
        total = 0.0
        for p in range(layout.moves.shape[1]):
            if layout.moves[lane, p] >= 0:
                total += tracks.weight[layout.moves[lane, p]]
        for p in range(layout.moves.shape[1]):
            if layout.moves[lane, p] >= 0 and total > 0.0:
                shares[layout.moves[lane, p]] = tracks.weight[layout.moves[lane, p]] / total
    return shares
