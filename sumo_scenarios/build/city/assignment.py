"""Who drives where: trips by gravity between gates and blocks, then routes by successive averages.

The trips of a slice of time are ``production x attraction x exp(-distance / reach)``. Routes are shortest paths over
carriageways, with turn penalties and the BPR delay function (Bureau of Public Roads 1964); each of the rounds of the
method of successive averages draws its own errors of perception, so that an origin and a destination have several.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from sumo_scenarios.build.city.layout import District, Turn

Way = tuple[str, str]
Route = tuple[Way, ...]

REACH_M = 2200.0
ROUNDS = 6
_PERCEPTION_SIGMA = 0.12
_TURN_S = {Turn.LEFT: 12.0, Turn.THROUGH: 0.0, Turn.RIGHT: 4.0}
_NODE_S = 13.0
_GREEN_SHARE = {"arterial": 0.45, "one-way": 0.45, "collector": 0.4, "local": 0.32}
_LEAST_VPH = 2.5


@dataclass(frozen=True, slots=True)
class Zone:
    """Where trips begin and end: a gate, or both sides of a block."""

    name: str
    origins: tuple[Way, ...]
    destinations: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """Vehicles per hour that leave each zone, and what draws them to others (relative)."""

    production_vph: Mapping[str, float]
    attraction: Mapping[str, float]


Routes = dict[Route, float]
"""Vehicles per hour on each path."""


def get_trips(district: District, zones: tuple[Zone, ...], weights: Weights) -> dict[tuple[str, str], float]:
    """Vehicles per hour from zone to zone."""
    places = {zone.name: _get_place(district, zone) for zone in zones}
    trips: dict[tuple[str, str], float] = {}
    for origin in zones:
        pulls = {
            zone.name: weights.attraction.get(zone.name, 0.0) * _get_friction(origin, zone, places)
            for zone in zones
            if zone.destinations and zone.name != origin.name
        }
        total = sum(pulls.values())
        produced = weights.production_vph.get(origin.name, 0.0) if origin.origins else 0.0
        for name, pull in pulls.items():
            if produced * pull > 0:
                trips[origin.name, name] = produced * pull / total
    return trips


def _get_place(district: District, zone: Zone) -> tuple[float, float]:
    names = {name for way in (*zone.origins, *zone.destinations) for name in way}
    nodes = [district.nodes[name] for name in sorted(names)]
    return sum(n.x_m for n in nodes) / len(nodes), sum(n.y_m for n in nodes) / len(nodes)


def _get_friction(origin: Zone, end: Zone, places: Mapping[str, tuple[float, float]]) -> float:
    (ax, ay), (bx, by) = places[origin.name], places[end.name]
    distance_m = abs(bx - ax) + abs(by - ay)
    if distance_m < 350:  # one walks
        return 0.0
    is_along = origin.name[-1] == end.name[-1] and len(origin.name) == len(end.name) == 2
    is_same_side = origin.name[0] == end.name[0] and len(origin.name) == len(end.name) == 2
    return math.exp(-distance_m / REACH_M) * (3.0 if is_along else 0.25 if is_same_side else 1.0)


def assign(district: District, zones: tuple[Zone, ...], trips: Mapping[tuple[str, str], float], seed: int) -> Routes:
    """Spread the trips over routes."""
    by_name = {zone.name: zone for zone in zones}
    rng = random.Random(seed)  # noqa: S311  (errors of perception, not secrets)
    flow_vph: dict[Way, float] = dict.fromkeys(district.ways, 0.0)
    shares: dict[tuple[str, str], dict[Route, int]] = defaultdict(lambda: defaultdict(int))
    origins = sorted({origin for origin, _ in trips})
    for number in range(1, ROUNDS + 1):
        cost_s = {way: _get_cost_s(district, way, flow_vph[way]) for way in district.ways}
        seen_s = {way: cost * math.exp(rng.gauss(0, _PERCEPTION_SIGMA)) for way, cost in cost_s.items()}
        loaded: dict[Way, float] = dict.fromkeys(district.ways, 0.0)
        for origin in origins:
            reached = _search(district, by_name[origin].origins, seen_s)
            for (start, end), vph in trips.items():
                if start == origin:
                    path = _trace(reached, by_name[end].destinations)
                    shares[start, end][path] += 1
                    for way in path:
                        loaded[way] += vph
        flow_vph = {way: vph + (loaded[way] - vph) / number for way, vph in flow_vph.items()}
    routes: Routes = defaultdict(float)
    for pair, vph in trips.items():
        paths = shares[pair]
        best = max(paths, key=lambda path: (paths[path], path))
        for path, count in paths.items():
            share_vph = vph * count / ROUNDS
            routes[path if share_vph >= _LEAST_VPH else best] += share_vph
    return dict(sorted((path, vph) for path, vph in routes.items() if vph >= _LEAST_VPH / 2))


def _get_cost_s(district: District, key: Way, vph: float) -> float:
    way = district.ways[key]
    capacity_vph = 1750 * way.lanes_end * _GREEN_SHARE[way.kind] * (1.15 if way.left_bay_m else 1.0)
    free_s = district.length_m(*key) / way.speed_mps + _NODE_S
    return free_s * (1 + 1.2 * (vph / capacity_vph) ** 4)


def _search(
    district: District, starts: tuple[Way, ...], cost_s: Mapping[Way, float]
) -> dict[Way, tuple[float, Way | None]]:
    """Dijkstra over carriageways: for each the time until its end and the one before."""
    found: dict[Way, tuple[float, Way | None]] = {}
    queue: list[tuple[float, Way, Way | None]] = [(cost_s[way], way, None) for way in starts]
    heapq.heapify(queue)
    while queue:
        passed_s, way, before = heapq.heappop(queue)
        if way in found:
            continue
        found[way] = (passed_s, before)
        for end in district.ends(*way):
            following = (way[1], end)
            if following not in found:
                turn_s = _TURN_S[district.turn(*way, end)]
                heapq.heappush(queue, (passed_s + turn_s + cost_s[following], following, way))
    return found


def _trace(reached: Mapping[Way, tuple[float, Way | None]], ends: tuple[Way, ...]) -> Route:
    last = min((way for way in ends if way in reached), key=lambda way: (reached[way][0], way))
    path: list[Way] = []
    way: Way | None = last
    while way is not None:
        path.append(way)
        way = reached[way][1]
    return tuple(reversed(path))


def get_volumes(routes: Mapping[Route, float]) -> dict[tuple[str, str, str], float]:
    """Vehicles per hour of every movement (from, via, to)."""
    volumes: dict[tuple[str, str, str], float] = defaultdict(float)
    for path, vph in routes.items():
        for before, after in pairwise(path):
            volumes[before[0], before[1], after[1]] += vph
    return dict(volumes)
