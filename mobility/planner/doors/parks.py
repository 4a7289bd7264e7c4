"""From a city's car parks, and what is free in them, to the places that park and ride searches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np

from mobility.availability.readings import Kind
from mobility.model import Coordinate, Place
from mobility.network.timetable import Flags
from mobility.parking.facilities import Facility, Occupancy, Placement, SpaceKind
from mobility.parking.fees import fee
from mobility.parking.opening_hours import OpeningHours
from mobility.parking.tariffs import Vehicle
from mobility.planner.doors.park import LONGEST_WALK_S, ParkPlaces
from mobility.planner.doors.stock import KEPT, UNKNOWN, Stock
from mobility.planner.doors.streetside import Streetside
from mobility.street_use import Parked
from mobility.streets.profiles import Profile

if TYPE_CHECKING:
    from mobility.availability import AvailabilityModel

QUARTER_S: Final = 900
_CLOSED: Final = {
    "en": "Closed at that time.",
    "zh-Hant": "該時間未營業。",
}
_CLOSES: Final = {
    "en": "Closes at {time}, before you are back.",
    "zh-Hant": "{time} 關閉，早於取車時間。",
}


@dataclass(frozen=True, slots=True)
class CarParks:
    """A city's facilities, and what is known to be free in them, by facility id."""

    facilities: tuple[Facility, ...]
    timezone: str
    currency: str
    occupancies: Mapping[str, Occupancy] = field(default_factory=dict)
    holidays: frozenset[dt.date] = frozenset()


def build_park_places(
    car_parks: CarParks,
    streetside: Streetside,
    model: AvailabilityModel | None = None,
    vehicle: Vehicle = Vehicle.CAR,
    made: ParkPlaces | None = None,
) -> ParkPlaces | None:
    """Off-street car parks with a position that take the vehicle, and that no source calls closed. Where they lie as
    those that were ``made`` before do, the ways to them are those.
    """
    usable: list[tuple[Facility, Coordinate]] = [
        (facility, facility.at)
        for facility in car_parks.facilities
        if facility.at is not None and facility.takes(vehicle) and facility.placement is Placement.OFF_STREET
    ]
    if not usable:
        return None
    facilities = [facility for facility, _ in usable]
    lat = np.array([at.lat for _, at in usable])
    lon = np.array([at.lon for _, at in usable])
    kind = SpaceKind(vehicle.value)
    known = [car_parks.occupancies.get(facility.facility_id) for facility in facilities]
    free = [UNKNOWN if o is None else _or_unknown(o.find_free(vehicle)) for o in known]
    spaces = Stock(
        kind=Kind.SPACES,
        ids=[facility.facility_id for facility in facilities],
        level=np.array(free, np.int32),
        capacity=np.array([_or_unknown(facility.capacity.get(kind)) for facility in facilities], np.int32),
        observed_s=np.array([np.nan if o is None else o.observed_at.timestamp() for o in known]),
        is_open=np.array([o is None or o.is_operating is not False for o in known], np.uint8),
        is_forecast=np.ones(len(facilities), np.uint8),
        model=model,
    )
    router = streetside.router
    teller = _Terms(tuple(facilities), car_parks, vehicle)
    same = made if made and np.array_equal(made.lat, lat) and np.array_equal(made.lon, lon) else None
    return ParkPlaces(
        lat=lat,
        lon=lon,
        labels=tuple(_label(facility, at) for facility, at in usable),
        spaces=spaces,
        by_car=same.by_car if same else router.link(lat, lon, Profile.CAR),
        on_foot=same.on_foot if same else router.link(lat, lon, streetside.foot),
        to_stop=same.to_stop if same else streetside.list_walks(lat, lon, LONGEST_WALK_S),
        describe=teller.describe,
        is_open=teller.list_open,
    )


def _or_unknown(count: int | None) -> int:
    return UNKNOWN if count is None else count


def _label(facility: Facility, at: Coordinate) -> Place:
    return Place(next(iter(facility.names.values()), facility.facility_id), at, names=facility.names)


class _Terms:
    """What each car park says to somebody who comes: its price, and whether it is open."""

    def __init__(self, facilities: tuple[Facility, ...], car_parks: CarParks, vehicle: Vehicle) -> None:
        self._facilities, self._car_parks, self._vehicle = facilities, car_parks, vehicle
        self._zone = ZoneInfo(car_parks.timezone)
        self._hours: dict[int, OpeningHours] = {}
        self._open: dict[int, Flags] = {}

    def describe(self, place: int, arrive_s: float, stay_s: int) -> Parked:
        """See ``Terms``."""
        facility = self._facilities[place]
        arrive = dt.datetime.fromtimestamp(arrive_s, self._zone)
        holidays = self._car_parks.holidays
        amount = None
        if facility.tariff is not None:
            amount = fee(facility.tariff, self._vehicle, arrive, stay_s, holidays)
        price = None if amount is None else (float(amount), self._car_parks.currency)
        return Parked(
            facility.facility_id, facility.names, None, stay_s, price, tuple(self._list_warnings(place, arrive, stay_s))
        )

    def list_open(self, at_s: float) -> Flags:
        """Those that are open in the quarter of an hour of an instant, or do not say when they are."""
        quarter = int(at_s // QUARTER_S)
        if quarter not in self._open:
            if len(self._open) >= KEPT:
                self._open.clear()
            at = dt.datetime.fromtimestamp(at_s, self._zone)
            is_open = [self._find_hours(place).is_open(at) is not False for place in range(len(self._facilities))]
            self._open[quarter] = np.array(is_open, np.uint8)
        return self._open[quarter]

    def _find_hours(self, place: int) -> OpeningHours:
        if place not in self._hours:
            text, car_parks = self._facilities[place].opening_hours, self._car_parks
            self._hours[place] = OpeningHours(text, car_parks.timezone, car_parks.holidays)
        return self._hours[place]

    def _list_warnings(self, place: int, arrive: dt.datetime, stay_s: int) -> list[Mapping[str, str]]:
        hours = self._find_hours(place)
        if hours.is_open(arrive) is False:
            return [_CLOSED]
        until = hours.open_until(arrive)
        if until is not None and until < arrive + dt.timedelta(seconds=stay_s):
            return [{language: text.format(time=f"{until:%H:%M}") for language, text in _CLOSES.items()}]
        return []
