"""The scenarios run in SUMO; equal seeds mean equal demand; blocking an entry cannot look good."""

import re
import subprocess
from pathlib import Path

import pytest
import sumo

from signals.measures.tripinfo import load_trips, measure_run
from sumo_scenarios.catalog import find_scenario

pytestmark = pytest.mark.sumo


def run_sumo(folder, net, demand, end_s, seed=1, begin_s=0):
    """SUMO's own binary, with the options of an evaluation."""
    folder.mkdir(parents=True, exist_ok=True)
    trips, statistics = folder / "tripinfo.xml", folder / "statistics.xml"
    command = [
        Path(sumo.SUMO_HOME) / "bin" / "sumo", "-n", net, "-r", demand, "--begin", str(begin_s), "--end", str(end_s),
        "--seed", str(seed), "--tripinfo-output", trips, "--tripinfo-output.write-unfinished",
        "--tripinfo-output.write-undeparted", "--statistic-output", statistics, "--device.emissions.probability", "1",
        "--no-step-log", "--no-warnings", "--time-to-teleport", "300",
    ]  # fmt: skip
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return trips, statistics


def list_departures(trips):
    """Who wants to start and when: id and planned departure."""
    found = re.findall(r'id="(\S+)" depart="([\d.-]+)".*?departDelay="([\d.]+)"', trips.read_text(encoding="utf-8"))
    return sorted((name, round(float(at) - float(delay), 2)) for name, at, delay in found if float(at) >= 0)


@pytest.mark.parametrize("name", ["isolated", "corridor", "grid"])
def test_a_scenario_runs_and_conserves_its_demand(name, tmp_path):
    """After a minute loaded = departed + undeparted, and unserved = loaded - arrived."""
    scenario = find_scenario(name)
    measures = measure_run(*run_sumo(tmp_path, scenario.net, scenario.demand[0], 60))
    trips = load_trips(tmp_path / "tripinfo.xml")
    assert measures.loaded == measures.departed + int((~trips.has_departed).sum()) > 20
    assert measures.unserved == measures.loaded - measures.arrived
    assert measures.teleports == measures.collisions == 0


def with_programs(net, path, state_of):
    """A copy of a net with every program's states replaced."""
    text = net.read_text(encoding="utf-8")
    path.write_text(
        re.sub(r'(<phase [^>]*state=")([^"]*)"', lambda m: f'{m[1]}{state_of(m[2])}"', text), encoding="utf-8"
    )
    return path


def test_blocking_every_entry_cannot_look_good(tmp_path):
    """A signal that holds all red: few get in, yet waiting soars past ten times, and all are unserved."""
    scenario = find_scenario("isolated")
    red = with_programs(scenario.net, tmp_path / "red.net.xml", lambda state: "r" * len(state))
    served = measure_run(*run_sumo(tmp_path / "served", scenario.net, scenario.demand[0], 900))
    blocked = measure_run(*run_sumo(tmp_path / "blocked", red, scenario.demand[0], 900))
    assert blocked.loaded == served.loaded
    assert blocked.departed < 0.8 * served.departed
    assert blocked.waiting_s > 10 * served.waiting_s
    assert blocked.travel_time_s > 3 * served.travel_time_s
    assert blocked.unserved > 0.9 * blocked.loaded
    # without the departure delay the blocked signal would look better than it is
    assert blocked.waiting_on_road_s < blocked.waiting_s - 50


def test_equal_seeds_mean_equal_demand_whatever_the_signals_do(tmp_path):
    """The same vehicles want to start at the same seconds under other programs; another seed has others."""
    scenario = find_scenario("isolated")
    green = with_programs(scenario.net, tmp_path / "green.net.xml", lambda state: state.replace("r", "g"))
    one = list_departures(run_sumo(tmp_path / "a", scenario.net, scenario.demand[0], 300)[0])
    two = list_departures(run_sumo(tmp_path / "b", green, scenario.demand[0], 300)[0])
    other = list_departures(run_sumo(tmp_path / "c", scenario.net, scenario.demand[0], 300, seed=2)[0])
    shared = {name for name, _ in one} & {name for name, _ in two}
    assert len(shared) > 100
    assert [d for d in one if d[0] in shared] == [d for d in two if d[0] in shared]
    assert one != other
