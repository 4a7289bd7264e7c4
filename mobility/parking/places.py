"""The facilities of a city as arrays: what a search for parking reads, tens of thousands at once.

Facilities share few tariffs and few texts of opening hours (a city's kerb has one tariff for thousands of spaces):
each is kept once, so that a search works out a fee or an opening once for all who share it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from mobility.geodesy import Floats
from mobility.parking.facilities import Facility, SpaceKind
from mobility.parking.opening_hours import OpeningHours
from mobility.parking.tariffs import Tariff, Vehicle

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
UNKNOWN = -1
T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, eq=False, slots=True)
class ParkingPlaces:
    """n facilities; only those with a position. All arrays have one entry per facility.

    ``lat``, ``lon`` in degrees; ``tariff`` and ``hours`` number ``tariffs`` and ``openings`` (-1: no tariff);
    ``takes`` by vehicle is 1, 0, or -1 where nothing says so; ``spaces`` by kind is -1 where unknown; ``chargers``
    likewise; ``height_limit_m`` is NaN where none is known.
    """

    facilities: tuple[Facility, ...]
    timezone: str
    holidays: frozenset[dt.date]
    lat: Floats
    lon: Floats
    tariff: Ints
    tariffs: tuple[Tariff, ...]
    hours: Ints
    openings: tuple[OpeningHours, ...]
    takes: dict[Vehicle, npt.NDArray[np.int8]]
    spaces: dict[SpaceKind, Ints]
    chargers: Ints
    height_limit_m: Floats

    def local(self, at: dt.datetime) -> dt.datetime:
        """An aware instant by the clock of the city: tariffs and hours are told by it."""
        return at.astimezone(ZoneInfo(self.timezone))

    def find(self, facility_id: str) -> Facility | None:
        """The facility with this id, or None."""
        return next((facility for facility in self.facilities if facility.facility_id == facility_id), None)


def build_places(
    facilities: Iterable[Facility], timezone: str, holidays: frozenset[dt.date] = frozenset()
) -> ParkingPlaces:
    """The arrays of a city's facilities; those without a position cannot be near anything and are left out."""
    kept = tuple(facility for facility in facilities if facility.at is not None)
    tariff, tariffs = _share([facility.tariff for facility in kept])
    hours, texts = _share([facility.opening_hours for facility in kept])
    return ParkingPlaces(
        facilities=kept,
        timezone=timezone,
        holidays=holidays,
        lat=np.array([facility.at.lat for facility in kept if facility.at], np.float64),
        lon=np.array([facility.at.lon for facility in kept if facility.at], np.float64),
        tariff=tariff,
        tariffs=tuple(tariffs),
        hours=hours,
        openings=tuple(OpeningHours(text, timezone, holidays) for text in texts),
        takes={
            vehicle: np.array(
                [{True: 1, False: 0, None: UNKNOWN}[facility.takes(vehicle)] for facility in kept], np.int8
            )
            for vehicle in Vehicle
        },
        spaces={
            kind: np.array([facility.capacity.get(kind, UNKNOWN) for facility in kept], np.int32) for kind in SpaceKind
        },
        chargers=np.array([_chargers(facility) for facility in kept], np.int32),
        height_limit_m=np.array(
            [np.nan if facility.height_limit_m is None else facility.height_limit_m for facility in kept], np.float64
        ),
    )


def _share(values: Sequence[T | None]) -> tuple[Ints, list[T]]:
    """The number of each value among the distinct ones, -1 for None; and these."""
    numbers: dict[T, int] = {}
    found = [UNKNOWN if value is None else numbers.setdefault(value, len(numbers)) for value in values]
    return np.array(found, np.int32), list(numbers)


def _chargers(facility: Facility) -> int:
    """How many places to charge there are, by any of what is known; -1 where nothing is."""
    if facility.chargers is not None:
        return facility.chargers
    if facility.charger_facts:
        return sum(charger.count for charger in facility.charger_facts)
    return facility.capacity.get(SpaceKind.ELECTRIC, UNKNOWN)
