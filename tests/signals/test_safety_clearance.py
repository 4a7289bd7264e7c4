"""The bound on red, against a round played step by step."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
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
    validate,
)

SIZE = 4
MIN_GREEN_S = (6.0, 9.0, 5.0, 12.0)


def crossing(friends=()):
    """Four movements, each in conflict with every other but ``friends``."""
    conflicts = ~np.eye(SIZE, dtype=bool)
    for i, j in friends:
        conflicts[i, j] = conflicts[j, i] = False
    lanes = tuple(Lane(f"l{m}", 200.0, 14.0) for m in range(SIZE))
    return Intersection(
        "x",
        lanes,
        lanes,
        tuple(Approach(f"a{m}", (m,)) for m in range(SIZE)),
        tuple(Movement(m, m, m, Turn.THROUGH) for m in range(SIZE)),
        conflicts,
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


FRIENDS = ((0, 2), (1, 3))
# five stages, of which the local plan goes through 1, 3 and 4; movement 0 has three of them, 2 the broadest alone
SERVES = ({0}, {0, 2}, {1, 3}, {1}, {3, 0})
LOCAL = (1, 3, 4)


@cache
def plan_unevenly(max_red_s):
    """Stages and changes that all have lengths of their own."""
    site = crossing((*FRIENDS, (0, 3)))
    stages = tuple(Stage(k, frozenset(serves)) for k, serves in enumerate(SERVES))
    clearances = Clearances((3.0,) * SIZE, (0.0,) * SIZE, np.full((SIZE, SIZE), 1.0), 1.0)
    changes = {
        (a, b): tuple(replace(i, duration_s=i.duration_s + (2 * a + 5 * b) % 7 / 2) for i in change)
        for (a, b), change in build_transitions(site, stages, clearances).items()
    }
    sequence = tuple(LocalStep(stage, green_s) for stage, green_s in zip(LOCAL, (9.0, 14.0, 30.0), strict=True))
    timings = tuple(StageTiming(min_s, 60.0) for min_s in (5.0, 9.0, 8.0, 6.0, 7.0))
    plan = TimingPlan(
        stages, timings, sequence, changes, SafetyLimits(max_red_s=max_red_s), sum_cycle_s(sequence, changes)
    )
    assert not validate(plan, site)
    return plan, site


def uneven(max_red_s=100.0, lag_s=0.0):
    """A bound under that plan, made anew each time, and the plan."""
    plan, site = plan_unevenly(max_red_s)
    return RedBound(plan, site, lag_s), plan


def serve_round(plan, lag_s, stage, leave_in_s, reds):
    """Whether the longest red first, each in the broadest of its local stages, is in time for all."""
    homes = {m: max((k for k in LOCAL if m in SERVES[k]), key=lambda k: (len(SERVES[k]), -k)) for m in range(SIZE)}
    left = {m for m in range(SIZE) if m not in SERVES[stage]}
    while left:
        m = min(left, key=lambda m: (-reds[m], m))
        leave_in_s += plan.transition_s(stage, homes[m]) + lag_s
        if reds[m] + leave_in_s > plan.limits.max_red_s:
            return False
        stage = homes[m]
        leave_in_s += plan.timings[stage].min_green_s
        left -= SERVES[stage]
    return True


def go_local(plan, lag_s, stage, leave_in_s, reds):
    """The same after those steps of the local plan that nobody can be in time to change."""
    now_s, reds = leave_in_s, dict(enumerate(reds))
    for _ in LOCAL:
        following = LOCAL[(LOCAL.index(stage) + 1) % len(LOCAL)] if stage in LOCAL else LOCAL[0]
        now_s += plan.transition_s(stage, following) + lag_s
        if any(reds[m] + now_s > plan.limits.max_red_s for m in SERVES[following] - SERVES[stage]):
            return False
        reds |= dict.fromkeys(SERVES[following], -now_s)
        now_s += plan.timings[following].min_green_s
        stage = following
        if plan.local_green_s(following) - plan.timings[following].min_green_s >= leave_in_s:
            break
    return serve_round(plan, lag_s, stage, now_s, reds)


some_reds = st.lists(st.integers(0, 90).map(float), min_size=SIZE, max_size=SIZE)


@given(
    st.integers(0, len(SERVES) - 1), st.integers(0, 40).map(float), some_reds, st.sampled_from([0.0, 2.0, 8.0]),
    st.sampled_from([60.0, 100.0]),
)  # fmt: skip
@settings(max_examples=400)
def test_stages_and_changes_of_any_length_are_counted_as_they_are(stage, leave_in_s, reds, lag_s, max_red_s):
    """With stages that share movements, stages outside the local plan, a lag, and no two lengths alike: both answers
    agree with a round played by hand, and the reds that were given are not touched.
    """
    bound, plan = uneven(max_red_s, lag_s)
    red_s = np.array(reds)
    red_s[list(SERVES[stage])] = 0.0
    before = red_s.copy()
    assert bound.can_serve_all(stage, leave_in_s, red_s) == serve_round(plan, lag_s, stage, leave_in_s, before.tolist())
    answer = bound.can_serve_all_after_local_steps(stage, leave_in_s, red_s)
    assert answer == go_local(plan, lag_s, stage, leave_in_s, before.tolist())
    assert (red_s == before).all()


@pytest.mark.parametrize("lag_s", [0.0, 2.0, 8.0])
@pytest.mark.parametrize("stage", range(len(SERVES)))
def test_the_last_second_in_which_all_can_be_served_is_found(stage, lag_s):
    """For each movement alone: yes up to a red from which the round is just in time, no a second later."""
    bound, plan = uneven(lag_s=lag_s)
    for m in set(range(SIZE)) - SERVES[stage]:
        for ask, play in (
            (bound.can_serve_all, serve_round),
            (bound.can_serve_all_after_local_steps, go_local),
        ):
            answers = []
            for red in range(101):
                red_s = np.zeros(SIZE)
                red_s[m] = red
                answers.append(ask(stage, 1.0, red_s))
                assert answers[-1] == play(plan, lag_s, stage, 1.0, red_s.tolist())
            assert answers == sorted(answers, reverse=True)
            assert answers[0]
            assert not answers[-1]


def test_the_only_stage_of_a_plan_has_nobody_to_wait_for():
    """Where one stage serves all, every answer is yes, and there is nowhere to go."""
    site = crossing([(i, j) for i in range(SIZE) for j in range(i)])
    stage, green = Stage(0, frozenset(range(SIZE))), (LocalStep(0, 20.0),)
    plan = TimingPlan((stage,), (StageTiming(6.0, 60.0),), green, {}, SafetyLimits(), 20.0)
    bound, red_s = RedBound(plan, site), np.zeros(SIZE)
    assert bound.can_serve_all(0, 1e9, red_s)
    assert bound.can_serve_all_after_local_steps(0, 1e9, red_s)
    assert bound.find_next(0, red_s) is None


def test_whom_no_stage_serves_is_nobodys_to_serve():
    """A plan that leaves somebody out is refused elsewhere; here a red without end hides nobody else's."""
    bound = RedBound(build_plan(ONE_EACH[:3]), crossing())
    red_s = np.array([0.0, 10.0, 20.0, 1e6])
    assert bound.find_next(0, red_s) == 2
    assert bound.can_serve_all(0, 1.0, red_s)
    assert not bound.can_serve_all(0, 1.0, np.array([0.0, 10.0, 88.0, 1e6]))
