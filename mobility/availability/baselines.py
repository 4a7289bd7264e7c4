"""What a forecast must beat: as now, as now but calibrated, and the mean of that hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mobility.availability.readings import Floats, Grid, Ints, Kind
from mobility.availability.samples import Moments, Sample, draw
from mobility.availability.tables import KINDS
from mobility.availability.week import WEEK_S, WeekClock

HOURS: Final = 168
_HIGHEST: Final = 60
"""Levels above count as this one."""
_ROWS: Final = 200_000


def as_now(sample: Sample) -> Floats:
    """1 where there is something now, else 0."""
    return (sample.level >= 1).astype(np.float64)


@dataclass(frozen=True, eq=False)
class MeanOfHour:
    """``share`` float64[rows, HOURS]: of the time with at least one, in each hour of the week of each series."""

    share: Floats

    @classmethod
    def learn(cls, grid: Grid, clock: WeekClock) -> MeanOfHour:
        """The plain mean; an hour that was never seen has the mean of its series."""
        hour = (clock.locate(grid.list_times()) // 3600).astype(np.int64)
        known, usable = np.zeros((len(grid.series), HOURS)), np.zeros((len(grid.series), HOURS))
        for number in range(HOURS):
            level = grid.level[:, hour == number]
            known[:, number], usable[:, number] = (level >= 0).sum(axis=1), (level >= 1).sum(axis=1)
        mean = (usable.sum(axis=1) + 0.5) / (known.sum(axis=1) + 1.0)
        return cls(np.where(known > 0, usable / np.maximum(known, 1), mean[:, None]))

    def forecast(self, sample: Sample) -> Floats:
        """Of the hour of arrival."""
        return np.asarray(self.share[sample.row, (sample.then_s // 3600).astype(np.int64) % HOURS])


@dataclass(frozen=True, eq=False)
class CalibratedNow:
    """``share`` float64[kinds, _HIGHEST + 1]: how often at least one was there a while later, by the level before."""

    share: Floats

    @classmethod
    def learn(cls, moments: Moments, lead_s: float, last: int, seed: int) -> CalibratedNow:
        """From the moments before ``last``, for one lead."""
        share = np.zeros((len(KINDS), _HIGHEST + 1))
        for number, kind in enumerate(KINDS):
            sample = draw(moments, kind, lead_s, 0, last, _ROWS, seed)
            level = np.minimum(sample.level, _HIGHEST)
            seen = np.bincount(level, minlength=_HIGHEST + 1)
            usable = np.bincount(level, sample.later >= 1, _HIGHEST + 1)
            share[number] = (usable + 0.5) / (seen + 1.0)
        return cls(share)

    def forecast(self, sample: Sample, kind: Kind) -> Floats:
        """By the level now."""
        return np.asarray(self.share[KINDS.index(kind), np.minimum(sample.level, _HIGHEST)])


def find_last_week(grid: Grid, sample: Sample) -> Ints:
    """The level a week before the arrival, below 0 where it is not known."""
    ahead = np.round(sample.lead_s / grid.step_s).astype(np.int64)
    at = sample.moment + ahead - round(WEEK_S / grid.step_s)
    return np.where(at >= 0, grid.level[sample.row, np.maximum(at, 0)], -1).astype(np.int64)
