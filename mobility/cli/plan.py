"""``changtong plan``: a journey on the command line. What it prints is laid out in ``plan_output``."""

from __future__ import annotations

import datetime as dt
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from mobility.cli.console import AsJson, answered, parse_moment, print_json, status

if TYPE_CHECKING:
    from mobility.model import Mode
    from mobility.planner.query import Criterion
    from mobility.planner.request import Ways
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
    access: Annotated[
        str,
        Optional,
        Parameter(help="Ways to the first stop besides walking: `rental,bike,car_parking,car_dropoff,odm,flex`."),
    ] = "",
    egress: Annotated[
        str, Optional, Parameter(help="Ways from the last stop besides walking: `rental,car_dropoff,odm,flex`.")
    ] = "",
    between: Annotated[str, Optional, Parameter(help="Ways between vehicles besides walking: `rental`.")] = "",
    direct: Annotated[
        str,
        Optional,
        Parameter(help="Ways all the way besides walking: `rental,bike,car,car_parking,odm,flex`."),
    ] = "",
    rental_kinds: Annotated[
        str, Optional, Parameter(help="Only such shared vehicles, in words of GBFS, e.g. `bicycle,moped`.")
    ] = "",
    max_ride: Annotated[int, Parameter(help="Minutes to a stop, or from it, by other than feet.")] = 30,
    max_direct: Annotated[int, Parameter(help="Minutes of a way without public transport.")] = 30,
    parking_hours: Annotated[float, Parameter(help="How long a parked car stays.")] = 8.0,
    asked_at: Annotated[
        str, Optional, Parameter(help="When you ask: ages of readings and booking deadlines count from it; now.")
    ] = "",
    readings: Annotated[
        Path | None,
        Parameter(help="Folder with station_status.json, vehicle_status.json, parking.json as last read."),
    ] = None,
    streets: Annotated[
        Path | None, Parameter(help="OpenStreetMap extract (.osm.pbf) of the streets, beside --gtfs.")
    ] = None,
    elevation: Annotated[Path | None, Parameter(help="GeoTIFF of heights for these streets.")] = None,
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
            planner = _open(city, gtfs, network, streets, elevation)
        asked = parse_moment(asked_at, planner.timezone) if asked_at else None
        if readings:
            _take_readings(planner, readings, asked)
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
            ways=parse_ways(
                access,
                egress,
                between,
                direct,
                rental_kinds,
                longest_s=60 * max_ride,
                longest_direct_s=60 * max_direct,
                stay_s=round(3600 * parking_hours),
            ),
            asked_at=asked,
        )
        result = planner.plan(request)
        if json:
            print_json(result_to_json(result))
        else:
            print("\n".join(lay_out(planner, result, language)))
        return 0 if result.itineraries or result.direct else 1

    return answered(answer, as_json=json)


def _open(
    city: str, gtfs: tuple[str, ...], network: Path | None, streets: Path | None, elevation: Path | None
) -> JourneyPlanner:
    from mobility.service import ImpossibleRequest, JourneyPlanner, open_streets

    if streets and not gtfs:
        raise ImpossibleRequest("--streets belongs to a feed: give it with --gtfs PATH", "streets")
    if network:
        return JourneyPlanner.open_store(network)
    if not gtfs:
        return JourneyPlanner.open(city)
    router = open_streets(streets, elevation) if streets else None
    return JourneyPlanner.open_feed(",".join(gtfs), streets=router)


def _take_readings(planner: JourneyPlanner, folder: Path, asked: dt.datetime | None) -> None:
    from mobility.supply import with_readings

    supply, notices = with_readings(planner.supply, folder, asked or dt.datetime.now(dt.UTC))
    for notice in notices:
        print(f"{notice.file}: {notice.message}", file=sys.stderr)
    planner.take_supply(supply)


def parse_ways(
    access: str,
    egress: str,
    between: str,
    direct: str,
    rental_kinds: str = "",
    *,
    longest_s: int = 1800,
    longest_direct_s: int = 1800,
    stay_s: int = 8 * 3600,
) -> Ways:
    """``rental,bike``; walking is always among them."""
    from mobility.model import Mode
    from mobility.planner.request import Hires, Ways
    from mobility.service import ImpossibleRequest

    known = {mode.value: mode for mode in Mode}

    def modes(text: str, field: str) -> frozenset[Mode]:
        asked = [part.strip().upper() for part in text.split(",") if part.strip()]
        for name in asked:
            if name not in known:
                message = (
                    f"{name!r} is no way to move; known are rental, bike, car, car_parking, car_dropoff, odm, flex"
                )
                raise ImpossibleRequest(message, field)
        return frozenset({Mode.WALK, *(known[name] for name in asked)})

    kinds = frozenset(part.strip().lower() for part in rental_kinds.split(",") if part.strip())
    return Ways(
        modes(access, "ways.access"), modes(egress, "ways.egress"), modes(between, "ways.between"),
        modes(direct, "ways.direct"), Hires(form_factors=kinds), longest_s, longest_direct_s, stay_s,
    )  # fmt: skip


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
    from mobility.planner.request import ACCESS_MODES, DIRECT_MODES
    from mobility.service import ImpossibleRequest

    known = [mode.value for mode in Mode if mode not in DIRECT_MODES | ACCESS_MODES]
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
