"""The programs that SUMO plays: stages of shipped programs, named settings, coordination, dual rings."""

import importlib.util
from dataclasses import replace

import pytest

from signals.measures.audit import Rule, audit_run
from signals.simulation.conventional.actuated import SETTINGS, ActuatedSettings, to_actuated
from signals.simulation.conventional.choice import CONVENTIONAL, build_programs
from signals.simulation.conventional.coordinated import CoordinatedSettings, find_main_stage, to_coordinated
from signals.simulation.conventional.nema_design import combine, design_dual_ring, to_stages
from signals.simulation.conventional.retimed import RetimedSettings, retime
from signals.simulation.conventional.stages import NotConvertible, read_shipped, to_shipped
from signals.simulation.conventional.volumes import measure_demand, share_lanes
from signals.simulation.network import read_sites
from signals.simulation.programs import Display, read_programs
from signals.simulation.request import CONTROLLERS, RunRequest
from signals.simulation.run import SimulationError, simulate
from sumo_scenarios.catalog import find_scenario


@pytest.fixture(scope="module")
def corridor(tmp_path_factory):
    """Our corridor, with demand: programs that can be converted, and volumes."""
    scenario = find_scenario("corridor")
    sites = read_sites(scenario.net)
    shipped, _ = read_shipped(read_programs(scenario), sites, scenario)
    return shipped, measure_demand(scenario, sites, tmp_path_factory.mktemp("demand"))


def test_every_conventional_controller_can_be_chosen_and_is_held_to_what_it_ships():
    """The registry of programs and that of controllers agree."""
    assert set(CONVENTIONAL) == {name for name, info in CONTROLLERS.items() if not info.is_ours}


def test_the_clearance_of_an_intergreen_is_no_stage(corridor):
    """A short green in which nothing starts keeps its time; cutting it would cut a clearance."""
    shipped, _ = corridor
    program = read_programs(find_scenario("corridor"))["a0"]
    first = program.displays[0]
    late = Display(first.state.replace("G", "r", 1), 4.0)
    longer = replace(program, displays=(first, late, *program.displays[1:]))
    made = to_shipped(longer, shipped["a0"].site, find_scenario("corridor"))
    assert made.stages == (0, 4, 7)


def test_a_program_with_one_green_stays_as_shipped_and_says_so(corridor):
    """There is nothing to time between a green and itself."""
    shipped, _ = corridor
    program = read_programs(find_scenario("corridor"))["a0"]
    with pytest.raises(NotConvertible, match="1 green"):
        to_shipped(replace(program, displays=program.displays[:3]), shipped["a0"].site, find_scenario("corridor"))


def test_five_named_settings_are_five_programs(corridor):
    """The best of five is a choice among five different things."""
    shipped, _ = corridor
    made = [to_actuated(shipped["a0"], ActuatedSettings(setting=name)) for name in SETTINGS]
    assert len({str((m.phases, dict(m.parameters))) for m in made}) == len(SETTINGS) == 5
    assert to_actuated(shipped["a0"], ActuatedSettings("long_gap", max_gap_s=4.0)).parameters["max-gap"] == "4"


@pytest.mark.sumo
def test_coordinated_stages_end_by_the_clock(corridor):
    """The coordinated stage comes first and yields at its split; the others are forced off in turn, within the cycle."""
    shipped, demand = corridor
    settings = CoordinatedSettings()
    timings = retime(shipped, demand, settings.to_frame())
    for signal, program in shipped.items():
        logic = to_coordinated(program, timings[signal], settings)
        main = find_main_stage(program, timings[signal])
        assert logic.phases[0]["state"] == program.displays[program.stages[main]].state
        ends = [float(p["latestEnd"]) for p in logic.phases if "latestEnd" in p]
        assert float(logic.phases[0]["earliestEnd"]) < ends[0] < ends[1] < timings[signal].cycle_s
        assert ends == sorted(ends)
        assert ends[0] - float(logic.phases[0]["earliestEnd"]) <= 1.0  # the side street keeps all of its split
        assert float(logic.parameters["detector-length"]) > 0  # who waits below the loop is seen
        assert sum(float(p["duration"]) for p in logic.phases) == timings[signal].cycle_s


@pytest.mark.sumo
def test_a_dual_ring_has_two_lefts_and_two_throughs_and_no_greens_that_meet(corridor):
    """Our corridor's protected lefts become phases 1 and 5, the side street 4 and 8; in step both rings add up."""
    shipped, demand = corridor
    design = design_dual_ring(shipped["a0"], share_lanes(shipped["a0"].site.intersection, demand.turns_vph["a0"]))
    assert design.rings == ((1, 2, 0, 4), (5, 6, 0, 8))
    assert design.list_stages() == ((1, 5), (2, 6), (4, 8))
    in_step = to_stages(shipped["a0"], design)
    assert [in_step.displays[k].state for k in in_step.stages] == [
        combine(design.states[a], design.states[b]) for a, b in design.list_stages()
    ]
    assert in_step.lost_s == shipped["a0"].lost_s
    timings = retime({"a0": in_step}, demand, RetimedSettings(cycle_s=80))
    assert timings["a0"].cycle_s == 80


@pytest.mark.sumo
@pytest.mark.skipif(importlib.util.find_spec("sumo_rl") is None, reason="sumo-rl (extra bench) is absent")
def test_what_is_no_dual_ring_runs_coordinated_and_says_why(tmp_path):
    """A net whose lefts have a stage but no lane is named, signal by signal."""
    scenario = find_scenario("cologne3")
    made = build_programs("nema", scenario, {}, tmp_path)
    assert all("runs coordinated on its shipped stages" in note for note in made.notes.values())
    assert len(made.notes) == 3
    assert 'type="NEMA"' not in made.file.read_text(encoding="utf-8")


@pytest.mark.sumo
@pytest.mark.parametrize("controller", ["retimed", "delay_based", "coordinated", "nema"])
def test_conventional_controllers_run_and_keep_what_is_shipped(controller, tmp_path):
    """Three minutes of the corridor: SUMO takes the programs, the independent audit finds nothing."""
    scenario = replace(find_scenario("corridor"), end_s=180.0, drain_s=0.0)
    files = simulate(RunRequest(scenario, controller, 21, tmp_path))
    found = audit_run(files.tls_states, scenario, is_ours=False).violations
    assert [v for v in found if v.rule is not Rule.MAX_RED] == []
    assert (tmp_path / "notes.json").read_text(encoding="utf-8") == "{}"


@pytest.mark.sumo
def test_an_unknown_parameter_is_one_clear_error(tmp_path):
    """Before SUMO starts, with the names that there are."""
    scenario = find_scenario("isolated")
    with pytest.raises(SimulationError, match="coordinated has no parameter 'cycle'; it has cycle_s"):
        simulate(RunRequest(scenario, "coordinated", 21, tmp_path, parameters={"cycle": 90}))
    with pytest.raises(SimulationError, match="fixed has no parameter 'cycle'; it has none"):
        simulate(RunRequest(scenario, "fixed", 21, tmp_path, parameters={"cycle": 90}))
