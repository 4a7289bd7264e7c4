"""The streets between intersections: which exit lane leads to which approach of which neighbour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Street:
    """The way from an exit lane of one intersection to an approach of the next signal, which may be the same one.

    ``exit`` indexes the origin's ``Intersection.exits``, ``approach`` the destination's ``approaches``. Distance and
    ``free_s`` run from the beginning of the exit lane to the stop line; ``lanes`` are the approach's at that line.
    ``share``: of those who leave by this lane, who come here rather than turn off or stop on the way.
    """

    origin: str
    exit: int
    destination: str
    approach: int
    distance_m: float
    free_s: float
    lanes: int = 1
    share: float = 1.0


def list_addresses(streets: Iterable[Street]) -> dict[str, tuple[str, ...]]:
    """Whom each intersection writes to: downstream for the departures, upstream for the queues."""
    found: dict[str, set[str]] = {}
    for street in streets:
        if street.origin != street.destination:
            found.setdefault(street.origin, set()).add(street.destination)
            found.setdefault(street.destination, set()).add(street.origin)
    return {one: tuple(sorted(others)) for one, others in sorted(found.items())}


def list_streets_of(streets: Iterable[Street], intersection: str) -> tuple[Street, ...]:
    """The streets that begin or end at an intersection."""
    return tuple(s for s in streets if intersection in {s.origin, s.destination})


def group_by_exit(streets: Iterable[Street], origin: str) -> Mapping[int, tuple[Street, ...]]:
    """The streets that begin at an intersection, by exit lane."""
    found: dict[int, tuple[Street, ...]] = {}
    for street in streets:
        if street.origin == origin:
            found[street.exit] = (*found.get(street.exit, ()), street)
    return found


def join_lanes(streets: Iterable[Street]) -> dict[tuple[str, int], int]:
    """For each exit lane, the first one of the same intersection that leads the same ways: they are told as one."""
    ways: dict[tuple[str, int], set[tuple[str, int, float]]] = {}
    for street in streets:
        way = street.destination, street.approach, street.distance_m
        ways.setdefault((street.origin, street.exit), set()).add(way)
    first: dict[tuple[str, frozenset[tuple[str, int, float]]], int] = {}
    return {
        (origin, exit_lane): first.setdefault((origin, frozenset(found)), exit_lane)
        for (origin, exit_lane), found in sorted(ways.items())
    }
