"""The cabinet alone: its local plan keeps cycle and offset, and finds back to them after it was led."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.cabinet import CORRECTION, Cabinet
from signals.model import IntervalKind
from signals.ports import Advance, Hold, Release
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import build_plan
from sumo_scenarios.catalog import find_scenario


def load(name):
    """The plan of the first signal of a scenario, and its shipped program."""
    scenario = find_scenario(name)
    signal, site = next(iter(read_sites(scenario.net).items()))
    program = read_programs(scenario)[signal]
    return build_plan(site, program, scenario), program


PLAN, PROGRAM = load("isolated")


def list_starts(cabinet, seconds):
    """When the first stage of the sequence becomes green, by the cabinet's own count."""
    starts, before = [], None
    for _ in range(seconds):
        state = cabinet.read_state()
        now = state.stage if state.interval is IntervalKind.GREEN else None
        if now == PLAN.sequence[0].stage and before != now:
            starts.append(state.uptime_s - state.elapsed_s)
        before = now
        cabinet.tick(1.0)
    return starts


def test_the_local_plan_has_the_shipped_cycle_and_offset():
    """What safer transitions take is taken from the greens, so that neighbours stay in step."""
    assert PLAN.cycle_s == sum(display.duration_s for display in PROGRAM.displays)
    assert PLAN.offset_s == PROGRAM.offset_s


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 3600), st.lists(st.integers(0, 120), max_size=6), st.integers(0, 40))
def test_a_released_cabinet_is_in_step_again_within_some_cycles(clock_s, led, held_s):
    """Whenever it is switched on and however it was led, ten cycles later green begins where the offset says."""
    cabinet = Cabinet(PLAN, clock_s=clock_s)
    for wanted in led:
        cabinet.obey(Advance(wanted % len(PLAN.stages)) if wanted % 3 else Hold())
        cabinet.tick(1.0)
    for _ in range(held_s):
        cabinet.obey(Hold())
        cabinet.tick(1.0)
    cabinet.obey(Release("test"))
    cycle_s = round(PLAN.cycle_s)
    late = [start_s for start_s in list_starts(cabinet, 14 * cycle_s) if start_s > held_s + len(led) + 10 * cycle_s]
    assert late
    assert all((clock_s + start_s - PLAN.offset_s) % cycle_s == pytest.approx(0) for start_s in late)


def test_corrections_stay_within_a_quarter_and_a_release_cuts_nothing():
    """On the way into step no green is shorter than its minimum or changed by more than the share that is allowed."""
    for clock_s in range(0, round(PLAN.cycle_s), 7):
        cabinet = Cabinet(PLAN, clock_s=clock_s)
        greens, before = [], cabinet.read_state()
        for _ in range(6 * round(PLAN.cycle_s)):
            cabinet.tick(1.0)
            state = cabinet.read_state()
            if before.interval is IntervalKind.GREEN and state.interval is not IntervalKind.GREEN:
                greens.append((before.stage, before.elapsed_s + 1.0))
            before = state
        for stage, green_s in greens:
            planned_s = PLAN.local_green_s(stage)
            assert green_s >= PLAN.timings[stage].min_green_s
            assert (1 - CORRECTION) * planned_s - 1 <= green_s <= (1 + CORRECTION) * planned_s + 1
