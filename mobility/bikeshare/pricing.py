"""What a ride costs under a pricing plan, exactly, by GBFS 3.0 ``system_pricing_plans.json``.

A plan has a price to unlock and segments by the minute and by the kilometre that add up. A segment charges its
rate at ``start`` and again every ``interval`` up to, not including, ``end``: an interval that has begun is charged
whole. The standard leaves open whether a ride of exactly 30 minutes has begun its 31st: here it has not, as
operators count ("10 per 30 minutes" is 10 for 30 minutes).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

MINUTE_S = 60
KILOMETRE_M = 1000


@dataclass(frozen=True, slots=True)
class PriceSegment:
    """``rate`` per started ``interval`` from ``start`` to before ``end`` (minutes, or kilometres); once if it is 0.

    A negative rate is a discount. ``end`` None: until the ride ends, beside later segments.
    """

    start: int
    rate: Decimal
    interval: int
    end: int | None = None

    def __post_init__(self) -> None:
        if self.start < 0 or self.interval < 0 or (self.end is not None and self.end < self.start):
            raise ValueError(f"a price segment cannot run from {self.start} to {self.end} every {self.interval}")

    def count_charges(self, used: int, unit: int) -> int:
        """How often a ride is charged that used so much of what has ``unit`` parts to a minute or kilometre."""
        start = self.start * unit
        if used <= start:
            return 0
        if self.end is not None:
            used = min(used, self.end * unit)
        if self.interval == 0:
            return int(self.end is None or self.end > self.start)
        return -((start - used) // (self.interval * unit))


@dataclass(frozen=True, slots=True)
class PricingPlan:
    """One plan. ``names`` and ``descriptions`` by BCP-47 tag; ``currency`` ISO 4217; ``price`` the unlocking, or all
    of it where there are no segments; ``is_taxable``: tax comes on top; ``has_surge``: prices are raised just now;
    ``reservation_price`` flat, ``reservation_per_min`` per started minute of waiting, before the ride.
    """

    plan_id: str
    currency: str
    price: Decimal
    names: Mapping[str, str]
    descriptions: Mapping[str, str]
    per_min: tuple[PriceSegment, ...] = ()
    per_km: tuple[PriceSegment, ...] = ()
    is_taxable: bool = False
    has_surge: bool = False
    reservation_price: Decimal = Decimal(0)
    reservation_per_min: Decimal = Decimal(0)
    url: str = ""

    def price_ride(self, duration_s: int, distance_m: float, *, reserved_s: int = 0) -> Decimal:
        """The price of a ride before tax, never below 0. Seconds and metres are counted as begun ones; who unlocks
        a vehicle has begun the first minute.

        Raises:
            ValueError: A negative duration or distance, or one that is no number.
        """
        if duration_s < 0 or reserved_s < 0 or not (math.isfinite(distance_m) and distance_m >= 0):
            raise ValueError(f"a ride cannot take {duration_s} s over {distance_m} m after {reserved_s} s")
        total = self.price
        total += _charge(self.per_min, max(math.ceil(duration_s), 1), MINUTE_S)
        total += _charge(self.per_km, math.ceil(distance_m), KILOMETRE_M)
        if reserved_s:
            total += self.reservation_price + self.reservation_per_min * -(-reserved_s // MINUTE_S)
        return max(total, Decimal(0))


def _charge(segments: Iterable[PriceSegment], used: int, unit: int) -> Decimal:
    return sum((s.rate * s.count_charges(used, unit) for s in segments), Decimal(0))
