"""``changtong plan``, ``changtong city`` and ``changtong bench``: journeys, cities and ratios on the command line.

Prints; decides nothing. The planner is imported when a command runs, so that --help stays fast.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from mobility.itinerary import Itinerary, Leg
    from mobility.service import JourneyPlanner, PlanResult

AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="Print JSON, for machines.")]
REFUSED = 2
"""Exit code where a question cannot be answered as asked; 1 is an answer without a journey."""


def plan(
    start: Annotated[str, Parameter(name="FROM", help="`lat,lon`, a stop id, a stop code or a stop name.")],
    end: Annotated[str, Parameter(name="TO", help="The same.")],
    *,
    at: Annotated[str, Parameter(help="ISO 8601, or HH:MM today; now when left out.")] = "",
    arrive_by: Annotated[bool, Parameter(negative=(), help="Arrive at that time, not leave.")] = False,
    city: Annotated[str, Parameter(env_var="CHANGTONG_CITY", help="A city that ships with Changtong.")] = "kaohsiung",
    gtfs: Annotated[Path | None, Parameter(help="A GTFS zip or folder, instead of a city.")] = None,
    itineraries: Annotated[int, Parameter(help="How many journeys.")] = 5,
    json: AsJson = False,
) -> int:
    """Plan a journey from FROM to TO; `api.cli`, which mounts this lazily, has the help that people read."""

    def answer() -> int:
        from mobility.service import JourneyPlanner, PlanRequest

        with _status("Opening the timetable"):
            planner = JourneyPlanner.open_feed(gtfs) if gtfs else JourneyPlanner.open(city)
        request = PlanRequest(
            start=planner.find_place(start),
            end=planner.find_place(end),
            at=_parse_moment(at, planner.timezone),
            arrive_by=arrive_by,
            itineraries=itineraries,
        )
        result = planner.plan(request)
        if json:
            _print_json(_result_to_json(result))
        else:
            print("\n".join(_lay_out(planner, result)))
        return 0 if result.itineraries or result.direct else 1

    return _answer(answer, as_json=json)


city_app = App(name="city", help="Build a city's own feeds from its tables of facts.", help_format="markdown")


@city_app.command(name="list")
def list_(*, json: AsJson = False) -> int:
    """List the cities that ship with Changtong."""
    from mobility.cities import list_cities

    cities = list_cities()
    if json:
        _print_json([{"id": c.id, "names": dict(c.names), "timezone": c.timezone} for c in cities])
    else:
        print("\n".join(f"{c.id}  {' / '.join(c.names.values())}  ({c.timezone})" for c in cities))
    return 0


@city_app.command
def build(
    city: Annotated[str, Parameter(name="CITY", help="A city's id or name, or a folder with a city.toml.")],
    *,
    out: Annotated[Path | None, Parameter(help="Where to write; build/CITY when left out.")] = None,
    json: AsJson = False,
) -> int:
    """Build a city's GTFS, GBFS and car-park files from its tables."""

    def answer() -> int:
        from mobility.cities import build_city, find_city

        known = find_city(city)
        with _status(f"Building {known.id}"):
            files = build_city(known, out or Path("build") / known.id)
        written = {"gtfs": str(files.gtfs), "gbfs": str(files.gbfs), "parking": str(files.parking)}
        if json:
            _print_json(written)
        else:
            print("\n".join(f"{kind:8}{path}" for kind, path in written.items()))
        return 0

    return _answer(answer, as_json=json)


bench_app = App(name="bench", help="Measure our engines beside their peers, in the same run.", help_format="markdown")


@bench_app.command
def planner(
    *,
    gtfs: Annotated[Path, Parameter(help="A GTFS zip: one service day, its own transfers.txt.")],
    pairs: Annotated[Path, Parameter(help="CSV with from, to, dep_min (and the recorded answers, where it has them).")],
    date: Annotated[str, Parameter(help="Service day, YYYY-MM-DD.")],
    at: Annotated[str, Parameter(help="Departure HH:MM; the CSV's dep_min when left out.")] = "",
    peer: Annotated[str, Parameter(help="nigiri, or none.")] = "nigiri",
    repeats: Annotated[int, Parameter(help="Timings per query; their median counts.")] = 5,
    json: AsJson = False,
) -> int:
    """Time the planner and its peer on the same queries, and count every answer that differs.

    Exit code 1: some answers differ.
    """

    def answer() -> int:
        from mobility.benchmark import list_pairs, run

        day, departure_min = _parse_date(date), _parse_clock(at) // 60 if at else None
        with _progress("Routing") as advance:
            outcome = run(
                gtfs, day, list_pairs(pairs, departure_min), peer=peer, repeats=max(1, repeats), progress=advance
            )
        facts = outcome.to_json()
        if json:
            _print_json(facts)
        else:
            print("\n".join(_lay_out_facts(facts)))
        return 1 if outcome.differing or outcome.differing_recorded else 0

    return _answer(answer, as_json=json)


def _lay_out_facts(facts: dict[str, Any]) -> Iterator[str]:
    for key, value in facts.items():
        told = f"p50 {value['p50_ms']:.3f} ms, p95 {value['p95_ms']:.3f} ms" if isinstance(value, dict) else value
        yield f"{key:20}{told}"


def _answer(work: Callable[[], int], *, as_json: bool) -> int:
    """The exit code. What is wrong with a question is told in one line, never as a traceback."""
    from gtfs.ingest import FeedUnreadable
    from gtfs.service_days import NoServiceDates
    from mobility.cities import CityError
    from mobility.model import PlannerError

    try:
        return work()
    except (PlannerError, FeedUnreadable, NoServiceDates, CityError) as error:
        if as_json:
            _print_json({"error": {"code": type(error).__name__, "message": str(error)}})
        else:
            print(f"error: {error}", file=sys.stderr)
        return REFUSED


@contextmanager
def _status(text: str) -> Iterator[None]:
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


@contextmanager
def _progress(text: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr; gone when done."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _parse_clock(text: str) -> int:
    from mobility.model import PlannerError

    clock = re.fullmatch(r"(\d{1,2}):(\d\d)", text)
    if not clock or int(clock[1]) > 47 or int(clock[2]) > 59:
        message = f"{text!r} is not a time: write HH:MM, for example 08:00"
        raise PlannerError(message)
    return int(clock[1]) * 3600 + int(clock[2]) * 60


def _parse_date(text: str) -> dt.date:
    from mobility.model import PlannerError

    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is not a date: write YYYY-MM-DD, for example 2026-07-15"
        raise PlannerError(message) from error


def _parse_moment(text: str, timezone: str) -> dt.datetime:
    """ISO 8601 (local to the city where it names no zone), HH:MM today, or now."""
    from zoneinfo import ZoneInfo

    from mobility.model import PlannerError

    zone = ZoneInfo(timezone)
    now = dt.datetime.now(zone)
    if not text:
        return now
    if re.fullmatch(r"\d{1,2}:\d\d", text):
        seconds = _parse_clock(text)
        day = now.date() + dt.timedelta(seconds // 86_400)
        return dt.datetime.combine(day, dt.time(seconds // 3600 % 24, seconds // 60 % 60), zone)
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is not a time: write HH:MM for today, or ISO 8601 such as 2026-07-15T08:00"
        raise PlannerError(message) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


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


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))
