"""What the search takes a ride to cost: per line a sum to board and one per kilometre, fitted to the feed's fares.

An estimate for comparing journeys while they are searched: real fares are not additive (brackets, transfers, caps).
Finished journeys are priced exactly (``mobility.fares.table``). Lines without fares cost nothing here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from gtfs.feed import Feed
from mobility.emissions import EmissionFactors
from mobility.fares.leg_rules import list_networks, list_products
from mobility.geodesy import great_circle_m
from mobility.model import Mode
from mobility.planner.days import RouteCosts


class Sample(NamedTuple):
    """One fare: hundredths of the currency over kilometres (0 where it does not depend on the way)."""

    km: float
    amount: int


def list_route_costs(feed: Feed, modes: Iterable[Mode], factors: EmissionFactors) -> RouteCosts:
    """Costs per row of routes.txt; ``modes`` are those of the rows."""
    routes = feed["routes.txt"]["route_id"].tolist()
    samples = _sample_v2(feed) if len(feed["fare_leg_rules.txt"]) else _sample_v1(feed)
    fitted = [fit(samples.get(route) or samples.get("") or []) for route in routes]
    return RouteCosts(
        board_price=np.array([round(board) for board, _ in fitted], np.int32),
        price_per_km=np.array([per_km for _, per_km in fitted], float),
        co2_g_per_km=np.array([factors.of(mode) for mode in modes], float),
    )


def fit(samples: Iterable[Sample]) -> tuple[float, float]:
    """(to board, per km): the cheapest where no fare depends on the way, else least squares; neither is negative."""
    flat = [s.amount for s in samples if s.km <= 0]
    far = np.array([s for s in samples if s.km > 0], float).reshape(-1, 2)
    if not len(far):
        return float(min(flat, default=0)), 0.0
    km, amount = far[:, 0], far[:, 1]
    spread = float(((km - km.mean()) ** 2).sum())
    per_km = float(((km - km.mean()) * (amount - amount.mean())).sum()) / spread if spread > 0 else 0.0
    per_km = max(0.0, per_km)
    return max(0.0, float(amount.mean() - per_km * km.mean())), per_km


def _sample_v2(feed: Feed) -> Mapping[str, list[Sample]]:
    """Fares per route; key "" for the routes of networks that no rule names."""
    products = list_products(feed)
    at = _centres(feed, _members(feed, "stop_areas.txt", "area_id"))
    table = feed["fare_leg_rules.txt"]
    names = ("network_id", "from_area_id", "to_area_id", "fare_product_id")
    best: dict[tuple[str, str, str], int] = {}
    for network, start, end, product in zip(*(table[name].tolist() for name in names), strict=True):
        if product in products:
            key = network, start, end
            best[key] = min(products[product].amount, best.get(key, products[product].amount))
    by_network: dict[str, list[Sample]] = defaultdict(list)
    for (network, start, end), amount in best.items():
        by_network[network].append(Sample(_distance_km(at.get(start), at.get(end)), amount))
    networks = list_networks(feed)
    routes = feed["routes.txt"]["route_id"].tolist()
    own = {route: by_network[networks[route]] for route in routes if networks.get(route) in by_network}
    return {**own, "": by_network.get("", [])}


def _sample_v1(feed: Feed) -> Mapping[str, list[Sample]]:
    table, rules = feed["fare_attributes.txt"], feed["fare_rules.txt"]
    price = dict(zip(table["fare_id"].tolist(), table["price"].tolist(), strict=True))
    at = _centres(feed, _zones(feed))
    samples: dict[str, list[Sample]] = defaultdict(list)
    ruled = set()
    names = ("fare_id", "route_id", "origin_id", "destination_id")
    for fare, route, start, end in zip(*(rules[name].tolist() for name in names), strict=True):
        ruled.add(fare)
        amount = price.get(fare, float("nan"))
        if not np.isnan(amount):
            samples[route].append(Sample(_distance_km(at.get(start), at.get(end)), round(amount * 100)))
    samples[""] += [Sample(0.0, round(p * 100)) for fare, p in price.items() if fare not in ruled and not np.isnan(p)]
    return samples


def _members(feed: Feed, file: str, column: str) -> Mapping[str, list[str]]:
    members: dict[str, list[str]] = defaultdict(list)
    for owner, stop in zip(feed[file][column].tolist(), feed[file]["stop_id"].tolist(), strict=True):
        members[owner].append(stop)
    return members


def _zones(feed: Feed) -> Mapping[str, list[str]]:
    zones = dict(_members(feed, "stops.txt", "zone_id"))
    zones.pop("", None)
    return zones


def _centres(feed: Feed, members: Mapping[str, list[str]]) -> Mapping[str, tuple[float, float]]:
    """Mean coordinate of the stops of an area or zone."""
    stops = feed["stops.txt"]
    columns = (stops[name].tolist() for name in ("stop_id", "stop_lat", "stop_lon"))
    at = {stop: (lat, lon) for stop, lat, lon in zip(*columns, strict=True) if abs(lat) <= 90 and abs(lon) <= 180}
    found = {owner: [at[stop] for stop in stops_ if stop in at] for owner, stops_ in members.items()}
    return {
        owner: (sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points))
        for owner, points in found.items()
        if points
    }


def _distance_km(start: tuple[float, float] | None, end: tuple[float, float] | None) -> float:
    if start is None or end is None:
        return 0.0
    return float(great_circle_m(np.array([start[0]]), np.array([start[1]]), *end)[0]) / 1000
