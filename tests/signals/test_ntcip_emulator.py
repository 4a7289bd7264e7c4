"""The emulated controller: its phases, its SNMP side, its dead-man timer, and what befalls it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ntcip_pair import CLOCK_S, list_wrongs, load_place

from signals.hardware.field_emulator import Happening
from signals.hardware.ntcip1202 import ber, objects
from signals.hardware.ntcip1202.database import list_shortcomings
from signals.hardware.ntcip1202.emulator import MOST_OBEYED, Misbehaviour, NtcipEmulator
from signals.hardware.ntcip1202.local_pattern import lead_to
from signals.hardware.ntcip1202.objects import ControlStatus, FlashStatus, PreemptState
from signals.hardware.ntcip1202.phases import NotExpressible, Phase, PhaseTable, derive_phases
from signals.hardware.ntcip1202.profile import NtcipProfile
from signals.hardware.ntcip1202.ring_engine import Controls, RingEngine
from signals.hardware.ntcip1202.snmp import (
    ErrorStatus,
    Kind,
    Packet,
    Version,
    bind,
    decode_packet,
    encode_packet,
    find,
)
from signals.model import Lamp, Stage

PLACES = ("demo", "isolated/c", "pittsburgh50-pm/A4", "pittsburgh50-pm/A3", "cologne8/32319828")
UNIT_STATUS = objects.CONTROL_STATUS.at()


def build(place="demo", **options):
    """An emulator whose clock stands where the tests have it."""
    return NtcipEmulator(*load_place(place), clock_s=CLOCK_S, **options)


def ask(emulator, kind, *bindings, version=Version.V2C, community=None, request=5):
    """One exchange; None where there is no answer."""
    if community is None:
        community = b"private" if kind is Kind.SET else b"public"
    emulator.receive(encode_packet(Packet(version, community, kind, request, bindings)), "test")
    answers = emulator.due()
    return decode_packet(answers[0][1]) if answers else None


def get(emulator, oid):
    """The value of one object."""
    return ask(emulator, Kind.GET, bind(oid)).bindings[0].value


def put(emulator, *values):
    """Set objects; the error, 0 where there is none."""
    return ask(emulator, Kind.SET, *(bind(oid, value) for oid, value in values)).error


def watch(emulator, seconds):
    """The lamps of so many seconds, as `list_wrongs` wants them."""
    history = []
    for _ in range(round(seconds * 10)):
        emulator.tick(0.1)
        history.append((emulator.uptime_s, emulator.list_lamps(), False))
    return history


# phases of a plan


@pytest.mark.parametrize("place", PLACES)
def test_each_stage_is_a_set_of_phases_of_its_own(place):
    """There and back; the phases of a stage are in different rings, may be green together, and show what it shows."""
    intersection, plan = load_place(place)
    table = derive_phases(intersection, plan)
    for stage, members in zip(plan.stages, table.stages, strict=True):
        assert table.stage_of(members) == stage.index
        assert len({table.phases[n - 1].ring for n in members}) == len(members)
        lamps = table.show(members, frozenset(), members, len(intersection.movements))
        assert all(lamps[m] is (stage.lamp(m) if m in stage.greens else Lamp.RED) for m in range(len(lamps)))
    assert table.stage_of(table.everyone) is None
    assert list(list_shortcomings(table, plan)) == []
    for p in table.phases:
        assert p.yellow_ds >= 10 * plan.limits.yellow_s
        assert p.red_clear_ds >= 10 * plan.limits.red_clearance_s
        assert all(p.number in table.phases[q - 1].concurrent for q in p.concurrent)


@pytest.mark.parametrize("place", PLACES)
def test_every_change_clears_at_least_as_long_as_the_plan(place):
    """From each stage to each other one: nothing else comes on, and it lasts no shorter than the plan's transition."""
    intersection, plan = load_place(place)
    table = derive_phases(intersection, plan)
    for a, b in plan.transitions:
        engine, history = RingEngine(table, intersection), []

        def play(stage, engine=engine, history=history, words=f"{a} to {b} never arrives"):
            for tenths in range(3000):
                greens = engine.greens
                engine.step(lead_to(table, greens, stage), is_free=False)
                lamps = table.show(engine.greens, engine.yellows, engine.walks, len(intersection.movements))
                history.append((len(history) / 10, lamps, False))
                assert not engine.greens - table.stages[stage] - greens
                if engine.is_steady and engine.greens == table.stages[stage]:
                    return tenths
            return pytest.fail(words)

        play(a)
        for _ in range(600):
            engine.step(Controls(omit=table.everyone, hold=table.everyone), is_free=False)
        before = table.show(engine.greens, engine.yellows, engine.walks, len(intersection.movements))
        history.append((len(history) / 10, before, True))
        tenths = play(b)
        assert tenths / 10 >= plan.transition_s(a, b) - 0.05
        assert list_wrongs(intersection, plan, history) == []


def test_what_has_no_phases_says_so():
    """A stage that is green for nobody, more phases than there are, two stages alike, a red beyond 25.5 s."""
    intersection, plan = load_place("demo")
    dark = replace(plan, stages=(*plan.stages[:2], Stage(2, frozenset())))
    with pytest.raises(NotExpressible, match="Stage 2 is green for nobody"):
        derive_phases(intersection, dark)
    table = derive_phases(intersection, plan)
    with pytest.raises(NotExpressible, match="the same phases"):
        PhaseTable(table.phases, (*table.stages, table.stages[0]))
    with pytest.raises(NotExpressible, match="numbered"):
        PhaseTable(tuple(replace(table.phases[0], number=k) for k in range(1, 18)), table.stages)
    with pytest.raises(NotExpressible, match="known are"):
        PhaseTable(table.phases, (frozenset({9}),))
    slow = {
        pair: tuple(replace(i, duration_s=30.0 if i.kind.value == "red clearance" else i.duration_s) for i in change)
        for pair, change in plan.transitions.items()
    }
    with pytest.raises(NotExpressible, match=r"25\.5 s"):
        derive_phases(intersection, replace(plan, transitions=slow))


def test_a_table_of_an_engineers_is_held_against_the_plan():
    """Shorter clearances, another display, phases that may not be green together: each is told."""
    intersection, plan = load_place("demo")
    table = derive_phases(intersection, plan)
    first: Phase = table.phases[0]
    for changes, words in (
        ({"yellow_ds": 20}, "of yellow"),
        ({"red_clear_ds": 5}, "of red clearance"),
        ({"lamps": {0: Lamp.PROTECTED_GREEN}}, "do not show"),
    ):
        bad = PhaseTable((replace(first, **changes), *table.phases[1:]), table.stages)
        assert any(words in text for text in list_shortcomings(bad, plan))
    assert any("stages" in text for text in list_shortcomings(PhaseTable(table.phases, table.stages[:2]), plan))


# the phases under any orders


MASKS = st.integers(0, 255)


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from(PLACES),
    st.lists(st.tuples(st.lists(MASKS, min_size=6, max_size=6), st.sampled_from([0, 1, 7, 254])), max_size=12),
    st.randoms(use_true_random=False),
)
def test_no_orders_make_lamps_unsafe(place, orders, dice):
    """Whatever anybody sets, the controller keeps minimum greens, yellows, clearances and concurrency."""
    emulator = build(place)
    history = []
    for masks, pattern in orders:
        values = zip(objects.PHASE_CONTROLS, masks, strict=True)
        assert put(emulator, *((c.at(1), m) for c, m in values), (objects.SYSTEM_PATTERN.at(), pattern)) == 0
        history += watch(emulator, dice.uniform(0.2, 12.0))
    history += watch(emulator, 30.0)
    intersection, plan = load_place(place)
    assert list_wrongs(intersection, plan, history) == []
    assert not any(emulator.masks.values())


@pytest.mark.parametrize("place", PLACES)
def test_the_local_pattern_keeps_its_cycle(place):
    """Left alone, the first stage of the sequence begins once a cycle."""
    emulator, plan = build(place), load_place(place)[1]
    first = emulator.engine.table.stages[plan.sequence[0].stage]
    starts, before = [], True
    for _ in range(round(14 * plan.cycle_s * 10)):
        emulator.tick(0.1)
        now = emulator.engine.is_steady and emulator.engine.greens == first
        if now and not before:
            starts.append(emulator.uptime_s)
        before = now
    gaps = [b - a for a, b in zip(starts[-4:], starts[-3:], strict=False)]
    assert all(abs(gap - plan.cycle_s) <= 0.15 for gap in gaps)


def start_free(emulator, **masks):
    """Free, with these masks in the first group."""
    names = ("omit", "ped_omit", "hold", "force_off", "veh_call", "ped_call")
    values = [(column.at(1), masks.get(name, 0)) for name, column in zip(names, objects.PHASE_CONTROLS, strict=True)]
    assert put(emulator, *values, (objects.SYSTEM_PATTERN.at(), objects.FREE_PATTERN)) == 0


def test_free_and_recalled_it_goes_round():
    """With minimum recall on all phases and nobody on a detector, each is on for its minimum green in turn."""
    emulator = build()
    seen = []
    for _ in range(60):
        start_free(emulator)
        emulator.tick(1.0)
        if not seen or seen[-1] != emulator.engine.greens:
            seen.append(emulator.engine.greens)
    greens = [min(found) for found in seen if found]
    assert greens[:4] == [1, 2, 3, 1]


def test_an_actuated_green_is_extended_to_its_maximum():
    """While vehicles come, the green goes on; not beyond maximum green."""
    emulator = build()
    lasted_s = 0.0
    for _ in range(100):
        start_free(emulator)
        emulator.engine.actuate(1)
        emulator.tick(1.0)
        lasted_s = max(lasted_s, emulator.uptime_s if 1 in emulator.engine.greens and lasted_s < 80 else 0.0)
        if 1 not in emulator.engine.greens:
            break
    assert 58.0 <= emulator.uptime_s <= 62.0


def test_hold_beats_maximum_and_force_off_waits_for_minimum():
    """Held beyond its maximum; forced off at once, it ends at its minimum and the bit goes by itself."""
    emulator = build()
    for _ in range(80):
        start_free(emulator, hold=1, veh_call=6)
        emulator.tick(1.0)
    assert emulator.engine.greens == {1}
    fresh = build()
    fresh.tick(0.5)
    start_free(fresh, force_off=1, veh_call=2)
    for _ in range(20):
        fresh.tick(0.5)
        start_ok = get(fresh, objects.FORCE_OFF.at(1))
        if not fresh.engine.greens:
            break
        assert start_ok == 1
        put(fresh, (objects.VEH_CALL.at(1), 2))
    assert fresh.uptime_s == pytest.approx(10.0, abs=0.6)
    assert get(fresh, objects.FORCE_OFF.at(1)) == 0
    assert get(fresh, objects.PHASE_NEXTS.at(1)) == 2


def test_omit_keeps_a_phase_away_and_nobody_called_keeps_the_green():
    """Phase 2 is skipped; with everybody omitted the green rests."""
    emulator = build()
    seen = set()
    for _ in range(40):
        start_free(emulator, omit=2)
        emulator.tick(1.0)
        seen |= emulator.engine.greens
    assert seen == {1, 3}
    for _ in range(200):
        start_free(emulator, omit=7)
        emulator.tick(1.0)
    assert len(emulator.engine.greens) == 1


def test_walkers_rest_in_walk_and_clear_before_yellow():
    """A phase with a crossing: walk while nobody wants it to end, then its whole clearance, then yellow."""
    emulator = build("pittsburgh50-pm/A3")
    emulator.tick(1.0)
    phase = emulator.engine.table.phases[0]
    assert phase.walkers
    for _ in range(30):
        start_free(emulator, hold=1)
        emulator.tick(1.0)
    assert get(emulator, objects.WALKS.at(1)) == 1
    start_free(emulator, force_off=1, omit=~2 & 0xFF, veh_call=2)
    emulator.tick(0.3)
    assert (get(emulator, objects.WALKS.at(1)), get(emulator, objects.PED_CLEARS.at(1))) == (0, 1)
    cleared_ds = 2
    while get(emulator, objects.PED_CLEARS.at(1)):
        assert get(emulator, objects.GREENS.at(1)) == 1
        put(emulator, (objects.VEH_CALL.at(1), 2))
        emulator.tick(0.1)
        cleared_ds += 1
    assert cleared_ds == 10 * phase.ped_clear_s
    assert get(emulator, objects.YELLOWS.at(1)) == 1


@pytest.mark.parametrize("backup_s", [1, 5, 10])
def test_the_dead_mans_timer(backup_s):
    """So long after the last SET of a control object: backup mode, all masks and the pattern 0."""
    emulator = build()
    emulator.backup_time_s = backup_s
    start_free(emulator, hold=1)
    emulator.tick(backup_s - 0.2)
    assert get(emulator, UNIT_STATUS) == ControlStatus.SYSTEM_CONTROL
    put(emulator, (objects.HOLD.at(1), 1))
    emulator.tick(backup_s - 0.2)
    assert get(emulator, UNIT_STATUS) == ControlStatus.SYSTEM_CONTROL
    assert put(emulator, (objects.VOLUME_PERIOD_S.at(), 1)) == 0  # no control object: winds nothing up
    emulator.tick(0.4)
    assert get(emulator, UNIT_STATUS) == ControlStatus.BACKUP
    assert all(get(emulator, column.at(1)) == 0 for column in (*objects.PHASE_CONTROLS,))
    assert get(emulator, objects.SYSTEM_PATTERN.at()) == 0
    put(emulator, (objects.HOLD.at(1), 0))
    assert get(emulator, UNIT_STATUS) == ControlStatus.TIME_BASE


def test_a_dead_mans_timer_of_0_never_ends():
    """Which is why the driver refuses it."""
    emulator = build()
    emulator.backup_time_s = 0
    start_free(emulator, hold=1)
    emulator.tick(120.0)
    assert get(emulator, objects.HOLD.at(1)) == 1


# what befalls it


@pytest.mark.parametrize(
    ("what", "flash", "control"),
    [
        (Happening.PANEL_FLASH, FlashStatus.LOCAL_MANUAL, ControlStatus.TIME_BASE),
        (Happening.CONFLICT, FlashStatus.MMU, ControlStatus.TIME_BASE),
        (Happening.POLICE, FlashStatus.NOT_FLASHING, ControlStatus.MANUAL),
        (Happening.PANEL_ALL_RED, FlashStatus.NOT_FLASHING, ControlStatus.MANUAL),
        (Happening.POWER_CYCLE, FlashStatus.START_UP, ControlStatus.TIME_BASE),
    ],
)
def test_what_befalls_it_shows_in_its_status(what, flash, control):
    """Flash and all red show red for everybody; afterwards the local pattern comes back."""
    emulator = build()
    emulator.tick(15.0)
    emulator.happen(what)
    emulator.tick(1.0)
    assert (get(emulator, objects.FLASH_STATUS.at()), get(emulator, UNIT_STATUS)) == (flash, control)
    if flash is not FlashStatus.NOT_FLASHING:
        assert set(emulator.list_lamps()) == {Lamp.RED}
    emulator.tick(30.0)
    if what is Happening.PANEL_ALL_RED:
        assert set(emulator.list_lamps()) == {Lamp.RED}
    if what is Happening.POLICE:
        assert emulator.engine.greens == {1}
    emulator.happen(Happening.CLEAR)
    seen = set()
    for _ in range(120):
        emulator.tick(1.0)
        seen |= emulator.engine.greens
    assert seen == {1, 2, 3}
    assert get(emulator, objects.FLASH_STATUS.at()) == FlashStatus.NOT_FLASHING


def test_a_power_cycle_counts_from_the_beginning():
    """The count of seconds begins anew, the clock does not, and the alarm tells."""
    emulator = build()
    emulator.tick(40.0)
    emulator.happen(Happening.POWER_CYCLE)
    emulator.tick(2.0)
    assert get(emulator, objects.SYS_UPTIME) == 200
    assert get(emulator, objects.GLOBAL_TIME_S.at()) == int(CLOCK_S) + 42
    assert get(emulator, objects.ALARM_STATUS_2.at()) & 1


@pytest.mark.parametrize(("what", "number"), [(Happening.RAIL, 1), (Happening.PREEMPT, 2)])
def test_a_preemption_takes_the_intersection_and_gives_it_back(what, number):
    """Whatever is green ends as it has to; the dwell stage stays until it is over."""
    emulator = build()
    history = watch(emulator, 40.0)
    emulator.happen(what)
    assert get(emulator, objects.PREEMPT_STATE.at(number)) == PreemptState.ENTRY_STARTED
    history += watch(emulator, 60.0)
    assert get(emulator, objects.PREEMPT_STATE.at(number)) == PreemptState.DWELL
    assert emulator.engine.greens == {1}
    emulator.happen(Happening.CLEAR)
    assert get(emulator, objects.PREEMPT_STATE.at(number)) == PreemptState.NOT_ACTIVE
    history += watch(emulator, 60.0)
    assert list_wrongs(*load_place("demo"), history) == []


# its SNMP side


def test_each_object_is_found_by_walking():
    """GETNEXT from the beginning meets every object once, in order, and ends as each version has it."""
    emulator = build(detectors=3)
    oids, at = [], (1, 3)
    while True:
        answer = ask(emulator, Kind.GET_NEXT, bind(at))
        if answer.bindings[0].tag == ber.END_OF_VIEW:
            break
        at = answer.bindings[0].oid
        oids.append(at)
    assert oids == sorted(set(oids))
    assert len(oids) > 80
    assert ask(emulator, Kind.GET_NEXT, bind(at), version=Version.V1).error == ErrorStatus.NO_SUCH_NAME
    for oid in oids:
        assert ask(emulator, Kind.GET, bind(oid), version=Version.V1).error == 0


@pytest.mark.parametrize(
    ("version", "bindings", "error", "index"),
    [
        (Version.V1, [((1, 3, 9), 1)], ErrorStatus.NO_SUCH_NAME, 1),
        (Version.V1, [(objects.HOLD.at(1), 1), (objects.GREENS.at(1), 1)], ErrorStatus.NO_SUCH_NAME, 2),
        (Version.V1, [(objects.HOLD.at(1), 256)], ErrorStatus.BAD_VALUE, 1),
        (Version.V1, [(objects.HOLD.at(1), b"x")], ErrorStatus.BAD_VALUE, 1),
        (Version.V2C, [(objects.GREENS.at(1), 1)], ErrorStatus.NOT_WRITABLE, 1),
        (Version.V2C, [(objects.HOLD.at(7), 1)], ErrorStatus.NO_CREATION, 1),
        (Version.V2C, [(objects.FORCE_OFF.at(1), 1), (objects.HOLD.at(1), -1)], ErrorStatus.WRONG_VALUE, 2),
        (Version.V2C, [(objects.HOLD.at(1), b"x")], ErrorStatus.WRONG_TYPE, 1),
        (Version.V2C, [(objects.PHASE_YELLOW_DS.at(1), 40)], ErrorStatus.NOT_WRITABLE, 1),
    ],
)
def test_a_set_is_obeyed_whole_or_not_at_all(version, bindings, error, index):
    """The right error of the right version at the right binding, and nothing is changed."""
    emulator = build()
    answer = ask(emulator, Kind.SET, *(bind(oid, value) for oid, value in bindings), version=version)
    assert (answer.error, answer.index) == (error, index)
    assert not any(emulator.masks.values())
    assert not emulator.obeyed


def test_what_is_missing_is_told_as_the_version_has_it():
    """v1 fails the whole GET with the index; v2c says which name has nothing."""
    emulator = build()
    names = bind(objects.GREENS.at(1)), bind((1, 3, 9, 9))
    answer = ask(emulator, Kind.GET, *names, version=Version.V1)
    assert (answer.error, answer.index) == (ErrorStatus.NO_SUCH_NAME, 2)
    answer = ask(emulator, Kind.GET, *names)
    assert [one.tag for one in answer.bindings] == [ber.INTEGER, ber.NO_SUCH_OBJECT]


def test_communities_are_told_apart():
    """The read community reads; the write community reads and writes; any other gets silence."""
    emulator = build(profile=NtcipProfile(read_community=b"r", write_community=b"w"))
    name = objects.HOLD.at(1)
    assert ask(emulator, Kind.GET, bind(name), community=b"r")
    assert ask(emulator, Kind.GET, bind(name), community=b"w")
    assert ask(emulator, Kind.SET, bind(name, 1), community=b"w").error == 0
    assert ask(emulator, Kind.SET, bind(name, 0), community=b"r") is None
    assert ask(emulator, Kind.GET, bind(name), community=b"public") is None
    assert get_mask(emulator) == 1


def get_mask(emulator):
    """The hold mask inside."""
    return emulator.masks["hold"]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.binary(max_size=100), max_size=10), st.randoms(use_true_random=False))
def test_no_bytes_do_harm(packets, dice):
    """Nothing raises, nothing is set; a changed byte of a SET sets what was meant, something allowed, or nothing."""
    emulator = build()
    for data in packets:
        emulator.receive(data, "x")
    whole = encode_packet(Packet(0, b"private", Kind.SET, 1, (bind(objects.HOLD.at(1), 1),)))
    mangled = bytearray(whole)
    mangled[dice.randrange(len(whole))] = dice.randrange(256)
    emulator.receive(bytes(mangled), "x")
    emulator.tick(1.0)
    assert len(emulator.due()) <= len(packets) + 1
    assert len(emulator.obeyed) <= 1


def test_negative_request_numbers_are_answered():
    """Some managers count below zero; the answer echoes it."""
    emulator = build()
    data = encode_packet(Packet(1, b"public", Kind.GET, 1, (bind(objects.GREENS.at(1)),)))
    at = data.index(b"\x02\x01\x01\x02\x01\x00\x02\x01\x00")
    emulator.receive(data[: at + 2] + b"\xff" + data[at + 3 :], "x")
    ((_, answer),) = emulator.due()
    assert decode_packet(answer).request == -1


def test_what_was_obeyed_is_remembered_and_no_more_than_that():
    """When, by whom, and what; a bounded number of them."""
    emulator = build()
    emulator.tick(3.0)
    put(emulator, (objects.HOLD.at(1), 1))
    (first,) = emulator.obeyed
    assert (first.uptime_s, first.peer, first.values) == (3.0, "test", ((objects.HOLD.at(1), 1),))
    for _ in range(MOST_OBEYED + 50):
        put(emulator, (objects.HOLD.at(1), 1))
    assert len(emulator.obeyed) == MOST_OBEYED


def test_misbehaviour_is_as_told():
    """Lost answers by a seeded share; effects that come late; holds and force-offs that do nothing."""
    lossy = build(misbehaviour=Misbehaviour(lost_share=0.5, seed=3))
    answered = sum(ask(lossy, Kind.GET, bind(objects.GREENS.at(1))) is not None for _ in range(400))
    assert 140 <= answered <= 260
    slow = build(misbehaviour=Misbehaviour(slow_s=3.0))
    slow.tick(12.0)
    start_free(slow, force_off=1, veh_call=2)
    slow.tick(2.5)
    assert slow.engine.greens == {1}
    slow.tick(1.0)
    assert slow.engine.yellows == {1}
    stubborn = build(misbehaviour=Misbehaviour(ignores_hold=True))
    for _ in range(15):
        start_free(stubborn, hold=1)
        stubborn.tick(1.0)
    assert 1 not in stubborn.engine.greens


def test_detectors_report_by_period():
    """A report a period with a number of its own; half per cents; broken ones have the standard's code."""
    emulator = build(detectors=2)
    emulator.detectors.feed(1, 3, 0.5)
    emulator.tick(1.0)
    assert get(emulator, objects.VOLUME_SEQUENCE.at()) == 1
    assert (get(emulator, objects.DETECTOR_VOLUME.at(1)), get(emulator, objects.DETECTOR_OCCUPANCY.at(1))) == (3, 100)
    assert get(emulator, objects.DETECTORS_ACTIVE.at(1)) == 1
    emulator.tick(255.0)
    assert get(emulator, objects.VOLUME_SEQUENCE.at()) == 0
    with pytest.raises(ValueError, match="detector 3"):
        emulator.detectors.feed(3, 1, 0.0)


def test_ticks_add_up_whatever_their_length():
    """Thirds of a tenth and whole seconds come to the same."""
    fine, coarse = build(), build()
    for _ in range(3000):
        fine.tick(1.0 / 30.0)
    coarse.tick(100.0)
    assert fine.uptime_s == pytest.approx(coarse.uptime_s, abs=0.11)
    assert find(ask(coarse, Kind.GET, bind(objects.GREENS.at(1))).bindings, ber.write_oid(objects.GREENS.at(1))) in (
        0,
        1,
        2,
        4,
    )
