"""The parking facility: where it is, what fits in, when it is open, what it costs. How full it is now is live data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mobility.model import Coordinate
from mobility.parking.tariffs import Tariff, Vehicle, ranks_of


class SpaceKind(StrEnum):
    """Kinds of space. Those of vehicles have the vehicles' values, so that a vehicle finds its spaces; ANY is all
    spaces of a facility together, where a source counts them so. Spaces of a kind may be counted within another
    (a car's with a charger): kinds are not summed.
    """

    CAR = "car"
    MOTORCYCLE = "motorcycle"
    HEAVY_MOTORCYCLE = "heavy_motorcycle"
    TRUCK = "truck"
    BUS = "bus"
    BICYCLE = "bicycle"
    ACCESSIBLE = "accessible"
    ACCESSIBLE_MOTORCYCLE = "accessible_motorcycle"
    ELECTRIC = "electric"
    ELECTRIC_MOTORCYCLE = "electric_motorcycle"
    FAMILY = "family"
    WOMEN = "women"
    ANY = "any"


class Placement(StrEnum):
    """Beside the street or off it: a facility, or a segment of kerb."""

    OFF_STREET = "off_street"
    KERB = "kerb"


class Structure(StrEnum):
    """What a facility is built as."""

    SURFACE = "surface"
    MULTI_STOREY = "multi_storey"
    UNDERGROUND = "underground"
    TOWER = "tower"
    MECHANICAL = "mechanical"
    MIXED = "mixed"
    OTHER = "other"
    UNKNOWN = "unknown"

    @property
    def has_roof(self) -> bool:
        """Whether a high vehicle may not get in, unless a limit says otherwise."""
        return self not in (Structure.SURFACE, Structure.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Charger:
    """``count`` places to charge with one ``connector`` (as published, empty where unknown) and ``power_kw``."""

    count: int
    connector: str = ""
    power_kw: float | None = None


@dataclass(frozen=True, slots=True)
class Facility:
    """A car park, or a segment of kerb. ``at`` is None where the position is unknown; ``capacity`` holds the kinds
    of space whose number is known; ``tariff`` is None where ``tariff_text``, the price as published, says no more.

    ``opening_hours`` is the text as published and ``structure`` likewise; ``build`` is what it means. ``chargers``
    is how many there are, None where unknown, and ``charger_facts`` what is known of them. ``height_limit_m`` is
    None where no limit is known, which is not the same as none.
    """

    facility_id: str
    names: Mapping[str, str]
    at: Coordinate | None
    capacity: Mapping[SpaceKind, int]
    tariff_text: str = ""
    tariff: Tariff | None = None
    address: str = ""
    district: str = ""
    opening_hours: str = ""
    ownership: str = ""
    structure: str = ""
    chargers: int | None = None
    placement: Placement = Placement.OFF_STREET
    build: Structure = Structure.UNKNOWN
    height_limit_m: float | None = None
    charger_facts: tuple[Charger, ...] = ()
    telephone: str = ""

    def takes(self, vehicle: Vehicle) -> bool | None:
        """Whether there are spaces for a vehicle; None where nothing says so.

        A facility that tells its spaces for some vehicles and none for this one does not take it, unless a rate is
        this vehicle's own; one that tells no spaces takes what its tariff prices.
        """
        for kind in ranks_of(vehicle):
            spaces = self.capacity.get(SpaceKind(kind.value))
            if spaces is not None and kind is not Vehicle.ANY:
                return spaces > 0
        has_own_rate = self.tariff is not None and any(rate.vehicle is vehicle for rate in self.tariff.rates)
        if has_own_rate:
            return True
        if any(kind.value in _VEHICLES for kind in self.capacity):
            return False
        return True if self.tariff is not None and self.tariff.prices(vehicle) else None


@dataclass(frozen=True, slots=True)
class Occupancy:
    """What is free in a facility, as ``source`` told it. ``free`` holds the kinds that are known: one that is not
    in it is unknown, not zero. ``observed_at`` is aware: when it was seen, or received where the source does not
    say. ``is_full`` and ``is_operating`` are None where unknown.
    """

    facility_id: str
    free: Mapping[SpaceKind, int]
    observed_at: dt.datetime
    source: str = ""
    is_full: bool | None = None
    is_operating: bool | None = None
    capacity: Mapping[SpaceKind, int] = field(default_factory=dict)

    def find_free(self, vehicle: Vehicle, need: SpaceKind | None = None) -> int | None:
        """Free spaces for a vehicle, or of the kind it needs; of all together where only they are known.

        None where unknown. A source that calls the facility full and counts nothing has told zero.
        """
        kinds = (need,) if need else (SpaceKind(vehicle.value), SpaceKind.ANY)
        for kind in kinds:
            if kind in self.free:
                return self.free[kind]
        return 0 if self.is_full else None

    def age_s(self, now: dt.datetime) -> float:
        """Seconds since it was observed; never negative, because clocks differ."""
        return max(0.0, (now - self.observed_at).total_seconds())


_VEHICLES = {vehicle.value for vehicle in Vehicle} - {Vehicle.ANY.value}
