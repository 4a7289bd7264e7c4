"""What a leg on the street counts on, domain to wire: shared vehicles, car parks, rides on demand, and its steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.mapping.places import Wording, find_name, to_place
from api.mapping.polyline import encode_polyline
from api.schemas import journey as wire
from api.schemas import street_use
from api.schemas.place import Place as WirePlace
from mobility.bikeshare.state import UNLIMITED
from mobility.itinerary import Leg
from mobility.model import Coordinate, Mode
from mobility.street_use import Backup, Booking, Chance, Hire, Parked, Served

CURRENCY_DIGITS: Final = 2


def tell_street(reply: wire.Leg, leg: Leg, wording: Wording, *, detailed: bool) -> None:
    """Add to a leg what is known of its way and of what it counts on."""
    if leg.ride is not None:
        return
    reply.approximate_way = leg.is_straight or None
    if detailed:
        reply.steps = _to_steps(leg)
    reply.availability = _to_availability(leg, wording)
    if leg.hire is not None:
        reply.rental = to_rental(leg.hire, wording)
        reply.price = to_price(leg.hire.price)
    if leg.parked is not None:
        reply.parking = to_parking(leg.parked, wording)
    if leg.booking is not None:
        reply.booking = to_booking(leg.booking, wording)
        if leg.mode is Mode.FLEX:
            ends = leg.booking.served or (None, None)
            for place, served in zip((reply.from_, reply.to), ends, strict=True):
                _tell_served(place, served, reply.booking.name)


def _tell_served(place: WirePlace, served: Served | None, service: str) -> None:
    place.flex = (served.name if served else "") or service
    if served is not None:
        place.flex_id = served.place_id
    if served is not None and served.window is not None:
        place.flex_start_pickup_drop_off_window, place.flex_end_pickup_drop_off_window = served.window


def list_docks(legs: tuple[Leg, ...]) -> frozenset[Coordinate]:
    """Where the shared vehicles of a journey are taken from stations or left at them."""
    hires = [leg.hire for leg in legs if leg.hire]
    chances = [hire.drop_off for hire in hires] + [hire.pick_up for hire in hires if not hire.vehicle_id]
    return frozenset(chance.place.at for chance in chances if chance is not None and not chance.place.stop_id)


RETURNS: Final[Mapping[str, street_use.RentalReturnConstraint]] = {
    "free_floating": "NONE",
    "hybrid": "NONE",
    "any_station": "ANY_STATION",
    "roundtrip_station": "ROUNDTRIP_STATION",
}
"""GBFS to MOTIS."""


def to_rental(hire: Hire, wording: Wording) -> street_use.Rental:
    """The shared vehicle, in words of MOTIS; every system is a provider, and a group, of its own."""
    from_name = "" if hire.vehicle_id else _station_name(hire.pick_up, wording)
    return street_use.Rental(
        provider_id=hire.system_id,
        provider_group_id=hire.system_id,
        system_id=hire.system_id,
        system_name=_in_words(hire.systems or hire.names, wording) or None,
        station_name=from_name,
        from_station_name=from_name,
        to_station_name=_station_name(hire.drop_off, wording),
        rental_uri_android=hire.uris.get("android"),
        rental_uri_ios=hire.uris.get("ios"),
        rental_uri_web=hire.uris.get("web"),
        form_factor=hire.form_factor.upper(),  # type: ignore[arg-type]  # the words of GBFS are those of MOTIS
        propulsion_type=hire.propulsion.upper(),  # type: ignore[arg-type]
        return_constraint=RETURNS.get(hire.return_constraint),
    )


def to_parking(parked: Parked, wording: Wording) -> street_use.Parking:
    """The car park; what is free in it is in ``Leg.availability``."""
    return street_use.Parking(
        facility_id=parked.facility_id,
        name=_in_words(parked.names, wording),
        stay_seconds=parked.stay_s,
        price=to_price(parked.price),
        warnings=[_in_words(texts, wording) for texts in parked.warnings],
    )


def to_booking(booking: Booking, wording: Wording) -> street_use.Booking:
    """How to get a ride on demand."""
    return street_use.Booking(
        service_id=booking.service_id,
        name=_in_words(booking.names, wording) or booking.service_id,
        book_by=booking.book_by,
        phone=booking.phone or None,
        url=booking.url or None,
        text=_in_words(booking.texts, wording) or None,
        approximate=_in_words(booking.approximate, wording) or None,
        price=to_price(booking.price),
    )


def to_chance(chance: Chance, wording: Wording) -> street_use.Chance:
    """Whether it is usable on arrival. A place without limit has no capacity; feeds exist in which a full car park has
    less than nothing free.
    """
    has_limit = chance.capacity is not None and 0 <= chance.capacity < UNLIMITED
    return street_use.Chance(
        place=to_place(chance.place, wording),
        probability=chance.probability,
        basis=chance.basis,
        level=None if chance.level is None else max(0, chance.level),
        capacity=chance.capacity if has_limit else None,
        age_seconds=chance.age_s,
        backup=None if chance.backup is None else _to_backup(chance.backup, wording),
    )


def to_price(price: tuple[float, str] | None) -> street_use.Price | None:
    """An amount in the currency's units, None where it is not known."""
    return None if price is None else street_use.Price(amount=round(price[0], CURRENCY_DIGITS), currency=price[1])


def _to_availability(leg: Leg, wording: Wording) -> street_use.Availability | None:
    taken, left = (leg.hire.pick_up, leg.hire.drop_off) if leg.hire else (None, None)
    space = leg.parked.space if leg.parked else None
    if taken is None and left is None and space is None:
        return None
    pick_up, drop_off, free = (None if c is None else to_chance(c, wording) for c in (taken, left, space))
    return street_use.Availability(pick_up=pick_up, drop_off=drop_off, space=free)


def _to_backup(backup: Backup, wording: Wording) -> street_use.Backup:
    place = to_place(backup.place, wording)
    return street_use.Backup(place=place, extra_seconds=backup.extra_s, probability=backup.probability)


def _to_steps(leg: Leg) -> list[wire.StepInstruction]:
    return [
        wire.StepInstruction(
            relative_direction=step.maneuver,  # type: ignore[arg-type]  # streets speak MOTIS
            distance=round(step.distance_m, 1),
            polyline=encode_polyline(()),
            street_name=step.name,
        )
        for step in leg.steps
    ]


def _station_name(chance: Chance | None, wording: Wording) -> str:
    """Empty in the street, be it beside a stop."""
    is_station = chance is not None and not chance.place.stop_id
    return find_name(chance.place.names, wording.languages, chance.place.name) if chance and is_station else ""


def _in_words(texts: Mapping[str, str], wording: Wording) -> str:
    """In a language asked for, else in English, else in the first there is."""
    return find_name(texts, wording.languages, texts.get("en") or next(iter(texts.values()), ""))
