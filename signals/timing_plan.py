"""A timing plan: stages with their greens, the local sequence, and every stage-to-stage transition.

A transition is a list of intervals per stage pair, because real intergreens have several states of different
length per signal group; ``signals.transitions`` builds it where nobody ships one. ``validate`` plays each transition,
however it was made, and says what is wrong in words an engineer can act on. Terms: NTCIP 1202 and MUTCD part 4.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

from signals.model import Intersection, IntervalKind, Lamp, RoadUser, Stage
from signals.transitions import Clearances, Transition, build_transition, build_transitions

__all__ = [
    "MIN_WALK_S", "WALKING_SPEED_MPS", "Clearances", "LocalStep", "PlanFault", "SafetyLimits", "StageTiming",
    "TimingPlan", "Transition", "build_transition", "build_transitions", "judge_transition",
    "longest_wait_s", "may_share", "sum_cycle_s", "validate",
]  # fmt: skip
WALKING_SPEED_MPS = 1.0  # Taiwan's rule of thumb; MUTCD has 1.07 (3.5 ft/s)
MIN_WALK_S = 4.0  # MUTCD: 7 s, where volumes are low 4 s
FASTEST_WALK_MPS = 1.07  # the most that MUTCD 4I.06 lets a pedestrian clearance count on
LONGEST_RED_AMBER_S = 3.0  # RiLSA 1 s, Great Britain 2 s; longer, and drivers take it for a fault
SHORTEST_RED_AMBER_S = 1.0
_EPSILON_S = 1e-6
_LEFT_AFTER_S = 2.0  # beyond the minimum, so that whoever watches can still command something else


@dataclass(frozen=True, slots=True)
class SafetyLimits:
    """What no plan and no controller may go below or beyond."""

    min_green_s: float = 5.0
    yellow_s: float = 3.0
    red_clearance_s: float = 1.0
    max_red_s: float = 180.0


@dataclass(frozen=True, slots=True)
class StageTiming:
    """How long one stage's green may last."""

    min_green_s: float
    max_green_s: float


@dataclass(frozen=True, slots=True)
class LocalStep:
    """One entry of the local plan's sequence: a stage and its green."""

    stage: int
    green_s: float


@dataclass(frozen=True, slots=True, eq=False)
class TimingPlan:
    """Everything a controller needs to time an intersection. ``transitions`` has each ordered pair of stages."""

    stages: tuple[Stage, ...]
    timings: tuple[StageTiming, ...]
    sequence: tuple[LocalStep, ...]
    transitions: Mapping[tuple[int, int], Transition]
    limits: SafetyLimits
    cycle_s: float
    offset_s: float = 0.0

    def transition_s(self, leaving: int, entering: int) -> float:
        """How long the change between two stages takes."""
        return sum(i.duration_s for i in self.transitions[leaving, entering])

    def next_local(self, stage: int) -> int:
        """The stage that follows in the local sequence."""
        order = [step.stage for step in self.sequence]
        return order[(order.index(stage) + 1) % len(order)] if stage in order else order[0]

    def local_green_s(self, stage: int) -> float:
        """The green that the local plan gives a stage; one that is not in its sequence is left soon."""
        soon_s = self.timings[stage].min_green_s + _LEFT_AFTER_S
        return next((step.green_s for step in self.sequence if step.stage == stage), soon_s)


@dataclass(frozen=True, slots=True)
class PlanFault:
    """One reason why a plan must not be used."""

    code: str
    message: str


def validate(plan: TimingPlan, intersection: Intersection) -> tuple[PlanFault, ...]:
    """Everything that is wrong with a plan; empty where it may be used."""
    if faults := tuple(_uncountable(plan)) or tuple(_unknown_stages(plan)):  # no comparison below would hold
        return faults
    return tuple(
        fault
        for check in (
            _missing_movements,
            _stage_conflicts,
            _green_faults,
            _cycle_faults,
            _transition_faults,
            _red_faults,
        )
        for fault in check(plan, intersection)
    )


def _uncountable(plan: TimingPlan) -> Iterator[PlanFault]:
    """Times that are no times: NaN passes every comparison, an infinite bound is none."""
    limits = plan.limits
    times_s = {
        "limit min_green_s": limits.min_green_s,
        "limit max_red_s": limits.max_red_s,
        "cycle": plan.cycle_s,
        **{f"minimum green of stage {k}": t.min_green_s for k, t in enumerate(plan.timings)},
        **{f"maximum green of stage {k}": t.max_green_s for k, t in enumerate(plan.timings)},
        **{f"green of step {k} of the sequence": step.green_s for k, step in enumerate(plan.sequence, 1)},
        **{
            f"{interval.kind.value} from stage {a} to stage {b}": interval.duration_s
            for (a, b), change in plan.transitions.items()
            for interval in change
        },
    }
    for name, value_s in times_s.items():
        if not (math.isfinite(value_s) and value_s > 0):
            yield PlanFault("not_a_time", f"The {name} is {value_s:g} s; it has to be a number of seconds above zero.")
    clearance_s = {"limit yellow_s": limits.yellow_s, "limit red_clearance_s": limits.red_clearance_s}
    for name, value_s in clearance_s.items():
        if not (math.isfinite(value_s) and value_s >= 0):
            yield PlanFault("not_a_time", f"The {name} is {value_s:g} s; it has to be a number of seconds.")
    if not math.isfinite(plan.offset_s):
        yield PlanFault("not_a_time", f"The offset is {plan.offset_s:g} s; it has to be a number of seconds.")


def _unknown_stages(plan: TimingPlan) -> Iterator[PlanFault]:
    count = len(plan.stages)
    if count == 0 or not plan.sequence:
        yield PlanFault("no_stages", "The plan has no stage, or its sequence has none; there is nothing to show.")
    if len(plan.timings) != count:
        yield PlanFault("timings_missing", f"There are {count} stages and {len(plan.timings)} timings; give one each.")
    order = [step.stage for step in plan.sequence]
    for stage in sorted(set(order)):
        if not 0 <= stage < count:
            yield PlanFault("unknown_stage", f"The sequence names stage {stage}; the plan has {count}.")
        elif order.count(stage) > 1:  # who knows only the running stage cannot say which of its steps runs
            yield PlanFault(
                "stage_repeated", f"The sequence has stage {stage} {order.count(stage)} times; once, please."
            )
    for (a, b), change in plan.transitions.items():
        if any(interval.kind is IntervalKind.GREEN for interval in change):
            yield PlanFault("green_in_transition", f"The transition from stage {a} to stage {b} has a green interval.")


def _missing_movements(plan: TimingPlan, intersection: Intersection) -> Iterator[PlanFault]:
    served = {m for s in plan.stages for m in s.greens | s.stop_then_go}
    for m in sorted(set(range(len(intersection.movements))) - served):
        yield PlanFault("movement_missing", f"{intersection.describe(m)} is green in no stage; add it to one.")
    local = {m for step in plan.sequence for m in plan.stages[step.stage].greens | plan.stages[step.stage].stop_then_go}
    for m in sorted(served - local):
        message = f"{intersection.describe(m)} is green in no step of the local sequence; add a stage that serves it."
        yield PlanFault("movement_not_local", message)


def _stage_conflicts(plan: TimingPlan, intersection: Intersection) -> Iterator[PlanFault]:
    for stage in plan.stages:
        for i, j in combinations(sorted(stage.greens), 2):
            if may_share(intersection, stage.lamp(i), stage.lamp(j), i, j):
                continue
            yield PlanFault(
                "conflicting_greens",
                f"Stage {stage.index} shows green to {intersection.describe(i)} and {intersection.describe(j)}, whose "
                "ways cross and neither gives way; make one permitted or put them in different stages.",
            )


def may_share(intersection: Intersection, lamp_i: Lamp, lamp_j: Lamp, i: int, j: int) -> bool:
    """Whether two lamps may be lit together: no conflict, or the one with the lesser right gives way."""
    if not (lamp_i.is_green and lamp_j.is_green and intersection.conflicts[i, j]):
        return True
    i_gives_way = lamp_i is Lamp.PERMITTED_GREEN and bool(intersection.yields[i, j])
    j_gives_way = lamp_j is Lamp.PERMITTED_GREEN and bool(intersection.yields[j, i])
    return i_gives_way or j_gives_way


def _green_faults(plan: TimingPlan, intersection: Intersection) -> Iterator[PlanFault]:
    del intersection
    for stage, timing in zip(plan.stages, plan.timings, strict=True):
        if timing.min_green_s < plan.limits.min_green_s - _EPSILON_S:
            yield PlanFault(
                "min_green_too_short",
                f"Stage {stage.index} has a minimum green of {timing.min_green_s:g} s; at least "
                f"{plan.limits.min_green_s:g} s is required.",
            )
        if timing.max_green_s < timing.min_green_s:
            yield PlanFault(
                "max_green_below_min",
                f"Stage {stage.index}: the maximum green of {timing.max_green_s:g} s is below the minimum of "
                f"{timing.min_green_s:g} s.",
            )
    for position, step in enumerate(plan.sequence, 1):
        if step.green_s < plan.timings[step.stage].min_green_s - _EPSILON_S:
            yield PlanFault(
                "green_below_minimum",
                f"Step {position} of the sequence gives stage {step.stage} {step.green_s:g} s of green; its minimum is "
                f"{plan.timings[step.stage].min_green_s:g} s.",
            )


def sum_cycle_s(sequence: tuple[LocalStep, ...], transitions: Mapping[tuple[int, int], Transition]) -> float:
    """The cycle that greens and transitions make."""
    following = (*sequence[1:], *sequence[:1])
    changes = [
        sum(i.duration_s for i in transitions.get((a.stage, b.stage), ()))
        for a, b in zip(sequence, following, strict=True)
    ]
    return sum(step.green_s for step in sequence) + sum(changes)


def _cycle_faults(plan: TimingPlan, intersection: Intersection) -> Iterator[PlanFault]:
    del intersection
    total_s = sum_cycle_s(plan.sequence, plan.transitions)
    if abs(total_s - plan.cycle_s) > 0.01:
        yield PlanFault(
            "cycle_does_not_add_up",
            f"Greens and transitions add up to {total_s:g} s, the cycle is {plan.cycle_s:g} s; change a green by "
            f"{plan.cycle_s - total_s:+g} s.",
        )


def _transition_faults(plan: TimingPlan, intersection: Intersection) -> Iterator[PlanFault]:
    for a in plan.stages:
        for b in plan.stages:
            if a.index == b.index:
                continue
            if (a.index, b.index) not in plan.transitions:
                yield PlanFault(
                    "transition_missing", f"There is no transition from stage {a.index} to stage {b.index}."
                )
                continue
            name = f"The transition from stage {a.index} to stage {b.index}"
            for code, message in judge_transition(plan.transitions[a.index, b.index], intersection, a, b, plan.limits):
                yield PlanFault(code, f"{name} {message}")


def judge_transition(
    change: Transition, intersection: Intersection, a: Stage, b: Stage, limits: SafetyLimits
) -> Iterator[tuple[str, str]]:
    """What is wrong with the change from one stage to another, as code and words; independent of how it was built.

    It is played interval by interval. Early starts and late ends need no rule of their own: each start is held against
    every conflicting end before it, wherever both lie. A permitted green that becomes protected counts as a start.
    """
    movements = range(len(intersection.movements))
    shown = [tuple(a.lamp(m) for m in movements), *(i.lamps for i in change), tuple(b.lamp(m) for m in movements)]
    times_s = [0.0]
    for interval in change:
        times_s.append(times_s[-1] + interval.duration_s)
    ended_s: dict[int, float] = {}
    for k in range(1, len(shown)):
        for m in movements:
            before, now = shown[k - 1][m], shown[k][m]
            was_lit = before is Lamp.YELLOW or before.is_green
            if was_lit and not (now is Lamp.YELLOW or now.is_green):
                ended_s[m] = times_s[k - 1]
        for m in movements:  # only now: those who end in the very second of the start count as well
            if shown[k][m].is_green and shown[k][m] > shown[k - 1][m]:
                yield from _early_starts(intersection, limits, m, times_s[k - 1], ended_s)
        for i, j in combinations(movements, 2):
            if 0 < k < len(shown) - 1 and not may_share(intersection, shown[k][i], shown[k][j], i, j):
                yield (
                    "conflicting_greens",
                    f"shows green to {intersection.describe(i)} and {intersection.describe(j)} together.",
                )
    for m in movements:
        runs = _list_runs([lamps[m] for lamps in shown], times_s)
        yield from _lamp_faults(runs, intersection, m, limits)


def _list_runs(lamps: list[Lamp], times_s: list[float]) -> list[tuple[Lamp, float]]:
    """One movement's lamps, equal neighbours and greens of either kind as one, with their seconds."""
    lengths_s = [0.0, *(end_s - begin_s for begin_s, end_s in pairwise(times_s)), 0.0]
    runs: list[tuple[Lamp, float]] = []
    for lamp, length_s in zip(lamps, lengths_s, strict=True):
        is_same = runs and (runs[-1][0] is lamp or (runs[-1][0].is_green and lamp.is_green))
        runs = [*runs[:-1], (runs[-1][0], runs[-1][1] + length_s)] if is_same else [*runs, (lamp, length_s)]
    return runs


def _lamp_faults(
    runs: list[tuple[Lamp, float]], intersection: Intersection, m: int, limits: SafetyLimits
) -> Iterator[tuple[str, str]]:
    """Green, yellow, red, red-amber, green: in this order, and each long enough."""
    who = intersection.describe(m)
    is_vehicle = intersection.movements[m].user is RoadUser.VEHICLE
    for at, (lamp, length_s) in enumerate(runs):
        before = runs[at - 1][0] if at else lamp
        after = runs[at + 1][0] if at + 1 < len(runs) else lamp
        if is_vehicle and lamp.is_green and not (after is Lamp.YELLOW or after.is_green):
            yield "yellow_too_short", f"gives {who} 0 s of yellow; {limits.yellow_s:g} s is required."
        if is_vehicle and lamp is Lamp.YELLOW and length_s < limits.yellow_s - _EPSILON_S:
            yield "yellow_too_short", f"gives {who} {length_s:g} s of yellow; {limits.yellow_s:g} s is required."
        if lamp is Lamp.YELLOW and (after.is_green or not before.is_green):
            yield "yellow_out_of_place", f"shows {who} a yellow that is not between green and red."
        if lamp.is_green and 0 < at < len(runs) - 1:
            yield "short_green", f"shows {who} a green that neither stage has."
        if lamp is Lamp.RED_AMBER:
            if not after.is_green or before is Lamp.YELLOW or before.is_green:
                yield "red_amber_out_of_place", f"shows {who} a red-amber that is not between red and green."
            if not SHORTEST_RED_AMBER_S - _EPSILON_S <= length_s <= LONGEST_RED_AMBER_S + _EPSILON_S:
                yield (
                    "red_amber_length",
                    f"gives {who} {length_s:g} s of red-amber; it has to be from 1 to {LONGEST_RED_AMBER_S:g} s.",
                )


def _early_starts(
    intersection: Intersection, limits: SafetyLimits, m: int, begin_s: float, ended_s: Mapping[int, float]
) -> Iterator[tuple[str, str]]:
    for other, end_s in ended_s.items():
        if not intersection.conflicts[m, other]:
            continue
        gap_s, walk_s = begin_s - end_s, intersection.movements[other].crossing_m / FASTEST_WALK_MPS
        starts, ends = intersection.describe(m), intersection.describe(other)
        if gap_s < limits.red_clearance_s - _EPSILON_S:
            words = f"starts {starts} {gap_s:g} s after the yellow of {ends}; {limits.red_clearance_s:g} s of red is"
            yield "red_clearance_too_short", f"{words} required."
        elif gap_s < walk_s - _EPSILON_S:
            words = f"starts {starts} {gap_s:g} s after the green of {ends}; walking over takes {walk_s:.1f} s."
            yield "pedestrian_clearance_too_short", words


def longest_wait_s(plan: TimingPlan) -> float:
    """The time to serve every stage of the local sequence, which serves every movement, once at its minimum green with
    the longest transition into each.
    """
    total_s = 0.0
    for b in {step.stage for step in plan.sequence}:
        into_s = [plan.transition_s(a.index, b) for a in plan.stages if a.index != b]
        total_s += plan.timings[b].min_green_s + max(into_s, default=0.0)
    return total_s


def _red_faults(plan: TimingPlan, intersection: Intersection) -> Iterator[PlanFault]:
    del intersection
    count = len(plan.stages)
    is_complete = all((a, b) in plan.transitions for a in range(count) for b in range(count) if a != b)
    if count > 1 and is_complete and (need_s := longest_wait_s(plan)) > plan.limits.max_red_s:
        yield PlanFault(
            "max_red_too_short",
            f"Serving every stage of the sequence once at its minimum green takes {need_s:g} s; a maximum red of "
            f"{plan.limits.max_red_s:g} s cannot be kept.",
        )
