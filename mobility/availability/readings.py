"""The words of availability: what was read at a place, what is forecast, and the grid that history becomes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Levels = NDArray[np.int16]
Ints = NDArray[np.int64]

UNKNOWN: Final = -1
"""No reading, in arrays of levels. Sources write any negative number for it."""
MOST: Final = 30_000
"""A level above this is a mistake of the source: it does not fit an array of levels, nor any place."""
STALE_S: Final = 900.0
"""A reading older than this tells little more than history does: the basis of its forecast is "stale"."""


class Kind(StrEnum):
    """What is counted at a place."""

    BIKES = "bikes"
    """Shared vehicles that can be taken."""
    DOCKS = "docks"
    """Free docks, for giving a vehicle back."""
    SPACES = "spaces"
    """Free parking spaces."""


class Series(NamedTuple):
    """What a time series is of: a kind at a place."""

    kind: Kind
    place_id: str


@dataclass(frozen=True, slots=True)
class Reading:
    """``level`` things counted at ``observed_at_s`` (POSIX seconds). ``capacity`` 0 where it is not known."""

    level: int
    capacity: int
    observed_at_s: float

    def __post_init__(self) -> None:
        if self.level < 0 or self.capacity < 0 or not math.isfinite(self.observed_at_s):
            raise ValueError(
                f"a reading has counts and a time, not {self.level}, {self.capacity}, {self.observed_at_s}"
            )


@dataclass(frozen=True, slots=True)
class Forecast:
    """What will be there at arrival.

    ``p_usable`` is the probability that as many as are needed can be used; ``expected`` the middle of the level's
    distribution (its median, which has the least mean absolute error), ``low`` and ``high`` its 10 % and 90 %
    points. ``age_s`` is how old the reading is when asked, infinite without one. ``basis`` is "history" (this place
    is known and its reading fresh), "stale" (known, but the reading is older than ``STALE_S`` or there is none) or
    "prior" (a place without history).
    """

    p_usable: float
    expected: float
    low: float
    high: float
    age_s: float
    basis: str


@dataclass(frozen=True, slots=True)
class HistoryNotice:
    """What could not be used of a history: ``file`` and ``record`` (number of the block) with a remedy."""

    code: str
    file: str
    record: int
    message: str


@dataclass(frozen=True, eq=False)
class Grid:
    """Levels at regular moments, one row a series: what a model learns from.

    ``level`` int16[rows, moments] is the latest reading at each moment, ``UNKNOWN`` where it was too old;
    ``capacity`` float32[rows], the usual one (0: unknown); moment ``n`` is ``start_s + n * step_s``.
    """

    series: tuple[Series, ...]
    level: Levels
    capacity: Singles
    start_s: float
    step_s: float

    @property
    def moments(self) -> int:
        """How many moments it has."""
        return int(self.level.shape[1])

    @cached_property
    def rows(self) -> Mapping[Series, int]:
        """The row of a series."""
        return {series: row for row, series in enumerate(self.series)}

    def list_rows(self, kind: Kind) -> Ints:
        """The rows of one kind."""
        return np.array([row for row, series in enumerate(self.series) if series.kind == kind], np.int64)

    def list_times(self) -> Floats:
        """POSIX seconds of every moment."""
        return self.start_s + self.step_s * np.arange(self.moments, dtype=np.float64)

    def cut(self, first: int, last: int) -> Grid:
        """The moments from ``first`` up to ``last``, not included: a view, nothing is copied."""
        start_s = self.start_s + first * self.step_s
        return Grid(self.series, self.level[:, first:last], self.capacity, start_s, self.step_s)
