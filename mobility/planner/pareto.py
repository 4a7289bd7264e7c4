"""Pareto sets of paths: leave late, arrive early, change seldom."""

from __future__ import annotations

from collections.abc import Iterable

from mobility.planner.query import Path


def dominates(one: Path, other: Path) -> bool:
    """True when ``one`` is no worse in departure, arrival and vehicles, and better in one of them."""
    first = one.departure_s, -one.arrival_s, -len(one.rides)
    second = other.departure_s, -other.arrival_s, -len(other.rides)
    return first != second and all(a >= b for a, b in zip(first, second, strict=True))


def list_pareto(paths: Iterable[Path]) -> list[Path]:
    """The paths that no other dominates, one of each kind, in order of departure."""
    kept: list[Path] = []
    # whatever dominates a path stands before it in this order
    for path in sorted(paths, key=lambda p: (-p.departure_s, p.arrival_s, len(p.rides))):
        is_beaten = any(dominates(other, path) or other[:2] == path[:2] for other in kept)
        if not is_beaten:
            kept.append(path)
    return kept[::-1]
