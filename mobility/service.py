"""The journey planner as api and the command see it: places by name, lines, and journeys between places.

Wall-clock instants live only here and beyond; everything below speaks service-day seconds.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from gtfs.feed import Feed
from gtfs.ingest import read_feed
from gtfs.merge import is_source, parse_sources, read_feeds
from gtfs.notices import Notice as FeedNotice
from gtfs.notices import Report, Severity
from gtfs.service_days import feed_language, feed_timezone, service_dates
from mobility.cities import City, ensure_city, find_city
from mobility.emissions import default_factors
from mobility.fares.estimate import list_route_costs
from mobility.fares.table import FareTable
from mobility.itinerary import Itinerary, list_street_prices
from mobility.model import Coordinate, Mode, Place, PlannerError
from mobility.network.accessible import with_walking
from mobility.network.build import Network, build_network
from mobility.network.gazetteer import build_gazetteer
from mobility.network.lines import list_ways
from mobility.network.needs import NO_NEEDS, Needs
from mobility.network.places import build_places, distance_between_m
from mobility.network.routes import build_routes
from mobility.network.shapes import Shapes
from mobility.network.transfers import Walking
from mobility.planner.clocks import date_of, day_begins_s
from mobility.planner.days import NO_DAYS, Days
from mobility.planner.doors.ends import Moment
from mobility.planner.doors.legs import LegTeller
from mobility.planner.doors.plans import Plan
from mobility.planner.doors.streetside import Streetside
from mobility.planner.doors.surroundings import Supply, Surroundings
from mobility.planner.journeys import Ground, JourneySearch
from mobility.planner.notices import list_notices
from mobility.planner.offers import list_options
from mobility.planner.options import Option, Reason
from mobility.planner.paging import Page
from mobility.planner.query import AS_THE_TIMETABLE_SAYS, Criterion, TransferTimes
from mobility.planner.reached import Reached, build_matrix, list_reached
from mobility.planner.reconstruct import Reconstructor
from mobility.planner.refusals import ImpossibleRequest, NoStopNear, OutsideService, RequestRefused
from mobility.planner.request import PlanRequest, PlanResult, Service, Stopover, check_request, write_cursors
from mobility.planner.workspace import MAX_VEHICLES
from mobility.stored import StoredNetwork, is_store, open_store
from mobility.stored.streets import read_streets
from mobility.streets.fallback import WithFallback
from mobility.streets.great_circle import GreatCircle
from mobility.streets.profiles import Profile
from mobility.streets.router import StreetRouter
from mobility.supply import supply_of_city, supply_of_feed

__all__ = [
    "ImpossibleRequest",
    "JourneyPlanner",
    "Line",
    "Match",
    "NoStopNear",
    "Option",
    "OutsideService",
    "PlaceNotFound",
    "PlanRequest",
    "PlanResult",
    "Reached",
    "Reason",
    "RequestRefused",
    "Stopover",
    "default_cache_dir",
]

MOST_CELLS = 10_000
LOG = logging.getLogger(__name__)
RIDDEN: Final = frozenset({Mode.RENTAL, Mode.BIKE})
NOTHING_ELSE: Final = Supply()
UNLINKED, UNLINKED_PLACE = "changtong_stop_without_street", "changtong_place_without_street"
_COORDINATE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*")


class PlaceNotFound(PlannerError):  # noqa: N818  (what is wrong is the name)
    """No stop has this name. The message names the text and the closest stops."""


@dataclass(frozen=True, slots=True)
class Match:
    """One answer of the geocoder; a higher ``score`` is better, 1 is a perfect match."""

    place: Place
    score: float
    modes: tuple[Mode, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A route as drawn on a map: one polyline per distinct way it takes."""

    route_id: str
    short_name: str
    long_name: str
    mode: Mode
    color: str
    geometry: tuple[tuple[Coordinate, ...], ...]
    approximate: str
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Fields of this class by language, as of a ``Ride``."""


class _Side(NamedTuple):
    """A network, and what there is around its stops."""

    ground: Ground
    surroundings: Surroundings


class JourneyPlanner:
    """Plans journeys on one feed. Thread-safe; timetables per service day are cached."""

    def __init__(
        self,
        feed: Feed,
        report: Report,
        city: City | None = None,
        *,
        stored: StoredNetwork | None = None,
        accelerate: bool = False,
        streets: StreetRouter | None = None,
        supply: Supply = NOTHING_ELSE,
    ) -> None:
        """Encode a feed that was read, unless its network is ``stored``; ``city`` adds what a feed does not say,
        ``streets`` real ways to walk, ride and drive, ``supply`` what there is beside public transport.

        ``accelerate`` prepares a large day that is in use for trip-based routing, in a thread of its own: worth it
        where a process answers many questions.
        """
        self.report = report
        self.timezone: str = feed_timezone(feed)
        self.name: str = city.id if city else _name_of(feed)
        own = city.attribution if city else _attribution_of(feed)
        self.attribution: str = ", ".join(filter(None, (own, streets.attribution if streets else "")))
        self.languages: tuple[str, ...] = city.languages if city else _languages_of(feed)
        self.feed_dates: tuple[dt.date, dt.date] = service_dates(feed)
        self.walking = Walking(city.walking_speed_mps, city.walking_detour) if city else Walking()
        self._streets = streets
        self._straight = GreatCircle(
            {Profile.FOOT: self.walking.detour, Profile.WHEELCHAIR: self.walking.detour},
            {
                Profile.FOOT: self.walking.speed_mps,
                Profile.WHEELCHAIR: self.walking.for_wheelchair().speed_mps,
            },
        )
        self._network = stored.network if stored else build_network(feed, self.walking, streets=streets)
        self.report = report.with_notices(_list_findings(self._network))
        self._routes = build_routes(feed)
        self._places = build_places(feed, self._network.schedule)
        self._gazetteer = build_gazetteer(self._places)
        self._shapes = Shapes(feed, self._network.schedule)
        self._emissions = default_factors()
        self._fares = FareTable(feed)
        self._costs = list_route_costs(feed, self._routes.modes, self._emissions)
        self._step_free: _Side | None = None
        self._lock = threading.Lock()
        known_days = stored.days if stored else NO_DAYS
        days = Days(self._network, self._routes, known_days, costs=self._costs, accelerate=accelerate)
        self._supply = supply
        self._side = self._make_side(self._network, days, supply)
        self.report = self.report.with_notices(self._list_unlinked())
        served = [place.at for place in self.stops()] or [place.at for place in self._places.stops]
        if not served:
            message = f"{feed.source}: no stop of stops.txt has a coordinate and a departure; nothing can be planned"
            raise PlannerError(message)
        self.bounds: tuple[Coordinate, Coordinate] = city.bbox if city else _bounds_of(served)
        self.centre: Coordinate = city.centre if city else _middle_of(served)

    @classmethod
    def open(
        cls, city: str, cache_dir: Path | None = None, *, warm: bool = False, accelerate: bool = False
    ) -> JourneyPlanner:
        """A city that ships with Changtong, or the path of a GTFS zip or folder (of several, with commas between) or
        of a network that was built (``changtong network build``); ``warm`` compiles the kernels, ``accelerate`` as
        above.
        """
        path = Path(city).expanduser()
        if is_store(path):
            planner = cls.open_store(path, accelerate=accelerate)
        elif is_source(city):
            planner = cls.open_feed(city, accelerate=accelerate)
        else:
            known = find_city(city)
            files = ensure_city(known, cache_dir or default_cache_dir())
            feed, report = read_feed(files.gtfs)
            supply, notices = supply_of_city(known, files, feed)
            planner = cls(feed, report.with_notices(notices), known, accelerate=accelerate, supply=supply)
        if warm:
            planner.warm_up()
        return planner

    @classmethod
    def open_feed(
        cls, path: Path | str, *, accelerate: bool = False, streets: StreetRouter | None = None
    ) -> JourneyPlanner:
        """The GTFS zip or folder at ``path``; several, with commas between them (``bus.zip,metro.zip`` or
        ``b=bus.zip,m=metro.zip``), are merged.

        Raises:
            FeedUnreadable: There is none, or they cannot be merged.
        """
        feed, report = read_feeds(parse_sources(str(path)))
        supply, notices = supply_of_feed(feed, feed_timezone(feed))
        return cls(feed, report.with_notices(notices), accelerate=accelerate, streets=streets, supply=supply)

    @classmethod
    def open_store(cls, root: Path, *, accelerate: bool = False) -> JourneyPlanner:
        """The network that was built at ``root``: days that it holds answer at once, others are built when asked for.
        Its streets, where it was built with some, are there at once, too.

        Raises:
            StoreError: There is none that can be opened.
        """
        stored = open_store(root)
        feed, city = stored.network.feed, stored.city
        if city is None:
            supply, notices = supply_of_feed(feed, feed_timezone(feed))
        else:
            supply, notices = supply_of_city(city, ensure_city(city, default_cache_dir()), feed)
        known = set(stored.report.notices)
        return cls(
            feed,
            stored.report.with_notices([notice for notice in notices if notice not in known]),
            stored.city,
            stored=stored,
            accelerate=accelerate,
            streets=stored.streets.open_router() if stored.streets else None,
            supply=supply,
        )

    def warm_up(self) -> None:
        """Compile the kernels and build the first day, so that the first person does not wait for it."""
        first, last = self._places.stops[0], self._places.stops[-1]
        noon = dt.datetime.combine(self.feed_dates[0], dt.time(12), ZoneInfo(self.timezone))
        for arrive_by in (False, True):
            self.plan(PlanRequest(first, last, noon, arrive_by=arrive_by))
        self.geocode(first.name)

    def plan(self, request: PlanRequest) -> PlanResult:
        """A page of journeys, in order of departure.

        Raises:
            RequestRefused: The request cannot be answered as asked; ``field`` names what is wrong.
        """
        check_request(request, Service(self.name, *self.feed_dates, self.timezone))
        side = self._side_for(request.needs)
        request = self._with_usable_ways(request)
        ground, plans = side.ground, side.surroundings.list_plans(request.ways)
        asked_s = time.time() if request.asked_at is None else request.asked_at.timestamp()
        walk_s = self._direct_walk_s(request, ground)
        search = JourneySearch(ground, request, walk_s, plans, asked_s)
        page = search.find_page()
        itineraries = tuple(self._fares.with_fare(search.build_itinerary(journey)) for journey in page.journeys)
        direct = (*self._direct(request, walk_s), *self._list_other_direct(request, side, asked_s))
        if walk_s is None and not (itineraries or direct):
            self._check_near(request, ground, plans)
        begin_s, end_s = (-page.end_s, -page.begin_s) if request.arrive_by else (page.begin_s, page.end_s)
        previous_cursor, next_cursor = write_cursors(begin_s, end_s)
        return PlanResult(
            itineraries,
            direct,
            list_notices(
                itineraries,
                walk_s,
                arrive_by=request.arrive_by,
                step_free=request.needs.wheelchair,
                direct=direct,
                is_straight=self._streets is None,
            ),
            self._list_options(search, page) if request.options else (),
            previous_cursor,
            next_cursor,
            page.dropped,
        )

    def reach(
        self,
        place: Place,
        at: dt.datetime,
        minutes: int,
        *,
        arrive_by: bool = False,
        max_transfers: int = MAX_VEHICLES - 1,
        max_walk_s: int = 900,
        modes: frozenset[Mode] | None = None,
        transfer: TransferTimes = AS_THE_TIMETABLE_SAYS,
        needs: Needs = NO_NEEDS,
    ) -> tuple[Reached, ...]:
        """Every stop that is reached from a place (with ``arrive_by``: that reaches it) within so many minutes,
        waiting included, the nearest first.

        Raises:
            RequestRefused: The request cannot be answered as asked.
        """
        asked = PlanRequest(
            place, place, at, arrive_by=arrive_by, max_transfers=max_transfers, max_walk_s=max_walk_s, modes=modes,
            transfer=transfer, needs=needs,
        )  # fmt: skip
        check_request(asked, Service(self.name, *self.feed_dates, self.timezone))
        ground = self._side_for(needs).ground
        ground.check_near(place, "start")
        return list_reached(ground, asked, minutes)

    def matrix(
        self, starts: Sequence[Place], ends: Sequence[Place], at: dt.datetime, *, arrive_by: bool = False
    ) -> tuple[tuple[int | None, ...], ...]:
        """Seconds from each start to each end, waiting included and walking all the way where that is faster; None
        where there is no way within 24 hours.

        Raises:
            RequestRefused: The request cannot be answered as asked.
        """
        if not starts or not ends or len(starts) * len(ends) > MOST_CELLS:
            message = f"a matrix of {len(starts)} x {len(ends)} places; it is 1 x 1 to {MOST_CELLS} cells"
            raise ImpossibleRequest(message, "start")
        asked = PlanRequest(starts[0], ends[0], at, arrive_by=arrive_by)
        check_request(asked, Service(self.name, *self.feed_dates, self.timezone))
        return build_matrix(self._side.ground, asked, starts, ends)

    def _list_options(self, search: JourneySearch, page: Page) -> tuple[Option, ...]:
        options = list_options(search, page, self._price)
        return tuple(replace(option, itinerary=self._fares.with_fare(option.itinerary)) for option in options)

    def _price(self, itinerary: Itinerary) -> dict[Criterion, int]:
        """Hundredths of the currency, where every ride is priced, and grams."""
        price = self._fares.price(itinerary)
        costs = {Criterion.CO2: self._emissions.itinerary_g(itinerary)}
        others = list_street_prices(itinerary)
        if price is None or price.unpriced or any(other is None for other in others):
            return costs
        amount = price.amount + round(100 * sum(other[0] for other in others if other))
        return {**costs, Criterion.PRICE: amount}

    def _list_unlinked(self) -> list[FeedNotice]:
        """Stops and entrances within the extract that no street leads to: nobody walks there from the street."""
        streets = self._side.ground.streets
        if streets is None:
            return []
        stops, count = self._places.stops, len(self._places.stops)
        told = [
            FeedNotice(
                UNLINKED, Severity.WARNING, "stops.txt", 0,
                f"{stops[number].stop_id if number < count else 'an entrance'} is at no street that one can walk"
                f"{'; it is reached by changing only' if number < count else ''}: check its position, or the extract",
            )
            for number in streets.list_unlinked().tolist()
        ]  # fmt: skip
        others = self._side.surroundings.list_unlinked()
        return told + [FeedNotice(UNLINKED_PLACE, Severity.WARNING, "", 0, f"{text}: check it") for text in others]

    def _with_usable_ways(self, request: PlanRequest) -> PlanRequest:
        """Nobody in a wheelchair is sent by bicycle or moped."""
        if not request.needs.wheelchair:
            return request
        ways = request.ways
        kept = (modes - RIDDEN for modes in (ways.access, ways.egress, ways.between, ways.direct))
        access, egress, between, direct = kept
        return replace(request, ways=replace(ways, access=access, egress=egress, between=between, direct=direct))

    def _check_near(self, request: PlanRequest, ground: Ground, plans: tuple[Plan, ...]) -> None:
        """Refuse doors from which nobody walks to a stop, unless something else may bring one there."""
        if all(plan.access is None for plan in plans):
            ground.check_near(request.start, "start")
        if all(plan.egress is None for plan in plans):
            ground.check_near(request.end, "end")

    def accelerate(self, date: dt.date) -> None:
        """Prepare a day for trip-based routing now, rather than in a thread when it has been asked for often."""
        self._side.ground.days.get(date).engine.accelerate(backward=True)

    @property
    def supply(self) -> Supply:
        """What there is beside public transport, as of the last ``take_supply``."""
        return self._supply

    def take_supply(self, supply: Supply) -> None:
        """From now on plan with this; queries that have begun keep what they began with."""
        with self._lock:
            self._supply = supply
            self._side = self._side._replace(surroundings=self._side.surroundings.with_supply(supply))
            if self._step_free is not None:
                surroundings = self._step_free.surroundings.with_supply(supply)
                self._step_free = self._step_free._replace(surroundings=surroundings)

    def _side_for(self, needs: Needs) -> _Side:
        """The network on foot, or the one with step-free ways, which is made when first asked for."""
        if not needs.wheelchair:
            return self._side
        with self._lock:
            if self._step_free is None:
                network = with_walking(self._network, self.walking.for_wheelchair(), self._streets)
                days = Days(network, self._routes, costs=self._costs)
                self._step_free = self._make_side(network, days, self._supply)
            return self._step_free

    def _make_side(self, network: Network, days: Days, supply: Supply) -> _Side:
        router = self._streets or self._straight
        walking = network.walking
        teller = LegTeller(router, self._straight, self._places.stops, walking.profile, walking.speed_mps)
        told_with = Reconstructor(network, self._places, self._routes, self._shapes, self.timezone, teller)
        schedule = network.schedule
        streetside = Streetside(
            router, schedule.lat, schedule.lon, network.footpaths.entrances, foot=teller.foot, foot_mps=teller.foot_mps
        )

        def make_days(changed: Network) -> Days:
            return Days(changed, self._routes, costs=self._costs)

        streets = None if self._streets is None else streetside
        ground = Ground(days, told_with, *self.feed_dates, streets=streets, make_days=make_days)
        return _Side(ground, Surroundings(supply, network, streetside, teller))

    def find_place(self, text: str) -> Place:
        """A place by ``lat,lon``, stop id, stop code or stop name.

        Raises:
            PlaceNotFound: No stop fits; the message names the closest.
            InvalidCoordinate: The coordinate is not on Earth.
        """
        coordinate = _COORDINATE.fullmatch(text)
        if coordinate:
            at = Coordinate(float(coordinate[1]), float(coordinate[2]))
            return Place(f"{at.lat:.5f},{at.lon:.5f}", at)
        place = self._gazetteer.find_exact(text.strip())
        if place is None:
            close = ", ".join(_describe(match.place) for match in self.geocode(text, 5))
            hint = f"Close to it: {close}" if close else "Give a stop name, a stop id or lat,lon"
            message = f"no stop of {self.name} is called {text!r}. {hint}"
            raise PlaceNotFound(message)
        return place

    def geocode(self, text: str, limit: int = 10) -> tuple[Match, ...]:
        """Stops whose name starts with, contains or nearly spells ``text``, best first."""
        found = self._gazetteer.search(text, limit)
        return tuple(Match(place, score, self._modes_at(place)) for score, place in found)

    def stops(self) -> tuple[Place, ...]:
        """Every stop where a vehicle calls."""
        return self._places.list_served()

    def lines(self) -> tuple[Line, ...]:
        """Every route, for a map."""
        return self._lines

    @cached_property
    def _lines(self) -> tuple[Line, ...]:
        ways = list_ways(self._routes, self._network.schedule, self._shapes)
        return tuple(
            Line(r.route_id, r.short_name, r.long_name, mode, r.color, way, r.approximate, r.texts)
            for r, mode, way in zip(self._routes.rides, self._routes.modes, ways, strict=True)
        )

    def _modes_at(self, place: Place) -> tuple[Mode, ...]:
        stops = self._places.list_same_place(place)
        return tuple(sorted(frozenset().union(*(self._places.modes[stop] for stop in stops))))

    def _direct_walk_s(self, request: PlanRequest, ground: Ground) -> int | None:
        """How long one walks all the way; None where that is too far, or there is somewhere to pass."""
        if request.via:
            return None
        longest_s = max(request.ways.longest_direct_s, request.max_walk_s)
        straight_m = distance_between_m(request.start.at, request.end.at)
        walking = ground.reconstructor.network.walking
        if straight_m / walking.speed_mps > longest_s:
            return None
        teller = ground.reconstructor.teller
        seconds = teller.find_walk(request.start, request.end).duration_s
        return seconds if seconds <= longest_s else None

    def _direct(self, request: PlanRequest, walk_s: int | None) -> tuple[Itinerary, ...]:
        if walk_s is None or Mode.WALK not in request.ways.direct:
            return ()
        date, departure_s = self._leave(request, walk_s)
        teller = self._side_for(request.needs).ground.reconstructor.teller
        leg = teller.walk(request.start, request.end, departure_s, walk_s)
        return (Itinerary((leg,), date, self.timezone),)

    def _list_other_direct(self, request: PlanRequest, side: _Side, asked_s: float) -> tuple[Itinerary, ...]:
        """Journeys by one vehicle that is not public transport, the quickest of each kind."""
        if request.via:
            return ()
        found = []
        for finder in side.surroundings.list_direct(request.ways):
            at_s = request.at.timestamp()
            entry = finder.find_direct(request.start, request.end, at_s, asked_s, arrive_by=request.arrive_by)
            if entry is None or entry.seconds > request.ways.longest_direct_s:
                continue
            date, departure_s = self._leave(request, entry.seconds)
            clock_s = day_begins_s(date, self.timezone)
            if not finder.holds(entry, float(clock_s + departure_s), asked_s, is_egress=False):
                continue
            moment = Moment(clock_s, asked_s)
            legs = finder.tell_between(request.start, request.end, entry.first, entry.second, departure_s, moment)
            found.append(Itinerary(tuple(legs), date, self.timezone))
        return tuple(found)

    def _leave(self, request: PlanRequest, duration_s: int) -> tuple[dt.date, int]:
        """The service day and the second of it at which somebody leaves who needs so long."""
        at_s = int(request.at.timestamp()) - (duration_s if request.arrive_by else 0)
        date = date_of(at_s, self.timezone)
        return date, at_s - day_begins_s(date, self.timezone)


def open_streets(path: Path, elevation: Path | None = None) -> WithFallback:
    """The streets of an OpenStreetMap extract; where it ends, straight lines.

    Raises:
        StreetsUnreadable: The file is missing, or not (all of) an extract.
    """
    router, notices = read_streets(path, elevation, lambda _done, _of: None)
    for notice in notices:
        LOG.warning("%s: %s", notice.file, notice.message)
    return router


def default_cache_dir() -> Path:
    """Where built cities are kept: the folder that ``CHANGTONG_CACHE`` names, by default in the home directory."""
    return Path(os.environ.get("CHANGTONG_CACHE") or "~/.cache/changtong").expanduser()


def _list_findings(network: Network) -> tuple[FeedNotice, ...]:
    """What could not be done as the feed says, as notices of it."""
    findings = network.footpaths.findings
    return tuple(FeedNotice(f.code, Severity.WARNING, f.file, 0, f.message) for f in findings)


def _describe(place: Place) -> str:
    english = next((name for language, name in place.names.items() if language.startswith("en")), "")
    facts = " ".join(part for part in (english if english != place.name else "", place.code) if part)
    return f"{place.name} ({facts})" if facts else place.name


def _name_of(feed: Feed) -> str:
    """The agency where there is one, else who publishes the feed, else the file."""
    agencies, publishers = feed["agency.txt"]["agency_name"], feed["feed_info.txt"]["feed_publisher_name"]
    names = [*(agencies if len(agencies) == 1 else []), *publishers, Path(feed.source).stem]
    return next(str(name) for name in names if name)


def _attribution_of(feed: Feed) -> str:
    named = [*feed["attributions.txt"]["organization_name"], *feed["feed_info.txt"]["feed_publisher_name"]]
    agencies = feed["agency.txt"]["agency_name"].tolist()
    return ", ".join(dict.fromkeys(str(name) for name in (named or agencies) if name))


def _languages_of(feed: Feed) -> tuple[str, ...]:
    stated = [feed_language(feed), *feed["translations.txt"]["language"].tolist()]
    return tuple(dict.fromkeys(language for language in stated if language))


def _bounds_of(points: list[Coordinate]) -> tuple[Coordinate, Coordinate]:
    lats, lons = [p.lat for p in points], [p.lon for p in points]
    return Coordinate(min(lats), min(lons)), Coordinate(max(lats), max(lons))


def _middle_of(points: list[Coordinate]) -> Coordinate:
    """The median stop: where most people are, whatever a single far stop does."""
    return Coordinate(float(np.median([p.lat for p in points])), float(np.median([p.lon for p in points])))
