"""``changtong parking``: where to park near a place, and what a stay costs. What it prints is ``parking_output``."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from mobility.cli.console import AsJson, answered, parse_moment, print_json, status

if TYPE_CHECKING:
    from mobility.cities import City
    from mobility.model import Coordinate
    from mobility.parking.document import ParkingDocument
    from mobility.parking.facilities import Facility
    from mobility.parking.tariffs import Holder, Tariff, Vehicle

parking_app = App(
    name="parking",
    help="""Where to park near a place, and what a stay costs.

Examples: `changtong parking near 美麗島 --stay 2h`, `changtong parking fee PL_KHB00035 --at 18:00 --stay 14h`.""",
    help_format="markdown",
)

_STAY = re.compile(r"(?:(\d{1,3})\s*d)?\s*(?:(\d{1,4})\s*h)?\s*(?:(\d{1,5})\s*m(?:in)?)?")
_COORDINATE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*")
MOST_STAY_S = 366 * 86_400

Flag = Parameter(negative=(), show_default=False)
Optional = Parameter(show_default=False)
At = Annotated[str, Optional, Parameter(help="When one parks: ISO 8601, or HH:MM today; now when left out.")]
Stay = Annotated[str, Parameter(help="How long: `90m`, `2h`, `1h30m`, `2d`.")]
Kind = Annotated[str, Parameter(help="`car`, `motorcycle`, `heavy_motorcycle`, `truck`, `bus` or `bicycle`.")]
CityName = Annotated[str, Parameter(env_var="CHANGTONG_CITY", help="A city that ships with Changtong, or a folder.")]
Document = Annotated[Path | None, Parameter(help="A parking document (parking.json), instead of the city's own.")]
Shown = Annotated[
    str,
    Optional,
    Parameter(help="What one may show to pay less, where a tariff knows it: `accessible,electric,park_and_ride`."),
]


@parking_app.command
def near(
    place: Annotated[str, Parameter(name="PLACE", help="`lat,lon`, a stop id, a stop code or a stop name.")],
    *,
    at: At = "",
    stay: Stay = "2h",
    vehicle: Kind = "car",
    height: Annotated[float | None, Parameter(help="Height of the vehicle in metres, e.g. `2.1`.")] = None,
    ev: Annotated[bool, Flag, Parameter(help="Only where one can charge, as far as is known.")] = False,
    accessible: Annotated[bool, Flag, Parameter(help="Only with accessible spaces, as far as is known.")] = False,
    max_walk: Annotated[int, Parameter(help="Minutes on foot from there to PLACE.")] = 15,
    max_fee: Annotated[str, Optional, Parameter(help="Leave out what costs more, and what nobody can price.")] = "",
    sort: Annotated[str, Parameter(help="Best first by `walk`, or by `fee`.")] = "walk",
    shown: Shown = "",
    limit: Annotated[int, Parameter(help="How many.")] = 5,
    city: CityName = "kaohsiung",
    document: Document = None,
    json: AsJson = False,
) -> int:
    """The nearest parking to PLACE that fits, with walk, fee and hours.

    What is known not to fit (another vehicle's, too low, closed when one arrives) is left out; what is not known is
    kept and said. Walks are straight lines times a factor. Exit code 1: nothing fits; 2: the question cannot be
    answered as asked, and one line says why.

    Examples: `changtong parking near 美麗島 --stay 2h`,
    `changtong parking near 22.6889,120.3071 --at 2026-09-19T09:00 --vehicle motorcycle`,
    `changtong parking near R10 --stay 8h --max-fee 200 --sort fee`.
    """

    def answer() -> int:
        from mobility.cli.parking_output import lay_out_offers, offers_to_json
        from mobility.model import PlannerError
        from mobility.parking.nearest import ParkingRequest, Sort, find_parking
        from mobility.parking.places import build_places

        known, parking = _open(city, document)
        if sort not in {Sort.WALK, Sort.FEE}:
            message = f"--sort {sort}: sort by walk or by fee"
            raise PlannerError(message)
        if max_walk < 0 or limit < 1 or (height is not None and not height > 0):
            message = "--max-walk is 0 or more, --limit 1 or more, --height above 0"
            raise PlannerError(message)
        request = ParkingRequest(
            to=_find(place, city),
            arrive=_parse_arrival(at, parking.timezone),
            stay_s=parse_stay(stay),
            vehicle=parse_vehicle(vehicle),
            accessible=accessible,
            electric=ev,
            height_m=height,
            held=parse_holders(shown),
            max_walk_s=60 * max_walk,
            max_fee=_parse_amount(max_fee) if max_fee else None,
            sort=Sort(sort),
            limit=limit,
        )
        places = build_places(parking.facilities, parking.timezone, known.list_holidays())
        offers = find_parking(places, request)
        if json:
            print_json(offers_to_json(offers, parking))
        else:
            print("\n".join(lay_out_offers(offers, request, parking)))
        return 0 if offers else 1

    return answered(answer, as_json=json)


@parking_app.command
def fee(
    facility: Annotated[str, Parameter(name="FACILITY", help="A facility's id or name, or the id of a tariff.")],
    *,
    at: At = "",
    stay: Stay = "2h",
    vehicle: Kind = "car",
    shown: Shown = "",
    city: CityName = "kaohsiung",
    document: Document = None,
    json: AsJson = False,
) -> int:
    """What a stay costs, line by line.

    Exit code 1: the tariff does not say (its words as published are printed); 2: the question cannot be answered as
    asked, and one line says why.

    Examples: `changtong parking fee PL_KHB00035 --at 2026-09-18T23:00 --stay 4h`,
    `changtong parking fee smart_motorcycle_bay --at 19:30 --stay 14h --vehicle motorcycle`.
    """

    def answer() -> int:
        from mobility.cli.parking_output import fee_to_json, lay_out_fee
        from mobility.parking.fees import fee_breakdown

        known, parking = _open(city, document)
        name, text, tariff = _find_tariff(parking, facility)
        start, stay_s = _parse_arrival(at, parking.timezone), parse_stay(stay)
        kind, holders = parse_vehicle(vehicle), parse_holders(shown)
        breakdown = fee_breakdown(tariff, kind, start, stay_s, known.list_holidays(), holders) if tariff else None
        if json:
            print_json(fee_to_json(breakdown, name, text, parking.currency))
        else:
            print("\n".join(lay_out_fee(breakdown, name, text, parking.currency)))
        return 0 if breakdown else 1

    return answered(answer, as_json=json)


def parse_stay(text: str) -> int:
    """``1h30m`` as seconds; at most a year."""
    from mobility.model import PlannerError

    match = _STAY.fullmatch(text.strip().lower())
    if not match or not any(match.groups()):
        message = f"{text!r} is not a length of stay: write 90m, 2h, 1h30m or 2d"
        raise PlannerError(message)
    days, hours, minutes = (int(part or 0) for part in match.groups())
    stay_s = ((days * 24 + hours) * 60 + minutes) * 60
    if stay_s > MOST_STAY_S:
        message = f"{text!r} is longer than a year: ask for a shorter stay"
        raise PlannerError(message)
    return stay_s


def parse_vehicle(text: str) -> Vehicle:
    """The kind of vehicle by its name."""
    from mobility.model import PlannerError
    from mobility.parking.tariffs import Vehicle

    known = [vehicle.value for vehicle in Vehicle if vehicle is not Vehicle.ANY]
    if text.strip().lower() not in known:
        message = f"{text!r} is no kind of vehicle; known are {', '.join(known)}"
        raise PlannerError(message)
    return Vehicle(text.strip().lower())


def parse_holders(text: str) -> frozenset[Holder]:
    """``accessible,electric``."""
    from mobility.model import PlannerError
    from mobility.parking.tariffs import Holder

    known = [holder.value for holder in Holder]
    asked = [part.strip().lower() for part in text.split(",") if part.strip()]
    for name in asked:
        if name not in known:
            message = f"{name!r} is nothing that lowers a fee; known are {', '.join(known)}"
            raise PlannerError(message)
    return frozenset(Holder(name) for name in asked)


def _parse_arrival(text: str, timezone: str) -> dt.datetime:
    """By the clock of the city, whichever zone was written: tariffs go by it."""
    from zoneinfo import ZoneInfo

    return parse_moment(text, timezone).astimezone(ZoneInfo(timezone))


def _parse_amount(text: str) -> Decimal:
    from mobility.model import PlannerError

    if not re.fullmatch(r"\d{1,9}(\.\d{1,4})?", text.strip()):
        message = f"{text!r} is not an amount: write a number, for example 60"
        raise PlannerError(message)
    return Decimal(text.strip())


def _open(city: str, document: Path | None) -> tuple[City, ParkingDocument]:
    from mobility.cities import ensure_city, find_city
    from mobility.parking.document import read_parking
    from mobility.service import default_cache_dir

    known = find_city(city)
    if document:
        return known, read_parking(document)
    with status(f"Opening the car parks of {known.id}"):
        return known, read_parking(ensure_city(known, default_cache_dir()).parking)


def _find(place: str, city: str) -> Coordinate:
    """A coordinate as it is; a stop by its name, for which alone the timetable is opened."""
    from mobility.model import Coordinate

    match = _COORDINATE.fullmatch(place)
    if match:
        return Coordinate(float(match[1]), float(match[2]))
    from mobility.service import JourneyPlanner

    with status("Opening the timetable"):
        return JourneyPlanner.open(city).find_place(place).at


def _find_tariff(parking: ParkingDocument, asked: str) -> tuple[str, str, Tariff | None]:
    """Name, published text and tariff of what is asked by id, or by a name that is one facility's alone."""
    from mobility.model import PlannerError

    for general in parking.tariffs:
        if general.tariff_id == asked:
            return _name(general.names, asked), "", general.tariff
    found = [f for f in parking.facilities if f.facility_id == asked]
    found = found or [f for f in parking.facilities if asked in f.names.values()]
    found = found or [f for f in parking.facilities if any(asked in name for name in f.names.values())]
    if len(found) == 1:
        return _name(found[0].names, asked), found[0].tariff_text, found[0].tariff
    close = ", ".join(_describe(f) for f in (found or parking.facilities)[:5])
    message = f"{asked!r} is {'several facilities' if found else 'no facility'}; give an id, for example of {close}"
    raise PlannerError(message)


def _describe(facility: Facility) -> str:
    return f"{facility.facility_id} ({_name(facility.names, '')})"


def _name(names: Mapping[str, str], other: str) -> str:
    return next(iter(names.values()), other)
