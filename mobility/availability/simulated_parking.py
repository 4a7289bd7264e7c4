"""SIMULATED histories of car parks, from single stays; no recording, and not the model's assumptions.

Cars arrive by type of place and hour, as weather and events of the evening have it, and stay for a log-normal time;
who finds the park full queues a little or gives up. Permit holders keep what they have. Counters drift with every
passage and are set right in the night; feeds fall silent.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from mobility.availability.readings import UNKNOWN, Floats, Ints, Levels
from mobility.availability.simulated_shocks import make_drift, make_outages, make_shocks

OFFICE, SHOPS, HOSPITAL, STATION, ARENA = range(5)
_MIX: Final = (0.28, 0.3, 0.12, 0.18, 0.12)
POLL_MIN: Final = 5
_LONGEST_MIN: Final = 2880
_MEDIAN_STAY_MIN: Final = (330.0, 75.0, 95.0, 420.0, 110.0)
_STAY_SIGMA: Final = (0.75, 0.7, 0.8, 0.9, 0.6)
_WEEKDAY: Final = (
    (.05, .03, .02, .02, .05, .2, 1.0, 3.6, 5.0, 2.8, 1.3, .9, 1.0, 1.4, .9, .6, .5, .5, .5, .4, .3, .2, .1, .1),
    (.1, .05, .03, .03, .03, .05, .2, .4, .8, 1.2, 1.9, 2.4, 2.5, 2.1, 2.0, 2.0, 2.1, 2.5, 3.0, 2.8, 1.7, .8, .4, .2),
    (.3, .2, .2, .2, .2, .3, .8, 1.9, 3.2, 3.0, 2.3, 1.6, 1.2, 1.8, 2.2, 1.8, 1.4, 1.3, 1.4, 1.2, .8, .5, .4, .3),
    (.1, .05, .05, .1, .3, 1.3, 3.2, 4.0, 2.8, 1.6, 1.2, 1.0, 1.0, 1.0, 1.0, 1.1, 1.3, 1.6, 1.3, .9, .6, .4, .3, .2),
    (.1, .05, .03, .03, .03, .1, .2, .5, .8, .9, 1.0, 1.1, 1.2, 1.1, 1.0, 1.0, 1.2, 1.6, 1.8, 1.4, .9, .5, .3, .2),
)  # fmt: skip
_WEEKEND: Final = (
    (.05, .03, .02, .02, .03, .05, .1, .2, .4, .5, .6, .6, .6, .5, .5, .5, .4, .4, .4, .3, .3, .2, .1, .1),
    (.2, .1, .05, .03, .03, .05, .2, .4, 1.0, 2.0, 3.2, 3.8, 3.6, 3.4, 3.6, 3.6, 3.2, 3.0, 3.2, 2.7, 1.7, .9, .5, .3),
    (.3, .2, .2, .2, .2, .3, .5, .8, 1.0, 1.3, 1.3, 1.0, .9, 1.0, 1.2, 1.1, 1.0, .9, .9, .8, .6, .5, .4, .3),
    (.2, .1, .05, .1, .3, .8, 1.4, 1.8, 1.9, 1.8, 1.5, 1.3, 1.2, 1.2, 1.3, 1.4, 1.4, 1.4, 1.2, .9, .7, .5, .4, .3),
    (.2, .1, .05, .03, .03, .1, .3, .6, 1.1, 1.5, 1.8, 2.0, 2.0, 2.0, 2.1, 2.1, 2.0, 2.1, 2.1, 1.6, 1.0, .6, .4, .2),
)  # fmt: skip


class SimulatedParking(NamedTuple):
    """Polls every ``POLL_MIN`` minutes from a Monday, 00:00. ``spaces`` int16[parks, polls] as the feed says,
    ``usable`` as it is; ``capacity``.
    """

    spaces: Levels
    usable: Levels
    capacity: Floats


def simulate_parking(parks: int, days: int, holidays: tuple[int, ...], seed: int) -> SimulatedParking:
    """Car parks over ``days`` (Monday is day 0; ``holidays`` are numbers of days)."""
    random = np.random.default_rng([seed, 2])
    kind = np.resize(np.repeat(np.arange(5), np.maximum(np.round(np.array(_MIX) * parks), 1).astype(int)), parks)
    capacity = np.clip(random.lognormal(4.6, 0.85, parks), 12, 900).astype(np.int64)
    table = np.stack([np.array(_WEEKDAY)[kind], np.array(_WEEKEND)[kind]], axis=1)
    table = table / table[:, :1].mean(axis=2, keepdims=True) * random.lognormal(0, 0.25, (parks, 2, 24))
    stay = np.array(_MEDIAN_STAY_MIN)[kind] * random.lognormal(0, 0.2, parks)
    # so busy that the peak of most days comes near to the capacity, and of some parks beyond it
    mean_stay = stay * np.exp(np.array(_STAY_SIGMA)[kind] ** 2 / 2)
    busy = random.lognormal(-0.05, 0.35, parks)
    demand = table * (capacity * busy * 0.5 / mean_stay)[:, None, None]
    polls = days * 1440 // POLL_MIN
    tables = [np.full((parks, polls), UNKNOWN, np.int16) for _ in range(2)]
    out = SimulatedParking._make([*tables, capacity.astype(np.float64)])
    free = np.array([day % 7 >= 5 or day in holidays for day in range(days)])
    if parks:
        _run(
            kind.astype(np.int64), capacity, demand, stay, np.array(_STAY_SIGMA)[kind], make_shocks(1, days, random),
            make_drift(parks, days, random), make_outages(days * 1440, random), free,
            random, out,
        )  # fmt: skip
    return out


@nb.njit(cache=True, nogil=True)
def _run(
    kind: Ints, capacity: Ints, demand: Floats, stay: Floats, sigma: Floats, shocks: Floats, drift: Floats,
    silent: NDArray[np.bool_], free: NDArray[np.bool_], random: np.random.Generator, out: SimulatedParking,
) -> None:  # fmt: skip
    n, minutes = len(kind), len(silent)
    for i in range(n):
        leaves = np.zeros(_LONGEST_MIN, np.int64)
        permits = int(capacity[i] * random.uniform(0.0, 0.3))
        inside, wrong, queue = permits, 0.0, 0
        event_at, event_rate = -1, 0.0
        for minute in range(minutes):
            hour, day = (minute // 60) % 24, minute // 1440
            gone = leaves[minute % _LONGEST_MIN]
            leaves[minute % _LONGEST_MIN] = 0
            inside -= gone
            if minute % 1440 == 0 and kind[i] in (ARENA, SHOPS):
                event_at = -1
                if random.random() < (0.18 if kind[i] == ARENA else 0.04):
                    event_at = minute + 60 * (17 + int(random.integers(0, 3)))
                    event_rate = capacity[i] * random.uniform(0.3, 1.0) / 75.0
            rate = demand[i, int(free[day]), hour] * shocks[0, minute // 60] ** 0.6 * drift[i, day]
            crowd = event_at >= 0 and event_at <= minute < event_at + 75
            cars = random.poisson(rate + (event_rate if crowd else 0.0)) + queue
            queue = 0
            for _ in range(cars):
                if inside >= capacity[i]:
                    if queue < 3 and random.random() < 0.3:
                        queue += 1
                    continue
                inside += 1
                minutes_in = stay[i] * math.exp(random.normal(0.0, sigma[i]))
                if crowd:
                    # all leave together when it ends
                    minutes_in = max(event_at + 210.0 - minute + random.normal(0.0, 12.0), 20.0)
                leaves[(minute + min(max(int(minutes_in), 1), _LONGEST_MIN - 1)) % _LONGEST_MIN] += 1
            wrong += random.normal(0.0, 0.02) * math.sqrt(cars + gone + 0.0)
            if minute % 1440 == 180:
                wrong = 0.0
            if minute % POLL_MIN == 0:
                poll = minute // POLL_MIN
                out.usable[i, poll] = capacity[i] - inside
                if not silent[minute]:
                    out.spaces[i, poll] = min(max(capacity[i] - inside + round(wrong), 0), 30000)
