"""The emulated controller of protocol 3.0 alone: its steps, its answers, its strategies, and how it misbehaves."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.hardware.field_emulator import EmulatedController, Happening
from signals.hardware.utc_v3 import every_device as common
from signals.hardware.utc_v3 import signal_controller as control
from signals.hardware.utc_v3 import signal_data as kept
from signals.hardware.utc_v3.emulator import Misbehaviour, UtcV3Emulator
from signals.hardware.utc_v3.every_device import Done, Rejected, Rejection
from signals.hardware.utc_v3.exchange import Exchange, Heard
from signals.hardware.utc_v3.link import FrameReader
from signals.hardware.utc_v3.messages import Unknown, decode_info, encode_info, list_kinds
from signals.hardware.utc_v3.profile import BUS_PRIORITY_UNIT, PUBLISHED_FIRMWARE, STANDARD
from signals.hardware.utc_v3.signal_controller import GoTo, SetStrategy, SpecialStep, Step, Strategy
from signals.hardware.utc_v3.sub_phases import CannotExpress, derive_sub_phases
from signals.model import Interval, IntervalKind, Lamp
from signals.timing_plan import StageTiming
from tests.support.lamp_history import list_faults
from tests.support.utc_v3_pair import ADDRESS, DEMO, NOON

ALL_RED = (Lamp.RED,) * len(DEMO.intersection.movements)
PHASE = int(Strategy.PHASE_CONTROL)


class Centre:
    """Whoever sits at the other end: asks, and hears everything."""

    def __init__(self, profile=STANDARD, misbehaviour=None, name="centre", emulator=None):
        self.emulator = emulator or UtcV3Emulator(
            DEMO.intersection, DEMO.plan, ADDRESS, profile, misbehaviour or Misbehaviour(), clock=NOON
        )
        self.name = name
        self.exchange = Exchange(ADDRESS, self.emulator.link, sequence=0)
        self.reader = FrameReader(self.emulator.link)
        self.heard, self.history, self.now_s = [], [], 0.0
        self.is_deaf = False

    def run(self, seconds):
        for _ in range(round(seconds * 10)):
            self.now_s = round(self.now_s + 0.1, 6)
            for data in self.exchange.due(self.now_s)[0]:
                self.emulator.receive(data, self.name)
            self.emulator.tick(0.1)
            self.history.append((self.now_s, self.emulator.list_lamps()))
            for peer, data in self.emulator.due():
                for found in () if self.is_deaf or peer != self.name else self.reader.feed(data):
                    event = self.exchange.take(found, self.now_s)
                    if isinstance(event, Heard):
                        self.heard.append(decode_info(event.info))

    def ask(self, info):
        """The first answer to a message, within two seconds."""
        before = len(self.heard)
        self.exchange.send(encode_info(info))
        self.run(2.0)
        code = info.CODE + 0x80 if info.CODE & 0xFF >= 0x40 else None
        for one in self.heard[before:]:
            if (isinstance(one, Done | Rejected) and one.command == info.CODE) or code == one.CODE:
                return one
        return None

    def place(self):
        return self.emulator.engine.sub_phase, self.emulator.engine.step


def test_it_is_an_emulated_controller():
    """It has what tests and endpoints count on."""
    controller: EmulatedController = UtcV3Emulator(DEMO.intersection, DEMO.plan)
    assert controller.list_lamps()[0] is Lamp.PROTECTED_GREEN


def test_the_local_plan_keeps_cycle_and_lamps():
    """Left alone it plays greens and transitions of the plan, second by second, and each green once a cycle."""
    centre = Centre()
    centre.run(400)
    assert list_faults(DEMO.intersection, DEMO.plan, centre.history) == []
    shown = [lamps for _, lamps in centre.history]
    seconds = Counter(shown)
    stages = [tuple(stage.lamp(m) for m in range(len(ALL_RED))) for stage in DEMO.plan.stages]
    for step, lamps in zip(DEMO.plan.sequence, stages, strict=True):
        assert abs(seconds[lamps] / 10.0 - 5 * step.green_s) <= 0.11
    change = [interval.lamps for pair in ((0, 1), (1, 2), (2, 0)) for interval in DEMO.plan.transitions[pair]]
    assert set(shown) == {*stages, *change}


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (common.QueryEquipment(255), common.EquipmentReport(255, ())),
        (common.SelfTest(), common.SelfTestReport(0x4100)),
        (common.QueryStatusCycle(), common.StatusCycleReport(4)),
        (common.QuerySupport(0x5F1C), common.SupportReport(0x5F1C, 0)),
        (common.QuerySupport(0x5F1D), common.SupportReport(0x5F1D, 1)),
        (control.QueryStrategy(), control.StrategyReport(1, 0)),
        (control.QueryPosition(), control.PositionReport(0, 0, 0, 0)),
        (kept.QueryPlan(1), kept.PlanReport(1, 0, 0x81, (30, 10, 25), 80, 0)),
        (kept.QueryRunningPlan(), kept.RunningPlanReport(1, 0, 0x81, (30, 10, 25), 80, 0)),
        (kept.QueryPlan(2), Rejected(0x5F45, Rejection.BAD_VALUE, 1)),
        (kept.QueryBasics(7), Rejected(0x5F44, Rejection.BAD_VALUE, 1)),
        (kept.ForcePlan(3), Rejected(0x5F18, Rejection.CANNOT_ANSWER, 0)),
        (SetStrategy(0x08, 0), Rejected(0x5F10, Rejection.BAD_VALUE, 1)),
        (GoTo(1, 1, 10), Rejected(0x5F1C, Rejection.CANNOT_ANSWER, 0)),
    ],
)
def test_questions_have_their_answers(asked, answer):
    """What is known is told, what is not or may not be is refused with its bit."""
    assert Centre().ask(asked) == answer


def test_it_tells_the_plan_it_holds():
    """Phase order, steps and bounds are those of the plan, in faces and whole seconds."""
    centre = Centre()
    held = derive_sub_phases(DEMO.intersection, DEMO.plan)
    assert centre.ask(kept.QueryPhaseOrder(0x81)) == held.report_order()
    assert centre.ask(kept.QueryPhaseSteps(0x81)) == held.report_steps()
    assert centre.ask(kept.QueryBasics(1)) == held.report_basics(1)
    assert held.report_order().lamps == ((4, 4, 4, 4, 1, 1), (1, 8, 1, 8, 1, 1), (1, 1, 1, 1, 4, 4))
    assert held.times[0] == kept.SubPhaseTimes(10, 60, 3, 2, 0, 0)


@pytest.mark.parametrize(
    ("info", "error", "parameter"),
    [
        (b"\x5f\x99", None, None),
        (b"\x5f\x11\x01", Rejection.NO_SUCH_MESSAGE, 0),
        (b"\x5f\x1c\x01", Rejection.WRONG_LENGTH, 1),
        (b"\x5f\x1c\x01\x01\x0a\x00", Rejection.WRONG_LENGTH, 4),
        (b"\x0f\x13\x07", Rejection.BAD_VALUE, 1),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(info, error, parameter):
    """0F81 says which byte; what only a device says is not answered."""
    centre = Centre()
    centre.exchange.send(info)
    centre.run(1.0)
    wanted = [] if error is None else [Rejected(int.from_bytes(info[:2], "big"), int(error), parameter)]
    assert centre.heard == wanted


def test_the_command_set_excludes():
    """With the set it is delivered with, 5F1C and all that is optional are refused with bit 7; 0F13 03 admits them."""
    centre = Centre(misbehaviour=Misbehaviour(command_set=2))
    assert centre.ask(SetStrategy(PHASE, 1)) == Done(0x5F10)
    assert centre.ask(GoTo(1, 1, 10)) == Rejected(0x5F1C, Rejection.EXCLUDED_BY_LEVEL, 0)
    assert centre.ask(common.QueryClock()) == Rejected(0x0F42, Rejection.EXCLUDED_BY_LEVEL, 0)
    assert centre.ask(common.SetCommandSet(3)) == Done(0x0F13)
    assert centre.ask(GoTo(1, 1, 10)) == Done(0x5F1C)
    refusing = Centre(misbehaviour=Misbehaviour(refuses_optional=True))
    assert refusing.ask(common.QueryClock()) == Rejected(0x0F42, Rejection.NO_SUCH_MESSAGE, 0)


def test_a_dead_man_time_ends_what_was_ordered():
    """A green is held beyond its plan and its maximum while 5F1C is repeated, and not after ``effect_s``."""
    centre = Centre()
    assert centre.ask(SetStrategy(PHASE, 2)) == Done(0x5F10)
    for _ in range(14):
        assert centre.ask(GoTo(1, 1, 10)) == Done(0x5F1C)
        centre.run(3.0)
    assert centre.place() == (1, Step.GREEN)
    assert centre.now_s > DEMO.plan.timings[0].max_green_s
    assert control.Reached(PHASE, 1, 1) in centre.heard
    centre.heard.clear()
    centre.run(12.0)
    assert centre.heard == [control.StrategyChanged(PHASE, 0), control.StrategyReport(1, 0)]
    assert centre.ask(control.QueryStrategy()) == control.StrategyReport(1, 0)


def test_minutes_of_5f10_end_as_well():
    """Without any 5F1C phase control ends with its minutes; the plan goes on all the time."""
    centre = Centre()
    centre.ask(SetStrategy(PHASE, 1))
    centre.run(57.0)
    assert centre.ask(control.QueryStrategy()) == control.StrategyReport(PHASE, 1)
    centre.run(2.0)
    assert centre.ask(control.QueryStrategy()) == control.StrategyReport(1, 0)
    assert list_faults(DEMO.intersection, DEMO.plan, centre.history) == []


def test_a_centre_that_answers_nothing_is_disconnected():
    """Five messages of its own without acknowledgement, and the plan takes over (specification, chapter 2)."""
    centre = Centre(PUBLISHED_FIRMWARE)
    centre.ask(SetStrategy(0x30, 1))
    centre.ask(control.SetReportCycle(2, 1))
    centre.is_deaf = True
    centre.run(8.0)
    centre.is_deaf = False
    assert centre.ask(control.QueryStrategy()) == control.StrategyReport(1, 0)


@pytest.mark.parametrize("ignores", [False, True])
def test_minimum_green_on_5f1c(ignores):
    """A controller that checks keeps its minimum green, one that does not ends a green of a second."""
    centre = Centre(misbehaviour=Misbehaviour(ignores_min_green=ignores))
    centre.ask(SetStrategy(PHASE, 1))
    assert centre.ask(GoTo(2, 1, 20)) == Done(0x5F1C)
    centre.run(1.0)
    assert centre.place() == (1, Step.YELLOW if ignores else Step.GREEN)
    centre.run(11.0)
    faults = list_faults(DEMO.intersection, DEMO.plan, [(-1.0, ALL_RED), *centre.history])
    assert bool(faults) is ignores
    assert centre.place()[0] == 2 or not ignores


@pytest.mark.parametrize(
    ("profile", "seconds", "ends_s"),
    [(PUBLISHED_FIRMWARE, 20, 20.0), (BUS_PRIORITY_UNIT, 20, 22.2), (STANDARD, 40, 42.2)],
)
def test_the_third_byte_means_what_the_maker_says(profile, seconds, ends_s):
    """Total green, remaining green, or how long nothing newer may come; 5F1C comes when the green is 2.2 s old."""
    centre = Centre(profile)
    centre.ask(SetStrategy(profile.strategy, 1))
    centre.run(0.1)
    centre.ask(GoTo(1, 1, seconds))
    while centre.place() == (1, Step.GREEN):
        centre.run(0.1)
    assert abs(centre.now_s - ends_s) <= 0.3


def test_a_jump_is_refused_in_a_clearance():
    """Where an advance names step 0, it counts only in a green."""
    centre = Centre(PUBLISHED_FIRMWARE)
    centre.ask(SetStrategy(0x30, 1))
    centre.ask(GoTo(2, 0, 20))
    while centre.place()[1] == Step.GREEN:
        centre.run(0.1)
    assert centre.ask(GoTo(3, 0, 20)) == Rejected(0x5F1C, Rejection.CANNOT_ANSWER, 0)


@pytest.mark.parametrize(
    ("what", "strategy"),
    [
        (Happening.RAIL, Strategy.ACTUATED),
        (Happening.PREEMPT, Strategy.VIP_ROUTE),
        (Happening.POLICE, Strategy.POLICE),
    ],
)
def test_who_outranks_us_is_told_and_obeyed(what, strategy):
    """5F00 at once; phase control ends and cannot begin before it is over; no green is cut."""
    centre = Centre()
    centre.ask(SetStrategy(PHASE, 1))
    centre.ask(GoTo(1, 1, 10))
    centre.emulator.happen(what)
    centre.run(2.0)
    assert control.StrategyChanged(int(strategy), 1) in centre.heard
    assert centre.ask(SetStrategy(PHASE, 1)) == Rejected(0x5F10, Rejection.CANNOT_ANSWER, 0)
    centre.run(100.0)
    assert centre.place() == (1, Step.GREEN)
    centre.emulator.happen(Happening.CLEAR)
    assert centre.ask(SetStrategy(PHASE, 1)) == Done(0x5F10)
    centre.run(100.0)
    assert list_faults(DEMO.intersection, DEMO.plan, centre.history) == []


@pytest.mark.parametrize(
    ("what", "operation", "special"),
    [(Happening.PANEL_FLASH, 0x40, SpecialStep.PANEL_FLASH), (Happening.PANEL_ALL_RED, 0x02, None)],
)
def test_the_panel_clears_before_it_stops(what, operation, special):
    """5F08 at once; the green is cleared, then all see red; afterwards three seconds of all-red, then the plan."""
    centre = Centre()
    centre.ask(control.SetReportCycle(2, 0))
    centre.run(18.0)
    centre.emulator.happen(what)
    centre.run(20.0)
    assert control.PanelUsed(operation) in centre.heard
    assert centre.emulator.list_lamps() == ALL_RED
    assert centre.place()[1] == (special or Step.ALL_RED)
    centre.emulator.happen(Happening.CLEAR)
    centre.run(2.0)
    assert centre.place()[1] == SpecialStep.START_UP
    centre.run(90.0)
    assert list_faults(DEMO.intersection, DEMO.plan, centre.history) == []
    assert {control.PanelUsed(0x80), common.WasReset()} <= set(centre.heard)


def test_conflicting_greens_make_it_flash():
    """The monitor sees them before anybody on the street does; 0F04 tells, and the step is CF."""
    centre = Centre()
    centre.ask(control.SetReportCycle(2, 0))
    centre.emulator.happen(Happening.CONFLICT)
    assert centre.emulator.list_lamps() == ALL_RED
    centre.run(1.0)
    reports = [one for one in centre.heard if isinstance(one, control.StepReport)]
    assert reports[-1].step == SpecialStep.CONFLICT_FLASH
    assert any(isinstance(one, common.StatusReport) and one.status & 1 << 11 for one in centre.heard)
    assert centre.ask(SetStrategy(PHASE, 1)) == Rejected(0x5F10, Rejection.CANNOT_ANSWER, 0)


def test_a_restart_is_told_in_its_order():
    """Dark, three seconds of all-red, then 0F04, 0F92, 0F00, 5F0F, 0F90; what was asked of it is forgotten."""
    centre = Centre()
    centre.ask(control.SetReportCycle(2, 1))
    centre.run(3.0)
    centre.emulator.happen(Happening.POWER_CYCLE)
    centre.heard.clear()
    centre.run(10.0)
    assert [one.CODE for one in centre.heard] == [0x0F04, 0x0F92, 0x0F00, 0x5F0F, 0x0F90]
    lamps = [lamps for _, lamps in centre.history[-100:]]
    assert lamps[:39] == [ALL_RED] * 39
    assert centre.emulator.uptime_s < 10.0


def test_two_centres_are_both_obeyed_and_written_down():
    """The protocol has no commander; ``commands`` tells who was obeyed and when."""
    first = Centre()
    second = Centre(name="other", emulator=first.emulator)
    first.ask(SetStrategy(PHASE, 1))
    second.ask(GoTo(1, 1, 10))
    assert [(one.peer, one.command) for one in first.emulator.commands] == [
        ("centre", SetStrategy(PHASE, 1)),
        ("other", GoTo(1, 1, 10)),
    ]


def test_late_steps_never_shorten_anything():
    """A controller whose steps all last longer still clears in full."""
    centre = Centre(misbehaviour=Misbehaviour(late_s=1.3))
    centre.run(300.0)
    assert list_faults(DEMO.intersection, DEMO.plan, centre.history) == []


@pytest.mark.parametrize(
    "misbehaviour", [Misbehaviour(has_bcd_address=True), Misbehaviour(stuffs=False), Misbehaviour(loses_acks=0.5)]
)
def test_a_bad_link_end_is_what_it_is_told(misbehaviour):
    """Decimal addresses, no stuffing, lost acknowledgements: a centre that knows of them is answered."""
    emulator = UtcV3Emulator(DEMO.intersection, DEMO.plan, 12, STANDARD, misbehaviour, clock=NOON)
    assert emulator.link.stuffs is misbehaviour.stuffs
    centre = Centre(emulator=emulator)
    centre.exchange = Exchange(12, emulator.link, sequence=0)
    assert any(centre.ask(control.QueryStrategy()) == control.StrategyReport(1, 0) for _ in range(6))


def test_the_reset_is_three_seconds_of_red_in_the_street():
    """0F10 does what it says, which is why no driver may send it."""
    centre = Centre()
    centre.exchange.send(encode_info(common.Reset()))
    centre.run(1.0)
    assert centre.emulator.list_lamps() == ALL_RED
    centre.run(4.0)
    assert common.WasReset() in centre.heard


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 20), st.binary(max_size=60)), max_size=30))
def test_no_bytes_do_harm(pieces):
    """Whatever comes from however many peers: nothing raises, nothing is obeyed, and only a few peers are kept."""
    emulator = UtcV3Emulator(DEMO.intersection, DEMO.plan, ADDRESS)
    for peer, data in pieces:
        emulator.receive(data, peer)
        emulator.due()
    assert len(emulator._lines) <= 8
    assert not emulator.commands


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(list_kinds())), st.binary(max_size=20))
def test_any_message_is_answered_or_ignored(code, data):
    """A known code before any bytes, well framed: an answer, a refusal or silence; the lamps stay the plan's."""
    centre = Centre()
    centre.exchange.send(encode_info(Unknown(code, data)))
    centre.run(2.0)
    assert all(not isinstance(one, Unknown) for one in centre.heard)
    assert code == 0x0F10 or centre.emulator.list_lamps() != ALL_RED


def change_first(interval_list):
    """The demo plan with another transition out of its first stage."""
    return replace(DEMO.plan, transitions={**DEMO.plan.transitions, (0, 1): tuple(interval_list)})


YELLOW, RED = DEMO.plan.transitions[0, 1]


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (change_first([YELLOW, RED, YELLOW]), "yellow after all_red"),
        (change_first([YELLOW, RED, RED]), "2 displays of red clearance"),
        (change_first([replace(YELLOW, duration_s=9.5), RED]), "9.5 s; 1 to 9 s"),
        (
            replace(DEMO.plan, timings=(StageTiming(300.0, 400.0), *DEMO.plan.timings[1:])),
            "minimum green of stage 0 is 300 s",
        ),
        (replace(DEMO.plan, sequence=DEMO.plan.sequence[:1]), "1 stages"),
    ],
)
def test_what_has_no_form_is_refused(plan, words):
    """Clearances out of order, two displays in one step, times beyond their field, nothing to change to."""
    with pytest.raises(CannotExpress, match=words):
        derive_sub_phases(DEMO.intersection, plan)


def test_faces():
    """More approaches than directions need a mapping; several may share a face, and none may be left out."""
    many = replace(DEMO.intersection, approaches=DEMO.intersection.approaches * 2)
    with pytest.raises(CannotExpress, match="12 approaches"):
        derive_sub_phases(many, DEMO.plan)
    with pytest.raises(CannotExpress, match="approach 5 has no direction"):
        derive_sub_phases(DEMO.intersection, DEMO.plan, dict.fromkeys(range(5), 0))
    with pytest.raises(CannotExpress, match="8 is no direction"):
        derive_sub_phases(DEMO.intersection, DEMO.plan, dict.fromkeys(range(6), 8))
    shared = derive_sub_phases(DEMO.intersection, DEMO.plan, {0: 0, 1: 0, 2: 4, 3: 4, 4: 2, 5: 6})
    assert shared.signal_map == 0x55
    assert [green.faces for green in shared.greens] == [(4, 1, 4, 1), (9, 1, 9, 1), (1, 4, 1, 4)]


@given(st.floats(0.5, 8.9))
def test_fractions_are_rounded_up(yellow_s):
    """A clearance of any length is never played shorter."""
    held = derive_sub_phases(DEMO.intersection, change_first([replace(YELLOW, duration_s=yellow_s), RED]))
    assert 0 <= held.times[0].yellow_s - yellow_s < 1.0 + 1e-5
    assert held.cycle_s == 77 + held.times[0].yellow_s


def test_walkers_flash():
    """A pedestrian clearance is steps 2 and 3; who walked sees green and red together first."""
    walking = replace(DEMO.intersection.movements[1], user=type(DEMO.intersection.movements[1].user)("pedestrian"))
    movements = (DEMO.intersection.movements[0], walking, *DEMO.intersection.movements[2:])
    place = replace(DEMO.intersection, movements=movements, conflicts=np.array(DEMO.intersection.conflicts))
    lamps = tuple(Lamp.RED if m == 1 else lamp for m, lamp in enumerate(DEMO.plan.stages[0].lamp(k) for k in range(6)))
    clearing = [Interval(IntervalKind.PED_CLEARANCE, seconds, lamps) for seconds in (6.0, 2.0)]
    held = derive_sub_phases(place, change_first([*clearing, YELLOW, RED]))
    assert [(one.step, one.duration_s, one.faces[1]) for one in held.changes[1, 2]][:2] == [(2, 6, 0xC0), (3, 2, 0x80)]
    assert held.times[0] == kept.SubPhaseTimes(10, 60, 3, 2, 6, 2)
