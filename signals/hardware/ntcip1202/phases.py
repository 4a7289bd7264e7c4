"""The phases of NTCIP 1202 that a timing plan amounts to, and the stage that a set of green phases is.

A phase is what a controller times: movements that are green in the same stages with the same right become one, and
what is so green in one stage alone is one phase with its permitted turns, as the through phase of a real cabinet has
them. A phase spans several stages only where that plays what the plan plays; where it would not, it is divided into
one phase a stage, so that everybody ends and starts anew, which is always safe. This is what cannot be expressed:

* a stage that is part of another, since a phase ends only for one that it cannot share the street with: divided;
* a lamp that goes on burning while its right changes (permitted to protected): it ends and begins again;
* early starts and late ends: phases that cannot be green together wait for each other's whole clearance;
* red-amber, and the green right-turn arrow beside a red: the arrow burns only while its stage is whole;
* clearances by pair of movements: a phase has one yellow, one red and one pedestrian clearance, the longest needed;
* more than 16 phases, red beyond 25.5 s, a stage that is green for nobody: ``NotExpressible``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from signals.model import Intersection, Lamp, RoadUser
from signals.timing_plan import MIN_WALK_S, TimingPlan
from signals.transitions import Transition

MOST_PHASES = 16
_MOST = 255  # of a second or a tenth: the objects' range
_EPSILON_S = 1e-6
Stages = frozenset[int]


class NotExpressible(Exception):  # noqa: N818  (reads as the fact it reports)
    """The plan has no phases that would play it; the message says what is in the way."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase as phaseTable (NTCIP 1202 section 2.2.2) has it; ``_ds`` are tenths of a second.

    ``lamps``: what its green shows to each of its movements. ``concurrent``: the phases that may be green beside it.
    """

    number: int
    ring: int
    lamps: Mapping[int, Lamp]
    walkers: frozenset[int]
    min_green_s: int
    max_green_s: int
    walk_s: int
    ped_clear_s: int
    yellow_ds: int
    red_clear_ds: int
    concurrent: frozenset[int]


@dataclass(frozen=True, slots=True, eq=False)
class PhaseTable:
    """All phases, numbered from 1, and which of them each stage is; built by ``derive_phases`` or by an engineer.

    Raises:
        NotExpressible: numbers that are not 1, 2, 3 ..., two stages that look alike, or a phase that none knows.
    """

    phases: tuple[Phase, ...]
    stages: tuple[frozenset[int], ...]
    _stage_of: dict[frozenset[int], int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        numbers = [phase.number for phase in self.phases]
        if numbers != list(range(1, len(numbers) + 1)) or len(numbers) > MOST_PHASES:
            raise NotExpressible(f"Phases are numbered {numbers}; 1, 2, 3 ... to at most {MOST_PHASES} are possible.")
        found: dict[frozenset[int], int] = {}
        for stage, members in enumerate(self.stages):
            if not members or not members <= set(numbers):
                raise NotExpressible(f"Stage {stage} has the phases {sorted(members)}; known are {numbers}.")
            if members in found:
                raise NotExpressible(f"Stages {found[members]} and {stage} have the same phases {sorted(members)}.")
            found[members] = stage
        object.__setattr__(self, "_stage_of", found)

    @property
    def groups(self) -> int:
        """Groups of eight that the phases fill."""
        return (len(self.phases) + 7) // 8

    @property
    def everyone(self) -> frozenset[int]:
        """The numbers of all phases."""
        return frozenset(range(1, len(self.phases) + 1))

    @property
    def walked(self) -> frozenset[int]:
        """The phases that have walkers."""
        return frozenset(phase.number for phase in self.phases if phase.walkers)

    def stage_of(self, greens: frozenset[int]) -> int | None:
        """The stage of exactly these green phases; None where no stage is that."""
        return self._stage_of.get(greens)

    def show(
        self, greens: frozenset[int], yellows: frozenset[int], walks: frozenset[int], count: int
    ) -> tuple[Lamp, ...]:
        """What each of ``count`` movements is shown, given what the phases show."""
        lamps = [Lamp.RED] * count
        for phase in self.phases:
            if phase.number not in greens and phase.number not in yellows:
                continue
            for movement, lamp in phase.lamps.items():
                if movement in phase.walkers:
                    now = lamp if phase.number in walks else Lamp.RED
                else:
                    now = lamp if phase.number in greens else Lamp.YELLOW
                lamps[movement] = max(lamps[movement], now)
        return tuple(lamps)


def derive_phases(intersection: Intersection, plan: TimingPlan) -> PhaseTable:
    """The phases of a plan that has passed ``timing_plan.validate``.

    Raises:
        NotExpressible: there are none.
    """
    for stage in plan.stages:
        if not stage.greens:
            raise NotExpressible(f"Stage {stage.index} is green for nobody; no phase can be that.")
    blocks = _settle(plan)
    if len(blocks) > MOST_PHASES:
        blocks = {frozenset({stage.index}): dict(_greens(plan, stage.index)) for stage in plan.stages}
    if len(blocks) > MOST_PHASES:
        raise NotExpressible(f"{len(blocks)} phases would be needed; a controller has {MOST_PHASES}.")
    order = sorted(blocks, key=lambda block: (min(block), -len(block), sorted(block)))
    number_of = {block: k for k, block in enumerate(order, 1)}
    rings = _assign_rings(order)
    times = _find_times(intersection, plan, blocks)
    phases = []
    for block in order:
        walkers = _walkers(intersection, blocks[block])
        yellow_ds, red_ds, ped_s = times[block]
        if red_ds > _MOST or yellow_ds > _MOST or ped_s > _MOST:
            words = f"{yellow_ds / 10:g} s of yellow, {red_ds / 10:g} s of red and {ped_s} s of pedestrian clearance"
            raise NotExpressible(f"The phase of the stages {sorted(block)} needs {words}; 25.5 s and 255 s are most.")
        phases.append(
            Phase(
                number_of[block],
                rings[block],
                blocks[block],
                walkers,
                min(_MOST, max(_ceil(plan.timings[k].min_green_s) for k in block)),
                min(_MOST, max(_ceil(plan.timings[k].max_green_s) for k in block)),
                _ceil(MIN_WALK_S) if walkers else 0,
                ped_s,
                yellow_ds,
                red_ds,
                frozenset(number_of[other] for other in order if other != block and other & block),
            )
        )
    stages = tuple(frozenset(number_of[block] for block in order if stage.index in block) for stage in plan.stages)
    return PhaseTable(tuple(phases), stages)


def _settle(plan: TimingPlan) -> dict[Stages, dict[int, Lamp]]:
    """Divides what spans stages until every change plays as the plan does, or makes everybody start anew."""
    stages = range(len(plan.stages))
    spans: dict[tuple[int, Lamp], set[Stages]] = {}
    for k in stages:
        for movement, lamp in _greens(plan, k):
            whole = frozenset(s for s in stages if plan.stages[s].lamp(movement) is lamp)
            spans[movement, lamp] = {whole}
    while True:
        blocks: dict[Stages, dict[int, Lamp]] = {}
        for (movement, lamp), parts in spans.items():
            for part in parts:
                blocks.setdefault(part, {})[movement] = lamp
        wrong = next((found for a in stages for b in stages if a != b and (found := _judge(plan, blocks, a, b))), None)
        if wrong is None:
            return blocks
        for parts in spans.values():
            for part in parts & wrong:
                parts.remove(part)
                parts.update(frozenset({k}) for k in part)


def _judge(plan: TimingPlan, blocks: Mapping[Stages, Mapping[int, Lamp]], a: int, b: int) -> set[Stages]:
    """The blocks to divide because phases would not change from stage a to b as they have to; empty where they do."""
    before, after = {block for block in blocks if a in block}, {block for block in blocks if b in block}
    common, starting = before & after, after - before
    if common:
        staying = {movement for block in common for movement in blocks[block]}
        if staying != _list_staying(plan, a, b) or not starting or before <= after:
            return common
    for ending in before - after:
        if all(ending & other for other in starting):  # nothing makes it end: no place to go (NEMA TS 2, 3.5.3)
            return {block for block in (ending, *starting) if len(block) > 1}
    return set()


def _list_staying(plan: TimingPlan, a: int, b: int) -> set[int]:
    """Whose lamp the plan keeps green from one stage to the other."""
    lit = plan.stages[a].greens & plan.stages[b].greens
    return {m for m in lit if all(interval.lamps[m].is_green for interval in plan.transitions[a, b])}


def _greens(plan: TimingPlan, stage: int) -> Iterator[tuple[int, Lamp]]:
    for movement in sorted(plan.stages[stage].greens):
        yield movement, plan.stages[stage].lamp(movement)


def _assign_rings(order: list[Stages]) -> dict[Stages, int]:
    """The first ring in which none of its phases would ever be green beside it."""
    rings: dict[Stages, int] = {}
    for block in order:
        taken = {rings[other] for other in rings if other & block}
        rings[block] = next(ring for ring in range(1, MOST_PHASES + 1) if ring not in taken)
    return rings


@dataclass(frozen=True, slots=True)
class _Gap:
    """In one change of the plan: how long after the green of ``i`` (and its yellow) ``j`` may begin."""

    change: tuple[int, int]
    i: int
    j: int
    whole_s: float
    after_yellow_s: float


def _find_times(
    intersection: Intersection, plan: TimingPlan, blocks: Mapping[Stages, Mapping[int, Lamp]]
) -> dict[Stages, tuple[int, int, int]]:
    """Yellow and red clearance in tenths, pedestrian clearance in seconds, by block.

    What a pair of movements needs is the least that any change of the plan gives it; what a change needs is then
    added to the phase that clears longest in it, until no change of phases is shorter than the plan's.
    """
    gaps = [gap for pair, change in plan.transitions.items() for gap in _list_gaps(intersection, plan, pair, change)]
    needed_s: dict[tuple[int, int], _Gap] = {}
    for gap in gaps:
        known = needed_s.get((gap.i, gap.j))
        needed_s[gap.i, gap.j] = gap if known is None or gap.whole_s < known.whole_s else known
    times: dict[Stages, tuple[int, int, int]] = {}
    for block, lamps in blocks.items():
        walkers = _walkers(intersection, lamps)
        yellow_ds = _ceil(10 * max([plan.limits.yellow_s, *(_longest_yellow_s(plan, m) for m in lamps)]))
        red_s = [g.after_yellow_s for g in needed_s.values() if g.i in lamps and g.i not in walkers]
        red_ds = _ceil(10 * max([plan.limits.red_clearance_s, *red_s]))
        walk_s = [g.whole_s for g in needed_s.values() if g.i in walkers]
        ped_s = _ceil(max([1.0, *(s - (yellow_ds + red_ds) / 10 for s in walk_s)])) if walkers else 0
        times[block] = (yellow_ds, red_ds, ped_s)
    for pair, change in plan.transitions.items():
        _stretch(intersection, blocks, times, pair, change, [gap for gap in gaps if gap.change == pair])
    return times


def _stretch(
    intersection: Intersection,
    blocks: Mapping[Stages, Mapping[int, Lamp]],
    times: dict[Stages, tuple[int, int, int]],
    pair: tuple[int, int],
    change: Transition,
    gaps: list[_Gap],
) -> None:
    """Makes one change last as long as the plan's, and each gap in it."""
    a, b = pair
    ending = [block for block in blocks if a in block and b not in block]
    if not ending:
        return
    longest = max(ending, key=lambda block: times[block][0] + times[block][1])
    for block in ending:
        walkers = _walkers(intersection, blocks[block])
        yellow_ds, red_ds, ped_s = times[block]
        clear_s = (times[longest][0] + times[longest][1]) / 10
        on_foot_s = [gap.whole_s - clear_s for gap in gaps if gap.i in walkers]
        times[block] = (yellow_ds, red_ds, max([ped_s, *(_ceil(s) for s in on_foot_s)]))
    driving = [gap for gap in gaps if not any(gap.i in _walkers(intersection, blocks[block]) for block in ending)]
    yellow_ds, red_ds, ped_s = times[longest]
    ped_first_s = max(times[block][2] for block in ending)
    due_s = max([sum(i.duration_s for i in change) - ped_first_s, *(gap.whole_s for gap in driving)])
    times[longest] = (yellow_ds, max(red_ds, _ceil(10 * due_s) - yellow_ds), ped_s)


def _list_gaps(
    intersection: Intersection, plan: TimingPlan, pair: tuple[int, int], change: Transition
) -> Iterator[_Gap]:
    """Every conflicting end and start of one change, with what lies between them."""
    a, b = plan.stages[pair[0]], plan.stages[pair[1]]
    ends_s: dict[int, float] = {}
    darks_s: dict[int, float] = {}
    starts_s: dict[int, float] = {}
    at_s = 0.0
    shown = [(i.lamps, i.duration_s) for i in change]
    shown.append((tuple(b.lamp(m.index) for m in intersection.movements), 0.0))
    before = tuple(a.lamp(m.index) for m in intersection.movements)
    for lamps, lasts_s in shown:
        for m, (was, now) in enumerate(zip(before, lamps, strict=True)):
            if was.is_green and not now.is_green:
                ends_s[m] = at_s
            if (was.is_green or was is Lamp.YELLOW) and not (now.is_green or now is Lamp.YELLOW):
                darks_s[m] = at_s
            if now.is_green and not was.is_green:
                starts_s[m] = at_s
        before, at_s = lamps, at_s + lasts_s
    for i, end_s in ends_s.items():
        for j, start_s in starts_s.items():
            if (i == j or intersection.conflicts[i, j]) and start_s >= end_s:
                yield _Gap(pair, i, j, start_s - end_s, start_s - darks_s.get(i, end_s))


def _longest_yellow_s(plan: TimingPlan, movement: int) -> float:
    found = (sum(i.duration_s for i in c if i.lamps[movement] is Lamp.YELLOW) for c in plan.transitions.values())
    return max(found, default=0.0)


def _walkers(intersection: Intersection, movements: Mapping[int, Lamp]) -> frozenset[int]:
    return frozenset(m for m in movements if intersection.movements[m].user is RoadUser.PEDESTRIAN)


def _ceil(value: float) -> int:
    return math.ceil(value - _EPSILON_S)
