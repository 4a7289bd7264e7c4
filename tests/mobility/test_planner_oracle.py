"""The planner against journeys that nigiri, the engine of MOTIS, computed (reference data beside the checkout)."""

import csv
import datetime as dt
import json
from pathlib import Path

import pytest

from gtfs.ingest import read_feed
from mobility.benchmark import list_pairs
from mobility.network.build import build_network
from mobility.network.transfers import Walking
from mobility.planner.engine import Engine
from mobility.planner.query import Query

ORACLE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "oracle"
NAME, DATE = "saskatoon", dt.date(2026, 7, 15)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not ORACLE.is_dir(), reason="no reference data in a folder `shared` beside the checkout"),
]


@pytest.fixture(scope="module")
def day():
    """The oracle's day, and its stops by id."""
    feed, _ = read_feed(ORACLE / f"{NAME}.zip")
    network = build_network(feed, Walking(makes_walks=False), days=(0,))
    return network.build_timetable(DATE), {s: n for n, s in enumerate(network.schedule.stop_ids)}


@pytest.fixture(scope="module", params=["raptor", "trip-based"])
def city(request, day):
    """The engine on the oracle's day by RAPTOR, and accelerated."""
    timetable, stops = day
    engine = Engine(timetable)
    if request.param == "trip-based":
        engine.accelerate(backward=True)
    assert engine.is_accelerated == (request.param == "trip-based")
    return engine, stops


def ask(city, start, end, departure_min, **facts):
    """The paths between two stops of the feed."""
    engine, stops = city
    access, egress = engine.stop_to_stop(stops[start], stops[end])
    at_s = departure_min * 60
    return engine.find_paths(Query(access, egress, at_s, origin=stops[start], target=stops[end], **facts))


def test_all_pairs_have_the_pareto_sets_of_nigiri(city):
    """300 pairs: the same earliest arrivals and the same Pareto sets, no exception."""
    pairs = list_pairs(ORACLE / f"{NAME}_nigiri.csv")
    assert len(pairs) == 300
    for pair in pairs:
        paths = ask(city, pair.start, pair.end, pair.departure_min)
        assert {(p.transfers, p.arrival_s / 60) for p in paths} == pair.recorded


def test_all_ranges_have_the_journeys_of_nigiri(city):
    """300 pairs, two hours each: the same departures, arrivals and transfers."""
    with (ORACLE / f"{NAME}_nigiri.csv").open(encoding="utf-8") as file:
        moments = [int(row["dep_min"]) for row in csv.DictReader(file)]
    ranges = json.loads((ORACLE / f"{NAME}_nigiri_range.json").read_text(encoding="utf-8"))
    for (_, start, end, journeys), moment in zip(ranges, moments, strict=True):
        paths = ask(city, f"s{start}", f"s{end}", moment, window_s=7200)
        assert sorted([p.departure_s / 60, p.arrival_s / 60, p.transfers] for p in paths) == sorted(journeys)


def test_arriving_by_is_the_same_range_read_backwards(city):
    """Whoever asks to arrive by a journey's arrival is never told to leave earlier than that journey does."""
    ranges = json.loads((ORACLE / f"{NAME}_nigiri_range.json").read_text(encoding="utf-8"))
    for _, start, end, journeys in ranges[:60]:
        for departure, arrival, transfers in journeys:
            paths = ask(city, f"s{start}", f"s{end}", arrival, arrive_by=True)
            latest = {p.transfers: p.departure_s / 60 for p in paths}
            best = max(moment for count, moment in latest.items() if count <= transfers)
            assert best == departure


def test_arriving_by_is_the_same_with_raptor_and_trip_by_trip(day):
    """300 pairs read backwards in time, a moment and two hours each: the same journeys by both searches."""
    timetable, stops = day
    accelerated = Engine(timetable)
    accelerated.accelerate(backward=True)
    cities = (Engine(timetable), stops), (accelerated, stops)
    for pair in list_pairs(ORACLE / f"{NAME}_nigiri.csv"):
        for window_s in (0, 7200):
            facts = {"arrive_by": True, "window_s": window_s}
            answers = [ask(city, pair.start, pair.end, pair.departure_min + 60, **facts) for city in cities]
            raptor, trip_based = [[(p.departure_s, p.arrival_s, len(p.rides)) for p in paths] for paths in answers]
            assert raptor == trip_based
