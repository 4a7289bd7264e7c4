"""A link's recorded lamps as runs: stretches of red, yellow, permissive or protected green, and what lies between.

Red-yellow (u) and stop-then-go (s) count as red, blinking and dark lamps (o, O) as neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from signals.measures.recording import SignalRecording

RED, YELLOW, PERMISSIVE, PROTECTED, DARK = 0, 1, 2, 3, 4
LAMP_CLASS = np.full(256, RED, dtype=np.uint8)
for _letters, _value in (("yY", YELLOW), ("g", PERMISSIVE), ("G", PROTECTED), ("oO", DARK)):
    for _letter in _letters:
        LAMP_CLASS[ord(_letter)] = _value


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


def list_runs(recording: SignalRecording) -> list[list[Run]]:
    """Each link's stretches of equal state."""
    classes = LAMP_CLASS[recording.lamps]
    times_s = recording.times_s
    return [_list_link_runs(classes[:, link], times_s) for link in range(classes.shape[1])]


def _list_link_runs(states: NDArray[np.uint8], times_s: NDArray[np.float64]) -> list[Run]:
    starts = np.concatenate(([0], np.flatnonzero(np.diff(states)) + 1, [len(states)]))
    last = len(starts) - 2
    return [
        Run(float(times_s[a]), float(times_s[b]), int(states[a]), 0 < k < last)
        for k, (a, b) in enumerate(pairwise(starts))
    ]


def join_runs(runs: Iterable[Run], is_member: frozenset[int]) -> Iterator[Run]:
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


def list_red_ambers(recording: SignalRecording, link: int) -> Iterator[tuple[Run, int, int]]:
    """Each whole red-amber (u) of a link, with the class of lamp before and after it."""
    lamps, times_s = recording.lamps[:, link], recording.times_s
    is_amber = lamps == ord("u")
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_amber, [False])).astype(np.int8)))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if start > 0 and end < len(lamps):
            run = Run(float(times_s[start]), float(times_s[end]), RED, is_whole=True)
            yield run, int(LAMP_CLASS[lamps[start - 1]]), int(LAMP_CLASS[lamps[end]])


def list_greens(runs: Iterable[Run]) -> list[Run]:
    """Greens, protected and permissive joined."""
    return list(join_runs(runs, frozenset({PERMISSIVE, PROTECTED})))


def list_clearances(clearing: list[Run], starting: list[Run]) -> Iterator[tuple[float, float]]:
    """For each start of ``starting``: the time, and how long the other had been red by then.

    Negative: it was still yellow, for so long. Where it was green, the conflict rule speaks.
    """
    uses = list(join_runs(clearing, frozenset({YELLOW, PERMISSIVE, PROTECTED})))
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
