"""Which profiles are alike: k-means with a start that is always the same."""

from __future__ import annotations

from typing import Final

import numpy as np

from mobility.availability.readings import Floats, Ints

ROUNDS: Final = 30


def cluster(points: Floats, count: int) -> Ints:
    """The cluster of each of ``points`` [rows, columns]: first centres are the point nearest the mean, then each time
    the point farthest from all of them (of the inner 95 %, so that no oddity is a cluster); then ``ROUNDS`` of k-means.
    """
    centre = points.mean(axis=0)
    away = _square(points, centre[None])[:, 0]
    inner = np.flatnonzero(away <= np.quantile(away, 0.95))
    chosen = [int(inner[np.argmin(away[inner])])]
    while len(chosen) < count:
        near = _square(points[inner], points[chosen]).min(axis=1)
        chosen.append(int(inner[np.argmax(near)]))
    centres = points[chosen].copy()
    groups = np.zeros(len(points), np.int64)
    for _ in range(ROUNDS):
        groups = np.argmin(_square(points, centres), axis=1)
        for number in range(count):
            if (groups == number).any():
                centres[number] = points[groups == number].mean(axis=0)
    return groups


def _square(points: Floats, centres: Floats) -> Floats:
    """Squared distances [points, centres]."""
    return np.asarray(((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2))
