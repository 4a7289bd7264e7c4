"""What full streets do to a decision: room, and greens that nobody could use; and who comes from beyond sight."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.controller import AdaptiveController, ControllerSettings
from signals.model import IntervalKind
from signals.ports import Advance, Detections, Mode, SignalState
from signals.prediction.arrivals import predict_arrivals
from signals.prediction.flows import add_expected, append_evenly
from signals.prediction.storage import ROOM_UNKNOWN, VEHICLE_M, StorageGuard, count_places
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import build_plan
from sumo_scenarios.catalog import find_scenario


@pytest.fixture(scope="module")
def street():
    """A crossing of the grid, whose streets lead to neighbours, and its plan."""
    scenario = find_scenario("grid")
    name, site = next(iter(read_sites(scenario.net).items()))
    return site.intersection, build_plan(site, read_programs(scenario)[name], scenario)


def see(site, *vehicles, exit_count=0, exit_speed_mps=13.0):
    """Detections of (movement, distance); all stand."""
    rows = sorted(vehicles, key=lambda v: v[1])
    exits = len(site.exits)
    return Detections(
        0.0,
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.float64),
        np.zeros(len(rows)),
        np.full(len(rows), 30.0),
        exit_count=np.broadcast_to(np.asarray(exit_count, np.int64), exits).copy(),
        exit_halted=np.zeros(exits, np.int64),
        exit_speed_mps=np.broadcast_to(np.asarray(exit_speed_mps, np.float64), exits).copy(),
    )


def count_one(length_m, count, speed_mps):
    """The room of a single exit."""
    room = np.full(1, ROOM_UNKNOWN)
    count_places(np.array([length_m]), np.array([count]), np.array([speed_mps]), room)
    return int(room[0])


@settings(deadline=None)
@given(st.floats(1.0, 800.0))
def test_an_exit_full_of_standing_vehicles_has_no_room_at_any_length(length_m):
    """As many as fit in with 7.5 m each, which is also what an exit loop that is stood upon means, leave no room."""
    assert count_one(length_m, int(length_m / VEHICLE_M), 0.0) == 0


@settings(deadline=None)
@given(st.floats(1.0, 800.0), st.integers(0, 200), st.floats(0.0, 20.0))
def test_room_is_told_only_of_crawling_exits(length_m, count, speed_mps):
    """Where traffic moves nothing is refused; else the room shrinks with each vehicle."""
    room = count_one(length_m, count, speed_mps)
    if speed_mps >= 3.0:
        assert room == ROOM_UNKNOWN
    else:
        assert 0 <= room <= length_m / VEHICLE_M
        assert count_one(length_m, count + 1, speed_mps) == max(0, room - 1)


@pytest.mark.parametrize("stage", [0, 2])
def test_a_full_exit_does_not_hold_a_green(street, stage):
    """The running stage's queue cannot leave and another's can: its minimum green once over, it goes. With the guard
    off, the exits make no difference.
    """
    site, plan = street
    other = 2 - stage
    mine = min(plan.stages[stage].protected)
    theirs = next(m for m in plan.stages[other].protected if site.movements[m].exit != site.movements[mine].exit)
    count = np.zeros(len(site.exits), np.int64)
    count[site.movements[mine].exit] = 500
    queues = [*((mine, 5.0 + 7.5 * k) for k in range(12)), *((theirs, 5.0 + 7.5 * k) for k in range(2))]
    full = see(site, *queues, exit_count=count, exit_speed_mps=np.where(count > 0, 0.0, 13.0))
    state = SignalState(stage, IntervalKind.GREEN, 12.0, None, Mode.REMOTE, 100.0)
    guarded = AdaptiveController(site, plan).decide(full, state)
    assert isinstance(guarded, Advance)
    assert theirs in plan.stages[guarded.stage].greens
    blind = ControllerSettings(uses_storage_guard=False)
    with_full, with_free = (
        AdaptiveController(site, plan, settings=blind).decide(seen, state) for seen in (full, see(site, *queues))
    )
    assert with_full == with_free
    assert (StorageGuard(site, is_on=False).find_room(full) == ROOM_UNKNOWN).all()


def test_expected_arrivals_begin_where_a_lanes_sight_ends(street):
    """A lane that is seen for 50 m expects its next vehicle right behind them, one seen for 300 m much later."""
    site, _ = street
    lane = site.movements[0].entry
    flow = np.zeros(len(site.movements))
    flow[0] = 0.25
    firsts = []
    for sight_m in (50.0, 300.0):
        arrivals = predict_arrivals(site, see(site))
        add_expected(site, arrivals, flow, 50.0, np.full(len(site.entries), sight_m))
        firsts.append(arrivals.arrival_s[lane, 0])
    speed_mps = max(8.0, site.entries[lane].speed_mps)
    assert firsts == pytest.approx([50.0 / speed_mps + 2.0, 300.0 / speed_mps + 2.0])


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_kernels_and_python_agree(seed):
    """Room and expected arrivals: the compiled functions do what their source says, and fill rows in order of time."""
    draw = np.random.default_rng(seed)
    entry_of, flow_per_s = draw.integers(0, 3, 6), np.where(draw.random(6) < 0.5, 0.0, draw.uniform(0.01, 0.5, 6))
    exit_m, count, speed_mps = draw.uniform(5.0, 300.0, 4), draw.integers(0, 40, 4), draw.uniform(0.0, 10.0, 4)
    results = []
    for places, spread in ((count_places, append_evenly), (count_places.py_func, append_evenly.py_func)):
        room = np.full(4, ROOM_UNKNOWN)
        places(exit_m, count, speed_mps, room)
        lined = (np.zeros(3, np.int64), np.zeros((3, 20)), np.zeros((3, 20), np.int64), np.zeros((3, 20)))
        spread(entry_of, flow_per_s, np.full(3, 8.0), 50.0, *lined)
        results.append([room, *lined])
    for compiled, plain in zip(*results, strict=True):
        assert np.array_equal(compiled, plain)
    vehicles, arrival_s = results[0][1:3]
    assert all((np.diff(arrival_s[lane, : vehicles[lane]]) >= 0).all() for lane in range(3))
