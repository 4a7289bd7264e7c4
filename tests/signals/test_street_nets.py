"""Two nets made by hand, as streets have them: a signal for walkers in mid-block, and a crossroads signalled by half."""

import json
import subprocess
import xml.etree.ElementTree as ET

import pytest

from signals.measures.audit import audit_run
from signals.measures.tripinfo import measure_run
from signals.simulation.binaries import find_binary
from signals.simulation.network import read_sites
from signals.simulation.request import RunRequest
from signals.simulation.run import simulate
from sumo_scenarios.manifest import Scenario

pytestmark = pytest.mark.sumo
SECONDS = 300.0
NODES = {
    "mid-block": (("w", -200, 0), ("e", 200, 0)),
    "half-signalised": (("w", -200, 0), ("e", 200, 0), ("s", 0, -150)),
}
CROSSING = '<crossing node="c" edges="wc cw" priority="1"/>'
UNSIGNALLED = (
    '<connection from="sc" to="ce" fromLane="1" toLane="1" uncontrolled="1"/>'
    '<connection from="sc" to="cw" fromLane="1" toLane="2" uncontrolled="1"/>'
)


def edge(a, b):
    """A main street of two lanes each way, a side street of one; all with sidewalks."""
    lanes, priority = (1, 1) if "s" in (a, b) else (2, 3)
    return f'<edge id="{a}{b}" from="{a}" to="{b}" numLanes="{lanes}" priority="{priority}" sidewalkWidth="2"/>'


def build(kind, folder):
    """The net, with cars on every way and somebody who walks across each 15 s."""
    nodes = NODES[kind]
    places = "".join(f'<node id="{n}" x="{x}" y="{y}"/>' for n, x, y in nodes)
    light = '<node id="c" x="0" y="0" type="traffic_light"/>'
    (folder / "x.nod.xml").write_text(f"<nodes>{places}{light}</nodes>", encoding="utf-8")
    edges = "".join(edge(n, "c") + edge("c", n) for n, *_ in nodes)
    (folder / "x.edg.xml").write_text(f"<edges>{edges}</edges>", encoding="utf-8")
    ways = CROSSING + (UNSIGNALLED if len(nodes) > 2 else "")
    (folder / "x.con.xml").write_text(f"<connections>{ways}</connections>", encoding="utf-8")
    files = ["-n", "x.nod.xml", "-e", "x.edg.xml", "-x", "x.con.xml", "-o", "x.net.xml"]
    subprocess.run(
        [find_binary("netconvert"), *files, "--no-turnarounds", "--walkingareas"],
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    flows = "".join(
        f'<flow id="{a}{b}" begin="0" end="{SECONDS:g}" vehsPerHour="{100 if "s" in (a, b) else 700}" from="{a}c" '
        f'to="c{b}" departLane="best"/>'
        for a, *_ in nodes
        for b, *_ in nodes
        if a != b
    )
    walks = f'<personFlow id="p" begin="0" end="{SECONDS:g}" period="15"><walk from="wc" to="cw"/></personFlow>'
    (folder / "x.rou.xml").write_text(f"<routes>{flows}{walks}</routes>", encoding="utf-8")
    return Scenario("x", "x", folder / "x.net.xml", (folder / "x.rou.xml",), end_s=SECONDS, drain_s=300.0)


@pytest.mark.parametrize("sensing", ["ideal", "loops"])
@pytest.mark.parametrize("kind", NODES)
def test_walkers_cross_and_cars_flow(kind, sensing, tmp_path):
    """Control takes the signal over, everyone arrives on foot and on wheels, and the lamps are safe; ways that have no
    signal keep none.
    """
    scenario = build(kind, tmp_path)
    (site,) = read_sites(scenario.net).values()
    assert not any(lane.id.startswith("sc") for lane in site.intersection.entries)
    files = simulate(RunRequest(scenario, "adaptive", 21, tmp_path / "out", sensing=sensing))
    assert json.loads((tmp_path / "out" / "notes.json").read_text(encoding="utf-8")) == {}
    assert [str(v) for v in audit_run(files.tls_states, scenario, is_ours=True).violations] == []
    measures = measure_run(files.tripinfo, files.statistics)
    assert (measures.unserved, measures.teleports) == (0, 0)
    walks = [float(walk.attrib["timeLoss"]) for walk in ET.parse(files.tripinfo).iter("walk")]  # noqa: S314
    assert len(walks) == 20
    assert max(walks) < 120.0
