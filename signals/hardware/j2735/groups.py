"""Signal groups: movements that the plan always shows the same lamp, what they show now, and how long for sure.

Numbers count from 1 in the order of the groups' first movements, so that SPaT, MAP and the log of events agree as long
as the plan does. Whoever publishes tells strangers to rely on it: what the cabinet does not tell and the plan does not
say is None, and an earliest end is never later than the minimum green that the guard keeps, less what a report rounds
off.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from signals.hardware.field_driver import STALE_S
from signals.model import Intersection, IntervalKind, Lamp, RoadUser
from signals.ports import Mode, SignalState
from signals.timing_plan import TimingPlan

ROUNDING_S = 1.0  # protocol 3.0 tells whole seconds: what has lasted 5.9 s is told as 5
MOST_GROUPS = 254  # SignalGroupID: 0 is unknown, 255 permanently green
_SAYS_NOTHING = (Mode.FLASH, Mode.FAULT)  # a flashing lamp is none that the model has


@dataclass(frozen=True, slots=True)
class SignalGroup:
    """Movements of one kind of road user that are always shown the same; ``number`` counts from 1."""

    number: int
    movements: tuple[int, ...]
    user: RoadUser


@dataclass(frozen=True, slots=True)
class Ends:
    """When what a group is shown will end, in seconds from now; None where it is not known.

    ``confidence``: the probability that ``likely_s`` is right.
    """

    earliest_s: float | None = None
    latest_s: float | None = None
    likely_s: float | None = None
    confidence: float | None = None


UNKNOWN_ENDS = Ends()


@dataclass(frozen=True, slots=True)
class GroupState:
    """What a group is shown; ``lamp`` is None where nobody knows. ``was_protected``: the running stage, or the one that
    is being left, has a protected green for it.
    """

    group: SignalGroup
    lamp: Lamp | None
    was_protected: bool = False
    ends: Ends = UNKNOWN_ENDS


def list_groups(intersection: Intersection, plan: TimingPlan) -> tuple[SignalGroup, ...]:
    """The signal groups of a plan.

    Raises:
        ValueError: there are more than J2735 can number.
    """
    shown: dict[tuple[object, ...], list[int]] = {}
    for movement in intersection.movements:
        m = movement.index
        by_stage = tuple(stage.lamp(m) for stage in plan.stages)
        by_interval = tuple(
            interval.lamps[m] if m < len(interval.lamps) else None
            for _, change in sorted(plan.transitions.items())
            for interval in change
        )
        shown.setdefault((movement.user, by_stage, by_interval), []).append(m)
    if len(shown) > MOST_GROUPS:
        raise ValueError(f"{len(shown)} signal groups are more than the {MOST_GROUPS} that a message can number.")
    members = sorted(shown.values())
    users = [intersection.movements[group[0]].user for group in members]
    return tuple(
        SignalGroup(number, tuple(group), user)
        for number, (group, user) in enumerate(zip(members, users, strict=True), 1)
    )


def list_shown(plan: TimingPlan, state: SignalState, size: int) -> tuple[Lamp | None, ...]:
    """What each of ``size`` movements is shown: as the cabinet tells, else as the plan says; None where neither is
    certain.
    """
    if state.mode in _SAYS_NOTHING:
        return (None,) * size
    if state.lamps:
        return tuple(state.lamps[m] if m < len(state.lamps) else None for m in range(size))
    if state.mode.outranks:
        return (None,) * size
    if state.interval is IntervalKind.GREEN:
        known = 0 <= state.stage < len(plan.stages)
        return tuple(plan.stages[state.stage].lamp(m) if known else None for m in range(size))
    found = [tail[0][1] for tail in _list_tails(plan, state)]
    return tuple(_agreed(lamps[m] if m < len(lamps) else None for lamps in found) for m in range(size))


def describe_groups(
    plan: TimingPlan,
    groups: tuple[SignalGroup, ...],
    state: SignalState,
    expected: Mapping[int, Ends] | None = None,
    *,
    age_s: float = 0.0,
) -> tuple[GroupState, ...]:
    """What may be published of each group now, ``age_s`` after the cabinet reported. ``expected``: ends by group
    number, from now, cut to what is sure where they promise more. Nothing is promised while somebody outranks us, and
    nothing is known from a report older than ``STALE_S``.
    """
    if not 0.0 <= age_s <= STALE_S:
        return tuple(GroupState(group, None) for group in groups)
    size = 1 + max((m for group in groups for m in group.movements), default=-1)
    lamps = list_shown(plan, state, size)
    return tuple(_describe(plan, group, state, lamps, (expected or {}).get(group.number), age_s) for group in groups)


def find_sure_s(plan: TimingPlan, state: SignalState, movement: int, lamp: Lamp) -> float | None:
    """For how many seconds more a movement is surely shown this lamp; None where nothing is sure, as where the cabinet
    shows another lamp than the plan.

    A green of the running stage lasts out the minimum green and no longer. A red outlasts the change to whichever
    stage is next as far as all of them agree; in a change, the intervals to come are as long as the plan says.
    """
    if state.mode.outranks or not math.isfinite(state.elapsed_s):
        return None
    if state.interval is not IntervalKind.GREEN:
        return min((_last_s(tail, movement, lamp) for tail in _list_tails(plan, state)), default=None)
    if not 0 <= state.stage < len(plan.timings) or plan.stages[state.stage].lamp(movement) is not lamp:
        return None
    left_s = max(0.0, plan.timings[state.stage].min_green_s - max(0.0, state.elapsed_s))
    if lamp.is_green:
        return left_s
    changes = [
        [(interval.duration_s, interval.lamps) for interval in change]
        for (leaving, _), change in plan.transitions.items()
        if leaving == state.stage
    ]
    return left_s + min((_last_s(change, movement, lamp) for change in changes), default=0.0)


_Tail = list[tuple[float, tuple[Lamp, ...]]]


def _list_tails(plan: TimingPlan, state: SignalState) -> list[_Tail]:
    """What is left of the change, seconds and lamps by interval. More than one where intervals of the kind that the
    cabinet reports come more than once, since it does not tell which of them it is in.
    """
    if state.target is None:
        return []
    change = plan.transitions.get((state.stage, state.target), ())
    tails = []
    for at, interval in enumerate(change):
        left_s = interval.duration_s - max(0.0, state.elapsed_s)
        if interval.kind is state.interval:
            rest = [(later.duration_s, later.lamps) for later in change[at + 1 :]]
            tails.append([(max(0.0, left_s), interval.lamps), *rest])
    return tails


def _last_s(tail: _Tail, movement: int, lamp: Lamp) -> float:
    """How long a lamp stays lit from the beginning of a tail."""
    lasted_s = 0.0
    for duration_s, lamps in tail:
        if movement >= len(lamps) or lamps[movement] is not lamp:
            break
        lasted_s += duration_s
    return lasted_s


def _describe(
    plan: TimingPlan,
    group: SignalGroup,
    state: SignalState,
    lamps: tuple[Lamp | None, ...],
    expected: Ends | None,
    age_s: float,
) -> GroupState:
    lamp = _agreed(lamps[m] for m in group.movements)
    if lamp is None:
        return GroupState(group, None)
    known = 0 <= state.stage < len(plan.stages) and not state.mode.outranks
    was_protected = known and plan.stages[state.stage].lamp(group.movements[0]) is Lamp.PROTECTED_GREEN
    sure = [find_sure_s(plan, state, m, lamp) for m in group.movements]
    return GroupState(group, lamp, was_protected, _cut(expected or UNKNOWN_ENDS, sure, age_s))


def _cut(expected: Ends, sure: list[float | None], age_s: float) -> Ends:
    """Expected ends without what cannot be promised or contradicts itself; ``sure`` counts from the report."""
    known = [max(0.0, s - age_s - ROUNDING_S) for s in sure if s is not None]
    if len(known) < len(sure):
        return UNKNOWN_ENDS
    latest_s = _sane(expected.latest_s)
    earliest_s = _sane(expected.earliest_s)
    if earliest_s is not None:
        earliest_s = min([earliest_s, *known] if latest_s is None else [earliest_s, latest_s, *known])
    likely_s = _sane(expected.likely_s)
    if likely_s is not None and not (earliest_s or 0.0) <= likely_s <= (math.inf if latest_s is None else latest_s):
        likely_s = None
    confidence = _sane(expected.confidence) if likely_s is not None else None
    return Ends(earliest_s, latest_s, likely_s, confidence)


def _sane(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) and value >= 0 else None


def _agreed(lamps: Iterable[Lamp | None]) -> Lamp | None:
    """The lamp that all say; None where they differ, or one says nothing, or there are none."""
    said = set(lamps)
    return said.pop() if len(said) == 1 else None
