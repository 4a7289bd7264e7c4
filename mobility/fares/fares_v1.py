"""GTFS Fares v1: fare_attributes.txt and fare_rules.txt.

A fare holds for rides in a row: within its ``transfers`` and ``transfer_duration`` (first boarding to last), of one
agency where it names one, on routes that its rules name (where they name any), between zones of origin and
destination that a rule names, and through exactly the zones that its ``contains_id`` rows list. A fare without rules
holds everywhere. The rides are cut into stretches of one fare each, the cheapest way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gtfs.feed import ABSENT, Feed
from mobility.fares.price import FareLeg, Payment, Price, Product


@dataclass(slots=True)
class _Fare:
    product: Product
    agency: str
    rides: int
    """Most rides in a row, -1 for any number."""
    duration_s: int
    routes: set[str] = field(default_factory=set)
    ends: set[tuple[str, str, str]] = field(default_factory=set)
    """Route, origin, destination as rules name them together; empty where they do not."""
    contains: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Zones that must be those passed, per route (empty: any)."""


class FaresV1:
    """Prices by Fares v1. Of the zones that a ride passes only those of its ends are known here."""

    def __init__(self, feed: Feed) -> None:
        """Read the fares of a feed."""
        stops, routes, agencies = feed["stops.txt"], feed["routes.txt"], feed["agency.txt"]
        self._zones: Mapping[str, str] = dict(
            zip(stops["stop_id"].tolist(), stops["zone_id"].tolist(), strict=True),
        )
        only = agencies["agency_id"][0] if len(agencies) == 1 else ""
        self._agencies = {
            route: agency or only
            for route, agency in zip(routes["route_id"].tolist(), routes["agency_id"].tolist(), strict=True)
        }
        self._fares = _read_fares(feed)
        self._everywhere = [fare for fare in self._fares.values() if not fare.ends and not fare.contains]
        self._by_ends: dict[tuple[str, str, str], list[_Fare]] = defaultdict(list)
        for fare in self._fares.values():
            for ends in fare.ends:
                self._by_ends[ends].append(fare)
        self._by_zones = [fare for fare in self._fares.values() if fare.contains]

    def price(self, rides: Sequence[FareLeg]) -> Price:
        """What the rides cost together; a ride that no fare covers stays unpriced."""
        best: list[tuple[int, int, tuple[Payment, ...], tuple[int, ...]]] = [(0, 0, (), ())]
        for end in range(1, len(rides) + 1):
            unpriced, cost, payments, without = best[end - 1]
            ways = [(unpriced + 1, cost, payments, (*without, rides[end - 1].number))]
            for begin in range(end):
                product = self.find_product(rides[begin:end])
                if product is not None:
                    unpriced, cost, payments, without = best[begin]
                    paid = Payment(product, tuple(ride.number for ride in rides[begin:end]))
                    ways.append((unpriced, cost + product.amount, (*payments, paid), without))
            best.append(min(ways, key=lambda way: way[:2]))
        _, cost, payments, without = best[-1]
        currency = payments[-1].product.currency if payments else ""
        return Price(cost, currency, payments, without)

    def find_product(self, rides: Sequence[FareLeg]) -> Product | None:
        """The cheapest fare that holds for all of these rides together."""
        origin, destination = self._zones.get(rides[0].start_stop, ""), self._zones.get(rides[-1].end_stop, "")
        found = list(self._everywhere)
        for start in {origin, ""}:
            for end in {destination, ""}:
                for route in {rides[0].route_id, ""}:
                    found += self._by_ends.get((route, start, end), ())
        zones = {self._zones.get(stop, "") for ride in rides for stop in (ride.start_stop, ride.end_stop)} - {""}
        found += [fare for fare in self._by_zones if self._contains(fare, rides, zones)]
        holding = [fare.product for fare in found if self._holds(fare, rides, origin, destination)]
        return min(holding, key=lambda product: (product.amount, product.product_id), default=None)

    def _contains(self, fare: _Fare, rides: Sequence[FareLeg], zones: set[str]) -> bool:
        return all(fare.contains.get(ride.route_id, fare.contains.get("")) == zones for ride in rides)

    def _holds(self, fare: _Fare, rides: Sequence[FareLeg], origin: str, destination: str) -> bool:
        vehicles = sum(not ride.stays_aboard for ride in rides)
        if fare.rides >= 0 and vehicles > fare.rides:
            return False
        if fare.duration_s >= 0 and rides[-1].board_s - rides[0].board_s > fare.duration_s:
            return False
        if fare.agency and any(self._agencies.get(ride.route_id, "") != fare.agency for ride in rides):
            return False
        if not fare.ends:
            return True
        fits = {
            route for route, start, end in fare.ends if start in {origin, ""} and end in {destination, ""}
        }  # of which routes
        return "" in fits or all(ride.route_id in fits for ride in rides)


def _read_fares(feed: Feed) -> dict[str, _Fare]:
    table, rules = feed["fare_attributes.txt"], feed["fare_rules.txt"]
    names = ("fare_id", "price", "currency_type", "agency_id", "transfers", "transfer_duration")
    fares = {}
    for fare_id, price, currency, agency, transfers, duration_s in zip(
        *(table[name].tolist() for name in names), strict=True
    ):
        if price == price:  # noqa: PLR0124  (NaN: no price)
            rides = -1 if transfers == ABSENT else transfers + 1
            fares[fare_id] = _Fare(Product(fare_id, fare_id, round(price * 100), currency), agency, rides, duration_s)
    columns = [rules[name].tolist() for name in ("fare_id", "route_id", "origin_id", "destination_id", "contains_id")]
    for fare_id, route, origin, destination, contains in zip(*columns, strict=True):
        fare = fares.get(fare_id)
        if fare is None:
            continue
        if contains:
            fare.contains[route].add(contains)
        if origin or destination or not contains:
            fare.ends.add((route, origin, destination))
    return fares
