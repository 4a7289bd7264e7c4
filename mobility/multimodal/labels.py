"""Names beside their points, so that none lies on another, and as few as possible on a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.float64]
"""Shape (points, 2)."""


class Label(NamedTuple):
    """A text of a size in pixels that belongs to a point; ``gap`` is how far from it the text begins, 0 where it may
    stand on the point itself.
    """

    x: float
    y: float
    width: float
    height: float
    gap: float


class Box(NamedTuple):
    """Left, low, right, high, in pixels."""

    left: float
    low: float
    right: float
    high: float


SIDES = ((1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1), (0, 1), (0, -1))
"""Where a name may stand: right of the point first, then left, at the corners, above and below."""


def place_labels(labels: Iterable[Label], lines: Pixels, taken: Iterable[Box], within: Box) -> list[Box | None]:
    """A box for each label, in their order, or None where no side is free.

    Of the sides that are free the one that covers the fewest points of ``lines`` is taken, of equals the first.
    ``taken`` are boxes in which nothing may stand; boxes end within ``within``.
    """
    full = [*taken]
    found: list[Box | None] = []
    for label in labels:
        free = [box for box in _list_boxes(label) if _lies_within(box, within) and not _overlaps(box, full)]
        best = min(free, key=lambda box: _count_within(lines, box), default=None)
        if best is not None:
            full.append(best)
        found.append(best)
    return found


def _list_boxes(label: Label) -> list[Box]:
    boxes = []
    for right, up in SIDES if label.gap else ((0, 0), *SIDES):
        slant = label.gap * (0.7 if right and up else 1.0)
        left = label.x + (slant if right > 0 else -slant - label.width if right < 0 else -label.width / 2)
        low = label.y + (slant if up > 0 else -slant - label.height if up < 0 else -label.height / 2)
        boxes.append(Box(left, low, left + label.width, low + label.height))
    return boxes


def _lies_within(box: Box, within: Box) -> bool:
    return box.left >= within.left and box.low >= within.low and box.right <= within.right and box.high <= within.high


def _overlaps(box: Box, others: list[Box]) -> bool:
    return any(
        box.left < other.right and other.left < box.right and box.low < other.high and other.low < box.high
        for other in others
    )


def _count_within(points: Pixels, box: Box) -> int:
    x, y = points.reshape(-1, 2).T
    return int(((x > box.left) & (x < box.right) & (y > box.low) & (y < box.high)).sum())
