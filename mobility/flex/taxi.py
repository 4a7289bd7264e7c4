"""Taxis that are called: when one is there, how long it drives, and what it costs where a tariff is known.

A tariff is that of a meter: a start that covers a first distance, then equal steps of distance, equal steps of
waiting at low speed, and a surcharge at night. How long a taxi stands in traffic is not known beforehand, so that a
price is what the meter shows on a free road, the least that is due.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class TaxiTariff:
    """A meter, in ``currency`` (ISO 4217). ``start_fare`` covers ``start_m`` metres, each started ``step_m`` more
    costs ``step_fare``, each whole ``waiting_step_s`` at low speed ``waiting_fare``. ``night_fare`` is added to rides
    that begin within [``night_from_s``, ``night_to_s``) of the local day, also round midnight; none where both are
    equal. ``call_fare`` is for having it called.
    """

    currency: str
    start_fare: Decimal
    start_m: int
    step_fare: Decimal
    step_m: int
    waiting_fare: Decimal = Decimal(0)
    waiting_step_s: int = 60
    night_fare: Decimal = Decimal(0)
    night_from_s: int = 0
    night_to_s: int = 0
    call_fare: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        """Steps are longer than nothing.

        Raises:
            ValueError: One is not.
        """
        if self.step_m <= 0 or self.waiting_step_s <= 0 or self.start_m < 0:
            raise ValueError("a taxi's tariff has steps of at least 1 m and 1 s, and a start of at least 0 m")


@dataclass(frozen=True, slots=True)
class TaxiService:
    """The taxis of a city. ``wait_s`` is how long one waits for a called taxi, an assumption that ``approximate``
    tells people of; ``tariff`` is None where none is known.
    """

    service_id: str
    names: Mapping[str, str]
    wait_s: int
    phone: str = ""
    url: str = ""
    tariff: TaxiTariff | None = None
    approximate: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaxiOffer:
    """One ride: seconds of waiting and driving, and the least price (amount, currency), None where it is unknown."""

    service_id: str
    wait_s: int
    ride_s: int
    price: tuple[Decimal, str] | None


def offer_taxi(service: TaxiService, drive_s: float, drive_m: float, called_at: dt.datetime) -> TaxiOffer:
    """A taxi that is called at ``called_at`` (aware, local clock) for a way of ``drive_m`` that takes ``drive_s``."""
    tariff = service.tariff
    begins = (called_at.astimezone(dt.UTC) + dt.timedelta(seconds=service.wait_s)).astimezone(called_at.tzinfo)
    price = None if tariff is None else (price_taxi(tariff, drive_m, begins), tariff.currency)
    return TaxiOffer(service.service_id, service.wait_s, math.ceil(drive_s), price)


def price_taxi(tariff: TaxiTariff, distance_m: float, begins: dt.datetime, waiting_s: float = 0.0) -> Decimal:
    """What the meter shows after ``distance_m``, of which ``waiting_s`` were spent at low speed; ``begins`` is read
    on its own clock.

    Raises:
        ValueError: A negative distance or time.
    """
    if distance_m < 0 or waiting_s < 0:
        raise ValueError(f"a taxi cannot drive {distance_m} m and wait {waiting_s} s")
    steps = math.ceil(max(0.0, distance_m - tariff.start_m) / tariff.step_m)
    waits = math.floor(waiting_s / tariff.waiting_step_s)
    night = tariff.night_fare if _is_night(tariff, begins) else Decimal(0)
    return tariff.start_fare + steps * tariff.step_fare + waits * tariff.waiting_fare + night + tariff.call_fare


def _is_night(tariff: TaxiTariff, begins: dt.datetime) -> bool:
    of_day = begins.hour * 3600 + begins.minute * 60 + begins.second
    length = (tariff.night_to_s - tariff.night_from_s) % DAY_S
    return (of_day - tariff.night_from_s) % DAY_S < length
