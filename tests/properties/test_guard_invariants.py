"""Random commands and clock jumps at the guard, with lamps judged by their history alone."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from signals.model import IntervalKind, Lamp
from signals.ports import Advance, Hold, Mode, Release, SignalState
from signals.safety.command import SafeCommand
from signals.safety.guard import Guard
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import build_plan
from signals.timing_plan import may_share
from sumo_scenarios.catalog import find_scenario


def load(name):
    """The first intersection of one of our scenarios and its plan."""
    scenario = find_scenario(name)
    programs = read_programs(scenario)
    signal, site = next(iter(read_sites(scenario.net).items()))
    return site.intersection, build_plan(site, programs[signal], scenario)


# released in a stage outside the local sequence, which the local plan then left at its minimum green: 182 s of red once
AFTER_LOCAL_STEPS = [
    (Advance(4), 42, 7200.0),
    (Advance(0), 39, -3600.0),
    (Hold(), 17, -7.5),
    (Advance(5), 60, 0.0),
    (Release("t"), 14, 0.0),
    (Advance(3), 25, 0.0),
]
# asked for the local plan when its next steps came too late for somebody: 181 s of red once
BEFORE_LOCAL_STEPS = [
    (Advance(1), 26, 0.7),
    (Advance(0), 48, -0.4),
    (Advance(3), 51, 30.0),
    (Advance(0), 42, 0.0),
    (Release("t"), 42, 0.0),
]
# released again and again while the guard was serving somebody at the last moment
AGAINST_THE_LAST_CHANCE = [
    (Advance(3), 56, 30.0),
    (Advance(5), 12, -0.4),
    (Hold(), 38, 0.7),
    (Advance(3), 47, 0.0),
    (Release("t"), 39, 0.0),
]
CROSSINGS = {name: load(name) for name in ("isolated", "corridor")}


class ObedientController:
    """A small reference controller with no timers for greens: it does whatever it is told, at once.

    Taiwan's 5F1C may not check the minimum green; so neither does this. It only plays transitions, and in
    local mode the plan's own greens.
    """

    def __init__(self, plan):
        self.plan, self.stage, self.target, self.queue = plan, 0, None, []
        self.elapsed_s, self.uptime_s, self.mode = 0.0, 0.0, Mode.LOCAL

    def state(self):
        kind = self.queue[0].kind if self.queue else IntervalKind.GREEN
        return SignalState(self.stage, kind, self.elapsed_s, self.target, self.mode, self.uptime_s)

    def apply(self, safe):
        assert isinstance(safe, SafeCommand)
        self.mode = Mode.LOCAL if isinstance(safe.command, Release) else Mode.REMOTE
        if isinstance(safe.command, Advance):
            self.leave_for(safe.command.stage)

    def leave_for(self, target):
        self.queue, self.target, self.elapsed_s = list(self.plan.transitions[self.stage, target]), target, 0.0
        self.settle()

    def settle(self):
        if not self.queue and self.target is not None:
            self.stage, self.target, self.elapsed_s = self.target, None, 0.0

    def lamps(self):
        size = len(next(iter(self.plan.transitions.values()))[0].lamps)
        return self.queue[0].lamps if self.queue else tuple(self.plan.stages[self.stage].lamp(m) for m in range(size))

    def tick(self):
        self.uptime_s += 1
        self.elapsed_s += 1
        if self.queue and self.elapsed_s >= self.queue[0].duration_s:
            self.queue.pop(0)
            self.elapsed_s = 0.0
            self.settle()
        elif not self.queue and self.mode is Mode.LOCAL and self.elapsed_s >= self.plan.local_green_s(self.stage):
            self.leave_for(self.plan.next_local(self.stage))


@st.composite
def wishes(draw):
    """Commands with how long each is repeated, and jumps of the clock."""
    command = st.one_of(
        st.integers(-1, 5).map(Advance),
        st.integers(0, 3).map(Advance),
        st.just(Hold()),
        st.just(Release("test")),
    )
    jump_s = st.sampled_from([0.0] * 6 + [-3600.0, -7.5, -0.4, 0.7, 30.0, 7200.0])
    return draw(st.lists(st.tuples(command, st.integers(1, 60), jump_s), min_size=1, max_size=30))


def drive(intersection, plan, script):
    """Second by second through the guard; the lamps of every second."""
    cabinet, guard, clock_s = ObedientController(plan), Guard(intersection, plan), 0.0
    history = []
    for command, times, jump_s in script:
        clock_s += jump_s
        for _ in range(times):
            verdict = guard.admit(command, cabinet.state(), clock_s)
            safe = verdict if isinstance(verdict, SafeCommand) else verdict.instead
            if safe is not None:
                cabinet.apply(safe)
            history.append(cabinet.lamps())
            cabinet.tick()
            clock_s += 1.0
    return history


def list_runs(history, movement):
    """(lamp, length, whether its beginning and end were seen) in order; greens of both kinds joined."""
    runs = []
    for lamps in history:
        lamp = Lamp.PROTECTED_GREEN if lamps[movement].is_green else lamps[movement]
        if runs and runs[-1][0] is lamp:
            runs[-1][1] += 1
        else:
            runs.append([lamp, 1])
    return [(lamp, length, 0 < k < len(runs) - 1) for k, (lamp, length) in enumerate(runs)]


@pytest.mark.parametrize("name", sorted(CROSSINGS))
@given(script=wishes())
@example(script=AFTER_LOCAL_STEPS)
@example(script=BEFORE_LOCAL_STEPS)
@example(script=AGAINST_THE_LAST_CHANCE)
@settings(max_examples=200, deadline=None)
def test_whatever_is_wanted_the_lamps_stay_safe(name, script):
    """Under random commands and clock jumps: minimum green, yellow, all-red, no conflicting greens, bounded red."""
    intersection, plan = CROSSINGS[name]
    limits = plan.limits
    history = drive(intersection, plan, script)
    size = len(intersection.movements)
    for lamps in set(history):
        green = [m for m in range(size) if lamps[m].is_green]
        assert all(may_share(intersection, lamps[i], lamps[j], i, j) for i in green for j in green if i < j)
    for m in range(size):
        runs = list_runs(history, m)
        for k, (lamp, length, is_whole) in enumerate(runs):
            if lamp is Lamp.PROTECTED_GREEN and is_whole:
                assert length >= limits.min_green_s
            if lamp is Lamp.YELLOW and is_whole:
                assert length >= limits.yellow_s
                assert runs[k - 1][0] is Lamp.PROTECTED_GREEN
                assert runs[k + 1][0] is Lamp.RED
            if lamp is Lamp.PROTECTED_GREEN and k + 1 < len(runs):
                assert runs[k + 1][0] is Lamp.YELLOW
            if lamp is Lamp.RED:
                assert length <= limits.max_red_s
    assert_red_clearance(intersection, history, limits.red_clearance_s)


def assert_red_clearance(intersection, history, required_s):
    """From the end of a yellow to a conflicting green's start passes the red clearance."""
    size = len(intersection.movements)
    red_since = np.full(size, -np.inf)
    for second, (before, now) in enumerate(pairwise(history), 1):
        for m in range(size):
            if before[m] is Lamp.YELLOW and now[m] is Lamp.RED:
                red_since[m] = second
        for m in range(size):
            if now[m].is_green and not before[m].is_green:
                foes = np.flatnonzero(intersection.conflicts[m])
                assert all(second - red_since[j] >= required_s for j in foes)


@pytest.mark.parametrize("name", sorted(CROSSINGS))
@given(script=wishes())
@settings(max_examples=30, deadline=None)
def test_the_same_script_gives_the_same_lamps(name, script):
    """The guard has no hidden state beyond its own life: two runs agree second by second."""
    intersection, plan = CROSSINGS[name]
    assert drive(intersection, plan, script) == drive(intersection, plan, script)
