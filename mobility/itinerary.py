"""Legs and itineraries: what a person is told, and its one-line notation.

Times are seconds of ``Itinerary.service_date`` (noon minus 12 h, may exceed 86,400); they become
wall-clock instants only at the edges, with ``Itinerary.timezone``.

The notation is log line, test expectation and benchmark golden at once: places and legs in turn, and
in brackets departure, arrival, duration, transfers and fare::

    Walk 4m ~ R10 ~ SUBWAY R 08:10 08:24 ~ R6 ~ TRAM C 08:29 08:33 ~ C5 ~ Walk 2m [08:06 08:35 29m Tx1 NT$30]

Where one stays aboard a vehicle that goes on as another line, `` = `` stands before the leg in place of `` ~ ``::

    A ~ BUS 1 08:10 08:20 ~ B = BUS 2 08:22 08:30 ~ C [08:10 08:30 20m Tx0]

It leaves much out (geometry, intermediate calls, ids). What it holds is a ``Sketch``: an itinerary is
sketched and written, a line is read as a sketch, and both ways give the same.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mobility.model import Coordinate, Mode, Place
from mobility.street_use import Booking, Hire, Parked, Step


@dataclass(frozen=True, slots=True)
class Call:
    """A vehicle calls at a place. Times in seconds of the service day."""

    place: Place
    arrival_s: int
    departure_s: int


@dataclass(frozen=True, slots=True)
class Ride:
    """What one needs to know of the vehicle of a transit leg. ``approximate`` names why its times are
    not a published timetable (a sentence for people), empty where they are.
    """

    route_id: str
    trip_id: str
    short_name: str
    long_name: str = ""
    headsign: str = ""
    agency_id: str = ""
    agency_name: str = ""
    color: str = ""
    text_color: str = ""
    route_type: int = 3
    approximate: str = ""
    service_date: dt.date | None = None
    """The service day of the trip itself, which late at night is the one before the itinerary's."""
    headway_s: int = 0
    """Above 0: the vehicle comes about that often, its times are examples (frequencies.txt, exact_times 0)."""
    wheelchair_accessible: int = 0
    """As in trips.txt: 0 unknown, 1 yes, 2 no; so is ``bikes_allowed``."""
    bikes_allowed: int = 0
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Fields of this class (``headsign``) by BCP-47 language tag, where the languages are known."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One part of an itinerary. ``calls`` are the intermediate stops, both ends left out;
    ``geometry`` is a line from start to end (at least two points).
    """

    mode: Mode
    start: Place
    end: Place
    departure_s: int
    arrival_s: int
    distance_m: float = 0.0
    ride: Ride | None = None
    calls: tuple[Call, ...] = ()
    geometry: tuple[Coordinate, ...] = ()
    stays_aboard: bool = False
    """The vehicle is that of the leg before, on which one stays seated."""
    pickup_type: int = 0
    """How one boards, as in stop_times.txt: 0 as usual, 2 phone the agency, 3 ask the driver; so is
    ``drop_off_type`` where one alights."""
    drop_off_type: int = 0
    hire: Hire | None = None
    """The shared vehicle of a leg by ``RENTAL``."""
    parked: Parked | None = None
    """Where the car is left at the end of a leg by ``CAR_PARKING``."""
    booking: Booking | None = None
    """How to get the vehicle of a leg by ``FLEX`` or ``ODM``."""
    steps: tuple[Step, ...] = ()
    is_straight: bool = False
    """The way is a straight line times a factor: no street is known."""


@dataclass(frozen=True, slots=True)
class Itinerary:
    """A journey from door to door, in order. ``fare`` is (amount, ISO 4217 code) where known."""

    legs: tuple[Leg, ...]
    service_date: dt.date
    timezone: str
    fare: tuple[float, str] | None = None

    @property
    def departure_s(self) -> int:
        """When one leaves, seconds of the service day."""
        return self.legs[0].departure_s

    @property
    def arrival_s(self) -> int:
        """When one is there, seconds of the service day."""
        return self.legs[-1].arrival_s

    @property
    def transfers(self) -> int:
        """Changes between vehicles: vehicles minus one, never below zero."""
        return max(0, sum(leg.ride is not None and not leg.stays_aboard for leg in self.legs) - 1)


def list_street_prices(itinerary: Itinerary) -> list[tuple[float, str] | None]:
    """What the legs cost that are not public transport: hires, car parks, taxis; None where a price is not known."""
    prices: list[tuple[float, str] | None] = []
    for leg in itinerary.legs:
        if leg.hire:
            prices.append(leg.hire.price)
        if leg.parked:
            prices.append(leg.parked.price)
        if leg.mode in {Mode.ODM, Mode.FLEX}:
            prices.append(leg.booking.price if leg.booking else None)
    return prices


@dataclass(frozen=True, slots=True)
class LegSketch:
    """A leg as written. ``label`` is the mode (``SUBWAY``; ``Walk`` without a vehicle), ``line`` what is
    on the vehicle; a leg without a vehicle has a duration, one with has its times.
    """

    label: str
    line: str = ""
    departure_s: int | None = None
    arrival_s: int | None = None
    duration_s: int | None = None
    stays_aboard: bool = False


@dataclass(frozen=True, slots=True)
class Sketch:
    """What one line of notation says. ``places`` lie between the legs; the door itself is not named,
    so that there is one before the first leg, and after the last, only where that leg is a vehicle.
    """

    legs: tuple[LegSketch, ...]
    places: tuple[str, ...]
    departure_s: int
    arrival_s: int
    transfers: int
    fare: str = ""


class NotationError(ValueError):
    """A line that is no itinerary notation."""


_SYMBOLS = {"TWD": "NT$", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_NEXT, _STAY = " ~ ", " = "
_TIME = r"-?\d+:\d\d(?::\d\d)?"
_DURATION = r"(?=\d)(?:\d+h)?(?:\d+m)?(?:\d+s)?"
_RIDE = re.compile(rf"(?P<label>\S+)(?: (?P<line>.+))? (?P<departure>{_TIME}) (?P<arrival>{_TIME})")
_MOVE = re.compile(rf"(?P<label>[A-Z][A-Za-z_]*) (?P<duration>{_DURATION})")
_FOOT = re.compile(rf"\[(?P<begin>{_TIME}) (?P<end>{_TIME}) {_DURATION} Tx(?P<transfers>\d+)(?: (?P<fare>\S+))?\]")


def format_itinerary(itinerary: Itinerary) -> str:
    """The itinerary in one line."""
    return format_sketch(sketch_itinerary(itinerary))


def sketch_itinerary(itinerary: Itinerary) -> Sketch:
    """What the notation keeps of an itinerary."""
    legs = itinerary.legs
    places = [place_label(leg.start) for leg in legs[1:]]
    if legs[0].ride is not None:
        places.insert(0, place_label(legs[0].start))
    if legs[-1].ride is not None:
        places.append(place_label(legs[-1].end))
    return Sketch(
        legs=tuple(_sketch_leg(leg) for leg in legs),
        places=tuple(places),
        departure_s=itinerary.departure_s,
        arrival_s=itinerary.arrival_s,
        transfers=itinerary.transfers,
        fare=format_fare(itinerary.fare) if itinerary.fare else "",
    )


def place_label(place: Place) -> str:
    """What riders see of a place: its code, else its name, else its id."""
    return " ".join((place.code or place.name or place.stop_id or "?").split())


def _sketch_leg(leg: Leg) -> LegSketch:
    if leg.ride is None:
        return LegSketch(leg.mode.value.capitalize(), duration_s=leg.arrival_s - leg.departure_s)
    line = " ".join((leg.ride.short_name or leg.ride.long_name or leg.ride.route_id).split())
    return LegSketch(leg.mode.value, line, leg.departure_s, leg.arrival_s, stays_aboard=leg.stays_aboard)


def format_sketch(sketch: Sketch) -> str:
    """The sketch in one line."""
    places = iter([_escape_place(place) for place in sketch.places])
    body = ""
    for number, leg in enumerate(sketch.legs):
        if number or leg.duration_s is None:
            body += f"{_NEXT if number else ''}{next(places)}{_STAY if leg.stays_aboard else _NEXT}"
        body += _format_leg(leg)
    body += "".join(f"{_NEXT}{place}" for place in places)
    facts = [
        format_time(sketch.departure_s),
        format_time(sketch.arrival_s),
        format_duration(sketch.arrival_s - sketch.departure_s),
        f"Tx{sketch.transfers}",
        *([sketch.fare] if sketch.fare else []),
    ]
    return f"{body} [{' '.join(facts)}]"


def _format_leg(leg: LegSketch) -> str:
    if leg.departure_s is None or leg.arrival_s is None:
        return f"{leg.label} {format_duration(leg.duration_s or 0)}"
    line = f" {_escape(leg.line)}" if leg.line else ""
    return f"{leg.label}{line} {format_time(leg.departure_s)} {format_time(leg.arrival_s)}"


def parse_notation(line: str) -> Sketch:
    """Read a line of notation.

    Raises:
        NotationError: The line is none; the message says where it stops making sense.
    """
    body, bracket, foot = line.strip().rpartition(" [")
    facts = _FOOT.fullmatch(f"[{foot}") if bracket else None
    if facts is None:
        message = f"{line!r} does not end in [departure arrival duration TxN fare], such as [08:06 08:35 29m Tx1]"
        raise NotationError(message)
    legs: list[LegSketch] = []
    places: list[str] = []
    expects_leg = False
    parts = re.split(f"({_NEXT}|{_STAY})", body)
    for sign, part in zip([_NEXT, *parts[1::2]], parts[::2], strict=True):
        leg = _parse_leg(part)
        is_first_walk = not legs and not places and leg is not None and leg.duration_s is not None
        if expects_leg or is_first_walk:
            if leg is None:
                message = f"{part!r} in {line!r} is not a leg: write `Walk 4m` or `BUS 100 08:10 08:24`"
                raise NotationError(message)
            if sign == _STAY and (leg.duration_s is not None or not legs or legs[-1].duration_s is not None):
                message = f"{part!r} in {line!r} stays aboard nothing: ` = ` stands between two vehicles"
                raise NotationError(message)
            legs.append(replace(leg, stays_aboard=sign == _STAY))
            expects_leg = False
        elif sign == _STAY:
            message = f"{part!r} in {line!r} is a place: ` = ` stands before the leg that one stays aboard for"
            raise NotationError(message)
        else:
            places.append(_unescape(part))
            expects_leg = True
    ends = sum(leg.duration_s is None for leg in (legs[:1] + legs[-1:]))
    if not legs or len(places) != len(legs) - 1 + ends:
        message = f"{line!r}: places and legs do not alternate; a vehicle needs a stop on both sides"
        raise NotationError(message)
    return Sketch(
        tuple(legs),
        tuple(places),
        parse_time(facts["begin"]),
        parse_time(facts["end"]),
        int(facts["transfers"]),
        facts["fare"] or "",
    )


def _parse_leg(part: str) -> LegSketch | None:
    move = _MOVE.fullmatch(part)
    if move:
        return LegSketch(move["label"], duration_s=parse_duration(move["duration"]))
    ride = _RIDE.fullmatch(part)
    if ride:
        line = _unescape(ride["line"] or "")
        return LegSketch(ride["label"], line, parse_time(ride["departure"]), parse_time(ride["arrival"]))
    return None


def _escape(text: str) -> str:
    """Keep the notation's own signs out of a name."""
    return re.sub(r"(?<!\S)=(?!\S)", "%3D", text.replace("%", "%25").replace("~", "%7E"))


def _escape_place(text: str) -> str:
    escaped = _escape(text)
    return escaped.replace(" ", "%20") if _parse_leg(escaped) else escaped


def _unescape(text: str) -> str:
    return text.replace("%20", " ").replace("%7E", "~").replace("%3D", "=").replace("%25", "%")


def format_time(seconds: int) -> str:
    """``08:10``, with seconds only where there are some; negative before the service day."""
    sign, rest = ("-", -seconds) if seconds < 0 else ("", seconds)
    tail = f":{rest % 60:02d}" if rest % 60 else ""
    return f"{sign}{rest // 3600:02d}:{rest // 60 % 60:02d}{tail}"


def parse_time(text: str) -> int:
    """The inverse of ``format_time``."""
    sign = -1 if text.startswith("-") else 1
    hours, minutes, *seconds = (int(part) for part in text.lstrip("-").split(":"))
    return sign * (hours * 3600 + minutes * 60 + sum(seconds))


def format_duration(seconds: int) -> str:
    """``1h5m``, ``4m``, ``50s``; nothing that is zero, but ``0s``."""
    parts = (seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s")
    return "".join(f"{amount}{unit}" for amount, unit in parts if amount) or "0s"


def parse_duration(text: str) -> int:
    """The inverse of ``format_duration``."""
    factors = {"h": 3600, "m": 60, "s": 1}
    return sum(int(amount) * factors[unit] for amount, unit in re.findall(r"(\d+)([hms])", text))


def format_fare(fare: tuple[float, str]) -> str:
    """``NT$30``; an unknown currency by its code."""
    amount, currency = fare
    number = f"{amount:.0f}" if amount == int(amount) else f"{amount:.2f}"
    return f"{_SYMBOLS.get(currency, currency)}{number}"
