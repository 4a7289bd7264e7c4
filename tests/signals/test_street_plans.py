"""Any net with signals runs: made by netgenerate in many shapes, and small odd ones as streets have them.

Set CHANGTONG_STRESS to a number of minutes for the long version: more shapes, each for so long.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from signals.measures.audit import audit_run
from signals.safety.guard import Guard
from signals.simulation.binaries import find_binary, find_home
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import PlanNotReadable, build_plan
from sumo_scenarios.manifest import Scenario

pytestmark = pytest.mark.sumo
STRESS_MIN = float(os.environ.get("CHANGTONG_STRESS", "0"))
GRID = ["--grid", "--grid.number", "2", "--grid.length", "120", "--grid.attach-length", "90", "-L", "2"]
SPIDER = ["--spider", "--spider.arm-number", "4", "--spider.circle-number", "2", "--spider.space-radius", "110"]
RANDOM = [
    "--rand",
    "--rand.iterations",
    "25",
    "--rand.min-distance",
    "90",
    "--tls.guess",
    "--tls.guess.threshold",
    "20",
]
LIGHTS = ["--default-junction-type", "traffic_light"]
SHAPES = {
    "grid, left-hand, opposite layout": [*GRID, *LIGHTS, "--lefthand", "--tls.layout", "opposites"],
    "spider, incoming layout, actuated": [
        *SPIDER,
        *LIGHTS,
        "--tls.layout",
        "incoming",
        "--tls.default-type",
        "actuated",
    ],
    "random, guessed, random lanes": [*RANDOM, "--rand.random-lanenumber", "--tls.left-green.time", "6"],
    "grid, crossings, all-red": [*GRID, *LIGHTS, "--sidewalks.guess", "--crossings.guess", "--walkingareas"],
}
LONG = {
    "grid, NEMA": [*GRID, *LIGHTS, "--tls.default-type", "NEMA"],
    "grid, joined": [*GRID, *LIGHTS, "--tls.join", "--junctions.join", "--junctions.join-dist", "130"],
    "random, roundabouts": [*RANDOM, "--roundabouts.guess", "--seed", "5"],
    "spider, left-hand, crossings": [*SPIDER, *LIGHTS, "--lefthand", "--sidewalks.guess", "--crossings.guess"],
    "grid, turn lanes": [*GRID, *LIGHTS, "--turn-lanes", "1", "--tls.half-offset", "phase:2"],
    "random, delay based": [*RANDOM, "--tls.default-type", "delay_based", "--seed", "9"],
    "grid, red times": [*GRID, *LIGHTS, "--tls.allred.time", "2", "--tls.yellow.time", "4"],
}
RUN = """
import json, sys
from pathlib import Path
from signals.simulation.run import simulate
from signals.simulation.request import RunRequest
from sumo_scenarios.manifest import Scenario
net, routes, out, seconds = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4])
scenario = Scenario("x", "x", net, (routes,), end_s=seconds, drain_s=0.0)
simulate(RunRequest(scenario, "adaptive", 21, out))
"""


def run(net, folder, seconds):
    """Adaptive control with random traffic; the notes and the audit."""
    home = find_home()
    routes = folder / "x.rou.xml"
    trips = [sys.executable, str(home / "tools" / "randomTrips.py"), "-n", str(net), "-e", str(seconds), "-p", "1.2"]
    subprocess.run([*trips, "-o", str(routes), "--seed", "3"], check=True, capture_output=True, cwd=folder)
    made = subprocess.run(
        [sys.executable, "-c", RUN, str(net), str(routes), str(folder / "out"), str(seconds)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-2000:]
    notes = json.loads((folder / "out" / "notes.json").read_text(encoding="utf-8"))
    return notes, audit_run(folder / "out" / "tls_states.xml", Scenario("x", "x", net, ()), is_ours=True)


@pytest.mark.parametrize("shape", SHAPES | LONG if STRESS_MIN else SHAPES)
def test_any_generated_net_runs_without_a_violation(shape, tmp_path):
    """No exception, no violation of what we control; a signal that keeps its own program is named with its reason."""
    net = tmp_path / "x.net.xml"
    options = (SHAPES | LONG)[shape]
    subprocess.run([find_binary("netgenerate"), *options, "-o", str(net)], check=True, capture_output=True)
    notes, found = run(net, tmp_path, round(60 * STRESS_MIN) or 90)
    assert found.signals - len(notes) > 1
    assert all(reason.endswith("has 1 stage; there is nothing to choose") for reason in notes.values()), notes
    assert [str(v) for v in found.violations if v.signal not in notes] == []


# One crossroads with a lane each way, its programs changed by hand. Links: 0-3 from north, 4-7 east, ...
NODES = (
    '<nodes><node id="c" x="0" y="0" type="traffic_light"/>'
    + "".join(
        f'<node id="{n}" x="{x}" y="{y}"/>'
        for n, x, y in (("n", 0, 120), ("e", 120, 0), ("s", 0, -120), ("w", -120, 0))
    )
    + "</nodes>"
)
EDGES = (
    "<edges>"
    + "".join(f'<edge id="{a}{b}" from="{a}" to="{b}" numLanes="1"/>' for n in "nesw" for a, b in ((n, "c"), ("c", n)))
    + "</edges>"
)


@pytest.fixture(scope="module")
def crossroads(tmp_path_factory):
    """The crossroads as netconvert makes it."""
    folder = tmp_path_factory.mktemp("cross")
    (folder / "x.nod.xml").write_text(NODES, encoding="utf-8")
    (folder / "x.edg.xml").write_text(EDGES, encoding="utf-8")
    files = ["-n", "x.nod.xml", "-e", "x.edg.xml", "-o", "x.net.xml", "--no-turnarounds"]
    subprocess.run([find_binary("netconvert"), *files], check=True, capture_output=True, cwd=folder)
    return folder / "x.net.xml"


def change(net, edit):
    """The plan's scenario with displays edited, and what became of them: a plan, or the reason why not."""
    scenario = Scenario("x", "x", net, ())
    (signal, program), (_, site) = next(iter(read_programs(scenario).items())), next(iter(read_sites(net).items()))
    displays = edit(program.displays)
    changed = replace(program, displays=tuple(displays))
    try:
        plan = build_plan(site, changed, scenario)
    except PlanNotReadable as error:
        return str(error), signal
    Guard(site.intersection, plan)
    return plan, site


def put(letter, *links):
    """An edit that shows one letter to some links in every display."""

    def edit(displays):
        return [
            replace(d, state="".join(letter if k in links else old for k, old in enumerate(d.state))) for d in displays
        ]

    return edit


def spare(displays):
    """Lamps that no connection uses."""
    return [replace(d, state=d.state + "rG") for d in displays]


ODD = {
    "a link that is off and gives way": put("o", 0),
    "a link with an arrow only": put("s", 0),
    "lamps without a connection": spare,
    "a program that begins in the middle of a clearance": lambda displays: [*displays[1:], displays[0]],
    "each stage twice in a cycle": lambda displays: [*displays, *displays],
    "red-amber before every green": lambda displays: [
        part
        for k, d in enumerate(displays)
        for part in (
            [d]
            if d.is_green
            else [
                d,
                replace(d, duration_s=1.0, state="r" * len(d.state)),
                replace(
                    d,
                    duration_s=1.0,
                    state="".join("u" if c in "Gg" else "r" for c in displays[(k + 1) % len(displays)].state),
                ),
            ]
        )
    ],
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_program_becomes_a_plan_that_the_guard_takes(crossroads, odd):
    """What streets have beside plain stages is read, and is sound."""
    plan, _ = change(crossroads, ODD[odd])
    assert not isinstance(plan, str), plan
    assert len(plan.sequence) == 2


def test_a_program_without_choice_names_its_reason(crossroads):
    """All lamps off, or one green only: there is nothing to control, and that is what it says."""
    assert "stage" in change(crossroads, lambda displays: [displays[0]])[0]
    assert "stage" in change(crossroads, put("o", *range(32)))[0]
