"""Itineraries, domain to wire: instants, polylines and fares. What legs on the street add is in ``street_use``."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime
from typing import NamedTuple

from api.mapping.places import Wording, find_name, to_place
from api.mapping.polyline import encode_polyline
from api.mapping.street_use import list_docks, tell_street
from api.schemas import journey as wire
from api.schemas.place import Place as WirePlace
from gtfs.service_days import to_instant
from mobility.itinerary import Call, Itinerary, Leg, Ride
from mobility.model import Coordinate, Place
from mobility.planner.criteria.risk import UNIT as RISK_UNIT
from mobility.planner.options import REASON_NAMES, Option
from mobility.planner.query import Criterion


class Style(NamedTuple):
    """How much of a journey is told."""

    detailed: bool = True
    with_fares: bool = False


def to_itinerary(itinerary: Itinerary, wording: Wording, style: Style) -> wire.Itinerary:
    """A journey with the instants of its service day."""
    legs = [_to_leg(leg, itinerary, wording, detailed=style.detailed) for leg in itinerary.legs]
    reply = wire.Itinerary(
        duration=itinerary.arrival_s - itinerary.departure_s,
        start_time=legs[0].start_time,
        end_time=legs[-1].end_time,
        transfers=itinerary.transfers,
        id=_to_id(itinerary),
        legs=legs,
    )
    _mark_docks(reply, list_docks(itinerary.legs))
    if style.with_fares and itinerary.fare:
        _add_fare(reply, itinerary.fare)
    return reply


def to_option(option: Option, wording: Wording, style: Style) -> wire.JourneyOption:
    """A journey with why it is among the few."""
    costs = dict(option.costs)
    names = [REASON_NAMES[reason] for reason in option.reasons]
    price, risk = costs.get(Criterion.PRICE), costs.get(Criterion.RISK)
    return wire.JourneyOption(
        reasons=list(option.reasons),
        labels=[find_name(texts, wording.languages, texts["en"]) for texts in names],
        costs=wire.Costs(
            walking=costs.get(Criterion.WALKING),
            price=None if price is None else price / 100,
            co2=costs.get(Criterion.CO2),
            catch_probability=None if risk is None else round(math.exp(-risk / RISK_UNIT), 3),
        ),
        itinerary=to_itinerary(option.itinerary, wording, style),
    )


def _to_id(itinerary: Itinerary) -> str:
    parts = [
        f"{_vehicle_of(leg)}@{_id_of(leg.start)}:{leg.departure_s}-{_id_of(leg.end)}:{leg.arrival_s}"
        for leg in itinerary.legs
    ]
    return hashlib.sha256(f"{itinerary.service_date}|{'|'.join(parts)}".encode()).hexdigest()[:20]


def _vehicle_of(leg: Leg) -> str:
    if leg.hire:
        return f"{leg.hire.system_id}/{leg.hire.form_factor}/{leg.hire.propulsion}"
    if leg.booking:
        return leg.booking.service_id
    return leg.ride.trip_id if leg.ride else leg.mode


def _id_of(place: Place) -> str:
    return place.stop_id or f"{place.at.lat:.6f},{place.at.lon:.6f}"


def _mark_docks(reply: wire.Itinerary, docks: frozenset[Coordinate]) -> None:
    for place in (place for leg in reply.legs for place in (leg.from_, leg.to)):
        if place.stop_id is None and Coordinate(place.lat, place.lon) in docks:
            place.vertex_type = "BIKESHARE"


def _to_leg(leg: Leg, itinerary: Itinerary, wording: Wording, *, detailed: bool) -> wire.Leg:
    start, end = (to_instant(itinerary.service_date, s, itinerary.timezone) for s in (leg.departure_s, leg.arrival_s))
    ride = leg.ride
    reply = wire.Leg(
        mode=leg.mode,
        from_=_with_times(leg.start, None, start, wording),
        to=_with_times(leg.end, end, None, wording),
        duration=leg.arrival_s - leg.departure_s,
        start_time=start,
        end_time=end,
        scheduled_start_time=start,
        scheduled_end_time=end,
        distance=None if ride else round(leg.distance_m, 1),
        leg_geometry=encode_polyline(leg.geometry if detailed else ()),
    )
    if ride:
        headsign, short_name, long_name, agency_name, approximate = (
            _in_words(ride, field, wording)
            for field in ("headsign", "short_name", "long_name", "agency_name", "approximate")
        )
        reply.headsign = headsign or None
        reply.route_id = ride.route_id
        reply.route_color = ride.color or None
        reply.route_text_color = ride.text_color or None
        reply.route_type = ride.route_type
        reply.agency_id = ride.agency_id or None
        reply.agency_name = agency_name or None
        reply.trip_id = ride.trip_id
        reply.route_short_name = short_name
        reply.route_long_name = long_name
        reply.display_name = short_name or long_name
        reply.intermediate_stops = [_to_call(call, itinerary, wording) for call in leg.calls]
        reply.approximate = approximate or None
        reply.interline_with_previous_leg = leg.stays_aboard or None
        reply.headway = ride.headway_s or None
    tell_street(reply, leg, wording, detailed=detailed)
    return reply


def _in_words(ride: Ride, field: str, wording: Wording) -> str:
    return find_name(ride.texts.get(field, {}), wording.languages, getattr(ride, field))


def _to_call(call: Call, itinerary: Itinerary, wording: Wording) -> WirePlace:
    arrival, departure = (
        to_instant(itinerary.service_date, s, itinerary.timezone) for s in (call.arrival_s, call.departure_s)
    )
    return _with_times(call.place, arrival, departure, wording)


def _with_times(place: Place, arrival: datetime | None, departure: datetime | None, wording: Wording) -> WirePlace:
    reply = to_place(place, wording)
    reply.arrival = reply.scheduled_arrival = arrival
    reply.departure = reply.scheduled_departure = departure
    return reply


def _add_fare(reply: wire.Itinerary, fare: tuple[float, str]) -> None:
    amount, currency = fare
    product = wire.FareProduct(name="", amount=amount, currency=currency)
    reply.fare_transfers = [wire.FareTransfer(effective_fare_leg_products=[[[product]]])]
    for leg in reply.legs:
        if leg.trip_id:
            leg.fare_transfer_index = leg.effective_fare_leg_index = 0
