"""A crossing with lanes, a permitted left turn and two zebra crossings, its plan and a cabinet under it."""

from functools import cache

import numpy as np

from signals.cabinet import Cabinet
from signals.hardware.j2735.groups import list_groups
from signals.hardware.j2735.map_message import LaneGeometry, MapGeometry
from signals.model import Approach, Intersection, Lane, Movement, RoadUser, Stage, Turn
from signals.timing_plan import (
    Clearances,
    LocalStep,
    SafetyLimits,
    StageTiming,
    TimingPlan,
    build_transitions,
    sum_cycle_s,
    validate,
)

NORTH, SOUTH, NORTH_LEFT, EAST, WALK_WEST, WALK_NORTH = range(6)
CONFLICTS = (
    (NORTH, EAST), (SOUTH, EAST), (NORTH_LEFT, EAST), (NORTH_LEFT, SOUTH), (WALK_WEST, EAST), (WALK_NORTH, NORTH),
    (WALK_NORTH, SOUTH), (WALK_NORTH, NORTH_LEFT),
)  # fmt: skip


@cache
def build_crossing():
    """The intersection and a plan of two stages without faults."""

    def lane(name):
        return Lane(name, 200.0, 13.9)

    movements = (
        Movement(NORTH, 0, 0, Turn.THROUGH),
        Movement(SOUTH, 1, 1, Turn.THROUGH),
        Movement(NORTH_LEFT, 2, 2, Turn.LEFT),
        Movement(EAST, 3, 3, Turn.THROUGH),
        Movement(WALK_WEST, 4, 4, Turn.CROSSING, RoadUser.PEDESTRIAN, 8.0),
        Movement(WALK_NORTH, 4, 4, Turn.CROSSING, RoadUser.PEDESTRIAN, 10.0),
    )
    size = len(movements)
    conflicts = np.zeros((size, size), np.bool_)
    yields = np.zeros((size, size), np.bool_)
    for i, j in CONFLICTS:
        conflicts[i, j] = conflicts[j, i] = True
    yields[NORTH_LEFT, SOUTH] = True
    intersection = Intersection(
        "walked",
        tuple(map(lane, ("n", "s", "n-left", "e", "kerb"))),
        tuple(map(lane, ("to-s", "to-n", "to-e", "to-w", "kerb"))),
        (Approach("n", (0, 2)), Approach("s", (1,)), Approach("e", (3,))),
        movements,
        conflicts,
        yields,
    )
    stages = (
        Stage(0, frozenset({NORTH, SOUTH, WALK_WEST}), frozenset({NORTH_LEFT})),
        Stage(1, frozenset({EAST, WALK_NORTH})),
    )
    limits = SafetyLimits(min_green_s=7.0, yellow_s=3.0, red_clearance_s=2.0)
    walks_s = tuple(m.crossing_m for m in movements)
    clearances = Clearances((3.0,) * size, walks_s, np.full((size, size), 2.0), 2.0)
    transitions = build_transitions(intersection, stages, clearances)
    sequence = (LocalStep(0, 30.0), LocalStep(1, 20.0))
    timings = (StageTiming(15.0, 60.0), StageTiming(15.0, 40.0))
    plan = TimingPlan(stages, timings, sequence, transitions, limits, sum_cycle_s(sequence, transitions))
    assert validate(plan, intersection) == ()
    return intersection, plan


def build_cabinet():
    """A cabinet under the plan, at the beginning of the first stage."""
    return Cabinet(build_crossing()[1])


def list_all_groups():
    """The crossing's signal groups."""
    return list_groups(*build_crossing())


def measure_crossing():
    """Where everything of the crossing is."""
    straight = LaneGeometry(((0.0, 10.0), (0.5, 60.0), (3.0, 210.0)))
    way = LaneGeometry(((-8.0, 8.0), (8.0, 8.0)))
    lanes = (straight,) * 4
    return MapGeometry(22.6273, 120.3014, 3.2, lanes, lanes, ((WALK_WEST, way), (WALK_NORTH, way)))
