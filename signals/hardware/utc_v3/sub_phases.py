"""A timing plan as a controller of protocol 3.0 keeps it: sub-phases, their steps, what each face shows, whole seconds.

The stage at place i of the local sequence is sub-phase i + 1. An approach is a face towards one of eight directions;
who walks is on the face of the approach that he starts from. A transition becomes the steps 2 to 5 of the sub-phase
that it leaves (appendix 1: green, walkers' flash, walkers' red, yellow, all red), each of one display and of whole
seconds, rounded up. What has no such form is refused: a cabinet that did nearly what the plan says would be worse than
none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from signals.hardware.utc_v3.signal_controller import Lamps, Step
from signals.hardware.utc_v3.signal_data import (
    LONGEST_GREEN_S,
    BasicsReport,
    PhaseOrderReport,
    PhaseStepsReport,
    RunningPlanReport,
    SubPhaseSteps,
    SubPhaseTimes,
)
from signals.model import Intersection, IntervalKind, Lamp, Movement, RoadUser, Turn
from signals.timing_plan import TimingPlan
from signals.transitions import Transition

FACES = 8  # N, NE, E, SE, S, SW, W, NW
MOST_SUB_PHASES = 8
PHASE_ORDER = 0x81  # the first that may be defined in the field (appendix 1)
MOST_S = {Step.PEDESTRIAN_FLASH: 99, Step.PEDESTRIAN_RED: 255, Step.YELLOW: 9, Step.ALL_RED: 9}
_EPSILON_S = 1e-6
_ARROWS = {Turn.LEFT: Lamps.LEFT, Turn.U_TURN: Lamps.LEFT, Turn.RIGHT: Lamps.RIGHT}


class CannotExpress(ValueError):  # noqa: N818  (reads as the fact it reports)
    """The plan has no form in protocol 3.0; the message says what stands in the way."""


@dataclass(frozen=True, slots=True)
class PlayedStep:
    """One step: how long it lasts (0: a green, which somebody ends), and what it shows by movement and by face."""

    step: Step
    duration_s: int
    lamps: tuple[Lamp, ...]
    faces: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SubPhases:
    """What a controller holds under one plan. Sub-phases count from 1; ``changes`` has the steps 2 to 5 by the pair of
    sub-phases that they lie between, ``stages`` the plan's stage of each sub-phase.
    """

    stages: tuple[int, ...]
    signal_map: int
    greens: tuple[PlayedStep, ...]
    changes: Mapping[tuple[int, int], tuple[PlayedStep, ...]]
    times: tuple[SubPhaseTimes, ...]
    greens_s: tuple[int, ...]
    cycle_s: int
    offset_s: int

    @property
    def count(self) -> int:
        """How many sub-phases there are."""
        return len(self.stages)

    def follow(self, sub_phase: int) -> int:
        """The next in order."""
        return sub_phase % self.count + 1

    def find_sub_phase(self, stage: int) -> int | None:
        """That of a stage; None where the local sequence has not got it."""
        return self.stages.index(stage) + 1 if stage in self.stages else None

    def change_s(self, sub_phase: int, following: int) -> int:
        """How long the steps 2 to 5 take between two sub-phases."""
        return sum(step.duration_s for step in self.changes[sub_phase, following])

    def list_displays(self, sub_phase: int, step: int) -> tuple[PlayedStep, ...]:
        """What a step may show: one display where sub-phases are served in order; none where it has no such step."""
        if step == Step.GREEN:
            return (self.greens[sub_phase - 1],)
        return tuple(
            played
            for (left, _), change in self.changes.items()
            if left == sub_phase
            for played in change
            if played.step == step
        )

    def report_order(self) -> PhaseOrderReport:
        """What 5F43 is answered with."""
        return PhaseOrderReport(PHASE_ORDER, self.signal_map, tuple(green.faces for green in self.greens))

    def report_steps(self) -> PhaseStepsReport:
        """What 5F5F is answered with: each step that is played."""
        rows = [
            SubPhaseSteps(
                (self.greens[k].faces, *(one.faces for one in self.changes.get((k + 1, self.follow(k + 1)), ())))
            )
            for k in range(self.count)
        ]
        return PhaseStepsReport(PHASE_ORDER, self.signal_map, len(self.greens[0].faces), tuple(rows))

    def report_basics(self, plan: int) -> BasicsReport:
        """What 5F44 is answered with."""
        return BasicsReport(plan, self.times)

    def report_plan(self, plan: int) -> RunningPlanReport:
        """What 5F48 is answered with."""
        return RunningPlanReport(plan, 0, PHASE_ORDER, self.greens_s, self.cycle_s, self.offset_s)


def derive_sub_phases(
    intersection: Intersection, plan: TimingPlan, directions: Mapping[int, int] | None = None, *, can_skip: bool = False
) -> SubPhases:
    """What a controller of protocol 3.0 holds that plays this plan.

    ``directions``: approach to direction (0 north to 7 north-west); several may share one. ``can_skip``: changes
    between any two sub-phases are needed, not only those in order, and bounds are those of the longest.

    Raises:
        CannotExpress: it cannot be held.
    """
    stages = tuple(step.stage for step in plan.sequence)
    if not 2 <= len(stages) <= MOST_SUB_PHASES:
        raise CannotExpress(f"{len(stages)} stages in the sequence; 2 to {MOST_SUB_PHASES} sub-phases can be led")
    sight = _Faces(intersection, _find_directions(intersection, directions))
    count = len(stages)
    pairs = [
        (a, b) for a in range(1, count + 1) for b in range(1, count + 1) if a != b and (can_skip or b == a % count + 1)
    ]
    shown = [tuple(plan.stages[stage].lamp(m.index) for m in intersection.movements) for stage in stages]
    changes = {}
    for a, b in pairs:
        pair = (stages[a - 1], stages[b - 1])
        if pair not in plan.transitions:
            raise CannotExpress(f"there is no transition from stage {pair[0]} to stage {pair[1]}")
        changes[a, b] = _to_steps(plan.transitions[pair], sight, shown[a - 1], f"{pair[0]} to {pair[1]}")
    greens = [PlayedStep(Step.GREEN, 0, lamps, sight.show(lamps, frozenset())) for lamps in shown]
    times = tuple(
        _to_times(plan, stages[a - 1], [change for (left, _), change in changes.items() if left == a])
        for a in range(1, count + 1)
    )
    greens_s = tuple(
        _whole(
            max(step.green_s, plan.timings[step.stage].min_green_s),
            1,
            LONGEST_GREEN_S,
            f"the green of stage {step.stage}",
        )
        for step in plan.sequence
    )
    cycle_s = sum(greens_s) + sum(step.duration_s for a in range(1, count + 1) for step in changes[a, a % count + 1])
    offset_s = round(plan.offset_s) % cycle_s
    return SubPhases(stages, sight.signal_map, tuple(greens), changes, times, greens_s, cycle_s, offset_s)


def _find_directions(intersection: Intersection, chosen: Mapping[int, int] | None) -> dict[int, int]:
    """The direction of each approach. Who names none gets the four winds, or where four are too few, all eight."""
    count = len(intersection.approaches)
    if chosen is None:
        if count > FACES:
            raise CannotExpress(f"{count} approaches; there are {FACES} directions, so say which share one")
        return {k: k * 2 if count * 2 <= FACES else k for k in range(count)}
    if missing := sorted(set(range(count)) - set(chosen)):
        raise CannotExpress(f"approach {missing[0]} has no direction")
    if wrong := [d for d in chosen.values() if isinstance(d, bool) or d not in range(FACES)]:
        raise CannotExpress(f"{wrong[0]!r} is no direction; 0 is north, 7 north-west")
    return {k: chosen[k] for k in range(count)}


class _Faces:
    """Which movements look at which face, and what it shows them."""

    def __init__(self, intersection: Intersection, directions: Mapping[int, int]) -> None:
        approach_of = {lane: k for k, approach in enumerate(intersection.approaches) for lane in approach.lanes}
        self._on: dict[int, list[Movement]] = {}
        for m in intersection.movements:
            if m.entry not in approach_of:
                raise CannotExpress(f"{intersection.describe(m.index)} is on no approach, so that it has no face")
            self._on.setdefault(directions[approach_of[m.entry]], []).append(m)
        self.signal_map = sum(1 << direction for direction in self._on)
        self._on = dict(sorted(self._on.items()))

    def show(self, lamps: tuple[Lamp, ...], clearing: frozenset[int]) -> tuple[int, ...]:
        """A byte a face, north first, clockwise; ``clearing``: those on foot whose green flashes."""
        return tuple(_show_face(on, lamps, clearing) for on in self._on.values())

    def find_clearing(self, lamps: tuple[Lamp, ...], before: tuple[Lamp, ...]) -> frozenset[int]:
        """Those on foot who had green before and have none now."""
        walking = [m.index for on in self._on.values() for m in on if m.user is RoadUser.PEDESTRIAN]
        return frozenset(m for m in walking if before[m].is_green and not lamps[m].is_green)


def _show_face(on: list[Movement], lamps: tuple[Lamp, ...], clearing: frozenset[int]) -> int:
    """A ball where all who drive may go, or who goes straight on; an arrow for a protected turn, or beside a red."""
    driving = [m for m in on if m.user is RoadUser.VEHICLE]
    walking = [m for m in on if m.user is RoadUser.PEDESTRIAN]
    shown = Lamps(0)
    is_all = all(lamps[m.index].is_green for m in driving)
    for m in driving:
        lamp, arrow = lamps[m.index], _ARROWS.get(m.turn, Lamps.THROUGH)
        if lamp.is_green and not is_all:
            shown |= arrow
        elif lamp.is_green:
            shown |= arrow if lamp is Lamp.PROTECTED_GREEN and m.turn in _ARROWS else Lamps.GREEN
        elif lamp is Lamp.YELLOW:
            shown |= Lamps.YELLOW
        elif lamp is Lamp.RED_AMBER:
            shown |= Lamps.RED | Lamps.YELLOW
        elif lamp is Lamp.STOP_THEN_GO:
            shown |= Lamps.RED | arrow
    if driving and not is_all and not shown & Lamps.YELLOW:
        shown |= Lamps.RED
    for m in walking:
        shown |= Lamps.WALK if lamps[m.index].is_green else Lamps.DONT_WALK
        shown |= Lamps.WALK | Lamps.DONT_WALK if m.index in clearing else Lamps(0)
    return int(shown)


def _to_steps(change: Transition, sight: _Faces, before: tuple[Lamp, ...], name: str) -> tuple[PlayedStep, ...]:
    """The steps 2 to 5 of a transition, in their order and each once."""
    steps: list[PlayedStep] = []
    for kind, group in groupby(change, key=lambda interval: interval.kind):
        intervals = list(group)
        wanted = {
            IntervalKind.PED_CLEARANCE: [Step.PEDESTRIAN_FLASH, Step.PEDESTRIAN_RED],
            IntervalKind.YELLOW: [Step.YELLOW],
            IntervalKind.RED_CLEARANCE: [Step.ALL_RED],
        }.get(kind, [])
        if len(intervals) > len(wanted):
            raise CannotExpress(
                f"the transition from stage {name} has {len(intervals)} displays of {kind.value} in a row"
            )
        for step, interval in zip(wanted, intervals, strict=False):
            if steps and step <= steps[-1].step:
                raise CannotExpress(
                    f"the transition from stage {name} has {kind.value} after {steps[-1].step.name.lower()}"
                )
            flashing = sight.find_clearing(interval.lamps, before) if step is Step.PEDESTRIAN_FLASH else frozenset()
            length_s = _whole(interval.duration_s, 1, MOST_S[step], f"{kind.value} from stage {name}")
            steps.append(PlayedStep(step, length_s, interval.lamps, sight.show(interval.lamps, flashing)))
    return tuple(steps)


def _to_times(plan: TimingPlan, stage: int, changes: list[tuple[PlayedStep, ...]]) -> SubPhaseTimes:
    """The bounds of a sub-phase; of several changes out of it, the longest of each step."""
    timing = plan.timings[stage]
    longest_s = dict.fromkeys(MOST_S, 0)
    for step in (step for change in changes for step in change):
        longest_s[step.step] = max(longest_s[step.step], step.duration_s)
    return SubPhaseTimes(
        _whole(timing.min_green_s, 1, 255, f"the minimum green of stage {stage}"),
        _whole(timing.max_green_s, 1, LONGEST_GREEN_S, f"the maximum green of stage {stage}"),
        longest_s[Step.YELLOW],
        longest_s[Step.ALL_RED],
        longest_s[Step.PEDESTRIAN_FLASH],
        longest_s[Step.PEDESTRIAN_RED],
    )


def _whole(value_s: float, least_s: int, most_s: int, name: str) -> int:
    """Seconds rounded up.

    Raises:
        CannotExpress: more than its place holds, or no time at all.
    """
    if not math.isfinite(value_s) or not least_s - 1 < value_s - _EPSILON_S <= most_s:
        raise CannotExpress(f"{name} is {value_s:g} s; {least_s} to {most_s} s can be said")
    return math.ceil(value_s - _EPSILON_S)
