"""A system of shared vehicles as it is published: kinds of vehicle, stations, zones and prices.

What stands where at this moment is in ``state.py``. Words follow GBFS 3.0.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mobility.bikeshare.pricing import PricingPlan
from mobility.bikeshare.zones import Zones
from mobility.model import Coordinate

BICYCLE_MPS = 4.2
ASSISTED_MPS = 4.7
"""Mean speeds of a trip on a bicycle and on one that is driven or helped by a motor, stops included."""


class FormFactor(StrEnum):
    """GBFS ``form_factor``. ``scooter`` of 2.1 and 2.2 is a standing one; a moped is a road-going scooter."""

    BICYCLE = "bicycle"
    CARGO_BICYCLE = "cargo_bicycle"
    CAR = "car"
    MOPED = "moped"
    SCOOTER_STANDING = "scooter_standing"
    SCOOTER_SEATED = "scooter_seated"
    OTHER = "other"


class Propulsion(StrEnum):
    """GBFS ``propulsion_type``."""

    HUMAN = "human"
    ELECTRIC_ASSIST = "electric_assist"
    ELECTRIC = "electric"
    COMBUSTION = "combustion"
    COMBUSTION_DIESEL = "combustion_diesel"
    HYBRID = "hybrid"
    PLUG_IN_HYBRID = "plug_in_hybrid"
    HYDROGEN_FUEL_CELL = "hydrogen_fuel_cell"


class ReturnConstraint(StrEnum):
    """GBFS ``return_constraint``: where a ride may end."""

    FREE_FLOATING = "free_floating"
    ANY_STATION = "any_station"
    ROUNDTRIP_STATION = "roundtrip_station"
    HYBRID = "hybrid"

    @property
    def allows_stations(self) -> bool:
        """Whether a ride may end at a station other than its own."""
        return self in {ReturnConstraint.ANY_STATION, ReturnConstraint.HYBRID}

    @property
    def allows_streets(self) -> bool:
        """Whether a ride may end outside stations, where the zones let it."""
        return self in {ReturnConstraint.FREE_FLOATING, ReturnConstraint.HYBRID}


STREET_PROFILES = {
    FormFactor.BICYCLE: "BICYCLE",
    FormFactor.CARGO_BICYCLE: "BICYCLE",
    FormFactor.SCOOTER_STANDING: "BICYCLE",
    FormFactor.SCOOTER_SEATED: "BICYCLE",
    FormFactor.MOPED: "SCOOTER",
    FormFactor.CAR: "CAR",
    FormFactor.OTHER: "",
}
"""The street profile (its name in ``mobility.streets``) on which each form is ridden; empty: nobody knows how."""


@dataclass(frozen=True, slots=True)
class RentalUris:
    """Deep links into the operator's app, empty where there is none."""

    android: str = ""
    ios: str = ""
    web: str = ""


NO_URIS = RentalUris()


@dataclass(frozen=True, slots=True)
class VehicleType:
    """A kind of vehicle. ``names`` by BCP-47 tag; ``is_return_guessed``: the feed does not say where it is returned.

    ``riders``: the driver included; ``cargo_kg`` and ``cargo_litres`` what it carries; ``max_speed_kph`` what it is
    permitted; ``co2_g_per_km`` as published, None where it is not.
    """

    type_id: str
    form_factor: FormFactor
    propulsion: Propulsion
    return_constraint: ReturnConstraint
    names: Mapping[str, str] = field(default_factory=dict)
    max_range_m: float | None = None
    default_plan_id: str = ""
    plan_ids: tuple[str, ...] = ()
    riders: int | None = None
    cargo_kg: int | None = None
    cargo_litres: int | None = None
    max_speed_kph: float | None = None
    co2_g_per_km: float | None = None
    is_return_guessed: bool = False

    @property
    def profile_name(self) -> str:
        """The street profile it is ridden on, empty where nobody knows."""
        return STREET_PROFILES[self.form_factor]

    @property
    def speed_mps(self) -> float | None:
        """Mean speed where it is not that of the roads (mopeds, cars: None), within what it is permitted."""
        if self.profile_name != "BICYCLE":
            return None
        speed = BICYCLE_MPS if self.propulsion is Propulsion.HUMAN else ASSISTED_MPS
        return min(speed, self.max_speed_kph / 3.6) if self.max_speed_kph else speed


@dataclass(frozen=True, slots=True)
class Station:
    """Where vehicles are taken and returned. ``capacity`` docks, or places; None where it is not published.

    ``is_virtual``: no docks but a place, perhaps with an ``area`` (a shapely Polygon or MultiPolygon) that overrides
    the zones. ``type_places``: places by sets of vehicle types where only some fit; empty: any fits anywhere.
    ``opening_hours`` in OpenStreetMap's syntax, empty: those of the system.
    """

    station_id: str
    names: Mapping[str, str]
    at: Coordinate
    capacity: int | None = None
    is_virtual: bool = False
    area: Any = None
    region: str = ""
    address: str = ""
    cross_street: str = ""
    type_places: tuple[tuple[frozenset[str], int], ...] = ()
    is_valet: bool = False
    is_charging: bool = False
    parking_type: str = ""
    opening_hours: str = ""
    rental_uris: RentalUris = NO_URIS

    def takes(self, type_id: str) -> bool:
        """Whether a vehicle of this type fits here at all."""
        return not self.type_places or any(type_id in types and count for types, count in self.type_places)


@dataclass(frozen=True, slots=True)
class SharedSystem:
    """One operator's system. ``names``, ``operator`` and ``regions`` (by region id) by BCP-47 tag; ``rental_uris`` lead
    to the app; ``opening_hours`` in OpenStreetMap's syntax, empty where unknown; ``currency`` that of its plans;
    ``color`` ``#RRGGBB`` or empty.
    """

    system_id: str
    names: Mapping[str, str]
    timezone: str
    vehicle_types: Mapping[str, VehicleType]
    stations: tuple[Station, ...] = ()
    zones: Zones = field(default_factory=Zones)
    plans: Mapping[str, PricingPlan] = field(default_factory=dict)
    operator: Mapping[str, str] = field(default_factory=dict)
    regions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rental_uris: RentalUris = NO_URIS
    url: str = ""
    purchase_url: str = ""
    currency: str = ""
    opening_hours: str = ""
    color: str = ""
    version: str = ""
    last_updated: dt.datetime | None = None

    def find_plan(self, type_id: str, plan_id: str = "") -> PricingPlan | None:
        """The plan of a ride: the vehicle's own where it has one, else that of its type; None where none is known."""
        kind = self.vehicle_types.get(type_id)
        wanted = [plan_id] + ([kind.default_plan_id, *kind.plan_ids] if kind else [])
        return next((self.plans[name] for name in wanted if name in self.plans), None)
