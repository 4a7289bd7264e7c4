"""What a person asks and what they are told, in instants and places; and whether it can be asked like that."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from mobility.itinerary import Itinerary
from mobility.model import Mode, Place
from mobility.network.needs import NO_NEEDS, Needs
from mobility.planner.filters import Rule
from mobility.planner.notices import Notice
from mobility.planner.options import Option
from mobility.planner.paging import LONGEST_PAGE_S
from mobility.planner.query import AS_THE_TIMETABLE_SAYS, Criterion, TransferTimes
from mobility.planner.refusals import ImpossibleRequest, OutsideService
from mobility.planner.transfer_times import check_transfer_times
from mobility.planner.workspace import MAX_VEHICLES

MOST_ITINERARIES = 256
MOST_VIAS = 4
LONGEST_STAY_S = 24 * 3600
LONGEST_WALK_S = 2 * 3600
_CURSOR = re.compile(r"(EARLIER|LATER)\|(\d{1,10})")


@dataclass(frozen=True, slots=True)
class Stopover:
    """A place to pass on the way, and how long to stay there; 0 lets one remain in the vehicle."""

    place: Place
    stay_s: int = 0


LONGEST_WAY_S = 3600
_ENDS = frozenset({Mode.WALK, Mode.BIKE, Mode.RENTAL, Mode.CAR_PARKING, Mode.CAR_DROPOFF, Mode.ODM, Mode.FLEX})
ACCESS_MODES = _ENDS
EGRESS_MODES = _ENDS - {Mode.BIKE, Mode.CAR_PARKING}
DIRECT_MODES = _ENDS - {Mode.CAR_DROPOFF} | {Mode.CAR}
BETWEEN_MODES = frozenset({Mode.WALK, Mode.RENTAL})
"""What may be asked for to the first stop, from the last, all the way, and between vehicles."""


@dataclass(frozen=True, slots=True)
class Hires:
    """Which shared vehicles: empty sets are any. ``systems`` are ids, the others words of GBFS."""

    systems: frozenset[str] = frozenset()
    form_factors: frozenset[str] = frozenset()
    propulsions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ways:
    """How one gets to the first stop, from the last, between vehicles, and all the way. Walking is always one of
    them. ``longest_s`` limits each way to or from a stop that is not walked, ``longest_direct_s`` those from door to
    door; ``stay_s`` is how long a parked car stays.
    """

    access: frozenset[Mode] = frozenset({Mode.WALK})
    egress: frozenset[Mode] = frozenset({Mode.WALK})
    between: frozenset[Mode] = frozenset({Mode.WALK})
    direct: frozenset[Mode] = frozenset({Mode.WALK})
    hires: Hires = Hires()
    longest_s: int = 1800
    longest_direct_s: int = 1800
    stay_s: int = 8 * 3600


ON_FOOT = Ways()


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a person asks. ``at`` is an aware datetime: the earliest departure, or the latest arrival
    with ``arrive_by``; ``modes`` restricts the vehicles, None allows all.

    A page holds ``itineraries`` journeys, or more where several leave at one moment; ``window_s`` is how far it
    looks at first, and it looks further, up to 24 hours, until there are enough. With ``itineraries`` None it holds
    all of the window, however many. ``page`` is a cursor of an earlier result, the rest of the request unchanged.

    ``at_once`` asks for somebody who leaves (with ``arrive_by``: must be there) at that very moment, so that waiting
    counts: what is best by arrival and changes, and neither window nor number of journeys matters.
    """

    start: Place
    end: Place
    at: dt.datetime
    arrive_by: bool = False
    itineraries: int | None = 5
    window_s: int = 3600
    max_transfers: int = MAX_VEHICLES - 1
    max_walk_s: int = 900
    modes: frozenset[Mode] | None = None
    via: tuple[Stopover, ...] = ()
    transfer: TransferTimes = AS_THE_TIMETABLE_SAYS
    needs: Needs = NO_NEEDS
    criteria: frozenset[Criterion] = frozenset()
    """What to minimise beside departure, arrival and changes."""
    options: bool = False
    """Whether to choose up to five journeys that differ for a reason."""
    page: str = ""
    ways: Ways = ON_FOOT
    at_once: bool = False
    asked_at: dt.datetime | None = None
    """When the person asks, aware: readings age from then, and bookings are still open or not. None is now."""


@dataclass(frozen=True, slots=True)
class PlanResult:
    """``direct`` holds journeys without a vehicle; ``notices`` sentences for people. ``dropped`` counts the journeys
    of this page that each rule of ``filters`` left out.
    """

    itineraries: tuple[Itinerary, ...]
    direct: tuple[Itinerary, ...]
    notices: tuple[Notice, ...]
    options: tuple[Option, ...] = ()
    previous_cursor: str = ""
    next_cursor: str = ""
    dropped: Mapping[Rule, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a page begins (ends, going ``backwards`` in time) on the clock of all days."""

    instant_s: int
    backwards: bool = False


def find_turn(request: PlanRequest) -> Turn:
    """Where the page that is asked for touches the one before: its cursor, or the time asked for."""
    if not request.page:
        return Turn(int(request.at.timestamp()), backwards=request.arrive_by)
    cursor = _CURSOR.fullmatch(request.page)
    if not cursor:
        message = f"{request.page!r} is no cursor: pass on the one of an earlier answer, as it is"
        raise ImpossibleRequest(message, "page")
    return Turn(int(cursor[2]), backwards=cursor[1] == "EARLIER")


def write_cursors(earlier_s: int, later_s: int) -> tuple[str, str]:
    """The cursors of the pages before and after [earlier, later)."""
    return f"EARLIER|{max(0, earlier_s)}", f"LATER|{max(0, later_s)}"


@dataclass(frozen=True, slots=True)
class Service:
    """The days that a timetable covers, for a refusal that names them."""

    name: str
    first: dt.date
    last: dt.date
    timezone: str


def check_request(request: PlanRequest, service: Service) -> None:
    """Refuse at once what no search can answer.

    Raises:
        RequestRefused: The message says what is wrong and what would be right, ``field`` where.
    """
    if request.at.tzinfo is None:
        message = f"{request.at.isoformat()} has no time zone; write for example +08:00 behind it"
        raise ImpossibleRequest(message, "at")
    if request.itineraries is not None:
        _check_within("itineraries", request.itineraries, 1, MOST_ITINERARIES, "the number of journeys")
    _check_within("max_transfers", request.max_transfers, 0, MAX_VEHICLES - 1, "the number of changes")
    _check_within("max_walk_s", request.max_walk_s, 0, LONGEST_WALK_S, "the longest walk, in seconds,")
    if not 0 <= request.window_s <= LONGEST_PAGE_S:
        message = (
            f"a window of {request.window_s / 3600:.10g} hours is too long: 24 hours at most; "
            "for later journeys turn the page"
            if request.window_s > 0
            else f"a window of {request.window_s} seconds: it is 0 to {LONGEST_PAGE_S}"
        )
        raise ImpossibleRequest(message, "window_s")
    _check_within("via", len(request.via), 0, MOST_VIAS, "the number of stops on the way (via)")
    for stopover in request.via:
        what = f"the stay at {stopover.place.name}, in seconds,"
        _check_within("via", stopover.stay_s, 0, LONGEST_STAY_S, what)
    check_transfer_times(request.transfer)
    _check_ways(request)
    _check_date(request, service)


def _check_ways(request: PlanRequest) -> None:
    ways = request.ways
    allowed = {
        "access": (ways.access, ACCESS_MODES, "to the first stop"),
        "egress": (ways.egress, EGRESS_MODES, "from the last stop"),
        "between": (ways.between, BETWEEN_MODES, "between vehicles"),
        "direct": (ways.direct, DIRECT_MODES, "all the way"),
    }
    for name, (asked, known, where) in allowed.items():
        for mode in sorted(asked - known):
            message = f"nobody gets {where} by {mode.value}; known are {', '.join(sorted(known))}"
            raise ImpossibleRequest(message, f"ways.{name}")
    _check_within("ways.longest_s", ways.longest_s, 0, LONGEST_WAY_S, "the longest way to a stop, in seconds,")
    _check_within("ways.stay_s", ways.stay_s, 0, 30 * 24 * 3600, "how long the car is parked, in seconds,")
    longest = "the longest way without public transport, in seconds,"
    _check_within("ways.longest_direct_s", ways.longest_direct_s, 0, LONGEST_PAGE_S, longest)
    if request.asked_at is not None and request.asked_at.tzinfo is None:
        message = f"{request.asked_at.isoformat()} has no time zone; write for example +08:00 behind it"
        raise ImpossibleRequest(message, "asked_at")


def _check_within(field_name: str, value: int, least: int, most: int, what: str) -> None:
    if not least <= value <= most:
        message = f"{what} is {value}; it must be {least} to {most}"
        raise ImpossibleRequest(message, field_name)


def _check_date(request: PlanRequest, service: Service) -> None:
    field_name, instant = "at", request.at
    zone = ZoneInfo(service.timezone)
    try:
        if request.page:
            field_name, instant = "page", dt.datetime.fromtimestamp(find_turn(request).instant_s, zone)
        date = instant.astimezone(zone).date()
    except (OverflowError, OSError, ValueError):  # the years 1 and 9999, where time zones end
        date = instant.date()
    valid = f"it is valid from {service.first} to {service.last}"
    if date > service.last:
        message = (
            f"the timetable of {service.name} ended on {service.last}, before {date} ({valid}): "
            f"ask for a day up to {service.last}, or load a newer feed"
        )
        raise OutsideService(message, field_name)
    if date < service.first:
        message = f"the timetable of {service.name} begins on {service.first}, after {date} ({valid})"
        raise OutsideService(message, field_name)
