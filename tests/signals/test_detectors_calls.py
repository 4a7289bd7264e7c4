"""Pedestrian calls: who pushes is remembered, and a crossing that nobody walks is not left to the bound on red."""

import numpy as np

from signals.detectors.calls import PedestrianCalls
from signals.detectors.layout import PROTECTED
from signals.model import Detector, DetectorKind, Intersection, Lane, Movement, RoadUser, Turn

CROSSING = Intersection(
    "walk", (Lane("kerb", 5.0, 1.4),), (Lane("far", 5.0, 1.4),), (),
    (Movement(0, 0, 0, Turn.CROSSING, RoadUser.PEDESTRIAN, 12.0),),
    np.zeros((1, 1), np.bool_), np.zeros((1, 1), np.bool_),
)  # fmt: skip
BUTTON = Detector("button", DetectorKind.PUSH_BUTTON, 0, movement=0)


def wait(calls, seconds, pushes=0, level=0):
    """Let seconds pass; pushes come in the first."""
    for second in range(seconds):
        calls.take(np.array([pushes if second == 0 else 0]), np.array([True]), np.array([level]))
    return calls.list_waiting()[1].tolist()


def test_a_push_waits_until_the_walk():
    """From the second of the push on; four seconds of green end it."""
    calls = PedestrianCalls(CROSSING, (BUTTON,))
    assert wait(calls, 10) == []
    assert wait(calls, 8, pushes=1) == [7.0]
    assert wait(calls, 4, level=PROTECTED) == []


def test_a_crossing_that_is_long_red_is_called_though_nobody_pushed():
    """After a minute and a half of red, and not before; the call begins then, and the walk ends it."""
    calls = PedestrianCalls(CROSSING, (BUTTON,))
    assert wait(calls, 89) == []
    assert wait(calls, 1) == [0.0]
    assert wait(calls, 5, level=PROTECTED) == []
    assert wait(calls, 60) == []
