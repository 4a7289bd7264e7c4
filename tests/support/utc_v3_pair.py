"""Driver and emulator of protocol 3.0 over a network that loses, doubles, delays and reorders; in virtual time."""

import heapq
import random
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from signals.hardware.field_driver import NotConnected, NotEngaged
from signals.hardware.field_emulator import Happening
from signals.hardware.utc_v3.driver import UtcV3Driver
from signals.hardware.utc_v3.emulator import Misbehaviour, UtcV3Emulator
from signals.hardware.utc_v3.link import Message, decode_frame
from signals.hardware.utc_v3.messages import decode_info
from signals.hardware.utc_v3.profile import STANDARD
from signals.hardware.utc_v3.roc_clock import TAIPEI
from signals.ports import Advance, Hold, Release
from signals.runtime.intersection_file import load_intersection
from signals.safety.command import SafeCommand
from signals.safety.guard import Guard
from tests.support.lamp_history import list_faults

ADDRESS = 0x1231
TICK_S = 0.1
GO_TO = bytes.fromhex("5F 1C")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=TAIPEI)
DEMO = load_intersection(Path(__file__).parents[2] / "config" / "intersection.toml")
ABRUPT = (Happening.CONFLICT, Happening.POWER_CYCLE)


@dataclass(frozen=True, slots=True)
class Weather:
    """What a network does: shares of datagrams lost, doubled and delayed, and the longest delay."""

    loss: float = 0.0
    doubling: float = 0.0
    delay_s: float = 0.0
    late: float = 1.0
    delays_orders: bool = False  # the late ones are those that carry 5F1C


class Pair:
    """A guard, a driver and an emulator; ``run`` lets time pass and asks ``wish`` once a second."""

    def __init__(self, profile=STANDARD, misbehaviour=None, weather=None, seed=1, found=DEMO, emulated=None):
        self.intersection, self.plan = found.intersection, found.plan
        self.profile = profile
        self.driver = UtcV3Driver(
            self.intersection, self.plan, ADDRESS, profile, wall_clock=lambda: NOON + timedelta(seconds=self.now_s)
        )
        self.emulator = UtcV3Emulator(
            self.intersection, self.plan, ADDRESS, emulated or profile, misbehaviour or Misbehaviour(), clock=NOON
        )
        self.guard = Guard(self.intersection, self.plan, self.driver.capabilities)
        self.weather, self._random = weather or Weather(), random.Random(seed)
        self.now_s, self._count, self._under_way = 0.0, 0, []
        self.notes, self.states, self.histories, self.wire = [], [], [[]], []
        self.verdicts = []
        self.is_silent = False  # the driver is gone
        self.is_cut = False  # the line is
        self.drops_orders = False  # 5F1C, and nothing else, is lost

    def run(self, seconds, wish=None, *, engages=False):
        """Let time pass; ``wish`` gets a state and gives a command, or None for silence."""
        for _ in range(round(seconds / TICK_S)):
            self.step()
            if self._second() and not self.is_silent:
                self._decide(wish, engages=engages)

    def step(self):
        """A tenth of a second."""
        self.now_s = round(self.now_s + TICK_S, 6)
        self.emulator.tick(TICK_S)
        self.histories[-1].append((self.now_s, self.emulator.list_lamps()))
        for _, data in self.emulator.due():
            self._send("<", data)
        while self._under_way and self._under_way[0][0] <= self.now_s + 1e-9:
            _, _, way, data = heapq.heappop(self._under_way)
            if way == ">":
                self.emulator.receive(data, "driver")
            elif not self.is_silent:
                self.driver.receive(data, self.now_s)
        if not self.is_silent:
            for data in self.driver.due(self.now_s):
                self._send(">", data)
            self.notes += self.driver.take_notes()

    def happen(self, what):
        """Let something befall the emulator; after what cuts greens off a new history begins."""
        self.emulator.happen(what)
        if what in ABRUPT:
            self.histories.append([])

    def list_faults(self):
        """What was wrong with the lamps."""
        return [f for history in self.histories if history for f in list_faults(self.intersection, self.plan, history)]

    def list_codes(self, way=">"):
        """The codes of all messages one way, in order."""
        return [f"{decode_info(info).CODE:04X}" for at, info in self.wire if at == way]

    def apply(self, command):
        """What the guard makes of a command goes to the driver."""
        verdict = self.guard.admit(command, self.driver.read_state(), self.now_s)
        self.verdicts.append(verdict)
        safe = verdict if isinstance(verdict, SafeCommand) else verdict.instead
        if safe is not None:
            self.driver.apply(safe)
        return verdict

    def _decide(self, wish, *, engages):
        if engages and not self.driver.is_engaged:
            with suppress(NotEngaged):
                self.driver.engage()
        with suppress(NotConnected, NotEngaged):
            state = self.driver.read_state()
            self.states.append((self.now_s, state))
            command = wish(state) if wish else None
            if command is not None:
                self.apply(command)

    def _second(self):
        return round(self.now_s / TICK_S) % 10 == 0

    def _send(self, way, data):
        frame = decode_frame(data, self.emulator.link)
        is_order = False
        if isinstance(frame, Message):
            self.wire.append((way, frame.info))
            is_order = frame.info[:2] == GO_TO
        if self.is_cut or (is_order and self.drops_orders) or self._random.random() < self.weather.loss:
            return
        for _ in range(2 if self._random.random() < self.weather.doubling else 1):
            self._count += 1
            is_late = self._random.random() < self.weather.late and (is_order or not self.weather.delays_orders)
            delay_s = self._random.uniform(0.0, self.weather.delay_s) if is_late else 0.0
            heapq.heappush(self._under_way, (self.now_s + delay_s, self._count, way, data))


def hold(state):
    """Keep the green that runs."""
    return Hold()


def advance_at(age_s):
    """Go on to the next stage when a green is so old."""

    def wish(state):
        return Advance(DEMO.plan.next_local(state.stage)) if state.elapsed_s >= age_s else Hold()

    return wish


def wander(seed, silence=0.1):
    """Anything: holds, advances to any stage, releases, silence."""
    draw = random.Random(seed)

    def wish(state):
        chosen = draw.random()
        if chosen < silence:
            return None
        if chosen < silence + 0.03:
            return Release("at random")
        if chosen < 0.6:
            return Hold()
        return Advance(draw.randrange(len(DEMO.plan.stages)))

    return wish
