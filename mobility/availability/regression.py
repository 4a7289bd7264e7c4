"""Small fits in numpy: weights that may not be negative, the logistic stack, and the isotonic line."""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np

from mobility.availability.readings import Floats

_ROUNDS: Final = 50
_RIDGE: Final = 1e-6


def fit_least_squares(features: Floats, target: Floats, ridge: float = 1e-3) -> Floats:
    """Weights of the columns that lie nearest ``target``, drawn a little to 0 (``ridge`` of each column's square)."""
    gram = features.T @ features
    return np.asarray(np.linalg.solve(gram + np.diag(ridge * np.diag(gram) + _RIDGE), features.T @ target))


def fit_not_negative(features: Floats, target: Floats) -> Floats:
    """The same with no weight below 0: the best of all subsets of columns whose own fit has none (few columns)."""
    gram, moment = features.T @ features, features.T @ target
    best, least = np.zeros(features.shape[1]), 0.0
    for size in range(1, features.shape[1] + 1):
        for subset in combinations(range(features.shape[1]), size):
            chosen = list(subset)
            inner = gram[np.ix_(chosen, chosen)] + _RIDGE * np.eye(size)
            weights = np.linalg.solve(inner, moment[chosen])
            loss = float(weights @ gram[np.ix_(chosen, chosen)] @ weights - 2 * weights @ moment[chosen])
            if (weights >= 0).all() and loss < least:
                least = loss
                best = np.zeros(features.shape[1])
                best[chosen] = weights
    return best


def fit_logistic(features: Floats, happened: Floats, start: Floats, ridge: float = 1.0) -> Floats:
    """Weights of a logistic regression by Newton's method, drawn to ``start`` as ``ridge`` rows would."""
    weights = start.astype(np.float64).copy()
    for _ in range(_ROUNDS):
        chance = sigmoid(features @ weights)
        slope = features.T @ (happened - chance) - ridge * (weights - start)
        curve = (features * (chance * (1 - chance))[:, None]).T @ features + ridge * np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        # far from the answer a whole step may leap over it
        weights += step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return weights


def fit_isotonic(values: Floats, weights: Floats) -> Floats:
    """The non-decreasing sequence nearest ``values``, by pooling adjacent violators."""
    means: list[float] = []
    sizes: list[float] = []
    counts: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        means.append(value)
        sizes.append(weight)
        counts.append(1)
        while len(means) > 1 and means[-2] >= means[-1]:
            total = sizes[-2] + sizes[-1]
            means[-2] = (means[-2] * sizes[-2] + means[-1] * sizes[-1]) / total
            sizes[-2] = total
            counts[-2] += counts[-1]
            del means[-1], sizes[-1], counts[-1]
    return np.repeat(np.array(means), counts)


def fit_line(stacked: Floats, happened: Floats, knots: int, prior: float) -> tuple[Floats, Floats]:
    """A non-decreasing line of ``knots`` points from logits to calibrated logits: the mean outcome of as many equal
    parts of the rows, drawn to the logits themselves as ``prior`` rows would, made isotonic.

    Both ends go on with slope 1. Few rows or one outcome only give the identity.
    """
    identity = np.linspace(-6.0, 6.0, knots)
    if len(stacked) < 50 * knots:
        return identity, identity
    order = np.argsort(stacked, kind="stable")
    # equal parts of the uncertainty, not of the rows: most rows are certain
    doubt = sigmoid(stacked[order])
    share = np.cumsum(np.sqrt(doubt * (1 - doubt)) + 1e-3)
    part = np.minimum((share / share[-1] * knots).astype(np.int64), knots - 1)
    size = np.bincount(part, minlength=knots).astype(np.float64)
    if (size == 0).any():
        return identity, identity
    at = np.bincount(part, stacked[order], knots) / size
    told = np.bincount(part, doubt, knots) / size
    seen = (np.bincount(part, happened[order], knots) + prior * told) / (size + prior)
    level = fit_isotonic(seen, size)
    inside = np.clip(level, 1e-6, 1 - 1e-6)
    at = np.maximum.accumulate(at + 1e-6 * np.arange(knots))
    return at, np.log(inside / (1 - inside)) + 1e-6 * np.arange(knots)


def sigmoid(logit: Floats) -> Floats:
    """1 / (1 + exp(-logit)), without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logit)))
