"""What a leg on the street counts on, on the wire: shared vehicles, car parks, rides on demand.

``Rental`` is that of the MOTIS API v6. ``Availability``, ``Parking``, ``Booking`` and ``Price`` are ours, beyond MOTIS.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.place import Place
from api.schemas.wire import WireModel

RentalFormFactor = Literal[
    "BICYCLE", "CARGO_BICYCLE", "CAR", "MOPED", "SCOOTER_STANDING", "SCOOTER_SEATED", "OTHER",
]  # fmt: skip
RentalPropulsionType = Literal[
    "HUMAN", "ELECTRIC_ASSIST", "ELECTRIC", "COMBUSTION", "COMBUSTION_DIESEL", "HYBRID", "PLUG_IN_HYBRID",
    "HYDROGEN_FUEL_CELL",
]  # fmt: skip
RentalReturnConstraint = Literal["NONE", "ANY_STATION", "ROUNDTRIP_STATION"]


class Rental(WireModel):
    """The shared vehicle of a leg by ``RENTAL``. Names of stations are empty where it is not taken from, or left at,
    one.
    """

    provider_id: str
    provider_group_id: str
    system_id: str
    system_name: str | None = None
    station_name: str | None = None
    from_station_name: str | None = None
    to_station_name: str | None = None
    rental_uri_android: str | None = None
    rental_uri_ios: str | None = Field(default=None, serialization_alias="rentalUriIOS")
    rental_uri_web: str | None = None
    form_factor: RentalFormFactor | None = None
    propulsion_type: RentalPropulsionType | None = None
    return_constraint: RentalReturnConstraint | None = None


class Price(WireModel):
    """What somebody pays, in the currency's units."""

    amount: float
    currency: str = Field(description="ISO 4217.")


class Backup(WireModel):
    """Where to go if it is gone."""

    place: Place
    extra_seconds: int = Field(description="Under way to it.")
    probability: float = Field(ge=0, le=1)


class Chance(WireModel):
    """Whether something is usable at a place on arrival."""

    place: Place
    probability: float = Field(ge=0, le=1)
    basis: str = Field(
        description="What the probability comes from: `history`, `prior` (nothing was learned of the place), `now` "
        "(the last reading alone) or `stale` (it is too old to say much)."
    )
    level: int | None = Field(default=None, ge=0, description="As last read.")
    capacity: int | None = Field(default=None, ge=0)
    age_seconds: int | None = Field(default=None, ge=0, description="Of the reading, at the time of asking.")
    backup: Backup | None = None


class Availability(WireModel):
    """What is counted on: a vehicle, a free dock or place to leave it, a parking space."""

    pick_up: Chance | None = None
    drop_off: Chance | None = None
    space: Chance | None = None


class Parking(WireModel):
    """The car park at the end of a leg by ``CAR_PARKING``; no price where its tariff is not known."""

    facility_id: str
    name: str
    stay_seconds: int
    price: Price | None = Field(default=None, description="Of the whole stay.")
    warnings: list[str] = Field(default_factory=list)


class Booking(WireModel):
    """How to get the vehicle of a leg by ``FLEX`` or ``ODM``."""

    service_id: str
    name: str
    book_by: datetime | None = Field(default=None, description="Last moment to book; absent: no need to beforehand.")
    phone: str | None = None
    url: str | None = None
    text: str | None = Field(default=None, description="All one should know, in a sentence or two.")
    approximate: str | None = Field(default=None, description="Why its facts are not published ones.")
    price: Price | None = None
