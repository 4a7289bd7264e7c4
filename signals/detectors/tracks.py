"""The virtual vehicles of one intersection and what has been learned about its lanes, as arrays for the kernels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from signals.detectors.layout import LoopLayout
from signals.kernels import kernel
from signals.ports import FloatArray, IntArray

MAX_PER_LANE = 48  # as prediction.arrivals has it
DISTANCE, SPEED, DELAY, LATE, QUEUED = 0, 1, 2, 3, 4
MOVEMENT, KIND = 0, 1
COUNTED, EXPECTED = 0, 1
LEFT_SLOTS = 48  # departures that may still be matched with an exit count
PRIOR_VEHICLES = 4.0  # how many vehicles the prior of a lane's shares is worth
MAX_ERROR = 1.5


class Tracks(NamedTuple):
    """Axes: l lanes, k vehicles of a lane (nearest first), m movements, x exits, r departures, p a lane's movements.

    ``cars[l, k]`` has distance, speed, delay, how long it has been overdue, whether it has stood; ``tags[l, k]`` its
    movement and whether a loop has counted it. ``likely[m]``: how well the head's behaviour agrees with m.
    ``weight[m]``: learned vehicles; ``error[m]``: what diffusion still owes. ``left_...``: recent departures.
    """

    vehicles: IntArray
    cars: FloatArray
    tags: IntArray
    on_line: IntArray
    empty_s: FloatArray
    stand_s: FloatArray
    advance_stand_s: FloatArray
    exit_stand_s: FloatArray
    exit_free_s: FloatArray
    green_s: FloatArray
    closed_s: FloatArray
    likely: FloatArray
    weight: FloatArray
    error: FloatArray
    volume: FloatArray
    clock_s: FloatArray
    rate_per_s: FloatArray
    due: FloatArray
    came: FloatArray
    left: FloatArray
    stray: FloatArray
    owed: FloatArray
    gone: FloatArray
    lane_weight: FloatArray
    lane_error: FloatArray
    told_s: FloatArray
    since_departure_s: FloatArray
    run: IntArray
    headway_s: FloatArray
    startup_loss_s: FloatArray
    crossing_s: FloatArray
    left_s: FloatArray
    left_lane: IntArray
    left_chance: FloatArray
    left_match: FloatArray
    left_next: IntArray


def build_tracks(layout: LoopLayout) -> Tracks:
    """An empty street, with priors."""
    lanes, moves = layout.moves.shape
    movements, exits = len(layout.entry_of), len(layout.exit_loop)
    approaches = int(layout.approach_of.max(initial=-1)) + 1
    return Tracks(
        vehicles=np.zeros(lanes, np.int64),
        cars=np.zeros((lanes, MAX_PER_LANE, 5)),
        tags=np.zeros((lanes, MAX_PER_LANE, 2), np.int64),
        on_line=np.zeros(lanes, np.int64),
        empty_s=np.zeros(lanes),
        stand_s=np.zeros(lanes),
        advance_stand_s=np.zeros(lanes),
        exit_stand_s=np.zeros(exits),
        exit_free_s=np.zeros(exits),
        green_s=np.zeros(movements),
        closed_s=np.full(movements, 60.0),
        likely=np.ones(movements),
        weight=PRIOR_VEHICLES * layout.prior,
        error=np.zeros(movements),
        volume=np.zeros(movements),
        clock_s=np.zeros(1),
        rate_per_s=np.zeros(lanes),
        due=np.zeros(lanes),
        came=np.zeros(lanes),
        left=np.zeros(lanes),
        stray=np.zeros(lanes),
        owed=np.zeros(lanes),
        gone=np.zeros(lanes),
        lane_weight=np.ones(lanes),
        lane_error=np.zeros(lanes),
        told_s=np.full(approaches, 1e9),
        since_departure_s=np.full(lanes, 60.0),
        run=np.full(lanes, -1, np.int64),
        headway_s=np.full(lanes, 2.0),
        startup_loss_s=np.full(lanes, 1.5),
        crossing_s=np.full(movements, 4.0),
        left_s=np.full(LEFT_SLOTS, -1.0),
        left_lane=np.zeros(LEFT_SLOTS, np.int64),
        left_chance=np.zeros((LEFT_SLOTS, moves)),
        left_match=np.zeros((LEFT_SLOTS, moves)),
        left_next=np.zeros(1, np.int64),
    )


@kernel
def draw_movement(layout: LoopLayout, tracks: Tracks, lane: int) -> int:
    """The movement of one more vehicle by error diffusion: what the lane's shares owe most."""
    total = 0.0
    for p in range(layout.moves.shape[1]):
        m = layout.moves[lane, p]
        if m >= 0:
            total += tracks.weight[m]
    best = layout.moves[lane, 0]
    for p in range(layout.moves.shape[1]):
        m = layout.moves[lane, p]
        if m < 0:
            break
        tracks.error[m] = min(MAX_ERROR, tracks.error[m] + tracks.weight[m] / total)
        if tracks.error[m] > tracks.error[best]:
            best = m
    tracks.error[best] = max(-MAX_ERROR, tracks.error[best] - 1.0)
    return int(best)


@kernel
def move_vehicle(tracks: Tracks, lane: int, place: int, to: int) -> None:
    """Copy a vehicle to another place of its lane."""
    for part in range(tracks.cars.shape[2]):
        tracks.cars[lane, to, part] = tracks.cars[lane, place, part]
    for part in range(tracks.tags.shape[2]):
        tracks.tags[lane, to, part] = tracks.tags[lane, place, part]


@kernel
def put_vehicle(tracks: Tracks, lane: int, movement: int, kind: int, distance_m: float, speed_mps: float) -> int:
    """Add a vehicle in order of distance, behind those as near; its place, or -1 where the lane is full."""
    n = tracks.vehicles[lane]
    if n == MAX_PER_LANE:
        return -1
    place = n
    while place > 0 and tracks.cars[lane, place - 1, DISTANCE] > distance_m:
        move_vehicle(tracks, lane, place - 1, place)
        place -= 1
    tracks.cars[lane, place] = 0.0
    tracks.cars[lane, place, DISTANCE] = distance_m
    tracks.cars[lane, place, SPEED] = speed_mps
    tracks.tags[lane, place, MOVEMENT] = movement
    tracks.tags[lane, place, KIND] = kind
    tracks.vehicles[lane] = n + 1
    return int(place)


@kernel
def take_vehicle(tracks: Tracks, lane: int, place: int) -> int:
    """Remove a vehicle; its movement."""
    movement = tracks.tags[lane, place, MOVEMENT]
    for k in range(place, tracks.vehicles[lane] - 1):
        move_vehicle(tracks, lane, k + 1, k)
    tracks.vehicles[lane] -= 1
    return int(movement)


@kernel
def drop_vehicle(tracks: Tracks, lane: int, place: int) -> None:
    """Remove a vehicle that turned out not to exist; diffusion owes its movement again."""
    movement = take_vehicle(tracks, lane, place)
    tracks.error[movement] = min(MAX_ERROR, tracks.error[movement] + 1.0)
