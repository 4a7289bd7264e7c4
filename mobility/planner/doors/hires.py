"""From the state of a system of shared vehicles to the finders that a search uses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from mobility.availability.readings import Kind
from mobility.bikeshare.places import NOWHERE, DropOffs, PickUps, RideGroup, list_drop_offs, list_groups, list_pick_ups
from mobility.bikeshare.places import may_end_at as list_may_end
from mobility.bikeshare.state import UNLIMITED, SystemState
from mobility.bikeshare.system import ReturnConstraint
from mobility.geodesy import Floats
from mobility.model import Coordinate, Place
from mobility.network.timetable import Flags, Ints
from mobility.planner.doors.hire import LONGEST_WALK_S, HireFinder, HirePlaces, MayEnd, Price
from mobility.planner.doors.legs import LegTeller
from mobility.planner.doors.stock import UNKNOWN, Stock
from mobility.planner.doors.streetside import Streetside
from mobility.street_use import Hire
from mobility.streets.profiles import Profile

if TYPE_CHECKING:
    from mobility.availability import AvailabilityModel

LEAST_RANGE_M: Final = 2000.0
"""A vehicle that gets no farther is not proposed."""
MANY: Final = 1000


class _Rows(NamedTuple):
    """Places of a group: where, station or vehicle or stop, and what is there."""

    lat: Floats
    lon: Floats
    station: Ints
    vehicle: Ints
    stop: Ints
    bikes: Ints
    bikes_s: Floats
    is_taken: Flags
    docks: Ints
    docks_s: Floats
    is_left: Flags
    range_m: Floats


def build_hire_finders(
    state: SystemState,
    streetside: Streetside,
    teller: LegTeller,
    model: AvailabilityModel | None = None,
    known: Sequence[HireFinder] = (),
) -> tuple[HireFinder, ...]:
    """One finder per group of vehicles that ride alike and may end elsewhere than where they were taken.

    Of two groups of one form (bicycles, with and without a motor) the first stands for both where nothing was ever read
    of the other: a forecast without a reading would take the few for as many. What only depends on where places are is
    taken from finders that are ``known``: a poll each minute changes counts, and hardly ever positions.
    """
    groups = [g for g in list_groups(state.system) if g.return_constraint is not ReturnConstraint.ROUNDTRIP_STATION]
    finders: list[HireFinder] = []
    for group in groups:
        has_sister = any(other.template.form_factor == group.form_factor.value for other in finders)
        if has_sister and not (list_pick_ups(state, group).vehicles != UNKNOWN).any():
            continue
        finders.append(_build(state, group, streetside, teller, model, known))
    return tuple(finders)


def _build(
    state: SystemState,
    group: RideGroup,
    streetside: Streetside,
    teller: LegTeller,
    model: AvailabilityModel | None,
    known: Sequence[HireFinder],
) -> HireFinder:
    profile = Profile[group.profile_name]
    rows = _list_rows(state, group, streetside)
    ids = _list_ids(state, rows)
    capacity = _list_capacities(state, rows)
    is_station = (rows.station != NOWHERE).astype(np.uint8)
    same = next((f.places for f in known if f.teller is teller and f.profile is profile and _lie_alike(f, rows)), None)
    places = HirePlaces(
        lat=rows.lat,
        lon=rows.lon,
        labels=_list_labels(state, rows, teller.stops),
        vehicle_ids=[state.vehicles[row].vehicle_id if row >= 0 else "" for row in rows.vehicle.tolist()],
        bikes=Stock(Kind.BIKES, ids, rows.bikes, capacity, rows.bikes_s, rows.is_taken, is_station, model),
        docks=Stock(Kind.DOCKS, ids, rows.docks, capacity, rows.docks_s, rows.is_left, is_station, model),
        range_m=rows.range_m,
        on_foot=same.on_foot if same else teller.link_on_foot(rows.lat, rows.lon),
        by_vehicle=same.by_vehicle if same else streetside.router.link(rows.lat, rows.lon, profile),
        to_stop=same.to_stop if same else streetside.list_walks(rows.lat, rows.lon, LONGEST_WALK_S),
        from_stop=same.from_stop if same else streetside.list_walks(rows.lat, rows.lon, LONGEST_WALK_S, inbound=True),
    )
    return HireFinder(
        places=places,
        template=_describe(state, group),
        teller=teller,
        profile=profile,
        speed_mps=group.speed_mps,
        price=_price_by(state, group),
        may_end_at=_may_end(state, group) if group.return_constraint.allows_streets else None,
    )


def _lie_alike(finder: HireFinder, rows: _Rows) -> bool:
    """Whether its places lie where these do."""
    places = finder.places
    return np.array_equal(places.lat, rows.lat) and np.array_equal(places.lon, rows.lon)


def _list_rows(state: SystemState, group: RideGroup, streetside: Streetside) -> _Rows:
    taken, left = list_pick_ups(state, group), list_drop_offs(state, group)
    # of vehicles that must go home nobody makes a way to somewhere else
    is_usable = (taken.return_station == NOWHERE) & (taken.range_m >= LEAST_RANGE_M)
    taken = PickUps(*(column[is_usable] for column in taken))
    stations = np.unique(np.concatenate([taken.station[taken.station != NOWHERE], left.station]))
    parts = [_station_rows(state, stations, taken, left), _vehicle_rows(taken)]
    if group.return_constraint.allows_streets:
        parts.append(_stop_rows(state, group, streetside))
    return _Rows(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _station_rows(state: SystemState, stations: Ints, taken: PickUps, left: DropOffs) -> _Rows:
    count = len(stations)
    at = [state.system.stations[number].at for number in stations.tolist()]
    bikes, docks = np.full(count, UNKNOWN, np.int32), np.full(count, UNKNOWN, np.int32)
    bikes_s, docks_s = np.full(count, np.nan), np.full(count, np.nan)
    is_taken, is_left = np.zeros(count, np.uint8), np.zeros(count, np.uint8)
    is_station = taken.station != NOWHERE
    row = np.searchsorted(stations, taken.station[is_station])
    bikes[row], bikes_s[row], is_taken[row] = taken.vehicles[is_station], taken.spoke_at_s[is_station], 1
    row = np.searchsorted(stations, left.station)
    docks[row], docks_s[row], is_left[row] = np.minimum(left.docks, MANY), left.spoke_at_s, 1
    none = np.full(count, NOWHERE, np.int32)
    lat, lon = np.array([point.lat for point in at], float), np.array([point.lon for point in at], float)
    return _Rows(
        lat, lon, stations, none, none, bikes, bikes_s, is_taken, docks, docks_s, is_left, np.full(count, np.inf)
    )


def _vehicle_rows(taken: PickUps) -> _Rows:
    taken = PickUps(*(column[taken.station == NOWHERE] for column in taken))
    count = len(taken.lat)
    none, no_news = np.full(count, NOWHERE, np.int32), np.full(count, np.nan)
    yes, no = np.ones(count, np.uint8), np.zeros(count, np.uint8)
    docks = np.zeros(count, np.int32)
    return _Rows(
        taken.lat,
        taken.lon,
        none,
        taken.vehicle,
        none,
        taken.vehicles,
        taken.spoke_at_s,
        yes,
        docks,
        no_news,
        no,
        taken.range_m,
    )


def _stop_rows(state: SystemState, group: RideGroup, streetside: Streetside) -> _Rows:
    """The stops where such a vehicle may be left in the street."""
    allowed = list_may_end(state.system, group, streetside.lat, streetside.lon, at=state.as_of)
    stops = np.flatnonzero(allowed).astype(np.int32)
    count = len(stops)
    none, no_news = np.full(count, NOWHERE, np.int32), np.full(count, np.nan)
    yes, no = np.ones(count, np.uint8), np.zeros(count, np.uint8)
    lat, lon = streetside.lat[stops], streetside.lon[stops]
    return _Rows(
        lat,
        lon,
        none,
        none,
        stops,
        np.zeros(count, np.int32),
        no_news,
        no,
        np.full(count, MANY),
        no_news,
        yes,
        np.full(count, np.inf),
    )


def _list_ids(state: SystemState, rows: _Rows) -> list[str]:
    system, vehicles = state.system, state.vehicles
    ids = []
    for station, vehicle in zip(rows.station.tolist(), rows.vehicle.tolist(), strict=True):
        own = system.stations[station].station_id if station >= 0 else ""
        ids.append(own or (vehicles[vehicle].vehicle_id if vehicle >= 0 else ""))
    return ids


def _list_capacities(state: SystemState, rows: _Rows) -> Ints:
    def capacity_of(station: int, vehicle: int) -> int:
        if station < 0:
            return 1 if vehicle >= 0 else UNLIMITED
        own = state.system.stations[station].capacity
        return UNKNOWN if own is None else own

    pairs = zip(rows.station.tolist(), rows.vehicle.tolist(), strict=True)
    return np.array([capacity_of(*pair) for pair in pairs], np.int32)


def _list_labels(state: SystemState, rows: _Rows, stops: Sequence[Place]) -> tuple[Place, ...]:
    labels = []
    names = _names_of(state)
    for lat, lon, station, stop in zip(
        rows.lat.tolist(), rows.lon.tolist(), rows.station.tolist(), rows.stop.tolist(), strict=True
    ):
        if station >= 0:
            known = state.system.stations[station].names
            labels.append(Place(next(iter(known.values()), ""), Coordinate(lat, lon), names=known))
        elif stop >= 0:
            labels.append(stops[stop])
        else:
            labels.append(Place(next(iter(names.values()), ""), Coordinate(lat, lon), names=names))
    return tuple(labels)


def _names_of(state: SystemState) -> Mapping[str, str]:
    return state.system.names or {"en": state.system.system_id}


def _describe(state: SystemState, group: RideGroup) -> Hire:
    system = state.system
    kind = system.vehicle_types[group.type_id]
    uris = {"android": system.rental_uris.android, "ios": system.rental_uris.ios, "web": system.rental_uris.web}
    return Hire(
        system_id=system.system_id,
        names=kind.names or _names_of(state),
        form_factor=group.form_factor.value,
        propulsion=group.propulsion.value,
        systems=_names_of(state),
        operators=system.operator,
        return_constraint=group.return_constraint.value,
        uris={key: uri for key, uri in uris.items() if uri},
    )


def _price_by(state: SystemState, group: RideGroup) -> Price | None:
    plan = state.system.plans.get(group.plan_id)
    if plan is None:
        return None

    def price(duration_s: int, distance_m: float) -> tuple[float, str]:
        amount: Decimal = plan.price_ride(duration_s, max(0.0, math.floor(distance_m)))
        return float(amount), plan.currency

    return price


def _may_end(state: SystemState, group: RideGroup) -> MayEnd:
    def may_end(at: Coordinate) -> bool:
        here = np.array([at.lat]), np.array([at.lon])
        return bool(list_may_end(state.system, group, *here, at=state.as_of)[0])

    return may_end
