"""The journey planner as api and the command see it: places by name, lines, and journeys between places.

Wall-clock instants live only here and beyond; everything below speaks service-day seconds.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from mobility.itinerary import Itinerary
from mobility.model import Coordinate, Mode, Place, PlannerError


class PlaceNotFound(PlannerError):  # noqa: N818  (what is wrong is the name)
    """No stop has this name. The message names the text and the closest stops."""


class OutsideService(PlannerError):  # noqa: N818
    """The date is outside the feed's calendar. The message names the valid range."""


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


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a person asks. ``at`` is an aware datetime: the earliest departure, or the latest arrival
    with ``arrive_by``; ``modes`` restricts the vehicles, None allows all.
    """

    start: Place
    end: Place
    at: dt.datetime
    arrive_by: bool = False
    itineraries: int = 5
    window_s: int = 3600
    max_transfers: int = 7
    max_walk_s: int = 900
    modes: frozenset[Mode] | None = None


@dataclass(frozen=True, slots=True)
class PlanResult:
    """``direct`` holds journeys without a vehicle; ``notices`` sentences for people."""

    itineraries: tuple[Itinerary, ...]
    direct: tuple[Itinerary, ...]
    notices: tuple[str, ...]


class JourneyPlanner:
    """Plans journeys on one feed. Thread-safe; timetables per service day are cached."""

    timezone: str
    name: str
    attribution: str
    languages: tuple[str, ...]
    bounds: tuple[Coordinate, Coordinate]
    centre: Coordinate
    feed_dates: tuple[dt.date, dt.date]

    @classmethod
    def open(cls, city: str, cache_dir: Path | None = None, *, warm: bool = False) -> JourneyPlanner:
        """A city that ships with Changtong, or the path of a GTFS zip or folder; ``warm`` compiles the kernels."""
        raise NotImplementedError

    def plan(self, request: PlanRequest) -> PlanResult:
        """The best journeys, in order of departure (of arrival with ``arrive_by``)."""
        raise NotImplementedError

    def find_place(self, text: str) -> Place:
        """A place by ``lat,lon``, stop id, stop code or stop name.

        Raises:
            PlaceNotFound: No stop fits; the message names the closest.
        """
        raise NotImplementedError

    def geocode(self, text: str, limit: int = 10) -> tuple[Match, ...]:
        """Stops whose name starts with, contains or nearly spells ``text``, best first."""
        raise NotImplementedError

    def stops(self) -> tuple[Place, ...]:
        """Every stop where a vehicle calls."""
        raise NotImplementedError

    def lines(self) -> tuple[Line, ...]:
        """Every route, for a map."""
        raise NotImplementedError
