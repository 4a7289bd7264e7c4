"""Where a journey can take a shared vehicle and where it can leave it, as arrays for a planner.

Vehicles that ride alike are one group: same form, drive, rule of return, zones, price and speed. A group's rows of
pick-ups and drop-offs are all that a search needs; stations and vehicles are numbers into the state's own lists.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from mobility.bikeshare.state import SystemState
from mobility.bikeshare.system import FormFactor, Propulsion, ReturnConstraint, SharedSystem, VehicleType

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

UNKNOWN = -1
"""A count that nobody knows."""
NOWHERE = -1
"""No station, or no vehicle."""


@dataclass(frozen=True, slots=True)
class RideGroup:
    """Vehicle types that ride alike. ``profile_name`` is the name of a street profile; ``speed_mps`` None: that of the
    roads. ``type_ids`` in the order of the feed; the first stands for all where one is asked for.
    """

    type_ids: tuple[str, ...]
    form_factor: FormFactor
    propulsion: Propulsion
    return_constraint: ReturnConstraint
    profile_name: str
    speed_mps: float | None
    plan_id: str
    is_return_guessed: bool

    @property
    def type_id(self) -> str:
        """The type that stands for the group: rules of zones and the price are the same for all."""
        return self.type_ids[0]


class PickUps(NamedTuple):
    """Rows where a ride may begin.

    ``lat, lon`` float64; ``station`` number into ``system.stations`` or -1; ``vehicle`` number into ``state.vehicles``,
    -1 at a station; ``vehicles`` how many stand there, -1 where unknown; ``spoke_at_s`` POSIX seconds of that count,
    NaN where there is none; ``range_m`` how far the vehicle gets, infinity where nobody says; ``return_station``: the
    only station where it may be returned, -1 where the group's rule decides.
    """

    lat: Floats
    lon: Floats
    station: Ints
    vehicle: Ints
    vehicles: Ints
    spoke_at_s: Floats
    range_m: Floats
    return_station: Ints


class DropOffs(NamedTuple):
    """Stations where a ride of a group may end: ``docks`` free places (``state.UNLIMITED`` where there is no limit, -1
    unknown), else as in ``PickUps``.
    """

    lat: Floats
    lon: Floats
    station: Ints
    docks: Ints
    spoke_at_s: Floats


def list_groups(system: SharedSystem) -> tuple[RideGroup, ...]:
    """The groups of a system, in the order of its first types; none of a form that nobody knows how to ride."""
    found: dict[Hashable, list[VehicleType]] = {}
    for kind in system.vehicle_types.values():
        if kind.profile_name:
            plan = system.find_plan(kind.type_id)
            alike = (
                (kind.form_factor, kind.propulsion, kind.return_constraint, kind.speed_mps, kind.is_return_guessed),
                plan.plan_id if plan else "",
                system.zones.tell_type(kind.type_id),
            )
            found.setdefault(alike, []).append(kind)
    return tuple(_group(kinds, system) for kinds in found.values())


def _group(kinds: Sequence[VehicleType], system: SharedSystem) -> RideGroup:
    first = kinds[0]
    plan = system.find_plan(first.type_id)
    return RideGroup(
        tuple(kind.type_id for kind in kinds),
        first.form_factor,
        first.propulsion,
        first.return_constraint,
        first.profile_name,
        first.speed_mps,
        plan.plan_id if plan else "",
        first.is_return_guessed,
    )


def list_pick_ups(state: SystemState, group: RideGroup) -> PickUps:
    """Stations that rent vehicles of a group and vehicles of it in the street, as of the state.

    A station with none at this moment has a row (a forecast may differ); one that does not rent or cannot hold such a
    vehicle has none. A vehicle is left out while it is reserved, disabled, where zones let no ride begin, or where it
    must come back to a home that nobody names; one that stands at a station is the station's.
    """
    numbers = {station.station_id: n for n, station in enumerate(state.system.stations)}
    rows = [*_station_rows(state, group), *_vehicle_rows(state, group, numbers)]
    lat, lon, station, vehicle, count, spoke_at_s, range_m, home = zip(*rows, strict=True) if rows else [()] * 8
    vehicle_at = np.array(vehicle, np.int32)
    found = PickUps(
        np.array(lat, float),
        np.array(lon, float),
        np.array(station, np.int32),
        vehicle_at,
        np.array(count, np.int32),
        np.array(spoke_at_s, float),
        np.array(range_m, float),
        np.array(home, np.int32),
    )
    rules = state.system.zones.rules_at(found.lat, found.lon, group.type_id, at=state.as_of)
    keep = (vehicle_at == NOWHERE) | rules.may_start
    return PickUps(*(column[keep] for column in found))


Row = tuple[float, float, int, int, int, float, float, int]


def _station_rows(state: SystemState, group: RideGroup) -> Iterable[Row]:
    standing = _count_standing(state, group)
    is_round_trip = group.return_constraint is ReturnConstraint.ROUNDTRIP_STATION
    for number, station in enumerate(state.system.stations):
        now = state.states.get(station.station_id)
        if now is None:
            counts: list[int | None] = [standing.get(station.station_id)]
        elif not (now.is_installed and now.is_renting):
            continue
        elif now.bikes is None:
            counts = [standing.get(station.station_id)]
        else:
            counts = [now.count_bikes(type_id) for type_id in group.type_ids]
        if not any(counts) and not any(station.takes(type_id) for type_id in group.type_ids):
            continue
        known = [count for count in counts if count is not None]
        count = sum(known) if known else UNKNOWN
        spoke = now.spoke_at.timestamp() if now is not None and known else np.nan
        home = number if is_round_trip else NOWHERE
        yield station.at.lat, station.at.lon, number, NOWHERE, count, spoke, np.inf, home


def _vehicle_rows(state: SystemState, group: RideGroup, numbers: Mapping[str, int]) -> Iterable[Row]:
    types, vehicles_at = frozenset(group.type_ids), state.vehicles_at or state.as_of
    for number, vehicle in enumerate(state.vehicles):
        if vehicle.type_id not in types or vehicle.is_reserved or vehicle.is_disabled or vehicle.station_id in numbers:
            continue
        spoke = (vehicle.reported_at or vehicles_at).timestamp()
        range_m = np.inf if vehicle.range_m is None else vehicle.range_m
        home = numbers.get(vehicle.home_station_id, NOWHERE)
        if home == NOWHERE and group.return_constraint is ReturnConstraint.ROUNDTRIP_STATION:
            continue
        yield vehicle.at.lat, vehicle.at.lon, NOWHERE, number, 1, spoke, range_m, home


def _count_standing(state: SystemState, group: RideGroup) -> Mapping[str, int]:
    """Vehicles to rent by station, for stations whose own count is unknown."""
    types = frozenset(group.type_ids)
    return Counter(
        v.station_id
        for v in state.vehicles
        if v.station_id and v.type_id in types and not v.is_reserved and not v.is_disabled
    )


def list_drop_offs(state: SystemState, group: RideGroup) -> DropOffs:
    """Stations that take vehicles of a group back, full ones too (a forecast may differ).

    Empty for a group that is returned in the street alone. With a round trip each row counts only for the rides that
    began there (``PickUps.return_station``).
    """
    rows = []
    stations = () if group.return_constraint is ReturnConstraint.FREE_FLOATING else state.system.stations
    for number, station in enumerate(stations):
        now = state.states.get(station.station_id)
        if (now is not None and not (now.is_installed and now.is_returning)) or not station.takes(group.type_id):
            continue
        docks = None if now is None else now.count_docks(group.type_id)
        spoke = np.nan if docks is None or now is None else now.spoke_at.timestamp()
        rows.append((station.at.lat, station.at.lon, number, UNKNOWN if docks is None else docks, spoke))
    lat, lon, numbers, docks_free, spoke_at_s = zip(*rows, strict=True) if rows else [()] * 5
    return DropOffs(
        np.array(lat, float),
        np.array(lon, float),
        np.array(numbers, np.int32),
        np.array(docks_free, np.int32),
        np.array(spoke_at_s, float),
    )


def may_end_at(
    system: SharedSystem, group: RideGroup, lat: Floats, lon: Floats, *, at: dt.datetime | None = None
) -> Bools:
    """Whether a ride of a group may end in the street at n points (degrees): bool[n].

    By the zones active at an aware instant, and inside the area of a virtual station always; all False for groups that
    are returned at stations.
    """
    y, x = np.atleast_1d(np.asarray(lat, float)), np.atleast_1d(np.asarray(lon, float))
    if not group.return_constraint.allows_streets:
        return np.zeros(len(y), np.bool_)
    rules = system.zones.rules_at(y, x, group.type_id, at=at)
    allowed: Bools = rules.may_end & ~rules.station_parking
    for station in system.stations:
        if station.area is not None and station.takes(group.type_id):
            allowed |= shapely.contains_xy(station.area, x, y)
    return allowed
