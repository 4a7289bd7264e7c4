"""Parking tariffs as data: rates by vehicle, day type and time of day, their caps, and what lowers a fee.

What a stay costs by them is ``fees``; which rate holds at an instant is ``rate_clock``; how published texts become
tariffs is ``tariff_text``. A tariff that contradicts itself is refused when it is made, so that every one that
exists has exactly one rate, or none, at every instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import combinations

DAY_MIN = 1440


class TariffError(ValueError):
    """A rate, cap or tariff that cannot hold: the message names what is wrong with it."""


class Vehicle(StrEnum):
    """Kinds of vehicle that tariffs tell apart. TRUCK is any large vehicle, a bus too where no rate is the bus's
    own; ANY is whatever the facility takes.
    """

    CAR = "car"
    MOTORCYCLE = "motorcycle"
    HEAVY_MOTORCYCLE = "heavy_motorcycle"
    TRUCK = "truck"
    BUS = "bus"
    BICYCLE = "bicycle"
    ANY = "any"


class Days(StrEnum):
    """When a rate holds: HOLIDAY is Saturday, Sunday and public holidays, WEEKDAY every other day. Where several
    fit a day the narrowest holds: PUBLIC_HOLIDAY, then SATURDAY or SUNDAY, then HOLIDAY or WEEKDAY, then EVERY.
    """

    EVERY = "every"
    WEEKDAY = "weekday"
    HOLIDAY = "holiday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    PUBLIC_HOLIDAY = "public_holiday"


class CapPer(StrEnum):
    """What a cap without ``window_min`` is the most of: a calendar day, one occurrence of the rate's time band (a
    night), or the whole stay.
    """

    DAY = "day"
    BAND = "band"
    STAY = "stay"


class Holder(StrEnum):
    """What a person may show to pay less."""

    ACCESSIBLE = "accessible"
    ELECTRIC = "electric"
    PARK_AND_RIDE = "park_and_ride"
    RESIDENT = "resident"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that is charged per calendar day, per ``window_min`` counted from entry, or as ``per`` says.

    Caps that are equal are one: a day's cap written on the day rate and on the night rate holds for both together.
    """

    amount: Decimal
    window_min: int | None = None
    per: CapPer = CapPer.DAY

    def __post_init__(self) -> None:
        _check_amount(self.amount, "a cap")
        if self.window_min is not None and self.window_min < 1:
            raise TariffError(f"a cap cannot be per {self.window_min} min")
        if self.window_min is not None and self.per is not CapPer.DAY:
            raise TariffError(f"a cap is per {self.window_min} min or per {self.per}, not both")


@dataclass(frozen=True, slots=True)
class Band:
    """A part of the day by the clock, in minutes of the day: [from, until), over midnight where ``until`` is the
    smaller. The part after midnight belongs to the day on which the band began.
    """

    from_min: int
    until_min: int

    def __post_init__(self) -> None:
        if not (0 <= self.from_min < DAY_MIN and 0 < self.until_min <= DAY_MIN) or self.from_min == self.until_min:
            raise TariffError(f"{self.from_min} to {self.until_min} min is no part of a day")

    def overlaps(self, other: Band) -> bool:
        """Whether some time of day lies in both."""
        return any(a < d and c < b for a, b in self._pieces() for c, d in other._pieces())

    def _pieces(self) -> tuple[tuple[int, int], ...]:
        if self.from_min < self.until_min:
            return ((self.from_min, self.until_min),)
        return ((self.from_min, DAY_MIN), (0, self.until_min))


@dataclass(frozen=True, slots=True)
class Block:
    """A first period of a stay at a price of its own, ``times`` over."""

    amount: Decimal
    period_min: int
    times: int = 1

    def __post_init__(self) -> None:
        _check_amount(self.amount, "a block")
        if self.period_min < 1 or self.times < 1:
            raise TariffError(f"a block of {self.times} x {self.period_min} min does not last")


@dataclass(frozen=True, slots=True)
class Rate:
    """``amount`` per started ``period_min``; per entry where that is None, and again on every new calendar
    day with ``is_per_day``. With a ``band`` it holds in these hours only, and per entry means per occurrence of
    the band. ``first`` are the blocks that come before (first hour 40, then 20 per half hour).
    An ``amount`` of 0 without blocks is time that costs nothing.
    """

    amount: Decimal
    period_min: int | None = None
    vehicle: Vehicle = Vehicle.ANY
    days: Days = Days.EVERY
    is_per_day: bool = False
    free_min: int = 0
    is_free_deducted: bool = False
    caps: tuple[Cap, ...] = ()
    band: Band | None = None
    first: tuple[Block, ...] = ()

    def __post_init__(self) -> None:
        _check_amount(self.amount, "a rate")
        if self.period_min is not None and self.period_min < 1:
            raise TariffError(f"a period cannot last {self.period_min} min")
        if self.free_min < 0:
            raise TariffError(f"{self.free_min} free minutes are not possible")
        if self.first and self.period_min is None:
            raise TariffError("blocks come before a rate per period, not before one per entry")
        if self.band is None and any(cap.per is CapPer.BAND for cap in self.caps):
            raise TariffError("a cap per band needs a rate with a band")

    @property
    def is_free(self) -> bool:
        """Whether time under this rate costs nothing."""
        return not self.amount and not self.first

    def find_block(self, paid_s: int) -> Block | None:
        """The first block that a stay is in once ``paid_s`` have been paid for; None where they are over."""
        end_s = 0
        for block in self.first:
            end_s += block.times * block.period_min * 60
            if paid_s < end_s:
                return block
        return None


@dataclass(frozen=True, slots=True)
class Concession:
    """What ``holder`` may deduct: first minutes, a share of the fee, then an amount. Several held are not added:
    the one that leaves least to pay counts.
    """

    holder: Holder
    free_min: int = 0
    percent_off: Decimal = Decimal(0)
    amount_off: Decimal = Decimal(0)
    vehicle: Vehicle = Vehicle.ANY

    def __post_init__(self) -> None:
        _check_amount(self.amount_off, "a concession")
        if self.free_min < 0 or not 0 <= self.percent_off <= 100:
            raise TariffError(f"{self.percent_off} % off after {self.free_min} free minutes is not possible")


@dataclass(frozen=True, slots=True)
class Tariff:
    """All rates of a facility, in the currency of its city.

    ``max_stay_min`` is the longest stay that is allowed; ``unit`` the smallest amount that is paid, to which a fee
    is rounded half up.

    Raises:
        TariffError: Two rates would hold for the same vehicle, day type and time of day.
    """

    rates: tuple[Rate, ...]
    concessions: tuple[Concession, ...] = ()
    max_stay_min: int | None = None
    unit: Decimal | None = None

    def __post_init__(self) -> None:
        if self.unit is not None and not (self.unit.is_finite() and self.unit > 0):
            raise TariffError(f"{self.unit} is no amount to round to")
        for one, other in combinations(self.rates, 2):
            if (one.vehicle, one.days) == (other.vehicle, other.days) and _overlap(one.band, other.band):
                raise TariffError(f"two rates for {one.vehicle} on {one.days} hold at the same time")

    def prices(self, vehicle: Vehicle) -> bool:
        """Whether some rate is for this vehicle, its own or one for any."""
        return any(rate.vehicle in ranks_of(vehicle) for rate in self.rates)


def ranks_of(vehicle: Vehicle) -> tuple[Vehicle, ...]:
    """Whose rates a vehicle pays, its own before others'."""
    if vehicle is Vehicle.ANY:
        return (Vehicle.ANY,)
    return (vehicle, Vehicle.TRUCK, Vehicle.ANY) if vehicle is Vehicle.BUS else (vehicle, Vehicle.ANY)


def _overlap(one: Band | None, other: Band | None) -> bool:
    if one is None or other is None:
        return one is other  # hours of their own stand above the rest of the day
    return one.overlaps(other)


def _check_amount(amount: Decimal, what: str) -> None:
    if not (amount.is_finite() and amount >= 0):
        raise TariffError(f"{what} of {amount} is not possible")
