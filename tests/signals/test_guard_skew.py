"""Clocks that are wrong, and somebody who wants the worst: reds stay bounded and nothing is released without need."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.cabinet import Cabinet
from signals.model import IntervalKind
from signals.ports import Advance, Hold, Release
from signals.safety.command import SafeCommand
from signals.safety.guard import Guard, Refusal
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import build_plan
from sumo_scenarios.catalog import find_scenario

SCENARIO = find_scenario("isolated")
SITE = next(iter(read_sites(SCENARIO.net).values()))
PLAN = build_plan(SITE, next(iter(read_programs(SCENARIO).values())), SCENARIO)
SIZE = len(SITE.intersection.movements)


def drive(choose, clock, seconds):
    """The refusals, and the longest red of any movement as the lamps showed it."""
    cabinet, guard = Cabinet(PLAN, clock_s=0.0), Guard(SITE.intersection, PLAN)
    red_s, worst_s, refusals = np.zeros(SIZE), 0.0, []
    for second in range(seconds):
        state = cabinet.read_state()
        verdict = guard.admit(choose(second, state), state, clock(second))
        safe = verdict if isinstance(verdict, SafeCommand) else verdict.instead
        if safe is not None:
            cabinet.apply(safe)
        if isinstance(verdict, Refusal):
            refusals.append(verdict.code)
        red_s = np.where([lamp.is_green for lamp in cabinet.list_lamps()], 0.0, red_s + 1.0)
        worst_s = max(worst_s, float(red_s.max()))
        cabinet.tick(1.0)
    return refusals, worst_s


def starve(second, state):
    """Serve two stages in turn for ever, and never the others."""
    if state.interval is not IntervalKind.GREEN or second % 11:
        return Hold()
    return Advance(1 if state.stage == 0 else 0)


def hold_on(second, state):
    """Never leave."""
    del second, state
    return Hold()


@pytest.mark.parametrize("skew_s", [-2.0, 0.0, 2.0])
@pytest.mark.parametrize("choose", [starve, hold_on])
def test_a_skew_of_two_seconds_releases_nothing_and_starves_nobody(choose, skew_s):
    """A clock that is wrong by a constant, with 0.2 s of jitter either way: no distrust, no refusal for the clock."""
    jitter = np.random.default_rng(21).uniform(-0.2, 0.2, 2000)
    refusals, worst_s = drive(choose, lambda t: 1000.0 + t + skew_s + float(jitter[t]), 1500)
    assert not {"clock_skew", "disagreement"} & set(refusals)
    assert worst_s <= PLAN.limits.max_red_s


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-1, 5), st.integers(1, 40), st.floats(-2.0, 2.0)), min_size=1, max_size=40),
    st.integers(0, 2**31),
)
def test_malice_with_clocks_that_wander_keeps_every_red_bounded(script, seed):
    """Any commands (also releases) under any skew and up to two seconds of jitter: no movement beyond its maximum red."""
    wanted = [Release("x") if stage < 0 else Advance(stage) for stage, times, _ in script for _ in range(times)]
    skews_s = [skew_s for _, times, skew_s in script for _ in range(times)]
    jitter = np.random.default_rng(seed).uniform(-1.0, 1.0, len(wanted))
    clock = [1000.0 + t + skew_s + float(jitter[t]) for t, skew_s in enumerate(skews_s)]
    _, worst_s = drive(lambda t, _: wanted[t], lambda t: clock[t], len(wanted))
    assert worst_s <= PLAN.limits.max_red_s
