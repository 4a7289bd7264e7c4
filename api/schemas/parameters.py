"""What a query may say: the parameters of ``plan`` and ``geocode`` (MOTIS API v6) that we serve.

Arrays may repeat their key, be comma lists, or both. Unknown parameters are ignored, as MOTIS
clients of all versions expect; impossible values are refused.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from api.schemas.street_use import RentalFormFactor, RentalPropulsionType
from api.schemas.wire import WireModel

TransitMode = Literal[
    "TRANSIT", "TRAM", "SUBWAY", "FERRY", "AIRPLANE", "BUS", "COACH", "RAIL", "HIGHSPEED_RAIL", "LONG_DISTANCE",
    "NIGHT_RAIL", "REGIONAL_FAST_RAIL", "REGIONAL_RAIL", "SUBURBAN", "FUNICULAR", "AERIAL_LIFT", "ODM", "FLEX",
    "OTHER", "AREAL_LIFT", "METRO", "CABLE_CAR",
]  # fmt: skip
AnyMode = Literal[
    "WALK", "BIKE", "RENTAL", "CAR", "HGV", "CAR_PARKING", "CAR_DROPOFF", "RIDE_SHARING", "DEBUG_BUS_ROUTE",
    "DEBUG_RAILWAY_ROUTE", "DEBUG_FERRY_ROUTE", TransitMode,
]  # fmt: skip
"""All modes of MOTIS."""
CriterionName = Literal["WALKING", "PRICE", "CO2", "RISK"]
# with seconds, and an offset or none (then the city's own time)
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)?")


def split_commas(value: Any) -> Any:
    """``["A,B", "C"]`` -> ``["A", "B", "C"]``; one empty item means an empty list."""
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        return value
    return [part.strip() for item in items for part in item.split(",") if part.strip()]


def read_instant(value: Any) -> Any:
    """An RFC 3339 date-time. A blank before the offset is a ``+`` that was not escaped in the address."""
    if not isinstance(value, str):
        return value
    text = re.sub(r" (\d\d:\d\d)$", r"+\1", value) if re.search(r":\d\d.* \d\d:\d\d$", value) else value
    if not RFC_3339.fullmatch(text):
        message = "not a date and time such as 2026-01-07T08:00:00+08:00"
        raise ValueError(message)
    return datetime.fromisoformat(text.upper())


def read_flag(value: Any) -> Any:
    """``true`` or ``false``, and nothing like it."""
    if isinstance(value, bool):
        return value
    if value not in {"true", "false"}:
        message = "must be true or false"
        raise ValueError(message)
    return value == "true"


def trim(value: str) -> str:
    """Without blanks around it. What is nothing but odd blanks stays, and no place is called so."""
    return value.strip() or value


Instant = Annotated[datetime, BeforeValidator(read_instant)]
Flag = Annotated[bool, BeforeValidator(read_flag)]
PlaceText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=r"\S"),
    AfterValidator(trim),
]
Places = Annotated[list[PlaceText], BeforeValidator(split_commas)]
Minutes = Annotated[int, Field(ge=0, le=1440)]
Language = Annotated[str, StringConstraints(max_length=35)]
Seconds = Annotated[int, Field(ge=0, le=345_600)]
Modes = Annotated[list[AnyMode], BeforeValidator(split_commas)]
FormFactors = Annotated[list[RentalFormFactor], BeforeValidator(split_commas)]
PropulsionTypes = Annotated[list[RentalPropulsionType], BeforeValidator(split_commas)]
Providers = Annotated[
    list[Annotated[str, StringConstraints(max_length=100, pattern=r"^[^,]*$")]], BeforeValidator(split_commas)
]
MANY = 64
"""More items than any list of names can sensibly have."""


class PlanParameters(WireModel):
    """The query of ``plan``."""

    from_place: PlaceText = Field(description="`lat,lon[,level]`, a stop id, a stop code or a stop's name.")
    to_place: PlaceText = Field(description="`lat,lon[,level]`, a stop id, a stop code or a stop's name.")
    time: Instant | None = Field(
        default=None,
        description="Departure, or arrival with arriveBy; now if absent; the city's own time if without offset.",
    )
    arrive_by: Flag = False
    num_itineraries: int = Field(default=5, ge=1, le=256, description="Least number of journeys to look for.")
    max_itineraries: int | None = Field(default=None, ge=1, le=256, description="Most journeys to return.")
    search_window: Seconds = Field(
        default=3600, description="Seconds, looked at first; further where there are too few. Capped at 24 hours."
    )
    timetable_view: Flag = Field(
        default=True,
        description="false: what is best for somebody who leaves (arrives) at that very moment; waiting counts.",
    )
    via: Places = Field(
        default_factory=list, max_length=4, description="Stops to pass on the way, in order: names, ids or codes."
    )
    via_minimum_stay: Annotated[list[Minutes], BeforeValidator(split_commas)] = Field(
        default_factory=list,
        max_length=4,
        description="Minutes to stay at each; 0, or none given, lets one remain in the vehicle.",
    )
    min_transfer_time: Minutes = Field(default=0, description="Least minutes for a change.")
    additional_transfer_time: Minutes = Field(default=0, description="Minutes more for every change.")
    transfer_time_factor: float = Field(
        default=1.0, ge=1, le=10, allow_inf_nan=False, description="Factor on the time that changes take."
    )
    pedestrian_profile: Literal["FOOT", "WHEELCHAIR"] = Field(
        default="FOOT", description="WHEELCHAIR: step-free ways, stops and vehicles, as far as the timetable knows."
    )
    require_bike_transport: Flag = Field(default=False, description="Only vehicles that take a bicycle.")
    criteria: Annotated[list[CriterionName], BeforeValidator(split_commas)] = Field(
        default_factory=list,
        max_length=2,
        description="What to minimise beside departure, arrival and changes. Ours, beyond MOTIS.",
    )
    options: Flag = Field(
        default=False, description="Also up to five journeys that differ for a reason. Ours, beyond MOTIS."
    )
    max_transfers: int = Field(
        default=7, ge=0, le=100, description="Changes between vehicles; the server caps it at 7."
    )
    max_travel_time: int | None = Field(default=None, ge=0, le=10_080, description="Minutes.")
    max_pre_transit_time: Seconds = Field(
        default=900,
        description="Seconds to the first stop; the server caps it at 3600. Rides by FLEX have limits of their own.",
    )
    max_post_transit_time: Seconds = Field(
        default=900,
        description="Seconds from the last stop; the server caps it at 3600. Rides by FLEX have limits of their own.",
    )
    max_direct_time: Seconds = Field(
        default=1800, description="Seconds of a way without transit; the server caps it at 21600."
    )
    pre_transit_modes: Modes = Field(
        default=["WALK"],
        max_length=MANY,
        description="Ways to the first stop; walking is always one. BIKE is left there, CAR_PARKING parks and rides.",
    )
    post_transit_modes: Modes = Field(
        default=["WALK"], max_length=MANY, description="Ways from the last stop; walking is always one."
    )
    direct_modes: Modes = Field(
        default=["WALK"], max_length=MANY, description="Ways without transit, told as `direct`; empty: none."
    )
    transfer_modes: Annotated[list[Literal["WALK", "RENTAL"]], BeforeValidator(split_commas)] = Field(
        default=["WALK"],
        max_length=MANY,
        description="Ways between two vehicles; walking is always one, RENTAL is by shared bicycle. Ours.",
    )
    pre_transit_rental_form_factors: FormFactors = Field(default_factory=list, max_length=MANY)
    post_transit_rental_form_factors: FormFactors = Field(default_factory=list, max_length=MANY)
    direct_rental_form_factors: FormFactors = Field(
        default_factory=list, max_length=MANY, description="Only such shared vehicles; empty: all. So are the others."
    )
    pre_transit_rental_propulsion_types: PropulsionTypes = Field(default_factory=list, max_length=MANY)
    post_transit_rental_propulsion_types: PropulsionTypes = Field(default_factory=list, max_length=MANY)
    direct_rental_propulsion_types: PropulsionTypes = Field(default_factory=list, max_length=MANY)
    pre_transit_rental_providers: Providers = Field(default_factory=list, max_length=MANY)
    post_transit_rental_providers: Providers = Field(default_factory=list, max_length=MANY)
    direct_rental_providers: Providers = Field(
        default_factory=list, max_length=MANY, description="Ids of systems (`Rental.systemId`); empty: all."
    )
    pre_transit_rental_provider_groups: Providers = Field(default_factory=list, max_length=MANY)
    post_transit_rental_provider_groups: Providers = Field(default_factory=list, max_length=MANY)
    direct_rental_provider_groups: Providers = Field(
        default_factory=list, max_length=MANY, description="Here every system is a group of its own."
    )
    parking_stay: int = Field(
        default=480, ge=0, le=43_200, description="Minutes that a parked car stays. Ours, beyond MOTIS."
    )
    transit_modes: Annotated[list[TransitMode], BeforeValidator(split_commas)] = Field(
        default=["TRANSIT"], max_length=32, description="Allowed transit; empty: none."
    )
    page_cursor: str | None = Field(
        default=None, pattern=r"^(EARLIER|LATER)\|[0-9]{1,10}$", description="A cursor of an earlier reply."
    )
    detailed_legs: Flag = Field(default=True, description="false: no geometry and no steps.")
    with_fares: Flag = False
    language: Annotated[list[Language], BeforeValidator(split_commas)] = Field(default_factory=list, max_length=10)


class GeocodeParameters(WireModel):
    """The query of ``geocode``."""

    text: PlaceText = Field(description="A stop's name, in any language of the city, or its code.")
    language: Annotated[list[Language], BeforeValidator(split_commas)] = Field(default_factory=list, max_length=10)
    num_results: int = Field(default=10, ge=1, le=512)
