"""From all Pareto-optimal paths to the few that a person wants to read."""

from __future__ import annotations

from mobility.planner.query import Path

SAME_MOMENT_S = 120
"""Departures and arrivals that people do not tell apart."""
CHANGE_IS_WORTH_S = 600
"""How much longer people travel to save a change: ten minutes, as route planners commonly price it."""


def drop_slower_than_walking(paths: list[Path], walk_s: int | None) -> list[Path]:
    """Without the paths that somebody who walks all the way from the same moment beats."""
    if walk_s is None:
        return paths
    return [path for path in paths if path.departure_s + walk_s > path.arrival_s]


def drop_near_duplicates(paths: list[Path]) -> list[Path]:
    """Without paths that need more vehicles to gain less than two minutes at both ends."""
    return [path for path in paths if not any(_hardly_gains(path, other) for other in paths)]


def _hardly_gains(path: Path, other: Path) -> bool:
    return (
        len(path.rides) > len(other.rides)
        and path.departure_s - other.departure_s < SAME_MOMENT_S
        and other.arrival_s - path.arrival_s < SAME_MOMENT_S
    )


def drop_long_ways_round(paths: list[Path]) -> list[Path]:
    """Without paths that save changes at more than ten minutes each."""
    return [path for path in paths if not any(_is_way_round(path, other) for other in paths)]


def _is_way_round(path: Path, other: Path) -> bool:
    saved = len(other.rides) - len(path.rides)
    return (
        saved > 0
        and other.departure_s >= path.departure_s
        and path.arrival_s - other.arrival_s > saved * CHANGE_IS_WORTH_S
    )


def choose_next(paths: list[Path], count: int, *, arrive_by: bool) -> list[Path]:
    """The first ``count`` to leave, or the last to arrive, in order of departure."""
    chosen = sorted(paths, key=lambda p: (-p.arrival_s, -p.departure_s) if arrive_by else (p.departure_s, p.arrival_s))
    return sorted(chosen[:count], key=lambda p: (p.departure_s, p.arrival_s, len(p.rides)))
