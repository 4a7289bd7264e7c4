"""What is left when something fails, and the way back."""

import numpy as np

from signals.controller import LoopController
from signals.coordination.degraded import BETTER_S, WORSE_S, Degradation, DegradedModes
from signals.model import IntervalKind
from signals.ports import NOBODY_ENTERED, Detections, Hold, Mode, Readings, Release, SignalState

GOOD = (1.0, 1.0)


def test_a_silent_neighbour_is_noted_once_and_forgiven_after_a_minute():
    """Ten seconds of silence change the mode with one line; the way back takes a minute of good mail."""
    modes, notes = DegradedModes(), []
    for second in range(200):
        silent = ("B",) if 20 <= second < 60 else ()
        modes.judge(float(second), silent, GOOD)
        notes += [(second, modes.note)] if modes.note else []
    assert notes == [
        (20 + WORSE_S, "mode alone: on local detectors, B silent"),
        (60 + BETTER_S, "mode full: everything works"),
    ]


def test_a_flickering_fault_is_one_change():
    """A neighbour that is heard every now and then does not switch the mode to and fro."""
    modes, notes = DegradedModes(), []
    for second in range(600):
        modes.judge(float(second), ("B",) if second % 40 < 20 else (), GOOD)
        notes += [modes.note] if modes.note else []
    assert notes == ["mode alone: on local detectors, B silent"]


def test_the_worst_counts():
    """A poor approach is imputed though a neighbour is silent too; with most detectors gone the plan takes over."""
    modes = DegradedModes()
    for second in range(12):
        modes.judge(float(second), ("B",), (1.0, 0.3))
    assert modes.mode is Degradation.IMPUTED
    for second in range(12, 24):
        modes.judge(float(second), ("B",), (0.4, 0.0))
    assert modes.mode is Degradation.LOCAL_PLAN


class FailingEstimator:
    """Fails for some seconds."""

    def estimate(self, readings, _state, entered):
        """Nobody, or an error."""
        assert entered is NOBODY_ENTERED
        if readings.at_s < 5:
            raise RuntimeError("no memory")
        none = np.zeros(0)
        return Detections(readings.at_s, np.zeros(0, np.int64), none, none, none, none, none, none)


class Holder:
    """Always holds."""

    def decide(self, _seen, _state):
        """Hold."""
        return Hold()

    def explain(self):
        """Nothing."""
        return ""


def test_an_estimator_that_fails_releases_to_the_plan_and_comes_back_after_a_minute():
    """The release begins in the very second and lasts until a minute has been good; each change is one line."""
    controller = LoopController(FailingEstimator(), Holder())
    state = SignalState(0, IntervalKind.GREEN, 9.0, None, Mode.REMOTE, 9.0)
    commands, lines = [], []
    for second in range(80):
        readings = Readings(float(second), *(np.zeros(0) for _ in range(4)))
        commands.append(controller.decide(readings, state))
        lines += [controller.explain()] if controller.explain() else []
    assert all(isinstance(command, Release) for command in commands[:64])
    assert isinstance(commands[66], Hold)
    assert lines == [
        "mode local_plan: released to the local plan, the estimator fails: RuntimeError: no memory",
        "mode full: everything works",
    ]
