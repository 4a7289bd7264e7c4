"""Fitting what turns features into a forecast: drift, variance, stack and calibration, by kind and lead."""

from __future__ import annotations

from typing import Final

import numba as nb
import numpy as np

from mobility.availability.kernel import compute_logit, compute_usual, move, weigh
from mobility.availability.passage import compute_reach
from mobility.availability.prior import CALIBRATION_KNOTS, make_prior_layers
from mobility.availability.readings import Floats, Ints, Kind, Levels, Singles
from mobility.availability.regression import fit_least_squares, fit_line, fit_logistic, fit_not_negative
from mobility.availability.samples import Moments, Sample, describe_sample, draw
from mobility.availability.tables import KINDS, LEADS_S, SLOT_S, STRANGE, Layers, Profiles

ROWS: Final = 120_000
"""Samples of a kind and a lead."""
_SPARES: Final = 6
_LEAST_GONE: Final = 20.0
_FEW: Final = 2_000
"""Fewer teach nothing: the prior stays."""
_WINSOR: Final = 5.0
"""A residual beyond so many standard deviations is a truck's and counts as so much."""
_CALM: Final = 2.0
"""Rows of the drift keep so many standard deviations from empty and from full: beyond, the barrier bends them."""


def fit_layers(moments: Moments, profiles: Profiles, first: int, last: int, seed: int) -> Layers:
    """Layers learned on the moments from ``first`` to ``last``, which the profiles have not seen: drift, variance and
    stack on the first half, calibration on the second. Those of places without history come of the same rows, each
    place taken for one that nobody knows.
    """
    layers = make_prior_layers()
    middle = (first + last) // 2
    strangers = len(profiles.capacity) - STRANGE
    for number, kind in enumerate(KINDS):
        for lead, lead_s in enumerate(LEADS_S[1:], start=1):
            fitting = draw(moments, kind, lead_s, first, middle, ROWS, seed)
            checking = draw(moments, kind, lead_s, middle, last, ROWS, seed + 1)
            if min(len(fitting.row), len(checking.row)) < _FEW:
                continue
            for layer in (number, number + STRANGE):
                pooled = [np.full_like(one.row, strangers + number) for one in (fitting, checking)]
                rows = [fitting.row, checking.row] if layer < STRANGE else pooled
                _fit_movement(layers, layer, lead, fitting, profiles, rows[0])
                _fit_stack(layers, layer, lead, fitting, profiles, rows[0])
                _fit_calibration(layers, layer, lead, checking, profiles, rows[1])
        if kind is not Kind.SPACES:
            _learn_silence(layers, number, moments, profiles)
    return layers


def _fit_movement(layers: Layers, kind: int, lead: int, sample: Sample, profiles: Profiles, rows: Ints) -> None:
    told, capacity = describe_sample(profiles, sample, rows)
    level, change = sample.level.astype(np.float64), (sample.later - sample.level).astype(np.float64)
    margin = _CALM * np.sqrt(told[:, 5] + 0.5) + np.abs(told[:, 0])
    calm = (level > margin) & (level < capacity - margin)
    if calm.sum() < _FEW:
        calm = np.ones(len(level), bool)
    features = np.column_stack([told[:, :4], told[:, 4] - level])
    most = _WINSOR * np.sqrt(told[:, 5] + 1.0)
    target = np.clip(change, -most, most)
    weights = fit_least_squares(features[calm], target[calm])
    pull = float(np.clip(weights[4], 0.0, 0.95))
    if pull != weights[4]:
        weights[:4] = fit_least_squares(features[calm, :4], target[calm] - pull * features[calm, 4])
    layers.drift[kind, lead], layers.pull[kind, lead] = weights[:4], pull
    residual = (change - features[:, :4] @ weights[:4] - pull * features[:, 4])[calm]
    activity = np.column_stack([np.ones(len(told)), told[:, 5], told[:, 5] ** 2])[calm]
    variance = fit_not_negative(activity, np.minimum(residual**2, most[calm] ** 2))
    if not (activity @ variance > 0).all():
        variance[0] += 0.01
    # rows weigh by what they say: those that vary much would drown the others
    scale = activity @ variance
    variance = fit_not_negative(activity / scale[:, None], np.minimum(residual**2, most[calm] ** 2) / scale)
    variance[0] = max(float(variance[0]), 0.01)
    layers.variance[kind, lead] = variance
    deviation = np.sqrt(np.column_stack([np.ones(len(told)), told[:, 5], told[:, 5] ** 2]) @ variance)
    middle = level + features[:, :4] @ weights[:4] + pull * features[:, 4]
    layers.quantile[kind, lead] = np.quantile((sample.later - middle)[calm] / deviation[calm], [0.1, 0.5, 0.9])


def _list_logits(layers: Layers, kind: int, sample: Sample, profiles: Profiles, rows: Ints) -> Floats:
    """float64[rows, 5]: what the stack weighs, for one that is needed."""
    told, capacity = describe_sample(profiles, sample, rows)
    out = np.ones((len(sample.row), 5))
    _compute_logits(profiles, layers, kind, rows, capacity, sample.level, sample.lead_s, sample.then_s, told, out)
    out[:, 3], out[:, 4] = sample.level >= 1, sample.level >= 2
    return out


@nb.njit(cache=True, nogil=True)
def _compute_logits(
    profiles: Profiles, layers: Layers, kind: int, row: Ints, capacity: Floats, level: Ints, lead_s: Floats,
    then_s: Floats, told: Floats, out: Floats,
) -> None:  # fmt: skip
    for i in range(len(row)):
        at, share = weigh(layers, lead_s[i])
        drift, variance, pull = move(layers, kind, at, share, told[i])
        start = level[i] + pull * (told[i, 4] - level[i])
        out[i, 1] = compute_logit(compute_reach(start, drift, variance, 1.0))
        out[i, 2] = compute_usual(profiles, row[i], capacity[i], then_s[i], 1.0)


def _fit_stack(layers: Layers, kind: int, lead: int, sample: Sample, profiles: Profiles, rows: Ints) -> None:
    features = _list_logits(layers, kind, sample, profiles, rows)
    happened = (sample.later >= 1).astype(np.float64)
    start = np.array([0.0, 1.0, 0.0, 0.0, 0.0])
    kept = np.arange(5)
    while True:
        weights = np.zeros(5)
        weights[kept] = fit_logistic(features[:, kept], happened, start[kept])
        wrong = [one for one in kept[1:] if weights[one] < 0]
        if not wrong:
            break
        # more now must never mean less later: the weight that says so most goes
        kept = kept[kept != wrong[int(np.argmin(weights[wrong]))]]
    layers.stack[kind, lead] = weights


def _fit_calibration(layers: Layers, kind: int, lead: int, sample: Sample, profiles: Profiles, rows: Ints) -> None:
    stacked = _list_logits(layers, kind, sample, profiles, rows) @ layers.stack[kind, lead]
    knots, told = fit_line(stacked, (sample.later >= 1).astype(np.float64), CALIBRATION_KNOTS, 30.0)
    layers.knots[kind, lead], layers.told[kind, lead] = knots, told


def _learn_silence(layers: Layers, kind: int, moments: Moments, profiles: Profiles) -> None:
    """How much less goes from places with just one left than usual at that time: this one is often broken.

    A place whose last one is broken stays as it is until something comes, about twice as long as one whose last one
    works: the share among all places follows from that among those with one left.
    """
    went, should = np.zeros(_SPARES), np.zeros(_SPARES)
    rows = moments.grid.list_rows(KINDS[kind])
    slot = (moments.week_s // SLOT_S).astype(np.int64)
    share = moments.grid.step_s / SLOT_S
    _count_silence(moments.grid.level, rows, profiles.fall, profiles.capacity, slot, share, went, should)
    if should.min() < _LEAST_GONE:
        return
    # beside places with a few, which are as busy for the same reasons
    normal = went[2:].sum() / should[2:].sum()
    alone = float(np.clip(1.0 - went[0] / (should[0] * max(normal, 1e-9)), 0.0, 0.6))
    odds = 0.5 * alone / (1.0 - alone)
    layers.silent[[kind, kind + STRANGE]] = odds / (1.0 + odds), alone


@nb.njit(cache=True, nogil=True)
def _count_silence(
    level: Levels, rows: Ints, fall: Singles, capacity: Singles, slot: Ints, share: float, went: Floats, should: Floats
) -> None:
    for row in rows:
        for at in range(level.shape[1] - 1):
            here, following = level[row, at], level[row, at + 1]
            if 1 <= here <= len(went) and following >= 0:
                went[here - 1] += max(0.0, min(float(here - following), 2.0))
                should[here - 1] += capacity[row] * share * (fall[row, slot[at] + 1] - fall[row, slot[at]])
