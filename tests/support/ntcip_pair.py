"""A driver and an emulated controller of NTCIP 1202 with a bad line between them, in virtual time; and what lamps owe."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path

from signals.hardware.field_driver import NotConnected, NotEngaged
from signals.hardware.field_emulator import Happening
from signals.hardware.ntcip1202.driver import NtcipDriver
from signals.hardware.ntcip1202.emulator import NtcipEmulator
from signals.model import Lamp, RoadUser
from signals.ports import Release
from signals.runtime.intersection_file import load_intersection
from signals.safety.command import SafeCommand
from signals.safety.conflicts import find_conflict
from signals.safety.guard import Guard
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import build_plan
from sumo_scenarios.catalog import find_scenario

TICK_S = 0.1
CLOCK_S = 1_800_000_000.0
ABRUPT = frozenset({Happening.PANEL_FLASH, Happening.CONFLICT, Happening.POWER_CYCLE})
FILE = Path(__file__).resolve().parents[2] / "config" / "intersection.toml"


@cache
def load_place(name):
    """Intersection and plan: the demonstration file, or a signal of a scenario as `scenario/signal`."""
    if name == "demo":
        found = load_intersection(FILE)
        return found.intersection, found.plan
    scenario_name, signal = name.split("/")
    scenario = find_scenario(scenario_name)
    site = read_sites(scenario.net)[signal]
    return site.intersection, build_plan(site, read_programs(scenario)[signal], scenario)


@dataclass
class Line:
    """What may happen to a datagram on its way."""

    lost: float = 0.0
    doubled: float = 0.0
    delayed: float = 0.0
    most_delay_s: float = 3.0
    seed: int = 1
    dead: bool = False
    _queue: list = field(default_factory=list)
    _count: int = 0

    def __post_init__(self):
        self._random = random.Random(self.seed)

    def send(self, to, data, now_s):
        """Put a datagram on the line, or not, or twice."""
        if self.dead or self._random.random() < self.lost:
            return
        for _ in range(2 if self._random.random() < self.doubled else 1):
            late_s = self._random.uniform(0.0, self.most_delay_s) if self._random.random() < self.delayed else 0.01
            self._count += 1
            heapq.heappush(self._queue, (now_s + late_s, self._count, to, data))

    def deliver(self, now_s):
        """What arrives until now."""
        while self._queue and self._queue[0][0] <= now_s:
            _, _, to, data = heapq.heappop(self._queue)
            yield to, data


class Pair:
    """One controller, one driver, one guard. ``wish`` is what is asked of the guard each second."""

    def __init__(self, place="demo", profile=None, misbehaviour=None, line=None, *, detectors=(), numbers=()):
        self.intersection, self.plan = load_place(place)
        self.now_s = 0.0
        self.emulator = NtcipEmulator(
            self.intersection, self.plan, profile, misbehaviour, detectors=max(numbers, default=0), clock_s=CLOCK_S
        )
        self.driver = NtcipDriver(
            self.intersection, self.plan, profile, detectors, numbers, utc_s=lambda: CLOCK_S + self.now_s
        )
        self.guard = Guard(self.intersection, self.plan, self.driver.capabilities)
        self.line = line or Line()
        self.history = []
        self.notes = []
        self.verdicts = []
        self.sent = []
        self.is_abrupt = False
        self._ticks = 0

    def tick(self):
        """A tenth of a second at both ends and on the line."""
        self._ticks += 1
        self.now_s = self._ticks * TICK_S
        self.emulator.tick(TICK_S)
        self.history.append((self.now_s, self.emulator.list_lamps(), self.is_abrupt))
        self.is_abrupt = False
        for _ in range(3):
            for data in self.driver.due(self.now_s):
                self.sent.append((self.now_s, data))
                self.line.send("controller", data, self.now_s)
            for to, data in self.line.deliver(self.now_s + 0.05):
                if to == "controller":
                    self.emulator.receive(data, "driver")
                else:
                    self.driver.receive(data, self.now_s)
            for _, data in self.emulator.due():
                self.line.send("driver", data, self.now_s)
        self.notes += self.driver.take_notes()

    def run(self, seconds, wish=None, *, rearm=False):
        """Seconds of control; ``wish(state)`` is asked of the guard once a second, nobody commands where it is None."""
        for _ in range(round(seconds / TICK_S)):
            self.tick()
            if self._ticks % 10 == 5 and wish is not None:
                self.command(wish, rearm=rearm)

    def command(self, wish, *, rearm=False):
        """One decision, as the supervisor takes it."""
        if rearm and not self.driver.is_engaged and not self.driver.list_obstacles():
            self.driver.engage()
        try:
            state = self.driver.read_state()
            verdict = self.guard.admit(wish(state), state, self.now_s)
            self.verdicts.append(verdict)
            safe = verdict if isinstance(verdict, SafeCommand) else verdict.instead
            if safe is not None:
                self.driver.apply(safe)
        except (NotConnected, NotEngaged):
            return

    def happen(self, what):
        """Let something befall the controller."""
        was_dark = not any(lamp.is_green for lamp in self.emulator.list_lamps())
        self.emulator.happen(what)
        self.is_abrupt |= what in ABRUPT or (what is Happening.CLEAR and was_dark)

    def engage(self, seconds=5.0):
        """Watch until there is nothing against it, then take over."""
        self.run(seconds)
        self.driver.engage()

    @property
    def stage(self):
        """The stage that the emulator's phases show."""
        return self.emulator.engine.table.stage_of(self.emulator.engine.greens)

    def is_released(self):
        """Whether no control object is set."""
        return not any(self.emulator.masks.values()) and self.emulator.system_pattern == 0


def release(_state):
    """A wish for the local plan."""
    return Release("test")


def list_wrongs(intersection, plan, history):
    """Everything that lamps owe to people, and did not give; empty where they gave it."""
    wrongs = []
    for at_s, lamps, _ in history:
        if (pair := find_conflict(intersection, lamps)) is not None:
            wrongs.append(f"{at_s:.1f}: {pair} green together")
    pieces, piece = [], []
    for entry in history:
        if entry[2]:
            pieces.append(piece)
            piece = []
        piece.append(entry)
    for one in [*pieces, piece]:
        wrongs += _judge_piece(intersection, plan, one)
    return wrongs


def _judge_piece(intersection, plan, piece):
    wrongs, ends_s, starts_s = [], {}, {}
    for (_, before, _), (at_s, now, _) in pairwise(piece):
        for m, (was, lamp) in enumerate(zip(before, now, strict=True)):
            is_vehicle = intersection.movements[m].user is RoadUser.VEHICLE
            if was.is_green and not lamp.is_green:
                ends_s[m] = at_s
                if m in starts_s and at_s - starts_s[m] < plan.limits.min_green_s - 0.05 and is_vehicle:
                    wrongs.append(f"{at_s:.1f}: movement {m} green for {at_s - starts_s[m]:.1f} s")
                if is_vehicle and lamp is not Lamp.YELLOW:
                    wrongs.append(f"{at_s:.1f}: movement {m} without yellow")
            if was is Lamp.YELLOW and lamp is not Lamp.YELLOW:
                if at_s - ends_s.get(m, 0.0) < plan.limits.yellow_s - 0.05 and m in ends_s:
                    wrongs.append(f"{at_s:.1f}: movement {m} yellow for {at_s - ends_s[m]:.1f} s")
                if lamp is not Lamp.RED:
                    wrongs.append(f"{at_s:.1f}: movement {m} {lamp.name} after yellow")
        for m, (was, lamp) in enumerate(zip(before, now, strict=True)):
            if lamp.is_green and not was.is_green:
                starts_s[m] = at_s
                for other, end_s in ends_s.items():
                    if other != m and not intersection.conflicts[m, other]:
                        continue
                    if at_s - end_s < needed_s(intersection, plan, other, m) - 0.05:
                        wrongs.append(f"{at_s:.1f}: {m} starts {at_s - end_s:.1f} s after {other}")
    return wrongs


def needed_s(intersection, plan, i, j):
    """The least that any change of the plan leaves between the end of i's green and the start of j's."""
    return _gaps(id(plan), plan, intersection).get((i, j), 0.0)


_KNOWN = {}


def _gaps(key, plan, intersection):
    if key not in _KNOWN:
        found = {}
        for (a, b), change in plan.transitions.items():
            shown = [(tuple(plan.stages[a].lamp(m.index) for m in intersection.movements), 0.0)]
            shown += [(interval.lamps, interval.duration_s) for interval in change]
            shown.append((tuple(plan.stages[b].lamp(m.index) for m in intersection.movements), 0.0))
            at_s, ends = 0.0, {}
            for (before, before_s), (now, _) in pairwise(shown):
                at_s += before_s
                for m, (was, lamp) in enumerate(zip(before, now, strict=True)):
                    if was.is_green and not lamp.is_green:
                        ends[m] = at_s
                for m, (was, lamp) in enumerate(zip(before, now, strict=True)):
                    if lamp.is_green and not was.is_green:
                        for i, end_s in ends.items():
                            gap_s = at_s - end_s
                            found[i, m] = min(gap_s, found.get((i, m), gap_s))
        _KNOWN[key] = found
    return _KNOWN[key]
