"""A line beside another, for those that share their way."""

from __future__ import annotations

import numpy as np

from mobility.multimodal.frame import Flat

MOST_STRETCH = 2.0
"""At a sharp bend the shifted line is so many times as far away, and no farther."""


def turn_east(line: Flat) -> Flat:
    """In the direction that goes east, or north where it goes due north: there and back have one left side."""
    across, up = line[-1] - line[0]
    return line if (across, up) > (0.0, 0.0) else line[::-1]


def shift(line: Flat, aside: float) -> Flat:
    """A line so far to the left of another, in the same unit; to the right where it is negative."""
    along = np.diff(line, axis=0)
    length = np.hypot(along[:, 0], along[:, 1])
    moves = length > 0
    if not moves.any() or not aside:
        return line
    along = along[moves] / length[moves, None]
    left = np.stack([-along[:, 1], along[:, 0]], axis=1)
    before, after = np.concatenate([left[:1], left]), np.concatenate([left, left[-1:]])
    # the middle of two sides, so long that both keep their distance: 1 / cos of half the bend
    joint = before + after
    joint /= np.maximum((joint * joint).sum(axis=1) / 2, 2.0 / MOST_STRETCH**2)[:, None]
    shifted: Flat = np.concatenate([line[:1], line[1:][moves]]) + aside * joint
    return shifted
