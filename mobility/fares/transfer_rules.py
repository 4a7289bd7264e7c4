"""GTFS Fares v2, whole journeys: rides joined to effective legs, and transfer rules between them, the cheapest way.

Consecutive rides are one effective leg where fare_leg_join_rules.txt says so, or where one stays seated within a
network. Between effective legs a rule of fare_transfer_rules.txt may apply: type 0 pays the first leg and the
transfer, 1 both legs and the transfer, 2 the transfer alone; it holds for so many transfers in a row
(``transfer_count``, between legs of one group) and so long (``duration_limit``, from the first leg of the sub-journey
to the last). Of all ways to read the rules the cheapest is taken, by trying each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gtfs.feed import ABSENT, Feed
from mobility.fares.leg_rules import LegFare, LegRules
from mobility.fares.price import FareLeg, Payment, Price, Product

FIRST_AND_TRANSFER, BOTH_AND_TRANSFER, TRANSFER_ONLY = 0, 1, 2
FREE: Final = Product("", "", 0, "")


@dataclass(frozen=True, slots=True)
class TransferRule:
    """A row of fare_transfer_rules.txt; ``count`` -1 without limit, ``limit_s`` -1 without."""

    start: str
    end: str
    product: Product
    count: int
    limit_s: int
    limit_type: int
    kind: int


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to pay: what is bought, and how the last leg was reached (the rule, how often in a row, from which leg)."""

    cost: int
    payments: tuple[Payment, ...]
    fare: LegFare
    rule: TransferRule | None = None
    used: int = 0
    since: int = 0


class FaresV2:
    """Prices by Fares v2."""

    def __init__(self, feed: Feed) -> None:
        """Read the rules of a feed."""
        self.legs = LegRules(feed)
        self._joins = _list_joins(feed)
        self._rules = _list_transfer_rules(feed, self.legs)
        stops = feed["stops.txt"]
        self._parents = dict(zip(stops["stop_id"].tolist(), stops["parent_station"].tolist(), strict=True))
        self._named_start = {rule.start for rule in self._rules if rule.start}
        self._named_end = {rule.end for rule in self._rules if rule.end}

    def price(self, rides: Sequence[FareLeg]) -> Price:
        """What the rides cost together; a ride that no rule covers breaks the journey in two."""
        cost, currency = 0, ""
        payments: list[Payment] = []
        unpriced: list[int] = []
        part: list[Sequence[FareLeg]] = []
        for effective in [*self.join(rides), None]:
            if effective is not None and self.legs.list_fares(effective):
                part.append(effective)
                continue
            if part:
                way = self._cheapest(part)
                cost += way.cost
                payments += way.payments
                part = []
            unpriced += [ride.number for ride in effective or ()]
        for payment in payments:
            currency = payment.product.currency or currency
        return Price(cost, currency, tuple(payments), tuple(unpriced))

    def join(self, rides: Sequence[FareLeg]) -> list[Sequence[FareLeg]]:
        """Rides as effective legs."""
        effective: list[list[FareLeg]] = []
        for ride in rides:
            if effective and self._is_joined(effective[-1][-1], ride):
                effective[-1].append(ride)
            else:
                effective.append([ride])
        return [tuple(legs) for legs in effective]

    def _is_joined(self, before: FareLeg, after: FareLeg) -> bool:
        networks = self.legs.networks.get(before.route_id, ""), self.legs.networks.get(after.route_id, "")
        if after.stays_aboard and networks[0] == networks[1]:
            return True
        leave = {before.end_stop, self._parents.get(before.end_stop, "")} - {""}
        enter = {after.start_stop, self._parents.get(after.start_stop, "")} - {""}
        return any(
            networks == (one, other) and (not stop or stop in leave) and (not then or then in enter)
            for one, other, stop, then in self._joins
        )

    def _cheapest(self, legs: Sequence[Sequence[FareLeg]]) -> _Way:
        """All ways leg by leg; of those that stand at the same point of the same sub-journey the cheapest is kept."""
        ways = [_start(fare, legs[0], 0) for fare in self.legs.list_fares(legs[0])]
        for number, leg in enumerate(legs[1:], start=1):
            following: dict[tuple[object, ...], _Way] = {}
            for way in ways:
                for fare in self.legs.list_fares(leg):
                    for longer in self._continue(way, fare, legs, number):
                        key = longer.fare.group, longer.fare.product, longer.rule, longer.used, longer.since
                        if key not in following or longer.cost < following[key].cost:
                            following[key] = longer
            ways = list(following.values())
        return min(ways, key=lambda way: way.cost)

    def _continue(self, way: _Way, fare: LegFare, legs: Sequence[Sequence[FareLeg]], number: int) -> list[_Way]:
        rides = tuple(ride.number for ride in legs[number])
        new = _start(fare, legs[number], number)
        ways = [_Way(way.cost + new.cost, way.payments + new.payments, fare, None, 0, number)]
        for rule in self._rules:
            if not self._is_between(rule, way.fare.group, fare.group):
                continue
            is_same = rule.start == rule.end and rule is way.rule
            used = way.used + 1 if is_same else 1
            since = way.since if way.rule is not None and is_same else number - 1
            if rule.start == rule.end and rule.count >= 0 and used > rule.count:
                continue
            if rule.limit_s >= 0 and _duration_s(rule.limit_type, legs[since], legs[number]) > rule.limit_s:
                continue
            cost, payments = way.cost, list(way.payments)
            if rule.kind == TRANSFER_ONLY and way.rule is None:  # neither leg is paid: the first was, so far
                cost -= payments[-1].product.amount
                rides_before = payments.pop().rides
                payments.append(Payment(rule.product, (*rides_before, *rides)))
            else:
                payments.append(Payment(rule.product, rides))
            cost += rule.product.amount
            if rule.kind == BOTH_AND_TRANSFER:
                cost += fare.product.amount
                payments.append(Payment(fare.product, rides))
            bought = tuple(payment for payment in payments if payment.product is not FREE)
            ways.append(_Way(cost, bought or tuple(payments), fare, rule, used, since))
        return ways

    def _is_between(self, rule: TransferRule, start: str, end: str) -> bool:
        """An empty group stands for every group that no rule names."""
        is_start = rule.start == start or (not rule.start and start not in self._named_start)
        return is_start and (rule.end == end or (not rule.end and end not in self._named_end))


def _start(fare: LegFare, leg: Sequence[FareLeg], number: int) -> _Way:
    payment = Payment(fare.product, tuple(ride.number for ride in leg))
    return _Way(fare.product.amount, (payment,), fare, None, 0, number)


def _duration_s(kind: int, first: Sequence[FareLeg], last: Sequence[FareLeg]) -> int:
    """From the first leg of a sub-journey to its last: departure to arrival (0), departure to departure (1),
    arrival to departure (2), arrival to arrival (3).
    """
    begin = first[0].board_s if kind in {0, 1} else first[-1].alight_s
    end = last[0].board_s if kind in {1, 2} else last[-1].alight_s
    return end - begin


def _list_joins(feed: Feed) -> list[tuple[str, str, str, str]]:
    table = feed["fare_leg_join_rules.txt"]
    names = ("from_network_id", "to_network_id", "from_stop_id", "to_stop_id")
    return list(zip(*(table[name].tolist() for name in names), strict=True))


def _list_transfer_rules(feed: Feed, legs: LegRules) -> list[TransferRule]:
    table = feed["fare_transfer_rules.txt"]
    counts = [-1 if count != count else int(count) for count in table["transfer_count"].tolist()]  # noqa: PLR0124
    names = "from_leg_group_id to_leg_group_id fare_product_id duration_limit duration_limit_type fare_transfer_type"
    columns = [table[name].tolist() for name in names.split()]
    rules = []
    for start, end, product_id, limit_s, limit_type, kind, count in zip(*columns, counts, strict=True):
        product = legs.products.get(product_id, FREE if not product_id else None)
        if product is not None:
            rules.append(TransferRule(start, end, product, count, limit_s, max(0, limit_type), max(ABSENT + 1, kind)))
    return rules
