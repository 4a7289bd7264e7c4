"""Phases in rings, tenth by tenth: what a NEMA controller does with calls, holds, force-offs and omits.

A ring has one phase on at a time; phases of different rings are green together only where each is in the other's
concurrency list, so that a barrier is wherever the lists demand one. A green ends when its minimum is over, nothing
holds it, somebody whom it cannot share the street with is called, and it was forced off or, running free, has gapped
or maxed out. Its walkers clear first, then it has its whole yellow and red clearance, and none who clashes starts
before (NEMA TS 2, section 3.5; NTCIP 1202 sections 2.2.3 and 2.2.4). It knows nothing of SNMP.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from signals.hardware.ntcip1202.phases import Phase, PhaseTable
from signals.model import Intersection

NOBODY: frozenset[int] = frozenset()


class Aspect(Enum):
    """What a phase that is on shows to those who drive."""

    GREEN = "green"
    YELLOW = "yellow"
    RED_CLEARANCE = "red clearance"


class Walk(Enum):
    """What a green phase shows to those who walk."""

    DONT = "do not walk"
    WALK = "walk"
    CLEARING = "clearing"


@dataclass(frozen=True, slots=True)
class Controls:
    """What the phases are told, by number: the six objects of phaseControlGroup. ``vacate``: end although nobody waits,
    as for a train or for all red; it comes from inside.
    """

    omit: frozenset[int] = NOBODY
    ped_omit: frozenset[int] = NOBODY
    hold: frozenset[int] = NOBODY
    force_off: frozenset[int] = NOBODY
    veh_call: frozenset[int] = NOBODY
    ped_call: frozenset[int] = NOBODY
    vacate: frozenset[int] = NOBODY

    def with_others(self, other: Controls) -> Controls:
        """Both at once."""
        return Controls(
            self.omit | other.omit,
            self.ped_omit | other.ped_omit,
            self.hold | other.hold,
            self.force_off | other.force_off,
            self.veh_call | other.veh_call,
            self.ped_call | other.ped_call,
            self.vacate | other.vacate,
        )


@dataclass(slots=True)
class Running:
    """A phase that is on. ``passage_ds``: since it was last actuated."""

    aspect: Aspect = Aspect.GREEN
    elapsed_ds: int = 0
    walk: Walk = Walk.DONT
    walk_ds: int = 0
    passage_ds: int = 0


@dataclass(slots=True)
class RingEngine:
    """The phases of one controller. ``on``: those that are on; ``nexts``: the committed next of each ring."""

    table: PhaseTable
    intersection: Intersection
    passage_ds: int = 30
    on: dict[int, Running] = field(default_factory=dict)
    nexts: dict[int, int] = field(default_factory=dict)
    calls: set[int] = field(default_factory=set)
    steady_ds: int = 0
    _last: int = 0
    _phases: dict[int, Phase] = field(init=False)
    _foes: dict[int, frozenset[int]] = field(init=False)
    _clashes: dict[int, frozenset[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.load(self.table)

    def load(self, table: PhaseTable) -> None:
        """Take new data; what is on times on by them."""
        self.table = table
        self._phases = {phase.number: phase for phase in table.phases}
        everyone = table.everyone
        self._foes = {p.number: everyone - p.concurrent - {p.number} for p in table.phases}
        self._clashes = {
            p.number: self._foes[p.number] | {q.number for q in table.phases if self._do_clash(p, q)}
            for p in table.phases
        }

    def _do_clash(self, p: Phase, q: Phase) -> bool:
        """Whether q must wait for the red clearance of p, be they green together at other times or not."""
        conflicts = self.intersection.conflicts
        return p is not q and any(i == j or conflicts[i, j] for i in p.lamps for j in q.lamps)

    def clear(self) -> None:
        """Everything off, as after a power failure or in flash."""
        self.on.clear()
        self.nexts.clear()
        self.calls.clear()
        self.steady_ds = 0

    @property
    def greens(self) -> frozenset[int]:
        """The phases that are green."""
        return frozenset(n for n, running in self.on.items() if running.aspect is Aspect.GREEN)

    @property
    def yellows(self) -> frozenset[int]:
        """The phases that are yellow."""
        return frozenset(n for n, running in self.on.items() if running.aspect is Aspect.YELLOW)

    @property
    def walks(self) -> frozenset[int]:
        """The phases that show walk."""
        return frozenset(n for n, running in self.on.items() if running.walk is Walk.WALK)

    @property
    def clearing(self) -> frozenset[int]:
        """The phases whose walkers clear."""
        return frozenset(n for n, running in self.on.items() if running.walk is Walk.CLEARING)

    @property
    def is_steady(self) -> bool:
        """Whether nothing changes: only greens are on, nobody is about to follow or clears."""
        return not self.nexts and not self.clearing and all(r.aspect is Aspect.GREEN for r in self.on.values())

    def actuate(self, number: int) -> None:
        """A vehicle on a detector of this phase: it extends a green and calls anybody else."""
        if (running := self.on.get(number)) is not None and running.aspect is Aspect.GREEN:
            running.passage_ds = 0
        else:
            self.calls.add(number)

    def step(self, told: Controls, *, is_free: bool) -> frozenset[int]:
        """A tenth of a second passes; which greens have ended with it. ``is_free``: greens gap and max out."""
        self._age()
        ended = self._end_greens(told, is_free=is_free)
        self._begin(told)
        self.steady_ds = self.steady_ds + 1 if self.is_steady else 0
        return ended

    def _age(self) -> None:
        for number, running in tuple(self.on.items()):
            phase = self._phases[number]
            running.elapsed_ds += 1
            running.passage_ds += 1
            running.walk_ds += 1
            if running.aspect is Aspect.YELLOW and running.elapsed_ds >= phase.yellow_ds:
                running.aspect, running.elapsed_ds = Aspect.RED_CLEARANCE, 0
            if running.aspect is Aspect.RED_CLEARANCE and running.elapsed_ds >= phase.red_clear_ds:
                del self.on[number]
            if running.walk is Walk.CLEARING and running.walk_ds >= 10 * phase.ped_clear_s:
                running.walk, running.walk_ds = Walk.DONT, 0

    def _end_greens(self, told: Controls, *, is_free: bool) -> frozenset[int]:
        waiting = self._list_waiting(told)
        ready, staying = set(), set(self.nexts.values())
        for number, running in self.on.items():
            if running.aspect is not Aspect.GREEN:
                continue
            if self._wants_to_end(number, running, told, waiting, is_free=is_free):
                if running.walk is Walk.WALK and running.walk_ds >= 10 * self._phases[number].walk_s:
                    running.walk, running.walk_ds = Walk.CLEARING, 0
                if running.walk is Walk.DONT:
                    ready.add(number)
                    continue
            elif running.walk is Walk.DONT and self._is_walked(number, told):
                running.walk, running.walk_ds = Walk.WALK, 0
            staying.add(number)
        for number in waiting:
            ring = self._phases[number].ring
            if ring not in self.nexts and not staying & self._foes[number]:
                self.nexts[ring] = number
                staying.add(number)
        following = set(self.nexts.values())
        ended = frozenset(n for n in ready if n in told.vacate or self._foes[n] & following)
        for number in ended:
            running = self.on[number]
            running.aspect, running.elapsed_ds, running.walk = Aspect.YELLOW, 0, Walk.DONT
        return ended

    def _list_waiting(self, told: Controls) -> list[int]:
        """Who is called and not on, in the order of the rings' sequence after the one that began last."""
        called = (told.veh_call | told.ped_call | self.calls) - told.omit
        idle = [n for n in called if n in self._phases and n not in self.on and n not in self.nexts.values()]
        return sorted(idle, key=lambda n: (n - self._last - 1) % len(self._phases))

    def _wants_to_end(
        self, number: int, running: Running, told: Controls, waiting: Iterable[int], *, is_free: bool
    ) -> bool:
        phase = self._phases[number]
        if number in told.hold or running.elapsed_ds < 10 * phase.min_green_s:
            return False
        if number in told.vacate:
            return True
        foes = self._foes[number]
        if not any(n in foes for n in waiting) and not any(n in foes for n in self.nexts.values()):
            return False
        has_gapped = running.passage_ds >= self.passage_ds or running.elapsed_ds >= 10 * phase.max_green_s
        return number in told.force_off or (is_free and has_gapped)

    def _is_walked(self, number: int, told: Controls) -> bool:
        is_called = bool(self._phases[number].walkers) and number not in told.ped_omit
        return is_called and number not in told.force_off and number not in told.vacate

    def _begin(self, told: Controls) -> None:
        for ring, number in tuple(self.nexts.items()):
            foes, clashes = self._foes[number], self._clashes[number]
            if any(n in (foes if r.aspect is Aspect.GREEN else clashes) for n, r in self.on.items()):
                continue
            walk = Walk.WALK if self._is_walked(number, told) else Walk.DONT
            self.on[number] = Running(walk=walk)
            self._last = number
            self.calls.discard(number)
            del self.nexts[ring]
