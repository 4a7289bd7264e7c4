"""The driver of protocol 3.0 against the emulated controller: what it reads, sends, refuses and when it lets go."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.hardware.field_driver import STALE_S, FieldDriver, NotConnected, NoteKind, NotEngaged
from signals.hardware.field_emulator import Happening
from signals.hardware.utc_v3 import every_device as common
from signals.hardware.utc_v3 import orders
from signals.hardware.utc_v3 import signal_controller as control
from signals.hardware.utc_v3.allowed import QUERIES, NotAllowed, encode_allowed
from signals.hardware.utc_v3.driver import UtcV3Driver
from signals.hardware.utc_v3.emulator import Misbehaviour
from signals.hardware.utc_v3.link import Acknowledged, Message, encode_frame
from signals.hardware.utc_v3.messages import decode_info, encode_info, list_kinds
from signals.hardware.utc_v3.profile import BUS_PRIORITY_UNIT, PROFILES, PUBLISHED_FIRMWARE, STANDARD, VendorProfile
from signals.hardware.utc_v3.signal_controller import GoTo, SetStrategy, Step, Strategy
from signals.model import IntervalKind
from signals.ports import Advance, Hold, Mode, Release
from signals.safety.command import UnsafeCommandError, _seal
from tests.support.utc_v3_pair import ADDRESS, DEMO, NOON, Pair, Weather, advance_at, hold, wander

WATCHING = {"0F43", "0F42", "0F47", "5F3F", "5F40", "5F48", "5F44", "5F43"}
COMMANDING = {"5F10", "5F1C"}
PHASE = int(Strategy.PHASE_CONTROL)


def taken_over(profile=STANDARD, **kwargs):
    """A pair whose driver holds the first green, ten seconds after the beginning."""
    pair = Pair(profile, **kwargs)
    pair.run(4.0)
    pair.driver.engage()
    pair.run(6.0, hold)
    assert pair.driver.read_state().mode is Mode.REMOTE
    pair.notes.clear()
    pair.wire.clear()
    return pair


def list_kinds_of(pair):
    """The kinds of what was noted."""
    return [note.kind for note in pair.notes]


def list_orders(pair):
    """Every 5F1C that was sent."""
    return [decode_info(info) for way, info in pair.wire if way == ">" and info[:2] == bytes.fromhex("5F 1C")]


def seal(pair, command):
    """A command that no guard has looked at, for what the driver itself must refuse."""
    return _seal(command, pair.driver.read_state().uptime_s)


def test_it_is_a_field_driver():
    """It has what whoever owns the socket counts on."""
    driver: FieldDriver = UtcV3Driver(DEMO.intersection, DEMO.plan, ADDRESS)
    assert driver.capabilities.has_fixed_sequence
    assert driver.wakes_at_s == float("-inf")


def test_it_only_watches_before_it_is_engaged():
    """Queries and the report cycle, nothing else; state, lamps and obstacles are known after a second or two."""
    pair = Pair()
    pair.run(3.0)
    assert pair.driver.list_obstacles() == ()
    assert pair.list_codes() == ["0F43", "0F42", "0F47", "5F3F", "5F40", "5F48", "5F44", "5F43"]
    pair.run(200.0, hold)
    assert set(pair.list_codes()) == WATCHING
    assert not any(one.command.CODE in (0x5F10, 0x5F1C) for one in pair.emulator.commands)
    state = pair.driver.read_state()
    assert state.mode is Mode.LOCAL
    assert state.lamps == pair.emulator.list_lamps()


def test_the_dialogue_of_a_take_over_and_a_release():
    """Message codes in their order, both ways, from the engagement to the confirmed release."""
    pair = Pair()
    pair.run(3.5)
    pair.wire.clear()
    pair.driver.engage()
    pair.run(1.0, hold)
    pair.driver.disengage("done")
    pair.run(0.9)
    told = [f"{way} {decode_info(info).CODE:04X}" for way, info in pair.wire if decode_info(info).CODE != 0x5F03]
    assert told == [
        "> 5F10", "< 5F00", "< 0F80", "> 5F40", "< 5FC0", "> 5F1C", "< 0F80", "< 5F0C", "> 5F10", "< 5F00", "< 0F80",
        "> 5F40", "< 5FC0",
    ]  # fmt: skip
    commands = [one.command for one in pair.emulator.commands if not isinstance(one.command, control.SetReportCycle)]
    assert commands == [SetStrategy(PHASE, 1), GoTo(1, 1, 10), SetStrategy(1, 0)]
    assert [(note.kind, note.data.hex()) for note in pair.notes] == [
        (NoteKind.FOUND, ""),
        (NoteKind.SENT, "5f101001"), (NoteKind.CONFIRMED, "5f101001"), (NoteKind.CONFIRMED, ""),
        (NoteKind.SENT, "5f1c01010a"), (NoteKind.CONFIRMED, "5f1c01010a"),
        (NoteKind.SENT, "5f100100"), (NoteKind.CONFIRMED, "5f100100"), (NoteKind.CONFIRMED, ""),
    ]  # fmt: skip


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_green_is_held_and_ended_as_wanted(profile):
    """Beyond the local plan's green, refreshed in time; each change is asked for once, and each is confirmed."""
    pair = taken_over(profile)
    pair.run(35.0, hold)
    assert pair.driver.read_state().stage == 0
    assert pair.driver.read_state().elapsed_s > 40.0
    assert set(list_kinds_of(pair)) == {NoteKind.SENT, NoteKind.CONFIRMED}
    pair.run(150.0, advance_at(18.0))
    greens = [state.stage for _, state in pair.states if state.interval is IntervalKind.GREEN]
    assert {0, 1, 2} == set(greens)
    assert {state.mode for _, state in pair.states[10:]} == {Mode.REMOTE}
    changes = [
        order
        for order, before in zip(list_orders(pair)[1:], list_orders(pair), strict=False)
        if order.sub_phase != before.sub_phase
    ]
    assert [order.sub_phase for order in changes] == [(k + 1) % 3 + 1 for k in range(len(changes))]
    assert len(changes) >= 5
    assert set(list_kinds_of(pair)) == {NoteKind.SENT, NoteKind.CONFIRMED}
    assert pair.list_faults() == []


def test_a_hold_is_refreshed_within_a_third_of_its_time():
    """No two of them further apart than 10 s / 3 and the second of a decision; none needlessly soon."""
    pair = taken_over()
    sent_s = []
    for _ in range(300):
        before = len(list_orders(pair))
        pair.run(0.1, hold)
        sent_s += [pair.now_s] * (len(list_orders(pair)) - before)
    gaps_s = [b - a for a, b in pairwise(sent_s)]
    assert all(3.3 <= gap_s <= 4.4 for gap_s in gaps_s)


def test_5f10_is_refreshed_only_while_commands_come():
    """Every 20 s under way; not any more when nobody commands, so that the cabinet is its own again."""
    pair = taken_over()
    pair.run(50.0, advance_at(18.0))
    assert pair.list_codes().count("5F10") == 2
    pair.run(16.0)
    pair.wire.clear()
    pair.run(64.0)
    assert COMMANDING.isdisjoint(pair.list_codes())
    assert pair.driver.read_state().mode is Mode.LOCAL
    assert pair.emulator.engine.order is None
    assert NoteKind.FOREIGN not in list_kinds_of(pair)
    assert pair.driver.is_engaged
    pair.run(60.0, hold)
    assert pair.driver.read_state().mode is Mode.REMOTE  # taken again with the next command


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_driver_that_falls_silent_leaves_a_cabinet_in_its_plan(profile):
    """Its process ends, its line is cut: within a cycle strategy and greens are the plan's."""
    pair = taken_over(profile)
    pair.run(20.0, hold)
    pair.is_silent = True
    pair.run(pair.plan.cycle_s)
    assert pair.emulator.engine.order is None
    begun = [at for at, lamps in pair.histories[-1][-1000:] if lamps == pair.emulator.list_lamps()]
    pair.run(pair.plan.cycle_s)
    assert begun
    assert pair.list_faults() == []


def test_nobody_commands_before_he_is_engaged():
    """Hold and advance raise; a release is taken always, and says nothing where nothing is ours."""
    pair = Pair()
    pair.run(5.0)
    for command in (Hold(), Advance(1)):
        with pytest.raises(NotEngaged):
            pair.driver.apply(seal(pair, command))
    pair.driver.apply(seal(pair, Release("at the end")))
    pair.run(5.0)
    assert COMMANDING.isdisjoint(pair.list_codes())
    with pytest.raises(UnsafeCommandError):
        pair.driver.apply(Hold())


def test_a_release_is_bumpless_and_the_next_command_takes_over_again():
    """The guard releases and goes on: the driver stays engaged, and takes 5F10 anew."""
    pair = taken_over()
    pair.run(2.0, lambda _: Release("a while"))
    assert pair.driver.read_state().mode is Mode.LOCAL
    assert pair.list_codes().count("5F10") == 1
    pair.run(40.0, hold)
    assert pair.driver.read_state().mode is Mode.REMOTE


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"misbehaviour": Misbehaviour(command_set=2)}, "command set is 2"),
        ({"misbehaviour": Misbehaviour(refuses_optional=True)}, "does not say that it obeys 5F1C"),
        ({"misbehaviour": Misbehaviour(refuses_optional=True)}, "clock was not read"),
        ({"emulated": replace(STANDARD, can_skip=True)}, None),
    ],
)
def test_obstacles_of_the_controller(kwargs, words):
    """What is missing is told, and forbids the engagement."""
    pair = Pair(**kwargs)
    pair.run(8.0)
    obstacles = pair.driver.list_obstacles()
    assert (obstacles == ()) if words is None else any(words in one for one in obstacles)
    if words:
        with pytest.raises(NotEngaged):
            pair.driver.engage()


def other_plan(name):
    """The demo plan, but for one thing."""
    plan, (yellow, red) = DEMO.plan, DEMO.plan.transitions[0, 1]
    match name:
        case "yellow":
            return replace(plan, transitions={**plan.transitions, (0, 1): (replace(yellow, duration_s=2.0), red)})
        case "all-red":
            return replace(plan, transitions={**plan.transitions, (0, 1): (yellow, replace(red, duration_s=1.0))})
        case "minimum green":
            return replace(plan, timings=(replace(plan.timings[0], min_green_s=6.0), *plan.timings[1:]))
        case "other greens":
            return replace(plan, sequence=(replace(plan.sequence[0], green_s=31.0), *plan.sequence[1:]))
        case "other lamps":
            stages = (replace(plan.stages[0], permitted=frozenset({1})), *plan.stages[1:])
            return replace(plan, stages=stages)
    raise AssertionError(name)


@pytest.mark.parametrize("name", ["yellow", "all-red", "minimum green", "other greens", "other lamps"])
def test_a_controller_with_another_plan_is_not_commanded(name):
    """Shorter clearances, shorter minimum greens, other greens or lamps than the guard counts on: each is told."""
    pair = Pair()
    pair.emulator = type(pair.emulator)(DEMO.intersection, other_plan(name), ADDRESS, clock=NOON)
    pair.run(5.0)
    assert any(name in one for one in pair.driver.list_obstacles())
    with pytest.raises(NotEngaged):
        pair.driver.engage()


@pytest.mark.parametrize(
    ("off_s", "is_obstacle"), [(0.0, False), (1.5, False), (-1.5, False), (9.0, True), (-9.0, True)]
)
def test_a_clock_may_be_off_by_two_seconds(off_s, is_obstacle):
    """Beyond that it is an obstacle; a profile that lets us, sets it."""
    pair = Pair()
    pair.emulator.set_clock(NOON + timedelta(seconds=off_s))
    pair.run(5.0)
    assert any("clock is off" in one for one in pair.driver.list_obstacles()) is is_obstacle
    assert "0F12" not in pair.list_codes()
    setting = Pair(replace(STANDARD, sets_clock=True))
    setting.emulator.set_clock(NOON + timedelta(seconds=off_s))
    setting.run(5.0)
    assert setting.driver.list_obstacles() == ()
    assert "0F12" not in setting.list_codes()
    setting.driver.engage()
    setting.run(5.0, hold)
    assert setting.list_codes().count("0F12") == is_obstacle
    assert setting.driver.read_state().mode is Mode.REMOTE


def test_the_command_set_is_raised_only_where_the_profile_lets_us():
    """0F13 03 comes with the engagement, is confirmed, and 5F1C follows."""
    pair = Pair(replace(STANDARD, may_raise_command_set=True), misbehaviour=Misbehaviour(command_set=2))
    pair.run(5.0)
    assert "0F13" not in pair.list_codes()
    assert pair.driver.list_obstacles() == ()
    pair.driver.engage()
    pair.run(5.0, hold)
    told = pair.list_codes()
    assert told[told.index("0F13") :][:4] == ["0F13", "0F43", "0F42", "0F47"]
    assert told.index("0F13") < told.index("5F10") < told.index("5F1C")
    assert pair.driver.read_state().mode is Mode.REMOTE
    stubborn = Pair(pair.profile, misbehaviour=Misbehaviour(command_set=2, refuses_optional=True))
    stubborn.run(5.0)
    stubborn.driver.engage()
    stubborn.run(40.0, hold)
    assert not stubborn.driver.is_engaged
    assert COMMANDING.isdisjoint(stubborn.list_codes())
    with pytest.raises(NotAllowed):
        encode_allowed(common.SetCommandSet(3), STANDARD, 3)


def test_total_green_has_a_longest():
    """Where 5F1C names the whole green, one that cannot be named cannot be held."""
    timings = (replace(DEMO.plan.timings[0], max_green_s=250.0), *DEMO.plan.timings[1:])
    pair = Pair(PUBLISHED_FIRMWARE, found=replace(DEMO, plan=replace(DEMO.plan, timings=timings)))
    pair.run(4.0)
    assert pair.driver.list_obstacles() == (
        "A maximum green of 250 s cannot be held where 5F1C names the total green.",
    )


@pytest.mark.parametrize(
    ("what", "mode"),
    [
        (Happening.RAIL, Mode.RAIL), (Happening.PREEMPT, Mode.PREEMPTED), (Happening.POLICE, Mode.MANUAL),
        (Happening.PANEL_FLASH, Mode.FLASH), (Happening.PANEL_ALL_RED, Mode.MANUAL), (Happening.CONFLICT, Mode.FAULT),
    ],
)  # fmt: skip
def test_it_yields_at_once(what, mode):
    """Whoever outranks us: told within a second, disengaged, and not one command more, not even a release. A train or
    the police are ordinary; after flashing or a fault somebody has to look first.
    """
    pair = taken_over()
    pair.happen(what)
    pair.run(1.0, hold)
    assert pair.driver.read_state().mode is mode
    assert not pair.driver.is_engaged
    kind = NoteKind.FOREIGN if mode in (Mode.FLASH, Mode.FAULT) else NoteKind.YIELDED
    assert any(note.kind is kind and "disengaged" in note.text for note in pair.notes)
    pair.wire.clear()
    pair.run(20.0, hold)
    assert COMMANDING.isdisjoint(pair.list_codes())
    assert any("somebody else" in one for one in pair.driver.list_obstacles())
    pair.happen(Happening.CLEAR)
    pair.run(60.0, hold)
    assert pair.driver.list_obstacles() == ()
    assert pair.driver.read_state().mode is Mode.LOCAL
    assert pair.list_faults() == []


def test_a_lamp_fault_is_told_and_ends_commanding():
    """In the state in words; handed back with a release, since nobody outranks us."""
    pair = taken_over()
    pair.happen(Happening.LAMP_FAULT)
    pair.run(2.0, hold)
    assert pair.driver.read_state().faults == {"lamp fault"}
    assert "It reports a fault: lamp fault." in pair.driver.list_obstacles()
    assert pair.emulator.commands[-1].command == SetStrategy(1, 0)
    pair.happen(Happening.CLEAR)
    pair.run(2.0)
    assert pair.driver.list_obstacles() == ()


def test_altered_data_are_read_again():
    """5F0A ends commanding; what was altered is then an obstacle, until it has been altered back."""
    pair = taken_over()
    pair.happen(Happening.DATA_CHANGED)
    pair.run(3.0, hold)
    assert NoteKind.CHANGED in list_kinds_of(pair)
    assert not pair.driver.is_engaged
    assert pair.driver.list_obstacles() == ("Sub-phase 1 has 11 s of minimum green; the guard's plan has 10 s.",)
    pair.happen(Happening.CLEAR)
    pair.run(3.0)
    assert pair.driver.list_obstacles() == ()


def test_a_restart_counts_seconds_from_zero():
    """Told once, everything is read again, and step reports are asked for again."""
    pair = taken_over()
    pair.happen(Happening.POWER_CYCLE)
    pair.run(15.0, hold)
    restarts = [note for note in pair.notes if note.text == "it has restarted"]
    assert [note.kind for note in restarts] == [NoteKind.RESTARTED]
    assert not pair.driver.is_engaged
    assert set(pair.list_codes()) >= WATCHING
    assert pair.driver.read_state().uptime_s < 12.0
    assert pair.driver.list_obstacles() == ()
    uptimes_s = [state.uptime_s for at, state in pair.states if at > 12.0]
    drops = [b for a, b in pairwise(uptimes_s) if b < a]
    assert len(drops) <= 1


def test_minimum_greens_are_kept_even_against_guard_and_cabinet():
    """An advance that nobody has checked, to a controller that does not check: it waits, and is dropped when stale."""
    pair = taken_over(misbehaviour=Misbehaviour(ignores_min_green=True))
    pair.run(11.0, advance_at(12.0))
    while pair.driver.read_state().interval is not IntervalKind.GREEN:
        pair.run(0.1)
    pair.run(2.0, hold)
    pair.wire.clear()
    pair.driver.apply(seal(pair, Advance(2)))
    pair.run(4.0)
    assert list_orders(pair) == []
    assert any(note.kind is NoteKind.DROPPED and "Advance" in note.text for note in pair.notes)
    pair.run(3.0, hold)
    pair.driver.apply(seal(pair, Advance(2)))
    pair.run(1.0)
    assert list_orders(pair)[-1].sub_phase == 3
    assert pair.list_faults() == []


@pytest.mark.parametrize(("stage", "words"), [(2, "served in order"), (0, "runs already"), (7, "no sub-phase")])
def test_stages_that_cannot_follow_are_dropped(stage, words):
    """Out of order, the one that runs, one that the cabinet has not: nothing is sent, and it is told."""
    pair = taken_over()
    pair.run(8.0, hold)
    pair.wire.clear()
    pair.driver.apply(seal(pair, Advance(stage)))
    pair.run(1.0)
    assert list_orders(pair) == []
    assert any(note.kind is NoteKind.DROPPED and words in note.text for note in pair.notes)


def test_a_lost_advance_is_asked_for_and_never_repeated():
    """Not acknowledged: it is sent but once, 5F4C finds the old green, and it is wanted anew by whoever decides."""
    pair = taken_over()
    pair.run(4.0, hold)
    pair.drops_orders = True
    while not any(order.sub_phase == 2 for order in list_orders(pair)):
        pair.run(0.1, advance_at(14.0))
    pair.drops_orders = False
    pair.wire.clear()
    pair.run(3.0)
    assert set(pair.list_codes()) <= {"5F40", "5F4C"}
    pair.run(2.0)
    assert pair.list_codes().count("5F4C") == 2  # once at once, once when it cannot come any more
    assert list_orders(pair) == []
    assert any(note.kind is NoteKind.DROPPED and "was lost" in note.text for note in pair.notes)
    assert pair.driver.is_engaged
    pair.run(60.0, advance_at(14.0))
    assert 2 in {order.sub_phase for order in list_orders(pair)}
    assert pair.list_faults() == []


def test_an_advance_that_was_heard_and_not_begun_ends_commanding():
    """Acknowledged and answered, and yet the green goes on: asked once (5F4C), then handed back."""
    pair = taken_over(misbehaviour=Misbehaviour(late_s=12.0))
    pair.run(16.0, advance_at(12.0))
    assert "5F4C" in pair.list_codes()
    assert not pair.driver.is_engaged
    assert NoteKind.UNANSWERED in list_kinds_of(pair)
    assert pair.emulator.commands[-1].command == SetStrategy(1, 0)


def test_after_an_order_that_may_come_late_no_other_is_sent():
    """A hold that nobody has acknowledged may be on its way for seconds: neither an advance nor 5F10 overtakes it."""
    pair = taken_over(misbehaviour=Misbehaviour(ignores_min_green=True))
    pair.run(5.0, hold)
    pair.drops_orders = True
    pair.wire.clear()
    while not list_orders(pair):
        pair.run(0.1, hold)
    lost_s, pair.drops_orders = pair.now_s, False
    assert list_orders(pair) == [GoTo(1, 1, 10)]
    pair.run(orders.LATE_S - 0.5, advance_at(5.0))
    assert {order.sub_phase for order in list_orders(pair)} == {1}
    pair.run(3.0, advance_at(5.0))
    assert list_orders(pair)[-1].sub_phase == 2
    assert pair.now_s > lost_s + orders.LATE_S


def test_no_green_is_taken_hold_of_in_its_last_seconds():
    """What came late would call a green back that has just ended; the next one is taken instead."""
    pair = Pair()
    pair.run(27.0)
    pair.driver.engage()
    pair.run(12.0, hold)
    assert list_orders(pair) == [GoTo(2, 1, 10)]
    assert pair.list_faults() == []


def test_somebody_else_is_noticed():
    """Another centre's 5F1C moves the green that we hold: we let go, and while he leads it nobody engages."""
    pair = taken_over()
    pair.run(12.0, hold)
    frame = encode_frame(Message(77, ADDRESS, encode_info(GoTo(2, 1, 60))))
    pair.emulator.receive(frame, "somebody")
    pair.run(2.0, hold)
    assert not pair.driver.is_engaged
    assert any(note.kind is NoteKind.FOREIGN for note in pair.notes)
    assert {one.peer for one in pair.emulator.commands} == {"driver", "somebody"}


def test_a_cabinet_that_somebody_else_leads_is_not_taken():
    """Phase control that is not ours counts as somebody's hand."""
    pair = Pair()
    frame = encode_frame(Message(77, ADDRESS, encode_info(SetStrategy(PHASE, 5))))
    pair.emulator.receive(frame, "somebody")
    pair.run(5.0)
    assert pair.driver.read_state().mode is Mode.MANUAL
    with pytest.raises(NotEngaged, match="somebody else"):
        pair.driver.engage()


def test_a_cabinet_that_does_not_report_is_lost_and_found():
    """After three seconds there is no state; both are told; what was queued for it is not sent later."""
    pair = taken_over()
    pair.is_cut = True
    pair.run(STALE_S + 1.0)
    with pytest.raises(NotConnected, match="has reported no step"):
        pair.driver.read_state()
    pair.run(10.0)
    pair.is_cut = False
    pair.run(20.0)
    assert [kind for kind in list_kinds_of(pair) if kind in (NoteKind.LOST, NoteKind.FOUND)][:2] == [
        NoteKind.LOST,
        NoteKind.FOUND,
    ]
    assert pair.driver.read_state().mode is Mode.LOCAL
    assert pair.list_faults() == []


def test_a_new_socket_begins_anew():
    """What was on its way is forgotten, the watching goes on."""
    pair = taken_over()
    pair.driver.reset_link(pair.now_s)
    pair.run(10.0, hold)
    assert pair.driver.read_state().mode is Mode.REMOTE


def test_it_runs_by_its_own_alarm_clock():
    """Asked only when something came or ``wakes_at_s`` is there, it does all that it does when asked each moment."""
    pair = Pair()
    due, calls = pair.driver.due, []

    def due_if_due(now_s):
        if pair.driver.wakes_at_s > now_s:
            return []
        calls.append(now_s)
        return due(now_s)

    pair.driver.due = due_if_due
    pair.run(4.0)
    pair.driver.engage()
    pair.run(60.0, advance_at(15.0))
    assert pair.driver.read_state().mode is Mode.REMOTE
    assert {0, 1} <= {state.stage for _, state in pair.states}
    assert len(calls) < 600


def test_only_what_is_allowed_goes_out():
    """Of all messages a dozen, with the values that they may have; a jump without a name never."""
    queries = {kind.CODE for kind in QUERIES}
    assert queries <= {code for code in list_kinds() if 0x40 <= code & 0xFF < 0x70} - {0x0F45, 0x0F41}
    for wrong in (
        GoTo(0, 0, 0), GoTo(1, 0, 10), GoTo(1, 4, 10), GoTo(4, 1, 10), GoTo(1, 1, 0), SetStrategy(PHASE, 0),
        SetStrategy(PHASE, 3), SetStrategy(8, 1), SetStrategy(1, 5), common.Reset(), common.QueryPassword(),
        common.SelfTest(), common.SetClock(115, 1, 1, 1, 0, 0, 0), common.SetCommandSet(3), control.SetReportCycle(2, 255),
        control.SetReportCycle(1, 1), control.SetNextCycle((10,), 10, 0),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            encode_allowed(wrong, STANDARD, 3)
    for right in (GoTo(3, 1, 255), SetStrategy(PHASE, 2), SetStrategy(1, 0), control.SetReportCycle(2, 1)):
        assert encode_allowed(right, STANDARD, 3) == encode_info(right)
    assert encode_allowed(GoTo(1, 0, 10), BUS_PRIORITY_UNIT, 3)


@pytest.mark.parametrize(
    "wrong",
    [{"strategy": 8}, {"advance_step": 4}, {"effect_s": 4}, {"effect_min": 3}, {"effect_min": 0}, {"answer_s": 0}],
)
def test_a_profile_that_cannot_be_is_refused(wrong):
    """Dead-man times have bounds, and nobody waits in a clearance."""
    with pytest.raises(ValueError):
        VendorProfile(**wrong)


KINDS = st.sampled_from(sorted(list_kinds()))
NOISE = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda code, data, sequence: encode_frame(Message(sequence, ADDRESS, code.to_bytes(2, "big") + data)),
        KINDS, st.binary(max_size=16), st.integers(0, 255),
    ),
    st.builds(lambda sequence: encode_frame(Acknowledged(sequence, ADDRESS)), st.integers(0, 255)),
)  # fmt: skip


@settings(deadline=None, max_examples=80)
@given(st.lists(NOISE, max_size=40), st.booleans())
def test_no_bytes_do_harm(pieces, is_engaged):
    """Forged and mangled messages in the middle of a dialogue: nothing raises, and nothing forbidden is ever sent."""
    pair = taken_over() if is_engaged else Pair()
    pair.wire.clear()
    for data in pieces:
        pair.driver.receive(data, pair.now_s)
        pair.run(0.3, hold)
    allowed = {*WATCHING, *(COMMANDING if is_engaged else ()), "5F4C"}
    assert set(pair.list_codes()) <= allowed
    assert len(pair.notes) < 2000


WEATHER = st.sampled_from(
    [
        Weather(), Weather(0.02, 0.1, 0.3), Weather(0.1, 0.1, 0.2), Weather(0.05, 0.2, 3.0, 0.1),
        Weather(0.0, 0.3, 3.0, 0.3, delays_orders=True), Weather(0.0, 0.3, 3.0, 0.6, delays_orders=True),
        Weather(0.0, 0.3, 3.0),
    ]
)  # fmt: skip
BAD = st.builds(
    Misbehaviour,
    ignores_min_green=st.sampled_from([True, True, False]),
    loses_acks=st.sampled_from([0.0, 0.1]),
    late_s=st.sampled_from([0.0, 0.0, 0.7]),
)
EVENTS = st.lists(st.tuples(st.integers(5, 40), st.sampled_from([None, None, *Happening])), min_size=2, max_size=6)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(list(PROFILES.values())), BAD, WEATHER, EVENTS, st.integers(0, 10_000))
def test_whatever_happens_the_lamps_are_safe(profile, misbehaviour, weather, events, seed):
    """Any commands through a guard, any network with delays up to three seconds, a cabinet that checks nothing, and
    whatever befalls it: greens never conflict, every yellow and red clearance is full, every minimum green is kept;
    the driver never tells a green older than it is; and when it falls silent the cabinet is its own within a cycle.
    """
    pair = Pair(profile, misbehaviour, weather, seed)
    wish = wander(seed)
    for seconds, what in events:
        for _ in range(seconds):
            pair.run(1.0, wish, engages=True)
            check_age(pair)
        if what is not None:
            pair.happen(what)
            pair.run(6.0, wish, engages=True)
            pair.happen(Happening.CLEAR)
    assert pair.list_faults() == []
    assert {one.peer for one in pair.emulator.commands} <= {"driver"}
    pair.is_silent = True
    pair.run(pair.plan.cycle_s)
    assert pair.emulator.engine.order is None
    assert pair.list_faults() == []


def check_age(pair):
    """The green that a state tells is no older than the emulator's own, unless the report of its end is under way."""
    try:
        state = pair.driver.read_state()
    except NotConnected:
        return
    engine = pair.emulator.engine
    if state.mode.outranks:
        return
    if engine.step == Step.GREEN and state.interval is IntervalKind.GREEN and engine.sub_phase == state.stage + 1:
        assert state.elapsed_s <= engine.elapsed_s + 1e-6


def test_the_checker_sees_what_a_careless_driver_does(monkeypatch):
    """Without the wait for orders that may come late, the same network and cabinet do show a green too short."""
    monkeypatch.setattr(orders, "LATE_S", 0.0)
    faults = []
    for seed in range(12):
        weather = Weather(0.0, 0.3, 3.0, 0.6, delays_orders=True)
        pair = Pair(STANDARD, Misbehaviour(ignores_min_green=True), weather, seed)
        pair.run(150.0, wander(seed), engages=True)
        faults += pair.list_faults()
    assert any("s of green for stage" in fault for fault in faults)
