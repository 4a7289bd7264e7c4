"""The district of pittsburgh50 is what its description builds, has the structures it claims, and its plans are safe."""

import gzip
import math
import multiprocessing
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import sumo

from signals.measures.audit import audit_run
from signals.measures.tripinfo import load_trips
from signals.safety.guard import Guard
from signals.simulation.conventional.volumes import measure_demand
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.request import RunRequest
from signals.simulation.run import simulate
from signals.simulation.shipped_plan import build_plan
from sumo_scenarios.build.city.day import PERIODS as DAY
from sumo_scenarios.build.city.layout import Turn
from sumo_scenarios.build.city.pittsburgh import build_pittsburgh
from sumo_scenarios.build.city.scenario import assign_slices, build_city, get_mean_volumes
from sumo_scenarios.catalog import HOME, find_scenario, list_scenarios
from sumo_scenarios.manifest import TEST_SEEDS, TRAINING_SEEDS

FOLDER = HOME / "pittsburgh50"
PERIODS = ("am", "midday", "pm", "evening")
NAMES = tuple(f"pittsburgh50-{period}" for period in (*PERIODS, "incident", "stadium"))
BUILT = (
    "pittsburgh50.net.xml", "incident.rou.xml", "stadium.rou.xml.gz",
    *(f"{period}.{kind}" for period in PERIODS for kind in ("add.xml", "rou.xml.gz")),
)  # fmt: skip


@pytest.fixture(scope="module")
def net():
    """The committed net."""
    return ET.parse(FOLDER / "pittsburgh50.net.xml").getroot()  # noqa: S314  (our own file)


@pytest.fixture(scope="module")
def sites():
    """Its signals as controllers see them."""
    return read_sites(FOLDER / "pittsburgh50.net.xml")


@pytest.fixture(scope="module")
def legs(net):
    """Of every signal, the signals and gates that streets lead to or come from, read from the net's edges."""
    found = {}
    for edge in net.iter("edge"):
        if edge.get("function") is None:
            start, end = edge.attrib["id"].split(".")[0].split("_")
            found.setdefault(start, set()).add(end)
            found.setdefault(end, set()).add(start)
    return found


def read_text(path):
    """A file's text, packed or not (the packing may differ between versions of zlib)."""
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def test_rebuilding_gives_the_committed_files(tmp_path):
    """Streets, traffic and plans come out the same again, and are small enough to be committed."""
    build_city(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(BUILT)
    for name in BUILT:
        assert read_text(tmp_path / name) == read_text(FOLDER / name), name
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 3_000_000


def test_its_periods_are_found_by_name():
    """Six variants share one net; the bare name is the morning; a typo in the period is answered with a guess."""
    assert [s.name for s in list_scenarios() if s.name.startswith("pittsburgh50")] == list(NAMES)
    assert find_scenario("pittsburgh50") == find_scenario("pittsburgh50-am")
    assert find_scenario("pittsburgh50-stadium").period == "stadium"
    assert len({find_scenario(name).net for name in NAMES}) == 1
    with pytest.raises(Exception, match=r"Did you mean pittsburgh50-midday\?"):
        find_scenario("pittsburgh50-mid-day")


def test_seeds_to_train_on_and_seeds_to_report_on_are_apart():
    """No seed is both."""
    assert not set(TRAINING_SEEDS) & set(TEST_SEEDS)


def test_it_has_fifty_signals_of_all_kinds(sites, legs):
    """50 to 54 signals, at least four with three legs, two with five."""
    assert 50 <= len(sites) <= 54
    count = Counter(len(legs[name]) for name in sites)
    assert count[3] >= 4
    assert count[5] == 2
    assert set(count) == {3, 4, 5}


def test_it_has_two_pairs_of_one_way_streets(net):
    """Columns B and C run north and south, rows 5 and 6 west and east: no edge leads the other way."""
    names = {edge.attrib["id"].split(".")[0] for edge in net.iter("edge")}
    for forward in ("B1_B2", "B5_B6", "C2_C1", "C6_C5", "D5_C5", "B5_A5", "C6_D6", "E6_F6"):
        start, end = forward.split("_")
        assert forward in names
        assert f"{end}_{start}" not in names


def test_streets_differ_in_length_lanes_and_speed():
    """Signals are 90 to 420 m apart; there are lane drops, right-turn lanes and at least three speed limits."""
    district = build_pittsburgh()
    inner = [way for way in district.ways.values() if {way.start, way.end} <= set(district.signals)]
    lengths_m = [district.length_m(way.start, way.end) for way in inner]
    assert 85 <= min(lengths_m) < 100
    assert 380 < max(lengths_m) <= 425
    assert sum(way.lanes > way.lanes_end for way in inner) >= 2
    assert sum(way.right_bay_m > 0 for way in inner) >= 4
    assert len({way.speed_mps for way in inner}) >= 3


@pytest.mark.parametrize("period", PERIODS)
def test_every_signal_can_be_controlled(period, sites):
    """From every shipped program a plan can be read that the guard accepts: none stays as shipped."""
    scenario = find_scenario(f"pittsburgh50-{period}")
    programs = read_programs(scenario)
    assert set(programs) == set(sites)
    counts = Counter()
    for name, program in programs.items():
        plan = build_plan(sites[name], program, scenario)
        Guard(sites[name].intersection, plan)
        counts[len(plan.sequence)] += 1
        assert len({round(sum(d.duration_s for d in p.displays)) for p in programs.values()}) == 1, "a common cycle"
    assert counts[2] > 20
    assert counts[3] + counts[4] > 12


def test_stages_are_those_of_streets(sites):
    """Somewhere left turns are protected only, somewhere protected and permitted, somewhere approaches are split."""
    programs = read_programs(find_scenario("pittsburgh50-am"))
    manners = Counter()
    for name, site in sites.items():
        greens = [d.state for d in programs[name].displays if d.is_green]
        for movement, number in zip(site.intersection.movements, site.links, strict=True):
            if movement.turn == Turn.LEFT:
                manners["".join(sorted({state[number] for state in greens}))] += 1
    assert manners["Gr"] >= 6  # never permitted
    assert manners["Ggr"] >= 12
    assert manners["gr"] >= 20
    district = build_pittsburgh()
    assert sum(bool(rule.split) for rule in district.rules.values()) == 2


@pytest.mark.parametrize("period", PERIODS)
def test_every_crossing_has_walk_and_clearance(period, sites):
    """Walk of at least 5 s (7 s over wide streets), then time to reach the other side before anybody crosses."""
    programs = read_programs(find_scenario(f"pittsburgh50-{period}"))
    with_crossings = 0
    for name, site in sites.items():
        crossing = site.intersection
        cycle = programs[name].displays * 2
        walkers = [m for m in crossing.movements if m.turn == "crossing"]
        with_crossings += bool(walkers)
        for walker in walkers:
            number = site.links[walker.index]
            foes = [site.links[m] for m in crossing.conflicts[walker.index].nonzero()[0]]
            ends = [k for k, (a, b) in enumerate(pairwise(cycle)) if a.state[number] == "G" and b.state[number] == "r"]
            assert ends, f"{name} link {number} is never green"
            k = ends[0]
            assert cycle[k].duration_s >= (7 if walker.crossing_m > 12 else 5)
            cleared_s = 0.0
            for before, after in pairwise(cycle[k:]):
                if any(after.state[foe] in "Gg" and before.state[foe] not in "Gg" for foe in foes):
                    break
                cleared_s += after.duration_s
            assert cleared_s >= math.ceil(walker.crossing_m / 1.07), f"{name} link {number}"
    assert with_crossings >= 48


@pytest.mark.sumo
def test_retiming_counts_the_volumes_that_are_described(sites, tmp_path):
    """The turning volumes from which baselines are retimed are those of the description, within chance."""
    district = build_pittsburgh()
    period = next(period for period in DAY if period.name == "am")
    volumes = get_mean_volumes(assign_slices(district, period))
    demand = measure_demand(replace(find_scenario("pittsburgh50-am"), begin_s=1200.0), sites, tmp_path)
    counted = {
        (start.split("_")[0], signal, end.split(".")[0].split("_")[1]): vph
        for signal, turns in demand.turns_vph.items()
        for (start, end), vph in turns.items()
    }
    busy = {turn: vph for turn, vph in volumes.items() if vph > 300 and turn[1] in sites}
    assert len(busy) > 20
    assert sum(counted[turn] for turn in busy) == pytest.approx(sum(busy.values()), rel=0.1)
    assert all(counted[turn] == pytest.approx(vph, rel=0.4) for turn, vph in busy.items())


@pytest.mark.sumo
@pytest.mark.parametrize("name", NAMES)
def test_sumo_loads_every_variant(name):
    """Net, programs, stops, traffic and people of each variant fit together."""
    scenario = find_scenario(name)
    files = ["-n", scenario.net, "-a", *scenario.additional, "-r", ",".join(map(str, scenario.demand))]
    command = [Path(sumo.SUMO_HOME) / "bin" / "sumo", *files, "--end", "5", "--no-step-log", "--no-warnings"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def run_fixed(scenario, folder, scale):
    """The shipped plans, some minutes, in this process."""
    files = simulate(RunRequest(scenario, "fixed", 21, folder, demand_scale=scale))
    trips = load_trips(files.tripinfo)
    return len(audit_run(files.tls_states, scenario, is_ours=False).violations), len(trips.waiting_s)


@pytest.mark.sumo
def test_shipped_plans_are_safe_and_demand_can_be_scaled(tmp_path):
    """Four minutes of the morning: no violation in the recording; 40 % more demand are about 40 % more vehicles."""
    scenario = replace(find_scenario("pittsburgh50-am"), end_s=240.0, drain_s=0.0)
    loaded = {}
    for scale in (1.0, 1.4):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            violations, loaded[scale] = pool.submit(run_fixed, scenario, tmp_path / str(scale), scale).result()
        assert violations == 0
    assert 400 < loaded[1.0] < 650
    assert loaded[1.4] == pytest.approx(1.4 * loaded[1.0], rel=0.1)  # SUMO rounds down in every flow
