"""``changtong plan``: a journey on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from mobility.cli.console import AsJson, answered, parse_moment, print_json, status

if TYPE_CHECKING:
    from mobility.itinerary import Itinerary, Leg
    from mobility.service import JourneyPlanner, PlanResult


def plan(
    start: Annotated[str, Parameter(name="FROM", help="`lat,lon`, a stop id, a stop code or a stop name.")],
    end: Annotated[str, Parameter(name="TO", help="The same.")],
    *,
    at: Annotated[str, Parameter(help="ISO 8601, or HH:MM today; now when left out.")] = "",
    arrive_by: Annotated[bool, Parameter(negative=(), help="Arrive at that time, not leave.")] = False,
    city: Annotated[str, Parameter(env_var="CHANGTONG_CITY", help="A city that ships with Changtong.")] = "kaohsiung",
    gtfs: Annotated[Path | None, Parameter(help="A GTFS zip or folder, instead of a city.")] = None,
    network: Annotated[Path | None, Parameter(help="A network that `changtong network build` made, instead.")] = None,
    itineraries: Annotated[int, Parameter(help="How many journeys.")] = 5,
    json: AsJson = False,
) -> int:
    """Plan a journey from FROM to TO; `api.cli`, which mounts this lazily, has the help that people read."""

    def answer() -> int:
        from mobility.service import PlanRequest

        with status("Opening the timetable"):
            planner = _open(city, gtfs, network)
        request = PlanRequest(
            start=planner.find_place(start),
            end=planner.find_place(end),
            at=parse_moment(at, planner.timezone),
            arrive_by=arrive_by,
            itineraries=itineraries,
        )
        result = planner.plan(request)
        if json:
            print_json(_result_to_json(result))
        else:
            print("\n".join(_lay_out(planner, result)))
        return 0 if result.itineraries or result.direct else 1

    return answered(answer, as_json=json)


def _open(city: str, gtfs: Path | None, network: Path | None) -> JourneyPlanner:
    from mobility.service import JourneyPlanner

    if network:
        return JourneyPlanner.open_store(network)
    return JourneyPlanner.open_feed(gtfs) if gtfs else JourneyPlanner.open(city)


def _lay_out(planner: JourneyPlanner, result: PlanResult) -> Iterator[str]:
    from mobility.itinerary import format_itinerary

    journeys = (*result.itineraries, *result.direct)
    if journeys:
        yield f"{journeys[0].service_date} ({planner.timezone})"
    for itinerary in journeys:
        yield ""
        yield format_itinerary(itinerary)
        yield from (f"    {_describe_leg(leg)}" for leg in itinerary.legs)
    yield ""
    yield from (notice.text for notice in result.notices)
    yield planner.attribution


def _describe_leg(leg: Leg) -> str:
    from mobility.itinerary import format_duration, format_time, place_label

    times = f"{format_time(leg.departure_s)} - {format_time(leg.arrival_s)}"
    if leg.ride is None:
        duration = format_duration(leg.arrival_s - leg.departure_s)
        return f"{times}  walk {leg.distance_m:.0f} m ({duration}) to {leg.end.name}"
    start, end = (f"{p.name} {p.code}".strip() if p.name else place_label(p) for p in (leg.start, leg.end))
    line = leg.ride.short_name or leg.ride.long_name or leg.ride.route_id
    count = len(leg.calls) + 1
    stops = f"{count} stop{'s' if count > 1 else ''}"
    note = f"  ({leg.ride.approximate})" if leg.ride.approximate else ""
    return f"{times}  {leg.mode.value.lower()} {line} to {leg.ride.headsign}: {start} - {end}, {stops}{note}"


def _result_to_json(result: PlanResult) -> dict[str, Any]:
    return {
        "itineraries": [_itinerary_to_json(itinerary) for itinerary in result.itineraries],
        "direct": [_itinerary_to_json(itinerary) for itinerary in result.direct],
        "notices": [notice.text for notice in result.notices],
    }


def _itinerary_to_json(itinerary: Itinerary) -> dict[str, Any]:
    from gtfs.service_days import to_instant
    from mobility.itinerary import format_itinerary

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
            }
            for leg in itinerary.legs
        ],
    }
