"""Parking tariffs as data, and the exact fee of a stay.

How a tariff is read where the published texts leave room (they are those of Taiwan, see ``tariff_text``):
a started period costs a whole one; a period belongs to the calendar day, and to the window of a cap counted
from entry, in which it starts; a fee "per entry, again on every new day" is due once per calendar day touched;
a stay that ends within the free minutes costs nothing, a longer one is charged from its entry unless the free
minutes are deducted. Days are those of the clock of ``start``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Vehicle(StrEnum):
    """Kinds of vehicle; ANY is whatever the facility takes."""

    CAR = "car"
    MOTORCYCLE = "motorcycle"
    TRUCK = "truck"
    ANY = "any"


class Days(StrEnum):
    """When a rate holds: HOLIDAY is Saturday, Sunday and public holidays, WEEKDAY every other day."""

    EVERY = "every"
    WEEKDAY = "weekday"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that is charged per calendar day, or per ``window_min`` counted from entry."""

    amount: Decimal
    window_min: int | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """``amount`` per started ``period_min``; per entry where that is None, and again on every new calendar
    day with ``is_per_day``.
    """

    amount: Decimal
    period_min: int | None = None
    vehicle: Vehicle = Vehicle.ANY
    days: Days = Days.EVERY
    is_per_day: bool = False
    free_min: int = 0
    is_free_deducted: bool = False
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, slots=True)
class Tariff:
    """All rates of a facility, in the currency of its city."""

    rates: tuple[Rate, ...]

    def find_rate(self, vehicle: Vehicle, *, is_holiday: bool) -> Rate | None:
        """The rate for this vehicle on such a day; one for any vehicle where there is none of its own."""
        days = {Days.EVERY, Days.HOLIDAY if is_holiday else Days.WEEKDAY}
        for wanted in (vehicle, Vehicle.ANY):
            for rate in self.rates:
                if rate.vehicle is wanted and rate.days in days:
                    return rate
        return None


def fee(
    tariff: Tariff,
    vehicle: Vehicle,
    start: dt.datetime,
    stay_s: int,
    holidays: frozenset[dt.date] = frozenset(),
) -> Decimal | None:
    """What a stay costs; None where the tariff does not say. ``start`` is aware; ``holidays`` are public ones.

    Raises:
        ValueError: A stay of negative length, or a start without time zone.
    """
    if stay_s < 0:
        raise ValueError(f"a stay cannot last {stay_s} s")
    if start.tzinfo is None:
        raise ValueError("the start of a stay needs a time zone")
    entry = _rate_on(tariff, vehicle, start.date(), holidays)
    if entry is None:
        return None
    if entry.free_min and stay_s <= entry.free_min * 60:
        return Decimal(0)
    if entry.period_min is None:
        return _entry_fee(tariff, vehicle, start, stay_s, holidays)
    return _period_fee(tariff, vehicle, start, stay_s, holidays)


def _entry_fee(
    tariff: Tariff, vehicle: Vehicle, start: dt.datetime, stay_s: int, holidays: frozenset[dt.date]
) -> Decimal | None:
    total, day, last = Decimal(0), start.date(), _at(start, max(0, stay_s - 1)).date()
    while day <= last:
        rate = _rate_on(tariff, vehicle, day, holidays)
        if rate is None or rate.period_min is not None:
            return None
        total += rate.amount
        if not rate.is_per_day:
            break
        day += dt.timedelta(days=1)
    return total


def _period_fee(
    tariff: Tariff, vehicle: Vehicle, start: dt.datetime, stay_s: int, holidays: frozenset[dt.date]
) -> Decimal | None:
    charged: dict[tuple[Cap, int], Decimal] = {}
    total = Decimal(0)
    first = _rate_on(tariff, vehicle, start.date(), holidays)
    offset_s = first.free_min * 60 if first is not None and first.is_free_deducted else 0
    while offset_s < max(stay_s, 1):
        day = _at(start, offset_s).date()
        rate = _rate_on(tariff, vehicle, day, holidays)
        if rate is None or rate.period_min is None:
            return None
        keys = [(cap, _window(cap, day, offset_s)) for cap in rate.caps]
        amount = min([rate.amount, *(cap.amount - charged.get((cap, at), Decimal(0)) for cap, at in keys)])
        for key in keys:
            charged[key] = charged.get(key, Decimal(0)) + amount
        total += amount
        offset_s += rate.period_min * 60
    return total


def _window(cap: Cap, day: dt.date, offset_s: int) -> int:
    return day.toordinal() if cap.window_min is None else offset_s // (cap.window_min * 60)


def _rate_on(tariff: Tariff, vehicle: Vehicle, day: dt.date, holidays: frozenset[dt.date]) -> Rate | None:
    return tariff.find_rate(vehicle, is_holiday=day.weekday() >= 5 or day in holidays)


def _at(start: dt.datetime, offset_s: int) -> dt.datetime:
    """The wall clock ``offset_s`` real seconds after ``start``: adding to it directly would ignore clock changes."""
    return (start.astimezone(dt.UTC) + dt.timedelta(seconds=offset_s)).astimezone(start.tzinfo)
