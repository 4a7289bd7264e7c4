"""Legs as fares see them, and what is paid for them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from mobility.itinerary import Itinerary, Leg


@dataclass(frozen=True, slots=True)
class FareLeg:
    """A ride from stop to stop. Times in seconds of the itinerary's service day."""

    route_id: str
    start_stop: str
    end_stop: str
    board_s: int
    alight_s: int
    date: dt.date
    stays_aboard: bool = False
    number: int = 0
    """Its place among the rides of the itinerary."""


@dataclass(frozen=True, slots=True)
class Product:
    """Something to buy. ``amount`` is hundredths of the currency; ``medium`` what one pays with, where that is said."""

    product_id: str
    name: str
    amount: int
    currency: str
    medium: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """One product and the rides that it pays for, alone or with those before it (numbers of the itinerary's rides)."""

    product: Product
    rides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Price:
    """What an adult without a pass pays, and for what. ``unpriced`` numbers the rides that no rule covers: where there
    are any, ``amount`` is only a part and no fare is told.
    """

    amount: int
    currency: str
    payments: tuple[Payment, ...]
    unpriced: tuple[int, ...] = ()


def list_fare_legs(itinerary: Itinerary) -> list[FareLeg]:
    """The rides of an itinerary."""
    rides = [leg for leg in itinerary.legs if leg.ride is not None]
    return [_to_fare_leg(leg, number, itinerary.service_date) for number, leg in enumerate(rides)]


def _to_fare_leg(leg: Leg, number: int, date: dt.date) -> FareLeg:
    return FareLeg(
        route_id=leg.ride.route_id if leg.ride else "",
        start_stop=leg.start.stop_id,
        end_stop=leg.end.stop_id,
        board_s=leg.departure_s,
        alight_s=leg.arrival_s,
        date=date,
        stays_aboard=leg.stays_aboard,
        number=number,
    )


def with_fare(itinerary: Itinerary, price: Price | None) -> Itinerary:
    """The itinerary with its fare, where every ride of it is priced."""
    if price is None or price.unpriced:
        return itinerary
    return replace(itinerary, fare=(price.amount / 100, price.currency))
