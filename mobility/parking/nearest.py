"""The nearest parking that fits: by walking time to where one is going, by fee, or by the chance of a space.

What is known not to fit (another vehicle's, too low, closed on arrival, no charger) is left out; what is not known
is kept and told. Everything is worked out on arrays for all facilities within reach; only the offers that are
returned are worked out in detail.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import numpy as np

from mobility.geodesy import Floats, great_circle_m
from mobility.model import Coordinate
from mobility.parking.facilities import Facility, Occupancy, SpaceKind
from mobility.parking.fees import FeeBreakdown, fee, fee_breakdown
from mobility.parking.places import Bools, Ints, ParkingPlaces
from mobility.parking.tariffs import Holder, Vehicle

WalkTimes = Callable[[Ints], Floats]
"""Seconds on foot from facilities, by their numbers in ``ParkingPlaces``, to the destination; infinite where there is
no way."""
Forecast = Callable[[Ints, dt.datetime], Floats]
"""The probability that a space is free on arrival, by facility number; NaN where nothing is known."""

WALK_DETOUR = 1.3
WALK_MPS = 1.2
FASTEST_WALK_MPS = 2.0
"""No walk given from outside covers the straight line faster: facilities beyond it are not asked about."""
OLD_S = 600
"""A count that is older says little about now (the sources publish every minute or so)."""
_M_PER_DEGREE = 111_194.9


class Sort(StrEnum):
    """What the first offer is best in; ties go by walking time, then by id."""

    WALK = "walk"
    FEE = "fee"
    PROBABILITY = "probability"


class ParkingWarning(StrEnum):
    """What a driver should know before relying on an offer."""

    CLOSES_WHILE_PARKED = "closes_while_parked"
    HOURS_UNKNOWN = "hours_unknown"
    FEE_UNKNOWN = "fee_unknown"
    VEHICLE_UNKNOWN = "vehicle_unknown"
    HEIGHT_UNKNOWN = "height_unknown"
    ACCESSIBLE_UNKNOWN = "accessible_unknown"
    CHARGER_UNKNOWN = "charger_unknown"
    FULL_NOW = "full_now"
    NOT_OPERATING = "not_operating"
    OCCUPANCY_UNKNOWN = "occupancy_unknown"
    OCCUPANCY_OLD = "occupancy_old"


@dataclass(frozen=True, slots=True)
class ParkingRequest:
    """Where one is going and what one parks. ``arrive`` is the aware instant of parking, ``now`` the one of asking
    (``arrive`` when left out), by which the age of counts is told. ``height_m`` is the vehicle's. ``max_fee`` leaves
    out what costs more, and what nobody can price.

    Raises:
        ValueError: A time without zone, a stay or a limit that is negative.
    """

    to: Coordinate
    arrive: dt.datetime
    stay_s: int
    vehicle: Vehicle = Vehicle.CAR
    accessible: bool = False
    electric: bool = False
    height_m: float | None = None
    held: frozenset[Holder] = frozenset()
    max_walk_s: int = 900
    max_fee: Decimal | None = None
    sort: Sort = Sort.WALK
    limit: int = 5
    now: dt.datetime | None = None

    def __post_init__(self) -> None:
        if self.arrive.tzinfo is None or (self.now is not None and self.now.tzinfo is None):
            raise ValueError("arrive and now need a time zone")
        if self.stay_s < 0 or self.max_walk_s < 0 or self.limit < 0:
            raise ValueError("stay_s, max_walk_s and limit are 0 or more")


@dataclass(frozen=True, slots=True)
class ParkingOffer:
    """One facility that fits. ``number`` is its place in ``ParkingPlaces``. ``free`` of the spaces asked for is None
    where unknown, ``age_s`` then too; ``probability`` where nobody forecasts; ``fee`` where the tariff does not say;
    ``open_until`` where it does not close or its hours are unknown.
    """

    facility: Facility
    number: int
    walk_s: int
    fee: FeeBreakdown | None
    free: int | None
    age_s: float | None
    probability: float | None
    open_until: dt.datetime | None
    warnings: tuple[ParkingWarning, ...]


def find_parking(
    places: ParkingPlaces,
    request: ParkingRequest,
    *,
    occupancy: Mapping[str, Occupancy] | None = None,
    walk: WalkTimes | None = None,
    forecast: Forecast | None = None,
) -> tuple[ParkingOffer, ...]:
    """Up to ``request.limit`` facilities that fit, best first.

    Args:
        places: The city's facilities.
        request: What is asked.
        occupancy: What is free now, by facility id.
        walk: Seconds on foot to the destination; the great circle x 1.3 at 1.2 m/s when left out.
        forecast: The chance of a space on arrival.
    """
    near, walk_s = _within_reach(places, request, walk)
    fits = _fits(places, request, near)
    near, walk_s = near[fits], walk_s[fits]
    is_open = _tell_by_number(places.hours[near], lambda k: places.openings[k].is_open(request.arrive) is not False)
    near, walk_s = near[is_open], walk_s[is_open]
    fees: Floats | None = None
    if request.sort is Sort.FEE or request.max_fee is not None:
        fees = _fees(places, request, near)
        if request.max_fee is not None:
            is_cheap = fees <= float(request.max_fee)
            near, walk_s, fees = near[is_cheap], walk_s[is_cheap], fees[is_cheap]
    chances = forecast(near, request.arrive) if forecast and request.sort is Sort.PROBABILITY else None
    order = _order(request.sort, walk_s, fees, chances)[: request.limit]
    near, walk_s = near[order], walk_s[order]
    if forecast:
        chances = chances[order] if chances is not None else forecast(near, request.arrive)
    return tuple(
        _offer(
            places, request, int(number), float(walk_s[k]), occupancy or {}, chances[k] if chances is not None else None
        )
        for k, number in enumerate(near)
    )


def _within_reach(places: ParkingPlaces, request: ParkingRequest, walk: WalkTimes | None) -> tuple[Ints, Floats]:
    """Numbers and walking seconds of all facilities within the longest walk."""
    to = request.to
    reach_m = request.max_walk_s * (FASTEST_WALK_MPS if walk else WALK_MPS / WALK_DETOUR)
    box = np.abs(places.lat - to.lat) <= reach_m / _M_PER_DEGREE
    near = np.flatnonzero(box).astype(np.int32)
    straight_m = great_circle_m(places.lat[near], places.lon[near], to.lat, to.lon)
    is_near = straight_m <= reach_m
    near, straight_m = near[is_near], straight_m[is_near]
    walk_s = walk(near) if walk else straight_m * (WALK_DETOUR / WALK_MPS)
    is_near = walk_s <= request.max_walk_s
    return near[is_near], walk_s[is_near]


def _fits(places: ParkingPlaces, request: ParkingRequest, near: Ints) -> Bools:
    """False where a facility is known not to fit."""
    fits: Bools = places.takes[request.vehicle][near] != 0
    if request.accessible:
        fits &= places.spaces[_accessible(request.vehicle)][near] != 0
    if request.electric:
        fits &= places.chargers[near] != 0
    if request.height_m is not None:
        fits &= ~(places.height_limit_m[near] < request.height_m)
    return fits


def _tell_by_number(numbers: Ints, tell: Callable[[int], bool]) -> Bools:
    """``tell`` of each number, asked once per distinct one."""
    distinct, where = np.unique(numbers, return_inverse=True)
    return np.array([tell(int(number)) for number in distinct], np.bool_)[where]


def _fees(places: ParkingPlaces, request: ParkingRequest, near: Ints) -> Floats:
    """Fees for comparing, infinite where unknown; one count per distinct tariff."""
    distinct, where = np.unique(places.tariff[near], return_inverse=True)
    fees = np.full(len(distinct), np.inf)
    for k, number in enumerate(distinct):
        if number >= 0:
            amount = fee(
                places.tariffs[number], request.vehicle, *_stay(places, request), places.holidays, request.held
            )
            fees[k] = np.inf if amount is None else float(amount)
    return fees[where]


def _stay(places: ParkingPlaces, request: ParkingRequest) -> tuple[dt.datetime, int]:
    """Entry by the clock of the city, and seconds."""
    return places.local(request.arrive), request.stay_s


def _order(sort: Sort, walk_s: Floats, fees: Floats | None, chances: Floats | None) -> Ints:
    """Positions, best first; the numbers of facilities break ties, so that the order is always the same."""
    keys = [walk_s]
    if sort is Sort.FEE and fees is not None:
        keys.append(fees)
    if chances is not None:
        keys.append(-np.nan_to_num(chances, nan=-1.0))
    order: Ints = np.lexsort(keys).astype(np.int32)
    return order


def _accessible(vehicle: Vehicle) -> SpaceKind:
    return SpaceKind.ACCESSIBLE_MOTORCYCLE if vehicle is Vehicle.MOTORCYCLE else SpaceKind.ACCESSIBLE


def _offer(
    places: ParkingPlaces,
    request: ParkingRequest,
    number: int,
    walk_s: float,
    occupancy: Mapping[str, Occupancy],
    chance: float | None,
) -> ParkingOffer:
    facility, opening = places.facilities[number], places.openings[places.hours[number]]
    start, stay_s = _stay(places, request)
    cost = (
        fee_breakdown(facility.tariff, request.vehicle, start, stay_s, places.holidays, request.held)
        if facility.tariff
        else None
    )
    seen = occupancy.get(facility.facility_id)
    free = (
        seen.find_free(request.vehicle, _accessible(request.vehicle) if request.accessible else None) if seen else None
    )
    age_s = seen.age_s(request.now or request.arrive) if seen is not None and free is not None else None
    until = opening.open_until(start)
    told = {
        ParkingWarning.CLOSES_WHILE_PARKED: until is not None and (until - start).total_seconds() < stay_s,
        ParkingWarning.HOURS_UNKNOWN: opening.is_open(start) is None,
        ParkingWarning.FEE_UNKNOWN: cost is None,
        ParkingWarning.VEHICLE_UNKNOWN: places.takes[request.vehicle][number] < 0,
        ParkingWarning.HEIGHT_UNKNOWN: (
            request.height_m is not None and facility.height_limit_m is None and facility.build.has_roof
        ),
        ParkingWarning.ACCESSIBLE_UNKNOWN: (
            request.accessible and places.spaces[_accessible(request.vehicle)][number] < 0
        ),
        ParkingWarning.CHARGER_UNKNOWN: request.electric and places.chargers[number] < 0,
        ParkingWarning.FULL_NOW: free == 0,
        ParkingWarning.NOT_OPERATING: seen is not None and seen.is_operating is False,
        ParkingWarning.OCCUPANCY_UNKNOWN: free is None,
        ParkingWarning.OCCUPANCY_OLD: age_s is not None and age_s > OLD_S,
    }
    return ParkingOffer(
        facility=facility,
        number=number,
        walk_s=int(np.ceil(walk_s)),
        fee=cost,
        free=free,
        age_s=age_s,
        probability=None if chance is None or np.isnan(chance) else float(chance),
        open_until=until,
        warnings=tuple(warning for warning, holds in told.items() if holds),
    )
