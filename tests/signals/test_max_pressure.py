"""The rival: pressure, switching loss, permissive rates from the opposing flow."""

import numpy as np
import pytest

from signals.baselines.max_pressure import MaxPressure, MaxPressureSettings
from signals.model import IntervalKind
from signals.ports import Advance, Detections, Hold, Mode, SignalState
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import build_plan
from sumo_scenarios.catalog import find_scenario


@pytest.fixture(scope="module")
def rival():
    """Max-pressure at the first crossing of our corridor, which has permissive left turns."""
    scenario = find_scenario("corridor")
    signal, site = next(iter(read_sites(scenario.net).items()))
    plan = build_plan(site, read_programs(scenario)[signal], scenario)
    return MaxPressure(site.intersection, plan), site.intersection, plan


def see(crossing, vehicles, halted_at=()):
    """Standing vehicles by movement, ten metres apart; ``halted_at``: exits with ten standing vehicles."""
    movements = [m for m, count in vehicles.items() for _ in range(count)]
    size = len(movements)
    exits = np.zeros(len(crossing.exits), np.int64)
    exits[list(halted_at)] = 10
    return Detections(
        0.0,
        np.array(movements, np.int64),
        np.full(size, 10.0),
        np.zeros(size),
        np.full(size, 30.0),
        exits,
        exits,
        np.full(len(exits), 10.0),
        np.zeros(len(crossing.movements), np.int64),
    )


SLOT_S = MaxPressureSettings().slot_s


def green(stage, elapsed_s=SLOT_S):
    """A cabinet's report of a running green."""
    return SignalState(stage, IntervalKind.GREEN, elapsed_s, None, Mode.REMOTE, 100.0)


def test_the_greatest_pressure_wins(rival):
    """A long queue for another stage is served when the slot ends, not before."""
    maker, crossing, plan = rival
    seen = see(crossing, {min(plan.stages[2].protected): 8})
    assert maker.decide(seen, green(0)) == Advance(2)
    assert maker.decide(seen, green(0, MaxPressureSettings().slot_s - 1)) == Hold()


def test_a_small_advantage_does_not_pay_for_the_change(rival):
    """Equal pressures keep the running stage, and so does a lead below the switching loss."""
    maker, crossing, plan = rival
    here, there = min(plan.stages[0].protected), min(plan.stages[2].protected)
    assert maker.decide(see(crossing, {here: 4, there: 4}), green(0)) == Hold()
    assert maker.decide(see(crossing, {here: 4, there: 5}), green(0)) == Hold()
    assert maker.decide(see(crossing, {here: 4, there: 12}), green(0)) == Advance(2)


def test_a_full_exit_takes_the_pressure_away(rival):
    """Vehicles whose exit is full of standing traffic press less."""
    maker, crossing, plan = rival
    there = min(plan.stages[2].protected)
    blocked = [crossing.movements[there].exit]
    assert maker.decide(see(crossing, {there: 4}), green(0)) == Advance(2)
    assert maker.decide(see(crossing, {there: 4}, halted_at=blocked), green(0)) == Hold()


def test_permissive_greens_count_by_the_gaps_they_find(rival):
    """The share of a permissive green falls with the opposing queue and is never nothing."""
    maker, crossing, plan = rival
    left = min(plan.stages[2].permitted)
    opposing = [j for j in plan.stages[2].protected if crossing.yields[left, j]]
    assert opposing
    at = [(2, left) == tuple(pair) for pair in maker._permitted.tolist()].index(True)
    shares = []
    for count in (0, 2, 10, 40):
        weights = np.zeros(len(crossing.movements))
        weights[opposing] = count
        shares.append(float(maker._permitted_share(weights)[at]))
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1.0
    assert shares[-1] >= 0.1
