"""What stands where at a moment: bikes and docks at stations, vehicles in the streets, and how old the news is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mobility.bikeshare.system import NO_URIS, RentalUris, SharedSystem
from mobility.model import Coordinate

UNLIMITED = 1_000_000
"""Docks where any number of vehicles may be left."""


@dataclass(frozen=True, slots=True)
class StationState:
    """A station as reported.

    ``bikes``: vehicles to rent by type id, None where the count is unknown; ``docks``: places free, ``UNLIMITED``,
    or None where unknown; ``type_docks``: free docks by the vehicle types they accept, empty where any dock takes any;
    ``reported_at``: when the station itself last spoke, None where it does not say; ``read_at``: when the system said
    so.
    """

    station_id: str
    bikes: Mapping[str, int] | None
    docks: int | None
    read_at: dt.datetime
    is_installed: bool = True
    is_renting: bool = True
    is_returning: bool = True
    reported_at: dt.datetime | None = None
    type_docks: tuple[tuple[frozenset[str], int], ...] = ()

    @property
    def spoke_at(self) -> dt.datetime:
        """From when its counts are: what the station says, else what the system says."""
        return self.reported_at or self.read_at

    def count_bikes(self, type_id: str) -> int | None:
        """Vehicles of a type to rent; 0 where the station does not rent, None where unknown."""
        if not (self.is_installed and self.is_renting):
            return 0
        return None if self.bikes is None else self.bikes.get(type_id, 0)

    def count_docks(self, type_id: str) -> int | None:
        """Places for a vehicle of a type; 0 where the station takes none back, None where unknown."""
        if not (self.is_installed and self.is_returning):
            return 0
        if self.type_docks:
            return sum(count for types, count in self.type_docks if type_id in types)
        return self.docks


@dataclass(frozen=True, slots=True)
class FreeVehicle:
    """A vehicle that nobody rides. ``station_id``: where it stands, empty in the street; ``home_station_id``: where it
    must be returned, empty where the type's rule decides; ``range_m`` what is left in it, None where unknown;
    ``available_until``: when it must be back.
    """

    vehicle_id: str
    type_id: str
    at: Coordinate
    station_id: str = ""
    home_station_id: str = ""
    range_m: float | None = None
    is_reserved: bool = False
    is_disabled: bool = False
    plan_id: str = ""
    reported_at: dt.datetime | None = None
    available_until: dt.datetime | None = None
    rental_uris: RentalUris = NO_URIS


@dataclass(frozen=True, slots=True)
class Freshness:
    """How long news counts, in seconds: ``stale_after_s`` is the longest delay that GBFS allows, and what is older is
    told with its age; after ``drop_stations_after_s`` a station has no reading, after ``drop_vehicles_after_s`` the
    vehicles are gone.
    """

    stale_after_s: int = 300
    drop_stations_after_s: int = 3600
    drop_vehicles_after_s: int = 3600


DEFAULT_FRESHNESS = Freshness()


@dataclass(frozen=True, slots=True)
class SystemState:
    """A system at ``as_of``: never changed, a new one takes its place.

    ``states`` by station id, without the stations of which nothing is known; ``states_at`` and ``vehicles_at``: from
    when the last good news is, None where there never was any. ``is_station_news_bad``: the last attempt to read the
    stations failed, as ``is_vehicle_news_bad`` for the vehicles.
    """

    system: SharedSystem
    as_of: dt.datetime
    states: Mapping[str, StationState] = field(default_factory=dict)
    vehicles: tuple[FreeVehicle, ...] = ()
    states_at: dt.datetime | None = None
    vehicles_at: dt.datetime | None = None
    is_station_news_bad: bool = False
    is_vehicle_news_bad: bool = False
    freshness: Freshness = DEFAULT_FRESHNESS

    @property
    def stations_age_s(self) -> float | None:
        """Age of the stations' news, None where there is none."""
        return _age_s(self.states_at, self.as_of)

    @property
    def vehicles_age_s(self) -> float | None:
        """Age of the vehicles' news, None where there is none."""
        return _age_s(self.vehicles_at, self.as_of)

    @property
    def is_stations_stale(self) -> bool:
        """Whether the stations' news must be told with its age: the last attempt failed, or it is old."""
        return self.is_station_news_bad or (self.stations_age_s or 0) > self.freshness.stale_after_s

    @property
    def is_vehicles_stale(self) -> bool:
        """As ``is_stations_stale``, for the vehicles."""
        return self.is_vehicle_news_bad or (self.vehicles_age_s or 0) > self.freshness.stale_after_s

    def at(self, now: dt.datetime) -> SystemState:
        """The same news at a later moment: what is too old by then is gone. ``now`` is aware."""
        oldest = now - dt.timedelta(seconds=self.freshness.drop_stations_after_s)
        keep_vehicles = (_age_s(self.vehicles_at, now) or 0) <= self.freshness.drop_vehicles_after_s
        return replace(
            self,
            as_of=now,
            states={name: state for name, state in self.states.items() if state.read_at >= oldest},
            vehicles=self.vehicles if keep_vehicles else (),
        )

    def with_system(self, system: SharedSystem) -> SystemState:
        """The same news under new master data: stations and types that are gone lose theirs."""
        known = {station.station_id for station in system.stations}
        return replace(
            self,
            system=system,
            states={name: state for name, state in self.states.items() if name in known},
            vehicles=tuple(v for v in self.vehicles if v.type_id in system.vehicle_types),
        )


def _age_s(then: dt.datetime | None, now: dt.datetime) -> float | None:
    return None if then is None else max(0.0, (now - then).total_seconds())
