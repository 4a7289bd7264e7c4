"""Rules of transfers.txt for routes, trips, stops and stations against a brute force that knows no copies of stops:
it asks the rows of the file anew for every pair of an arriving and a departing trip.
"""

import tempfile
from pathlib import Path

from changes import STEP, needed_s
from feed_text import feed_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from town import DATE, VEHICLES, pareto_of

from gtfs.ingest import read_feed
from mobility.network.build import build_network
from mobility.network.transfers import FORBIDDEN_S, Walking
from mobility.planner.engine import Engine
from mobility.planner.query import Query, make_ends


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
        routes = [route for route, *_ in self.trips]
        return needed_s(self.rules, self.parents, routes, trip, here, next_trip, there)

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
    """Trips from stop 0 to hubs 1 to 3, trips from hubs to stop 4, and rules about the hubs, many for the same trips."""
    parents = ["", *(draw(st.sampled_from(["", "S", "S"])) for _ in range(3)), ""]
    hubs = st.lists(st.integers(1, 3), min_size=1, max_size=2, unique=True)
    trips = []
    for number in range(draw(st.integers(3, 7))):
        is_first = number < 3
        minute, calls = draw(st.integers(0, 3) if is_first else st.integers(3, 12)), []
        for stop in [0, *draw(hubs)] if is_first else [*draw(hubs), 4]:
            calls.append((stop, minute))
            minute += draw(st.integers(1, 4))
        trips.append((draw(st.sampled_from(["R1", "R2", "R3"])), calls))
    places = st.sampled_from(["1", "2", "3", *sorted(set(parents) - {""})])
    routes = st.sampled_from(["", *sorted({route for route, _ in trips})])
    names = st.sampled_from(["", "", *(f"t{n}" for n in range(len(trips)))])
    rules = []
    for _ in range(draw(st.integers(0, 10))):
        start = draw(places)
        end = draw(st.sampled_from([start, start, *"123"]))
        trip, next_trip = draw(names), draw(names)
        # a route beside a trip is that of the trip
        route = draw(st.sampled_from(["", trips[int(trip[1:])][0]]) if trip else routes)
        next_route = draw(st.sampled_from(["", trips[int(next_trip[1:])][0]]) if next_trip else routes)
        kind = draw(st.sampled_from([0, 1, 2, 2, 2, 3]))
        minimum = draw(st.sampled_from([0, 60, 180, 300])) if kind == 2 else ""
        rules.append((start, end, route, next_route, trip, next_trip, kind, minimum))
    return Town(parents, trips, rules)


class Asker:
    """One network, asked from any copy of a stop to any of another."""

    def __init__(self, town):
        network = town.network()
        self.copies = network.schedule.list_copies()
        self.engine = Engine(network.build_timetable(DATE))

    def ask(self, origin, target, at_s, **facts):
        access, egress = (
            make_ends(list(self.copies[str(s)]), [0] * len(self.copies[str(s)])) for s in (origin, target)
        )
        return self.engine.find_paths(Query(access, egress, at_s, max_vehicles=VEHICLES, **facts))

    def list_arrivals(self, origin, target, at_s):
        return [(len(path.rides), path.arrival_s) for path in self.ask(origin, target, at_s)]


@settings(max_examples=300, deadline=None)
@given(towns())
def test_every_change_lasts_what_its_rule_says(town):
    """Between any call of a trip and any of another the network holds the time of the most specific rule, or none."""
    network = town.network()
    schedule, timetable = network.schedule, network.build_timetable(DATE)
    calls = [
        (trip, stop, int(schedule.row_stop[schedule.row_off[trip] + number]))
        for trip, (_, rows) in enumerate(town.trips)
        for number, (stop, _) in enumerate(rows)
    ]
    for trip, here, start in calls:
        for next_trip, there, end in calls:
            held = int(timetable.arrays.change_s[start]) if start == end else timetable.find_footpath_s(start, end)
            held = None if held == FORBIDDEN_S else held
            assert held == town.needed_s(trip, here, next_trip, there), (trip, here, next_trip, there)


@settings(max_examples=150, deadline=None)
@given(towns())
def test_every_pair_of_trips_changes_by_its_most_specific_rule(town):
    """Arrivals by number of vehicles are those of a search that reads the rules for every pair of trips, by RAPTOR and
    trip-based.
    """
    asker = Asker(town)
    moments = [8 * 3600 + minute * 60 for minute in range(4)]
    expected = [pareto_of(town.earliest(0, 4, at_s)) for at_s in moments]
    assert [asker.list_arrivals(0, 4, at_s) for at_s in moments] == expected
    asker.engine.accelerate()
    assert [asker.list_arrivals(0, 4, at_s) for at_s in moments] == expected


@settings(max_examples=100, deadline=None)
@given(towns(), st.integers(10, 25))
def test_rules_hold_read_backwards_too(town, minute):
    """Arriving by a moment one leaves as late as a search of all moments finds, whatever the rules."""
    by_s = 8 * 3600 + 60 * minute
    latest = {}
    for moment in range(8 * 3600 + 180, 8 * 3600 - 1, -60):
        for vehicles, goal in enumerate(town.earliest(0, 4, moment), start=1):
            if goal is not None and goal <= by_s:
                latest.setdefault(vehicles, moment)
    expected = [
        (vehicles, moment)
        for vehicles, moment in sorted(latest.items())
        if all(moment > latest[fewer] for fewer in latest if fewer < vehicles)
    ]
    paths = Asker(town).ask(0, 4, by_s, arrive_by=True)
    assert [(len(path.rides), path.departure_s) for path in paths] == expected
