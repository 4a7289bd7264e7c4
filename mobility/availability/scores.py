"""How good probabilities are: Brier score, log score, calibration."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from mobility.availability.readings import Floats

SHARPEST: Final = 0.001
"""The log score takes no forecast to be surer than this; "as now" would else be infinitely wrong at once."""
BINS: Final = 20


class Reliability(NamedTuple):
    """By bin of the forecast that is not empty: its mean, the share that happened, and how many, float64[bins]."""

    forecast: Floats
    happened: Floats
    rows: Floats


def brier(forecast: Floats, happened: Floats) -> float:
    """The mean squared error of probabilities (Brier 1950, for two outcomes: 0 best, 0.25 for a constant 1/2)."""
    return float(np.mean((forecast - happened) ** 2)) if len(forecast) else float("nan")


def log_score(forecast: Floats, happened: Floats) -> float:
    """The mean negative log-likelihood in nats."""
    inside = np.clip(forecast, SHARPEST, 1 - SHARPEST)
    return (
        float(-np.mean(np.where(happened > 0, np.log(inside), np.log(1 - inside)))) if len(forecast) else float("nan")
    )


def skill(score: float, reference: float) -> float:
    """How much of a reference's score is saved: 1 - score / reference; NaN where the reference is perfect."""
    return 1.0 - score / reference if reference > 0 else float("nan")


def measure_reliability(forecast: Floats, happened: Floats, bins: int = BINS) -> Reliability:
    """What happened by bins of equal width."""
    bin_of = np.minimum((forecast * bins).astype(np.int64), bins - 1)
    count = np.bincount(bin_of, minlength=bins).astype(np.float64)
    some = count > 0
    mean = np.bincount(bin_of, forecast, bins)[some] / count[some]
    share = np.bincount(bin_of, happened, bins)[some] / count[some]
    return Reliability(mean, share, count[some])


def calibration_error(forecast: Floats, happened: Floats, bins: int = BINS) -> float:
    """The expected calibration error: the mean gap between forecast and share over the rows, by bins."""
    told = measure_reliability(forecast, happened, bins)
    return float((np.abs(told.forecast - told.happened) * told.rows).sum() / max(told.rows.sum(), 1.0))
