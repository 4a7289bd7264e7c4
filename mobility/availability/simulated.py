"""A SIMULATED history of a town, as a grid: what stands in for recordings where there are none, and says so."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from mobility.availability.readings import Grid, Kind, Levels, Series
from mobility.availability.simulated_bikes import POLL_MIN, simulate_bikes
from mobility.availability.simulated_parking import simulate_parking
from mobility.availability.week import WeekClock

NOTE: Final = "SIMULATED: riders and cars of an invented town, no recording of any city"
TIMEZONE: Final = "Asia/Taipei"
FIRST_DAY: Final = dt.date(2026, 3, 2)
"""A Monday."""
HOLIDAY_EVERY: Final = 19
"""Every so many days, from the tenth, is a public holiday."""
PARKS_PER_STATION: Final = 5


@dataclass(frozen=True, eq=False)
class SimulatedHistory:
    """``grid`` is what the feeds say; ``usable`` int16 of the same shape is what could really be used."""

    grid: Grid
    usable: Levels
    clock: WeekClock
    note: str = NOTE


def simulate(stations: int, weeks: int, seed: int) -> SimulatedHistory:
    """Bikes and docks of ``stations`` and the spaces of a fifth as many car parks over ``weeks``.

    Raises:
        ValueError: Fewer than 10 stations or no week.
    """
    if weeks < 1:
        raise ValueError(f"a history has at least one week, not {weeks}")
    days = weeks * 7
    holidays = tuple(range(10, days, HOLIDAY_EVERY))
    bikes = simulate_bikes(stations, days, holidays, seed)
    parks = simulate_parking(stations // PARKS_PER_STATION, days, holidays, seed)
    names = [f"S{number:04d}" for number in range(stations)]
    series = (
        *(Series(Kind.BIKES, name) for name in names),
        *(Series(Kind.DOCKS, name) for name in names),
        *(Series(Kind.SPACES, f"P{number:04d}") for number in range(len(parks.spaces))),
    )
    capacity = np.concatenate([bikes.capacity, bikes.capacity, parks.capacity]).astype(np.float32)
    start_s = dt.datetime.combine(FIRST_DAY, dt.time(), ZoneInfo(TIMEZONE)).timestamp()
    grid = Grid(series, np.concatenate([bikes.bikes, bikes.docks, parks.spaces]), capacity, start_s, POLL_MIN * 60.0)
    usable = np.concatenate([bikes.usable_bikes, bikes.usable_docks, parks.usable])
    days_off = frozenset(FIRST_DAY + dt.timedelta(day) for day in holidays)
    return SimulatedHistory(grid, usable, WeekClock(TIMEZONE, days_off))
