"""What a model is fitted and judged on: moments of a history, what was known then, and what was there later."""

from __future__ import annotations

from typing import Final, NamedTuple

import numba as nb
import numpy as np

from mobility.availability.kernel import FEATURES, RECENT_S, describe
from mobility.availability.rates import clip_step
from mobility.availability.readings import UNKNOWN, Floats, Grid, Ints, Kind, Levels
from mobility.availability.tables import KINDS, Profiles
from mobility.availability.week import WeekClock

PULSE_S: Final = 3600.0
"""Today's activity is that of so long before a reading."""
LONGEST_QUIET_S: Final = 86_400.0


class Sample(NamedTuple):
    """Rows of one kind and lead. ``row`` of the grid, ``moment`` of the reading, ``level`` then and ``later`` at the
    arrival, ``now_s`` and ``then_s`` in the week, ``lead_s``, ``flow`` and ``pulse`` (NaN: unknown), ``quiet_s``.
    """

    row: Ints
    moment: Ints
    level: Ints
    later: Ints
    now_s: Floats
    then_s: Floats
    lead_s: Floats
    flow: Floats
    quiet_s: Floats
    pulse: Floats

    def take(self, at: Ints) -> Sample:
        """Some of the rows."""
        return Sample._make(column[at] for column in self)


class Moments(NamedTuple):
    """A grid with what samples need of it: ``week_s`` of every moment, ``pulse`` float64[kinds, moments]."""

    grid: Grid
    week_s: Floats
    pulse: Floats


def prepare(grid: Grid, clock: WeekClock, profiles: Profiles) -> Moments:
    """Work out the week and the pulse of a grid once."""
    week_s = clock.locate(grid.list_times())
    pulse = np.full((len(KINDS), grid.moments), np.nan)
    back = round(PULSE_S / grid.step_s)
    for number, kind in enumerate(KINDS):
        rows = grid.list_rows(kind)
        if len(rows):
            moved, usual = np.zeros(grid.moments), np.zeros(grid.moments)
            _measure_activity(
                grid.level, rows, profiles.rise, profiles.fall, profiles.capacity, week_s, grid.step_s, moved, usual
            )
            since = [np.concatenate([np.zeros(1), np.cumsum(column)]) for column in (moved, usual)]
            gone = [column[back + 1 :] - column[1:-back] for column in since]
            # beside the usual of those places that could be seen, so that an outage is no quiet hour
            pulse[number, back:] = np.where(gone[1] >= 1.0, gone[0] / np.maximum(gone[1], 1.0), np.nan)
    return Moments(grid, week_s, pulse)


@nb.njit(cache=True, nogil=True)
def _measure_activity(
    level: Levels, rows: Ints, rise: Floats, fall: Floats, capacity: Floats, week_s: Floats, step_s: float,
    moved: Floats, usual: Floats,
) -> None:  # fmt: skip
    """Add to ``moved`` and ``usual`` what changed, and what usually does, in the step that ends at each moment."""
    slots = rise.shape[1] - 1
    slot_s = 604_800.0 / slots
    for row in rows:
        for at in range(1, level.shape[1]):
            if level[row, at] >= 0 and level[row, at - 1] >= 0:
                slot = int(week_s[at - 1] / slot_s)
                step = clip_step(float(level[row, at]) - level[row, at - 1], capacity[row])
                moved[at] += abs(step)
                flows = rise[row, slot + 1] - rise[row, slot] + fall[row, slot + 1] - fall[row, slot]
                usual[at] += capacity[row] * flows * step_s / slot_s


def draw(moments: Moments, kind: Kind, lead_s: float, first: int, last: int, size: int, seed: int) -> Sample:
    """Random pairs of a reading and a reading ``lead_s`` later, both within [first, last); at most ``size``, the
    same for the same seed.
    """
    grid = moments.grid
    rows, ahead = grid.list_rows(kind), round(lead_s / grid.step_s)
    width = last - ahead - first
    if not len(rows) or width <= 0:
        return _collect(moments, kind, np.zeros(0, np.int64), np.zeros(0, np.int64), ahead)
    random = np.random.default_rng([seed, KINDS.index(kind), ahead])
    size = min(size, len(rows) * width)
    row, at = rows[random.integers(0, len(rows), size)], first + random.integers(0, width, size)
    both = (grid.level[row, at] >= 0) & (grid.level[row, at + ahead] >= 0)
    return _collect(moments, kind, row[both], at[both], ahead)


def _collect(moments: Moments, kind: Kind, row: Ints, at: Ints, ahead: int) -> Sample:
    grid = moments.grid
    flow, quiet_s = np.full(len(row), np.nan), np.zeros(len(row))
    _look_back(grid.level, row, at, grid.capacity, round(RECENT_S / grid.step_s), grid.step_s, flow, quiet_s)
    later = grid.level[row, at + ahead].astype(np.int64)
    lead_s = np.full(len(row), ahead * grid.step_s)
    pulse = moments.pulse[KINDS.index(kind), at]
    level = grid.level[row, at].astype(np.int64)
    return Sample(row, at, level, later, moments.week_s[at], moments.week_s[at + ahead], lead_s, flow, quiet_s, pulse)


@nb.njit(cache=True, nogil=True)
def _look_back(
    level: Levels, row: Ints, at: Ints, capacity: Floats, back: int, step_s: float, flow: Floats, quiet_s: Floats
) -> None:
    for i in range(len(row)):
        here = level[row[i]]
        if at[i] >= back and here[at[i] - back] >= 0:
            change, is_whole = 0.0, True
            for step in range(at[i] - back, at[i]):
                is_whole = is_whole and here[step] >= 0 and here[step + 1] >= 0
                change += clip_step(float(here[step + 1]) - here[step], capacity[row[i]])
            if is_whole:
                flow[i] = change
        since = at[i]
        while since > 0 and (at[i] - since) * step_s < LONGEST_QUIET_S:
            before = here[since - 1]
            if before != here[at[i]] and before != UNKNOWN:  # a tuple of both would not compile
                break
            since -= 1
        quiet_s[i] = (at[i] - since) * step_s


def describe_sample(profiles: Profiles, sample: Sample, rows: Ints) -> tuple[Floats, Floats]:
    """What the forecast sees of a sample, by the forecast's own code: float64[rows, FEATURES], and the capacities.
    ``rows`` are those of the profiles, which may be others than the grid's.
    """
    out = np.empty((len(sample.row), FEATURES))
    capacity = profiles.capacity[sample.row].astype(np.float64)
    _describe_many(profiles, rows, capacity, sample.now_s, sample.lead_s, sample.then_s, sample.flow, sample.pulse, out)
    return out, capacity


@nb.njit(cache=True, nogil=True)
def _describe_many(
    profiles: Profiles, row: Ints, capacity: Floats, now_s: Floats, lead_s: Floats, then_s: Floats, flow: Floats,
    pulse: Floats, out: Floats,
) -> None:  # fmt: skip
    for i in range(len(row)):
        describe(profiles, row[i], capacity[i], now_s[i], lead_s[i], then_s[i], flow[i], pulse[i], out[i])
