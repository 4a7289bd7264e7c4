"""GTFS Fares v2, one effective leg: which products pay for it (fare_leg_rules.txt, fare_products.txt).

An empty field of a rule means "any that no rule names" where the file has no rule_priority, and "any" where it has;
then only the rules of the highest priority that match count (reference, fare_leg_rules.txt). Of the products of the
matching rules the cheapest for the default rider is bought; what one pays with is told, not chosen by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gtfs.feed import ABSENT, Feed
from gtfs.service_days import active_services
from mobility.fares.price import FareLeg, Product

DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class LegRule:
    """A row of fare_leg_rules.txt; empty fields as they are."""

    group: str
    network: str
    from_area: str
    to_area: str
    from_timeframe: str
    to_timeframe: str
    product_id: str
    priority: int


@dataclass(frozen=True, slots=True)
class LegFare:
    """A way to pay for one effective leg: the leg group, which decides on transfers, and the product."""

    group: str
    product: Product


class LegRules:
    """The leg rules of one feed, ready to be matched."""

    def __init__(self, feed: Feed) -> None:
        """Read networks, areas, timeframes, products and rules."""
        self._feed = feed
        self.networks = list_networks(feed)
        self._areas = _list_areas(feed)
        self.products = list_products(feed)
        table = feed["fare_leg_rules.txt"]
        self._has_priority = table.has("rule_priority")
        names = "leg_group_id network_id from_area_id to_area_id"
        names += " from_timeframe_group_id to_timeframe_group_id fare_product_id"
        columns = [table[name].tolist() for name in names.split()]
        priorities = [max(0, value) for value in table["rule_priority"].tolist()]
        self.rules = [LegRule(*row) for row in zip(*columns, priorities, strict=True)]
        self._by_areas: dict[tuple[str, str, str], list[LegRule]] = defaultdict(list)
        for rule in self.rules:
            self._by_areas[rule.network, rule.from_area, rule.to_area].append(rule)
        self._named_networks = {rule.network for rule in self.rules if rule.network}
        self._named_from = {rule.from_area for rule in self.rules if rule.from_area}
        self._named_to = {rule.to_area for rule in self.rules if rule.to_area}

    def list_fares(self, legs: Sequence[FareLeg]) -> list[LegFare]:
        """The ways to pay for an effective leg (one ride, or several joined), the cheapest of each leg group."""
        first, last = legs[0], legs[-1]
        networks = self._keys({self.networks.get(first.route_id, "")} - {""}, self._named_networks)
        starts = self._keys(self._areas.get(first.start_stop, set()), self._named_from)
        ends = self._keys(self._areas.get(last.end_stop, set()), self._named_to)
        rules = [
            rule
            for network in networks
            for start in starts
            for end in ends
            for rule in self._by_areas.get((network, start, end), ())
            if self._is_in_time(rule.from_timeframe, first.board_s, first)
            and self._is_in_time(rule.to_timeframe, last.alight_s, last)
        ]
        if self._has_priority and rules:
            highest = max(rule.priority for rule in rules)
            rules = [rule for rule in rules if rule.priority == highest]
        return self._cheapest_by_group(rules)

    def _keys(self, own: set[str], named: set[str]) -> list[str]:
        """Values of a field that match: the leg's own, and the empty one where it means these."""
        is_free = self._has_priority or not own & named
        return [*sorted(own), *([""] if is_free else [])]

    def _cheapest_by_group(self, rules: Iterable[LegRule]) -> list[LegFare]:
        best: dict[str, LegFare] = {}
        for rule in rules:
            product = self.products.get(rule.product_id)
            if product and (rule.group not in best or product.amount < best[rule.group].product.amount):
                best[rule.group] = LegFare(rule.group, product)
        return sorted(best.values(), key=lambda fare: (fare.product.amount, fare.group))

    def _is_in_time(self, group: str, moment_s: int, leg: FareLeg) -> bool:
        if not group:
            return True
        table = self._feed["timeframes.txt"]
        services = active_services(self._feed, leg.date)
        clock_s = moment_s % DAY_S
        for row in (table["timeframe_group_id"] == group).nonzero()[0].tolist():
            begin, end = int(table["start_time"][row]), int(table["end_time"][row])
            begin, end = (0 if begin == ABSENT else begin), (DAY_S if end == ABSENT else end)
            if table["service_id"][row] in services and begin <= clock_s < end:
                return True
        return False


def list_networks(feed: Feed) -> Mapping[str, str]:
    """Routes to their network: route_networks.txt, else routes.txt."""
    routes, table = feed["routes.txt"], feed["route_networks.txt"]
    networks = dict(zip(routes["route_id"].tolist(), routes["network_id"].tolist(), strict=True))
    networks.update(zip(table["route_id"].tolist(), table["network_id"].tolist(), strict=True))
    return networks


def list_products(feed: Feed) -> Mapping[str, Product]:
    """Per product the cheapest way for the default rider to pay; products for others only are left out."""
    table, categories, media = feed["fare_products.txt"], feed["rider_categories.txt"], feed["fare_media.txt"]
    default = set(categories["rider_category_id"][categories["is_default_fare_category"] == 1].tolist()) | {""}
    names = dict(zip(media["fare_media_id"].tolist(), media["fare_media_name"].tolist(), strict=True))
    columns = [
        table[name].tolist()
        for name in ("fare_product_id", "fare_product_name", "amount", "currency", "fare_media_id", "rider_category_id")
    ]
    products: dict[str, Product] = {}
    for product_id, name, amount, currency, medium, category in zip(*columns, strict=True):
        if category not in default or amount != amount:  # noqa: PLR0124  (NaN: no amount)
            continue
        product = Product(product_id, name, round(amount * 100), currency, names.get(medium, medium))
        if product_id not in products or product.amount < products[product_id].amount:
            products[product_id] = product
    return products


def _list_areas(feed: Feed) -> Mapping[str, set[str]]:
    """Stops to their areas; a station's areas are those of its platforms, too."""
    table, stops = feed["stop_areas.txt"], feed["stops.txt"]
    areas: dict[str, set[str]] = defaultdict(set)
    for area, stop in zip(table["area_id"].tolist(), table["stop_id"].tolist(), strict=True):
        areas[stop].add(area)
    for stop, parent in zip(stops["stop_id"].tolist(), stops["parent_station"].tolist(), strict=True):
        if parent in areas:
            areas[stop] = areas.get(stop, set()) | areas[parent]
    return dict(areas)
