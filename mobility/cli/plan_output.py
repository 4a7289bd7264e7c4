"""What ``changtong plan`` prints: journeys for people, in their language, and for machines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any
from zoneinfo import ZoneInfo

from gtfs.service_days import to_instant
from mobility.itinerary import (
    Itinerary,
    Leg,
    format_duration,
    format_fare,
    format_itinerary,
    format_time,
    place_label,
)
from mobility.model import Mode, Place
from mobility.planner.options import REASON_NAMES
from mobility.planner.query import Criterion
from mobility.service import JourneyPlanner, Option, PlanResult
from mobility.street_use import Booking, Chance


def lay_out(planner: JourneyPlanner, result: PlanResult, language: str = "") -> Iterator[str]:
    """Journeys as notation and legs, options first, and how to turn the page."""
    if result.options:
        yield "Options"
        for option in result.options:
            yield ""
            yield f"[{_describe_option(option, language)}]"
            yield from _lay_out_journey(option.itinerary, language)
        yield ""
        yield "All journeys"
    shown: dt.date | None = None
    for itinerary in (*result.itineraries, *result.direct):
        if itinerary.service_date != shown:
            shown = itinerary.service_date
            yield f"{shown} ({planner.timezone})"
        yield ""
        yield from _lay_out_journey(itinerary, language)
    yield ""
    if result.itineraries:
        earlier, later = (_instant_of(cursor, planner.timezone) for cursor in _cursors_of(result))
        yield f"Earlier: --earlier {earlier}   Later: --later {later}"
    yield from (_in(notice.texts, language, notice.text) for notice in result.notices)
    yield planner.attribution


def result_to_json(result: PlanResult) -> dict[str, Any]:
    """Everything, with instants; costs as the planner counts them."""
    reply: dict[str, Any] = {
        "itineraries": [_itinerary_to_json(itinerary) for itinerary in result.itineraries],
        "direct": [_itinerary_to_json(itinerary) for itinerary in result.direct],
        "notices": [notice.text for notice in result.notices],
        "previous_cursor": result.previous_cursor,
        "next_cursor": result.next_cursor,
        "dropped": {rule.value: count for rule, count in result.dropped.items()},
    }
    if result.options:
        reply["options"] = [
            {
                "reasons": [reason.value for reason in option.reasons],
                "costs": {criterion.value: amount for criterion, amount in option.costs.items()},
                "itinerary": _itinerary_to_json(option.itinerary),
            }
            for option in result.options
        ]
    return reply


def _lay_out_journey(itinerary: Itinerary, language: str) -> Iterator[str]:
    told = _translate(itinerary, language)
    yield format_itinerary(told)
    yield from (f"    {_describe_leg(leg, language)}" for leg in told.legs)


def _describe_option(option: Option, language: str) -> str:
    reasons = ", ".join(_in(REASON_NAMES[reason], language, REASON_NAMES[reason]["en"]) for reason in option.reasons)
    facts = []
    if Criterion.WALKING in option.costs:
        facts.append(f"walk {format_duration(option.costs[Criterion.WALKING])}")
    if Criterion.CO2 in option.costs:
        facts.append(f"{option.costs[Criterion.CO2]} g CO2")
    return "; ".join(part for part in (reasons, ", ".join(facts)) if part)


def _describe_leg(leg: Leg, language: str = "") -> str:
    times = f"{format_time(leg.departure_s)} - {format_time(leg.arrival_s)}"
    if leg.ride is None:
        duration = format_duration(leg.arrival_s - leg.departure_s)
        how = _WORDS.get(leg.mode, leg.mode.value.lower())
        return f"{times}  {how} {leg.distance_m:.0f} m ({duration}) to {leg.end.name}{_describe_use(leg, language)}"
    start, end = (f"{p.name} {p.code}".strip() if p.name else place_label(p) for p in (leg.start, leg.end))
    line = leg.ride.short_name or leg.ride.long_name or leg.ride.route_id
    count = len(leg.calls) + 1
    stops = f"{count} stop{'s' if count > 1 else ''}"
    notes = [
        "stay on board" if leg.stays_aboard else "",
        f"about every {format_duration(leg.ride.headway_s)}" if leg.ride.headway_s else "",
        leg.ride.approximate,
    ]
    note = "".join(f"  ({text})" for text in notes if text)
    return f"{times}  {leg.mode.value.lower()} {line} to {leg.ride.headsign}: {start} - {end}, {stops}{note}"


_WORDS = {
    Mode.WALK: "walk",
    Mode.RENTAL: "ride",
    Mode.BIKE: "cycle",
    Mode.CAR: "drive",
    Mode.CAR_PARKING: "drive and park",
    Mode.CAR_DROPOFF: "be driven",
    Mode.ODM: "taxi",
    Mode.FLEX: "on-demand ride",
}


def _describe_use(leg: Leg, language: str) -> str:
    """What the leg counts on, in brackets."""
    notes = []
    if leg.hire:
        hire = leg.hire
        notes.append(_in(hire.names, language, next(iter(hire.names.values()), hire.system_id)))
        notes += _describe_chance("a vehicle", hire.pick_up) + _describe_chance("a dock", hire.drop_off)
        notes += [format_fare(hire.price)] if hire.price else []
    if leg.parked:
        notes += _describe_chance("a space", leg.parked.space)
        stay = format_duration(leg.parked.stay_s)
        notes.append(f"{format_fare(leg.parked.price)} for {stay}" if leg.parked.price else "price not known")
        notes += [_in(text, language, next(iter(text.values()))) for text in leg.parked.warnings]
    if leg.booking:
        names = leg.booking.names
        notes.append(_in(names, language, next(iter(names.values()), "")))
        notes += [f"book by {leg.booking.book_by:%Y-%m-%d %H:%M}"] if leg.booking.book_by else []
        notes += [leg.booking.phone] if leg.booking.phone else []
        notes += [format_fare(leg.booking.price)] if leg.booking.price else []
    return f"  ({'; '.join(note for note in notes if note)})" if any(notes) else ""


def _describe_chance(what: str, chance: Chance | None) -> list[str]:
    """``a dock 83 %, 4 now, read 2m ago; else ...``."""
    if chance is None:
        return []
    parts = [f"{what} {100 * chance.probability:.0f} %"]
    if chance.level is None:
        parts.append("no reading")
    else:
        parts.append(f"{chance.level} now" + (f", read {format_duration(chance.age_s)} ago" if chance.age_s else ""))
    told = ", ".join(parts)
    if chance.is_unlikely and chance.backup:
        backup = chance.backup
        told += f", else {backup.place.name} {format_duration(backup.extra_s)} away ({100 * backup.probability:.0f} %)"
    return [told]


def _in(texts: Mapping[str, str], language: str, default: str) -> str:
    """The text in a language or one of its kinds (``zh`` is content with ``zh-Hant``)."""
    wanted = language.casefold()
    found = (text for tag, text in texts.items() if wanted and (tag.casefold() + "-").startswith(wanted + "-"))
    return next(found, default)


def _translate(itinerary: Itinerary, language: str) -> Itinerary:
    if not language:
        return itinerary

    def name(place: Place) -> Place:
        return replace(place, name=_in(place.names, language, place.name))

    legs = []
    for leg in itinerary.legs:
        ride = leg.ride
        if ride:
            fields = ("short_name", "long_name", "headsign", "approximate")
            texts = {field: _in(ride.texts.get(field, {}), language, getattr(ride, field)) for field in fields}
            ride = replace(ride, **texts)  # type: ignore[arg-type]  # all four are text
        legs.append(replace(leg, start=name(leg.start), end=name(leg.end), ride=ride))
    return replace(itinerary, legs=tuple(legs))


def _cursors_of(result: PlanResult) -> tuple[int, int]:
    earlier, later = (int(cursor.split("|")[1]) for cursor in (result.previous_cursor, result.next_cursor))
    return earlier, later


def _instant_of(instant_s: int, timezone: str) -> str:
    return dt.datetime.fromtimestamp(instant_s, ZoneInfo(timezone)).isoformat()


def _booking_to_json(booking: Booking | None) -> dict[str, Any] | None:
    if booking is None:
        return None
    return {key: _with_text(value) for key, value in asdict(booking).items()}


def _with_text(value: Any) -> Any:
    """The value with instants as text."""
    if isinstance(value, dict):
        return {key: _with_text(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_with_text(one) for one in value]
    return value.isoformat() if isinstance(value, dt.datetime) else value


def _itinerary_to_json(itinerary: Itinerary) -> dict[str, Any]:
    def instant(seconds: int) -> str:
        return to_instant(itinerary.service_date, seconds, itinerary.timezone).isoformat()

    return {
        "notation": format_itinerary(itinerary),
        "departure": instant(itinerary.departure_s),
        "arrival": instant(itinerary.arrival_s),
        "transfers": itinerary.transfers,
        "fare": itinerary.fare,
        "legs": [
            {
                "mode": leg.mode.value,
                "from": {"name": leg.start.name, "stop_id": leg.start.stop_id, "code": leg.start.code},
                "to": {"name": leg.end.name, "stop_id": leg.end.stop_id, "code": leg.end.code},
                "departure": instant(leg.departure_s),
                "arrival": instant(leg.arrival_s),
                "distance_m": round(leg.distance_m),
                "route": leg.ride.short_name if leg.ride else None,
                "trip_id": leg.ride.trip_id if leg.ride else None,
                "headsign": leg.ride.headsign if leg.ride else None,
                "approximate": leg.ride.approximate if leg.ride else "",
                "stays_aboard": leg.stays_aboard,
                "hire": asdict(leg.hire) if leg.hire else None,
                "parked": asdict(leg.parked) if leg.parked else None,
                "booking": _booking_to_json(leg.booking),
                "steps": [asdict(step) for step in leg.steps],
                "is_straight": leg.is_straight,
            }
            for leg in itinerary.legs
        ],
    }
