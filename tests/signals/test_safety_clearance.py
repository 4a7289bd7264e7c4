"""The bound on red, against a round played step by step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.model import Approach, Intersection, Lane, Movement, Stage, Turn
from signals.safety.clearance import RedBound
from signals.timing_plan import (
    Clearances,
    LocalStep,
    SafetyLimits,
    StageTiming,
    TimingPlan,
    build_transitions,
    sum_cycle_s,
)

SIZE = 4
MIN_GREEN_S = (6.0, 9.0, 5.0, 12.0)


def crossing():
    """Four movements, each in conflict with every other."""
    lanes = tuple(Lane(f"l{m}", 200.0, 14.0) for m in range(SIZE))
    return Intersection(
        "x",
        lanes,
        lanes,
        tuple(Approach(f"a{m}", (m,)) for m in range(SIZE)),
        tuple(Movement(m, m, m, Turn.THROUGH) for m in range(SIZE)),
        ~np.eye(SIZE, dtype=bool),
        np.zeros((SIZE, SIZE), bool),
    )


def build_plan(stages, max_red_s=90.0):
    """A plan with a minimum green of its own for each stage, 3 s of yellow and 1 s of red."""
    clearances = Clearances((3.0,) * SIZE, (0.0,) * SIZE, np.full((SIZE, SIZE), 1.0), 1.0)
    transitions = build_transitions(crossing(), stages, clearances)
    sequence = tuple(LocalStep(stage.index, 20.0) for stage in stages)
    timings = tuple(StageTiming(MIN_GREEN_S[stage.index], 60.0) for stage in stages)
    limits = SafetyLimits(max_red_s=max_red_s)
    return TimingPlan(stages, timings, sequence, transitions, limits, sum_cycle_s(sequence, transitions))


ONE_EACH = tuple(Stage(m, frozenset({m})) for m in range(SIZE))


def serve_in_turn(stage, leave_in_s, red_s, max_red_s):
    """Whether everyone is green in time where the longest red goes first, counted second by second."""
    waiting = sorted((m for m in range(SIZE) if m != stage), key=lambda m: (-red_s[m], m))
    now_s = leave_in_s
    for m in waiting:
        now_s += 4.0  # yellow and red
        if red_s[m] + now_s > max_red_s:
            return False
        now_s += MIN_GREEN_S[m]
    return True


@given(
    st.integers(0, SIZE - 1),
    st.integers(0, 40).map(float),
    st.lists(st.integers(0, 100).map(float), min_size=SIZE, max_size=SIZE),
)
def test_the_bound_is_that_of_a_round_played_step_by_step(stage, leave_in_s, reds):
    """Yes and no agree with a round that serves the longest red first, each at its minimum green."""
    bound = RedBound(build_plan(ONE_EACH), crossing())
    red_s = np.array(reds)
    red_s[stage] = 0.0
    assert bound.can_serve_all(stage, leave_in_s, red_s) == serve_in_turn(stage, leave_in_s, red_s, 90.0)


@pytest.mark.parametrize("longest", [1, 2, 3])
def test_the_longest_red_goes_first(longest):
    """The next stage is that of the movement that has been red for longest."""
    red_s = np.array([0.0, 10.0, 10.0, 10.0])
    red_s[longest] = 11.0
    assert RedBound(build_plan(ONE_EACH), crossing()).find_next(0, red_s) == longest


def test_an_arrow_is_no_green_to_who_gets_one_elsewhere():
    """A green right-turn arrow serves a movement only where no stage ever gives it a green."""
    stages = (
        Stage(0, frozenset({0}), stop_then_go=frozenset({1, 3})),
        Stage(1, frozenset({1})),
        Stage(2, frozenset({2})),
    )
    bound = RedBound(build_plan(stages), crossing())
    assert bound.serves[:, 1].tolist() == [False, True, False]
    assert bound.serves[:, 3].tolist() == [True, False, False]
