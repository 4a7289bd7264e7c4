"""What full sensing says of each vehicle, against what SUMO knows of its way: a lamp for several ways, and who waits
for a gap inside the junction.
"""

import subprocess

import pytest

from signals.simulation.binaries import find_binary
from signals.simulation.connection import open_simulation
from signals.simulation.network import edge_of, read_sites
from signals.simulation.sensing import IdealSensors

pytestmark = pytest.mark.sumo
ARMS = {"n": (0, 150), "e": (150, 0), "s": (0, -150), "w": (-150, 0)}
SECONDS = 240


@pytest.fixture(scope="module")
def crossroads(tmp_path_factory):
    """One lane an arm, and one lamp for all ways that always show the same."""
    folder = tmp_path_factory.mktemp("crossroads")
    nodes = "".join(f'<node id="{n}" x="{x}" y="{y}"/>' for n, (x, y) in ARMS.items())
    (folder / "x.nod.xml").write_text(f'<nodes>{nodes}<node id="c" x="0" y="0" type="traffic_light"/></nodes>')
    edges = "".join(f'<edge id="{n}c" from="{n}" to="c"/><edge id="c{n}" from="c" to="{n}"/>' for n in ARMS)
    (folder / "x.edg.xml").write_text(f"<edges>{edges}</edges>")
    made = [find_binary("netconvert"), "-n", "x.nod.xml", "-e", "x.edg.xml", "-o", "x.net.xml", "--no-turnarounds"]
    subprocess.run([*made, "--tls.group-signals"], check=True, capture_output=True, cwd=folder)
    flows = "".join(
        f'<flow id="{a}{b}" begin="0" end="{SECONDS}" vehsPerHour="220" from="{a}c" to="c{b}"/>'
        for a in ARMS
        for b in ARMS
        if a != b
    )
    (folder / "x.rou.xml").write_text(f"<routes>{flows}</routes>")
    return folder / "x.net.xml", folder / "x.rou.xml"


def test_everyone_is_seen_with_the_way_he_takes(crossroads):
    """Before the line: the movement of the route. Inside: whoever stands though his permitted green lasts, at 0 m."""
    net, routes = crossroads
    sites = read_sites(net)
    (site,) = sites.values()
    place = site.intersection
    assert len(set(site.links)) < len(place.movements)
    way = {(edge_of(place.entries[m.entry].id), edge_of(place.exits[m.exit].id)): m.index for m in place.movements}
    inside_seen = 0
    with open_simulation(["-n", str(net), "-r", str(routes), "--seed", "21"], connection="traci") as sumo:
        sensors = IdealSensors(sumo, sites, is_direct=False)
        for now_s in range(1, SECONDS):
            sumo.simulationStep()
            sensors.look(float(now_s))
            seen = sensors.read("c", place, float(now_s))
            lamps = sumo.trafficlight.getRedYellowGreenState("c")
            before, inside = [], []
            for v in sumo.vehicle.getIDList():
                route, lane = sumo.vehicle.getRoute(v), sumo.vehicle.getLaneID(v)
                movement = way[route[0], route[1]]
                if lane.startswith(route[0]):
                    before.append(movement)
                elif lane.startswith(":") and sumo.vehicle.getSpeed(v) < 1.0 and lamps[site.links[movement]] == "g":
                    inside.append(movement)
            assert sorted(seen.movement.tolist()) == sorted(before + inside)
            at_line = [m for m, at_m in zip(seen.movement.tolist(), seen.distance_m.tolist(), strict=True) if at_m == 0]
            assert sorted(at_line) == sorted(inside)
            inside_seen += len(inside)
    assert inside_seen > 0
