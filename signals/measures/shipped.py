"""What a shipped program keeps: its shortest greens, and its clearances where one stage follows another.

A clearance belongs to the transition in which one link ends and the other starts. Between links that are parted
by a whole stage the seconds are that stage's green, which an actuated program may cut short: they are no
clearance, and nothing holds anybody to them.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from signals.measures.lamp_runs import (
    LAMP_CLASS,
    PERMISSIVE,
    PROTECTED,
    YELLOW,
    list_clearances,
    list_greens,
    list_runs,
)
from signals.measures.recording import SignalRecording, build_recording
from signals.measures.right_of_way import Phase, SignalLayout


def find_greens(layout: SignalLayout, min_green_s: float) -> dict[int, float]:
    """The shortest green of each link that some program gives less than ``min_green_s``."""
    found: dict[int, float] = {}
    for program in _list_programs(layout):
        runs = list_runs(_play(layout.signal, [*program, *program, *program]))
        for link in range(layout.link_count):
            for run in list_greens(runs[link]):
                if run.is_whole and run.length_s < found.get(link, min_green_s):
                    found[link] = run.length_s
    return found


def find_clearances(layout: SignalLayout, min_green_s: float) -> dict[tuple[int, int], float]:
    """The shortest clearance of each crossing pair (clearing, starting) over all direct transitions.

    A pair that no program starts directly after one another gets the shortest that its clearing link has with
    anybody: a program that leaves a stage out does not thereby leave out its all-red.
    """
    found: dict[tuple[int, int], float] = {}
    for program in _list_programs(layout):
        for path in _list_transitions(program, layout.walkers, min_green_s):
            runs = list_runs(_play(layout.signal, [program[k] for k in path]))
            for pair in layout.conflicts:
                for _, measured_s in list_clearances(runs[pair[0]], runs[pair[1]]):
                    if measured_s >= 0:
                        found[pair] = min(measured_s, found.get(pair, measured_s))
    shortest: dict[int, float] = {}
    for (clearing, _), clearance_s in found.items():
        shortest[clearing] = min(clearance_s, shortest.get(clearing, clearance_s))
    return {pair: shortest[pair[0]] for pair in layout.conflicts if pair[0] in shortest} | found


def _list_programs(layout: SignalLayout) -> Iterator[tuple[Phase, ...]]:
    """The programs that have a lamp for every link."""
    for program in layout.programs:
        if program and min(len(phase.state) for phase in program) >= layout.link_count:
            yield program


def _play(signal: str, phases: Sequence[Phase]) -> SignalRecording:
    """The phases one after the other at their shortest, as if recorded."""
    changes: list[tuple[float, str]] = []
    now_s = 0.0
    for phase in phases:
        if not changes or changes[-1][1] != phase.state:
            changes.append((now_s, phase.state))
        now_s += phase.shortest_s
    return build_recording(signal, changes, now_s)


def _list_transitions(
    program: Sequence[Phase], walkers: Container[int], min_green_s: float
) -> Iterator[tuple[int, ...]]:
    """Every way from a stage to a next one: the numbers of the phases, both stages included."""
    following = [phase.following or ((k + 1) % len(program),) for k, phase in enumerate(program)]
    stages = {
        k
        for k, phase in enumerate(program)
        if _is_green(phase)
        and not all(
            _is_clearance(before, phase, walkers, min_green_s)
            for before, after in zip(program, following, strict=True)
            if k in after
        )
    }
    open_paths: list[tuple[int, ...]] = [(stage,) for stage in sorted(stages)]
    while open_paths:
        path = open_paths.pop()
        for k in following[path[-1]]:
            if k in stages:
                yield (*path, k)
            elif k not in path:
                open_paths.append((*path, k))


def _is_green(phase: Phase) -> bool:
    shown = {int(LAMP_CLASS[ord(letter)]) for letter in phase.state}
    return bool(shown & {PERMISSIVE, PROTECTED}) and YELLOW not in shown


def _is_clearance(before: Phase, phase: Phase, walkers: Container[int], min_green_s: float) -> bool:
    """Nothing starts, and it is short or only pedestrians have ended: a part of the intergreen, not a stage."""
    lamps = [(LAMP_CLASS[ord(a)], LAMP_CLASS[ord(b)]) for a, b in zip(before.state, phase.state, strict=True)]
    changed = {k for k, (a, b) in enumerate(lamps) if a != b}
    starts = any(b in (PERMISSIVE, PROTECTED) and a != PROTECTED for a, b in (lamps[k] for k in changed))
    return bool(changed) and not starts and (phase.shortest_s < min_green_s or all(k in walkers for k in changed))
