"""Which greens must never be seen together: the last look at lamps, as a conflict monitor takes it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from signals.model import Intersection, Lamp
from signals.timing_plan import may_share


def find_conflict(intersection: Intersection, lamps: Sequence[Lamp]) -> tuple[int, int] | None:
    """The first two movements that are green together and may not be."""
    green = [m for m, lamp in enumerate(lamps) if lamp.is_green]
    for i, j in combinations(green, 2):
        if not may_share(intersection, lamps[i], lamps[j], i, j):
            return i, j
    return None
