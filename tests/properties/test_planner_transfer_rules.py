"""Rules of transfers.txt for routes, trips, stops and stations against a brute force that knows no copies of stops:
it asks the rows of the file anew for every pair of an arriving and a departing trip.
"""

import math
import tempfile
from pathlib import Path

from feed_text import feed_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from town import DATE, VEHICLES, pareto_of

from gtfs.ingest import read_feed
from mobility.geodesy import EARTH_M
from mobility.network.build import build_network
from mobility.network.transfers import Walking
from mobility.planner.engine import Engine
from mobility.planner.query import Query, make_ends

CHANGE_S = 120
STEP = 0.0015
"""Degrees of longitude between stops on the equator."""
SPECIFICITY = ["trip trip", "trip route", "route trip", "trip ", " trip", "route route", "route ", " route", " "]
TIES = {"route trip": "trip route", " trip": "trip ", " route": "route "}


class Town:
    """Stops 0, 1, ... of stations (``parents``), trips as (route, [(stop, minute)]), rows of transfers.txt."""

    def __init__(self, parents, trips, rules):
        self.parents, self.trips, self.rules = parents, trips, rules

    def __repr__(self):
        return f"Town({self.parents}, {self.trips}, {self.rules})"

    def text(self):
        lines = ["# agency.txt\nagency_id,agency_name,agency_url,agency_timezone\nX,X,https://x.org,Etc/UTC"]
        lines += ["# calendar_dates.txt\nservice_id,date,exception_type", f"W,{DATE:%Y%m%d},1"]
        lines += ["# stops.txt\nstop_id,stop_name,stop_lat,stop_lon,location_type,parent_station"]
        lines += [f"{name},{name},0,0,1," for name in sorted(set(self.parents) - {""})]
        lines += [f"{n},{n},0,{n * STEP:.4f},0,{parent}" for n, parent in enumerate(self.parents)]
        lines += ["# routes.txt\nroute_id,agency_id,route_short_name,route_type"]
        lines += [f"{route},X,{route},3" for route in sorted({route for route, _ in self.trips})]
        lines += ["# trips.txt\nroute_id,service_id,trip_id"]
        lines += [f"{route},W,t{n}" for n, (route, _) in enumerate(self.trips)]
        lines += ["# stop_times.txt\ntrip_id,stop_id,stop_sequence,arrival_time,departure_time"]
        for n, (_, calls) in enumerate(self.trips):
            for sequence, (stop, minute) in enumerate(calls):
                clock = f"{8 + minute // 60:02d}:{minute % 60:02d}:00"
                lines.append(f"t{n},{stop},{sequence},{clock},{clock}")
        lines += [
            "# transfers.txt",
            "from_stop_id,to_stop_id,from_route_id,to_route_id,from_trip_id,to_trip_id,transfer_type,min_transfer_time",
        ]
        lines += [",".join(map(str, rule)) for rule in self.rules]
        return "\n".join(lines)

    def network(self):
        with tempfile.TemporaryDirectory() as folder:
            feed, _ = read_feed(feed_folder(self.text(), Path(folder)))
        return build_network(feed, Walking(makes_walks=False), days=(0,))

    def needed_s(self, trip, here, next_trip, there):
        """Seconds from getting off ``trip`` to boarding ``next_trip``, None where one cannot change."""
        best = None
        for number, (a, b, from_route, to_route, from_trip, to_trip, kind, minimum) in enumerate(self.rules):
            if a not in (str(here), self.parents[here]) or b not in (str(there), self.parents[there]):
                continue
            if (from_trip and from_trip != f"t{trip}") or (to_trip and to_trip != f"t{next_trip}"):
                continue
            if not from_trip and from_route and from_route != self.trips[trip][0]:
                continue
            if not to_trip and to_route and to_route != self.trips[next_trip][0]:
                continue
            sides = ["trip" if t else "route" if r else "" for t, r in ((from_trip, from_route), (to_trip, to_route))]
            words = " ".join(sides)
            place = SPECIFICITY.index(TIES.get(words, words)), -(a == str(here)) - (b == str(there)), number
            if best is None or place < best[0]:
                best = place, kind, minimum
        if best is None:
            return CHANGE_S if here == there else None
        walk_s = math.ceil(EARTH_M * math.radians(round(abs(here - there) * STEP, 4)) * 1.3 / 1.33 - 1e-6)
        kind, minimum = best[1:]
        return {
            0: CHANGE_S if here == there else max(CHANGE_S, walk_s),
            1: 0 if here == there else walk_s,
            2: minimum,
            3: None,
        }[kind]

    def earliest(self, origin, target, at_s):
        """Best arrival with 1, 2, ... vehicles."""
        reached = self._board(lambda _, stop, minute: stop == origin and 8 * 3600 + minute * 60 >= at_s)
        goals = []
        for _ in range(VEHICLES):
            goals.append(min((time for _, stop, time in reached if stop == target), default=None))
            reached = self._board(lambda *call, reached=reached: self._may_change(reached, *call))
        return goals

    def _may_change(self, reached, next_trip, there, minute):
        departure = 8 * 3600 + minute * 60
        for trip, here, arrival in reached:
            needed = self.needed_s(trip, here, next_trip, there)
            if needed is not None and arrival + needed <= departure:
                return True
        return False

    def _board(self, may_board):
        """Where one can get off: trip, stop, time."""
        reached = set()
        for trip, (_, calls) in enumerate(self.trips):
            aboard = False
            for stop, minute in calls:
                if aboard:
                    reached.add((trip, stop, 8 * 3600 + minute * 60))
                aboard = aboard or may_board(trip, stop, minute)
        return reached


@st.composite
def towns(draw):
    """Small towns with up to eight rules, most of them about the same few stops."""
    count = draw(st.integers(2, 5))
    parents = [draw(st.sampled_from(["", "S", "Z"])) for _ in range(count)]
    trips = []
    for _ in range(draw(st.integers(2, 7))):
        minute, calls = draw(st.integers(0, 12)), []
        for stop in draw(st.lists(st.integers(0, count - 1), min_size=2, max_size=4)):
            calls.append((stop, minute))
            minute += draw(st.integers(1, 5))
        trips.append((draw(st.sampled_from(["R1", "R2", "R3"])), calls))
    places = st.sampled_from([str(n) for n in range(count)] + sorted(set(parents) - {""}))
    routes = st.sampled_from(["", *sorted({route for route, _ in trips})])
    names = st.sampled_from([""] * 3 + [f"t{n}" for n in range(len(trips))])
    rules = []
    for _ in range(draw(st.integers(0, 8))):
        a, b = draw(places), draw(places)
        trip, next_trip = draw(names), draw(names)
        # a route beside a trip is that of the trip
        route = draw(routes) if not trip else draw(st.sampled_from(["", trips[int(trip[1:])][0]]))
        next_route = draw(routes) if not next_trip else draw(st.sampled_from(["", trips[int(next_trip[1:])][0]]))
        kind = draw(st.sampled_from([0, 1, 2, 2, 2, 3]))
        minimum = draw(st.sampled_from([0, 60, 180, 300])) if kind == 2 else ""
        rules.append((a, b, route, next_route, trip, next_trip, kind, minimum))
    return Town(parents, trips, rules)


def ask(network, origin, target, at_s, **facts):
    """Paths from any copy of a stop to any of another."""
    copies = network.schedule.list_copies()
    access, egress = (make_ends(list(copies[str(stop)]), [0] * len(copies[str(stop)])) for stop in (origin, target))
    query = Query(access, egress, at_s, max_vehicles=VEHICLES, **facts)
    return Engine(network.build_timetable(DATE)).find_paths(query)


@settings(max_examples=300, deadline=None)
@given(towns(), st.integers(0, 15), st.data())
def test_every_pair_of_trips_changes_by_its_most_specific_rule(town, minute, data):
    """Arrivals by number of vehicles are those of a search that reads the rules for every pair of trips."""
    stops = st.integers(0, len(town.parents) - 1)
    origin, target = data.draw(stops), data.draw(stops)
    at_s = 8 * 3600 + minute * 60
    paths = ask(town.network(), origin, target, at_s)
    assert [(len(path.rides), path.arrival_s) for path in paths] == pareto_of(town.earliest(origin, target, at_s))


@settings(max_examples=150, deadline=None)
@given(towns(), st.data())
def test_rules_hold_read_backwards_too(town, data):
    """Arriving by a moment one leaves as late as a search of all moments finds, whatever the rules."""
    stops = st.integers(0, len(town.parents) - 1)
    origin, target = data.draw(stops), data.draw(stops)
    by_s = 8 * 3600 + 60 * data.draw(st.integers(5, 40))
    latest = {}
    for minute in range(40, -1, -1):
        moment = 8 * 3600 + 60 * minute
        for vehicles, goal in enumerate(town.earliest(origin, target, moment), start=1):
            if goal is not None and goal <= by_s:
                latest.setdefault(vehicles, moment)
    expected = [
        (vehicles, moment)
        for vehicles, moment in sorted(latest.items())
        if all(moment > latest[fewer] for fewer in latest if fewer < vehicles)
    ]
    paths = ask(town.network(), origin, target, by_s, arrive_by=True)
    assert [(len(path.rides), path.departure_s) for path in paths] == expected
