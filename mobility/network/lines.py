"""The ways that every route takes, for a map."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

from mobility.model import Coordinate
from mobility.network.routes import RouteTable
from mobility.network.schedule import Schedule
from mobility.network.shapes import Shapes


def list_ways(routes: RouteTable, schedule: Schedule, shapes: Shapes) -> list[tuple[tuple[Coordinate, ...], ...]]:
    """Per route its distinct lines, the most used first; a way that is part of another is left out."""
    trips_of: dict[int, Counter[tuple[str, int]]] = defaultdict(Counter)
    example: dict[tuple[str, int], int] = {}
    for trip in schedule.list_used_trips().tolist():
        key = shapes.key_of(trip)
        trips_of[int(routes.trip_route[trip])][key] += 1
        example.setdefault(key, trip)
    ways = []
    for route in range(len(routes.rides)):
        lines: list[tuple[Coordinate, ...]] = []
        drawn: set[tuple[Coordinate, Coordinate]] = set()
        # longest first, so that short workings find themselves drawn already
        found = [(shapes.line_of(example[key]), count) for key, count in trips_of[route].items()]
        for line, _ in sorted(found, key=lambda pair: (-len(pair[0]), -pair[1])):
            hops = set(pairwise(line))
            if hops - drawn:
                drawn |= hops
                lines.append(line)
        ways.append(tuple(lines))
    return ways
