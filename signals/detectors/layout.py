"""What the tracker must know of an intersection, as arrays: where its loops lie and which ways lead where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from signals.model import Detector, DetectorKind, Intersection, Lamp, RoadUser, Turn
from signals.ports import FloatArray, IntArray
from signals.timing_plan import TimingPlan

NO_DETECTOR = -1
CLOSED, STOP_FIRST, PERMITTED, PROTECTED, ENDING = 0, 1, 2, 3, 4
_MIN_FREE_SPEED_MPS = 8.0  # as prediction.arrivals has it
_LEVELS = {
    Lamp.RED: CLOSED,
    Lamp.RED_AMBER: CLOSED,
    Lamp.YELLOW: ENDING,
    Lamp.STOP_THEN_GO: STOP_FIRST,
    Lamp.PERMITTED_GREEN: PERMITTED,
    Lamp.PROTECTED_GREEN: PROTECTED,
}
# A lane's movements before anything is counted: through traffic prevails, U-turns are rare.
_PRIOR_WEIGHT = {Turn.THROUGH: 4.0, Turn.LEFT: 1.0, Turn.RIGHT: 1.0, Turn.U_TURN: 0.1, Turn.CROSSING: 1.0}


class LoopLayout(NamedTuple):
    """Axes: l entry lanes, x exit lanes, m movements; -1 where there is none and where a row is not full.

    ``stop[l]``, ``advance[l]``, ``exit_loop[x]`` index the detectors. ``advance_m[l]`` is where the advance loop
    lies, ``free_mps[l]`` how fast one drives there. ``moves[l]`` are the lane's movements, ``approach_of[l]`` its
    approach, ``foes[m]`` whom m gives way to, ``prior[m]`` a movement's share of its lane before any count.
    ``is_shared[l]``: the lane's movements do not all have the same lamps. ``upstream`` are loops of a whole approach,
    that of the lane ``upstream_of``, ``upstream_m`` away.
    """

    stop: IntArray
    advance: IntArray
    exit_loop: IntArray
    advance_m: FloatArray
    free_mps: FloatArray
    length_m: FloatArray
    moves: IntArray
    approach_of: IntArray
    entry_of: IntArray
    exit_of: IntArray
    foes: IntArray
    prior: FloatArray
    is_shared: IntArray
    upstream: IntArray
    upstream_of: IntArray
    upstream_m: FloatArray


def build_layout(intersection: Intersection, plan: TimingPlan, detectors: tuple[Detector, ...]) -> LoopLayout:
    """The arrays of one intersection; where a lane has several loops of a kind, the farthest advance loop counts."""
    lanes, exits, movements = intersection.entries, intersection.exits, intersection.movements
    stop = np.full(len(lanes), NO_DETECTOR, np.int64)
    advance = np.full(len(lanes), NO_DETECTOR, np.int64)
    exit_loop = np.full(len(exits), NO_DETECTOR, np.int64)
    advance_m = np.zeros(len(lanes))
    for index, detector in enumerate(detectors):
        if detector.kind is DetectorKind.STOP_LINE:
            stop[detector.lane] = index
        elif detector.kind is DetectorKind.EXIT:
            exit_loop[detector.lane] = index
        elif detector.kind is DetectorKind.ADVANCE and detector.distance_m > advance_m[detector.lane]:
            advance[detector.lane] = index
            advance_m[detector.lane] = detector.distance_m
    upstream = [(n, d) for n, d in enumerate(detectors) if d.kind is DetectorKind.UPSTREAM]
    approach_of = np.zeros(len(lanes), np.int64)
    for index, approach in enumerate(intersection.approaches):
        approach_of[list(approach.lanes)] = index
    by_vehicle = [m for m in movements if m.user is RoadUser.VEHICLE]
    moves = _pad([[m.index for m in by_vehicle if m.entry == lane] for lane in range(len(lanes))])
    prior = np.zeros(len(movements))
    for lane in range(len(lanes)):
        weights = {m.index: _PRIOR_WEIGHT[m.turn] for m in by_vehicle if m.entry == lane}
        for m, weight in weights.items():
            prior[m] = weight / sum(weights.values())
    foes = [np.flatnonzero(intersection.yields[m.index] & intersection.conflicts[m.index]).tolist() for m in movements]
    shown = np.array([[stage.lamp(m.index) for stage in plan.stages] for m in movements], np.int64)
    return LoopLayout(
        stop=stop,
        advance=advance,
        exit_loop=exit_loop,
        advance_m=advance_m,
        free_mps=np.maximum(_MIN_FREE_SPEED_MPS, [lane.speed_mps for lane in lanes]),
        length_m=np.array([lane.length_m for lane in lanes], np.float64),
        moves=moves,
        approach_of=approach_of,
        entry_of=np.array([m.entry for m in movements], np.int64),
        exit_of=np.array([m.exit for m in movements], np.int64),
        foes=_pad(foes),
        prior=prior,
        upstream=np.array([n for n, _ in upstream], np.int64),
        upstream_of=np.array([d.lane for _, d in upstream], np.int64),
        upstream_m=np.array([d.distance_m for _, d in upstream], np.float64),
        is_shared=np.array([int(len({shown[m].tobytes() for m in row if m >= 0}) > 1) for row in moves], np.int64),
    )


def to_levels(lamps: Iterable[Lamp]) -> IntArray:
    """What each movement may do under its lamp."""
    return np.array([_LEVELS[lamp] for lamp in lamps], np.int64)


def _pad(rows: list[list[int]]) -> IntArray:
    padded = np.full((len(rows), max([1, *map(len, rows)])), -1, np.int64)
    for index, row in enumerate(rows):
        padded[index, : len(row)] = row
    return padded
