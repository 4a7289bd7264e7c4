"""From a shipped program to a timing plan: its stages, its yellows, its clearances, our transitions.

A stage is a distinct display with a green and no yellow. Two displays look like stages and are not: the
clearance of pedestrians (the display before it, less its crossings), and a short state in the middle of an
intergreen in which nothing starts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np

from signals.model import Intersection, Lamp, RoadUser, Stage
from signals.simulation.network import Site
from signals.simulation.programs import Display, Program
from signals.timing_plan import (
    MIN_WALK_S,
    WALKING_SPEED_MPS,
    Clearances,
    LocalStep,
    SafetyLimits,
    StageTiming,
    TimingPlan,
    build_transitions,
    may_share,
    sum_cycle_s,
)
from sumo_scenarios.manifest import Scenario

_SHORTEST_STAGE_S = 5.0
_LAMPS = {
    "G": Lamp.PROTECTED_GREEN, "g": Lamp.PERMITTED_GREEN, "y": Lamp.YELLOW, "Y": Lamp.YELLOW, "s": Lamp.STOP_THEN_GO,
}  # fmt: skip
_LETTERS = {
    Lamp.PROTECTED_GREEN: "G",
    Lamp.PERMITTED_GREEN: "g",
    Lamp.YELLOW: "y",
    Lamp.STOP_THEN_GO: "s",
    Lamp.RED: "r",
}


class PlanNotReadable(Exception):  # noqa: N818  (reads as the fact it reports)
    """A program from which no plan of at least two stages can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A display of the program as lamps by movement."""

    lamps: tuple[Lamp, ...]
    display: Display
    is_stage: bool


def to_lamps(state: str, site: Site) -> tuple[Lamp, ...]:
    """The lamps of each movement in a state string."""
    return tuple(_LAMPS.get(state[number], Lamp.RED) for number in site.links)


def to_state(lamps: tuple[Lamp, ...], site: Site, length: int) -> str:
    """The state string that shows these lamps."""
    letters = ["r"] * length
    for number, lamp in zip(site.links, lamps, strict=True):
        letters[number] = _LETTERS[lamp]
    return "".join(letters)


def build_plan(site: Site, program: Program, scenario: Scenario) -> TimingPlan:
    """The plan that our controllers keep at this signal.

    Raises:
        PlanNotReadable: fewer than two stages, or displays shorter than the signal's links.
    """
    crossing = site.intersection
    if not program.displays or min(len(d.state) for d in program.displays) <= max(site.links):
        raise PlanNotReadable(f"its program {program.program} has no displays for all {max(site.links) + 1} links")
    steps = _mark_stages([to_lamps(d.state, site) for d in program.displays], program.displays, crossing)
    displays = list(dict.fromkeys(step.lamps for step in steps if step.is_stage))
    if len(displays) < 2:
        raise PlanNotReadable(f"its program {program.program} has {len(displays)} stage; there is nothing to choose")
    limits = SafetyLimits(
        min_green_s=scenario.min_green_s,
        yellow_s=scenario.yellow_s,
        red_clearance_s=scenario.red_clearance_s,
        max_red_s=scenario.max_red_s,
    )
    stages = tuple(_demote(_to_stage(index, lamps), crossing) for index, lamps in enumerate(displays))
    shipped = [[s.display for s in steps if s.is_stage and s.lamps == lamps] for lamps in displays]
    timings = tuple(_to_timing(stage, shown, crossing, scenario) for stage, shown in zip(stages, shipped, strict=True))
    transitions = build_transitions(crossing, stages, _read_clearances(steps, crossing, limits))
    sequence = tuple(
        LocalStep(number := displays.index(s.lamps), max(s.display.duration_s, timings[number].min_green_s))
        for s in steps
        if s.is_stage
    )
    return TimingPlan(
        stages=stages,
        timings=timings,
        sequence=sequence,
        transitions=transitions,
        limits=limits,
        cycle_s=sum_cycle_s(sequence, transitions),
        offset_s=program.offset_s,
    )


def _mark_stages(lamps: list[tuple[Lamp, ...]], displays: tuple[Display, ...], crossing: Intersection) -> list[_Step]:
    return [
        _Step(
            now,
            display,
            # lamps of links that the net no longer has make no stage
            display.is_green
            and any(lamp.is_green for lamp in now)
            and not _is_clearance(lamps[k - 1], now, display, crossing),
        )
        for k, (now, display) in enumerate(zip(lamps, displays, strict=True))
    ]


def _is_clearance(before: tuple[Lamp, ...], now: tuple[Lamp, ...], display: Display, crossing: Intersection) -> bool:
    changed = [m for m, (a, b) in enumerate(zip(before, now, strict=True)) if a is not b]
    starts = any(now[m].is_green and now[m] > before[m] for m in changed)
    only_walkers = bool(changed) and all(crossing.movements[m].user is RoadUser.PEDESTRIAN for m in changed)
    if starts or not changed:
        return False
    return only_walkers or (display.min_s is None and display.duration_s < _SHORTEST_STAGE_S)


def _to_stage(index: int, lamps: tuple[Lamp, ...]) -> Stage:
    def having(wanted: Lamp) -> frozenset[int]:
        return frozenset(m for m, lamp in enumerate(lamps) if lamp is wanted)

    return Stage(index, having(Lamp.PROTECTED_GREEN), having(Lamp.PERMITTED_GREEN), having(Lamp.STOP_THEN_GO))


def _demote(stage: Stage, crossing: Intersection) -> Stage:
    """Where a shipped stage protects two ways that meet, the one that has to give way is permitted only."""
    for i, j in combinations(sorted(stage.greens), 2):
        if may_share(crossing, stage.lamp(i), stage.lamp(j), i, j):
            continue
        for loser, winner in ((i, j), (j, i)):
            if crossing.yields[loser, winner]:
                permitted = stage.permitted | {loser}
                stage = replace(stage, protected=stage.protected - {loser}, permitted=permitted)
                break
    return stage


def _to_timing(stage: Stage, shown: list[Display], crossing: Intersection, scenario: Scenario) -> StageTiming:
    has_walkers = any(crossing.movements[m].user is RoadUser.PEDESTRIAN for m in stage.greens)
    minimum_s = max(scenario.min_green_s, MIN_WALK_S if has_walkers else 0.0, *(d.min_s or 0.0 for d in shown))
    maximum_s = max(d.max_s or scenario.max_green_s for d in shown)
    return StageTiming(minimum_s, max(minimum_s, maximum_s))


def _read_clearances(steps: list[_Step], crossing: Intersection, limits: SafetyLimits) -> Clearances:
    """Yellow by movement and red by pair as shipped, never below the limits; a pair not shipped gets the longest
    red that its ending movement has anywhere.
    """
    size = len(crossing.movements)
    yellow_s = np.full(size, limits.yellow_s)
    red_s = np.full((size, size), np.nan)
    first = next(k for k, step in enumerate(steps) if step.is_stage)
    cyclic = [*steps[first:], *steps[: first + 1]]
    passed_s = 0.0
    ended_s: dict[int, float] = {}
    lit_s = np.zeros(size)
    for before, step in pairwise(cyclic):
        for m in range(size):
            a, b = before.lamps[m], step.lamps[m]
            if a is Lamp.YELLOW and b is not Lamp.YELLOW:
                yellow_s[m] = max(yellow_s[m], lit_s[m])
                ended_s[m] = passed_s
            lit_s[m] = (lit_s[m] if a is Lamp.YELLOW else 0.0) + step.display.duration_s if b is Lamp.YELLOW else 0.0
            if b.is_green and not a.is_green:
                for i, end_s in ended_s.items():
                    gap_s = passed_s - end_s
                    red_s[i, m] = gap_s if np.isnan(red_s[i, m]) else min(red_s[i, m], gap_s)
        if step.is_stage:
            ended_s.clear()
        passed_s += step.display.duration_s
    longest = np.nan_to_num(red_s, nan=0.0).max(axis=1, initial=0.0)
    red_s = np.where(np.isnan(red_s), longest[:, None], red_s)
    walkers_s = tuple(m.crossing_m / WALKING_SPEED_MPS for m in crossing.movements)
    return Clearances(
        tuple(float(y) for y in yellow_s), walkers_s, np.maximum(red_s, limits.red_clearance_s), limits.red_clearance_s
    )
