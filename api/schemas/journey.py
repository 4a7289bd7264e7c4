"""Journeys on the wire (MOTIS API v6: ``Itinerary``, ``Leg``, ``StepInstruction`` left out, fares).

Ours, beyond MOTIS: ``Leg.approximate`` (why its times are not a published timetable) and
``PlanResponse.notices`` (sentences for people).
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.schemas.place import Place
from api.schemas.wire import WireModel
from mobility.model import Mode


class EncodedPolyline(WireModel):
    """A line in Google's polyline encoding; ``length`` is its number of points."""

    points: str
    precision: int
    length: int


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
    fare_transfer_index: int | None = None
    effective_fare_leg_index: int | None = None
    approximate: str | None = Field(default=None, description="Why these times are not a published timetable.")


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
    notices: list[str] = Field(default_factory=list, description="What one should know of these times.")
