"""Journeys between places on every day of a network: pages of candidates, and the itineraries they become."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from mobility.geodesy import great_circle_m
from mobility.itinerary import Itinerary
from mobility.model import Place
from mobility.planner.access_egress import FARTHEST_S, list_walks, merge_ends
from mobility.planner.candidates import Candidate, Reader
from mobility.planner.clocks import Span, split_arrivals, split_departures, tell_on_its_day
from mobility.planner.criteria.restriction import COARSER, NEAR_THE_BEST, NEARER_THE_BEST
from mobility.planner.criteria.risk import risk_of
from mobility.planner.criteria.search import COARSE
from mobility.planner.days import Day, Days
from mobility.planner.paging import Page, PageRequest, find_page
from mobility.planner.query import Criterion, Ends, Query, Via, make_ends
from mobility.planner.reconstruct import Reconstructor
from mobility.planner.refusals import NoStopNear
from mobility.planner.request import PlanRequest, find_turn
from mobility.planner.where_to_change import choose_stops
from mobility.planner.workspace import MAX_VEHICLES

LONGEST_JOURNEY_S = 24 * 3600
BLOCK_S = 1800
"""The windows of searches with more criteria."""
FINE_CRITERIA = 2
"""With so many criteria differences count that are small; with more, sets would grow without bound."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One network to travel on, its days, and what their journeys are told with."""

    days: Days
    reconstructor: Reconstructor
    first: dt.date
    last: dt.date

    def is_served(self, date: dt.date) -> bool:
        """Whether anything may move on a day: vehicles of the last evening still do on the day after."""
        return self.first - dt.timedelta(1) <= date <= self.last + dt.timedelta(1)

    def list_ends(self, place: Place, max_walk_s: int, day: Day, *, is_egress: bool = False) -> Ends:
        """Stops to begin or end at: the place's own at once, others on foot."""
        network, places = self.reconstructor.network, self.reconstructor.places
        own = places.list_same_place(place)
        walked = network.schedule, network.walking, max_walk_s, day.is_served, network.footpaths.entrances
        parts = [list_walks(place.at, *walked, is_egress=is_egress), make_ends(own, [0] * len(own))]
        for stop in sorted({int(places.first_copy[stop]) for stop in own}):
            near = day.engine.forward.egress_of(stop) if is_egress else day.engine.forward.access_of(stop)
            is_short = near.seconds <= max_walk_s
            parts.append(Ends(near.stop[is_short], near.seconds[is_short]))
        return merge_ends(*parts)

    def check_near(self, place: Place, field_name: str) -> None:
        """Refuse a door from which nobody reaches a stop, rather than search a day in vain.

        Raises:
            NoStopNear: The message names the nearest stop.
        """
        network, places = self.reconstructor.network, self.reconstructor.places
        if not places.departures.any():
            message = "no vehicle calls at any stop of this timetable: all run on demand, or have no times"
            raise NoStopNear(message, field_name)
        if places.list_same_place(place):
            return
        served = np.flatnonzero(places.departures > 0)
        distance_m = great_circle_m(
            network.schedule.lat[served], network.schedule.lon[served], place.at.lat, place.at.lon
        )
        nearest = int(np.argmin(distance_m))
        if network.walking.duration_s(distance_m[[nearest]])[0] > FARTHEST_S:
            stop = places.stops[int(served[nearest])]
            message = (
                f"no stop within an hour's walk of {place.at.lat:.2f},{place.at.lon:.2f}; "
                f"the nearest is {stop.name}, {distance_m[nearest] / 1000:.0f} km away"
            )
            raise NoStopNear(message, field_name)

    def list_vias(self, request: PlanRequest) -> tuple[Via, ...]:
        """The stops of each place on the way.

        Raises:
            NoStopNear: A place on the way is no stop.
        """
        vias = []
        for stopover in request.via:
            stops = self.reconstructor.places.list_same_place(stopover.place)
            if not stops:
                message = f"{stopover.place.name} is no stop; a place on the way must be one: give its name or its id"
                raise NoStopNear(message, "via")
            rows = tuple(self.reconstructor.network.schedule.stop_row[stops].tolist())
            vias.append(Via(tuple(stops), stopover.stay_s, rows))
        return tuple(vias)


@dataclass(slots=True)
class JourneySearch:
    """One request on its way through the days; ``walk_s`` is how long one walks instead (None: nobody does)."""

    ground: Ground
    request: PlanRequest
    walk_s: int | None = None
    _queries: dict[int, tuple[Day, Query]] = field(default_factory=dict)
    _blocks: dict[int, list[Candidate]] = field(default_factory=dict)
    _told: dict[object, Itinerary] = field(default_factory=dict)
    _vias: tuple[Via, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Find the stops on the way.

        Raises:
            NoStopNear: A place on the way is no stop.
        """
        self._vias = self.ground.list_vias(self.request)

    def find_page(self) -> Page:
        """The journeys of the page that is asked for, in order of departure."""
        request, turn = self.request, find_turn(self.request)
        asked = PageRequest(
            at_s=-turn.instant_s if request.arrive_by else turn.instant_s,
            count=request.itineraries,
            window_s=request.window_s,
            # read backwards, what is later in time comes before
            backwards=turn.backwards != request.arrive_by,
            by_arrival=request.arrive_by,
            walk_s=self.walk_s,
        )
        return find_page(asked, self.fetch)

    def fetch(self, begin_s: int, end_s: int) -> list[Candidate]:
        """All journeys of an interval of the axis (``paging``)."""
        if not self.request.criteria:
            return self._fetch(begin_s, end_s)
        # what is near the plain answer depends on the window: always the same windows, whatever the page
        blocks = range(begin_s // BLOCK_S, -(-end_s // BLOCK_S))
        for block in blocks:
            if block not in self._blocks:
                self._blocks[block] = self._fetch(block * BLOCK_S, (block + 1) * BLOCK_S)
        found = [journey for block in blocks for journey in self._blocks[block]]
        return [journey for journey in found if begin_s <= self.axis_of(journey) < end_s]

    def axis_of(self, journey: Candidate) -> int:
        """Where a journey lies on the axis."""
        return -journey.arrival_s if self.request.arrive_by else journey.departure_s

    def _fetch(self, begin_s: int, end_s: int) -> list[Candidate]:
        timezone = self.ground.reconstructor.timezone
        if self.request.arrive_by:
            spans: Iterable[Span] = split_arrivals(-end_s, -begin_s, timezone)
        else:
            spans = split_departures(begin_s, end_s, timezone)
        return [found for span in spans if self.ground.is_served(span.date) for found in self._fetch_span(span)]

    def _fetch_span(self, span: Span) -> list[Candidate]:
        day, query = self._query_on(span)
        query = replace(query, at_s=span.at_s, window_s=span.window_s)
        if query.criteria:
            is_many = len(query.criteria) > FINE_CRITERIA
            restriction, steps = (NEARER_THE_BEST, COARSER) if is_many else (NEAR_THE_BEST, COARSE)
            paths = day.criteria.find_paths(query, restriction=restriction, steps=steps)
        else:
            place = self.ground.reconstructor.network.schedule.stop_row
            paths = choose_stops(day.engine, query, day.engine.find_paths(query), place)
        return self._reader_of(day, span.clock_s).list_candidates(query, paths)

    def _reader_of(self, day: Day, clock_s: int) -> Reader:
        told_with = self.ground.reconstructor
        route, stop_row = told_with.routes.trip_route, told_with.network.schedule.stop_row
        return Reader(day.engine.timetable, route, stop_row, clock_s)

    def with_criteria(self, criteria: frozenset[Criterion]) -> JourneySearch:
        """The same question with these criteria; stops at the doors are not looked for again."""
        known = {clock_s: (day, replace(query, criteria=criteria)) for clock_s, (day, query) in self._queries.items()}
        return JourneySearch(self.ground, replace(self.request, criteria=criteria), self.walk_s, known)

    def risk_of(self, journey: Candidate) -> int:
        """What its connections cost by the criterion *risk*."""
        day, _ = self._queries[journey.clock_s]
        return risk_of(journey.path, day.engine.timetable, day.criteria.delays)

    def build_itinerary(self, journey: Candidate) -> Itinerary:
        """What a person is told of a journey of this search, or of the same with other criteria."""
        if journey.key not in self._told:
            day, query = self._queries[journey.clock_s]
            start, end = self.request.start, self.request.end
            told = self.ground.reconstructor.build_itinerary(day.engine.timetable, query, journey.path, start, end)
            self._told[journey.key] = tell_on_its_day(told)
        return self._told[journey.key]

    def _query_on(self, span: Span) -> tuple[Day, Query]:
        """The question in the words of one day."""
        if span.clock_s not in self._queries:
            request = self.request
            day = self.ground.days.get(span.date, request.modes, request.needs)
            query = Query(
                access=self.ground.list_ends(request.start, request.max_walk_s, day),
                egress=self.ground.list_ends(request.end, request.max_walk_s, day, is_egress=True),
                at_s=0,
                arrive_by=request.arrive_by,
                max_vehicles=min(MAX_VEHICLES, request.max_transfers + 1),
                limit_s=LONGEST_JOURNEY_S if self.walk_s is None else min(LONGEST_JOURNEY_S, self.walk_s),
                transfer=request.transfer,
                via=self._vias,
                criteria=request.criteria,
            )
            self._queries[span.clock_s] = day, query
        return self._queries[span.clock_s]
