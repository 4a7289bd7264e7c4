"""``changtong plan``: a journey on the command line. What it prints is laid out in ``plan_output``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from mobility.cli.console import AsJson, answered, parse_moment, print_json, status

if TYPE_CHECKING:
    from mobility.model import Mode
    from mobility.planner.query import Criterion
    from mobility.service import JourneyPlanner, Stopover

_STAY = re.compile(r"(?P<place>.+?)\s*\+\s*(?P<minutes>\d{1,4})\s*m(?:in)?")
Flag = Parameter(negative=(), show_default=False)
Optional = Parameter(show_default=False)


def plan(
    start: Annotated[str, Parameter(name="FROM", help="`lat,lon`, a stop id, a stop code or a stop name.")],
    end: Annotated[str, Parameter(name="TO", help="The same.")],
    *,
    at: Annotated[str, Optional, Parameter(help="ISO 8601, or HH:MM today; now when left out.")] = "",
    arrive_by: Annotated[bool, Flag, Parameter(help="Arrive at that time, not leave.")] = False,
    via: Annotated[
        tuple[str, ...],
        Optional,
        Parameter(help="A stop to pass on the way: NAME, or NAME+10m to stay; repeat for more."),
    ] = (),
    city: Annotated[str, Parameter(env_var="CHANGTONG_CITY", help="A city that ships with Changtong.")] = "kaohsiung",
    gtfs: Annotated[
        tuple[str, ...],
        Flag,
        Parameter(help="A GTFS zip or folder, instead of a city; repeat for more, PATH or TAG=PATH, ids are `TAG:id`."),
    ] = (),
    network: Annotated[Path | None, Parameter(help="A network that `changtong network build` made, instead.")] = None,
    itineraries: Annotated[int | None, Parameter(help="How many journeys; 5, or with --window all of it.")] = None,
    window: Annotated[int | None, Parameter(help="Minutes: every journey that leaves (arrives) within them.")] = None,
    earlier: Annotated[str, Optional, Parameter(help="The page before: the moment that an answer ends with.")] = "",
    later: Annotated[str, Optional, Parameter(help="The page after: likewise.")] = "",
    max_transfers: Annotated[int, Parameter(help="Changes between vehicles, 0 to 7.")] = 7,
    modes: Annotated[str, Optional, Parameter(help="Only these vehicles, e.g. `SUBWAY,TRAM`.")] = "",
    max_walk: Annotated[int, Parameter(help="Minutes on foot to the first stop, and from the last.")] = 15,
    min_transfer_minutes: Annotated[int, Parameter(help="Least minutes for a change.")] = 0,
    extra_transfer_minutes: Annotated[int, Parameter(help="Minutes more for every change.")] = 0,
    transfer_factor: Annotated[float, Parameter(help="Changes take so many times as long, 1 to 10.")] = 1.0,
    wheelchair: Annotated[bool, Flag, Parameter(help="Step-free, as far as the timetable knows.")] = False,
    bike: Annotated[bool, Flag, Parameter(help="Only vehicles that take a bicycle.")] = False,
    criteria: Annotated[
        str,
        Optional,
        Parameter(help="Minimise these too, beside departure, arrival and changes: `walking,price,co2,risk`."),
    ] = "",
    options: Annotated[bool, Flag, Parameter(help="Up to five journeys that differ, each with its reason.")] = False,
    language: Annotated[str, Optional, Parameter(help="Names and sentences in this language, e.g. `zh` or `en`.")] = "",
    json: AsJson = False,
) -> int:
    """Plan a journey from FROM to TO; `api.cli`, which mounts this lazily, has the help that people read."""

    def answer() -> int:
        from mobility.cli.plan_output import lay_out, result_to_json
        from mobility.network.needs import Needs
        from mobility.planner.query import TransferTimes
        from mobility.service import PlanRequest

        with status("Opening the timetable"):
            planner = _open(city, gtfs, network)
        request = PlanRequest(
            start=planner.find_place(start),
            end=planner.find_place(end),
            at=parse_moment(at, planner.timezone),
            arrive_by=arrive_by,
            itineraries=(5 if window is None else None) if itineraries is None else itineraries,
            window_s=3600 if window is None else 60 * window,
            max_transfers=max_transfers,
            max_walk_s=60 * max_walk,
            modes=parse_modes(modes) if modes else None,
            via=tuple(_parse_via(text, planner) for text in via),
            transfer=TransferTimes(60 * min_transfer_minutes, 60 * extra_transfer_minutes, transfer_factor),
            needs=Needs(wheelchair=wheelchair, bicycle=bike),
            criteria=parse_criteria(criteria),
            options=options,
            page=_parse_page(earlier, later, planner.timezone),
        )
        result = planner.plan(request)
        if json:
            print_json(result_to_json(result))
        else:
            print("\n".join(lay_out(planner, result, language)))
        return 0 if result.itineraries or result.direct else 1

    return answered(answer, as_json=json)


def _open(city: str, gtfs: tuple[str, ...], network: Path | None) -> JourneyPlanner:
    from mobility.service import JourneyPlanner

    if network:
        return JourneyPlanner.open_store(network)
    return JourneyPlanner.open_feed(",".join(gtfs)) if gtfs else JourneyPlanner.open(city)


def _parse_via(text: str, planner: JourneyPlanner) -> Stopover:
    """``NAME``, or ``NAME+10m``."""
    from mobility.service import Stopover

    stay = _STAY.fullmatch(text.strip())
    if not stay:
        return Stopover(planner.find_place(text))
    return Stopover(planner.find_place(stay["place"]), 60 * int(stay["minutes"]))


def parse_modes(text: str) -> frozenset[Mode]:
    """``SUBWAY,TRAM``."""
    from mobility.model import Mode
    from mobility.service import ImpossibleRequest

    known = [mode.value for mode in Mode if mode.value not in {"WALK", "BIKE", "CAR", "CAR_PARKING", "RENTAL"}]
    asked = [part.strip().upper() for part in text.split(",") if part.strip()]
    for name in asked:
        if name not in known:
            message = f"{name!r} is no kind of vehicle; known are {', '.join(known)}"
            raise ImpossibleRequest(message, "modes")
    return frozenset(Mode(name) for name in asked)


def parse_criteria(text: str) -> frozenset[Criterion]:
    """``walking,co2``."""
    from mobility.planner.query import Criterion
    from mobility.service import ImpossibleRequest

    known = [criterion.value for criterion in Criterion]
    asked = [part.strip().lower() for part in text.split(",") if part.strip()]
    for name in asked:
        if name not in known:
            message = f"{name!r} is no criterion; known are {', '.join(known)}"
            raise ImpossibleRequest(message, "criteria")
    return frozenset(Criterion(name) for name in asked)


def _parse_page(earlier: str, later: str, timezone: str) -> str:
    from mobility.service import ImpossibleRequest

    if earlier and later:
        raise ImpossibleRequest("--earlier and --later are two pages; ask for one", "page")
    if not earlier and not later:
        return ""
    instant_s = int(parse_moment(earlier or later, timezone).timestamp())
    return f"{'EARLIER' if earlier else 'LATER'}|{max(0, instant_s)}"
