"""The schedule-driven rival: its dynamic programme by hand and by twin, its clusters, its first decision."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.baselines.phase_schedule import schedule_clusters
from signals.baselines.surtrac import Surtrac, _to_arrays
from signals.model import IntervalKind
from signals.ports import Advance, Detections, Hold, Mode, SignalState
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import build_plan
from sumo_scenarios.catalog import find_scenario


def plan_of(rows, stage=0, green_s=10.0, min_s=5.0, max_s=50.0, change_s=4.0, startup_s=2.0, run=schedule_clusters):
    """Schedule rows of clusters (arrival, duration, vehicles), one row a phase."""
    size, most = len(rows), max(1, *(len(row) for row in rows))
    table = np.zeros((3, size, most))
    for i, row in enumerate(rows):
        for k, cluster in enumerate(row):
            table[:, i, k] = cluster
    count = np.array([len(row) for row in rows], np.int64)
    change = np.full((size, size), change_s)
    np.fill_diagonal(change, 0.0)
    full = (np.full(size, min_s), np.full(size, max_s))
    return run(count, *table, stage, green_s, *full, change, startup_s, 0.0)


def test_with_nobody_there_is_nothing_to_do():
    """No cluster, no phase."""
    assert plan_of([[], []]) == (-1, 0.0)


def test_a_queue_at_red_waits_for_the_change_and_the_start():
    """Three vehicles wait 4 s of clearance and 2 s of start-up: 18 vehicle-seconds."""
    assert plan_of([[], [(0.0, 6.0, 3.0)]]) == (1, 18.0)


def test_a_change_before_the_minimum_green_waits_for_it():
    """With 2 of 5 s of green passed, three seconds more."""
    assert plan_of([[], [(0.0, 6.0, 3.0)]], green_s=2.0) == (1, 27.0)


def test_the_longer_queue_of_two_reds_goes_first():
    """Both wait at red; serving ten vehicles before one costs less."""
    phase, _ = plan_of([[], [(0.0, 2.0, 1.0)], [(0.0, 8.0, 10.0)]])
    assert phase == 2


def test_a_platoon_that_comes_at_once_is_worth_staying_for():
    """Eight vehicles arrive in a second at green, one waits at red: the green is extended."""
    phase, delay = plan_of([[(1.0, 8.0, 8.0)], [(0.0, 2.0, 1.0)]])
    assert phase == 0
    assert delay == 9.0 + 4.0 + 2.0


rows_of = st.lists(
    st.lists(st.tuples(st.floats(0, 30), st.floats(1, 12), st.integers(1, 9)), max_size=3).map(sorted),
    min_size=2,
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@given(rows_of, st.floats(0, 20))
def test_the_kernel_and_its_python_twin_agree(rows, green_s):
    """The compiled kernel gives what the readable one gives."""
    assert plan_of(rows, green_s=green_s) == plan_of(rows, green_s=green_s, run=schedule_clusters.py_func)


def test_long_tails_are_merged_and_lose_nobody():
    """Eight phases of six clusters are cut down to a table that can be searched, with every vehicle in it."""

    class Cluster:
        def __init__(self, at_s):
            self.arrival_s, self.vehicles = at_s, 2

        def end_s(self):
            return self.arrival_s + 3.0

    rows = [[Cluster(5.0 * k) for k in range(6)] for _ in range(8)]
    count, arrival_s, duration_s, vehicles = _to_arrays(rows, 6)
    assert np.prod(count + 1.0) <= 4000
    assert vehicles.sum() == 8 * 6 * 2
    assert np.allclose((arrival_s + duration_s).max(axis=1), 28.0)


@pytest.fixture(scope="module")
def rival():
    """The rival at the first crossing of our corridor."""
    scenario = find_scenario("corridor")
    signal, site = next(iter(read_sites(scenario.net).items()))
    plan = build_plan(site, read_programs(scenario)[signal], scenario)
    return Surtrac(site.intersection, plan), site.intersection, plan


def see(crossing, movements):
    """Standing vehicles at the stop lines."""
    size, exits = len(movements), np.zeros(len(crossing.exits), np.int64)
    standing = (np.full(size, 5.0), np.zeros(size), np.full(size, 30.0))
    return Detections(0.0, np.array(movements, np.int64), *standing, exits, exits, exits.astype(float))


def test_movements_belong_to_the_stage_that_protects_them(rival):
    """A left turn with a stage of its own calls that stage, not one where it has to give way."""
    maker, crossing, plan = rival
    left = min(plan.stages[1].protected)
    state = SignalState(0, IntervalKind.GREEN, 10.0, None, Mode.REMOTE, 100.0)
    assert maker.decide(see(crossing, [left] * 5), state) == Advance(1)
    assert "S0 -> S1" in maker.explain()


def test_the_running_stage_keeps_what_it_protects(rival):
    """Vehicles that the running stage serves hold it; with nobody in sight nothing changes."""
    maker, crossing, plan = rival
    through = min(plan.stages[0].protected)
    state = SignalState(0, IntervalKind.GREEN, 10.0, None, Mode.REMOTE, 100.0)
    assert maker.decide(see(crossing, [through] * 5), state) == Hold()
    assert maker.decide(see(crossing, []), state) == Hold()
