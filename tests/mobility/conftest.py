"""A network from a feed as inline text, and the questions that tests ask of it."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from feed_text import feed_folder
from live_words import parse_live

from gtfs.ingest import read_feed
from mobility.itinerary import format_itinerary, parse_time
from mobility.live.index import build_index
from mobility.live.new_trips import tell_new_trips
from mobility.live.overlay import build_overlay
from mobility.model import Coordinate, Mode, Place
from mobility.network.accessible import with_walking
from mobility.network.build import build_network
from mobility.network.needs import Needs
from mobility.network.places import build_places
from mobility.network.routes import build_routes
from mobility.network.shapes import Shapes
from mobility.network.transfers import Walking
from mobility.planner.access_egress import list_walks, merge_ends
from mobility.planner.candidates import Reader
from mobility.planner.criteria.costs import build_ride_costs
from mobility.planner.criteria.search import CriteriaSearch
from mobility.planner.doors.ends import Moment
from mobility.planner.doors.legs import LegTeller
from mobility.planner.doors.plans import ON_FOOT
from mobility.planner.doors.tell import TellEnds
from mobility.planner.engine import Engine
from mobility.planner.filters import judge
from mobility.planner.query import Criterion, Query, TransferTimes, Via, make_ends
from mobility.planner.reconstruct import Reconstructor
from mobility.planner.where_to_change import choose_stops
from mobility.stored import BuildOptions, Source, build_store, open_store
from mobility.streets.great_circle import GreatCircle
from mobility.streets.profiles import Profile

OWN_WALKS = Walking(makes_walks=False)


def build_teller(network, feed):
    """Who tells walks where no street is known."""
    walking = network.walking
    straight = GreatCircle({Profile.FOOT: walking.detour}, {Profile.FOOT: walking.speed_mps})
    return LegTeller(straight, straight, build_places(feed, network.schedule).stops)


class Net:
    """One feed, ready to be asked from stop to stop."""

    def __init__(self, folder, walking=OWN_WALKS, **options):
        self.feed, self.network = self.open(folder, walking, **options)
        self.copies = self.network.schedule.list_copies()
        self.stops = {stop_id: numbers[0] for stop_id, numbers in self.copies.items()}
        self.reconstructor = Reconstructor(
            self.network,
            build_places(self.feed, self.network.schedule),
            build_routes(self.feed),
            Shapes(self.feed, self.network.schedule),
            "Etc/UTC",
            build_teller(self.network, self.feed),
        )

    def open(self, folder, walking, **options):
        feed, _ = read_feed(folder)
        return feed, build_network(feed, walking, **options)

    def timetable(self, date="2026-07-15"):
        return self.network.build_timetable(dt.date.fromisoformat(date))

    def engine(self, timetable):
        return Engine(timetable)

    def live_timetable(self, date, words):
        """The day with live changes, and who tells of trips that no timetable has."""
        day = dt.date.fromisoformat(date)
        overlay = build_overlay(parse_live(words, day), build_index(self.network))
        told = replace(self.reconstructor, routes=tell_new_trips(self.reconstructor.routes, overlay.new_trips))
        return self.network.build_timetable(day, overlay=overlay), told

    def accessible_timetable(self, date):
        """The day for somebody in a wheelchair, and who tells of it."""
        network = with_walking(self.network, self.network.walking.for_wheelchair())
        timetable = network.build_timetable(dt.date.fromisoformat(date), needs=Needs(wheelchair=True))
        return timetable, replace(self.reconstructor, network=network)

    def itineraries(
        self, start, end, at, date="2026-07-15", window_min=0, live="", wheelchair=0, judging=None, **facts
    ):
        if wheelchair:
            timetable, reconstructor = self.accessible_timetable(date)
        else:
            timetable, reconstructor = (
                self.live_timetable(date, live) if live else (self.timetable(date), self.reconstructor)
            )
        engine = self.engine(timetable)
        here, access, origin = self.stand(reconstructor, engine, start, 0)
        there, egress, target = self.stand(reconstructor, engine, end, 1)
        if origin < 0 or target < 0:
            origin = target = -1
        ends = {"origin": origin, "target": target}
        query = Query(access, egress, parse_time(at), window_s=60 * window_min, **ends, **facts)
        search = self.criteria_search(engine, timetable) if query.criteria else engine
        paths = choose_stops(engine, query, search.find_paths(query), reconstructor.network.schedule.stop_row)
        ends = TellEnds(reconstructor.teller, query, here, there, ON_FOOT, (None, None), Moment(0, 0.0))
        told = [reconstructor.build_itinerary(timetable, path, ends) for path in paths]
        if query.criteria:
            return list(zip(told, (path.costs for path in paths), strict=True))
        if judging is None:
            return told
        reader = Reader(timetable, reconstructor.routes.trip_route, reconstructor.network.schedule.stop_row)
        candidates = reader.list_candidates(query, paths)
        return list(zip(told, judge(candidates, **judging, by_arrival=query.arrive_by), strict=True))

    def stand(self, reconstructor, engine, text, side):
        """A stop by its id or a door as lat,lon, at the start (0) or the end (1) of a journey: the place, its ends,
        and the stop from whose bounds those of all ends follow.
        """
        if "," in text:
            at, network = Coordinate(*map(float, text.split(","))), reconstructor.network
            is_served = np.isin(np.arange(engine.timetable.stop_count), engine.timetable.arrays.pat_stop)
            walked = network.schedule, network.walking, 900, is_served, network.footpaths.entrances
            return Place(text, at), list_walks(at, *walked, is_egress=bool(side)), -1
        stop, copies = self.stops[text], list(self.copies[text])
        ends = engine.stop_to_stop(stop, stop)[side]
        if len(copies) == 1:
            return reconstructor.places.stops[stop], ends, stop
        # one is at all copies of a stop at once, which are no footpaths: no bounds follow from one of them
        return reconstructor.places.stops[stop], merge_ends(ends, make_ends(copies, [0] * len(copies))), -1

    def criteria_search(self, engine, timetable):
        """Costs of the golden files: a bus 10.00 and 100 g/km, a tram 20.00 and 50 g/km, all else 20.00 and 20 g/km."""
        types = [
            self.reconstructor.routes.mode_of(int(timetable.trips.feed_trip[n])) for n in timetable.arrays.first_trip
        ]
        price = np.array([1000 if mode is Mode.BUS else 2000 for mode in types], np.int32)
        co2 = np.array([{Mode.BUS: 100.0, Mode.TRAM: 50.0}.get(mode, 20.0) for mode in types])
        schedule = self.network.schedule
        places = schedule.lat, schedule.lon, co2, price, np.zeros(len(types))
        return CriteriaSearch(engine, build_ride_costs(timetable, *places, stop_row=schedule.stop_row))

    def priced(self, start, end, at, **facts):
        """As ``lines``, each journey followed by what it costs."""
        found = self.itineraries(start, end, at, **facts)
        costs = [", ".join(f"{criterion} {amount}" for criterion, amount in paid) for _, paid in found]
        return [f"{format_itinerary(told)} {{{paid}}}" for (told, _), paid in zip(found, costs, strict=True)]

    def judged(self, start, end, at, walk="", **facts):
        """As ``lines``, each journey that a filter drops followed by the rule's name."""
        date = facts.pop("date")
        found = self.itineraries(start, end, at, date, judging={"walk_s": int(walk) * 60 if walk else None}, **facts)
        return [format_itinerary(journey) + (f" {{{rule}}}" if rule else "") for journey, rule in found]

    def lines(self, start, end, at, date="2026-07-15", **facts):
        return [format_itinerary(itinerary) for itinerary in self.itineraries(start, end, at, date, **facts)]

    def ask(self, question):
        """The answers to a question of the golden files: `? FROM TO TIME key=value ...`.

        Keys: date=YYYY-MM-DD, window=minutes, by=1 (TIME is the latest arrival),
        transfer=MINIMUM/ADDITIONAL/FACTOR of changes (seconds), filter=1 (each journey that is dropped with the rule),
        walk=minutes on foot all the way, via=ids of stops to go by way of, stay=minutes at each of them,
        criteria=names (each journey with its costs), live=words of support/live_words.py, wheelchair=1. FROM and TO are ids of stops, or doors as lat,lon.
        """
        _, start, end, at, *settings = question.split()
        given = dict(setting.split("=", 1) for setting in settings)
        facts = {
            "date": given.pop("date", "2026-07-15"),
            "window_min": int(given.pop("window", 0)),
            "arrive_by": bool(int(given.pop("by", 0))),
            "live": given.pop("live", ""),
            "wheelchair": int(given.pop("wheelchair", 0)),
        }
        if "via" in given:
            places = given.pop("via").split(",")
            stays = given.pop("stay", ",".join("0" * len(places))).split(",")
            pairs = zip(places, stays, strict=True)
            facts["via"] = tuple(Via(tuple(self.copies[place]), 60 * int(stay)) for place, stay in pairs)
        if "criteria" in given:
            facts["criteria"] = frozenset(Criterion(name) for name in given.pop("criteria").split(","))
        if "transfer" in given:
            minimum, additional, factor = given.pop("transfer").split("/")
            facts["transfer"] = TransferTimes(int(minimum), int(additional), float(factor))
        if given.pop("filter", ""):
            return self.judged(start, end, at, given.pop("walk", ""), **facts)
        assert not given, f"{question}: nobody reads {', '.join(given)}"
        return (self.priced if "criteria" in facts else self.lines)(start, end, at, **facts)


class StoredNet(Net):
    """The same feed from a network that was built and is read from its files, some days with their engines."""

    def __init__(self, folder, root, dates):
        self.root, self.dates = root, sorted(map(dt.date.fromisoformat, dates))
        super().__init__(folder)

    def open(self, folder, walking):
        build_store(
            Source(str(folder), folder, walking=walking), self.root, BuildOptions(self.dates[0], self.dates[-1])
        )
        stored = open_store(self.root)
        self.days = stored.days
        return stored.network.feed, stored.network

    def timetable(self, date="2026-07-15"):
        day = self.days.get(dt.date.fromisoformat(date))
        return day.timetable if day else super().timetable(date)

    def engine(self, timetable):
        day = self.days.get(timetable.service_date)
        return day.open_engine() if day and day.timetable is timetable else super().engine(timetable)


@pytest.fixture
def stored_net(tmp_path):
    """Build a network from text, and open what was written; `stored_net(text, ["2026-07-15"])`."""

    def build(text, dates):
        return StoredNet(feed_folder(text, tmp_path / "feed"), tmp_path / "network", dates)

    return build


@pytest.fixture
def net(tmp_path):
    """Build a network from text; `net(text, days=(0,))`."""

    def build(text, walking=OWN_WALKS, **options):
        folder = tmp_path / f"feed{len(list(tmp_path.iterdir()))}"
        return Net(feed_folder(text, folder), walking, **options)

    return build
