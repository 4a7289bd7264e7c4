"""Nets and shipped programs read as intersections and plans."""

import importlib.util
import math
import subprocess
from pathlib import Path

import numpy as np
import pytest

from signals.model import Approach, Intersection, IntervalKind, Lamp, Lane, Movement, RoadUser, Turn
from signals.simulation.binaries import find_binary, find_home
from signals.simulation.conventional.choice import build_programs
from signals.simulation.network import Site, read_sites
from signals.simulation.programs import Display, Program, read_programs
from signals.simulation.shipped_plan import PlanNotReadable, build_plan, to_lamps, to_state
from signals.timing_plan import WALKING_SPEED_MPS, validate
from sumo_scenarios.catalog import find_scenario
from sumo_scenarios.manifest import Scenario

OWN = ("isolated", "corridor", "grid")
RESCO = ("cologne1", "cologne3", "cologne8", "ingolstadt1", "ingolstadt7", "ingolstadt21", "grid4x4", "arterial4x4")
has_resco = pytest.mark.skipif(importlib.util.find_spec("sumo_rl") is None, reason="sumo-rl (extra bench) is absent")
NAMES = (*OWN, *(pytest.param(name, marks=has_resco) for name in RESCO))
SCENARIO = Scenario("x", "x", Path("x.net.xml"), ())


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_program_becomes_a_sound_plan(name):
    """Any order of the shipped stages keeps yellow, red clearance and right of way, at every signal."""
    scenario = find_scenario(name)
    programs = read_programs(scenario)
    sites = read_sites(scenario.net)
    assert set(sites) == set(programs)
    for signal, site in sites.items():
        plan = build_plan(site, programs[signal], scenario)
        assert validate(plan, site.intersection) == ()


@pytest.mark.sumo
@pytest.mark.parametrize("name", ["isolated", pytest.param("cologne3", marks=has_resco)])
def test_right_of_way_is_what_sumolib_reads(name):
    """Conflicts and yields of every pair of links equal sumolib's."""
    find_home()
    import sumolib

    scenario = find_scenario(name)
    net = sumolib.net.readNet(str(scenario.net), withConnections=True, withFoes=True)
    for signal, site in read_sites(scenario.net).items():
        connections = {}
        for incoming, outgoing, number in net.getTLS(signal).getConnections():
            connection = next(
                c for c in incoming.getOutgoing() if c.getToLane() == outgoing and c.getTLLinkIndex() == number
            )
            connections[number] = connection
        for i, a in enumerate(site.links):
            for j, b in enumerate(site.links):
                ca, cb = connections[a], connections[b]
                node = ca.getJunction()
                ia, ib = node.getLinkIndex(ca), node.getLinkIndex(cb)
                assert site.intersection.conflicts[i, j] == (node.areFoes(ia, ib) or node.areFoes(ib, ia))
                assert site.intersection.yields[i, j] == node.forbids(cb, ca)


def tiny_site(crossings=()):
    """Links 0 and 1 cross; link 2 goes beside 0; numbers in ``crossings`` are pedestrian."""
    conflicts, yields = np.zeros((3, 3), bool), np.zeros((3, 3), bool)
    conflicts[0, 1] = conflicts[1, 0] = conflicts[2, 1] = conflicts[1, 2] = True
    lanes = tuple(Lane(f"lane{m}", 100, 14) for m in range(3))
    movements = tuple(
        Movement(
            m, m, m, Turn.THROUGH, RoadUser.PEDESTRIAN if m in crossings else RoadUser.VEHICLE, 9.0 * (m in crossings)
        )
        for m in range(3)
    )
    approaches = tuple(Approach(str(m), (m,)) for m in range(3))
    return Site(Intersection("t", lanes, lanes, approaches, movements, conflicts, yields), (0, 1, 2))


def program(*displays):
    """A program of (state, seconds)."""
    return Program("t", "0", "static", 0.0, tuple(Display(state, seconds) for state, seconds in displays))


def states(plan, site, pair):
    """A transition as (state, seconds)."""
    return [(to_state(i.lamps, site, 3), i.duration_s) for i in plan.transitions[pair]]


def test_intergreens_of_several_states_are_no_stages():
    """Yellow, an all-red, a short state with one green left and a red-amber make one transition, not stages."""
    shipped = program(
        ("GrG", 20), ("yrG", 4), ("rrG", 2), ("rry", 3), ("rrr", 2), ("rur", 1), ("rGr", 15), ("ryr", 3), ("rrr", 3)
    )
    site = tiny_site()
    plan = build_plan(site, shipped, SCENARIO)
    assert len(plan.stages) == 2
    assert validate(plan, site.intersection) == ()
    # the shipped chain is the transition: links 0 and 2 end one after the other, link 1 has a second of red-amber
    assert states(plan, site, (0, 1)) == [("yrG", 4), ("rrG", 2), ("rry", 3), ("rrr", 2), ("rur", 1)]
    assert states(plan, site, (1, 0)) == [("ryr", 3), ("rrr", 3)]


def test_a_chain_that_is_not_safe_is_built_anew():
    """A shipped chain without the all-red of our limits is replaced; yellow and red-amber are still as shipped."""
    shipped = program(("GrG", 20), ("yry", 4), ("rur", 1), ("rGr", 15), ("ryr", 3))
    site = tiny_site()
    plan = build_plan(site, shipped, SCENARIO)
    assert states(plan, site, (0, 1)) == [("yry", 4), ("rur", 1)]
    assert states(plan, site, (1, 0)) == [("ryr", 3), ("rrr", 1)]
    assert plan.cycle_s == 43
    assert [step.green_s for step in plan.sequence] == [19, 15]


def test_pedestrian_clearance_is_no_stage():
    """The display before the yellow in which only the crossing has turned red belongs to the transition."""
    shipped = program(("GrG", 20), ("Grr", 6), ("yrr", 3), ("rGr", 15), ("ryr", 3))
    site = tiny_site(crossings={2})
    plan = build_plan(site, shipped, SCENARIO)
    assert [step.stage for step in plan.sequence] == [0, 1]
    assert states(plan, site, (0, 1))[0] == ("Grr", 6.0)
    assert validate(plan, site.intersection) == ()


def test_a_stage_with_a_crossing_also_comes_without_it():
    """Where nobody calls, the same vehicles may have green alone: a short change; ending only the walk stops no car."""
    shipped = program(("GrG", 20), ("Grr", 6), ("yrr", 3), ("rGr", 15), ("ryr", 3))
    site = tiny_site(crossings={2})
    plan = build_plan(site, shipped, SCENARIO)
    assert [sorted(stage.greens) for stage in plan.stages] == [[0, 2], [1], [0]]
    assert plan.transition_s(2, 1) < plan.transition_s(0, 1)
    assert all(lamps[0] == "G" for lamps, _ in states(plan, site, (0, 2)))
    assert validate(plan, site.intersection) == ()


def test_a_stage_is_read_once_however_often_it_is_shown():
    """A program that shows a stage twice in its cycle has it once, with its longest green: it is controlled."""
    shipped = program(("GrG", 20), ("yry", 3), ("rGr", 15), ("ryr", 3), ("GrG", 8), ("yry", 3), ("rGr", 9), ("ryr", 3))
    plan = build_plan(tiny_site(), shipped, SCENARIO)
    assert [(step.stage, step.green_s) for step in plan.sequence] == [(0, 20), (1, 15)]
    assert validate(plan, tiny_site().intersection) == ()
    assert len(plan.stages) == 2


def test_a_program_without_choice_is_named():
    """One stage, or too few lamps for the links: the message says which."""
    with pytest.raises(PlanNotReadable, match="1 stage"):
        build_plan(tiny_site(), program(("GGG", 30), ("yyy", 3)), SCENARIO)
    with pytest.raises(PlanNotReadable, match="all 3 links"):
        build_plan(tiny_site(), program(("Gr", 30), ("rG", 3)), SCENARIO)


def test_state_strings_and_lamps_are_two_writings_of_one_thing():
    """Lamps written as a state and read again are the same."""
    site = tiny_site()
    for state in ("Ggr", "yrs", "sGy"):
        assert to_state(to_lamps(state, site), site, 3) == state


@pytest.mark.sumo
@pytest.mark.parametrize("name", ["corridor", pytest.param("cologne3", marks=has_resco)])
def test_actuated_programs_are_checked_by_sumo(name, tmp_path):
    """Every signal is converted and SUMO takes the file; greens may vary, intergreens stay as shipped."""
    scenario = find_scenario(name)
    made = build_programs("actuated", scenario, {}, tmp_path)
    assert made.notes == {}
    again = read_programs(Scenario("x", "x", made.file, ()))
    for signal, shipped in read_programs(scenario).items():
        assert again[signal].kind == "actuated"
        for before, after in zip(shipped.displays, again[signal].displays, strict=True):
            assert after.state == before.state
            assert (after.min_s is not None) == before.is_green


@pytest.mark.sumo
def test_a_program_that_sumo_refuses_stays_as_shipped(tmp_path):
    """A signal with a single green is not converted, and the reason is said."""
    scenario = find_scenario("isolated")
    (signal,) = read_programs(scenario)
    width = len(read_programs(scenario)[signal].displays[0].state)
    lone = tmp_path / "lone.add.xml"
    lone.write_text(
        f'<additional><tlLogic id="{signal}" programID="lone" type="static" offset="0">'
        f'<phase duration="30" state="{"G" + "r" * (width - 1)}"/><phase duration="5" state="{"r" * width}"/>'
        "</tlLogic></additional>",
        encoding="utf-8",
    )
    changed = Scenario("x", "x", scenario.net, scenario.demand, (lone,))
    assert "1 green" in build_programs("actuated", changed, {}, tmp_path).notes[signal]


@pytest.mark.sumo
def test_crossings_of_a_real_net_are_movements_of_their_own(tmp_path):
    """A net with sidewalks: two stages in the sequence, not four; walkers clear their crossing; a sound plan."""
    net = tmp_path / "p.net.xml"
    shape = ["--grid", "--grid.number", "2", "--grid.attach-length", "90", "--default-junction-type", "traffic_light"]
    walks = ["--sidewalks.guess", "--crossings.guess", "--walkingareas", "-o", str(net)]
    subprocess.run([find_binary("netgenerate"), *shape, *walks], check=True, capture_output=True)
    scenario = Scenario("p", "p", net, ())
    site, shipped = read_sites(net)["A0"], read_programs(scenario)["A0"]
    walkers = [m for m in site.intersection.movements if m.user is RoadUser.PEDESTRIAN]
    assert len(walkers) == 4
    assert all(m.crossing_m > 5 for m in walkers)
    plan = build_plan(site, shipped, scenario)
    assert len(plan.sequence) == 2
    slowest_s = math.ceil(max(m.crossing_m for m in walkers) / WALKING_SPEED_MPS)
    assert plan.transition_s(0, 1) == slowest_s + scenario.red_clearance_s
    assert IntervalKind.YELLOW in [interval.kind for interval in plan.transitions[0, 1]]
    assert validate(plan, site.intersection) == ()


def test_a_green_that_nobody_can_use_is_no_stage():
    """Lamps of links that the net no longer has do not make a stage, which would be red for everyone."""
    shipped = program(("GrGr", 20), ("yryr", 3), ("rGrr", 15), ("ryrr", 3), ("rrrG", 9), ("rrry", 3))
    plan = build_plan(tiny_site(), shipped, SCENARIO)
    assert [sorted(stage.greens) for stage in plan.stages] == [[0, 2], [1]]


def test_two_movements_with_one_lamp_are_shown_the_stricter():
    """One place in the state string for two connections: if one of them has to stop, both are stopped."""
    site = Site(tiny_site().intersection, (0, 1, 0))
    assert to_state((Lamp.PROTECTED_GREEN, Lamp.RED, Lamp.YELLOW), site, 2) == "yr"
    assert to_state((Lamp.RED, Lamp.PROTECTED_GREEN, Lamp.PERMITTED_GREEN), site, 2) == "rG"
