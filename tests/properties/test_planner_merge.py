"""Feeds that nobody can walk between, in time zones of their own: merged, each is answered as it is alone."""

import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path

from feed_text import feed_folder
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.ingest import read_feed
from gtfs.merge import merge_feeds
from gtfs.service_days import feed_timezone, service_day_start
from mobility.network.build import build_network
from mobility.network.transfers import Walking
from mobility.planner.engine import Engine
from mobility.planner.query import Query, make_ends

HOUR_S = 3600
ZONES = ["Europe/Berlin", "Europe/London", "Asia/Taipei", "Pacific/Kiritimati", "Etc/GMT+12", "America/Los_Angeles"]
SUMMER, WINTER, PLAIN = dt.date(2026, 3, 29), dt.date(2026, 10, 25), dt.date(2026, 7, 15)
OWN_WALKS = Walking(makes_walks=False)
HEAD = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,{zone}
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,{lat},0.000
B,Beta,{lat},0.020
C,Gamma,{lat},0.040
# routes.txt
route_id,route_short_name,route_type
R1,1,3
# calendar_dates.txt
service_id,date,exception_type
"""


@st.composite
def feeds(draw, lat, date):
    """Trips of the days around a date: some of them days long, some in blocks, some by frequencies."""
    dates, trips, times, repeats = [], [], [], []
    for number in range(draw(st.integers(1, 5))):
        trips.append(f"R1,S{number},t{number},{draw(st.sampled_from(['', '', 'b']))}")
        days = draw(st.sets(st.integers(-4, 4), min_size=1, max_size=5))
        dates += [f"S{number},{date + dt.timedelta(day):%Y%m%d},1" for day in sorted(days)]
        clock = draw(st.integers(0, 30)) * HOUR_S
        for position, stop in enumerate(draw(st.lists(st.sampled_from("ABC"), min_size=2, max_size=4)), start=1):
            text = f"{clock // 3600:02d}:{clock // 60 % 60:02d}:00"
            times.append(f"t{number},{text},{text},{stop},{position}")
            clock += draw(st.sampled_from([600, HOUR_S, 5 * HOUR_S, 17 * HOUR_S]))
        if draw(st.integers(0, 4)) == 0:
            repeats.append(f"t{number},20:00:00,{draw(st.integers(21, 50))}:00:00,7200")
    rows = {
        "trips.txt": ["route_id,service_id,trip_id,block_id", *trips],
        "stop_times.txt": ["trip_id,arrival_time,departure_time,stop_id,stop_sequence", *times],
        "frequencies.txt": ["trip_id,start_time,end_time,headway_secs", *repeats],
    }
    head = HEAD.format(zone=draw(st.sampled_from(ZONES)), lat=lat) + "\n".join(dates) + "\n"
    return head + "\n".join(line for name, lines in rows.items() for line in [f"# {name}", *lines])


@st.composite
def pairs(draw):
    """A date, often one on which clocks change, and two feeds."""
    date = draw(st.sampled_from([SUMMER, WINTER, PLAIN])) + dt.timedelta(draw(st.integers(-1, 1)))
    return date, draw(feeds("0.0", date)), draw(feeds("20.0", date))


def list_answers(network, date, ends, window, *, arrive_by=False):
    """All journeys between two stops of an hour range of instants: when, until when, and with how many vehicles."""
    begin, seconds = window
    clock = service_day_start(date, feed_timezone(network.feed))
    at_s = round((begin - clock).total_seconds())
    start, end = (network.schedule.stop_ids.index(stop) for stop in ends)
    query = Query(make_ends([start], [0]), make_ends([end], [0]), at_s, window_s=seconds, arrive_by=arrive_by)
    paths = Engine(network.build_timetable(date)).find_paths(query)
    base = round(clock.timestamp())
    return sorted((base + p.departure_s, base + p.arrival_s, len(p.rides)) for p in paths)


def keep_short(answers):
    """Journeys of 24 hours at most: what a timetable promises to know."""
    return [(departure, arrival, rides) for departure, arrival, rides in answers if arrival - departure <= 24 * HOUR_S]


def weeks_of(feed):
    """The feed alone, all days on one clock; asked on an early day, since what has ended by then is not in it."""
    return replace(build_network(feed, OWN_WALKS), days=tuple(range(-9, 10)), horizon_s=2**30)


@settings(max_examples=120, deadline=None)
@given(pairs())
def test_a_merged_feed_answers_as_each_of_its_feeds_alone(question):
    """Whichever is named first: all that leaves within a day, and all that arrives within the next."""
    date, *texts = question
    read = {}
    for tag, text in zip("xy", texts, strict=True):
        with tempfile.TemporaryDirectory() as folder:
            read[tag] = read_feed(feed_folder(text, Path(folder)))
    alone = {tag: weeks_of(feed) for tag, (feed, _) in read.items()}
    for order in ("xy", "yx"):
        network = build_network(merge_feeds({tag: read[tag] for tag in order})[0], OWN_WALKS)
        zone = feed_timezone(network.feed)
        today, tomorrow, end = (service_day_start(date + dt.timedelta(day), zone) for day in (0, 1, 2))
        leaving = today, round((tomorrow - today).total_seconds())
        arriving = end, round((end - tomorrow).total_seconds()) - 1
        for tag in order:
            merged_ends = f"{tag}:A", f"{tag}:C"
            for window, by in ((leaving, False), (arriving, True)):
                found = list_answers(network, date, merged_ends, window, arrive_by=by)
                expected = list_answers(alone[tag], date - dt.timedelta(2), "AC", window, arrive_by=by)
                assert keep_short(found) == keep_short(expected)
