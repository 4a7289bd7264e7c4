"""All that a search knows, at once: staying aboard, rules of transfers.txt, live changes, vias, longer changes, several
doors, windows and both directions of time, against a brute force that lists rides and asks the rows of the feed.
"""

import math
import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from changes import STEP, needed_s
from feed_text import feed_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from town import DATE

from gtfs.ingest import read_feed
from mobility.live.index import build_index
from mobility.live.updates import StopRelation, StopUpdate, TripRelation, TripUpdate
from mobility.network.build import build_network
from mobility.network.stays import MAX_PORTIONS, MAX_STAYS
from mobility.network.transfers import Walking
from mobility.planner.engine import Engine
from mobility.planner.live_engine import LiveEngine
from mobility.planner.query import AS_THE_TIMETABLE_SAYS, Query, TransferTimes, Via, make_ends
from mobility.planner.refusals import ImpossibleRequest

BEGIN_S = 8 * 3600


@dataclass
class Town:
    """Stops 0, 1, ... of stations (``parents``), trips as (route, block, [(stop, minute)]), rows of transfers.txt,
    and what is live: minutes late by trip, trips cancelled, (trip, sequence) passed.
    """

    parents: list
    trips: list
    rules: list
    linked: list
    parted: list
    late: dict = field(default_factory=dict)
    cancelled: set = field(default_factory=set)
    passed: set = field(default_factory=set)

    def text(self):
        lines = ["# agency.txt\nagency_id,agency_name,agency_url,agency_timezone\nX,X,https://x.org,Etc/UTC"]
        lines += ["# calendar_dates.txt\nservice_id,date,exception_type", f"W,{DATE:%Y%m%d},1"]
        lines += ["# stops.txt\nstop_id,stop_name,stop_lat,stop_lon,location_type,parent_station"]
        lines += [f"{name},{name},0,0,1," for name in sorted(set(self.parents) - {""})]
        lines += [f"{n},{n},0,{n * STEP:.4f},0,{parent}" for n, parent in enumerate(self.parents)]
        lines += ["# routes.txt\nroute_id,agency_id,route_short_name,route_type"]
        lines += [f"{route},X,{route},3" for route in sorted({trip[0] for trip in self.trips})]
        lines += ["# trips.txt\nroute_id,service_id,trip_id,block_id"]
        lines += [f"{route},W,t{n},{block}" for n, (route, block, _) in enumerate(self.trips)]
        lines += ["# stop_times.txt\ntrip_id,stop_id,stop_sequence,arrival_time,departure_time"]
        for n, (_, _, calls) in enumerate(self.trips):
            for sequence, (stop, minute) in enumerate(calls):
                clock = f"{8 + minute // 60:02d}:{minute % 60:02d}:00"
                lines.append(f"t{n},{stop},{sequence},{clock},{clock}")
        lines += [
            "# transfers.txt",
            "from_stop_id,to_stop_id,from_route_id,to_route_id,from_trip_id,to_trip_id,transfer_type,min_transfer_time",
        ]
        lines += [",".join(map(str, rule)) for rule in self.rules]
        lines += [f",,,,t{a},t{b},4," for a, b in self.linked] + [f",,,,t{a},t{b},5," for a, b in self.parted]
        return "\n".join(lines)

    def network(self):
        with tempfile.TemporaryDirectory() as folder:
            feed, _ = read_feed(feed_folder(self.text(), Path(folder)))
        return build_network(feed, Walking(makes_walks=False), days=(0,))

    def updates(self):
        touched = sorted({*self.late, *self.cancelled, *(trip for trip, _ in self.passed)})
        return [
            TripUpdate(f"t{n}", DATE, TripRelation.CANCELLED)
            if n in self.cancelled
            else TripUpdate(
                f"t{n}",
                DATE,
                TripRelation.SCHEDULED,
                tuple(
                    StopUpdate(sequence=sequence, relation=StopRelation.SKIPPED)
                    for trip, sequence in sorted(self.passed)
                    if trip == n
                ),
                delay_s=60 * self.late.get(n, 0),
            )
            for n in touched
        ]

    def really(self, trip):
        """The calls of a trip as (stop, seconds); none where it does not run."""
        calls = [
            (stop, BEGIN_S + 60 * (minute + self.late.get(trip, 0)))
            for number, (stop, minute) in enumerate(self.trips[trip][2])
            if (trip, number) not in self.passed
        ]
        return calls if len(calls) > 1 and trip not in self.cancelled else []

    def needed_s(self, trip, here, next_trip, there):
        """Seconds from getting off ``trip`` to boarding ``next_trip``, None where one cannot change."""
        routes = [route for route, *_ in self.trips]
        return needed_s(self.rules, self.parents, routes, trip, here, next_trip, there)

    def list_next(self, trip):
        """The trips that a vehicle goes on with, by the planned times."""
        calls = [calls for _, _, calls in self.trips]

        def may_follow(after):
            return calls[trip][-1][1] <= calls[after][0][1] and (trip, after) not in self.parted

        linked = [after for before, after in self.linked if before == trip and may_follow(after)]
        if not linked and self.trips[trip][1]:
            mates = [n for n, (_, block, _) in enumerate(self.trips) if block == self.trips[trip][1]]
            mates.sort(key=lambda n: (calls[n][0][1], calls[n][-1][1], n))
            mates = mates[mates.index(trip) + 1 :][:1]
            linked = [n for n in mates if may_follow(n) and calls[trip][-1][0] == calls[n][0][0]]
        return [after for after in linked if self.really(after)][:MAX_PORTIONS]

    def list_rides(self):
        """All rides: trip boarded, stop, departure, and what follows: trip, stop, arrival, in order."""
        for trip in range(len(self.trips)):
            calls = self.really(trip)
            for number, (stop, departure) in enumerate(calls[:-1]):
                own = [(trip, *call) for call in calls[number + 1 :]]
                for ride in self._stay(own, MAX_STAYS):
                    yield trip, stop, departure, ride

    def _stay(self, ride, times):
        following = self.list_next(ride[-1][0]) if times else []
        if not following:
            yield ride
        for after in following:
            _, last_stop, ended = ride[-1]
            calls = self.really(after)
            late_s = max(0, ended - calls[0][1])
            begin = calls[0][0] == last_stop
            yield from self._stay([*ride, *((after, s, time + late_s) for s, time in calls[begin:])], times - 1)

    def list_journeys(self, query):
        """All as (latest departure, arrival, vehicles); ``query`` has the doors by stops, vias and transfer times."""
        rides = [(trip, stop, leaves, ride) for trip, stop, leaves, ride in self.list_rides()]
        via, found = query.via, set()
        states = {}  # (trip, stop, arrival, vias visited): latest departure
        for number in range(query.vehicles):
            arrived = {}
            for trip, stop, leaves, ride in rides:
                for seen, latest in list(self._begin(query, trip, stop, leaves, states, is_first=not number)):
                    passed = seen
                    for call in ride:
                        while passed < len(via) and not via[passed][1] and via[passed][0] == call[1]:
                            passed += 1
                        state = *call, passed
                        arrived[state] = max(latest, arrived.get(state, latest))
            states = arrived
            for (_, stop, time, seen), latest in states.items():
                if stop in query.egress:
                    for visited, stay_s in visits(via, seen, stop):
                        if visited == len(via):
                            found.add((latest, time + stay_s + query.egress[stop], number + 1))
        return found

    def _begin(self, query, trip, stop, leaves, states, *, is_first):
        """(vias visited, latest departure from the door) of whoever can board here."""
        if is_first:
            if stop in query.access:
                for seen, stay_s in visits(query.via, 0, stop):
                    yield seen, leaves - stay_s - query.access[stop]
            return
        for (before, here, time, seen), latest in states.items():
            needed_s = self.needed_s(before, here, trip, stop)
            if needed_s is None:
                continue
            needed_s = query.longer(needed_s)
            for visited, stay_s in visits(query.via, seen, here):
                if here == stop:
                    if time + max(needed_s, stay_s) <= leaves:
                        yield visited, latest
                    continue
                for also, longer_s in visits(query.via, visited, stop):
                    if time + stay_s + needed_s + longer_s <= leaves:
                        yield also, latest


def visits(via, seen, stop):
    """The numbers of vias that can be visited after a stay at a stop, and how long the stay is."""
    stay_s = 0
    yield seen, 0
    while seen < len(via) and via[seen][0] == stop:
        stay_s += via[seen][1]
        seen += 1
        yield seen, stay_s


@dataclass(frozen=True)
class Question:
    """Doors by stop, vias as (stop, stay), and how long changes take."""

    access: dict
    egress: dict
    via: tuple
    transfer: TransferTimes
    vehicles: int

    def longer(self, seconds):
        minimum, additional, factor = self.transfer
        return max(minimum, math.ceil(seconds * factor - 1e-9) + additional)

    def to_query(self, copies, **facts):
        """The question in the planner's words: every copy of a stop."""
        ends = (
            make_ends(
                [copy for stop in door for copy in copies[str(stop)]],
                [seconds for stop, seconds in door.items() for _ in copies[str(stop)]],
            )
            for door in (self.access, self.egress)
        )
        via = tuple(
            Via(tuple(copies[str(stop)]), stay_s, (stop,) * len(copies[str(stop)])) for stop, stay_s in self.via
        )
        return Query(*ends, via=via, transfer=self.transfer, max_vehicles=self.vehicles, **facts)


def list_best(journeys):
    """Those that no other beats or equals in all three."""
    return {
        one
        for one in journeys
        if not any(o != one and o[0] >= one[0] and o[1] <= one[1] and o[2] <= one[2] for o in journeys)
    }


def expect(journeys, at_s, window_s, *, arrive_by):
    """What a search has to answer."""
    if arrive_by:
        mirrored = expect({(-a, -d, k) for d, a, k in journeys}, -at_s, window_s, arrive_by=False)
        return sorted((-a, -d, k) for d, a, k in mirrored)
    later = {journey for journey in journeys if journey[0] >= at_s}
    if not window_s:
        return sorted(list_best({(at_s, arrival, k) for _, arrival, k in later}))
    return sorted(journey for journey in list_best(later) if journey[0] < at_s + window_s)


def told(paths):
    """What counts of paths."""
    return sorted((path.departure_s, path.arrival_s, len(path.rides)) for path in paths)


def build_town(rng):
    """Trips between five stops, many of which go on as the next; rules about all of it; a day that is not as planned.

    Drawn from a seed, since small examples, which hypothesis likes, have hardly a journey that changes.
    """
    parents = [rng.choice(["", "S", "S"]) for _ in range(5)]
    trips, linked = [], []

    def add(calls, minute, block):
        times = []
        for stop in calls:
            times.append((stop, minute))
            minute += rng.randint(1, 4)
        trips.append((rng.choice(["R1", "R2", "R3"]), block, times))

    for _ in range(rng.randint(3, 6)):
        add(rng.choices(range(5), k=rng.randint(2, 4)), rng.randint(0, 15), rng.choice(["", "", "A", "B"]))
        for _ in range(rng.choice([0, 0, 1, 2])):
            before = len(trips) - 1
            route, block, times = trips[before]
            is_row = rng.random() < 0.25
            if is_row:
                linked.append((before, before + 1))
            elif not block:
                block = f"C{before}"
                trips[before] = (route, block, times)
            begins = rng.randrange(5) if is_row else times[-1][0]
            add([begins, *rng.choices(range(5), k=rng.randint(1, 2))], times[-1][1] + rng.randint(0, 3), block)
    pairs = [tuple(rng.sample(range(len(trips)), 2)) for _ in range(rng.choice([0, 0, 1, 2]))]
    parted = [tuple(rng.sample(range(len(trips)), 2)) for _ in range(rng.choice([0, 0, 1, 2]))]
    town = Town(parents, trips, build_rules(rng, parents, trips), list(dict.fromkeys([*linked, *pairs])), parted)
    if rng.random() < 0.6:
        town.late = {n: rng.randint(-4, 8) for n in rng.sample(range(len(trips)), rng.randint(0, 3))}
        town.cancelled = set(rng.sample(range(len(trips)), rng.choice([0, 0, 1])))
        passed = [(rng.randrange(len(trips)), rng.randint(0, 2)) for _ in range(rng.choice([0, 0, 1, 2]))]
        town.passed = {(trip, call) for trip, call in passed if call < len(trips[trip][2])}
    return town


def build_rules(rng, parents, trips):
    """Rows of transfers.txt between stops and stations, many for the same trips."""
    places = [*"01234", *sorted(set(parents) - {""})]
    routes = ["", *sorted({trip[0] for trip in trips})]
    names = ["", "", "", *(f"t{n}" for n in range(len(trips)))]
    rules = []
    for _ in range(rng.randint(0, 10)):
        start = rng.choice(places)
        end = rng.choice([start, start, *"01234"])
        trip, next_trip = rng.choice(names), rng.choice(names)
        # a route beside a trip is that of the trip
        route = rng.choice(["", trips[int(trip[1:])][0]] if trip else routes)
        next_route = rng.choice(["", trips[int(next_trip[1:])][0]] if next_trip else routes)
        kind = rng.choice([0, 1, 2, 2, 2, 2, 3])
        minimum = rng.choice([0, 60, 180, 300]) if kind == 2 else ""
        rules.append((start, end, route, next_route, trip, next_trip, kind, minimum))
    return rules


def build_question(rng):
    """A question about five stops."""

    def door():
        return {stop: rng.choice([0, 60, 150]) for stop in rng.sample(range(5), rng.choice([1, 1, 2]))}

    via = tuple((rng.randrange(5), rng.choice([0, 0, 60, 240])) for _ in range(rng.choice([0, 0, 1, 1, 2, 3])))
    transfer = AS_THE_TIMETABLE_SAYS
    if rng.random() < 0.3:
        transfer = TransferTimes(rng.choice([0, 90, 200]), rng.choice([0, 60]), rng.choice([1.0, 1.5, 2.0]))
    return Question(door(), door(), via, transfer, rng.choice([1, 2, 3, 4, 4]))


class Searches:
    """The engine of a town as it really runs, and every other way to the same answers."""

    def __init__(self, town):
        self.town, network = town, town.network()
        self.copies = network.schedule.list_copies()
        live = LiveEngine(build_index(network), DATE)
        state = live.update(town.updates(), 1.0)
        assert not [notice for notice in state.snapshot.notices if "call" not in notice.code]
        self.live, timetable = state.engine, state.snapshot.timetable
        self.plain = Engine(timetable, bounds=False, trip_based=False)
        self.fast = Engine(timetable, all_pairs=True)
        self.fast.accelerate(backward=True)

    def list_answers(self, query):
        yield "live", told(self.live.find_paths(query))
        yield "plain", told(self.plain.find_paths(query))
        yield "trip-based", told(self.fast.find_paths(query))
        yield "criteria", told(self.fast.criteria.find_paths(query))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_every_search_finds_what_the_rows_of_the_feed_allow(seed):
    """RAPTOR, trip-based, with more criteria and live: the journeys of the brute force, whatever comes together."""
    rng = random.Random(seed)
    searches = Searches(build_town(rng))
    for _ in range(8):
        question, arrive_by, window_s = build_question(rng), rng.random() < 0.4, rng.choice([0, 0, 60, 600, 3000])
        at_s = BEGIN_S + 60 * (rng.randint(20, 45) if arrive_by else rng.randint(-5, 12))
        expected = expect(searches.town.list_journeys(question), at_s, window_s, arrive_by=arrive_by)
        query = question.to_query(searches.copies, at_s=at_s, window_s=window_s, arrive_by=arrive_by)
        for name, answer in searches.list_answers(query):
            assert answer == expected, (name, searches.town, question, query)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"max_vehicles": 9}, "max_vehicles .* 9; it must be 1 to 8"),
        ({"max_vehicles": 0}, "max_vehicles .* 0;"),
        ({"at_s": 2**31}, "at_s .* 2147483648"),
        ({"at_s": -(2**31)}, "at_s"),
        ({"window_s": -1}, "window_s .* -1; it must be 0 "),
        ({"window_s": 2**31}, "window_s"),
        ({"limit_s": 2**31}, "limit_s"),
    ],
)
def test_numbers_that_kernels_have_no_room_for_are_refused(facts, told):
    """A ninth vehicle or a time beyond the integers is an error that names the number, never a write past an array."""
    with pytest.raises(ImpossibleRequest, match=told):
        Query(make_ends([0], [0]), make_ends([1], [0]), **{"at_s": 0, **facts})
