"""What the guard admits, refuses and forces."""

import math
import re
from bisect import bisect_left
from copy import deepcopy
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from signals.cabinet import Cabinet
from signals.model import Approach, Intersection, IntervalKind, Lane, Movement, Stage, Turn
from signals.ports import Advance, Capabilities, Hold, Mode, Release, SignalState
from signals.safety.clearance import RedBound
from signals.safety.command import SafeCommand
from signals.safety.conflicts import find_conflict
from signals.safety.guard import YIELD_S, Guard, PlanRefused, Refusal
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import build_plan
from signals.timing_plan import (
    Clearances,
    LocalStep,
    SafetyLimits,
    StageTiming,
    TimingPlan,
    build_transitions,
    sum_cycle_s,
    validate,
)
from sumo_scenarios.catalog import find_scenario


@pytest.fixture(scope="module")
def site():
    """The four-stage crossing of our own scenario."""
    return next(iter(read_sites(find_scenario("isolated").net).values()))


@pytest.fixture(scope="module")
def plan(site):
    """Its plan."""
    scenario = find_scenario("isolated")
    return build_plan(site, next(iter(read_programs(scenario).values())), scenario)


HOLD = Hold()


class Rig:
    """A guard before a cabinet; ``run`` holds for some seconds."""

    def __init__(self, site, plan, **kwargs):
        self.plan = plan
        self.cabinet, self.guard, self.now_s = Cabinet(plan), Guard(site.intersection, plan, **kwargs), 0.0

    def ask(self, command):
        verdict = self.guard.admit(command, self.cabinet.read_state(), self.now_s)
        safe = verdict if isinstance(verdict, SafeCommand) else verdict.instead
        if safe:
            self.cabinet.apply(safe)
        self.cabinet.tick(1.0)
        self.now_s += 1.0
        return verdict

    def run(self, seconds, command=HOLD):
        return [self.ask(command) for _ in range(seconds)]


@pytest.fixture
def rig(site, plan):
    """A fresh guard before a fresh cabinet."""
    return Rig(site, plan)


def code(verdict):
    """The refusal's code, or that there is none."""
    return verdict.code if isinstance(verdict, Refusal) else "admitted"


def test_a_green_lasts_its_minimum(rig, plan):
    """No advance before the minimum green; the first one at it is admitted."""
    minimum_s = round(plan.timings[0].min_green_s)
    verdicts = rig.run(minimum_s + 1, Advance(2))
    assert [code(v) for v in verdicts] == ["min_green"] * minimum_s + ["admitted"]


def test_nothing_is_commanded_during_a_clearance(rig, plan):
    """From the advance until the next green every command is refused and the transition plays to its end."""
    rig.run(10)
    assert code(rig.ask(Advance(1))) == "admitted"
    seconds = round(plan.transition_s(0, 1))
    assert {code(v) for v in rig.run(seconds - 1, Advance(3))} == {"in_clearance"}
    assert rig.cabinet.read_state().stage == 1
    assert rig.cabinet.ignored == 0


def test_maximum_green_forces_a_stage(rig, plan):
    """A hold at the maximum green is refused and an advance takes its place."""
    verdicts = rig.run(round(plan.timings[0].max_green_s) + 1)
    assert [code(v) for v in verdicts[:-1]] == ["admitted"] * (len(verdicts) - 1)
    assert code(verdicts[-1]) == "max_green"
    assert isinstance(verdicts[-1].instead.command, Advance)


def test_a_bound_on_red_forces_the_stage_that_waits_longest(site, plan):
    """Going to and fro between two stages is refused before the others have been red for too long."""
    rig = Rig(site, replace(plan, limits=replace(plan.limits, max_red_s=70.0)))
    forced = []
    for _ in range(400):
        stage = rig.cabinet.read_state().stage
        verdict = rig.ask(Advance(1 if stage == 0 else 0))
        forced += [verdict] if code(verdict) == "max_red" else []
        assert rig.guard.longest_red_s <= 70.0
    assert {v.instead.command.stage for v in forced} == {2, 3}


def test_one_decision_a_second(rig):
    """A second advance within the second is refused."""
    rig.run(10)
    state = rig.cabinet.read_state()
    assert code(rig.guard.admit(Advance(1), state, rig.now_s)) == "admitted"
    assert code(rig.guard.admit(Advance(2), state, rig.now_s)) == "too_soon"


@pytest.mark.parametrize(("stage", "expected"), [(-1, "unknown_stage"), (9, "unknown_stage"), (0, "same_stage")])
def test_stages_that_make_no_sense_are_refused(rig, stage, expected):
    """Unknown stages and the running one are refused by name."""
    rig.run(10)
    assert code(rig.ask(Advance(stage))) == expected


def test_a_cabinet_that_cannot_skip_is_not_asked_to(site, plan):
    """With a fixed sequence only the next stage may be chosen."""
    rig = Rig(site, plan, capabilities=Capabilities(can_skip=False))
    rig.run(10)
    following = plan.next_local(0)
    assert code(rig.ask(Advance((following + 1) % 4))) == "cannot_skip"
    assert code(rig.ask(Advance(following))) == "admitted"


@pytest.mark.parametrize(
    "lie",
    [
        {"stage": 2},
        {"stage": 99},
        {"interval": IntervalKind.YELLOW, "target": 3},
        {"elapsed_s": 40.0},
    ],
)
def test_disagreement_releases(rig, lie):
    """A report that cannot be releases the cabinet, and nothing else is admitted for five seconds."""
    rig.run(8)
    honest = rig.cabinet.read_state()
    verdict = rig.guard.admit(Hold(), replace(honest, **lie), rig.now_s)
    assert code(verdict) == "disagreement"
    assert isinstance(verdict.instead.command, Release)
    later = replace(honest, mode=Mode.LOCAL, uptime_s=honest.uptime_s + 1, elapsed_s=honest.elapsed_s + 1)
    assert code(rig.guard.admit(Advance(1), later, rig.now_s + 1)) == "disagreement"


def test_a_cabinet_that_starts_anew_is_not_trusted(rig):
    """An uptime that falls is a restart: release first."""
    rig.run(20)
    fresh = SignalState(0, IntervalKind.GREEN, 0.0, None, Mode.REMOTE, 0.0)
    assert code(rig.guard.admit(Hold(), fresh, rig.now_s)) == "disagreement"


@pytest.mark.parametrize("jump_s", [-3600.0, -3.0, 5.0, 3600.0])
def test_a_clock_that_jumps_gives_no_early_green(rig, jump_s):
    """Timers follow the cabinet's seconds: after a jump of the clock an early advance is still refused."""
    rig.run(2)
    rig.now_s += jump_s
    assert code(rig.ask(Advance(1))) in {"clock_skew", "min_green"}
    assert rig.cabinet.read_state().stage == 0


@pytest.mark.parametrize("name", ["elapsed_s", "uptime_s"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0])
def test_numbers_that_cannot_be_counted_release_and_leave_no_trace(rig, name, value):
    """NaN, infinite or negative seconds release the cabinet; five good seconds later it is commanded as before."""
    rig.run(8)
    broken = replace(rig.cabinet.read_state(), **{name: value})
    verdict = rig.guard.admit(Advance(1), broken, rig.now_s)
    assert code(verdict) == "disagreement"
    assert isinstance(verdict.instead.command, Release)
    assert [code(v) for v in rig.run(6)] == ["disagreement"] * 5 + ["admitted"]
    assert 12 <= rig.guard.longest_red_s <= 18


@pytest.mark.parametrize("now_s", [math.nan, math.inf])
def test_a_clock_that_tells_no_time_releases(rig, now_s):
    """Without a clock nothing is commanded."""
    rig.run(20)
    assert code(rig.guard.admit(Advance(1), rig.cabinet.read_state(), now_s)) == "disagreement"


def test_a_green_that_nobody_watched_is_young(site, plan):
    """A process that starts in the middle of a green waits for the minimum again: the cabinet's word is not enough."""
    rig = Rig(site, plan)
    for _ in range(12):
        rig.cabinet.tick(1.0)
    minimum_s = round(plan.timings[0].min_green_s)
    verdicts = rig.run(minimum_s + 1, Advance(2))
    assert {code(v) for v in verdicts[:-1]} == {"min_green"}
    assert code(verdicts[-1]) == "admitted"


def test_a_red_that_nobody_watched_is_long(site, plan):
    """A process that starts long after the cabinet takes every red as the longest allowed and serves all in turn."""
    rig = Rig(site, plan)
    for _ in range(1000):
        rig.cabinet.tick(1.0)
    rig.ask(HOLD)
    assert rig.guard.longest_red_s == plan.limits.max_red_s
    assert "max_red" in {code(v) for v in rig.run(60)}
    young = Rig(site, plan)
    young.ask(HOLD)
    assert young.guard.longest_red_s == 0.0


def test_a_green_that_came_back_unseen_is_a_new_one(rig, plan):
    """After a gap the same stage may have left and returned; its earlier seconds do not count."""
    rig.run(20)
    now = rig.cabinet.read_state()
    later = replace(now, mode=Mode.LOCAL, uptime_s=now.uptime_s + 90.0, elapsed_s=2.0)
    assert code(rig.guard.admit(HOLD, later, rig.now_s + 90.0)) != "disagreement"
    for second in range(1, 3):
        state = replace(later, uptime_s=later.uptime_s + second, elapsed_s=40.0 + second)
        verdict = rig.guard.admit(Advance(1), state, rig.now_s + 90.0 + second)
        assert code(verdict) == "min_green"


def test_a_cabinet_that_counts_too_fast_gives_no_short_green(rig, plan):
    """Seconds that run at twice the clock's pace end no green before the clock agrees."""
    minimum_s = plan.timings[0].min_green_s
    state = rig.cabinet.read_state()
    for second in range(round(minimum_s)):
        fast = replace(state, uptime_s=2.0 * second, elapsed_s=2.0 * second)
        assert code(rig.guard.admit(Advance(1), fast, float(second))) == "min_green"


@pytest.mark.parametrize(("pace", "expected_s"), [(0.5, 20.0), (2.0, 40.0)])
def test_a_red_is_as_long_as_the_longer_count_says(rig, pace, expected_s):
    """Where clock and cabinet count at different paces, reds go by whichever is ahead."""
    state = rig.cabinet.read_state()
    for second in range(21):
        count_s = pace * second
        rig.guard.admit(HOLD, replace(state, uptime_s=count_s, elapsed_s=count_s), float(second))
    assert rig.guard.longest_red_s == expected_s


def test_a_report_that_stands_still_releases(rig):
    """A state that is repeated while the clock goes on is stale: released, not held for ever."""
    rig.run(20)
    stale = rig.cabinet.read_state()
    verdicts = [rig.guard.admit(HOLD, stale, rig.now_s + second) for second in range(5)]
    assert [code(v) for v in verdicts] == ["admitted"] * 4 + ["disagreement"]
    assert isinstance(verdicts[-1].instead.command, Release)


@pytest.mark.parametrize("mode", [Mode.REMOTE, Mode.LOCAL])
def test_a_stage_without_the_clearance_before_it_releases(rig, mode):
    """Green to green in one second, where yellow and red are due between them, is not a cabinet to command."""
    rig.run(10)
    assert code(rig.ask(Advance(1))) == "admitted"
    jumped = replace(rig.cabinet.read_state(), stage=1, interval=IntervalKind.GREEN, target=None, mode=mode)
    assert code(rig.guard.admit(HOLD, jumped, rig.now_s)) == "disagreement"


def test_an_old_order_excuses_no_new_change(rig):
    """The stage that was commanded once and reached is not one that the cabinet may go to unasked later."""
    rig.run(10)
    assert code(rig.ask(Advance(1))) == "admitted"
    rig.run(15)
    while (state := rig.cabinet.read_state()).stage == 1 or state.interval is not IntervalKind.GREEN:
        rig.ask(Release())
    rig.run(4)
    leaving = replace(rig.cabinet.read_state(), interval=IntervalKind.YELLOW, elapsed_s=0.0, target=1)
    verdict = rig.guard.admit(HOLD, leaving, rig.now_s)
    assert code(verdict) == "disagreement"
    assert "unasked" in verdict.message


def test_a_stage_that_was_reached_unasked_in_a_gap_releases(rig):
    """After half a minute without reports the cabinet stands in another stage, still in remote mode: not by us."""
    rig.run(10)
    state = rig.cabinet.read_state()
    other = replace(state, stage=2, elapsed_s=5.0, uptime_s=state.uptime_s + 30.0)
    verdict = rig.guard.admit(HOLD, other, rig.now_s + 30.0)
    assert code(verdict) == "disagreement"
    assert "unasked" in verdict.message


def test_an_order_whose_answer_was_lost_may_come_or_not(rig):
    """An advance that never arrived is decided anew, one that did is no disagreement."""
    rig.run(10)
    state = rig.cabinet.read_state()
    assert code(rig.guard.admit(Advance(1), state, rig.now_s)) == "admitted"  # sent, and lost on the way
    rig.cabinet.tick(1.0)
    rig.now_s += 1.0
    assert code(rig.ask(HOLD)) == "admitted"
    assert code(rig.ask(Advance(2))) == "admitted"
    assert "disagreement" not in {code(v) for v in rig.run(10)}
    assert rig.cabinet.read_state().stage == 2


def test_an_order_may_take_its_time(rig):
    """A cabinet that still shows the old green for two seconds, and then leaves for the stage it was sent to, obeys."""
    rig.run(10)
    state = rig.cabinet.read_state()
    assert code(rig.guard.admit(Advance(1), state, rig.now_s)) == "admitted"
    for late_s in (1.0, 2.0):
        still = replace(state, uptime_s=state.uptime_s + late_s, elapsed_s=state.elapsed_s + late_s)
        assert code(rig.guard.admit(HOLD, still, rig.now_s + late_s)) == "admitted"
    leaving = replace(still, interval=IntervalKind.YELLOW, elapsed_s=0.0, target=1, uptime_s=state.uptime_s + 3.0)
    assert code(rig.guard.admit(HOLD, leaving, rig.now_s + 3.0)) == "in_clearance"


@pytest.mark.parametrize("mode", [Mode.REMOTE, Mode.LOCAL])
def test_a_cabinet_back_from_a_restart_is_released_and_then_led_again(rig, mode):
    """After a restart, in whatever mode: five seconds of release, then decisions; the reds counted on meanwhile."""
    for second in range(200):
        rig.ask(Advance((rig.cabinet.read_state().stage + 1) % 4) if second % 20 == 19 else HOLD)
    red_s = rig.guard.longest_red_s
    rig.cabinet = Cabinet(rig.plan)
    rig.cabinet._mode = mode
    rig.now_s += 30.0
    rig.ask(HOLD)
    assert rig.guard.longest_red_s >= red_s + 30.0
    assert {code(v) for v in rig.run(4)} == {"disagreement"}
    verdicts = rig.run(60, Advance(1))
    assert "too_soon" not in {code(v) for v in verdicts}
    assert any(isinstance(v if isinstance(v, SafeCommand) else v.instead, SafeCommand) for v in verdicts)


def test_a_restart_forbids_no_decision(rig):
    """The second of the last decision is the old count's: a wanted stage is admitted long before it comes again."""
    for second in range(200):
        rig.ask(Advance((rig.cabinet.read_state().stage + 1) % 4) if second % 20 == 19 else HOLD)
    rig.cabinet = Cabinet(rig.plan)
    rig.run(10)
    assert code(rig.ask(Advance(rig.plan.next_local(rig.cabinet.read_state().stage)))) == "admitted"


def test_a_clock_set_back_forbids_no_decision(rig):
    """An hour back: a second is lost, not an hour of decisions."""
    rig.run(10)
    assert code(rig.ask(Advance(1))) == "admitted"
    rig.run(20)
    rig.now_s -= 3600.0
    rig.ask(HOLD)
    assert code(rig.ask(Advance(2))) == "admitted"


def test_what_is_no_command_is_not_sealed(rig):
    """Something that is neither hold, advance nor release never becomes safe."""
    for thing in (None, "advance", object()):
        with pytest.raises(AssertionError, match=re.escape(repr(thing))):
            rig.guard.admit(thing, rig.cabinet.read_state(), rig.now_s)


@pytest.mark.parametrize("jump_s", [-3.0, 5.0, 3600.0])
def test_nothing_is_commanded_in_the_second_of_a_clock_jump(rig, jump_s):
    """An old green that might end is not ended, and not even held, while clock and cabinet disagree."""
    rig.run(15)
    state = rig.cabinet.read_state()
    for command in (HOLD, Advance(1)):
        verdict = deepcopy(rig.guard).admit(command, state, rig.now_s + jump_s)
        assert code(verdict) == "clock_skew"
        assert verdict.instead is None
    assert code(rig.guard.admit(Advance(1), state, rig.now_s)) == "admitted"


def test_a_clock_that_goes_back_a_little_is_skewed(rig):
    """Less than the skew that is allowed forward, and still nothing is commanded when time runs backwards."""
    rig.run(15)
    assert code(rig.guard.admit(Advance(1), rig.cabinet.read_state(), rig.now_s - 1.5)) == "clock_skew"


def test_a_green_is_old_when_the_cabinet_says_so_too(rig, plan):
    """Our own seconds alone end no green: a timer that lags within its tolerance still has the last word."""
    minimum_s = round(plan.timings[0].min_green_s)
    rig.run(minimum_s)
    lagging = replace(rig.cabinet.read_state(), elapsed_s=minimum_s - 1.0)
    assert code(rig.guard.admit(Advance(1), lagging, rig.now_s)) == "min_green"


def test_a_green_is_old_when_our_own_seconds_say_so_too(rig, plan):
    """The cabinet's timer alone ends no green: one that leads within its tolerance does not count."""
    minimum_s = round(plan.timings[0].min_green_s)
    rig.run(minimum_s - 1)
    leading = replace(rig.cabinet.read_state(), elapsed_s=float(minimum_s))
    rig.now_s += 0.6  # so that the clock has no objection
    assert code(rig.guard.admit(Advance(1), leading, rig.now_s)) == "min_green"


def test_a_restart_is_seen_whatever_the_cabinet_shows(rig):
    """Seconds that start anew in the same stage, with a timer that fits, are a restart all the same."""
    rig.run(10)
    state = rig.cabinet.read_state()
    fresh = replace(state, uptime_s=state.uptime_s - 3.0, elapsed_s=state.elapsed_s - 3.0)
    verdict = rig.guard.admit(HOLD, fresh, rig.now_s)
    assert code(verdict) == "disagreement"
    assert "anew" in verdict.message


def test_the_bound_on_red_looks_further_ahead_in_local_mode(site, plan):
    """The local plan may go elsewhere before the next report, so who waits beyond that has to be served earlier."""
    bound = RedBound(plan, site.intersection)
    last = plan.sequence[-1].stage
    red_s = np.zeros(len(site.intersection.movements))
    only_last = bound.serves[last] & ~bound.serves[0] & ~bound.serves[plan.next_local(0)]
    assert plan.next_local(0) != last
    assert only_last.any()
    red_s[only_last] = plan.limits.max_red_s - plan.transition_s(0, last) - 1.0
    assert bound.can_serve_all(0, 1.0, red_s)
    assert not bound.can_serve_all_after_local_steps(0, 1.0, red_s)
    step_s = plan.transition_s(0, plan.next_local(0)) + plan.timings[plan.next_local(0)].min_green_s
    red_s[only_last] -= step_s + plan.transition_s(plan.next_local(0), last)
    assert bound.can_serve_all_after_local_steps(0, 1.0, red_s)


def test_release_is_admitted(rig):
    """The way back to the local plan is open."""
    rig.run(3)
    assert code(rig.ask(Release())) == "admitted"
    assert rig.cabinet.read_state().mode is Mode.LOCAL


def test_a_faulty_plan_is_refused_whole(site, plan):
    """A guard is not made for a plan whose yellow is too short."""
    with pytest.raises(PlanRefused, match="yellow"):
        Guard(site.intersection, replace(plan, limits=replace(plan.limits, yellow_s=10.0)))


def test_conflicting_lamps_are_found(site, plan):
    """The conflict monitor's look: every stage passes, all greens together do not."""
    size = len(site.intersection.movements)
    for stage in plan.stages:
        assert find_conflict(site.intersection, [stage.lamp(m) for m in range(size)]) is None
    assert find_conflict(site.intersection, [plan.stages[0].lamp(min(plan.stages[0].protected))] * size) is not None


def test_a_silent_commander_means_the_local_plan(plan):
    """Five seconds without a command and the cabinet follows its local plan, all stages in turn."""
    cabinet = Cabinet(plan)
    seen = []
    for _ in range(round(plan.cycle_s) + 1):
        cabinet.tick(1.0)
        stage = cabinet.read_state().stage
        seen += [stage] if stage not in seen[-1:] else []
    assert seen == [step.stage for step in plan.sequence] + [plan.sequence[0].stage]


def test_the_cabinet_itself_ends_no_green_early_and_no_clearance(plan):
    """Told directly, it ignores an advance before the minimum green, in a clearance, and to where it is."""
    cabinet = Cabinet(plan)
    minimum_s = round(plan.timings[0].min_green_s)
    for _ in range(minimum_s - 1):
        cabinet.tick(1.0)
    cabinet.obey(Advance(1))
    cabinet.tick(1.0)
    cabinet.obey(Advance(0))
    assert cabinet.ignored == 2
    assert cabinet.read_state().interval is IntervalKind.GREEN
    cabinet.obey(Advance(1))
    cabinet.tick(minimum_s / 10)
    shown = cabinet.read_state()
    cabinet.obey(Advance(2))
    assert cabinet.ignored == 3
    assert (cabinet.read_state().target, cabinet.read_state().elapsed_s) == (1, shown.elapsed_s)


def test_the_cabinet_takes_no_order_by_its_timer_alone_in_a_clearance(plan):
    """A clearance that is older than the minimum green is still a clearance."""
    slow = {pair: tuple(replace(i, duration_s=30.0) for i in change) for pair, change in plan.transitions.items()}
    cabinet = Cabinet(replace(plan, transitions=slow))
    for _ in range(15):
        cabinet.tick(1.0)
    cabinet.obey(Advance(1))
    for _ in range(20):
        cabinet.tick(1.0)
    cabinet.obey(Advance(2))
    assert cabinet.ignored == 1
    assert cabinet.read_state().target == 1


OUTRANKING = [mode for mode in Mode if mode.outranks]


@pytest.mark.parametrize("mode", OUTRANKING)
def test_whoever_outranks_us_gets_the_street(site, plan, mode):
    """A release in the first second, then silence until some seconds after it has gone, whatever is wanted; and the
    stages that the cabinet went through meanwhile are no disagreement.
    """
    guard, now_s = Guard(site.intersection, plan), 0.0
    remote = SignalState(0, IntervalKind.GREEN, 0.0, None, Mode.REMOTE, 0.0)

    def ask(state, command=HOLD):
        nonlocal now_s
        verdict = guard.admit(command, state, now_s)
        now_s += 1.0
        return verdict

    for second in range(20):
        assert isinstance(ask(replace(remote, elapsed_s=float(second), uptime_s=float(second))), SafeCommand)
    first = ask(replace(remote, mode=mode, elapsed_s=20.0, uptime_s=20.0), Advance(1))
    assert first.code == "outranked"
    assert isinstance(first.instead.command, Release)
    for second in range(21, 40):
        verdict = ask(replace(remote, stage=2, mode=mode, elapsed_s=0.0, uptime_s=float(second)), Advance(1))
        assert (verdict.code, verdict.instead) == ("outranked", None)
    local = replace(remote, stage=1, mode=Mode.LOCAL)
    asked = [ask(replace(local, elapsed_s=s - 40.0, uptime_s=float(s))) for s in range(40, 46)]
    quiet = [verdict for verdict in asked if isinstance(verdict, Refusal)]
    assert {verdict.code for verdict in quiet} == {"yielding"}
    assert len(quiet) == YIELD_S - 1  # the cabinet told of it one second before
    assert isinstance(asked[-1], SafeCommand)


def test_a_red_goes_on_while_somebody_outranks_us(site, plan):
    """What a train shows is not what the plan says: no green is counted as served then."""
    guard = Guard(site.intersection, plan)
    shown = SignalState(0, IntervalKind.GREEN, 0.0, None, Mode.RAIL, 0.0)
    for second in range(60):
        guard.admit(HOLD, replace(shown, elapsed_s=float(second), uptime_s=float(second)), float(second))
    assert guard.longest_red_s >= 59.0
    assert all(red_s >= 59.0 for red_s in guard._red_s)


def test_a_cabinet_that_starts_anew_is_not_yielded_to_for_its_old_time(site, plan):
    """Seconds that begin again at zero are no reason to wait until they are what they were."""
    guard = Guard(site.intersection, plan)
    state = SignalState(0, IntervalKind.GREEN, 0.0, None, Mode.FLASH, 50.0)
    guard.admit(HOLD, state, 0.0)
    verdicts = [
        guard.admit(HOLD, replace(state, mode=Mode.LOCAL, elapsed_s=float(s), uptime_s=float(s)), 1.0 + s)
        for s in range(8)
    ]
    assert [v.code for v in verdicts if isinstance(v, Refusal)] == ["disagreement"] * 5
    assert isinstance(verdicts[-1], SafeCommand)


def test_every_refusal_says_in_words_what_stands_in_the_way(site, plan):
    """An operator reads names and numbers: each refusal in full, in the order in which a street meets them."""
    rig = Rig(site, plan, capabilities=Capabilities(can_skip=False))
    count, following = len(plan.stages), plan.next_local(0)
    said = [rig.ask(Advance(stage)).message for stage in (2, count, 0)]
    said.append(rig.ask(Advance(following)).message)
    rig.run(10)
    assert said == [
        f"The cabinet can only go on to stage {following}.",
        f"There is no stage {count}; the plan has {count}.",
        "Stage 0 is running already.",
        f"Stage 0 has a minimum green of {plan.timings[0].min_green_s:g} s.",
    ]
    state = rig.cabinet.read_state()
    skewed = deepcopy(rig.guard).admit(HOLD, state, rig.now_s + 5.0)
    assert skewed.message == "The clock and the cabinet's seconds differ by more than 2 s."
    assert code(rig.guard.admit(Advance(following), state, rig.now_s)) == "admitted"
    assert rig.guard.admit(Advance(following), state, rig.now_s).message == "One decision in 1 s at most."
    rig = Rig(site, plan)
    rig.run(10)
    rig.ask(Advance(1))
    assert rig.ask(HOLD).message == "yellow runs; nothing is commanded before it ends."
    rig.run(30)
    full = next(v for v in rig.run(200) if code(v) == "max_green")
    assert full.message in {
        f"Stage {k} has had its maximum green of {t.max_green_s:g} s." for k, t in enumerate(plan.timings)
    }


def test_what_is_wrong_with_a_report_is_said_in_words(rig, plan):
    """A cabinet that is not believed is told why, in the refusal and in the release that goes with it."""
    rig.run(8)
    honest, count = rig.cabinet.read_state(), len(plan.stages)
    lies = {
        "the cabinet's interval timer is nan": ({"elapsed_s": math.nan}, 0.0),
        "the cabinet's count of seconds is -1": ({"uptime_s": -1.0}, 0.0),
        "the clock says inf": ({}, math.inf),
        f"the cabinet reports stage {count} to None; the plan has {count} stages": ({"stage": count}, 0.0),
        f"the cabinet reports stage -1 to None; the plan has {count} stages": ({"stage": -1}, 0.0),
        f"the cabinet reports stage 0 to {count}; the plan has {count} stages": (
            {"target": count, "interval": IntervalKind.YELLOW},
            0.0,
        ),
        f"the cabinet reports stage 0 to -1; the plan has {count} stages": (
            {"target": -1, "interval": IntervalKind.YELLOW},
            0.0,
        ),
        "the cabinet has started anew": ({"uptime_s": 6.5}, 0.0),
        "the cabinet's seconds stand still at 7": ({"uptime_s": 7.0, "elapsed_s": 7.0}, 3.0),
        "the cabinet went from stage 0 to 2 without the clearance between them": ({"stage": 2, "elapsed_s": 0.0}, 0.0),
        "the cabinet leaves for stage 3 unasked": (
            {"interval": IntervalKind.YELLOW, "elapsed_s": 0.0, "target": 3},
            0.0,
        ),
        "the cabinet went to stage 3 unasked": (
            {"stage": 3, "interval": IntervalKind.YELLOW, "elapsed_s": 0.0, "target": 0},
            0.0,
        ),
        "the cabinet's green timer went from 7 to 10 s in 1 s": ({"elapsed_s": 10.0}, 0.0),
    }
    for reason, (lie, later_s) in lies.items():
        verdict = deepcopy(rig.guard).admit(HOLD, replace(honest, **lie), rig.now_s + later_s)
        assert (verdict.code, verdict.message) == ("disagreement", f"{reason}; released to the local plan.")
        assert verdict.instead.command == Release(reason)
    rig.guard.admit(HOLD, replace(honest, stage=count), rig.now_s)
    later = replace(honest, mode=Mode.LOCAL, uptime_s=9.0, elapsed_s=9.0)
    verdict = rig.guard.admit(HOLD, later, rig.now_s + 1.0)
    assert verdict.message == "the cabinet is not trusted yet; released to the local plan."
    assert verdict.instead.command == Release("the cabinet is not trusted yet")


@pytest.mark.parametrize("mode", OUTRANKING)
def test_who_outranks_us_is_named(rig, mode):
    """The refusal and the release say who it is, and afterwards that it has only just gone."""
    rig.run(8)
    verdict = rig.guard.admit(HOLD, replace(rig.cabinet.read_state(), mode=mode), rig.now_s)
    assert verdict.message == f"{mode.value} outranks us; nothing is commanded."
    assert verdict.instead.command == Release(mode.value)
    gone = replace(rig.cabinet.read_state(), mode=Mode.LOCAL, elapsed_s=9.0, uptime_s=9.0)
    verdict = rig.guard.admit(HOLD, gone, rig.now_s + 1.0)
    assert (verdict.code, verdict.message) == ("yielding", "Whatever outranked us ended less than 5 s ago.")
    assert verdict.instead is None


def test_a_refused_plan_is_refused_with_its_faults(site, plan):
    """The first fault in words, how many there are, and all of them for who wants to mend the plan."""
    limits = replace(plan.limits, yellow_s=10.0, red_clearance_s=20.0)
    with pytest.raises(PlanRefused) as refused:
        Guard(site.intersection, replace(plan, limits=limits))
    faults = refused.value.faults
    assert faults == validate(replace(plan, limits=limits), site.intersection)
    assert len(faults) > 1
    assert faults[0].message != faults[1].message
    words = f"{site.intersection.id}: {len(faults)} faults in the plan; the first: {faults[0].message}"
    assert str(refused.value) == words


def test_a_process_that_ends_releases_with_its_reason(rig):
    """The last release says why, and does not grow stale."""
    safe = rig.guard.release("the process ends")
    assert (safe.command, safe.valid_until_s) == (Release("the process ends"), math.inf)


def make_uneven(plan):
    """The same stages with minimum greens and changes of a length of their own, and little time to spare."""
    minimum_s = (10.0, 9.0, 12.0, 7.0, 6.0, 8.0, 11.0, 6.0)
    changes = {
        (a, b): (*change[:-1], replace(change[-1], duration_s=change[-1].duration_s + (3 * a + b) % 4))
        for (a, b), change in plan.transitions.items()
    }
    return replace(
        plan,
        timings=tuple(StageTiming(min_s, 30.0 + k) for k, min_s in enumerate(minimum_s)),
        transitions=changes,
        limits=replace(plan.limits, max_red_s=90.0),
        cycle_s=sum_cycle_s(plan.sequence, changes),
    )


class Moment:
    """One second of a street, in which the guard has come to know ``reds`` and a green of ``age_s``."""

    def __init__(self, site, plan, state, **kwargs):
        self.guard, self.state = Guard(site.intersection, plan, **kwargs), state
        self.guard.admit(Release(), state, state.uptime_s)
        self.known = {name: value for name, value in vars(self.guard).items() if name != "_red_s"}
        self.size = len(site.intersection.movements)

    def ask(self, command, red_s, age_s=None):
        age_s = self.state.elapsed_s if age_s is None else age_s
        vars(self.guard).update(self.known, _red_s=red_s.copy(), _green_s=age_s, _green_clock_s=age_s)
        return self.guard.admit(command, self.state, self.state.uptime_s)

    def find_edges(self, in_time):
        """For each movement that waits, the longest red that is in time and the next second, the others at ten."""
        serves = self.guard._bound.serves
        columns = {tuple(serves[:, m]): m for m in range(self.size) if not serves[self.state.stage, m]}
        for m in columns.values():
            red_s = np.where(serves[self.state.stage], 0.0, 10.0)

            def waits(red, red_s=red_s, m=m):
                return np.where(np.arange(self.size) == m, float(red), red_s)

            last = bisect_left(range(91), True, key=lambda red: not in_time(waits(red))) - 1
            assert last >= 0
            yield waits(last), True
            if last < 90:  # not one whom the stage that is wanted serves
                yield waits(last + 1), False


def in_green(stage, age_s, mode=Mode.REMOTE):
    """A stage that has been green for some seconds."""
    return SignalState(stage, IntervalKind.GREEN, age_s, None, mode, 500.0)


@pytest.mark.parametrize("stage", range(8))
@pytest.mark.parametrize("age_s", [2.0, 25.0])
def test_a_release_is_admitted_as_long_as_the_local_plan_is_in_time(site, plan, stage, age_s):
    """Exactly until the local plan, which leaves the green at its minimum or in a second, would be late for somebody."""
    moment = Moment(site, make_uneven(plan), in_green(stage, age_s))
    bound, minimum_s = moment.guard._bound, moment.guard._plan.timings[stage].min_green_s
    leave_in_s = max(1.0, minimum_s - age_s)
    for red_s, in_time in moment.find_edges(lambda r: bound.can_serve_all_after_local_steps(stage, leave_in_s, r)):
        verdict = moment.ask(Release("t"), red_s)
        if age_s < minimum_s:
            assert (code(verdict) == "admitted") == in_time
        elif in_time:
            assert isinstance(verdict, SafeCommand) or verdict.instead is not None
        if not in_time:
            late = "The local plan would keep a movement red for more than 90 s."
            assert verdict.message in {
                f"{late} It takes over as soon as that movement has been served.",
                f"A movement has been red for {red_s.max():.0f} s; stage {bound.find_next(stage, red_s)} has to follow now.",
            }


@pytest.mark.parametrize(("stage", "target"), [(0, 1), (1, 6), (2, 0), (6, 3), (7, 5)])
def test_a_release_in_a_clearance_counts_from_the_stage_that_it_leads_to(site, plan, stage, target):
    """The change plays to its end and its stage has its minimum, before the local plan goes on from there."""
    state = replace(in_green(stage, 1.0), interval=IntervalKind.YELLOW, target=target)
    moment = Moment(site, make_uneven(plan), state)
    bound = moment.guard._bound
    change_s = moment.guard._plan.transition_s(stage, target)
    leave_in_s = change_s + moment.guard._plan.timings[target].min_green_s

    def is_in_time(red_s):
        after_s = np.where(bound.serves[target], -change_s, red_s)
        return bound.can_serve_all_after_local_steps(target, leave_in_s, after_s)

    for red_s, in_time in moment.find_edges(is_in_time):
        assert code(moment.ask(Release("t"), red_s)) == ("admitted" if in_time else "max_red")


def test_a_release_in_a_clearance_that_leads_nowhere_counts_from_where_it_is(site, plan):
    """A cabinet that does not tell where a change leads is no exception; nor is one that tells it in its green."""
    for state, leave_in_s in (
        (replace(in_green(0, 1.0), interval=IntervalKind.RED_CLEARANCE), 10.0),
        (replace(in_green(0, 1.0), target=1), 9.0),
    ):
        moment = Moment(site, make_uneven(plan), state)
        bound = moment.guard._bound
        in_time_from_here = partial(bound.can_serve_all_after_local_steps, 0, leave_in_s)
        for red_s, in_time in moment.find_edges(in_time_from_here):
            assert code(moment.ask(Release("t"), red_s)) == ("admitted" if in_time else "max_red")


def test_a_release_of_what_is_local_already_is_admitted_whatever_waits(site, plan):
    """It changes nothing, and does not grow stale."""
    moment = Moment(site, make_uneven(plan), in_green(0, 1.0, Mode.LOCAL))
    safe = moment.ask(Release("t"), np.full(moment.size, 89.0))
    assert (safe.command, safe.valid_until_s) == (Release("t"), math.inf)


@pytest.mark.parametrize(("stage", "target"), [(0, 1), (1, 6), (2, 0), (6, 3), (7, 5), (3, 2)])
def test_an_advance_is_admitted_as_long_as_all_others_are_in_time_after_it(site, plan, stage, target):
    """Exactly until the stage that is wanted, at its minimum green, would make somebody wait too long; then the first
    step of the round takes its place, with the reason in words.
    """
    moment = Moment(site, make_uneven(plan), in_green(stage, 20.0))
    bound, uneven = moment.guard._bound, moment.guard._plan
    leave_in_s = uneven.transition_s(stage, target) + uneven.timings[target].min_green_s

    def is_in_time(red_s):
        return bound.can_serve_all(target, leave_in_s, np.where(bound.serves[target], 0.0, red_s))

    for red_s, in_time in moment.find_edges(is_in_time):
        verdict = moment.ask(Advance(target), red_s)
        if in_time:
            assert (verdict.command, verdict.valid_until_s) == (Advance(target), 502.0)
        else:
            assert verdict.code == "max_red"
            assert verdict.message == f"Stage {target} would keep a movement red for more than 90 s."
            assert verdict.instead.command == Advance(bound.find_next(stage, red_s))
            assert verdict.instead.valid_until_s == 502.0


@pytest.mark.parametrize("mode", [Mode.REMOTE, Mode.LOCAL])
@pytest.mark.parametrize("stage", range(8))
def test_a_hold_is_admitted_as_long_as_the_next_second_is_in_time(site, plan, stage, mode):
    """Exactly until a second more would be too late for somebody; in local mode also where the local plan would be,
    which may leave before the next report. Who waits longest comes first.
    """
    moment = Moment(site, make_uneven(plan), in_green(stage, 20.0, mode))
    bound = moment.guard._bound

    def is_in_time(red_s):
        soon = bound.can_serve_all(stage, 1.0, red_s)
        return soon and (mode is Mode.REMOTE or bound.can_serve_all_after_local_steps(stage, 1.0, red_s))

    for red_s, in_time in moment.find_edges(is_in_time):
        verdict = moment.ask(HOLD, red_s)
        if in_time:
            assert (verdict.command, verdict.valid_until_s) == (HOLD, 502.0)
        else:
            target = bound.find_next(stage, red_s)
            assert (verdict.code, verdict.instead.command) == ("max_red", Advance(target))
            words = f"A movement has been red for {red_s.max():.0f} s; stage {target} has to follow now."
            assert verdict.message == words
            assert moment.ask(HOLD, red_s, age_s=3.0).command == HOLD  # a green in its minimum is not ended even so


def test_the_maximum_green_is_the_stages_own_and_ends_holds_alone(site, plan):
    """At 30 s and k for stage k, in remote mode; the local plan ends its own greens."""
    for stage in (0, 3, 7):
        for mode, age_s, expected in [
            (Mode.REMOTE, 29.5 + stage, "admitted"),
            (Mode.REMOTE, 30.0 + stage, "max_green"),
            (Mode.LOCAL, 60.0, "admitted"),
        ]:
            moment = Moment(site, make_uneven(plan), in_green(stage, age_s, mode))
            verdict = moment.ask(HOLD, np.zeros(moment.size))
            assert code(verdict) == expected
            if expected == "max_green":
                assert verdict.message == f"Stage {stage} has had its maximum green of {30 + stage} s."
                assert isinstance(verdict.instead.command, Advance)


def test_a_cabinet_that_cannot_skip_is_forced_to_its_next_stage(site, plan):
    """Whoever waits longest: only the stage that follows in its own sequence can be demanded."""
    moment = Moment(site, make_uneven(plan), in_green(0, 30.0), capabilities=Capabilities(can_skip=False))
    red_s = np.zeros(moment.size)
    red_s[3] = 5.0
    assert moment.guard._bound.find_next(0, red_s) == 3
    assert moment.ask(HOLD, red_s).instead.command == Advance(1)


@pytest.mark.parametrize("name", ["elapsed_s", "own seconds", "clock"])
def test_a_minimum_green_ends_to_the_second_in_each_of_three_counts(site, plan, name):
    """The cabinet's timer and our count of its seconds have to be at the minimum, the clock within half a second."""
    minimum_s = 10.0
    for short_s, expected in [
        (0.0, "admitted"),
        (0.4, "admitted" if name == "clock" else "min_green"),
        (0.6, "min_green"),
    ]:
        age_s = minimum_s - short_s
        moment = Moment(site, make_uneven(plan), in_green(0, age_s if name == "elapsed_s" else minimum_s))
        moment.known["_last"] = replace(moment.state, uptime_s=499.0, elapsed_s=moment.state.elapsed_s - 1.0)
        moment.known["_last_clock_s"] = 499.0
        red_s = np.zeros(moment.size)
        vars(moment.guard).update(moment.known, _red_s=red_s, _green_s=minimum_s - 1.0, _green_clock_s=minimum_s - 1.0)
        if name == "own seconds":
            moment.guard._green_s -= short_s
        if name == "clock":
            moment.guard._green_clock_s -= short_s
        assert code(moment.guard.admit(Advance(1), moment.state, 500.0)) == expected


@pytest.mark.parametrize("can_skip", [True, False])
def test_where_there_is_one_stage_nothing_is_forced(can_skip):
    """Beyond its maximum green the only stage is held on: there is nowhere to go."""
    lane, way = (Lane("l", 200.0, 14.0),), (Movement(0, 0, 0, Turn.THROUGH),)
    alone = Intersection("x", lane, lane, (Approach("a", (0,)),), way, np.zeros((1, 1), bool), np.zeros((1, 1), bool))
    stage, step = Stage(0, frozenset({0})), LocalStep(0, 20.0)
    plan = TimingPlan((stage,), (StageTiming(6.0, 30.0),), (step,), {}, SafetyLimits(), 20.0)
    guard = Guard(alone, plan, Capabilities(can_skip=can_skip))
    for second in range(60):
        state = replace(in_green(0, float(second)), uptime_s=float(second))
        assert code(guard.admit(HOLD, state, float(second))) == "admitted"


def test_a_clock_that_stands_still_makes_no_second_decision(rig):
    """The cabinet has counted a second since the last decision, the clock none: too soon by the clock."""
    rig.run(10)
    state = rig.cabinet.read_state()
    assert code(rig.guard.admit(Advance(1), state, rig.now_s)) == "admitted"
    later = replace(state, uptime_s=state.uptime_s + 1.0, elapsed_s=state.elapsed_s + 1.0)
    assert code(deepcopy(rig.guard).admit(Advance(1), later, rig.now_s)) == "too_soon"
    assert code(rig.guard.admit(Advance(1), later, rig.now_s + 1.0)) == "admitted"


def test_a_clock_that_jumps_ahead_makes_nothing_older_than_the_skew_that_is_allowed(rig):
    """Of a jump of a hundred seconds two are believed, for reds and for the green alike."""
    rig.run(3)
    red_s, green_s = rig.guard.longest_red_s, rig.guard._green_clock_s
    assert (red_s, green_s) == (2.0, 2.0)
    rig.now_s += 100.0
    assert code(rig.ask(HOLD)) == "clock_skew"
    assert (rig.guard.longest_red_s, rig.guard._green_clock_s) == (red_s + 3.0, green_s + 3.0)
    for _ in range(10):
        rig.now_s -= 1.0  # and now it stands still
        assert code(rig.ask(Advance(1))) == "min_green"


@pytest.mark.parametrize(
    ("uptime_s", "elapsed_s", "red_s"), [(50.0, 80.0, 80.0), (90.0, 3.0, 90.0), (500.0, 3.0, 180.0)]
)
def test_the_first_report_says_how_long_a_red_may_have_lasted(site, plan, uptime_s, elapsed_s, red_s):
    """Since the cabinet started, or as long as its interval, up to the longest red that is allowed; green is none."""
    guard = Guard(site.intersection, plan)
    guard.admit(HOLD, replace(in_green(0, elapsed_s), uptime_s=uptime_s), 7.0)
    served = guard._bound.serves[0]
    assert set(guard._red_s[served]) == {0.0}
    assert set(guard._red_s[~served]) == {red_s}


@pytest.mark.parametrize(("passed_s", "elapsed_s", "clock_s", "green_s", "green_clock_s"), [
    (30.0, 12.0, 30.0, 12.0, 12.0),
    (10.0, 12.0, 10.0, 10.0, 10.0),
    (10.0, 12.0, 9.0, 10.0, 9.0),
])  # fmt: skip
def test_a_green_that_began_in_a_gap_is_as_old_as_the_least_that_anybody_counts(
    rig, passed_s, elapsed_s, clock_s, green_s, green_clock_s
):
    """By its own timer, by the seconds of the gap, and by the clock."""
    rig.run(10)
    state, last_clock_s = rig.guard._last, rig.guard._last_clock_s
    back = replace(in_green(2, elapsed_s, Mode.LOCAL), uptime_s=state.uptime_s + passed_s)
    rig.guard.admit(HOLD, back, last_clock_s + clock_s)
    assert (rig.guard._green_s, rig.guard._green_clock_s) == (green_s, green_clock_s)
    yellow = replace(back, interval=IntervalKind.YELLOW, target=0, elapsed_s=1.0, uptime_s=back.uptime_s + 1.0)
    rig.guard.admit(HOLD, yellow, last_clock_s + clock_s + 1.0)
    assert (rig.guard._green_s, rig.guard._green_clock_s) == (0.0, 0.0)


def test_a_clearance_may_be_as_short_as_the_age_of_a_report_allows(site, plan):
    """A report may be a second old and half a second late: 3.5 s for a change of 5 s are believed, 3.4 s are not."""
    for passed_s, expected in [(3.5, "clock_skew"), (3.4, "disagreement")]:
        guard = Guard(site.intersection, plan)
        guard.admit(HOLD, in_green(0, 30.0, Mode.LOCAL), 500.0)
        later = replace(in_green(1, 0.0, Mode.LOCAL), uptime_s=500.0 + passed_s)
        assert code(guard.admit(HOLD, later, 500.0)) == expected


@pytest.mark.parametrize(("off_s", "expected"), [(1.5, "admitted"), (-1.5, "admitted"), (1.6, "no"), (-1.6, "no")])
def test_a_green_timer_may_be_off_by_the_age_of_a_report(rig, off_s, expected):
    """A second and a half either way; beyond, a cabinet under our command is not believed."""
    rig.run(10)
    state = rig.cabinet.read_state()
    verdict = rig.guard.admit(HOLD, replace(state, elapsed_s=state.elapsed_s + off_s), rig.now_s)
    assert code(verdict) == ("disagreement" if expected == "no" else "admitted")


def test_distrust_lasts_five_seconds_of_the_cabinet_and_no_longer(rig):
    """From the last report that could not be; in the fifth second the cabinet is commanded again."""
    rig.run(8)
    state = rig.cabinet.read_state()
    rig.guard.admit(HOLD, replace(state, stage=-1), rig.now_s)
    for passed_s, expected in [(0.5, "disagreement"), (2.7, "disagreement"), (4.9, "disagreement"), (5.0, "admitted")]:
        later = replace(
            state, mode=Mode.LOCAL, uptime_s=state.uptime_s + passed_s, elapsed_s=state.elapsed_s + passed_s
        )
        assert code(rig.guard.admit(HOLD, later, rig.now_s + passed_s)) == expected


def test_a_timer_that_fits_makes_no_other_green_the_same(rig):
    """Another stage whose timer goes on where the last one's was, a change's length later: five seconds old at most."""
    for second in range(21):
        rig.guard.admit(HOLD, replace(in_green(0, float(second), Mode.LOCAL), uptime_s=float(second)), float(second))
    other = replace(in_green(1, 25.0, Mode.LOCAL), uptime_s=25.0)
    rig.guard.admit(HOLD, other, 25.0)
    assert rig.guard._green_s == 5.0
    assert code(rig.guard.admit(Advance(2), other, 25.0)) == "min_green"


@pytest.mark.parametrize("before", [
    {"interval": IntervalKind.YELLOW, "target": 1}, {"mode": Mode.FLASH}, {"mode": Mode.RAIL, "stage": 1},
])  # fmt: skip
def test_a_green_after_anything_else_is_new_even_if_its_timer_fits(site, plan, before):
    """After a yellow of the same stage, after flashing or a train: as old as its own timer and no older."""
    guard = Guard(site.intersection, plan)
    guard.admit(HOLD, replace(in_green(0, 0.0, Mode.LOCAL), **before), 500.0)
    guard.admit(HOLD, replace(in_green(0, 6.0, Mode.LOCAL), uptime_s=507.0), 507.0)
    assert (guard._green_s, guard._green_clock_s) == (6.0, 6.0)


def test_a_gap_in_the_reports_is_no_quarrel(site, plan):
    """Silence for three seconds and a report from after it: admitted, and a green that is counted anew has to be old
    enough anew.
    """
    guard = Guard(site.intersection, plan)
    green = SignalState(0, IntervalKind.GREEN, 0.0, None, Mode.REMOTE, 0.0)
    for second in range(20):
        guard.admit(HOLD, replace(green, elapsed_s=float(second), uptime_s=float(second)), float(second))
    for second in (20.0, 21.0, 22.0):  # the last report, again and again
        assert isinstance(guard.admit(HOLD, replace(green, elapsed_s=19.0, uptime_s=19.0), second), SafeCommand)
    assert isinstance(guard.admit(HOLD, replace(green, elapsed_s=0.0, uptime_s=23.0), 23.0), SafeCommand)
    early = guard.admit(Advance(1), replace(green, elapsed_s=2.0, uptime_s=25.0), 25.0)
    assert early.code == "min_green"


@pytest.mark.parametrize("mode", OUTRANKING)
def test_who_was_not_commanded_is_not_released(site, plan, mode):
    """A cabinet in local mode, or seen for the first time, is left alone by whoever comes before us."""
    for earlier in ([], [in_green(0, 5.0, Mode.LOCAL)], [in_green(0, 5.0, Mode.REMOTE), in_green(0, 5.0, mode)]):
        guard = Guard(site.intersection, plan)
        for state in earlier:
            guard.admit(HOLD, state, 500.0)
        verdict = guard.admit(HOLD, in_green(0, 5.0, mode), 500.0)
        assert (verdict.code, verdict.instead) == ("outranked", None)


def test_a_report_that_comes_twice_makes_nothing_older(rig):
    """The same second told again, by the cabinet and by the clock, is no second more: neither of green nor of red."""
    rig.run(4)
    state = rig.cabinet.read_state()
    for _ in range(5):
        assert code(rig.guard.admit(HOLD, state, rig.now_s)) == "admitted"
        known = (rig.guard._green_s, rig.guard._green_clock_s, rig.guard.longest_red_s)
        assert known == (4.0, 4.0, 4.0)


def test_a_report_that_comes_twice_ends_no_yielding(rig):
    """The same second again is no restart: whatever outranked us is still given its time, and decisions their gap."""
    rig.run(10)
    state = rig.cabinet.read_state()
    rig.guard.admit(HOLD, replace(state, mode=Mode.RAIL), rig.now_s)
    for _ in range(2):
        assert code(rig.guard.admit(HOLD, state, rig.now_s)) == "yielding"


def test_a_report_that_comes_twice_under_a_clock_set_back_makes_no_second_decision(rig):
    """The clock may say what it likes: the cabinet has counted no second since the last decision."""
    rig.run(10)
    state = rig.cabinet.read_state()
    assert code(rig.guard.admit(Advance(1), state, rig.now_s)) == "admitted"
    assert code(rig.guard.admit(Advance(1), state, rig.now_s - 10.0)) == "clock_skew"
    assert code(rig.guard.admit(Advance(1), state, rig.now_s - 10.0)) == "too_soon"


@pytest.mark.parametrize("expected", ["max_green", "max_red"])
def test_what_was_forced_and_lost_on_the_way_is_decided_anew(site, plan, expected):
    """A second after an advance that the guard itself demanded, what is wanted is judged like after any other."""
    moment = Moment(site, make_uneven(plan), in_green(0, 30.0))
    red_s = np.where(moment.guard._bound.serves[0], 0.0, 10.0 if expected == "max_green" else 60.0)
    assert code(moment.ask(HOLD, red_s)) == expected
    later = replace(moment.state, uptime_s=501.0, elapsed_s=31.0)
    verdict = moment.guard.admit(Advance(1), later, 501.0)
    assert code(verdict) == ("admitted" if expected == "max_green" else "max_red")


def test_nothing_takes_the_place_of_a_refused_stage_where_everybody_is_green():
    """A stage whose own minimum would keep the other red for too long is refused, and the green that is stays."""
    lanes = tuple(Lane(f"l{m}", 200.0, 14.0) for m in range(2))
    ways = tuple(Movement(m, m, m, Turn.THROUGH) for m in range(2))
    apart, sides = np.zeros((2, 2), bool), tuple(Approach(f"a{m}", (m,)) for m in range(2))
    site = Intersection("x", lanes, lanes, sides, ways, apart, apart)
    stages = (Stage(0, frozenset({0, 1})), Stage(1, frozenset({0})))
    clearances = Clearances((3.0,) * 2, (0.0,) * 2, np.full((2, 2), 1.0), 1.0)
    changes = build_transitions(site, stages, clearances)
    timings = (StageTiming(6.0, 30.0), StageTiming(178.0, 200.0))
    plan = TimingPlan(stages, timings, (LocalStep(0, 20.0),), changes, SafetyLimits(), 20.0)
    guard = Guard(site, plan)
    guard.admit(HOLD, in_green(0, 20.0), 500.0)
    vars(guard).update(_green_s=20.0, _green_clock_s=20.0)
    verdict = guard.admit(Advance(1), in_green(0, 20.0), 500.0)
    assert (verdict.code, verdict.instead) == ("max_red", None)


@pytest.mark.parametrize("wish", [Advance(0), Advance(9), Advance(-1)])
def test_a_wish_that_is_refused_keeps_no_green_beyond_its_maximum(site, plan, wish):
    """Whoever asks for what cannot be, second after second, does not hold the stage: the guard ends it all the same."""
    moment = Moment(site, make_uneven(plan), in_green(0, 30.0))
    verdict = moment.ask(wish, np.where(moment.guard._bound.serves[0], 0.0, 10.0))
    assert code(verdict) == "max_green"
    assert isinstance(verdict.instead.command, Advance)


def test_a_lag_of_the_cabinet_is_time_that_is_needed(site, plan):
    """What begins three seconds late is commanded earlier: a hold that is in time without the lag is not with it."""
    prompt = Moment(site, make_uneven(plan), in_green(0, 20.0))
    slow = Moment(site, make_uneven(plan), in_green(0, 20.0), capabilities=Capabilities(lag_s=3.0))
    with_lag = RedBound(make_uneven(plan), site.intersection, 3.0)
    for red_s, in_time in slow.find_edges(partial(with_lag.can_serve_all, 0, 1.0)):
        assert code(slow.ask(HOLD, red_s)) == ("admitted" if in_time else "max_red")
        assert code(prompt.ask(HOLD, red_s)) == "admitted"


def test_a_local_plan_that_would_be_in_time_is_no_reason_to_let_the_last_chance_pass(site, plan):
    """In local mode both have to be in time: the steps that the local plan may take, and the round from here if it
    takes none. Here its order of stages would just serve all, the longest red first would not, a second from now.
    """
    moment = Moment(site, make_uneven(plan), in_green(6, 20.0, Mode.LOCAL))
    red_s = np.array([51.0] * 3 + [21.0] + [45.0] * 3 + [17.0] + [0.0] * 4 + [49.0] * 3 + [52.0])
    bound = moment.guard._bound
    assert bound.can_serve_all_after_local_steps(6, 1.0, red_s)
    assert not bound.can_serve_all(6, 1.0, red_s)
    assert code(moment.ask(HOLD, red_s)) == "max_red"


@pytest.mark.parametrize(("passed_s", "elapsed_s", "expected"), [
    (3.0, 3.0, "trusted"), (3.0, 3.1, "disagreement"), (1.6, 1.0, "trusted"), (1.5, 1.0, "disagreement"),
])  # fmt: skip
def test_a_timer_that_begins_in_a_silence_is_no_quarrel(rig, passed_s, elapsed_s, expected):
    """A driver that heard nothing for longer than a report's age counts a green anew: believed where it began in the
    silence, and as young as it says.
    """
    rig.run(20)
    state = rig.guard._last
    anew = replace(state, uptime_s=state.uptime_s + passed_s, elapsed_s=elapsed_s)
    verdict = rig.guard.admit(Advance(1), anew, rig.now_s - 1.0 + passed_s)
    assert code(verdict) == ("min_green" if expected == "trusted" else expected)
    assert rig.guard._green_s == min(elapsed_s, passed_s)


@pytest.mark.parametrize(("ahead_s", "expected"), [(2.0, "admitted"), (-1.0, "admitted"), (2.1, "clock_skew")])
def test_a_skew_of_two_seconds_is_allowed_and_no_more(rig, ahead_s, expected):
    """Between two reports the clock may count two seconds more than the cabinet, to the tenth."""
    rig.run(20)
    assert code(rig.guard.admit(HOLD, rig.cabinet.read_state(), rig.now_s + ahead_s)) == expected


@pytest.mark.parametrize(("silent_s", "expected"), [(3.5, "admitted"), (3.6, "disagreement")])
def test_a_report_may_be_repeated_for_three_and_a_half_seconds(rig, silent_s, expected):
    """The age up to which a driver holds a report for fresh, to the tenth."""
    rig.run(20)
    state = rig.guard._last
    assert code(rig.guard.admit(HOLD, state, rig.guard._counted_at_s + silent_s)) == expected


def test_a_clearance_that_leads_back_to_where_it_came_from_stops_no_release(site, plan):
    """No plan has such a change; whatever a cabinet means by it, the guard answers."""
    guard = Guard(site.intersection, plan)
    odd = SignalState(0, IntervalKind.YELLOW, 0.0, 0, Mode.REMOTE, 10.0)
    verdicts = [
        guard.admit(Release("t"), replace(odd, uptime_s=10.0 + s, elapsed_s=float(s)), float(s)) for s in (0, 1)
    ]
    assert all(isinstance(verdict, SafeCommand | Refusal) for verdict in verdicts)
