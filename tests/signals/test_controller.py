"""The adaptive controller and its loop: sensible commands, one clear line, never an exception."""

from dataclasses import replace

import numpy as np
import pytest

from signals.cabinet import Cabinet
from signals.controller import AdaptiveController, build_supervisor
from signals.model import IntervalKind, Lamp
from signals.ports import Advance, Detections, Hold, Mode, Release, SignalState
from signals.prediction.arrivals import MAX_PER_LANE, predict_arrivals
from signals.prediction.flows import FlowMeter, add_expected
from signals.prediction.queues import find_stuck
from signals.safety.supervisor import RECOVERY_S
from signals.scheduling.problem import NO_GREEN, build_layout
from signals.scheduling.schedule import parse_schedule
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import build_plan
from sumo_scenarios.catalog import find_scenario


@pytest.fixture(scope="module")
def crossing():
    """The four-stage crossing of our own scenario."""
    return next(iter(read_sites(find_scenario("isolated").net).values()))


@pytest.fixture(scope="module")
def plan(crossing):
    """Its plan."""
    scenario = find_scenario("isolated")
    return build_plan(crossing, next(iter(read_programs(scenario).values())), scenario)


def see(crossing, *vehicles, exit_count=None, exit_speed_mps=None):
    """Detections of (movement, distance, speed, delay)."""
    rows = sorted(vehicles, key=lambda v: v[1])
    exits = len(crossing.intersection.exits)
    columns = [np.array([row[k] for row in rows], np.int64 if k == 0 else np.float64) for k in range(4)]
    return Detections(
        0.0,
        *columns,
        exit_count=np.full(exits, exit_count or 0, np.int64),
        exit_halted=np.zeros(exits, np.int64),
        exit_speed_mps=np.full(exits, 13.0 if exit_speed_mps is None else exit_speed_mps),
        volume=np.zeros(len(crossing.intersection.movements), np.int64),
    )


def green(stage, elapsed_s):
    """A cabinet's report of a running green."""
    return SignalState(stage, IntervalKind.GREEN, elapsed_s, None, Mode.REMOTE, 100.0)


def queue(plan, stage, count=4):
    """Vehicles that stand for one stage's first protected movement."""
    return [(min(plan.stages[stage].protected), 5.0 + 7 * k, 0.0, 20.0) for k in range(count)]


def test_an_empty_crossing_rests(crossing, plan):
    """Nobody seen: hold."""
    assert AdaptiveController(crossing.intersection, plan).decide(see(crossing), green(0, 30)) == Hold()


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_a_lonely_queue_gets_its_stage(crossing, plan, stage):
    """A queue at red and nobody else: advance to the stage that serves it, with a schedule that says so."""
    controller = AdaptiveController(crossing.intersection, plan)
    assert controller.decide(see(crossing, *queue(plan, stage)), green(0, 20)) == Advance(stage)
    schedule = parse_schedule(controller.explain())
    assert [s.stage for s in schedule.stages][:2] == [0, stage]
    assert schedule.stages[0].green_s == 20


def test_the_schedule_line_is_golden(crossing, plan):
    """The line of a fixed situation, letter by letter: yellow 3 s, red clearance 2 s as the scenario demands; stage 2
    is left at its maximum green of 40 s, as the guard would do at the horizon.
    """
    controller = AdaptiveController(crossing.intersection, plan)
    controller.decide(see(crossing, *queue(plan, 2)), green(0, 20))
    assert controller.explain() == "S0 G20 Y3 R2 | S2 G40 Y3 R2 | S0 G0"


def test_a_young_green_is_held(crossing, plan):
    """Before the minimum green it asks for nothing."""
    controller = AdaptiveController(crossing.intersection, plan)
    assert controller.decide(see(crossing, *queue(plan, 2)), green(0, 2)) == Hold()


def test_arrivals_are_sorted_and_never_overtake(crossing):
    """Within a lane arrivals do not fall, and the nearest comes first; a crowd beyond the array is cut."""
    site = crossing.intersection
    seen = see(
        crossing, (0, 250.0, 13.9, 0.0), (0, 90.0, 0.0, 30.0), (0, 120.0, 4.0, 0.0), *[(0, 280.0, 13.9, 0.0)] * 60
    )
    arrivals = predict_arrivals(site, seen)
    lane = site.movements[0].entry
    assert arrivals.count[lane] == MAX_PER_LANE
    times_s = arrivals.arrival_s[lane]
    assert times_s[0] == 0.0
    assert times_s[1] == pytest.approx((120.0 - 30.0) / max(8.0, site.entries[lane].speed_mps))
    assert (np.diff(times_s) >= 0).all()


def test_who_stands_in_another_lane_queues_there_and_is_no_stuck_head(crossing, plan):
    """A vehicle that still has to change lanes blocks the lane where it stands; its movement is not taken for blocked."""
    site = crossing.intersection
    movement = min(plan.stages[0].protected)
    other = next(k for k in range(len(site.entries)) if k != site.movements[movement].entry)
    seen = replace(see(crossing, (movement, 3.0, 0.0, 60.0), (movement, 10.0, 0.0, 60.0)), lane=np.array([other, -1]))
    arrivals = predict_arrivals(site, seen)
    assert arrivals.count[other] == arrivals.count[site.movements[movement].entry] == 1
    assert arrivals.movement[other, 0] == movement
    assert not find_stuck(site, plan.stages[0], green(0, 40), seen).protected.any()


def test_a_stop_then_go_arrow_is_no_free_way(crossing, plan):
    """Who may go on an arrow after a stop is not taken as served by it, neither in a stage nor through a change."""
    movement = min(plan.stages[0].protected)
    other = next(stage for stage in plan.stages if movement not in stage.greens)
    with_arrow = replace(other, stop_then_go=other.stop_then_go | {movement})
    assert with_arrow.lamp(movement) is Lamp.STOP_THEN_GO
    stages = tuple(with_arrow if stage is other else stage for stage in plan.stages)
    layout = build_layout(crossing.intersection, replace(plan, stages=stages))
    assert layout.level[other.index, movement] == NO_GREEN
    assert (layout.through[other.index, :, movement] == NO_GREEN).all()


def test_a_head_that_stands_in_its_green_is_noticed(crossing, plan):
    """A protected head that has not moved for longer than any start-up is taken as blocked; a fresh one is not."""
    movement = min(plan.stages[0].protected)
    seen = see(crossing, (movement, 3.0, 0.0, 60.0))
    assert find_stuck(crossing.intersection, plan.stages[0], green(0, 25), seen).protected[movement]
    assert not find_stuck(crossing.intersection, plan.stages[0], green(0, 12), seen).protected.any()


class Broken:
    """Sensors that fail for a while."""

    def __init__(self, seen, fails):
        self.seen, self.fails = seen, fails

    def read(self):
        if self.fails > 0:
            self.fails -= 1
            raise OSError("radar does not answer")
        return self.seen


class Ticking:
    """A clock to be set."""

    time_s = 0.0

    def now_s(self):
        return self.time_s


def test_trouble_releases_says_so_and_recovers(crossing, plan):
    """A failing sensor is no exception: released with the reason, local for ten seconds, then in control again."""
    cabinet, clock = Cabinet(plan), Ticking()
    source = Broken(see(crossing, *queue(plan, 2)), fails=1)
    supervisor = build_supervisor(crossing.intersection, plan, source, cabinet, clock)
    reports = []
    for _ in range(int(RECOVERY_S) + 3):
        reports.append(supervisor.step())
        cabinet.tick(1.0)
        clock.time_s += 1.0
    assert "radar does not answer" in reports[0].trouble
    assert isinstance(reports[0].applied, Release)
    assert all(isinstance(r.applied, Release) for r in reports[: int(RECOVERY_S)])
    assert any(isinstance(r.applied, Advance) for r in reports[-2:])


def test_a_dead_cabinet_is_no_exception(crossing, plan):
    """When even the cabinet's state cannot be read the step reports it and commands nothing."""

    class Dead(Cabinet):
        def read_state(self):
            raise ConnectionError("no link")

    source = Broken(see(crossing), fails=0)
    supervisor = build_supervisor(crossing.intersection, plan, source, Dead(plan), Ticking())
    report = supervisor.step()
    assert report.applied is None
    assert "no link" in report.trouble


def test_flows_are_measured_over_the_last_minutes(crossing):
    """A movement that gains six vehicles a minute flows at a tenth per second; before a minute nothing is said."""
    meter, size = FlowMeter(), len(crossing.intersection.movements)
    for second in range(400):
        volume = np.zeros(size, np.int64)
        volume[0] = second // 10
        seen = replace(see(crossing), at_s=float(second), volume=volume)
        meter.take(seen)
        flows = meter.find_flows(seen)
        assert second >= 60 or not flows.any()
    assert flows[0] == pytest.approx(0.1, rel=0.05)
    assert flows[1:].sum() == 0


def test_expected_arrivals_come_after_those_in_sight(crossing):
    """Evenly spaced, of the right movement, behind what is seen, within the horizon; none where nobody counts."""
    site = crossing.intersection
    seen = see(crossing, (0, 100.0, 13.9, 0.0))
    flows = np.zeros(len(site.movements))
    flows[0] = 0.2
    lane = site.movements[0].entry
    arrivals = add_expected(site, predict_arrivals(site, seen), flows, 50.0)
    times_s = arrivals.arrival_s[lane, : arrivals.count[lane]]
    assert len(times_s) >= 5
    assert np.diff(times_s[1:]) == pytest.approx(5.0)
    assert times_s[-1] < 50.0
    assert times_s[1] > 300.0 / 14.0
    assert add_expected(site, predict_arrivals(site, seen), np.zeros(0), 50.0).count[lane] == 1
