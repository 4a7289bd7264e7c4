"""Published feeds with published quirks load, with the counts of the reference data."""

import datetime as dt
import time
from functools import lru_cache
from pathlib import Path

import pytest

from gtfs.ingest import read_feed
from gtfs.service_days import active_services, feed_language, feed_timezone, service_dates
from gtfs.validate import validate

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="the reference data is not beside the checkout"),
]

COUNTS = {
    "saskatoon": (1375, 54, 6277, 129039),
    "poa_eptc": (3986, 115, 2374, 130019),
    # the data's own table says 23 and 1: it counts line ends, and these files have none after the last line
    "poa_trensurb": (24, 2, 1248, 14855),
    "spo": (654, 19, 36, 860),
    "cdmx": (6021, 145, 1741, 70714),
    "bart": (186, 14, 4225, 61853),
}


@lru_cache
def load(name):
    """The feed and what was noticed."""
    return read_feed(DATA / "gtfs" / f"{name}.zip")


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_counts_are_those_of_the_reference_data(name):
    """Stops, routes, trips and stop times are as many as the reference data states."""
    feed, _ = load(name)
    files = ("stops.txt", "routes.txt", "trips.txt", "stop_times.txt")
    assert tuple(len(feed[file]) for file in files) == COUNTS[name]


def test_frequencies_are_read():
    """The two frequency-based feeds have all their frequencies."""
    assert len(load("spo")[0]["frequencies.txt"]) == 704
    assert len(load("cdmx")[0]["frequencies.txt"]) == 1741


def test_quirks_are_noticed_and_tolerated():
    """Saskatoon's order of columns and empty agency_id, Trensurb's blank, Mexico City's BOM and desktop.ini."""
    saskatoon, _ = load("saskatoon")
    assert saskatoon["agency.txt"]["agency_id"].tolist() == [""]
    assert saskatoon["agency.txt"]["agency_name"].tolist() == ["Saskatoon Transit"]
    trensurb, report = load("poa_trensurb")
    assert trensurb["agency.txt"]["agency_name"].tolist() == ["TRENSURB"]
    assert [(n.code, n.file, n.row) for n in report] == [("leading_or_trailing_whitespaces", "agency.txt", 1)]
    cdmx, report = load("cdmx")
    assert cdmx["agency.txt"]["agency_id"][0] == "CC"
    assert [n.file for n in report if n.code == "unknown_file"] == ["desktop.ini"]


def test_service_of_the_reference_days():
    """The service days on which the reference journeys were computed have service."""
    days = {"saskatoon": dt.date(2026, 7, 15), "poa_eptc": dt.date(2019, 5, 14), "cdmx": dt.date(2018, 6, 12)}
    for name, day in days.items():
        feed, _ = load(name)
        first, last = service_dates(feed)
        assert first <= day <= last
        assert active_services(feed, day)
    assert service_dates(load("saskatoon")[0]) == (dt.date(2026, 6, 28), dt.date(2026, 8, 29))


def test_flex_and_fares_are_read():
    """C-TRAN's location groups, booking rules and Fares v2 are all there."""
    feed, report = read_feed(DATA / "gtfs-misc" / "ctran-flex.zip")
    for file in (
        "location_groups.txt",
        "booking_rules.txt",
        "fare_products.txt",
        "fare_leg_rules.txt",
        "fare_media.txt",
    ):
        assert len(feed[file]) > 0, file
    assert report.is_usable
    assert validate(feed, report).is_usable


def test_stations_of_kings_cross_are_read():
    """The station of King's Cross has its 131 stops and 188 pathways."""
    feed, _ = read_feed(DATA / "gtfs-misc" / "pathways")
    assert (len(feed["stops.txt"]), len(feed["pathways.txt"])) == (131, 188)


def test_a_large_feed_is_read_and_checked_in_seconds():
    """0.9 million stop times are read and checked in well under a minute, also on a busy machine."""
    begin = time.perf_counter()
    feed, report = read_feed(DATA / "gtfs" / "kaohsiung.zip")
    report = validate(feed, report)
    assert time.perf_counter() - begin < 40
    assert [len(feed[f"{file}.txt"]) for file in ("stops", "routes", "trips", "stop_times")] == [
        3888,
        279,
        30860,
        898910,
    ]
    assert report.is_usable
    assert (feed_timezone(feed), feed_language(feed)) == ("Asia/Taipei", "")
