"""The availability model: what is usable on arrival, with what probability.

Between the reading and the arrival (the lead: its age plus the way there) the level is taken as a motion with
drift and variance, reflected at an empty place (``passage``). Drift and variance come from what usually comes and goes
at this place in these half hours (``rates``), the level's usual change, the recent flow and the day's activity, with
weights learned by kind and lead (``layers``); the result is stacked with how often the place is usable at this
time of the week, and calibrated on weeks that nothing else was fitted on. A place without history has its kind's
pooled profile. ``docs/reference/availability.md`` has the mathematics and the figures.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from mobility.availability.kernel import EXPECTED, HIGH, LOW, P_USABLE, forecast_rows
from mobility.availability.prior import make_prior_layers, make_prior_profiles
from mobility.availability.readings import STALE_S, UNKNOWN, Floats, Forecast, Ints, Kind, Reading, Series
from mobility.availability.tables import KINDS, Layers, Profiles
from mobility.availability.week import WeekClock


class Forecasts(NamedTuple):
    """``Forecast`` of many places, float64[places] each."""

    p_usable: Floats
    expected: Floats
    low: Floats
    high: Floats
    age_s: Floats


@dataclass(frozen=True, slots=True)
class Trends:
    """What was seen before the readings, by place as bound: ``flow`` (change of the level in the last half hour, NaN
    unknown), ``quiet_s`` (since when the level is the same, 0 unknown), and ``pulse``: activity of all places of the
    kind in the last hour beside the usual (NaN unknown). ``RecentReadings`` makes them.
    """

    flow: Floats
    quiet_s: Floats
    pulse: float = math.nan


@dataclass(frozen=True, eq=False)
class AvailabilityModel:
    """Learned parameters, never changed. ``facts`` say on what they were learned and how well they did, as JSON."""

    clock: WeekClock
    profiles: Profiles
    layers: Layers
    rows: Mapping[Series, int] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def prior(cls, timezone: str, holidays: frozenset[dt.date] = frozenset()) -> AvailabilityModel:
        """A model of no history at all.

        Raises:
            ZoneInfoNotFoundError: There is no such time zone.
        """
        facts = {"basis": "prior", "note": "no history: rates by judgement, wide"}
        return cls(WeekClock(timezone, holidays), make_prior_profiles(), make_prior_layers(), {}, facts)

    def knows(self, kind: Kind, place_id: str) -> bool:
        """Whether it has learned from this place's history."""
        return Series(kind, place_id) in self.rows

    def bind(self, place_ids: Sequence[str], kind: Kind) -> BoundPlaces:
        """Look places up once, for many forecasts."""
        pooled = len(self.rows) + KINDS.index(kind)
        row = np.array([self.rows.get(Series(kind, place_id), pooled) for place_id in place_ids], np.int64)
        return BoundPlaces(self, kind, row)

    def forecast(
        self, place_id: str, kind: Kind, reading: Reading | None, at_s: float, arrive_s: float, needed: int = 1,
        *, trends: Trends | None = None,
    ) -> Forecast:  # fmt: skip
        """The forecast of one place, asked at ``at_s`` for an arrival at ``arrive_s`` (POSIX seconds). Without a
        ``reading`` nothing is known of now. ``trends``, where given, are of this one place.

        Raises:
            ValueError: ``needed`` is less than 1, or a time is not finite.
        """
        bound = self.bind([place_id], kind)
        many = bound.forecast(*_split([reading]), at_s, arrive_s, needed, trends)
        age_s = float(many.age_s[0])
        basis = "prior" if not self.knows(kind, place_id) else "history" if age_s <= STALE_S else "stale"
        p_usable, expected, low, high = (float(column[0]) for column in many[:4])
        return Forecast(p_usable, expected, low, high, age_s, basis)

    def forecast_many(
        self, place_ids: Sequence[str], kind: Kind, readings: Sequence[Reading | None], at_s: float,
        arrive_s: float | Floats, needed: int = 1,
    ) -> Floats:  # fmt: skip
        """``p_usable`` by place, for readings as objects; whoever asks often binds the places and keeps arrays.

        Raises:
            ValueError: ``needed`` is less than 1, or a time is not finite.
        """
        return self.bind(place_ids, kind).forecast(*_split(readings), at_s, arrive_s, needed).p_usable


@dataclass(frozen=True, slots=True, eq=False)
class BoundPlaces:
    """Places of one kind with their rows in the model."""

    model: AvailabilityModel
    kind: Kind
    row: Ints

    def forecast(
        self, level: Ints, capacity: Floats | Ints, observed_s: Floats, at_s: float, arrive_s: float | Floats,
        needed: int = 1, trends: Trends | None = None,
    ) -> Forecasts:  # fmt: skip
        """Forecasts for arrays by place: ``level`` (negative: no reading), ``capacity`` (not above 0: not known),
        ``observed_s``, and ``arrive_s``, one for all or by place. Thousands of places take less than 1 ms.

        A reading that claims to be from the future counts as made when asked; an arrival before the question is now.

        Raises:
            ValueError: ``needed`` is less than 1, or a time is not finite.
        """
        if needed < 1:
            raise ValueError(f"at least one is needed, not {needed}")
        arrive = np.maximum(np.asarray(arrive_s, np.float64), at_s)
        if not (math.isfinite(at_s) and np.isfinite(arrive).all()):
            raise ValueError("a forecast needs a finite time of asking and of arrival (POSIX seconds)")
        count = len(self.row)
        observed = np.minimum(np.asarray(observed_s, np.float64), at_s)
        has = (np.asarray(level) >= 0) & np.isfinite(observed)
        since = np.where(has, observed, at_s)
        clock = self.model.clock
        then_s = clock.locate(arrive) if arrive.ndim else np.full(count, clock.locate_one(float(arrive)))
        none = np.full(count, np.nan)
        out = forecast_rows(
            self.model.profiles, self.model.layers, KINDS.index(self.kind), self.row,
            np.where(has, level, UNKNOWN).astype(np.int64), np.maximum(capacity, 0).astype(np.float64),
            clock.locate(since), arrive - since, then_s, needed,
            trends.flow if trends else none, trends.quiet_s if trends else np.zeros(count),
            np.full(count, trends.pulse if trends else math.nan),
        )  # fmt: skip
        age_s = np.where(has, at_s - since, np.inf)
        return Forecasts(out[:, P_USABLE], out[:, EXPECTED], out[:, LOW], out[:, HIGH], age_s)


def _split(readings: Sequence[Reading | None]) -> tuple[Ints, Floats, Floats]:
    """Readings as arrays: level, capacity, observation."""
    level = np.array([UNKNOWN if one is None else one.level for one in readings], np.int64)
    capacity = np.array([0 if one is None else one.capacity for one in readings], np.float64)
    observed_s = np.array([math.nan if one is None else one.observed_at_s for one in readings], np.float64)
    return level, capacity, observed_s
