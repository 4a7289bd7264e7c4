"""A junction with loops in it, fed second by second: what the tests of the estimator stand on."""

import numpy as np

from signals.detectors.estimator import LoopEstimator
from signals.model import (
    Approach,
    Detector,
    DetectorKind,
    Intersection,
    IntervalKind,
    Lane,
    Movement,
    RoadUser,
    Stage,
    Turn,
)
from signals.ports import NOBODY_ENTERED, Mode, Readings, SignalState
from signals.timing_plan import (
    Clearances,
    LocalStep,
    SafetyLimits,
    StageTiming,
    TimingPlan,
    build_transitions,
    sum_cycle_s,
)

THROUGH, LEFT, SOUTH, WEST, WALK = range(5)
MAIN, LEFT_ONLY, SIDE = range(3)
NORTH_LANE, SOUTH_LANE, WEST_LANE = range(3)
(STOP_N, ADV_N, STOP_S, ADV_S, STOP_W, EXIT_S, EXIT_E, EXIT_N, BUTTON) = range(9)
DETECTORS = (
    Detector("stop n", DetectorKind.STOP_LINE, NORTH_LANE),
    Detector("advance n", DetectorKind.ADVANCE, NORTH_LANE, 98.0),
    Detector("stop s", DetectorKind.STOP_LINE, SOUTH_LANE),
    Detector("advance s", DetectorKind.ADVANCE, SOUTH_LANE, 98.0),
    Detector("stop w", DetectorKind.STOP_LINE, WEST_LANE),
    Detector("exit s", DetectorKind.EXIT, 0, 8.0),
    Detector("exit e", DetectorKind.EXIT, 1, 8.0),
    Detector("exit n", DetectorKind.EXIT, 2, 8.0),
    Detector("button", DetectorKind.PUSH_BUTTON, 3, movement=WALK),
)


def build_junction():
    """North: one lane for through and left; its left yields to south; west on its own; one crossing."""
    entries = (Lane("n", 300.0, 14.0), Lane("s", 300.0, 14.0), Lane("w", 40.0, 14.0), Lane("walk", 10.0, 1.0))
    exits = (Lane("to s", 100.0, 14.0), Lane("to e", 100.0, 14.0), Lane("to n", 100.0, 14.0), Lane("over", 10.0, 1.0))
    movements = (
        Movement(THROUGH, NORTH_LANE, 0, Turn.THROUGH),
        Movement(LEFT, NORTH_LANE, 1, Turn.LEFT),
        Movement(SOUTH, SOUTH_LANE, 2, Turn.THROUGH),
        Movement(WEST, WEST_LANE, 1, Turn.THROUGH),
        Movement(WALK, 3, 3, Turn.CROSSING, RoadUser.PEDESTRIAN, 10.0),
    )
    conflicts, yields = np.zeros((5, 5), np.bool_), np.zeros((5, 5), np.bool_)
    for i, j in [(LEFT, SOUTH), (WEST, THROUGH), (WEST, LEFT), (WEST, SOUTH), (WALK, THROUGH), (WALK, SOUTH)]:
        conflicts[i, j] = conflicts[j, i] = True
    yields[LEFT, SOUTH] = True
    approaches = tuple(Approach(name, (lane,)) for lane, name in enumerate("nsw"))
    junction = Intersection("J", entries, exits, approaches, movements, conflicts, yields)
    stages = (
        Stage(MAIN, frozenset({THROUGH, SOUTH}), frozenset({LEFT})),
        Stage(LEFT_ONLY, frozenset({LEFT})),
        Stage(SIDE, frozenset({WEST, WALK})),
    )
    clearances = Clearances((3.0,) * 5, (5.0,) * 5, np.ones((5, 5)), 1.0)
    changes = build_transitions(junction, stages, clearances)
    sequence = tuple(LocalStep(s, 20.0) for s in range(3))
    plan = TimingPlan(
        stages,
        (StageTiming(5.0, 60.0),) * 3,
        sequence,
        changes,
        SafetyLimits(),
        sum_cycle_s(sequence, changes),
    )
    return junction, plan


class Street:
    """Feeds an estimator second by second."""

    def __init__(self, detectors=DETECTORS):
        self.estimator = LoopEstimator(*build_junction(), detectors)
        self.now_s, self.size, self.green_s = 0.0, len(detectors), 0.0
        self.stage, self.is_fresh = SIDE, np.ones(self.size, np.bool_)

    def second(self, counts=(), stands=(), passes=(), stage=None, entered=NOBODY_ENTERED):
        """``counts``: came onto it and stand there; ``passes``: came and left; ``stands``: stood all the time."""
        if stage is not None and stage != self.stage:
            self.stage, self.green_s = stage, 0.0
        self.now_s += 1.0
        self.green_s += 1.0
        count, occupied_s = np.zeros(self.size, np.int64), np.zeros(self.size)
        for d in (*counts, *passes):
            count[d] += 1
        occupied_s[list(counts)] = occupied_s[list(passes)] = 0.5
        occupied_s[list(stands)] = 1.0
        readings = Readings(self.now_s, count, occupied_s, np.full(self.size, np.nan), self.is_fresh)
        state = SignalState(self.stage, IntervalKind.GREEN, self.green_s, None, Mode.REMOTE, self.now_s)
        self.seen = self.estimator.estimate(readings, state, entered)
        return self.seen

    def seconds(self, number, **events):
        for _ in range(number):
            self.second(**events)
        return self.seen

    def lane(self, *movements):
        """Distances of those bound for these movements."""
        return self.seen.distance_m[np.isin(self.seen.movement, movements)]
