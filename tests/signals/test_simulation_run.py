"""Whole simulations, each in a process of its own, judged by SUMO's own outputs."""

import json
import multiprocessing
import subprocess
import sys
import xml.etree.ElementTree as ET
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest

from signals.measures.audit import audit_run
from signals.scheduling.schedule import parse_schedule
from signals.simulation.run import CONTROLLERS, RunRequest, SimulationError, simulate
from sumo_scenarios.catalog import find_scenario
from sumo_scenarios.manifest import ScenarioError

pytestmark = pytest.mark.sumo


def run_once(controller, folder, *, collect=False):
    """Ten simulated minutes at our isolated crossing; with the progress reports if wanted."""
    scenario = replace(find_scenario("isolated"), end_s=600.0, drain_s=300.0)
    reports = []
    files = simulate(RunRequest(scenario, controller, 1, folder), reports.append if collect else None)
    return scenario, files, reports


def in_process(function, *args, **kwargs):
    """A fresh process, because libsumo is one simulation per process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


def list_elements(file, tag):
    """Elements of one kind in a file that SUMO wrote."""
    return [e for _, e in ET.iterparse(file) if e.tag == tag]  # noqa: S314  (our own run's output)


def read_waiting_s(files):
    """Waiting and departure delay per loaded vehicle."""
    rows = list_elements(files.tripinfo, "tripinfo")
    return sum(max(0.0, float(e.get(k))) for e in rows for k in ("waitingTime", "departDelay")) / len(rows), len(rows)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One run of each controller."""
    folder = tmp_path_factory.mktemp("runs")
    return {name: (folder / name, in_process(run_once, name, folder / name, collect=True)) for name in CONTROLLERS}


@pytest.mark.parametrize("name", list(CONTROLLERS))
def test_every_run_keeps_the_safety_rules(runs, name):
    """The independent audit of SUMO's recording finds nothing; ours are held to our clearances."""
    _, (scenario, files, _) = runs[name]
    assert audit_run(files.tls_states, scenario, is_ours=CONTROLLERS[name].is_ours).violations == ()


def test_the_adaptive_controller_waits_least(runs):
    """Less waiting than every baseline at the isolated crossing."""
    waiting_s = {name: read_waiting_s(files)[0] for name, (_, (_, files, _)) in runs.items()}
    assert min(waiting_s, key=waiting_s.get) == "adaptive"


@pytest.mark.parametrize("name", ["fixed", "adaptive"])
def test_progress_ends_where_the_result_is(runs, name):
    """Reports come every 30 s, the counts grow, and the last one's waiting is the files' to a second."""
    _, (_, files, reports) = runs[name]
    times_s = [r.sim_s for r in reports[:-1]]
    assert times_s == [30.0 * (k + 1) for k in range(len(times_s))]
    assert all(a.loaded <= b.loaded and a.arrived <= b.arrived for a, b in pairwise(reports))
    waiting_s, loaded = read_waiting_s(files)
    assert reports[-1].loaded == loaded
    # departures within a second wait for its end, half a second on average, which a count per second misses
    assert reports[-1].waiting_s == pytest.approx(waiting_s, abs=1.0)
    assert reports[-1].co2_kg > 0


def test_decisions_are_written_in_the_notation(runs):
    """Every line of an adaptive run is a time, a signal and a schedule, or a refusal with its code."""
    folder, _ = runs["adaptive"]
    lines = (folder / "decisions.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 20
    for line in lines:
        _, _, rest = line.split(" ", 2)
        assert rest.startswith("refused ") or len(parse_schedule(rest).stages) >= 2


def test_nothing_is_left_uncontrolled(runs):
    """The notes are empty: no signal stayed as shipped, nothing was released."""
    for folder, _ in runs.values():
        assert json.loads((folder / "notes.json").read_text(encoding="utf-8")) == {}


def test_the_same_seed_gives_the_same_run(runs, tmp_path):
    """Two adaptive runs of one seed show the same lamps in every second."""
    _, (_, files, _) = runs["adaptive"]
    _, again, _ = in_process(run_once, "adaptive", tmp_path)
    first, second = (list_elements(made.tls_states, "tlsState") for made in (files, again))
    assert [e.attrib for e in first] == [e.attrib for e in second]


@pytest.mark.parametrize(("field", "value"), [("controller", "magic"), ("sensing", "psychic")])
def test_unknown_choices_are_named(tmp_path, field, value):
    """An unknown controller or sensing is refused with what there is, before SUMO starts."""
    request = replace(RunRequest(find_scenario("isolated"), "fixed", 1, tmp_path), **{field: value})
    with pytest.raises(SimulationError, match=value):
        simulate(request)


def test_broken_demand_is_one_clear_error(tmp_path):
    """SUMO's own words reach the user, without a traceback of ours."""
    bad = tmp_path / "bad.rou.xml"
    bad.write_text('<routes><trip id="t" depart="0" from="nowhere" to="else"/></routes>', encoding="utf-8")
    scenario = replace(find_scenario("isolated"), demand=(bad,))
    with pytest.raises(SimulationError, match="nowhere"):
        in_process(simulate, RunRequest(scenario, "fixed", 1, tmp_path / "out"))


def test_a_net_without_signals_is_named(tmp_path):
    """Nothing to control is said at once."""
    net = tmp_path / "plain.net.xml"
    net.write_text("<net/>", encoding="utf-8")
    scenario = replace(find_scenario("isolated"), net=net)
    with pytest.raises(SimulationError, match="no traffic signal"):
        simulate(RunRequest(scenario, "fixed", 1, tmp_path / "out"))


def test_an_unknown_scenario_is_named():
    """The catalogue, not a traceback, says what there is."""
    with pytest.raises(ScenarioError, match="corridor"):
        find_scenario("coridor")


def test_the_field_path_loads_no_simulator():
    """Importing the controller brings neither libsumo nor traci nor any scenario."""
    code = "import sys, signals.controller; print([m for m in ('libsumo','traci','sumolib','sumo_scenarios','pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
