"""Journeys on the wire (MOTIS API v6: ``Itinerary``, ``Leg``, ``StepInstruction``, fares).

Ours, beyond MOTIS: ``Leg.approximate`` (why its times are not a published timetable), ``Leg.approximate_way`` (no
street is known), ``Leg.headway``, what a leg counts on (``Leg.availability``, ``Leg.parking``, ``Leg.booking``,
``Leg.price``), ``PlanResponse.notices`` (sentences for people) and ``PlanResponse.options`` (few journeys, each with
its reason).
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.place import Place
from api.schemas.street_use import Availability, Booking, Parking, Price, Rental
from api.schemas.wire import WireModel
from mobility.model import Mode
from mobility.service import Reason

Direction = Literal[
    "DEPART", "HARD_LEFT", "LEFT", "SLIGHTLY_LEFT", "CONTINUE", "SLIGHTLY_RIGHT", "RIGHT", "HARD_RIGHT",
    "CIRCLE_CLOCKWISE", "CIRCLE_COUNTERCLOCKWISE", "STAIRS", "ELEVATOR", "UTURN_LEFT", "UTURN_RIGHT",
]  # fmt: skip


class EncodedPolyline(WireModel):
    """A line in Google's polyline encoding; ``length`` is its number of points."""

    points: str
    precision: int
    length: int


class StepInstruction(WireModel):
    """One instruction of a way along streets. Levels are 0, and no step has a line of its own: the leg has one.

    ``exit``, ``stay_on`` and ``area`` are there because MOTIS requires them; neither fills them.
    """

    relative_direction: Direction
    distance: float = Field(description="Metres.")
    from_level: float = 0.0
    to_level: float = 0.0
    polyline: EncodedPolyline
    street_name: str
    exit: str = ""
    stay_on: bool = False
    area: bool = False


class Leg(WireModel):
    """One part of a journey. Live times equal the timetable's until there is live data (``realTime``)."""

    mode: Mode
    from_: Place
    to: Place
    duration: int = Field(description="Seconds.")
    start_time: datetime
    end_time: datetime
    scheduled_start_time: datetime
    scheduled_end_time: datetime
    real_time: bool = False
    scheduled: bool = True
    distance: float | None = Field(default=None, description="Metres, legs on the street.")
    headsign: str | None = None
    route_id: str | None = None
    route_color: str | None = None
    route_text_color: str | None = None
    route_type: int | None = None
    agency_name: str | None = None
    agency_id: str | None = None
    trip_id: str | None = None
    route_short_name: str | None = None
    route_long_name: str | None = None
    display_name: str | None = None
    intermediate_stops: list[Place] | None = None
    leg_geometry: EncodedPolyline
    steps: list[StepInstruction] | None = Field(default=None, description="Legs on the street, with detailedLegs.")
    rental: Rental | None = None
    fare_transfer_index: int | None = None
    effective_fare_leg_index: int | None = None
    interline_with_previous_leg: bool | None = Field(
        default=None, description="true: the vehicle of the leg before, on which one stays seated."
    )
    headway: int | None = Field(default=None, description="Seconds: comes about that often, its times are examples.")
    approximate: str | None = Field(default=None, description="Why these times are not a published timetable.")
    approximate_way: bool | None = Field(
        default=None, description="true: a straight line times a factor, no street is known."
    )
    availability: Availability | None = Field(default=None, description="What must still be there on arrival.")
    parking: Parking | None = None
    booking: Booking | None = None
    price: Price | None = Field(default=None, description="Of a ride by RENTAL.")


class FareProduct(WireModel):
    """A price, in the currency's units."""

    name: str
    amount: float
    currency: str


class FareTransfer(WireModel):
    """Legs priced together (GTFS Fares v2)."""

    effective_fare_leg_products: list[list[list[FareProduct]]]


class Itinerary(WireModel):
    """A journey from door to door."""

    duration: int = Field(description="Seconds.")
    start_time: datetime
    end_time: datetime
    transfers: int
    id: str
    legs: list[Leg]
    fare_transfers: list[FareTransfer] | None = None


class Costs(WireModel):
    """What a journey costs beside time; what is not known is left out."""

    walking: int | None = Field(default=None, description="Seconds on foot.")
    price: float | None = Field(default=None, description="In the currency's units.")
    co2: int | None = Field(default=None, description="Grams per passenger.")
    catch_probability: float | None = Field(
        default=None, ge=0, le=1, description="The chance to catch every connection, by an assumed delay."
    )


class JourneyOption(WireModel):
    """One of up to five journeys that differ for a reason."""

    reasons: list[Reason]
    labels: list[str] = Field(description="The reasons, in words.")
    costs: Costs
    itinerary: Itinerary


class PlanResponse(WireModel):
    """The answer of ``plan``: ``direct`` without transit, ``itineraries`` with."""

    request_parameters: dict[str, str]
    debug_output: dict[str, int]
    from_: Place
    to: Place
    direct: list[Itinerary]
    itineraries: list[Itinerary]
    previous_page_cursor: str
    next_page_cursor: str
    options: list[JourneyOption] | None = Field(default=None, description="Where `options` was asked for.")
    notices: list[str] = Field(default_factory=list, description="What one should know of these times.")
