"""An independent safety audit: recorded signal states against the net and the scenario's numbers.

It shares no code with any controller and trusts none: the states come from SUMO, the conflicts from the
net's right-of-way matrix. Rules, each for every link:

- ``min_green``: no green shorter than required;
- ``yellow``: between green and red a yellow of the required length;
- ``yellow_then_green``: a yellow ends in red (ours only: SUMO's generated programs flash yellow between two
  stages that serve the same link, which confuses but brings nobody into conflict);
- ``red_clearance``: from the end of a link's yellow to the start of a crossing green (also a permissive
  green that becomes protected) the required time; negative when the other is still yellow;
- ``conflicting_greens``: crossing links are green together only where one is permissive and yields by the net;
- ``max_red``: no link is kept from green longer than allowed, the ends of the recording included.

Shipped programs are held to what they ship: the clearances and the short greens that the program itself
fixes are no violation of that program. All other rules hold for them as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signals.measures.recording import SignalRecording, build_recording, load_recording
from signals.measures.right_of_way import Phase, SignalLayout, load_layouts
from signals.measures.sumo_xml import MeasureError
from sumo_scenarios.manifest import Scenario

RED, YELLOW, PERMISSIVE, PROTECTED, DARK = 0, 1, 2, 3, 4
_CLASS = np.full(256, RED, dtype=np.uint8)
for _letters, _value in (("yY", YELLOW), ("g", PERMISSIVE), ("G", PROTECTED), ("oO", DARK)):
    for _letter in _letters:
        _CLASS[ord(_letter)] = _value
_EPSILON_S = 1e-6


class Rule(StrEnum):
    """What was broken."""

    MIN_GREEN = "min_green"
    YELLOW = "yellow"
    YELLOW_THEN_GREEN = "yellow_then_green"
    RED_CLEARANCE = "red_clearance"
    CONFLICTING_GREENS = "conflicting_greens"
    MAX_RED = "max_red"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: where, when, how much was measured and required. ``other`` is the crossing link, or -1."""

    signal: str
    link: int
    time_s: float
    rule: Rule
    measured_s: float
    required_s: float
    other: int = -1

    def __str__(self) -> str:
        against = f" against link {self.other}" if self.other >= 0 else ""
        return (
            f"{self.signal} link {self.link}{against} at {self.time_s:g} s: {self.rule} "
            f"{self.measured_s:g} s, required {self.required_s:g} s"
        )


@dataclass(frozen=True, slots=True)
class Audit:
    """The findings, and how much was looked at."""

    violations: tuple[Violation, ...]
    signals: int
    links: int
    conflicts: int
    greens: int
    recorded_s: float

    @property
    def is_safe(self) -> bool:
        """True when nothing was found."""
        return not self.violations


@dataclass(frozen=True, slots=True)
class Run:
    """One stretch of a link in one class of state. ``is_whole``: neither end is the recording's."""

    start_s: float
    end_s: float
    state: int
    is_whole: bool

    @property
    def length_s(self) -> float:
        """Seconds from start to end."""
        return self.end_s - self.start_s


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


def audit_run(tls_states: Path, scenario: Scenario, *, is_ours: bool) -> Audit:
    """Audit one recording of one scenario.

    Raises:
        MeasureError: the recording is broken, or lacks a signal of the net.
    """
    layouts = load_layouts(scenario.net, scenario.additional)
    recordings = load_recording(tls_states)
    if missing := sorted(set(layouts) - set(recordings)):
        raise MeasureError(
            f"{tls_states}: no states of signal {missing[0]} ({len(missing)} of {len(layouts)} signals of "
            f"{scenario.net.name} are missing); nothing can be said about what was not recorded."
        )
    violations: list[Violation] = []
    greens = 0
    for signal, layout in layouts.items():
        recording = recordings[signal]
        if recording.lamps.shape[1] < layout.link_count:
            raise MeasureError(
                f"{tls_states}: {signal} has {recording.lamps.shape[1]} lamps, but {layout.link_count} links "
                f"in {scenario.net.name}; is it a recording of this net?"
            )
        limits = get_limits(layout, scenario, is_ours=is_ours)
        runs = list_runs(recording)
        greens += sum(len(list_greens(link)) for link in runs)
        violations += audit_signal(layout, recording, limits)
    violations.sort(key=lambda v: (v.time_s, v.signal, v.link))
    return Audit(
        tuple(violations),
        signals=len(layouts),
        links=sum(layout.link_count for layout in layouts.values()),
        conflicts=sum(len(layout.conflicts) for layout in layouts.values()) // 2,
        greens=greens,
        recorded_s=max((float(r.times_s[-1] - r.times_s[0]) for r in recordings.values()), default=0.0),
    )


def audit_signal(layout: SignalLayout, recording: SignalRecording, limits: Limits) -> list[Violation]:
    """All violations of one signal."""
    runs = list_runs(recording)
    found = [v for link in range(layout.link_count) for v in _check_link(layout.signal, link, runs[link], limits)]
    found += _check_conflicts(layout, recording)
    for clearing, starting in sorted(layout.conflicts):
        required_s = limits.shipped_clearance_s.get((clearing, starting), limits.red_clearance_s)
        for time_s, measured_s in _list_clearances(runs[clearing], runs[starting]):
            if measured_s < required_s - _EPSILON_S:
                rule = Rule.RED_CLEARANCE
                found.append(Violation(layout.signal, starting, time_s, rule, measured_s, required_s, clearing))
    return found


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
        for _, measured_s in _list_clearances(runs[clearing], runs[starting]):
            if measured_s >= 0:
                pair = (clearing, starting)
                clearances_s[pair] = min(measured_s, clearances_s.get(pair, measured_s))


def list_runs(recording: SignalRecording) -> list[list[Run]]:
    """Each link's stretches of equal state."""
    classes = _CLASS[recording.lamps]
    times_s = recording.times_s
    return [_list_link_runs(classes[:, link], times_s) for link in range(classes.shape[1])]


def _list_link_runs(states: NDArray[np.uint8], times_s: NDArray[np.float64]) -> list[Run]:
    starts = np.concatenate(([0], np.flatnonzero(np.diff(states)) + 1, [len(states)]))
    last = len(starts) - 2
    return [
        Run(float(times_s[a]), float(times_s[b]), int(states[a]), 0 < k < last)
        for k, (a, b) in enumerate(pairwise(starts))
    ]


def _joined(runs: Iterable[Run], is_member: frozenset[int]) -> Iterator[Run]:
    """Neighbouring runs of the given states as one; its state is the first one's."""
    pending: Run | None = None
    for run in runs:
        if run.state not in is_member:
            if pending:
                yield pending
            pending = None
        elif pending:
            pending = Run(pending.start_s, run.end_s, pending.state, pending.is_whole and run.is_whole)
        else:
            pending = run
    if pending:
        yield pending


def list_greens(runs: Iterable[Run]) -> list[Run]:
    """Greens, protected and permissive joined."""
    return list(_joined(runs, frozenset({PERMISSIVE, PROTECTED})))


def _check_link(signal: str, link: int, runs: list[Run], limits: Limits) -> Iterator[Violation]:
    required_s = limits.shipped_green_s.get(link, limits.min_green_s)
    for green in list_greens(runs):
        if green.is_whole and green.length_s < required_s - _EPSILON_S:
            yield Violation(signal, link, green.start_s, Rule.MIN_GREEN, green.length_s, required_s)
    for before, after in pairwise(runs):
        if before.state in (PERMISSIVE, PROTECTED) and after.state == RED:
            yield Violation(signal, link, after.start_s, Rule.YELLOW, 0.0, limits.yellow_s)
        if before.state == YELLOW and before.is_whole and after.state == RED:
            if before.length_s < limits.yellow_s - _EPSILON_S:
                yield Violation(signal, link, before.start_s, Rule.YELLOW, before.length_s, limits.yellow_s)
        elif before.state == YELLOW and after.state != RED and limits.is_ours:
            yield Violation(signal, link, after.start_s, Rule.YELLOW_THEN_GREEN, before.length_s, limits.yellow_s)
    for wait in _joined(runs, frozenset({RED})):
        if wait.length_s > limits.max_red_s + _EPSILON_S:
            yield Violation(signal, link, wait.start_s, Rule.MAX_RED, wait.length_s, limits.max_red_s)


def _check_conflicts(layout: SignalLayout, recording: SignalRecording) -> Iterator[Violation]:
    classes = _CLASS[recording.lamps]
    protected, permissive = classes == PROTECTED, classes == PERMISSIVE
    for i, j in sorted(layout.conflicts):
        if i > j:
            continue
        wrong = protected[:, i] & protected[:, j]
        if (i, j) not in layout.yields:
            wrong |= permissive[:, i] & protected[:, j]
        if (j, i) not in layout.yields:
            wrong |= protected[:, i] & permissive[:, j]
        if (i, j) not in layout.yields and (j, i) not in layout.yields:
            wrong |= permissive[:, i] & permissive[:, j]
        edges = np.flatnonzero(np.diff(np.concatenate(([False], wrong, [False])).astype(np.int8)))
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            begin_s, end_s = float(recording.times_s[start]), float(recording.times_s[end])
            yield Violation(layout.signal, i, begin_s, Rule.CONFLICTING_GREENS, end_s - begin_s, 0.0, j)


def _list_clearances(clearing: list[Run], starting: list[Run]) -> Iterator[tuple[float, float]]:
    """For each start of ``starting``: the time, and how long the other had been red by then.

    Negative: it was still yellow, for so long. Where it was green, the conflict rule speaks.
    """
    uses = list(_joined(clearing, frozenset({YELLOW, PERMISSIVE, PROTECTED})))
    begins_s = np.array([use.start_s for use in uses])
    yellows = [run for run in clearing if run.state == YELLOW]
    for before, run in pairwise(starting):
        is_demoted = before.state == PROTECTED  # green all along, now yielding: not a start
        if run.state not in (PERMISSIVE, PROTECTED) or is_demoted:
            continue
        at = int(np.searchsorted(begins_s, run.start_s, side="right")) - 1  # the last use begun by then
        if at < 0:
            continue
        if uses[at].end_s <= run.start_s:
            yield run.start_s, run.start_s - uses[at].end_s
        else:
            still = (y for y in yellows if y.start_s <= run.start_s < y.end_s)
            yield from ((run.start_s, run.start_s - yellow.end_s) for yellow in still)
