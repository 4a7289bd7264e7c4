"""Journeys between places on every day of a network: pages of candidates, and the itineraries they become."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mobility.geodesy import great_circle_m
from mobility.itinerary import Itinerary
from mobility.model import Place
from mobility.network.build import Network
from mobility.network.places import distance_between_m
from mobility.planner.access_egress import FARTHEST_S, list_walks, merge_ends
from mobility.planner.candidates import Candidate, Reader, as_walks
from mobility.planner.clocks import Span, split_arrivals, split_departures, tell_on_its_day
from mobility.planner.criteria.restriction import COARSER, NEAR_THE_BEST, NEARER_THE_BEST
from mobility.planner.criteria.risk import risk_of
from mobility.planner.criteria.search import COARSE
from mobility.planner.days import Day, Days
from mobility.planner.doors.between import BikeChanges
from mobility.planner.doors.ends import DoorFinder, Doors, Moment
from mobility.planner.doors.plans import ON_FOOT, Plan
from mobility.planner.doors.streetside import Streetside
from mobility.planner.doors.tell import TellEnds
from mobility.planner.filters import judge
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
WORTH_S = 120
"""A vehicle that brings one to a stop hardly sooner than one's feet is no way to it."""
AHEAD_S = 2 * 3600
NOMINAL_S, NOMINAL_MPS, LONGEST_NOMINAL_S = 600.0, 5.0, 7200.0
"""How long a journey is taken to last, for what may be gone at its other end: only forecasts depend on it."""
FINE_CRITERIA = 2
"""With so many criteria differences count that are small; with more, sets would grow without bound."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One network to travel on, its days, and what their journeys are told with."""

    days: Days
    reconstructor: Reconstructor
    first: dt.date
    last: dt.date
    streets: Streetside | None = None
    make_days: Callable[[Network], Days] | None = None
    """Days of the same routes on a network with other footpaths."""

    def with_changes(self, changes: BikeChanges) -> Ground:
        """The network whose footpaths are partly ridden."""
        if changes.days is None:
            assert self.make_days is not None  # noqa: S101  (who plans changes by bike says how)
            changes.days = self.make_days(changes.network)
        return replace(self, days=changes.days)

    def is_served(self, date: dt.date) -> bool:
        """Whether anything may move on a day: vehicles of the last evening still do on the day after."""
        return self.first - dt.timedelta(1) <= date <= self.last + dt.timedelta(1)

    def list_ends(self, place: Place, max_walk_s: int, day: Day, *, is_egress: bool = False) -> Ends:
        """Stops to begin or end at: the place's own at once, others on foot."""
        network, places = self.reconstructor.network, self.reconstructor.places
        own = places.list_same_place(place)
        walked = network.schedule, network.walking, max_walk_s, day.is_served, network.footpaths.entrances
        walks = list_walks(place.at, *walked, is_egress=is_egress, streets=self.streets)
        parts = [walks, make_ends(own, [0] * len(own))]
        for stop in sorted({int(places.first_copy[stop]) for stop in own}):
            near = day.engine.forward.egress_of(stop) if is_egress else day.engine.forward.access_of(stop)
            is_short = near.seconds <= max_walk_s
            parts.append(Ends(near.stop[is_short], near.seconds[is_short]))
        return merge_ends(*parts)

    def check_near(self, place: Place, field_name: str) -> None:
        """Refuse a door from which nobody reaches a stop, rather than answer with nothing.

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


class _Asked(NamedTuple):
    """The question of one plan in the words of one day. ``doors`` are the ways that are not walked all the way."""

    day: Day
    query: Query
    doors: tuple[Doors | None, Doors | None]


@dataclass(slots=True)
class JourneySearch:
    """One request on its way through the days; ``walk_s`` is how long one walks instead (None: nobody does).

    Every plan is a search of its own, by the same request; ``asked_s`` is when it was asked (POSIX seconds).
    """

    ground: Ground
    request: PlanRequest
    walk_s: int | None = None
    plans: tuple[Plan, ...] = (ON_FOOT,)
    asked_s: float = 0.0
    _queries: dict[tuple[int, int], _Asked] = field(default_factory=dict)
    _ends: dict[tuple[int, bool, DoorFinder | None], tuple[Ends, Doors | None]] = field(default_factory=dict)
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
        if request.at_once:
            return self._find_now(turn.instant_s)
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

    def _find_now(self, instant_s: int) -> Page:
        """What is best for one moment: one search, and what its answers drop of each other."""
        timezone = self.ground.reconstructor.timezone
        if self.request.arrive_by:
            span = split_arrivals(instant_s - 1, instant_s, timezone)[0]
        else:
            span = split_departures(instant_s, instant_s + 1, timezone)[0]
        found: list[Candidate] = []
        for number in range(len(self.plans)) if self.ground.is_served(span.date) else ():
            best = self._fetch_plan(span._replace(window_s=0), number)
            if not best and self.plans[number] is not ON_FOOT:
                # what is best for this moment cannot be had (not yet open, nothing left): the next that can
                later = self._fetch_plan(span._replace(window_s=AHEAD_S), number)
                best = sorted(later, key=lambda j: (j.arrival_s, len(j.vehicles), -j.departure_s))[:1]
                if self.request.arrive_by:
                    best = sorted(later, key=lambda j: (-j.departure_s, len(j.vehicles), j.arrival_s))[:1]
            found += best
        verdicts = judge(found, walk_s=self.walk_s, by_arrival=self.request.arrive_by)
        kept = [journey for journey, rule in zip(found, verdicts, strict=True) if rule is None]
        kept.sort(key=lambda j: (j.departure_s, j.arrival_s, len(j.vehicles)))
        at_s = -instant_s if self.request.arrive_by else instant_s
        return Page(tuple(kept), at_s, at_s + 1, Counter(rule for rule in verdicts if rule is not None))

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
        return [found for number in range(len(self.plans)) for found in self._fetch_plan(span, number)]

    def _fetch_plan(self, span: Span, number: int) -> list[Candidate]:
        plan = self.plans[number]
        day, query, doors = self._ask(span, number)
        if not len(query.access.stop) or not len(query.egress.stop):
            return []
        query = replace(query, at_s=span.at_s, window_s=span.window_s)
        if query.criteria:
            is_many = len(query.criteria) > FINE_CRITERIA
            restriction, steps = (NEARER_THE_BEST, COARSER) if is_many else (NEAR_THE_BEST, COARSE)
            paths = day.criteria.find_paths(query, restriction=restriction, steps=steps)
        else:
            place = self.ground.reconstructor.network.schedule.stop_row
            paths = choose_stops(day.engine, query, day.engine.find_paths(query), place)
        told_with = self.ground.reconstructor
        route, stop_row = told_with.routes.trip_route, told_with.network.schedule.stop_row
        ridden = plan.changes.ridden if plan.changes else None
        reader = Reader(day.engine.timetable, route, stop_row, span.clock_s, number, plan.burden, ridden)
        walks = (
            (_walks_of(doors[0], query.access), _walks_of(doors[1], query.egress)) if doors != (None, None) else None
        )
        found = reader.list_candidates(query, paths, walks)
        return found if plan is ON_FOOT else [journey for journey in found if self._holds(journey, plan, doors)]

    def _holds(self, journey: Candidate, plan: Plan, doors: tuple[Doors | None, Doors | None]) -> bool:
        """Whether what the plan counts on is there at the moments of this journey."""
        path = journey.path
        if plan.access and doors[0]:
            entry = doors[0].find(path.rides[0].board_stop)
            if not plan.access.holds(entry, journey.departure_s, self.asked_s, is_egress=False):
                return False
        if plan.egress and doors[1]:
            entry = doors[1].find(path.rides[-1].alight_stop)
            if not plan.egress.holds(entry, journey.arrival_s - entry.seconds, self.asked_s, is_egress=True):
                return False
        if plan.changes is None:
            return True
        ridden = [
            (one, ride, following)
            for one, (ride, following) in enumerate(pairwise(path.rides))
            if plan.changes.is_ridden(ride.alight_stop, following.board_stop)
        ]
        timetable = self._queries[journey.clock_s, journey.plan].day.engine.timetable
        for _, ride, following in ridden:
            left_s = int(timetable.list_times_of(ride.trip)[0][ride.alight_pos])
            boards_s = int(timetable.list_times_of(following.trip)[1][following.board_pos])
            at_s = float(journey.clock_s + left_s)
            chosen = plan.changes.choose(ride.alight_stop, following.board_stop, at_s, self.asked_s)
            if chosen is None or left_s + chosen[2] > boards_s:
                return False
        return bool(ridden)

    def with_criteria(self, criteria: frozenset[Criterion]) -> JourneySearch:
        """The same question on foot with these criteria; stops at the doors are not looked for again."""
        known = {
            (clock_s, number): asked._replace(query=replace(asked.query, criteria=criteria))
            for (clock_s, number), asked in self._queries.items()
            if number == 0
        }
        request = replace(self.request, criteria=criteria)
        return JourneySearch(self.ground, request, self.walk_s, self.plans[:1], self.asked_s, known)

    def risk_of(self, journey: Candidate) -> int:
        """What its connections cost by the criterion *risk*."""
        day = self._queries[journey.clock_s, journey.plan].day
        return risk_of(journey.path, day.engine.timetable, day.criteria.delays)

    def build_itinerary(self, journey: Candidate) -> Itinerary:
        """What a person is told of a journey of this search, or of the same with other criteria."""
        if journey.key not in self._told:
            day, query, doors = self._queries[journey.clock_s, journey.plan]
            plan, moment = self.plans[journey.plan], Moment(journey.clock_s, self.asked_s)
            way = self.ground.reconstructor
            ends = TellEnds(way.teller, query, self.request.start, self.request.end, plan, doors, moment)
            told = way.build_itinerary(day.engine.timetable, journey.path, ends)
            self._told[journey.key] = tell_on_its_day(told)
        return self._told[journey.key]

    def _ask(self, span: Span, number: int) -> _Asked:
        """The question of a plan in the words of one day."""
        key = span.clock_s, number
        if key not in self._queries:
            request, plan = self.request, self.plans[number]
            day = walked = self.ground.days.get(span.date, request.modes, request.needs)
            if plan.changes is not None:
                day = self.ground.with_changes(plan.changes).days.get(span.date, request.modes, request.needs)
            # not the day with changes by bike: its footpaths are no walks
            access, before = self._list_ends(plan.access, span.clock_s, walked, is_egress=False)
            egress, after = self._list_ends(plan.egress, span.clock_s, walked, is_egress=True)
            query = Query(
                access=access,
                egress=egress,
                at_s=0,
                arrive_by=request.arrive_by,
                max_vehicles=min(MAX_VEHICLES, request.max_transfers + 1),
                limit_s=LONGEST_JOURNEY_S if self.walk_s is None else min(LONGEST_JOURNEY_S, self.walk_s),
                transfer=request.transfer,
                via=self._vias,
                criteria=request.criteria,
            )
            self._queries[key] = _Asked(day, query, (before, after))
        return self._queries[key]

    def _find_door_moment_s(self, *, is_egress: bool) -> float:
        """About when one is at an end (POSIX seconds): at the one that was asked for then, at the other a nominal
        journey later, or earlier.
        """
        at_s, request = self.request.at.timestamp(), self.request
        if is_egress == request.arrive_by:
            return at_s
        way_m = distance_between_m(request.start.at, request.end.at)
        way_s = min(NOMINAL_S + way_m / NOMINAL_MPS, LONGEST_NOMINAL_S)
        return at_s - way_s if request.arrive_by else at_s + way_s

    def _list_ends(
        self, finder: DoorFinder | None, clock_s: int, day: Day, *, is_egress: bool
    ) -> tuple[Ends, Doors | None]:
        """Stops at one end, looked for once for all plans that begin (end) alike."""
        key = clock_s, is_egress, finder
        if key not in self._ends:
            self._ends[key] = self._find_ends(finder, clock_s, day, is_egress=is_egress)
        return self._ends[key]

    def _find_ends(
        self, finder: DoorFinder | None, clock_s: int, day: Day, *, is_egress: bool
    ) -> tuple[Ends, Doors | None]:
        """By a vehicle only those that it reaches clearly sooner than one walks there."""
        request = self.request
        door = request.end if is_egress else request.start
        if finder is None:
            return self.ground.list_ends(door, request.max_walk_s, day, is_egress=is_egress), None
        walks, _ = self._list_ends(None, clock_s, day, is_egress=is_egress)
        # doors are looked for once, for the moment that was asked for, whatever the page: so pages fit together
        at_s = self._find_door_moment_s(is_egress=is_egress)
        found = finder.find(
            door, at_s, self.asked_s, request.ways.longest_s, day.is_served.view(np.uint8), is_egress=is_egress
        )
        row = np.minimum(np.searchsorted(walks.stop, found.stop), max(0, len(walks.stop) - 1))
        on_foot_s = np.full(len(found.stop), FARTHEST_S * 2, np.int64)
        if len(walks.stop):
            is_walk = walks.stop[row] == found.stop
            on_foot_s[is_walk] = walks.seconds[row[is_walk]]
        kept = on_foot_s - found.seconds >= WORTH_S
        found = Doors(*(column[kept] for column in found))
        return found.ends, found


def _walks_of(doors: Doors | None, ends: Ends) -> Mapping[int, int]:
    """The seconds on foot by stop."""
    return as_walks(ends) if doors is None else as_walks(Ends(doors.stop, doors.walking_s))
