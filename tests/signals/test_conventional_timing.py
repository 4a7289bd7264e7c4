"""Cycles, splits and offsets of retimed programs: by hand, by brute force and against the shipped program."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.simulation.conventional.capacity import LaneLoads, measure_loads
from signals.simulation.conventional.offsets import Coupling, find_offsets, tabulate_wait
from signals.simulation.conventional.retimed import RetimedSettings, list_greens, retime, to_retimed
from signals.simulation.conventional.splits import estimate_delay, list_cycles, split_greens
from signals.simulation.conventional.stages import read_shipped
from signals.simulation.conventional.volumes import Demand, measure_demand, share_lanes
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from sumo_scenarios.catalog import find_scenario

OWN_STAGES = LaneLoads(np.array([0.3, 0.2, 0.1]), np.eye(3))


def test_greens_are_in_proportion_to_the_loads_of_stages_with_lanes_of_their_own():
    """Webster's rule: effective greens as 3 : 2 : 1, within the second."""
    greens = np.array(split_greens(OWN_STAGES, 90, [5, 5, 5]))
    assert greens.sum() == 90
    assert np.allclose(greens - 2.0, 84 * np.array([3, 2, 1]) / 6, atol=1.0)


def test_no_stage_gets_less_than_its_minimum():
    """Minimums hold even where the demand would not give them."""
    assert split_greens(OWN_STAGES, 60, [5, 5, 30])[2] >= 30
    assert split_greens(OWN_STAGES, 10, [5, 5, 30]) == (5, 5, 30)


def test_the_exponent_favours_the_full_lanes_or_evens_out():
    """Above one the fullest lane gets more, below one less."""
    even, plain, steep = (split_greens(OWN_STAGES, 90, [5, 5, 5], e)[0] for e in (0.5, 1.0, 2.0))
    assert even < plain < steep


def test_delay_grows_when_the_split_is_wrong():
    """Greens against the loads cost more than greens with them."""
    right, wrong = split_greens(OWN_STAGES, 75, [5, 5, 5]), (10, 25, 40)
    assert estimate_delay(OWN_STAGES, right, 90) < estimate_delay(OWN_STAGES, wrong, 90)


def test_green_while_pedestrians_clear_counts_as_green_of_the_lanes_that_keep_it():
    """A lane that goes on for 18 s between stages needs that much less of its own stage, and has less delay."""
    walked = LaneLoads(OWN_STAGES.load, OWN_STAGES.rate, np.array([18.0, 0.0, 0.0]))
    assert split_greens(walked, 72, [5, 5, 5])[0] == split_greens(OWN_STAGES, 90, [5, 5, 5])[0] - 18
    greens = split_greens(OWN_STAGES, 75, [5, 5, 5])
    assert estimate_delay(walked, greens, 93) < estimate_delay(OWN_STAGES, greens, 93)


def test_cycles_are_those_of_streets_unless_the_minimums_need_more():
    """40 to 120 s by fives; a place that needs 131 s gets 135."""
    assert list_cycles(33.0)[0] == 40
    assert list_cycles(33.0)[-1] == 120
    assert list_cycles(131.0) == (135,)


def green(cycle_s, begin, length):
    """A window of green."""
    shown = np.zeros(cycle_s, np.bool_)
    shown[[t % cycle_s for t in range(begin, begin + length)]] = True
    return shown


def test_a_platoon_that_meets_its_green_does_not_wait():
    """Ten seconds of travel: an offset of ten lets the platoon through, half a cycle off makes it wait longest."""
    wait = tabulate_wait(green(60, 0, 20), green(60, 0, 30), 10.0, 100.0)
    assert wait[10] == pytest.approx(0.0, abs=1e-6)
    assert int(np.argmax(wait)) not in range(20)
    assert wait.max() > 1000


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.floats(0, 9), min_size=6, max_size=6), min_size=3, max_size=3))
def test_offsets_are_the_best_of_all_on_small_nets(costs):
    """Three signals in a ring with a cycle of six seconds: no choice of offsets waits less."""
    pairs = [("a", "b"), ("b", "c"), ("c", "a")]
    couplings = [Coupling(*pair, np.array(cost)) for pair, cost in zip(pairs, costs, strict=True)]

    def total(offsets):
        return sum(c.cost[(offsets[c.second] - offsets[c.first]) % 6] for c in couplings)

    best = min(total(dict(zip("abc", choice, strict=True))) for choice in product(range(6), repeat=3))
    assert total(find_offsets(tuple("abc"), couplings, 6)) == pytest.approx(best)


@pytest.fixture(scope="module")
def corridor(tmp_path_factory):
    """Our corridor: its scenario, programs and demand."""
    scenario = find_scenario("corridor")
    sites = read_sites(scenario.net)
    shipped, unchanged = read_shipped(read_programs(scenario), sites, scenario)
    assert unchanged == {}
    return scenario, shipped, measure_demand(scenario, sites, tmp_path_factory.mktemp("demand"))


@pytest.mark.sumo
def test_the_demand_is_counted_whatever_the_net_can_serve(corridor):
    """Every vehicle of the route file that meets a signal is counted; lanes of a turn share it evenly."""
    scenario, shipped, demand = corridor
    assert set(demand.turns_vph) == set(shipped)
    first = shipped["a0"].site.intersection
    volume_vph = share_lanes(first, demand.turns_vph["a0"])
    assert volume_vph.sum() == pytest.approx(sum(demand.turns_vph["a0"].values()))
    assert all(s.travel_s > 5 for s in demand.streams)
    assert {(s.origin, s.destination) for s in demand.streams} >= {("a0", "a1"), ("a1", "a0")}
    assert scenario.end_s == 3600


def test_lanes_of_the_district_keep_their_green_while_its_pedestrians_clear():
    """E4 clears wide crossings for 18 s, during which the lanes beside them discharge at their full rate."""
    scenario = find_scenario("pittsburgh50-am")
    shipped, _ = read_shipped(read_programs(scenario), read_sites(scenario.net), scenario)
    crossing = shipped["E4"].site.intersection
    loads = measure_loads(shipped["E4"], np.ones(len(crossing.movements)))
    assert float(np.max(loads.kept_s)) == pytest.approx(18.0)


@pytest.mark.sumo
def test_retimed_programs_keep_displays_and_intergreens_and_share_one_cycle(corridor):
    """Only the stages' durations change; all cycles are equal; minimums hold."""
    _, shipped, demand = corridor
    timings = retime(shipped, demand, RetimedSettings())
    for signal, program in shipped.items():
        phases = to_retimed(program, timings[signal]).phases
        assert [p["state"] for p in phases] == [d.state for d in program.displays]
        for k, (phase, display) in enumerate(zip(phases, program.displays, strict=True)):
            if k in program.stages:
                assert float(phase["duration"]) >= program.min_s[program.stages.index(k)]
            else:
                assert float(phase["duration"]) == display.duration_s
        assert sum(float(p["duration"]) for p in phases) == timings[signal].cycle_s
        shown = list_greens(program, timings[signal].greens_s, timings[signal].cycle_s)
        assert shown.any(axis=1).all()
    assert len({t.cycle_s for t in timings.values()}) == 1
    assert any(t.offset_s for t in timings.values())


@pytest.mark.sumo
def test_a_cycle_that_is_asked_for_is_taken_and_no_demand_is_no_trouble(corridor):
    """``cycle_s`` rules; with nobody on the road the plan is still a plan."""
    _, shipped, _ = corridor
    timings = retime(shipped, Demand({}, ()), RetimedSettings(cycle_s=80, offsets="shipped"))
    assert {t.cycle_s for t in timings.values()} == {80}
    assert {s: t.offset_s for s, t in timings.items()} == {s: p.offset_s for s, p in shipped.items()}
