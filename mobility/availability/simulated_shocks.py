"""What makes one simulated day unlike another: weather, luck, and drift. Nothing of it is in the model."""

from __future__ import annotations

import numpy as np

from mobility.availability.readings import Floats


def make_shocks(zones: int, days: int, random: np.random.Generator) -> Floats:
    """Multipliers of demand float64[zones, hours]: log-normal by day and zone, a slow wander from hour to hour, and
    spells of rain over the whole city that more than halve it.
    """
    hours = days * 24
    by_day = np.repeat(random.normal(0, 0.18, (1, days)) + random.normal(0, 0.12, (zones, days)), 24, axis=1)
    noise = random.normal(0, 0.12, (zones + 1, hours))
    wander = np.zeros((zones + 1, hours))
    for hour in range(1, hours):
        wander[:, hour] = 0.85 * wander[:, hour - 1] + noise[:, hour]
    rain = np.zeros(hours)
    hour = int(random.exponential(40))
    while hour < hours:
        length = 1 + int(random.exponential(4))
        rain[hour : hour + length] = np.log(random.uniform(0.2, 0.7))
        hour += length + int(random.exponential(50))
    return np.asarray(np.exp(by_day + wander[:zones] + wander[zones] + rain))


def make_drift(places: int, days: int, random: np.random.Generator) -> Floats:
    """Multipliers float64[places, days]: how a place's demand wanders over the weeks."""
    steps = random.normal(0, 0.08, (places, days // 7 + 1))
    steps[:, 0] = 0
    return np.repeat(np.exp(np.cumsum(steps, axis=1)), 7, axis=1)[:, :days]


def make_outages(moments: int, random: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Minutes at which the whole feed is silent: an outage in about three days, half an hour long, some for hours."""
    silent = np.zeros(moments, bool)
    at = int(random.exponential(4000))
    while at < moments:
        length = 5 + int(random.lognormal(3.0, 1.0))
        silent[at : at + length] = True
        at += length + int(random.exponential(4000))
    return silent
