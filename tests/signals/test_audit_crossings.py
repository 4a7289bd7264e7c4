"""On nets with sidewalks the auditor knows vehicles from pedestrians, and which request is whose."""

import subprocess

import numpy as np
import pytest

from signals.measures.audit import Rule, audit_signal
from signals.measures.limits import get_limits
from signals.measures.recording import build_recording
from signals.measures.right_of_way import load_layouts
from signals.simulation.binaries import find_binary
from signals.simulation.network import read_sites
from sumo_scenarios.manifest import Scenario

WALK_M = 12.0

# Links: 0 through from the west, 1 through from the south, 2 right from the same lane as 1, 3 pedestrians over the
# eastern exit. Lane 0 of each street is a sidewalk.
WAYS = """
  <connection from="w" to=":x_w0" fromLane="0" toLane="0" dir="s" state="M"/>
  <connection from="w" to="e2" fromLane="1" toLane="1" via=":x_0_0" tl="x" linkIndex="0" dir="s" state="O"/>
  <connection from="s" to=":x_w1" fromLane="0" toLane="0" dir="s" state="M"/>
  <connection from="s" to="n2" fromLane="1" toLane="1" via=":x_1_0" tl="x" linkIndex="1" dir="s" state="o"/>
  <connection from="s" to="e2" fromLane="1" toLane="1" via=":x_2_0" tl="x" linkIndex="2" dir="r" state="o"/>
"""
CONFLICTS = {(0, 1), (1, 0), (0, 2), (2, 0), (0, 3), (3, 0), (2, 3), (3, 2)}


def build_net(*, has_plain_crossing):
    """The net; a crossing without a signal, over the southern street, comes before the one with lamps."""
    crossings = ["c0", "c1"] if has_plain_crossing else ["c1"]
    # foes by request: 0 to 2 are the vehicles', then the crossings; a response is to whom one must yield
    last = 2 + len(crossings)
    foes = {0: {1, 2, last}, 1: {0}, 2: {0, last}, last: {0, 2}}
    yields = {0: {last}, 1: {0}, 2: {0, last}, last: set()}
    if has_plain_crossing:
        foes[1], foes[3], yields[1], yields[3] = {0, 3}, {1}, {0, 3}, set()
    rows = "".join(
        f'<request index="{k}" response="{write_bits(yields[k], last)}" foes="{write_bits(foes[k], last)}" cont="0"/>'
        for k in sorted(foes)
    )
    inner = " ".join([":x_0_0", ":x_1_0", ":x_2_0", *(f":x_{c}_0" for c in crossings)])
    lamp = {"c0": "", "c1": ' tl="x" linkIndex="3"'}
    walks = "".join(
        f'<connection from=":x_w0" to=":x_{c}" fromLane="0" toLane="0" dir="s" state="M"{lamp[c]}/>'
        f'<connection from=":x_{c}" to=":x_w1" fromLane="0" toLane="0" dir="s" state="M"/>'
        for c in crossings
    )
    edges = "".join(
        f'<edge id=":x_{c}" function="crossing"><lane id=":x_{c}_0" index="0" speed="2.8" length="{WALK_M}"/></edge>'
        for c in crossings
    )
    lanes = "w_0 w_1 s_0 s_1 :x_w0_0 :x_w1_0"
    junction = f'<junction id="x" type="traffic_light" incLanes="{lanes}" intLanes="{inner}">{rows}</junction>'
    return f"<net>{edges}{junction}{WAYS}{walks}</net>"


def write_bits(members, last):
    """SUMO writes bit 0 rightmost."""
    return "".join("1" if k in members else "0" for k in range(last, -1, -1))


@pytest.fixture
def layout(tmp_path):
    """The crossing with one row of pedestrian lamps."""
    return read_layout(tmp_path, has_plain_crossing=False)


def read_layout(folder, *, has_plain_crossing):
    """The layout of the net, written to a folder."""
    net = folder / "x.net.xml"
    net.write_text(build_net(has_plain_crossing=has_plain_crossing), encoding="utf-8")
    return load_layouts(net)["x"]


def audit(layout, *changes, is_ours=True):
    """The findings as (rule, link, other, time, measured); the last change ends the recording."""
    scenario = Scenario("x", "x", None, (), min_green_s=5, yellow_s=3, red_clearance_s=2, max_red_s=60)
    recording = build_recording("x", list(changes[:-1]), changes[-1][0])
    found = audit_signal(layout, recording, get_limits(layout, scenario, is_ours=is_ours))
    return [(v.rule, v.link, v.other, v.time_s, v.measured_s) for v in found]


@pytest.mark.parametrize("has_plain_crossing", [False, True])
def test_sidewalks_do_not_shift_the_right_of_way(tmp_path, has_plain_crossing):
    """Ways onto sidewalks have no request; crossings come last, each with one, also those without a signal."""
    layout = read_layout(tmp_path, has_plain_crossing=has_plain_crossing)
    assert layout.conflicts == CONFLICTS
    assert layout.yields == {(0, 3), (1, 0), (2, 0), (2, 3)}
    assert layout.walkers == {3: WALK_M}
    assert layout.names[3] == ":x_w0_0 to :x_c1_0"


# pedestrians walk beside link 1, link 2 yields to them; their red comes 12 s before the yellow of links 1 and 2
SOUND = ((0, "rGgG"), (10, "rGgr"), (22, "ryyr"), (25, "rrrr"), (27, "Grrr"), (40, ""))


@pytest.mark.parametrize("is_ours", [True, False])
def test_links_of_one_lane_are_green_together_and_pedestrians_have_no_yellow(layout, is_ours):
    """Links 1 and 2 leave the same lane, and link 3 goes from green to red: nothing is wrong."""
    assert audit(layout, *SOUND, is_ours=is_ours) == []


def test_a_missing_yellow_of_vehicles_is_found_beside_pedestrians(layout):
    """Only the pedestrians' link is without yellow by nature."""
    changes = ((0, "rGgG"), (10, "rGgr"), (22, "rryr"), (25, "rrrr"), (27, "Grrr"), (40, ""))
    assert audit(layout, *changes) == [(Rule.YELLOW, 1, -1, 22, 0)]


def test_a_protected_turn_across_pedestrians_is_found(layout):
    """Link 2 yields to link 3; protected beside it, drivers are told that nobody walks."""
    assert audit(layout, (0, "rGGG"), (10, "")) == [(Rule.CONFLICTING_GREENS, 2, 3, 0, 10)]


def test_traffic_before_pedestrians_have_crossed_is_found_for_ours(layout):
    """12 m take 11.2 s at 1.07 m/s: link 0 may not start 11 s after their green; a shipped program may."""
    begin, end = ((0, "rGgG"), (10, "rGgr"), (16, "ryyr"), (19, "rrrr")), (40, "")
    assert audit(layout, *begin, (21, "Grrr"), end) == [(Rule.RED_CLEARANCE, 0, 3, 21, 11)]
    assert audit(layout, *begin, (22, "Grrr"), end) == []
    assert audit(layout, *begin, (21, "Grrr"), end, is_ours=False) == []


def test_a_short_walk_and_an_endless_wait_are_found(layout):
    """Pedestrians are held to the shortest green and the longest red like everybody."""
    assert audit(layout, (0, "rGgr"), (3, "rGgG"), (6, "rGgr"), (30, "")) == [(Rule.MIN_GREEN, 3, -1, 3, 3)]
    assert (Rule.MAX_RED, 3, -1, 0, 61) in audit(layout, (0, "rGgr"), (61, ""))


@pytest.mark.sumo
def test_nets_that_sumo_generates_with_crossings_are_read_alike_by_auditor_and_controller(tmp_path):
    """The auditor counts requests, the controllers read lanes' names: both find the same conflicts at nine signals."""
    net = tmp_path / "grid.net.xml"
    options = ["--grid", "--grid.number", "3", "--default.lanenumber", "2", "--turn-lanes", "1"]
    guesses = ["--sidewalks.guess", "--crossings.guess", "--default-junction-type", "traffic_light"]
    command = [find_binary("netgenerate"), *options, *guesses, "-o", str(net)]
    subprocess.run(command, check=True, capture_output=True)
    layouts, sites = load_layouts(net), read_sites(net)
    assert set(layouts) == set(sites)
    assert sum(len(layout.walkers) for layout in layouts.values()) > 20
    for signal, layout in layouts.items():
        crossing, links = sites[signal].intersection, sites[signal].links
        street = {
            m.index: (edge_of(crossing.entries[m.entry]), edge_of(crossing.exits[m.exit])) for m in crossing.movements
        }
        pairs = {True: set(), False: set()}
        for kind, matrix in ((True, crossing.conflicts | crossing.conflicts.T), (False, crossing.yields)):
            for i, j in zip(*np.nonzero(matrix), strict=True):
                if street[i] != street[j]:  # lanes of one approach into one exit merge, and no signal parts them
                    pairs[kind].add((links[i], links[j]))
        assert layout.conflicts == pairs[True]
        assert layout.yields == pairs[False]


def edge_of(lane):
    """The street of a lane."""
    return lane.id.rpartition("_")[0]
