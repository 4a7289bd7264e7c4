"""An independent safety audit: recorded signal states against the net and the scenario's numbers.

It shares no code with any controller and trusts none: the states come from SUMO, the conflicts from the
net's right-of-way matrix. Rules, each for every link:

- ``min_green``: no green shorter than required;
- ``yellow``: between green and red a yellow of the required length (pedestrians have none by nature);
- ``yellow_then_green``: a yellow ends in red (ours only: SUMO's generated programs flash yellow between two
  stages that serve the same link, which confuses but brings nobody into conflict);
- ``red_clearance``: from the end of a link's yellow to the start of a crossing green (also a permissive
  green that becomes protected) the required time; negative when the other is still yellow. From the end of a
  crossing's green it is, for ours, the time to walk over;
- ``conflicting_greens``: crossing links are green together only where one is permissive and yields by the net;
- ``red_amber`` (ours only): it comes after red, ends in green and lasts 1 to 3 s (RiLSA 1 s, Great Britain 2 s).
  It is a red for every other rule: it clears nobody, serves nobody, and an early start is a start like any other;
- ``max_red``: no link is kept from green longer than allowed, the ends of the recording included. A lamp without
  a connection in the net keeps nobody waiting.

Shipped programs are held to what they ship: the clearances and the short greens that the program itself
fixes are no violation of that program (see ``shipped.py``). All other rules hold for them as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

import numpy as np

from signals.measures.lamp_runs import (
    LAMP_CLASS,
    PERMISSIVE,
    PROTECTED,
    RED,
    YELLOW,
    Run,
    join_runs,
    list_clearances,
    list_greens,
    list_red_ambers,
    list_runs,
)
from signals.measures.limits import Limits, get_limits
from signals.measures.recording import SignalRecording, load_recording
from signals.measures.right_of_way import SignalLayout, load_layouts
from signals.measures.sumo_xml import MeasureError
from sumo_scenarios.manifest import Scenario

_EPSILON_S = 1e-6
_RED_AMBER_S = (1.0, 3.0)


class Rule(StrEnum):
    """What was broken."""

    MIN_GREEN = "min_green"
    YELLOW = "yellow"
    YELLOW_THEN_GREEN = "yellow_then_green"
    RED_CLEARANCE = "red_clearance"
    CONFLICTING_GREENS = "conflicting_greens"
    MAX_RED = "max_red"
    RED_AMBER = "red_amber"


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
        links=sum(len(layout.names) for layout in layouts.values()),
        conflicts=sum(len(layout.conflicts) for layout in layouts.values()) // 2,
        greens=greens,
        recorded_s=max((float(r.times_s[-1] - r.times_s[0]) for r in recordings.values()), default=0.0),
    )


def audit_signal(layout: SignalLayout, recording: SignalRecording, limits: Limits) -> list[Violation]:
    """All violations of one signal."""
    runs = list_runs(recording)
    found = [v for link in range(layout.link_count) for v in _check_link(layout, link, runs[link], limits)]
    if limits.is_ours:
        found += [v for link in layout.names for v in _check_red_amber(layout.signal, link, recording)]
    for link in layout.names:
        if layout.has_only_arrow(link):
            found += _check_arrow(layout.signal, link, recording, limits.max_red_s)
    found += _check_conflicts(layout, recording)
    for clearing, starting in sorted(layout.conflicts):
        required_s = limits.clearance_s.get((clearing, starting), limits.red_clearance_s)
        for time_s, measured_s in list_clearances(runs[clearing], runs[starting]):
            if measured_s < required_s - _EPSILON_S:
                rule = Rule.RED_CLEARANCE
                found.append(Violation(layout.signal, starting, time_s, rule, measured_s, required_s, clearing))
    return found


def _check_link(layout: SignalLayout, link: int, runs: list[Run], limits: Limits) -> Iterator[Violation]:
    signal = layout.signal
    required_s = limits.shipped_green_s.get(link, limits.min_green_s)
    for green in list_greens(runs):
        if green.is_whole and green.length_s < required_s - _EPSILON_S:
            yield Violation(signal, link, green.start_s, Rule.MIN_GREEN, green.length_s, required_s)
    if link not in layout.walkers:
        yield from _check_yellow(signal, link, runs, limits)
    if link in layout.names and not layout.has_only_arrow(link):
        for wait in join_runs(runs, frozenset({RED})):
            if wait.length_s > limits.max_red_s + _EPSILON_S:
                yield Violation(signal, link, wait.start_s, Rule.MAX_RED, wait.length_s, limits.max_red_s)


def _check_yellow(signal: str, link: int, runs: list[Run], limits: Limits) -> Iterator[Violation]:
    for before, after in pairwise(runs):
        if before.state in (PERMISSIVE, PROTECTED) and after.state == RED:
            yield Violation(signal, link, after.start_s, Rule.YELLOW, 0.0, limits.yellow_s)
        if before.state == YELLOW and before.is_whole and after.state == RED:
            if before.length_s < limits.yellow_s - _EPSILON_S:
                yield Violation(signal, link, before.start_s, Rule.YELLOW, before.length_s, limits.yellow_s)
        elif before.state == YELLOW and after.state != RED and limits.is_ours:
            yield Violation(signal, link, after.start_s, Rule.YELLOW_THEN_GREEN, before.length_s, limits.yellow_s)


def _check_arrow(signal: str, link: int, recording: SignalRecording, max_red_s: float) -> Iterator[Violation]:
    """The longest red of a link that its city serves with a stop-then-go and never with a green."""
    is_red = recording.lamps[:, link] != ord("s")
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_red, [False])).astype(np.int8)))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        begin_s, end_s = float(recording.times_s[start]), float(recording.times_s[end])
        if end_s - begin_s > max_red_s + _EPSILON_S:
            yield Violation(signal, link, begin_s, Rule.MAX_RED, end_s - begin_s, max_red_s)


def _check_red_amber(signal: str, link: int, recording: SignalRecording) -> Iterator[Violation]:
    shortest_s, longest_s = _RED_AMBER_S
    for amber, before, after in list_red_ambers(recording, link):
        is_long_enough = amber.length_s >= shortest_s - _EPSILON_S
        bound_s = longest_s if is_long_enough else shortest_s
        is_in_place = before == RED and after in (PERMISSIVE, PROTECTED)
        if not (is_in_place and is_long_enough and amber.length_s <= longest_s + _EPSILON_S):
            yield Violation(signal, link, amber.start_s, Rule.RED_AMBER, amber.length_s, bound_s)


def _check_conflicts(layout: SignalLayout, recording: SignalRecording) -> Iterator[Violation]:
    classes = LAMP_CLASS[recording.lamps]
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
