"""The driver and an emulated controller with a bad line between them, in virtual time."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ntcip_pair import CLOCK_S, Line, Pair, list_wrongs, load_place, release

from signals.hardware.field_driver import NotConnected, NoteKind, NotEngaged
from signals.hardware.field_emulator import Happening
from signals.hardware.ntcip1202 import objects
from signals.hardware.ntcip1202.agent import View
from signals.hardware.ntcip1202.driver import NtcipDriver
from signals.hardware.ntcip1202.emulator import Misbehaviour
from signals.hardware.ntcip1202.phases import PhaseTable, derive_phases
from signals.hardware.ntcip1202.profile import NtcipProfile
from signals.hardware.ntcip1202.snmp import Kind, Packet, Version, bind, decode_packet, encode_packet
from signals.hardware.ntcip1202.take_over import Forbidden, order_hold, write_set
from signals.model import Detector, DetectorKind, IntervalKind
from signals.ports import Advance, Hold, Mode, Release
from signals.safety.command import SafeCommand

PLACES = ("demo", "isolated/c", "pittsburgh50-pm/A4", "pittsburgh50-pm/A3", "cologne8/32319828")


def hold(_state):
    """A wish to stay."""
    return Hold()


def kinds(pair, kind):
    """The texts of all notes of one kind."""
    return [note.text for note in pair.notes if note.kind is kind]


@pytest.mark.parametrize("place", PLACES)
def test_it_leads_the_controller_through_every_change(place):
    """Stages are reached from near and far; the driver reports each, with the target while it changes."""
    pair = Pair(place)
    pair.engage()
    pair.run(3.0, hold)
    count = len(pair.plan.stages)
    seen = set()

    def lead(state, target):
        is_young = state.elapsed_s < pair.plan.timings[state.stage].min_green_s + 1.0
        return Hold() if state.stage == target or is_young else Advance(target)

    while pair.driver.read_state().mode is not Mode.REMOTE or pair.stage is None:
        pair.run(1.0, hold)
    for k in range(2 * count):
        target = (pair.stage + 1 + k % (count - 1)) % count
        for _ in range(150):
            state = pair.driver.read_state()
            if state.interval is IntervalKind.GREEN and state.stage == target:
                break
            if state.interval is not IntervalKind.GREEN and state.mode is Mode.REMOTE:
                seen.add(state.target)
            pair.run(1.0, lambda state, target=target: lead(state, target))
        assert pair.stage == target
        assert pair.driver.read_state().mode is Mode.REMOTE
    assert seen
    assert list_wrongs(pair.intersection, pair.plan, pair.history) == []
    assert not kinds(pair, NoteKind.FOREIGN)
    assert not kinds(pair, NoteKind.UNANSWERED)
    assert len(kinds(pair, NoteKind.CONFIRMED)) >= count - 1


WISHES = st.lists(st.one_of(st.none(), st.just("release"), st.integers(0, 11)), min_size=1, max_size=8)
EVENTS = st.lists(st.one_of(st.none(), st.sampled_from(sorted(Happening))), min_size=8, max_size=8)
SHARES = st.sampled_from([0.0, 0.1, 0.4])


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(PLACES),
    st.builds(Line, lost=SHARES, doubled=SHARES, delayed=SHARES, seed=st.integers(0, 2**16)),
    WISHES,
    EVENTS,
    st.builds(
        Misbehaviour,
        lost_share=st.sampled_from([0.0, 0.2]),
        slow_s=st.sampled_from([0.0, 0.0, 1.5, 6.0]),
        ignores_force_off=st.booleans(),
        ignores_hold=st.booleans(),
    ),
    st.randoms(use_true_random=False),
)
def test_lamps_are_safe_whatever_the_line_and_the_commands(place, line, wishes, events, misbehaviour, dice):
    """Commands of a real guard over a line that loses, doubles, delays and reorders, a controller that misbehaves and
    things that happen: no conflicting greens, no short green, yellow or clearance. When all falls silent, every control
    object is 0 and the local pattern runs within a cycle.
    """
    pair = Pair(place, misbehaviour=misbehaviour, line=line)
    count = len(pair.plan.stages)
    for wished, event in zip(wishes, events, strict=False):

        def wish(state, wished=wished):
            if wished == "release":
                return Release("wished")
            return Advance(wished % count) if wished is not None and dice.random() < 0.6 else Hold()

        pair.run(dice.uniform(3.0, 25.0), wish, rearm=True)
        if event is not None:
            pair.happen(event)
    pair.run(5.0, hold, rearm=True)
    pair.happen(Happening.CLEAR)
    pair.line.dead = True
    pair.run(misbehaviour.slow_s + line.most_delay_s + 5.2)
    assert pair.is_released()
    starts = set()
    for _ in range(round(1.3 * pair.plan.cycle_s) + 20):
        pair.run(1.0)
        if pair.stage is not None:
            starts.add(pair.stage)
    assert starts >= {step.stage for step in pair.plan.sequence}
    assert list_wrongs(pair.intersection, pair.plan, pair.history) == []


@settings(deadline=None, max_examples=200)
@given(st.lists(st.binary(max_size=80), max_size=20), st.randoms(use_true_random=False))
def test_no_bytes_do_harm(packets, dice):
    """Whatever comes: nothing raises, nothing is commanded, nothing is believed."""
    driver = NtcipDriver(*load_place("demo"))
    asked = driver.due(0.0)
    for data in packets:
        driver.receive(data, 0.1)
        mangled = bytearray(dice.choice(asked))
        mangled[dice.randrange(len(mangled))] = dice.randrange(256)
        driver.receive(bytes(mangled), 0.1)
    with pytest.raises(NotConnected):
        driver.read_state()
    assert all(decode_packet(data).kind is Kind.GET for data in driver.due(5.0))
    assert driver.list_obstacles()


@settings(deadline=None, max_examples=60)
@given(st.randoms(use_true_random=False))
def test_mangled_answers_are_survived(dice):
    """True answers with changed bytes, whole polls long: no exception, no disagreement between phases and lamps kept."""
    pair = Pair()
    for _ in range(60):
        pair.tick()
        for data in pair.driver.due(pair.now_s):
            pair.emulator.receive(data, "x")
        for _, data in pair.emulator.due():
            mangled = bytearray(data)
            for _ in range(dice.randrange(3)):
                mangled[dice.randrange(len(mangled))] = dice.randrange(256)
            pair.driver.receive(bytes(mangled), pair.now_s)
    assert not [data for _, data in pair.sent if decode_packet(data).kind is Kind.SET]


def answer_of(pair, change=lambda packet: packet):
    """The controller's answer to a new status poll of the driver, changed."""
    data = next(d for d in pair.driver.due(pair.now_s) if len(decode_packet(d).bindings) > 15)
    pair.emulator.receive(data, "x")
    (_, answer), *_ = pair.emulator.due()
    return encode_packet(change(decode_packet(answer)))


@pytest.mark.parametrize(
    "change",
    [
        lambda p: replace(p, request=(p.request + 1) % 2**31),
        lambda p: replace(p, community=b"other"),
        lambda p: replace(p, version=Version.V2C),
        lambda p: replace(p, kind=Kind.SET),
        lambda p: replace(p, bindings=p.bindings[1:]),
        lambda p: replace(p, bindings=(*p.bindings, p.bindings[0])),
        lambda p: replace(p, bindings=(p.bindings[1], p.bindings[0], *p.bindings[2:])),
        lambda p: replace(p, bindings=(replace(p.bindings[0], tag=4, value=b"x"), *p.bindings[1:])),
        lambda p: replace(p, bindings=(p.bindings[0], replace(p.bindings[1], value=-1), *p.bindings[2:])),
        lambda p: replace(p, bindings=(p.bindings[0], replace(p.bindings[1], value=256), *p.bindings[2:])),
    ],
)
def test_only_the_answer_to_a_question_counts(change):
    """Another number, community, version, kind, names or values than a controller has: nobody has answered."""
    pair = Pair()
    pair.emulator.tick(1.0)
    pair.driver.receive(answer_of(pair, change), 0.1)
    with pytest.raises(NotConnected):
        pair.driver.read_state()


def test_an_answer_counts_once_and_not_for_ever():
    """The second copy is nobody's; one that comes after the timeout neither."""
    pair = Pair()
    pair.emulator.tick(1.0)
    answer = answer_of(pair)
    pair.driver.receive(answer, 0.1)
    assert pair.driver.read_state().uptime_s == 1.0
    pair.emulator.tick(1.0)
    pair.now_s = 1.5
    late = answer_of(pair)
    pair.driver.receive(answer, 1.6)
    pair.driver.receive(late, 2.4)
    assert pair.driver.read_state().uptime_s == 1.0


def test_requests_are_numbered_unpredictably():
    """No two alike, and not in order."""
    driver = NtcipDriver(*load_place("demo"))
    numbers = [decode_packet(data).request for k in range(50) for data in driver.due(float(k))]
    assert len(set(numbers)) == len(numbers)
    assert numbers != sorted(numbers)


def sets(pair):
    """All SETs so far: when, and what by object."""
    found = []
    for at_s, data in pair.sent:
        packet = decode_packet(data)
        if packet.kind is Kind.SET:
            found.append((at_s, {one.oid: one.value for one in packet.bindings}))
    return found


def test_nothing_is_set_before_it_is_engaged():
    """It watches; a command is refused, a release is taken and sends nothing."""
    pair = Pair()
    pair.run(20.0)
    state = pair.driver.read_state()
    pair.run(5.0)
    safe = pair.guard.admit(Hold(), state, pair.now_s)
    with pytest.raises(NotEngaged):
        pair.driver.apply(safe if isinstance(safe, SafeCommand) else pytest.fail("a hold is admitted"))
    pair.driver.apply(pair.guard.release("x"))
    pair.run(5.0)
    assert sets(pair) == []


def test_an_order_is_one_set_and_is_refreshed_in_time():
    """All masks and the pattern in one packet; between two SETs never more than a third of unitBackupTime and a tick."""
    pair = Pair()
    pair.engage()
    pair.run(60.0, hold)
    found = sets(pair)
    assert all(len(values) == 7 for _, values in found)
    gaps = [b - a for (a, _), (b, _) in pairwise(found)]
    assert max(gaps) <= 5.0 / 3.0 + 0.15
    assert pair.emulator.control_status == objects.ControlStatus.SYSTEM_CONTROL


def test_who_commands_no_more_has_released():
    """Three seconds after the last hold the driver releases once; then nothing is set."""
    pair = Pair()
    pair.engage()
    pair.run(10.0, hold)
    pair.run(3.7)
    assert pair.is_released()
    count = len(sets(pair))
    pair.run(20.0)
    assert len(sets(pair)) == count
    assert sets(pair)[-1][1][objects.SYSTEM_PATTERN.at()] == objects.RELEASED_PATTERN


def test_a_release_that_was_lost_is_said_again_because_it_was_read_back():
    """Nothing is resent blindly: the poll shows our masks still there."""
    pair = Pair()
    pair.engage()
    pair.run(10.0, hold)
    pair.line.dead = True
    pair.driver.apply(pair.guard.release("x"))
    pair.run(0.5)
    pair.line.dead = False
    pair.run(3.0)
    assert pair.is_released()
    assert pair.emulator.control_status != objects.ControlStatus.BACKUP


def test_an_advance_that_was_lost_is_not_sent_again():
    """The green goes on until the guard decides again."""
    pair = Pair()
    pair.engage()
    pair.run(12.0, hold)
    pair.line.dead = True
    pair.command(lambda _: Advance(1))
    pair.run(0.4)
    pair.line.dead = False
    pair.run(12.0)
    advances = [values for _, values in sets(pair) if values[objects.FORCE_OFF.at(1)]]
    assert len(advances) == 1
    assert kinds(pair, NoteKind.UNANSWERED)


def test_a_stale_command_is_dropped():
    """Queued while an order waits for its answer, and not sent when its time is over."""
    pair = Pair(profile=NtcipProfile(timeout_s=2.8))
    pair.engage()
    pair.run(12.0, hold)
    pair.line.dead = True
    pair.run(2.0, hold)
    pair.run(3.0)
    assert any("good until" in text for text in kinds(pair, NoteKind.DROPPED))


@pytest.mark.parametrize(
    ("what", "mode"),
    [
        (Happening.RAIL, Mode.RAIL),
        (Happening.PREEMPT, Mode.PREEMPTED),
        (Happening.POLICE, Mode.MANUAL),
        (Happening.PANEL_ALL_RED, Mode.MANUAL),
        (Happening.PANEL_FLASH, Mode.FLASH),
        (Happening.CONFLICT, Mode.FAULT),
    ],
)
def test_it_yields_at_once_to_whoever_outranks_us(what, mode):
    """One poll later it has let go, says so, and lists it as an obstacle until it is over."""
    pair = Pair()
    pair.engage()
    pair.run(15.0, hold)
    pair.happen(what)
    pair.run(2.5)
    assert not pair.driver.is_engaged
    assert pair.driver.read_state().mode is mode
    assert pair.is_released()
    count = len(sets(pair))
    pair.run(20.0, hold)
    assert len(sets(pair)) == count
    assert any(mode.value in text for text in pair.driver.list_obstacles())
    with pytest.raises(NotEngaged, match=mode.value):
        pair.driver.engage()
    pair.happen(Happening.CLEAR)
    pair.run(15.0)
    pair.driver.engage()


def test_a_restart_is_seen():
    """Its count of seconds goes back: noted, disengaged, and everything is read anew before it can be engaged."""
    pair = Pair()
    pair.engage()
    pair.run(20.0, hold)
    pair.happen(Happening.POWER_CYCLE)
    pair.run(1.5)
    assert kinds(pair, NoteKind.RESTARTED)
    assert not pair.driver.is_engaged
    pair.run(20.0)
    pair.driver.engage()


def test_backup_that_nobody_asked_for_ends_the_command():
    """The line is dead for longer than the dead-man timer: the controller is left to its own plan."""
    pair = Pair()
    pair.engage()
    pair.run(15.0, hold)
    pair.line.dead = True
    pair.run(6.0, hold)
    pair.line.dead = False
    pair.run(2.0, hold)
    assert not pair.driver.is_engaged
    assert any("backup" in text for text in kinds(pair, NoteKind.FOREIGN))


def set_from_elsewhere(pair, *values):
    """Another commander's SET."""
    packet = Packet(Version.V2C, b"private", Kind.SET, 7, tuple(bind(oid, value) for oid, value in values))
    pair.emulator.receive(encode_packet(packet), "somebody")
    pair.emulator.due()


def test_a_foreign_commander_is_left_alone():
    """Masks that are not ours: noted, disengaged, and nothing more is set, not even a release."""
    pair = Pair()
    pair.engage()
    pair.run(15.0, hold)
    before = len(sets(pair))
    while len(sets(pair)) == before:  # a poll comes before the next refresh
        pair.run(0.1, hold)
    before += 1
    set_from_elsewhere(pair, (objects.HOLD.at(1), 0), (objects.PHASE_OMIT.at(1), 4))
    pair.run(3.0, hold)
    assert any("somebody else" in text for text in kinds(pair, NoteKind.FOREIGN))
    assert not pair.driver.is_engaged
    after = [at_s for at_s, _ in sets(pair)][before:]
    assert after == []
    watcher = Pair()
    set_from_elsewhere(watcher, (objects.SYSTEM_PATTERN.at(), 254))
    watcher.run(3.0)
    assert any("Somebody else" in text for text in watcher.driver.list_obstacles())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda e: setattr(e, "backup_time_s", 0), "unitBackupTime is 0 s"),
        (lambda e: setattr(e, "backup_time_s", 60), "unitBackupTime is 60 s"),
        (lambda e: setattr(e, "operational_mode", 1), "coordOperationalMode is 1"),
        (lambda e: setattr(e, "_clock_s", CLOCK_S + 30.0), r"clock is \+30 s off"),
        (lambda e: alter(e, yellow_ds=25), "2.5 s of yellow"),
        (lambda e: alter(e, red_clear_ds=10), "1 s of red clearance"),
        (lambda e: alter(e, min_green_s=5), "5 s of minimum green"),
        (lambda e: alter(e, concurrent=frozenset({2})), r"may be green beside \[2\]"),
    ],
)
def test_what_safety_hangs_on_is_an_obstacle(change, words):
    """Dead-man timer, mode, clock, clearances, minimum green, concurrency: read back, and refused where they differ."""
    pair = Pair()
    change(pair.emulator)
    pair.run(5.0)
    assert len(pair.driver.list_obstacles()) == 1
    with pytest.raises(NotEngaged, match=words):
        pair.driver.engage()


def alter(emulator, **changes):
    """Change the data of the first phase."""
    first, *others = emulator.engine.table.phases
    emulator.engine.load(PhaseTable((replace(first, **changes), *others), emulator.engine.table.stages))


def test_walkers_clearance_is_an_obstacle_too():
    """A phase with a crossing whose pedestrian clearance was shortened."""
    pair = Pair("pittsburgh50-pm/A3")
    alter(pair.emulator, ped_clear_s=1)
    pair.run(5.0)
    assert any("pedestrian clearance" in text for text in pair.driver.list_obstacles())


def test_data_that_change_end_the_command():
    """Somebody alters a yellow while we command: noted, disengaged within a round, an obstacle from then on."""
    pair = Pair(profile=NtcipProfile(database_period_s=5.0))
    pair.engage()
    pair.run(15.0, hold)
    pair.happen(Happening.DATA_CHANGED)
    pair.run(7.0, hold)
    assert kinds(pair, NoteKind.CHANGED)
    assert not pair.driver.is_engaged
    assert any("of yellow" in text for text in pair.driver.list_obstacles())


def test_a_controller_that_knows_only_version_1_is_silent_for_the_other():
    """Q-Free's habit: v2c gets nothing, v1 works."""
    deaf = Pair(profile=NtcipProfile(version=Version.V2C), misbehaviour=Misbehaviour(only_v1=True))
    deaf.run(5.0)
    with pytest.raises(NotConnected):
        deaf.driver.read_state()
    for version in Version:
        pair = Pair(profile=NtcipProfile(version=version))
        pair.engage()
        pair.run(15.0, hold)
        assert pair.emulator.control_status == objects.ControlStatus.SYSTEM_CONTROL


@pytest.mark.parametrize(
    "profile",
    [objects.Profile(suffix=(1,)), objects.Profile(other={objects.BACKUP_TIME_S: (), objects.SYSTEM_PATTERN: (1,)})],
)
def test_makers_ways_of_writing_scalars_work(profile):
    """``.1`` for all, or nothing for one and ``.1`` for another."""
    pair = Pair(profile=NtcipProfile(objects=profile))
    pair.engage()
    pair.run(10.0, hold)
    assert pair.driver.read_state().mode is Mode.REMOTE


def test_a_controller_that_ignores_force_off_is_told_so():
    """The advance is refused after the patience, and who commands goes on."""
    pair = Pair(misbehaviour=Misbehaviour(ignores_force_off=True, slow_s=30.0))
    pair.engage()
    pair.run(15.0, hold)
    pair.run(8.0, lambda _: Advance(1))
    assert any("was not left" in text for text in kinds(pair, NoteKind.REFUSED))


def test_a_refused_set_is_told():
    """A wrong write community gets no answer; an object that the controller lacks gets an error."""
    pair = Pair()
    pair.engage()
    refused = replace(pair.emulator.profile, write_community=b"secret")
    pair.driver._profile = refused
    pair.run(5.0, hold)
    assert kinds(pair, NoteKind.UNANSWERED)
    assert pair.is_released()
    other = Pair()
    other.engage()
    other.emulator._agent = replace(other.emulator._agent, view=Pair("isolated/c").emulator._agent.view)
    other.driver._profile = replace(other.driver._profile, objects=objects.Profile(suffix=(9,)))
    other.run(5.0, hold)
    assert any("NO_SUCH_NAME" in text for text in kinds(other, NoteKind.REFUSED))
    assert other.is_released()


def test_a_controller_that_refuses_even_the_release_is_not_pestered():
    """Once a second, until its dead-man timer has done it."""
    pair = Pair()
    pair.engage()
    pair.run(10.0, hold)
    before = len(sets(pair))
    pair.emulator._agent = replace(pair.emulator._agent, view=_without_writing(pair.emulator._agent.view))
    pair.run(12.0)
    assert 1 <= len(sets(pair)) - before <= 9
    assert pair.is_released()
    after = len(sets(pair))
    pair.run(20.0)
    assert len(sets(pair)) == after


def _without_writing(view):
    """The same objects, none of which can be set."""
    return View(replace(leaf, write=None) for leaf in view._leaves.values())


def test_nothing_but_control_objects_leaves_through_the_gate():
    """Clearances, the dead-man timer, ring controls and flash are refused by the one function that writes SETs."""
    profile = NtcipProfile()
    table = derive_phases(*load_place("demo"))
    assert order_hold(table, 0, 254).hold == 1
    for oid, value in (
        (objects.PHASE_YELLOW_DS.at(1), 40),
        (objects.BACKUP_TIME_S.at(), 0),
        ((*objects.ASC, 7, 5, 1, 8, 1), 1),
        (objects.SYSTEM_PATTERN.at(), objects.FLASH_PATTERN),
        (objects.PREEMPT_CONTROL.at(1), 1),
    ):
        with pytest.raises(Forbidden):
            write_set((bind(oid, value),), 1, profile)


def test_all_that_was_ever_set_may_be_set():
    """Over a long run of commands every name in every SET is on the list."""
    pair = Pair("isolated/c")
    pair.engage()
    pair.run(120.0, lambda s: Advance((s.stage + 1) % 4))
    found = sets(pair)
    assert len(found) > 50
    assert all(objects.may_set(oid) for _, values in found for oid in values)


def test_detectors_are_read():
    """Volumes add up over reports, doubles count once, a broken detector is not fresh, speeds are not known."""
    layout = tuple(Detector(f"d{k}", DetectorKind.STOP_LINE, k) for k in range(3))
    pair = Pair(detectors=layout, numbers=(4, 2, 9))
    with pytest.raises(NotConnected):
        pair.driver.read()
    pair.run(3.0)
    pair.driver.read()
    pair.emulator.detectors.failed = frozenset({9})
    for _ in range(10):
        pair.emulator.detectors.feed(4, 1, 0.05)
        pair.emulator.detectors.feed(2, 0, 0.1)
        pair.run(0.3)
    pair.run(2.2)
    readings = pair.driver.read()
    assert readings.count.tolist() == [10, 0, 0]
    assert readings.is_fresh.tolist() == [True, True, False]
    assert np.isnan(readings.speed_mps).all()
    assert 0.0 <= readings.occupied_s.min() <= readings.occupied_s.max() <= 1.0
    assert not pair.driver.read().is_fresh.any()


def test_state_is_as_old_as_its_question():
    """After three seconds without an answer there is no state; then LOST, and FOUND when it answers again."""
    pair = Pair()
    pair.run(10.0)
    pair.line.dead = True
    pair.run(4.2)
    with pytest.raises(NotConnected):
        pair.driver.read_state()
    pair.line.dead = False
    pair.run(1.5)
    assert pair.driver.read_state().stage == 0
    assert (len(kinds(pair, NoteKind.LOST)), len(kinds(pair, NoteKind.FOUND))) == (1, 1)


def test_polls_may_come_ten_times_a_second():
    """A period of 0.1 s: the state is never older than two tenths."""
    pair = Pair(profile=NtcipProfile(poll_period_s=0.1))
    pair.engage()
    ages = []
    for _ in range(200):
        pair.tick()
        ages.append(pair.emulator.uptime_s - pair.driver.read_state().uptime_s)
    assert max(ages) <= 0.21
    assert pair.driver.wakes_at_s <= pair.now_s + 0.1 + 1e-6


def test_the_driver_says_when_it_wants_to_be_woken():
    """Between two wakings it has nothing to say."""
    driver = NtcipDriver(*load_place("demo"))
    now_s = 0.0
    for _ in range(20):
        driver.due(now_s)
        assert driver.due(now_s) == []
        wakes_s = driver.wakes_at_s
        assert now_s < wakes_s < math.inf
        assert driver.due((now_s + wakes_s) / 2) == []
        now_s = wakes_s


def test_a_new_socket_forgets_what_was_on_its_way():
    """An answer to what was asked through the old one is nobody's."""
    pair = Pair()
    pair.emulator.tick(1.0)
    answer = answer_of(pair)
    pair.driver.reset_link(0.05)
    pair.driver.receive(answer, 0.1)
    with pytest.raises(NotConnected):
        pair.driver.read_state()


def test_released_by_the_guard_the_local_plan_runs():
    """A release that was asked for: pattern and masks are 0, the cabinet is LOCAL, the driver stays engaged."""
    pair = Pair()
    pair.engage()
    pair.run(15.0, hold)
    pair.run(10.0, release)
    assert pair.is_released()
    assert pair.driver.is_engaged
    assert pair.driver.read_state().mode is Mode.LOCAL


def test_secrets_do_not_show():
    """A profile prints without its communities, and what is noted of a SET has its own blanked."""
    profile = NtcipProfile(read_community=b"hush", write_community=b"hush")
    assert "hush" not in repr(profile)
    pair = Pair(profile=profile)
    pair.engage()
    pair.run(5.0, hold)
    noted = [note.data for note in pair.notes if note.kind is NoteKind.SENT]
    sent = [data for _, data in pair.sent if decode_packet(data).kind is Kind.SET]
    assert [data.replace(b"hush", b"****") for data in sent] == noted != []
