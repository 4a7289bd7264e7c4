"""SIMULATED histories of bike stations, from single riders; no recording, and not the model's assumptions.

Riders of five kinds of quarter set out for another quarter's station, alone or in groups; weather, luck and events make
days differ; who finds no bike (no dock) walks on (rides on) or gives up. Bikes and docks break, and only half of
the broken ones are known to the feed. Trucks move bikes by thresholds in the day and by targets in the night.
The feed itself reports each station every few minutes, falls silent, and at times repeats itself for hours.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from mobility.availability.readings import UNKNOWN, Floats, Ints, Levels
from mobility.availability.simulated_shocks import make_drift, make_outages, make_shocks

HOME, WORK, METRO, UNIVERSITY, LEISURE = range(5)
_MIX: Final = (0.38, 0.2, 0.17, 0.1, 0.15)
"""The share of stations of each type."""
POLL_MIN: Final = 5
ZONES: Final = 5
_SLOWEST_MIN: Final = 240
_TRIPS: Final = 60_000
"""Room for so many trips at a time."""
_WEEKDAY: Final = (
    (.1, .05, .03, .03, .1, .5, 1.8, 4.2, 4.0, 1.5, .9, .9, 1.1, 1.0, .9, .9, 1.1, 1.5, 1.8, 1.5, 1.1, .8, .5, .25),
    (.1, .05, .03, .03, .05, .1, .3, .6, .8, .8, .9, 1.3, 2.2, 1.4, .9, 1.0, 1.8, 4.2, 4.0, 2.0, 1.1, .7, .4, .2),
    (.15, .05, .03, .03, .1, .5, 1.6, 4., 4., 1.6, 1., 1., 1.2, 1.1, 1., 1.1, 1.8, 3.6, 3.8, 2.4, 1.6, 1.2, .9, .5),
    (.3, .2, .1, .05, .05, .1, .4, 1.2, 1.5, 1.3, 1.6, 1.9, 2.4, 1.6, 1.6, 1.7, 2.2, 2.6, 2.2, 1.7, 1.4, 1.3, 1.0, .6),
    (.2, .1, .05, .03, .03, .1, .3, .5, .6, .7, .9, 1.1, 1.3, 1.3, 1.3, 1.5, 1.8, 2.2, 2.6, 2.6, 2.4, 1.9, 1.1, .5),
)  # fmt: skip
_WEEKEND: Final = (
    (.3, .15, .08, .05, .08, .2, .5, .8, 1.3, 1.7, 1.8, 1.7, 1.5, 1.5, 1.6, 1.6, 1.5, 1.5, 1.4, 1.2, 1.0, .8, .6, .4),
    (.1, .05, .03, .03, .03, .1, .2, .3, .4, .5, .6, .7, .8, .7, .7, .7, .8, .9, .8, .6, .4, .3, .2, .1),
    (.3, .1, .05, .03, .1, .3, .6, .9, 1.3, 1.6, 1.8, 1.8, 1.8, 1.8, 1.8, 1.9, 2.0, 2.1, 2.0, 1.8, 1.5, 1.3, 1.0, .6),
    (.4, .3, .2, .1, .05, .1, .2, .4, .6, .8, 1.0, 1.1, 1.2, 1.1, 1.1, 1.2, 1.3, 1.4, 1.4, 1.3, 1.2, 1.0, .8, .6),
    (.3, .15, .1, .05, .05, .2, .5, .8, 1.2, 1.8, 2.3, 2.5, 2.4, 2.5, 2.7, 3.0, 3.2, 3.2, 2.8, 2.4, 2.2, 1.7, 1.0, .5),
)  # fmt: skip
"""Who sets out, by type of the station and hour."""
_GOES_TO_MORNING: Final = (
    (.08, .36, .36, .14, .06), (.2, .3, .3, .05, .15), (.08, .6, .1, .17, .05), (.2, .2, .25, .25, .1),
    (.3, .2, .3, .1, .1),
)  # fmt: skip
_GOES_TO_EVENING: Final = (
    (.3, .08, .25, .07, .3), (.38, .06, .4, .03, .13), (.66, .05, .1, .06, .13), (.35, .05, .3, .15, .15),
    (.45, .05, .25, .05, .2),
)  # fmt: skip
"""Where to, by type: rows are origins."""


class SimulatedBikes(NamedTuple):
    """Polls every ``POLL_MIN`` minutes from a Monday, 00:00 on the wall clock. ``bikes, docks`` int16[stations, polls]
    as the feed says (``UNKNOWN`` where it has said nothing for 15 minutes), ``usable_bikes, usable_docks`` as they are;
    ``capacity``.
    """

    bikes: Levels
    docks: Levels
    usable_bikes: Levels
    usable_docks: Levels
    capacity: Floats


class _Town(NamedTuple):
    kind: Ints
    zone: Ints
    x: Floats
    y: Floats
    capacity: Ints
    demand: Floats
    near: Ints
    by_kind: Ints
    kind_start: Ints
    to_morning: Floats
    to_evening: Floats
    appeal: Floats


def simulate_bikes(stations: int, days: int, holidays: tuple[int, ...], seed: int) -> SimulatedBikes:
    """A town of ``stations`` over ``days`` (Monday is day 0; ``holidays`` are numbers of days).

    Raises:
        ValueError: Fewer than 10 stations.
    """
    if stations < 10:
        raise ValueError(f"a town has at least 10 stations, not {stations}")
    random = np.random.default_rng([seed, 1])
    town = _make_town(stations, random)
    shocks = make_shocks(ZONES, days, random)
    drift = make_drift(stations, days, random)
    silent = make_outages(days * 1440, random)
    free = np.array([day % 7 >= 5 or day in holidays for day in range(days)])
    polls = days * 1440 // POLL_MIN
    tables = [np.full((stations, polls), UNKNOWN, np.int16) for _ in range(4)]
    out = SimulatedBikes._make([*tables, town.capacity.astype(np.float64)])
    _run(town, shocks, drift, silent, free, random, out)
    return out


def _make_town(stations: int, random: np.random.Generator) -> _Town:
    counts = np.maximum(np.round(np.array(_MIX) * stations).astype(int), 1)
    kind = np.sort(np.resize(np.repeat(np.arange(5), counts), stations))
    side_m = 900.0 * math.sqrt(stations) * 0.55
    x, y = random.uniform(0, side_m, stations), random.uniform(0, side_m, stations)
    zone = np.minimum((x / side_m * ZONES).astype(np.int64), ZONES - 1)
    busy = random.lognormal(0, 0.65, stations) * np.array([0.8, 1.1, 1.7, 1.4, 0.9])[kind]
    capacity = np.clip(np.round(12 + 7 * busy + random.normal(0, 4, stations)), 8, 70).astype(np.int64)
    table = np.stack([np.array(_WEEKDAY)[kind], np.array(_WEEKEND)[kind]], axis=1)
    wobble = random.lognormal(0, 0.35, (stations, 2, 24))
    demand = table * wobble * busy[:, None, None] * (45.0 / 24 / 60)
    distance = np.hypot(x[:, None] - x, y[:, None] - y)
    near = np.argsort(distance, axis=1, kind="stable")[:, 1:4]
    appeal = busy * random.lognormal(0, 0.3, stations)
    start = np.searchsorted(kind, np.arange(6)).astype(np.int64)
    to = [np.cumsum(np.array(table_), axis=1) for table_ in (_GOES_TO_MORNING, _GOES_TO_EVENING)]
    return _Town(
        kind.astype(np.int64), zone, x, y, capacity, demand, near.astype(np.int64), np.arange(stations), start,
        to[0], to[1], appeal / appeal.max(),
    )  # fmt: skip


@nb.njit(cache=True, nogil=True)
def _choose_destination(town: _Town, origin: int, hour: int, is_free: int, random: np.random.Generator) -> int:
    share = 0.5 if is_free else 1.0 if hour < 11 else 0.0 if hour >= 15 else 0.5
    table = town.to_morning if random.random() < share else town.to_evening
    draw, kind = random.random(), 0
    while kind < 4 and table[town.kind[origin], kind] < draw:
        kind += 1
    first, last = town.kind_start[kind], town.kind_start[kind + 1]
    if first == last:
        first, last = 0, len(town.kind)
    chosen = origin
    for _ in range(12):
        chosen = int(random.integers(first, last))
        away_m = math.hypot(town.x[chosen] - town.x[origin], town.y[chosen] - town.y[origin])
        if chosen != origin and random.random() < town.appeal[chosen] ** 0.5 * math.exp(-away_m / 1500.0):
            break
    return chosen


@nb.njit(cache=True, nogil=True)
def _run(
    town: _Town, shocks: Floats, drift: Floats, silent: NDArray[np.bool_], free: NDArray[np.bool_],
    random: np.random.Generator, out: SimulatedBikes,
) -> None:  # fmt: skip
    n = len(town.kind)
    working, seen_broken, hidden_broken = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    no_dock, hidden_no_dock = np.zeros(n, np.int64), np.zeros(n, np.int64)
    target = np.zeros(n)
    for i in range(n):
        fill = 0.55 if town.kind[i] in (HOME, METRO) else 0.35
        target[i] = fill * town.capacity[i]
        working[i] = int(target[i] + random.normal(0, 2.0))
        working[i] = min(max(working[i], 0), town.capacity[i])
    head = np.full(_SLOWEST_MIN, -1, np.int64)
    following, goal = np.full(_TRIPS, -1, np.int64), np.zeros(_TRIPS, np.int64)
    tries, vacant = np.zeros(_TRIPS, np.int64), np.arange(_TRIPS)
    left = _TRIPS
    told_bikes, told_docks = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    told_at, next_at, frozen_to = np.full(n, -1000, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    event, event_to, event_rate = 0, -1, 0.0
    depot, load, load_at, load_for = 0, np.zeros(64, np.int64), np.zeros(64, np.int64), np.zeros(64, np.int64)
    trucks = max(1, n // 60)
    for minute in range(len(silent)):
        hour, day = (minute // 60) % 24, minute // 1440
        is_free = int(free[day])
        # rides that end
        trip = int(head[minute % _SLOWEST_MIN])
        head[minute % _SLOWEST_MIN] = -1
        while trip >= 0:
            after, at = int(following[trip]), int(goal[trip])
            held = working[at] + seen_broken[at] + hidden_broken[at] + no_dock[at] + hidden_no_dock[at]
            if held < town.capacity[at] or tries[trip] >= 5:
                if held >= town.capacity[at]:
                    depot += 1
                elif random.random() < 0.0012:
                    if random.random() < 0.5:
                        seen_broken[at] += 1
                    else:
                        hidden_broken[at] += 1
                else:
                    working[at] += 1
                vacant[left] = trip
                left += 1
            else:
                tries[trip] += 1
                goal[trip] = town.near[at, random.integers(0, 3)]
                when = (minute + 3 + int(random.integers(0, 5))) % _SLOWEST_MIN
                following[trip] = head[when]
                head[when] = trip
            trip = after
        # events: a crowd leaves one place within half an hour
        if minute > event_to and random.random() < (1.0 / 2500.0 if 10 <= hour < 23 else 0.0):
            event, event_to = int(random.integers(0, n)), minute + 15 + int(random.integers(0, 40))
            event_rate = random.exponential(0.8)
        # riders who set out
        for i in range(n):
            rate = town.demand[i, is_free, hour] * shocks[town.zone[i], minute // 60] * drift[i, day]
            if minute <= event_to and i == event:
                rate += event_rate
            if random.random() >= 1.0 - math.exp(-rate):
                continue
            party = 1
            if random.random() < (0.18 if town.kind[i] == LEISURE or is_free else 0.06):
                party = 2 + int(random.integers(0, 3))
            end = _choose_destination(town, i, hour, is_free, random)
            for _ in range(party):
                start = i
                if working[start] == 0 and random.random() < 0.45:
                    start = int(town.near[i, random.integers(0, 3)])
                if working[start] == 0 or left == 0:
                    continue
                working[start] -= 1
                away_m = math.hypot(town.x[end] - town.x[start], town.y[end] - town.y[start])
                ride = int(2 + away_m * 1.3 / 190.0 * math.exp(random.normal(0.05, 0.3)))
                if random.random() < 0.08:
                    ride += int(random.exponential(35.0))
                left -= 1
                trip = int(vacant[left])
                goal[trip], tries[trip] = end, 0
                when = (minute + min(max(ride, 1), _SLOWEST_MIN - 1)) % _SLOWEST_MIN
                following[trip] = head[when]
                head[when] = trip
        # trucks
        is_night = 1 <= hour < 5
        for truck in range(trucks):
            if load[truck] > 0 and minute >= load_at[truck]:
                at = int(load_for[truck])
                room = town.capacity[at] - working[at] - seen_broken[at] - hidden_broken[at] - no_dock[at]
                room -= hidden_no_dock[at]
                put = min(load[truck], max(room, 0))
                working[at] += put
                depot += load[truck] - put
                load[truck] = 0
            busy = load[truck] == 0 and (is_night or 7 <= hour < 22)
            if busy and random.random() < (1.0 / 12.0 if is_night else 1.0 / 40.0):
                fullest, emptiest, most, least = -1, -1, -1e9, 1e9
                for _ in range(25):
                    i = int(random.integers(0, n))
                    over = (working[i] - target[i]) / town.capacity[i]
                    if over > most:
                        fullest, most = i, over
                    if over < least:
                        emptiest, least = i, over
                if (most > (0.12 if is_night else 0.35) and least < -0.12) or depot > 10:
                    spare = max(int(working[fullest] - target[fullest]), 0)
                    lack = max(int(target[emptiest] - working[emptiest]), 0)
                    take = min(spare, lack, 14)
                    working[fullest] -= take
                    extra = min(depot, 14 - take)
                    depot -= extra
                    load[truck], load_for[truck] = take + extra, emptiest
                    load_at[truck] = minute + 15 + random.integers(0, 25)
        # what breaks, and what is mended
        if minute % 10 == 0:
            for i in range(n):
                if 8 <= hour < 20:
                    if seen_broken[i] > 0 and random.random() < 0.008:
                        seen_broken[i] -= 1
                        working[i] += 1
                    if hidden_broken[i] > 0 and random.random() < 0.003:
                        hidden_broken[i] -= 1
                        working[i] += 1
                    if no_dock[i] > 0 and random.random() < 0.005:
                        no_dock[i] -= 1
                    if hidden_no_dock[i] > 0 and random.random() < 0.003:
                        hidden_no_dock[i] -= 1
                held = working[i] + seen_broken[i] + hidden_broken[i] + no_dock[i] + hidden_no_dock[i]
                if held < town.capacity[i] and random.random() < 0.0003:
                    if random.random() < 0.5:
                        no_dock[i] += 1
                    else:
                        hidden_no_dock[i] += 1
        # what the feed says
        for i in range(n):
            if minute >= next_at[i] and not silent[minute]:
                next_at[i] = minute + 1 + random.integers(0, 6)
                told_at[i] = minute
                if minute >= frozen_to[i]:
                    told_bikes[i] = working[i] + hidden_broken[i]
                    held = working[i] + seen_broken[i] + hidden_broken[i] + no_dock[i]
                    told_docks[i] = max(town.capacity[i] - held, 0)
                    if random.random() < 1.0 / 12000.0:
                        frozen_to[i] = minute + int(random.lognormal(4.0, 0.8))
            if minute % POLL_MIN == 0:
                poll = minute // POLL_MIN
                if minute - told_at[i] <= 15:
                    out.bikes[i, poll], out.docks[i, poll] = told_bikes[i], told_docks[i]
                held = working[i] + seen_broken[i] + hidden_broken[i] + no_dock[i] + hidden_no_dock[i]
                out.usable_bikes[i, poll] = working[i]
                out.usable_docks[i, poll] = max(town.capacity[i] - held, 0)
