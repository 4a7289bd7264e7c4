"""How many bikes, docks or spaces there are at places, and how likely one is left when somebody gets there.

Arrays by place, and the forecast behind them. Without any forecast, and without a reading, a place counts as usable:
what nothing is known of is not held against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from mobility.availability.readings import Forecast, Kind, Reading
from mobility.geodesy import Floats
from mobility.model import Place
from mobility.network.timetable import Flags, Ints
from mobility.street_use import Backup, Chance

if TYPE_CHECKING:
    from mobility.availability import AvailabilityModel, BoundPlaces

UNKNOWN: Final = -1
LEAST: Final = 0.2
"""Nobody is sent to a place where something is left only this seldom."""
MOST_EXTRA_S: Final = 900
"""What it costs at most if there is nothing: then one walks, looks further, or takes what comes."""
KEPT: Final = 32
"""So many moments' probabilities are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Stock:
    """``level`` of ``kind`` per place (``UNKNOWN``: no reading), as read at ``observed_s`` (POSIX seconds, NaN without
    reading), of ``capacity`` (``UNKNOWN``: not told). ``is_open`` flags where anything may be taken (left) at all.
    """

    kind: Kind
    ids: Sequence[str]
    level: Ints
    capacity: Ints
    observed_s: Floats
    is_open: Flags
    is_forecast: Flags
    """Of which a forecast is made: a single vehicle stands there or does not, and a street has room."""
    model: AvailabilityModel | None = None
    _kept: dict[tuple[int, int], Floats] = field(default_factory=dict, repr=False)
    _bound: list[BoundPlaces] = field(default_factory=list, repr=False)

    def list_probabilities(self, asked_s: float, arrive_s: float) -> Floats:
        """The chance of something usable at every place for somebody who gets there at ``arrive_s``; kept by the
        minute, for a query asks it at both ends and for every mode.
        """
        key = int(asked_s // 60), int(arrive_s // 60)
        if key not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[key] = self._compute(60.0 * key[0], 60.0 * key[1])
        return self._kept[key]

    def find_probability(self, place: int, asked_s: float, arrive_s: float) -> float:
        """The chance at one place, at the very second."""
        return self._judge(place, self._forecast(place, self._reading_of(place), asked_s, arrive_s))

    def _judge(self, place: int, forecast: Forecast | None) -> float:
        if not self.is_open[place]:
            return 0.0
        return forecast.p_usable if forecast else float(self.level[place] != 0)

    def _compute(self, asked_s: float, arrive_s: float) -> Floats:
        found = np.where(self.level == 0, 0.0, 1.0)
        if self.model is not None:
            if not self._bound:
                self._bound.append(self.model.bind(self.ids, self.kind))
            level, capacity = self.level.astype(np.int64), self.capacity.astype(np.int64)
            forecast = self._bound[0].forecast(level, capacity, self.observed_s, asked_s, arrive_s)
            found = np.where(self.is_forecast > 0, forecast.p_usable, found)
        return np.where(self.is_open > 0, found, 0.0)

    def tell(self, place: int, at: Place, asked_s: float, arrive_s: float, backup: Backup | None) -> Chance:
        """The chance at one place in the words of a leg."""
        reading = self._reading_of(place)
        age_s = None if reading is None else max(0, round(asked_s - reading.observed_at_s))
        level = None if reading is None else reading.level
        capacity = int(self.capacity[place])
        forecast = self._forecast(place, reading, asked_s, arrive_s)
        probability = self._judge(place, forecast)
        basis = forecast.basis if forecast else "prior" if reading is None else "now"
        return Chance(at, round(probability, 3), basis, level, None if capacity == UNKNOWN else capacity, age_s, backup)

    def _forecast(self, place: int, reading: Reading | None, asked_s: float, arrive_s: float) -> Forecast | None:
        if self.model is None or not self.is_forecast[place]:
            return None
        return self.model.forecast(self.ids[place], self.kind, reading, asked_s, arrive_s)

    def _reading_of(self, place: int) -> Reading | None:
        if self.level[place] == UNKNOWN or np.isnan(self.observed_s[place]):
            return None
        level, capacity = int(self.level[place]), int(self.capacity[place])
        return Reading(level, max(level, capacity), float(self.observed_s[place]))


def expect_lost_s(probability: Floats | float) -> Ints:
    """What is lost on average because there may be nothing."""
    return np.asarray(np.ceil((1.0 - np.asarray(probability)) * MOST_EXTRA_S)).astype(np.int64)


def choose_backup(place: int, near: Ints, seconds: Ints, probability: Floats, labels: Sequence[Place]) -> Backup | None:
    """Where to go from a place that is empty (full): the least expected time among those near, itself left out."""
    is_other = (near != place) & (probability[near] >= LEAST)
    if not is_other.any():
        return None
    near, seconds = near[is_other], seconds[is_other]
    # a place that fails, too, costs as much again: so many tries until one holds
    best = int(np.argmin(seconds / probability[near]))
    number = int(near[best])
    return Backup(labels[number], int(seconds[best]), round(float(probability[number]), 3))
