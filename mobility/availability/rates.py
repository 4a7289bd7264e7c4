"""Profiles from a history: what comes and goes in each half hour of the week at each place, with little data too.

Flows are counted where they can be seen: nothing can be taken at an empty place, so that time there is no exposure
for what goes (and time at a full one none for what comes). Counts are then drawn to what is known of more: the
half hours of a place's week to those of its kind of day, these to the week of the places that are alike (clusters
of profiles), scaled to how busy the place is. How strongly is learned: with counts N over exposure E, a prior
rate r, counts phi times as variable as a Poisson's, and true rates that differ from r by a variance w r^2, the
estimate is (N + phi / w) / (E + phi / (w r)): a gamma prior whose phi and w are the moments of all places.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numba as nb
import numpy as np

from mobility.availability.clusters import cluster
from mobility.availability.readings import UNKNOWN, Floats, Grid, Ints, Levels, Singles
from mobility.availability.tables import KINDS, SLOT_S, SLOTS, Profiles, cumulate
from mobility.availability.week import WeekClock

DAY_SLOTS: Final = SLOTS // 7
DAY_KINDS: Final = 3
"""Monday to Friday, Saturday, Sunday and holidays."""
_DAY_KIND: Final = np.array([0, 0, 0, 0, 0, 1, 2])
JUMP_SHARE: Final = 0.25
LEAST_JUMP: Final = 4.0
"""A step beyond this share of the capacity, and beyond this number, is a truck's and counts as so much only."""
CLEAR: Final = 2
"""Flows are counted where at least so many can go (come): the last one is often broken, or reserved."""
CLUSTERS: Final = 6
DEFAULT_SHARE: Final = 0.9
"""Of a kind that was never seen."""
DRAWN: Final = 3.0
"""What is seen within a half hour counts as one thing seen, and a prior of levels as so many."""
SMOOTHED: Final = 0.375
"""The variance that is left of a count which is smoothed by 1/4, 1/2, 1/4."""
_FEW: Final = 12
"""Fewer places of a kind than so many in a cluster make none."""


class Counts(NamedTuple):
    """What was seen, by row and slot, float32[rows, SLOTS]. ``rise, fall``: things that came and went;
    ``rise_steps, fall_steps``: steps in which they could; ``rise_squares, fall_squares``: sums of squares of the counts
    of single half hours, and ``blocks`` how many of these there were; ``level, usable, seen``: sums of the level and of
    moments with something there, and moments. ``level_squares`` float64[rows]: of the levels.
    """

    rise: Singles
    fall: Singles
    rise_steps: Singles
    fall_steps: Singles
    rise_squares: Singles
    fall_squares: Singles
    blocks: Singles
    level: Singles
    usable: Singles
    seen: Singles
    level_squares: Floats


def count(grid: Grid, clock: WeekClock) -> Counts:
    """Count a grid's flows and levels."""
    shape = len(grid.series), SLOTS
    tables = [np.zeros(shape, np.float32) for _ in range(10)]
    counts = Counts._make([*tables, np.zeros(shape[0])])
    slot = (clock.locate(grid.list_times()) // SLOT_S).astype(np.int64)
    _count(grid.level, compute_capacity(grid), slot, counts)
    return counts


def compute_capacity(grid: Grid) -> Floats:
    """The capacity of each row; where none is told, the highest level ever seen. At least 1."""
    highest = grid.level.max(axis=1, initial=0).astype(np.float64)
    return np.maximum(np.where(grid.capacity > 0, grid.capacity, highest), 1.0)


@nb.njit(cache=True, nogil=True)
def clip_step(step: float, capacity: float) -> float:
    """A step without what only a truck (or a mended sensor) can bring."""
    most = max(LEAST_JUMP, JUMP_SHARE * capacity)
    return min(max(step, -most), most)


@nb.njit(cache=True, nogil=True)
def _count(level: Levels, capacity: Floats, slot: Ints, counts: Counts) -> None:
    for row in range(level.shape[0]):
        rose, fell, steps = 0.0, 0.0, 0
        for at in range(level.shape[1]):
            here, when = level[row, at], slot[at]
            if here >= 0:
                counts.level[row, when] += here
                counts.usable[row, when] += here >= 1
                counts.seen[row, when] += 1.0
                counts.level_squares[row] += float(here) * here
                following = level[row, at + 1] if at + 1 < level.shape[1] else UNKNOWN
                if following >= 0:
                    step = clip_step(float(following) - here, capacity[row])
                    if here <= capacity[row] - CLEAR:
                        counts.rise_steps[row, when] += 1.0
                        rose += max(step, 0.0)
                    if here >= CLEAR:
                        counts.fall_steps[row, when] += 1.0
                        fell += max(-step, 0.0)
                    steps += 1
            if at + 1 == level.shape[1] or slot[at + 1] != when:
                counts.rise[row, when] += rose
                counts.fall[row, when] += fell
                if steps:
                    counts.rise_squares[row, when] += rose * rose
                    counts.fall_squares[row, when] += fell * fell
                    counts.blocks[row, when] += 1.0
                rose, fell, steps = 0.0, 0.0, 0


def learn_profiles(grid: Grid, counts: Counts) -> Profiles:
    """The profiles of all series, and after them one a kind for places without history."""
    capacity, block = compute_capacity(grid), SLOT_S / grid.step_s
    rows, places = len(grid.series), len(grid.series) + len(KINDS)
    rise, fall, mean = (np.zeros((places, SLOTS), np.float32) for _ in range(3))
    usable = np.full((places, SLOTS), 0.9, np.float32)
    spread, size = np.full(places, 0.3, np.float32), np.full(places, 20.0, np.float32)
    size[:rows] = capacity
    for number, kind in enumerate(KINDS):
        here = grid.list_rows(kind)
        if not len(here):
            continue
        part = Counts._make(column[here] for column in counts)
        groups = _group(part, capacity[here])
        rise[here] = _learn_rate(
            part.rise, part.rise_steps, part.rise_squares, part.blocks, capacity[here], groups, block
        )
        fall[here] = _learn_rate(
            part.fall, part.fall_steps, part.fall_squares, part.blocks, capacity[here], groups, block
        )
        shares = (part.level / capacity[here][:, None]).astype(np.float32)
        mean[here] = np.clip(_learn_share(shares, part.seen, block), 0, 1)
        usable[here] = _learn_share(part.usable, part.seen, block)
        spread[here] = _learn_spread(part, capacity[here])
        pooled = rows + number
        size[pooled] = np.median(capacity[here])
        rise[pooled], fall[pooled] = rise[here].mean(axis=0), fall[here].mean(axis=0)
        mean[pooled], usable[pooled] = mean[here].mean(axis=0), usable[here].mean(axis=0)
        spread[pooled] = np.sqrt(np.mean(spread[here] ** 2) + np.mean((mean[here] - mean[pooled]) ** 2))
    inside = np.clip(usable, 0.002, 0.998)
    return Profiles(cumulate(rise), cumulate(fall), mean, np.log(inside / (1 - inside)), spread, size)


def _by_day_kind(table: Singles) -> Floats:
    """[rows, SLOTS] as [rows, DAY_KINDS, DAY_SLOTS], summed over the days of a kind."""
    days = table.reshape(len(table), 7, DAY_SLOTS)
    out = np.zeros((len(table), DAY_KINDS, DAY_SLOTS))
    for day, kind in enumerate(_DAY_KIND):
        out[:, kind] += days[:, day]
    return out


def _smooth(table: Floats) -> Floats:
    """Each half hour of a day with a quarter of either neighbour's."""
    return np.asarray(0.5 * table + 0.25 * (np.roll(table, 1, axis=-1) + np.roll(table, -1, axis=-1)))


def _group(counts: Counts, capacity: Floats) -> Ints:
    """The cluster of each place, by the shape of its net flow on working days."""
    if len(capacity) < CLUSTERS * _FEW:
        return np.zeros(len(capacity), np.int64)
    rates = [
        _smooth(_by_day_kind(moved)[:, 0]) / np.maximum(_smooth(_by_day_kind(steps)[:, 0]), 1.0)
        for moved, steps in ((counts.rise, counts.rise_steps), (counts.fall, counts.fall_steps))
    ]
    shape = np.concatenate(rates, axis=1)
    return cluster(shape / np.maximum(shape.sum(axis=1, keepdims=True), 1e-9), CLUSTERS)


def _learn_rate(
    moved: Singles, steps: Singles, squares: Singles, blocks: Singles, capacity: Floats, groups: Ints, block: float
) -> Singles:
    """What comes (goes) per slot, in shares of the capacity, float32[rows, SLOTS]; ``block``: the steps of a slot."""
    n, e = _smooth(_by_day_kind(moved)), _smooth(_by_day_kind(steps))
    place = np.zeros_like(n)
    dispersion = _find_dispersion(moved, squares, blocks)
    for group in np.unique(groups):
        here = groups == group
        could = (e[here] * capacity[here, None, None]).sum(axis=0)
        shape = n[here].sum(axis=0) / np.maximum(could, 1.0)
        usual = capacity[here, None, None] * shape
        # how busy the place is beside its like, itself drawn a little to their mean
        busy = (n[here].sum(axis=(1, 2)) + 5.0) / ((e[here] * usual).sum(axis=(1, 2)) + 5.0)
        place[here] = _draw(n[here], e[here], usual * busy[:, None, None], SMOOTHED * dispersion)
    week = place[:, _DAY_KIND].reshape(len(moved), SLOTS)
    rate = _draw(moved.astype(np.float64), steps.astype(np.float64), week, dispersion)
    return np.asarray(rate * block / capacity[:, None], np.float32)


def _find_dispersion(moved: Singles, squares: Singles, blocks: Singles) -> float:
    """The variance of a half hour's count from week to week, beside its mean."""
    some = blocks >= 2
    if not some.any():
        return 2.0
    mean = moved[some] / blocks[some]
    variance = (squares[some] / blocks[some] - mean**2) * blocks[some] / (blocks[some] - 1)
    return float(max(1.0, variance.sum() / max(float(mean.sum()), 1e-9)))


def _draw(moved: Floats, steps: Floats, prior: Floats, dispersion: float) -> Floats:
    """The gamma estimate of the module's docstring, w by moments."""
    usual = steps * prior
    beyond = ((moved - usual) ** 2).sum() - dispersion * usual.sum()
    between = float(np.clip(beyond / max(float((usual**2).sum()), 1e-9), 0.01, 2.0))
    strength = dispersion / between
    return np.asarray((moved + strength) / (steps + strength / np.maximum(prior, 1e-9)))


def _learn_share(total: Singles, seen: Singles, block: float) -> Singles:
    """A mean by slot, drawn to the day kind's by ``DRAWN`` half hours, that to the place's, and that to all places'."""
    day_total, day_seen = _smooth(_by_day_kind(total)), _smooth(_by_day_kind(seen))
    strength = DRAWN * block
    everywhere = float((total.sum() + DEFAULT_SHARE * block) / (seen.sum() + block))
    weak = DAY_SLOTS * block
    place = (total.sum(axis=1) + weak * everywhere) / (seen.sum(axis=1) + weak)
    day = (day_total + strength * place[:, None, None]) / (day_seen + strength)
    week = day[:, _DAY_KIND].reshape(total.shape)
    return np.asarray((total + strength * week) / (seen + strength), np.float32)


def _learn_spread(counts: Counts, capacity: Floats) -> Singles:
    seen = np.maximum(counts.seen.sum(axis=1), 1.0)
    variance = counts.level_squares / seen - (counts.level.sum(axis=1) / seen) ** 2
    return np.asarray(np.sqrt(np.maximum(variance, 0.25)) / capacity, np.float32)
