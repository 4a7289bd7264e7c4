"""What ``changtong plan`` prints: journeys for people, in their language, and for machines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from gtfs.service_days import to_instant
from mobility.itinerary import Itinerary, Leg, format_duration, format_itinerary, format_time, place_label
from mobility.model import Place
from mobility.planner.options import REASON_NAMES
from mobility.planner.query import Criterion
from mobility.service import JourneyPlanner, Option, PlanResult


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
    yield from (f"    {_describe_leg(leg)}" for leg in told.legs)


def _describe_option(option: Option, language: str) -> str:
    reasons = ", ".join(_in(REASON_NAMES[reason], language, REASON_NAMES[reason]["en"]) for reason in option.reasons)
    facts = []
    if Criterion.WALKING in option.costs:
        facts.append(f"walk {format_duration(option.costs[Criterion.WALKING])}")
    if Criterion.CO2 in option.costs:
        facts.append(f"{option.costs[Criterion.CO2]} g CO2")
    return "; ".join(part for part in (reasons, ", ".join(facts)) if part)


def _describe_leg(leg: Leg) -> str:
    times = f"{format_time(leg.departure_s)} - {format_time(leg.arrival_s)}"
    if leg.ride is None:
        duration = format_duration(leg.arrival_s - leg.departure_s)
        return f"{times}  walk {leg.distance_m:.0f} m ({duration}) to {leg.end.name}"
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
            }
            for leg in itinerary.legs
        ],
    }
