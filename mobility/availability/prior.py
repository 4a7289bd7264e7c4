"""What is believed before anything was recorded: sane, wide, and the same everywhere.

Rates are orders of magnitude by judgement, not measurements of any city: a dock of a busy system sees a few rentals a
day, a car park turns over a few times. They are only a beginning: with a history each number here is learned, and a
forecast on this basis says "prior".
"""

from __future__ import annotations

from typing import Final

import numpy as np

from mobility.availability.readings import Floats, Kind
from mobility.availability.tables import KINDS, LEADS_S, SLOTS, STRANGE, Layers, Profiles, cumulate

CALIBRATION_KNOTS: Final = 14
_PER_DAY: Final = (3.0, 3.0, 3.0)
"""Things that come, and as many that go, per day and unit of capacity: bikes, docks, spaces."""
_MEAN: Final = (0.4, 0.55, 0.4)
"""The usual share of the capacity."""
_USABLE: Final = (0.85, 0.92, 0.93)
"""The share of time with at least one."""
_CAPACITY: Final = (20.0, 20.0, 80.0)
_SPREAD: Final = 0.3
_WORKING_DAY: Final = (
    0.15, 0.1, 0.05, 0.05, 0.1, 0.3, 0.9, 1.8, 2.0, 1.2, 0.9, 1.0,
    1.3, 1.2, 1.1, 1.2, 1.5, 2.2, 2.2, 1.6, 1.2, 0.9, 0.6, 0.35,
)  # fmt: skip
_FREE_DAY: Final = (
    0.3, 0.2, 0.1, 0.05, 0.05, 0.15, 0.4, 0.7, 1.0, 1.3, 1.5, 1.6,
    1.6, 1.6, 1.7, 1.8, 1.8, 1.7, 1.5, 1.3, 1.1, 0.9, 0.7, 0.5,
)  # fmt: skip
"""Activity by hour beside the mean of a day: two commuter peaks, or one broad afternoon."""


def make_prior_profiles() -> Profiles:
    """Rows for no series, and one a kind."""
    hours = np.array(_WORKING_DAY * 5 + _FREE_DAY * 2)
    shape = np.repeat(hours / hours.mean(), SLOTS // len(hours))
    rate = np.array(_PER_DAY)[:, None] / (SLOTS / 7) * shape
    flat = np.ones((len(KINDS), SLOTS), np.float32)
    usable = np.array(_USABLE, np.float32)
    cumulated = cumulate(rate.astype(np.float32))
    return Profiles(
        cumulated,
        cumulated.copy(),
        flat * np.array(_MEAN, np.float32)[:, None],
        flat * np.log(usable / (1 - usable))[:, None],
        np.full(len(KINDS), _SPREAD, np.float32),
        np.array(_CAPACITY, np.float32),
    )


def make_prior_layers() -> Layers:
    """Layers by judgement: what comes minus what goes in full, twice the variance of independent riders and more with
    the lead, and what is usual counting the more the longer ago the reading was made.
    """
    kinds, leads = 2 * len(KINDS), len(LEADS_S)
    hours = np.array(LEADS_S) / 3600.0
    drift, variance = np.zeros((kinds, leads, 4)), np.zeros((kinds, leads, 3))
    drift[:, :, 0], drift[:, :, 2] = 1.0, 0.3 * np.minimum(hours, 1.0)
    variance[:, :, 0], variance[:, :, 1], variance[:, :, 2] = 0.3 * hours, 2.0, 0.05
    pull = np.tile(1.0 - np.exp(-0.08 * hours), (kinds, 1))
    quantile: Floats = np.tile(np.array([-1.28, 0.0, 1.28]), (kinds, leads, 1))
    stack = np.zeros((kinds, leads, 5))
    stack[:, :, 1], stack[:, :, 2] = 0.3 + 0.7 * np.exp(-hours), 0.5 * (1.0 - np.exp(-0.7 * hours))
    # a motion without steps comes back to an empty place too soon: what is learned says so everywhere
    stack[:, 1:, 0], stack[:, 1:, 3] = -0.8 * np.exp(-hours[1:]), 1.2 * np.exp(-hours[1:])
    line = np.tile(np.linspace(-6.0, 6.0, CALIBRATION_KNOTS), (kinds, leads, 1))
    silent = np.zeros((kinds, 2))
    silent[[KINDS.index(Kind.BIKES), STRANGE + KINDS.index(Kind.BIKES)]] = 0.03, 0.06
    return Layers(np.array(LEADS_S), drift, pull, variance, quantile, stack, line, line.copy(), silent)
