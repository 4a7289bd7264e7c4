"""Where in the week of its city a moment lies: by the wall clock, a public holiday being a Sunday."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from mobility.availability.readings import Floats

DAY_S: Final = 86_400
WEEK_S: Final = 7 * DAY_S
SUNDAY: Final = 6
_QUARTER_S: Final = 900
"""Clocks change, and zones differ from UTC, by quarters of an hour at quarters of an hour."""


@dataclass(frozen=True, slots=True)
class WeekClock:
    """The wall clock of a time zone (IANA name), with public holidays.

    Raises:
        ZoneInfoNotFoundError: There is no such time zone.
    """

    timezone: str
    holidays: frozenset[dt.date] = frozenset()

    def __post_init__(self) -> None:
        ZoneInfo(self.timezone)

    def locate(self, times_s: Floats) -> Floats:
        """Seconds since Monday 00:00 on the wall clock, in [0, 604800), for POSIX seconds of any shape.

        On the day that clocks go back an hour occurs twice and has the same place in the week both times.
        """
        times = np.asarray(times_s, np.float64)
        quarter = np.floor(times / _QUARTER_S).astype(np.int64)
        unique, inverse = np.unique(quarter, return_inverse=True)
        at = np.array([_locate_quarter(self, int(one)) for one in unique], np.float64)
        return at[inverse.reshape(times.shape)] + (times - quarter * _QUARTER_S)

    def locate_one(self, time_s: float) -> float:
        """``locate`` of a single moment."""
        quarter = int(time_s // _QUARTER_S)
        return _locate_quarter(self, quarter) + (time_s - quarter * _QUARTER_S)


@lru_cache(maxsize=1 << 15)
def _locate_quarter(clock: WeekClock, quarter: int) -> float:
    # arithmetic on an aware moment of UTC, never on a local one: clocks change
    moment = dt.datetime.fromtimestamp(quarter * _QUARTER_S, ZoneInfo(clock.timezone))
    day = SUNDAY if moment.date() in clock.holidays else moment.weekday()
    return float(day * DAY_S + moment.hour * 3600 + moment.minute * 60 + moment.second)
