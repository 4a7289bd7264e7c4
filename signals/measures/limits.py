"""What a signal is held to: the scenario's numbers for our controllers, for shipped programs what they ship."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from signals.measures.lamp_runs import list_clearances, list_greens, list_runs
from signals.measures.recording import build_recording
from signals.measures.right_of_way import Phase, SignalLayout
from sumo_scenarios.manifest import Scenario


@dataclass(frozen=True, slots=True)
class Limits:
    """What a signal is held to. The mappings override the general numbers for a shipped program."""

    min_green_s: float
    yellow_s: float
    red_clearance_s: float
    max_red_s: float
    is_ours: bool
    shipped_green_s: Mapping[int, float]
    shipped_clearance_s: Mapping[tuple[int, int], float]


def get_limits(layout: SignalLayout, scenario: Scenario, *, is_ours: bool) -> Limits:
    """The scenario's numbers; for a shipped program also its own shortest greens and clearances."""
    shipped_green_s: dict[int, float] = {}
    shipped_clearance_s: dict[tuple[int, int], float] = {}
    if not is_ours:
        for program in layout.programs:
            _note_shipped(layout, program, scenario.min_green_s, shipped_green_s, shipped_clearance_s)
    return Limits(
        min_green_s=scenario.min_green_s,
        yellow_s=scenario.yellow_s,
        red_clearance_s=scenario.red_clearance_s if is_ours else 0.0,
        max_red_s=scenario.max_red_s,
        is_ours=is_ours,
        shipped_green_s=shipped_green_s,
        shipped_clearance_s=shipped_clearance_s,
    )


def _note_shipped(
    layout: SignalLayout,
    program: tuple[Phase, ...],
    min_green_s: float,
    greens_s: dict[int, float],
    clearances_s: dict[tuple[int, int], float],
) -> None:
    """Play the program three times at its shortest and measure it with the same rulers as a recording."""
    changes: list[tuple[float, str]] = []
    now_s = 0.0
    for phase in (*program, *program, *program):
        if changes and changes[-1][1] == phase.state:
            now_s += phase.shortest_s
            continue
        changes.append((now_s, phase.state))
        now_s += phase.shortest_s
    if not changes or len(changes[0][1]) < layout.link_count:
        return
    runs = list_runs(build_recording(layout.signal, changes, now_s))
    for link in range(layout.link_count):
        for run in list_greens(runs[link]):
            if run.is_whole and run.length_s < greens_s.get(link, min_green_s):
                greens_s[link] = run.length_s
    for clearing, starting in layout.conflicts:
        for _, measured_s in list_clearances(runs[clearing], runs[starting]):
            if measured_s >= 0:
                pair = (clearing, starting)
                clearances_s[pair] = min(measured_s, clearances_s.get(pair, measured_s))
