"""Judging a model on weeks that it has not seen, beside what it must beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from mobility.availability.baselines import CalibratedNow, MeanOfHour, as_now, find_last_week
from mobility.availability.kernel import EXPECTED, HIGH, LOW, P_USABLE, forecast_rows
from mobility.availability.model import AvailabilityModel
from mobility.availability.readings import Floats, Grid, Ints, Kind, Levels
from mobility.availability.samples import Moments, Sample, draw, prepare
from mobility.availability.scores import Reliability, brier, calibration_error, log_score, measure_reliability, skill
from mobility.availability.tables import KINDS, Layers

HORIZONS_MIN: Final = (15, 30, 60)
STALE_MIN: Final = 20
ROWS: Final = 150_000
TIGHT: Final = 3
"""At so few or fewer a forecast matters most."""
ALL: Final = "all"
Advance = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of one set of rows at one horizon. ``brier, log`` by forecaster: model, now (as now), level (calibrated as
    now), hour (mean of that hour). MAE are shares of the capacity, of places with a known one: the model's, as now's,
    and same time last week's (NaN without any); ``covered`` is the share of levels inside the 10 to 90 % range.
    """

    name: str
    horizon_min: int
    count: int
    usable: float
    brier: dict[str, float]
    log: dict[str, float]
    calibration_error: float
    mae: dict[str, float]
    covered: float

    @property
    def skill(self) -> float:
        """Beside the better of "as now" and "mean of that hour"."""
        return skill(self.brier["model"], min(self.brier["now"], self.brier["hour"]))

    @property
    def strict_skill(self) -> float:
        """Beside the best of all, the calibrated level with them."""
        return skill(self.brier["model"], min(v for name, v in self.brier.items() if name != "model"))

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        facts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return facts | {"skill": self.skill, "strict_skill": self.strict_skill}


@dataclass(frozen=True)
class Evaluation:
    """All scores, and the reliability of all rows by horizon."""

    scores: tuple[Scored, ...]
    reliability: dict[int, Reliability] = field(default_factory=dict)

    def find(self, name: str, horizon_min: int) -> Scored | None:
        """One of them."""
        return next((one for one in self.scores if (one.name, one.horizon_min) == (name, horizon_min)), None)


@dataclass(slots=True)
class _Rows:
    """Rows of one sample with all forecasts."""

    happened: Floats
    forecasts: dict[str, Floats]
    sample: Sample
    points: Floats
    capacity: Floats
    last_week: Ints


def evaluate(
    model: AvailabilityModel, grid: Grid, first: int, *, usable: Levels | None = None, seed: int = 0,
    advance: Advance | None = None, rows: int = ROWS,
) -> Evaluation:  # fmt: skip
    """Judge ``model`` on the moments of ``grid`` from ``first``; everything before is what baselines may learn from.

    Rows are drawn evenly over places and time, each a pair of readings ``HORIZONS_MIN`` apart. What happened is what
    was read at the arrival (and so the chance of broken bikes among those counted is left out), except for the set
    "really usable", which needs ``usable``.
    """
    moments = prepare(grid, model.clock, model.profiles)
    hours = MeanOfHour.learn(grid.cut(0, first), model.clock)
    counted = model.layers._replace(silent=np.zeros_like(model.layers.silent))
    scores: list[Scored] = []
    reliability: dict[int, Reliability] = {}
    say = advance or (lambda _done, _total: None)
    for number, horizon in enumerate(HORIZONS_MIN):
        say(number, len(HORIZONS_MIN))
        sets: dict[str, list[_Rows]] = {}
        level = CalibratedNow.learn(moments, horizon * 60.0, first, seed)
        late = CalibratedNow.learn(moments, (horizon + STALE_MIN) * 60.0, first, seed)
        for kind in KINDS:
            sample = draw(moments, kind, horizon * 60.0, first, grid.moments, rows, seed)
            if not len(sample.row):
                continue
            told = _forecast(model, counted, moments, kind, sample, sample.row, hours, level)
            sets.setdefault(ALL, []).append(told)
            sets.setdefault(kind.value, []).append(told)
            sets.setdefault(f"at most {TIGHT} now", []).append(_take(told, sample.level <= TIGHT))
            sets.setdefault("none now", []).append(_take(told, sample.level == 0))
            stale = draw(moments, kind, (horizon + STALE_MIN) * 60.0, first, grid.moments, rows, seed)
            sets.setdefault(f"read {STALE_MIN} min ago", []).append(
                _forecast(model, counted, moments, kind, stale, stale.row, hours, late)
            )
            pooled = np.full(len(sample.row), len(model.rows) + KINDS.index(kind))
            sets.setdefault("place without history", []).append(
                _forecast(model, counted, moments, kind, sample, pooled, hours, level)
            )
            if usable is not None:
                real = _forecast(model, model.layers, moments, kind, sample, sample.row, hours, level)
                ahead = round(horizon * 60.0 / grid.step_s)
                real.happened = (usable[sample.row, sample.moment + ahead] >= 1).astype(np.float64)
                sets.setdefault("really usable", []).append(real)
                unaware = _take(told, np.ones(len(sample.row), bool))
                unaware.happened = real.happened
                sets.setdefault("broken ones counted", []).append(unaware)
        scores += [_score(name, horizon, parts) for name, parts in sets.items()]
        if ALL in sets:
            forecast = np.concatenate([part.forecasts["model"] for part in sets[ALL]])
            reliability[horizon] = measure_reliability(forecast, np.concatenate([part.happened for part in sets[ALL]]))
    say(len(HORIZONS_MIN), len(HORIZONS_MIN))
    return Evaluation(tuple(scores), reliability)


def _forecast(
    model: AvailabilityModel, layers: Layers, moments: Moments, kind: Kind, sample: Sample, row: Ints,
    hours: MeanOfHour, level: CalibratedNow,
) -> _Rows:  # fmt: skip
    capacity = moments.grid.capacity[sample.row].astype(np.float64)
    points = forecast_rows(
        model.profiles, layers, KINDS.index(kind), row.astype(np.int64), sample.level, capacity, sample.now_s,
        sample.lead_s, sample.then_s, 1, sample.flow, sample.quiet_s, sample.pulse,
    )  # fmt: skip
    forecasts = {
        "model": points[:, P_USABLE],
        "now": as_now(sample),
        "level": level.forecast(sample, kind),
        "hour": hours.forecast(sample),
    }
    happened = (sample.later >= 1).astype(np.float64)
    return _Rows(happened, forecasts, sample, points, capacity, find_last_week(moments.grid, sample))


def _take(rows: _Rows, at: np.ndarray[Any, np.dtype[np.bool_]]) -> _Rows:
    forecasts = {name: column[at] for name, column in rows.forecasts.items()}
    sample = rows.sample.take(np.flatnonzero(at))
    return _Rows(rows.happened[at], forecasts, sample, rows.points[at], rows.capacity[at], rows.last_week[at])


def _score(name: str, horizon: int, parts: list[_Rows]) -> Scored:
    happened = np.concatenate([part.happened for part in parts])
    forecasts = {one: np.concatenate([part.forecasts[one] for part in parts]) for one in parts[0].forecasts}
    points = np.concatenate([part.points for part in parts])
    now, later = (np.concatenate([getattr(part.sample, one) for part in parts]) for one in ("level", "later"))
    capacity = np.concatenate([part.capacity for part in parts])
    last_week = np.concatenate([part.last_week for part in parts])
    known = (capacity > 0) & (last_week >= 0)
    guesses = {"model": np.round(points[:, EXPECTED]), "now": now, "last week": last_week}
    mae = {
        one: float(np.mean(np.abs(guess - later)[known] / capacity[known])) if known.any() else float("nan")
        for one, guess in guesses.items()
    }
    inside = (later >= np.floor(points[:, LOW])) & (later <= np.ceil(points[:, HIGH]))
    return Scored(
        name,
        horizon,
        len(happened),
        float(happened.mean()) if len(happened) else float("nan"),
        {one: brier(forecast, happened) for one, forecast in forecasts.items()},
        {one: log_score(forecast, happened) for one, forecast in forecasts.items()},
        calibration_error(forecasts["model"], happened),
        mae,
        float(inside.mean()) if len(inside) else float("nan"),
    )
