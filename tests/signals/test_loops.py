"""Loops in SUMO and where they lie, in real runs."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest

from signals.model import DetectorKind, RoadUser
from signals.simulation.connection import open_simulation
from signals.simulation.faults import FaultPlan
from signals.simulation.loops import LoopSensors, write_loops
from signals.simulation.network import read_sites
from signals.simulation.placement import Placement, list_without_advance, place, place_detectors, read_roads
from signals.simulation.run import RunRequest, simulate
from sumo_scenarios.catalog import find_scenario


def in_process(function, *args, **kwargs):
    """A fresh process, because libsumo is one simulation per process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


def read_net(name):
    """Sites and roads of a scenario of ours."""
    net = find_scenario(name).net
    return read_sites(net), read_roads(net)


@pytest.mark.parametrize("name", ["isolated", "corridor", "grid"])
def test_every_loop_lies_within_its_lane(name):
    """No zone begins before its lane or ends behind it, and no two detectors have one name."""
    sites, roads = read_net(name)
    names = set()
    for site in sites.values():
        for placed in place(site, roads):
            detector = placed.detector
            assert detector.id not in names
            names.add(detector.id)
            if placed.lane:
                assert placed.position_m >= 0
                assert placed.position_m + detector.length_m <= roads.lanes[placed.lane].length_m + 1e-9


@pytest.mark.parametrize("name", ["isolated", "corridor"])
def test_every_driven_lane_has_a_loop_at_its_line_and_every_exit_one(name):
    """Stop lines, exits and crossings are covered once each; who has no advance loop is named."""
    sites, roads = read_net(name)
    for site in sites.values():
        detectors = place_detectors(site, roads)
        movements = site.intersection.movements
        driven = [m for m in movements if m.user is RoadUser.VEHICLE]
        at = {kind: [d for d in detectors if d.kind is kind] for kind in DetectorKind}
        assert sorted(d.lane for d in at[DetectorKind.STOP_LINE]) == sorted({m.entry for m in driven})
        assert sorted(d.lane for d in at[DetectorKind.EXIT]) == sorted({m.exit for m in driven})
        buttons = [d.movement for d in at[DetectorKind.PUSH_BUTTON]]
        assert buttons == [m.index for m in movements if m.user is RoadUser.PEDESTRIAN]
        advance = {site.intersection.entries[d.lane].id for d in at[DetectorKind.ADVANCE]}
        assert advance.isdisjoint(list_without_advance(site, detectors))
        assert len(advance) + len(list_without_advance(site, detectors)) == len(at[DetectorKind.STOP_LINE])


NET = """<net>
 <edge id="far"><lane id="far_0" index="0" length="200" speed="14"/></edge>
 <edge id="mid"><lane id="mid_0" index="0" length="30" speed="14"/></edge>
 <edge id="near"><lane id="near_0" index="0" length="20" speed="14"/></edge>
 <edge id="out"><lane id="out_0" index="0" length="90" speed="14"/></edge>
 <edge id=":J_0" function="internal"><lane id=":J_0_0" index="0" length="9" speed="14"/></edge>
 <edge id=":K_0" function="internal"><lane id=":K_0_0" index="0" length="2" speed="14"/></edge>
 <edge id=":L_0" function="internal"><lane id=":L_0_0" index="0" length="3" speed="14"/></edge>
 {more}
 <connection from="far" to="mid" fromLane="0" toLane="0" via=":L_0_0" dir="s" {light}/>
 <connection from="mid" to="near" fromLane="0" toLane="0" via=":K_0_0" dir="s"/>
 <connection from="near" to="out" fromLane="0" toLane="0" via=":J_0_0" tl="J" linkIndex="0" dir="s"/>
</net>"""


@pytest.mark.parametrize(
    ("light", "more", "distance_m", "lane"),
    [
        ("", "", 100.0, "far_0"),
        ('tl="L" linkIndex="0"', "", 20 + 2 + 30 - 2 - 0.1, "mid_0"),
        (
            "",
            '<edge id="side"><lane id="side_0"/></edge><connection from="side" to="near" fromLane="0" toLane="0"/>',
            20 - 2 - 0.1,
            "near_0",
        ),
    ],
)
def test_an_advance_loop_follows_the_only_way_in(tmp_path, light, more, distance_m, lane):
    """Up the street across nodes without signals; not across a signal, and not where there is another way in."""
    net = tmp_path / "street.net.xml"
    net.write_text(NET.format(light=light, more=more), encoding="utf-8")
    site, roads = read_sites(net)["J"], read_roads(net)
    (advance,) = [p for p in place(site, roads) if p.detector.kind is DetectorKind.ADVANCE]
    assert advance.lane == lane
    assert advance.detector.distance_m == pytest.approx(distance_m)


def test_a_street_that_is_joined_has_a_loop_in_every_way_in(tmp_path):
    """Where no advance loop can lie far enough, upstream loops count what comes by each way, for the whole approach."""
    side = (
        '<edge id="side"><lane id="side_0" index="0" length="150" speed="14"/></edge>'
        '<connection from="side" to="near" fromLane="0" toLane="0" dir="r"/>'
    )
    net = tmp_path / "street.net.xml"
    net.write_text(NET.format(light="", more=side), encoding="utf-8")
    site, roads = read_sites(net)["J"], read_roads(net)
    upstream = {p.lane: p.detector.distance_m for p in place(site, roads) if p.detector.kind is DetectorKind.UPSTREAM}
    assert upstream == {"far_0": pytest.approx(100.0), "side_0": pytest.approx(100.0)}


def test_vehicles_that_wait_before_a_very_short_lane_stand_on_its_loop(tmp_path):
    """The loop of a lane of one metre lies in the only lane that leads into it, where its vehicles wait."""
    net = tmp_path / "street.net.xml"
    net.write_text(NET.format(light="", more="").replace('length="20"', 'length="1"'), encoding="utf-8")
    site, roads = read_sites(net)["J"], read_roads(net)
    (line,) = [p for p in place(site, roads) if p.detector.kind is DetectorKind.STOP_LINE]
    assert line.lane == "mid_0"
    assert line.detector.distance_m == pytest.approx(1 + 2)
    assert line.position_m == pytest.approx(30 - 3)


def gather(folder, step_s, connection, faults=FaultPlan()):  # noqa: B008  (frozen)
    """Five minutes, less ten seconds (SUMO counts by five minutes), of the isolated crossing as shipped: each detector's pulses, and what SUMO's own loops counted."""
    scenario = replace(find_scenario("isolated"), step_s=step_s)
    sites, roads = read_sites(scenario.net), read_roads(scenario.net)
    placed = {signal: place(site, roads) for signal, site in sites.items()}
    own = [p for group in placed.values() for p in group]
    loops = write_loops(own, folder / "loops.add.xml")
    options = ["-n", str(scenario.net), "-r", ",".join(map(str, scenario.demand)), "-a", str(loops)]
    options += ["--step-length", f"{step_s:g}", "--no-step-log", "--no-warnings", "--seed", "21"]
    trace = []
    with open_simulation(options, connection=connection) as sumo:
        sensors = LoopSensors(sumo, sites, placed, is_direct=connection == "libsumo", step_s=step_s, faults=faults)
        (source,) = [sensors.source(signal, _Now(sumo)) for signal in sites]
        for _ in range(290):
            for _ in range(round(1 / step_s)):
                sumo.simulationStep()
                sensors.after_step(sumo.simulation.getTime())
            sensors.look(sumo.simulation.getTime())
            seen = source.read()
            trace.append((seen.at_s, seen.count.tolist(), seen.occupied_s.tolist(), seen.is_fresh.tolist()))
        counted = [0 if not p.lane else sumo.inductionloop.getIntervalVehicleNumber(p.detector.id) for p in own]
    return [p.detector for p in own], trace, counted


class _Now:
    def __init__(self, sumo):
        self._sumo = sumo

    def now_s(self):
        return self._sumo.simulation.getTime()


@pytest.fixture(scope="module")
def direct(tmp_path_factory):
    """A run by steps of a second."""
    return in_process(gather, tmp_path_factory.mktemp("loops"), 1.0, "libsumo")


@pytest.fixture(scope="module")
def halves(tmp_path_factory):
    """A run by steps of half a second."""
    return in_process(gather, tmp_path_factory.mktemp("loops"), 0.5, "libsumo")


@pytest.fixture(params=["direct", "halves"])
def gathered(request):
    """Either."""
    return request.getfixturevalue(request.param)


@pytest.mark.sumo
def test_who_comes_onto_a_loop_is_counted_once(gathered):
    """Pulses are those of SUMO's own count, less the few that come while another one is still there."""
    detectors, trace, counted = gathered
    pulses = [sum(column) for column in zip(*(count for _, count, _, _ in trace), strict=True)]
    for detector, seen, true in zip(detectors, pulses, counted, strict=True):
        if detector.kind is not DetectorKind.PUSH_BUTTON:
            # SUMO does not count who is still there or changes lanes on it
            assert 0.9 * true - 1 <= seen <= 1.05 * true + 1, detector
    assert sum(pulses) > 250


@pytest.mark.sumo
def test_who_stands_on_a_loop_occupies_it_and_is_not_counted_again(gathered):
    """There are long stands at the stop lines, each second wholly occupied and without a pulse."""
    detectors, trace, _ = gathered
    for n, detector in enumerate(detectors):
        if detector.kind is not DetectorKind.STOP_LINE:
            continue
        stands = [(count[n], occupied[n]) for _, count, occupied, _ in trace]
        assert all(0.0 <= o <= 1.0 for _, o in stands)
        whole = [c for (_, before), (c, o) in pairwise(stands) if before > 0.999 and o > 0.999]
        assert len(whole) > 15
        assert sum(whole) == 0


@pytest.mark.sumo
def test_traci_reads_the_same_to_the_bit(tmp_path, direct):
    """Subscriptions over traci bring the readings that direct calls bring."""
    assert in_process(gather, tmp_path, 1.0, "traci") == direct


@pytest.mark.sumo
def test_a_share_of_vehicles_goes_unseen(tmp_path, direct):
    """With a fifth missed at each loop, a fifth of the pulses is gone, and the occupancy with them."""
    _, all_seen, _ = direct
    _, missed, _ = in_process(gather, tmp_path, 1.0, "libsumo", FaultPlan(miss=0.2, seed=3))
    for part in (1, 2):
        full, less = (sum(map(sum, (row[part] for row in trace))) for trace in (all_seen, missed))
        assert less / full == pytest.approx(0.8, abs=0.08)


@pytest.mark.sumo
def test_a_button_is_pushed_when_somebody_begins_to_wait(gathered):
    """Pushes come, at most one a second, and nobody who waits on pushes every second."""
    detectors, trace, _ = gathered
    buttons = [n for n, d in enumerate(detectors) if d.kind is DetectorKind.PUSH_BUTTON]
    for n in buttons:
        assert {count[n] for _, count, _, _ in trace} <= {0, 1}
        assert sum(count[n] for _, count, _, _ in trace) < 50


@pytest.mark.sumo
@pytest.mark.parametrize("sensing", ["loops", "video"])
def test_a_controller_works_from_loops_alone(tmp_path, sensing):
    """A short run with loops or a camera ends with decisions and without trouble."""
    scenario = replace(find_scenario("isolated"), end_s=300.0, drain_s=300.0)
    in_process(simulate, RunRequest(scenario, "adaptive", 21, tmp_path, sensing=sensing))
    assert (tmp_path / "notes.json").read_text(encoding="utf-8") == "{}"
    assert len((tmp_path / "decisions.txt").read_text(encoding="utf-8").splitlines()) > 5


def test_the_distances_can_be_set():
    """An advance loop at 40 m lies at 40 m."""
    sites, roads = read_net("isolated")
    for site in sites.values():
        detectors = place_detectors(site, roads, Placement(advance_m=40.0))
        assert {d.distance_m for d in detectors if d.kind is DetectorKind.ADVANCE} == {40.0}
