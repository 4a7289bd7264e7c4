"""A crossing that every protocol can express, and emulated controllers and drivers of each for it, in virtual time."""

from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType

import numpy as np

from signals.cabinet import Cabinet
from signals.hardware.emulator import CabinetEmulator
from signals.hardware.field_emulator import Happening
from signals.hardware.loopback import LoopbackDriver
from signals.hardware.loopback_wire import MAX_LINE_BYTES, encode_line
from signals.hardware.ntcip1202 import emulator as ntcip_emulator
from signals.hardware.ntcip1202.agent import Agent
from signals.hardware.ntcip1202.driver import NtcipDriver
from signals.hardware.ntcip1202.phases import PhaseTable
from signals.hardware.ntcip1202.poll import Question, read_head
from signals.hardware.ntcip1202.profile import NtcipProfile
from signals.hardware.ntcip1202.snmp import Kind
from signals.hardware.street import EmulatedStreet
from signals.hardware.utc_v3.driver import UtcV3Driver
from signals.hardware.utc_v3.emulator import UtcV3Emulator
from signals.hardware.utc_v3.every_device import SetClock, SetCommandSet
from signals.hardware.utc_v3.link import FrameReader, Message
from signals.hardware.utc_v3.misbehaviour import Misbehaviour as UtcV3Misbehaviour
from signals.hardware.utc_v3.profile import BUS_PRIORITY_UNIT, PUBLISHED_FIRMWARE, STANDARD, VendorProfile
from signals.hardware.utc_v3.roc_clock import TAIPEI
from signals.hardware.utc_v3.signal_controller import GoTo, SetStrategy, Strategy
from signals.hardware.utc_v3.sub_phases import SubPhases
from signals.model import Approach, Intersection, Lamp, Lane, Movement, RoadUser, Stage, Turn
from signals.ports import Mode
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

CONSTANT = (
    Intersection, TimingPlan, VendorProfile, SubPhases, NtcipProfile, PhaseTable, Agent, Question, MappingProxyType,
)  # fmt: skip
NORTH, SOUTH, NORTH_LEFT, EAST, WALK_EAST, WALK_NORTH = range(6)
_CONFLICTS = (
    (NORTH, EAST), (SOUTH, EAST), (NORTH_LEFT, EAST), (NORTH_LEFT, SOUTH), (WALK_EAST, EAST), (WALK_EAST, NORTH_LEFT),
    (WALK_NORTH, NORTH), (WALK_NORTH, SOUTH), (WALK_NORTH, NORTH_LEFT),
)  # fmt: skip
STARTS_AT = datetime(2026, 3, 2, 9, 0, 0, tzinfo=TAIPEI)  # of the virtual time; a Monday morning
_DARK_S, _ALL_RED_S = 1.0, 3.0  # of the loopback cabinet behind the adapter, as protocol 3.0's restart


@cache
def build_street():
    """The intersection and its plan: three stages, a movement green in two of them, a left turn that is permitted and
    then protected, two crossings.
    """
    lanes = tuple(Lane(name, 200.0, 13.9) for name in ("n", "s", "n-left", "e", "kerb-e", "kerb-n"))
    movements = (
        Movement(NORTH, 0, 0, Turn.THROUGH),
        Movement(SOUTH, 1, 1, Turn.THROUGH),
        Movement(NORTH_LEFT, 2, 2, Turn.LEFT),
        Movement(EAST, 3, 3, Turn.THROUGH),
        Movement(WALK_EAST, 4, 4, Turn.CROSSING, RoadUser.PEDESTRIAN, 7.0),
        Movement(WALK_NORTH, 5, 4, Turn.CROSSING, RoadUser.PEDESTRIAN, 9.0),
    )
    size = len(movements)
    conflicts, yields = np.zeros((size, size), np.bool_), np.zeros((size, size), np.bool_)
    for i, j in _CONFLICTS:
        conflicts[i, j] = conflicts[j, i] = True
    yields[NORTH_LEFT, SOUTH] = yields[NORTH_LEFT, WALK_EAST] = True
    exits = tuple(Lane(name, 200.0, 13.9) for name in ("to-s", "to-n", "to-e", "to-w", "far-kerb"))
    approaches = (Approach("n", (0, 2, 5)), Approach("s", (1,)), Approach("e", (3, 4)))
    crossing = Intersection("walked", lanes, exits, approaches, movements, conflicts, yields)
    stages = (
        Stage(0, frozenset({NORTH, SOUTH, WALK_EAST}), frozenset({NORTH_LEFT})),
        Stage(1, frozenset({NORTH, NORTH_LEFT})),
        Stage(2, frozenset({EAST, WALK_NORTH})),
    )
    limits = SafetyLimits(min_green_s=5.0, yellow_s=3.0, red_clearance_s=2.0, max_red_s=150.0)
    walks_s = tuple(m.crossing_m for m in movements)
    clearances = Clearances((3.0,) * size, walks_s, np.full((size, size), 2.0), 2.0)
    transitions = build_transitions(crossing, stages, clearances)
    sequence = (LocalStep(0, 16.0), LocalStep(1, 8.0), LocalStep(2, 14.0))
    timings = (StageTiming(8.0, 30.0), StageTiming(5.0, 20.0), StageTiming(8.0, 30.0))
    plan = TimingPlan(stages, timings, sequence, transitions, limits, sum_cycle_s(sequence, transitions))
    assert validate(plan, crossing) == ()
    return crossing, plan


TEMPERS = {
    "loopback": ("obedient", "hasty"),
    "utc-v3": (
        "obedient", "hasty", "loses acknowledgements", "late steps", "hasty, late, deaf", "published firmware",
        "bus priority unit",
    ),
    "ntcip1202": ("obedient", "slow", "loses answers", "slow and loses answers", "ignores force-off", "ignores hold"),
}  # fmt: skip


class EmulatedCabinet:
    """The loopback cabinet as an ``EmulatedController``: a peer's lines are answered at once.

    It knows power cuts alone: dark, then all red, then its local plan from the first stage.
    """

    def __init__(self, *, is_hasty=False):
        self._is_hasty = is_hasty
        self._outbox, self._rests = [], {}
        self._off_s = 0.0
        self.obeyed = []
        self._start()

    def receive(self, data, peer):
        """A piece of a stream."""
        if self._off_s > 0.0:
            return
        rest = self._rests.get(peer, b"") + data
        while b"\n" in rest:
            line, _, rest = rest.partition(b"\n")
            answer = self.emulator._answer(line + b"\n", peer)
            self._outbox.append((peer, encode_line(answer)))
            if answer == {"ok": True}:
                self.obeyed.append((peer, line))
        self._rests[peer] = rest[-MAX_LINE_BYTES:]

    def tick(self, seconds):
        """Let its time pass."""
        if self._off_s > 0.0:
            self._off_s -= seconds
            if self._off_s <= 1e-6:
                self._off_s = 0.0
                self._start()
            return
        self.emulator.cabinet.tick(seconds)

    def due(self):
        """Answers."""
        answers, self._outbox = self._outbox, []
        return answers

    def happen(self, what):
        """Power cuts are what can befall it."""
        if what is Happening.POWER_CYCLE:
            self._off_s = _DARK_S + _ALL_RED_S

    def hang_up(self, peer):
        """A peer's connection is gone."""
        if self.emulator._commander == peer:
            self.emulator._commander = None
        self._rests.pop(peer, None)

    def list_lamps(self):
        """What each movement is shown; red while it is off."""
        if self._off_s > 0.0:
            return (Lamp.RED,) * len(build_street()[0].movements)
        return self.emulator.cabinet.list_lamps()

    @property
    def is_working(self):
        """Whether its lamps mean anything."""
        return self._off_s <= 0.0

    def _start(self):
        crossing, plan = build_street()
        demand_per_h = (0.0,) * len(crossing.movements)
        self._rests.clear()
        cabinet = _HastyCabinet(plan) if self._is_hasty else Cabinet(plan)
        self.emulator = CabinetEmulator(cabinet, EmulatedStreet(crossing, demand_per_h))


class _HastyCabinet(Cabinet):
    """Ends a green of any age when told to, as a firmware of protocol 3.0 does on 5F1C."""

    def obey(self, wanted):
        """As told, whatever the green's age."""
        elapsed_s, before = self._elapsed_s, self._interval
        if self._interval < 0:
            self._elapsed_s = max(elapsed_s, self._plan.timings[self._stage].min_green_s)
        super().obey(wanted)
        if self._interval == before:
            self._elapsed_s = elapsed_s


class Field:
    """One kind of controller with one temper: how to make it and its driver, and what can be seen of it from outside.

    ``TEMPERS`` are by kind the ways in which it can behave badly; the first is obedience.
    """

    def __init__(self, kind, temper="obedient"):
        assert temper in TEMPERS[kind]
        self.kind, self.temper = kind, temper

    def make_emulator(self):
        """The controller, at the beginning of the virtual time."""
        crossing, plan = build_street()
        match self.kind:
            case "loopback":
                return EmulatedCabinet(is_hasty=self.temper == "hasty")
            case "utc-v3":
                return UtcV3Emulator(
                    crossing, plan, profile=self.profile, misbehaviour=_UTC_V3.get(self.temper, UtcV3Misbehaviour()),
                    clock=STARTS_AT,
                )  # fmt: skip
        misbehaviour = _NTCIP.get(self.temper, ntcip_emulator.Misbehaviour())
        return ntcip_emulator.NtcipEmulator(crossing, plan, misbehaviour=misbehaviour, clock_s=STARTS_AT.timestamp())

    def make_driver(self, timepiece):
        """A driver; ``timepiece.read_wall_clock()`` are seconds since ``STARTS_AT``."""
        crossing, plan = build_street()
        if self.kind == "loopback":
            return LoopbackDriver()
        if self.kind == "utc-v3":
            return UtcV3Driver(crossing, plan, 1, self.profile, wall_clock=_TaipeiClock(timepiece).read)
        return NtcipDriver(crossing, plan, utc_s=_TaipeiClock(timepiece).read_utc_s)

    @property
    def profile(self):
        """Of protocol 3.0."""
        return {"published firmware": PUBLISHED_FIRMWARE, "bus priority unit": BUS_PRIORITY_UNIT}.get(
            self.temper, STANDARD
        )

    @property
    def is_stream(self):
        """Whether its protocol has a connection."""
        return self.kind == "loopback"

    def is_working(self, emulator):
        """Whether the controller's lamps mean anything: neither dark nor flashing nor starting."""
        match self.kind:
            case "loopback":
                return emulator.is_working
            case "utc-v3":
                return emulator.engine.special is None and not emulator.engine.is_dark
        return emulator._flash is None and not emulator._starts_in_ds

    def is_local(self, emulator):
        """Whether nobody's command has any say in the lamps now."""
        match self.kind:
            case "loopback":
                return not emulator.is_working or emulator.emulator.cabinet.read_state().mode is Mode.LOCAL
            case "utc-v3":
                return emulator.engine.order is None and not emulator._answers.strategy & Strategy.PHASE_CONTROL
        is_told = any(emulator.masks.values()) or emulator.system_pattern or emulator._effects  # takes a tick to obey
        return not (is_told or emulator._is_free or any(emulator._obeys.values()))

    def is_led(self, emulator):
        """Whether an order about greens is in force."""
        if self.kind == "utc-v3":
            return emulator.engine.order is not None
        return not self.is_local(emulator)

    def count_obeyed(self, emulator):
        """How many commands about its greens it has obeyed."""
        if self.kind == "utc-v3":
            return sum(isinstance(one.command, GoTo | SetStrategy) for one in emulator.commands)
        return len(emulator.obeyed)

    def does_command(self, data):
        """Whether a datagram asks for anything but to be told."""
        match self.kind:
            case "loopback":
                return b'"command"' in data
            case "utc-v3":
                frames = FrameReader(self.profile.link).feed(data)
                return any(isinstance(one, Message) and one.info[:2] in _ORDERS for one in frames)
        return read_head(data).kind == Kind.SET


_ORDERS = tuple(kind.CODE.to_bytes(2, "big") for kind in (SetStrategy, GoTo, SetCommandSet, SetClock))


class _TaipeiClock:
    """A wall clock of the virtual time; methods, so that a copy of a world has its own."""

    def __init__(self, timepiece):
        self._timepiece = timepiece

    def read(self):
        """In Taiwan."""
        return STARTS_AT + timedelta(seconds=self._timepiece.read_wall_clock())

    def read_utc_s(self):
        """Seconds since 1970."""
        return STARTS_AT.timestamp() + self._timepiece.read_wall_clock()


_UTC_V3 = {
    "hasty": UtcV3Misbehaviour(ignores_min_green=True),
    "loses acknowledgements": UtcV3Misbehaviour(loses_acks=0.4),
    "late steps": UtcV3Misbehaviour(late_s=1.2),
    "hasty, late, deaf": UtcV3Misbehaviour(ignores_min_green=True, late_s=0.7, loses_acks=0.3),
}
_NTCIP = {
    "slow": ntcip_emulator.Misbehaviour(slow_s=1.5),
    "loses answers": ntcip_emulator.Misbehaviour(lost_share=0.4),
    "slow and loses answers": ntcip_emulator.Misbehaviour(slow_s=0.7, lost_share=0.3),
    "ignores force-off": ntcip_emulator.Misbehaviour(ignores_force_off=True),
    "ignores hold": ntcip_emulator.Misbehaviour(ignores_hold=True),
}
