"""From a shipped program to a timing plan: its stages, its yellows, its clearances, our transitions.

A stage is a distinct display with a green and no yellow. Two displays look like stages and are not: the
clearance of pedestrians (the display before it, less its crossings), and a short state in the middle of an
intergreen in which nothing starts. What the program shows between two stages is their transition where it keeps our
limits (``shipped_chains``); all others are built from the clearances that can be read. The local plan keeps the
shipped cycle and offset, or neighbours would lose step: what safer transitions take is taken from the greens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations, takewhile

from signals.model import Intersection, Lamp, RoadUser, Stage
from signals.simulation.network import Site
from signals.simulation.programs import Display, Program
from signals.simulation.shipped_chains import Step, read_chains, read_clearances
from signals.stages import list_more_stages
from signals.timing_plan import (
    MIN_WALK_S,
    LocalStep,
    SafetyLimits,
    StageTiming,
    TimingPlan,
    Transition,
    build_transitions,
    may_share,
    sum_cycle_s,
)
from sumo_scenarios.manifest import Scenario

_SHORTEST_STAGE_S = 5.0
_EPSILON_S = 1e-6
_LAMPS = {
    "G": Lamp.PROTECTED_GREEN, "g": Lamp.PERMITTED_GREEN, "y": Lamp.YELLOW, "Y": Lamp.YELLOW, "s": Lamp.STOP_THEN_GO,
    "u": Lamp.RED_AMBER, "O": Lamp.PROTECTED_GREEN, "o": Lamp.PERMITTED_GREEN,  # off: right of way alone decides
}  # fmt: skip
_LETTERS = {
    Lamp.PROTECTED_GREEN: "G",
    Lamp.PERMITTED_GREEN: "g",
    Lamp.YELLOW: "y",
    Lamp.STOP_THEN_GO: "s",
    Lamp.RED: "r",
    Lamp.RED_AMBER: "u",
}


class PlanNotReadable(Exception):  # noqa: N818  (reads as the fact it reports)
    """A program from which no plan of at least two stages can be read; the message says why."""


def to_lamps(state: str, site: Site) -> tuple[Lamp, ...]:
    """The lamps of each movement in a state string."""
    return tuple(_LAMPS.get(state[number], Lamp.RED) for number in site.links)


def to_state(lamps: tuple[Lamp, ...], site: Site, length: int) -> str:
    """The state string that shows these lamps; movements with one lamp are shown what the strictest of them needs."""
    shown: dict[int, Lamp] = {}
    for number, lamp in zip(site.links, lamps, strict=True):
        shown[number] = min(lamp, shown.get(number, lamp))
    letters = ["r"] * length
    for number, lamp in shown.items():
        letters[number] = _LETTERS[lamp]
    return "".join(letters)


def build_plan(site: Site, program: Program, scenario: Scenario, *, adds_stages: bool = True) -> TimingPlan:
    """The plan that our controllers keep at this signal; ``adds_stages``: also combinations that the city never shows.

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
    quiet = _list_quiet_stages(stages, crossing)
    timings += tuple(StageTiming(scenario.min_green_s, timings[walking].max_green_s) for walking in quiet)
    stages += tuple(quiet.values())
    if adds_stages:
        longest_s = max(t.max_green_s for t in timings)
        stages += list_more_stages(crossing, stages, _list_lamps(site))
        timings += (StageTiming(scenario.min_green_s, longest_s),) * (len(stages) - len(timings))
    clearances = replace(read_clearances(steps, crossing, limits), heads=_list_lamps(site))
    transitions = build_transitions(crossing, stages, clearances) | read_chains(
        steps, displays, stages, crossing, limits
    )
    sequence, is_whole = _read_sequence(steps, displays, timings)
    if is_whole:
        sequence = _keep_cycle(sequence, timings, transitions, sum(d.duration_s for d in program.displays))
    first_s = sum(s.display.duration_s for s in takewhile(lambda s: not s.is_stage, steps))
    return TimingPlan(
        stages=stages,
        timings=timings,
        sequence=sequence,
        transitions=transitions,
        limits=limits,
        cycle_s=sum_cycle_s(sequence, transitions),
        offset_s=program.offset_s + first_s,
    )


def _list_lamps(site: Site) -> tuple[tuple[int, ...], ...]:
    """Movements that have one place in the state string."""
    groups: dict[int, list[int]] = {}
    for movement, number in enumerate(site.links):
        groups.setdefault(number, []).append(movement)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _read_sequence(
    steps: list[Step], displays: list[tuple[Lamp, ...]], timings: tuple[StageTiming, ...]
) -> tuple[tuple[LocalStep, ...], bool]:
    """Each stage once, and whether that is the whole cycle: of a stage that is shown several times, the longest green
    stays, since whoever knows only the running stage cannot say which of its steps runs.
    """
    order = [(displays.index(step.lamps), step.display.duration_s) for step in steps if step.is_stage]
    longest: dict[int, int] = {}
    for at, (stage, green_s) in enumerate(order):
        if stage not in longest or green_s > order[longest[stage]][1]:
            longest[stage] = at
    kept = tuple(
        LocalStep(order[at][0], max(order[at][1], timings[order[at][0]].min_green_s)) for at in sorted(longest.values())
    )
    return kept, len(kept) == len(order)


def _keep_cycle(
    sequence: tuple[LocalStep, ...],
    timings: tuple[StageTiming, ...],
    transitions: Mapping[tuple[int, int], Transition],
    cycle_s: float,
) -> tuple[LocalStep, ...]:
    """The greens that make the shipped cycle with our transitions, in proportion to what each can spare.

    Whole seconds, none below its minimum; where the minimums do not fit, the cycle is as long as they need.
    """
    greens = [step.green_s for step in sequence]
    over_s = sum_cycle_s(sequence, transitions) - cycle_s
    while abs(over_s) > _EPSILON_S:
        part_s = min(1.0, abs(over_s))
        spare = [green_s - timings[step.stage].min_green_s for step, green_s in zip(sequence, greens, strict=True)]
        at = max(range(len(spare)), key=lambda k: (spare[k], -k))
        if over_s > 0:
            part_s = min(part_s, spare[at])
            if part_s <= _EPSILON_S:
                break
        greens[at] += part_s if over_s < 0 else -part_s
        over_s += part_s if over_s < 0 else -part_s
    return tuple(LocalStep(step.stage, green_s) for step, green_s in zip(sequence, greens, strict=True))


def _mark_stages(lamps: list[tuple[Lamp, ...]], displays: tuple[Display, ...], crossing: Intersection) -> list[Step]:
    return [
        Step(
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


def _list_quiet_stages(stages: tuple[Stage, ...], crossing: Intersection) -> dict[int, Stage]:
    """By the stage that it is of: the same vehicles with nobody on foot, for when nobody has called; not in the local
    sequence. To go from one to the other is to end the walk while the vehicles stay, and to be free to leave later.
    """
    walkers = {m.index for m in crossing.movements if m.user is RoadUser.PEDESTRIAN}
    shown = {(s.protected, s.permitted) for s in stages}
    quiet: dict[int, Stage] = {}
    for stage in stages:
        rest = replace(
            stage,
            index=len(stages) + len(quiet),
            protected=stage.protected - walkers,
            permitted=stage.permitted - walkers,
        )
        if stage.greens & walkers and rest.greens and (rest.protected, rest.permitted) not in shown:
            shown.add((rest.protected, rest.permitted))
            quiet[stage.index] = rest
    return quiet


def _to_timing(stage: Stage, shown: list[Display], crossing: Intersection, scenario: Scenario) -> StageTiming:
    has_walkers = any(crossing.movements[m].user is RoadUser.PEDESTRIAN for m in stage.greens)
    minimum_s = max(scenario.min_green_s, MIN_WALK_S if has_walkers else 0.0, *(d.min_s or 0.0 for d in shown))
    maximum_s = max(d.max_s or scenario.max_green_s for d in shown)
    return StageTiming(minimum_s, max(minimum_s, maximum_s))
