"""What goes into the tracker and what comes out of it, copied by kernels: readings cleaned, vehicles in order."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from signals.detectors.layout import NO_DETECTOR, LoopLayout
from signals.detectors.tracks import DELAY, DISTANCE, MAX_PER_LANE, MOVEMENT, SPEED, Tracks
from signals.kernels import kernel, sort_stably
from signals.ports import BoolArray, FloatArray, IntArray

TOLD_S = 120.0  # so long a neighbour that was heard of somebody is taken to tell of everybody
BLOCKED_S = 4.0  # who stands on an exit loop so long stands in a queue that fills the exit
BLOCKED_AT_MOST_S = 120.0
_MAX_COUNT = 4  # more in a second is no traffic
_NEAREST_M = 10.0


@kernel
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
        clean_count[d], clean_occupied_s[d] = 0, 0.0
        if clean_fresh[d]:
            clean_count[d] = min(_MAX_COUNT, max(0, count[d]))
            clean_occupied_s[d] = min(1.0, max(0.0, occupied_s[d]))


class Outcome(NamedTuple):
    """Memory for what is believed after a second. Vehicles nearest first: ``movement[i]``, ``cars[part, i]`` for
    distance, speed and delay, ``is_guess[i]``; then by entry lane, movement and exit. The rest is scratch.
    """

    movement: IntArray
    cars: FloatArray
    is_guess: BoolArray
    sights_m: FloatArray
    shares: FloatArray
    volume: IntArray
    exit_count: IntArray
    exit_speed_mps: FloatArray
    distance_m: FloatArray
    source: IntArray
    order: IntArray
    spare: IntArray


def build_outcome(layout: LoopLayout) -> Outcome:
    """Memory for one intersection."""
    lanes, movements, exits = len(layout.stop), len(layout.entry_of), len(layout.exit_loop)
    most = lanes * MAX_PER_LANE
    return Outcome(
        movement=np.zeros(most, np.int64),
        cars=np.zeros((3, most)),
        is_guess=np.zeros(most, np.bool_),
        sights_m=np.zeros(lanes),
        shares=np.zeros(movements),
        volume=np.zeros(movements, np.int64),
        exit_count=np.zeros(exits, np.int64),
        exit_speed_mps=np.zeros(exits),
        distance_m=np.zeros(most),
        source=np.zeros(most, np.int64),
        order=np.zeros(most, np.int64),
        spare=np.zeros(most, np.int64),
    )


@kernel
def list_vehicles(layout: LoopLayout, tracks: Tracks, outcome: Outcome) -> int:
    """All vehicles in order of distance, those equally far in order of their lanes; how many there are."""
    size = 0
    for lane in range(tracks.vehicles.shape[0]):
        for k in range(tracks.vehicles[lane]):
            outcome.distance_m[size] = tracks.cars[lane, k, DISTANCE]
            outcome.source[size] = lane * MAX_PER_LANE + k
            size += 1
    sort_stably(outcome.distance_m, size, outcome.order, outcome.spare)
    for place in range(size):
        source = outcome.source[outcome.order[place]]
        lane, k = source // MAX_PER_LANE, source % MAX_PER_LANE
        outcome.movement[place] = tracks.tags[lane, k, MOVEMENT]
        outcome.is_guess[place] = layout.is_shared[lane] > 0
        for part in (DISTANCE, SPEED, DELAY):
            outcome.cars[part, place] = tracks.cars[lane, k, part]
    return size


@kernel
def find_sights(layout: LoopLayout, tracks: Tracks, usable: BoolArray, told_m: FloatArray, outcome: Outcome) -> None:
    """How far each lane is seen: to its advance loop, or to where a neighbour tells who leaves."""
    for lane in range(layout.stop.shape[0]):
        sight_m = _NEAREST_M
        loop = layout.advance[lane]
        if loop != NO_DETECTOR and usable[loop]:
            sight_m = layout.advance_m[lane]
        for u in range(layout.upstream.shape[0]):
            if layout.approach_of[layout.upstream_of[u]] == layout.approach_of[lane] and usable[layout.upstream[u]]:
                sight_m = max(sight_m, layout.upstream_m[u])
        approach = layout.approach_of[lane]
        if approach < tracks.told_s.shape[0] and tracks.told_s[approach] < TOLD_S:
            sight_m = max(sight_m, told_m[approach])
        outcome.sights_m[lane] = sight_m


@kernel
def find_shares(layout: LoopLayout, tracks: Tracks, outcome: Outcome) -> None:
    """Each movement's learned share of its lane, one for those that have no lane of vehicles; and its volume."""
    for m in range(layout.entry_of.shape[0]):
        outcome.shares[m] = 1.0
        outcome.volume[m] = int(tracks.volume[m])
    for lane in range(layout.moves.shape[0]):
        total = 0.0
        for p in range(layout.moves.shape[1]):
            if layout.moves[lane, p] >= 0:
                total += tracks.weight[layout.moves[lane, p]]
        for p in range(layout.moves.shape[1]):
            if layout.moves[lane, p] >= 0 and total > 0.0:
                outcome.shares[layout.moves[lane, p]] = tracks.weight[layout.moves[lane, p]] / total


@kernel
def find_blocked(tracks: Tracks, capacity: IntArray, free_mps: FloatArray, outcome: Outcome) -> None:
    """Exits on whose loop somebody has stood for some time are full; of the others nothing is known."""
    for x in range(capacity.shape[0]):
        is_blocked = BLOCKED_S <= tracks.exit_stand_s[x] <= BLOCKED_AT_MOST_S
        outcome.exit_count[x] = capacity[x] if is_blocked else 0
        outcome.exit_speed_mps[x] = 0.0 if is_blocked else free_mps[x]
