"""One timetable is enough for a day: whoever leaves on it, or arrives on the next, is answered as on one of weeks."""

import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path

from feed_text import feed_folder
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.ingest import read_feed
from mobility.network.build import build_network
from mobility.network.transfers import Walking
from mobility.planner.clocks import day_begins_s
from mobility.planner.engine import Engine
from mobility.planner.query import Query, make_ends

HOUR_S = 3600
STOPS = "ABCD"
SUMMER, WINTER, PLAIN = dt.date(2026, 3, 29), dt.date(2026, 10, 25), dt.date(2026, 7, 15)
HEAD = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Europe/Berlin
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,0.000,0.000
B,Beta,0.000,0.020
C,Gamma,0.000,0.040
D,Delta,0.000,0.060
# routes.txt
route_id,route_short_name,route_type
R1,1,3
"""


@st.composite
def feeds(draw):
    """A date, often one on which clocks change, and trips of the days around it, some of them days long."""
    date = draw(st.sampled_from([SUMMER, WINTER, PLAIN])) + dt.timedelta(draw(st.integers(-1, 1)))
    dates, trips, times, repeats = [], [], [], []
    for number in range(draw(st.integers(2, 7))):
        block = draw(st.sampled_from(["", "", "b"]))
        trips.append(f"R1,S{number},t{number},{block}")
        days = draw(st.sets(st.integers(-4, 3), min_size=1, max_size=4))
        dates += [f"S{number},{date + dt.timedelta(day):%Y%m%d},1" for day in sorted(days)]
        clock = draw(st.integers(0, 30)) * HOUR_S
        for position, stop in enumerate(draw(st.lists(st.sampled_from(STOPS), min_size=2, max_size=4)), start=1):
            text = f"{clock // 3600:02d}:{clock // 60 % 60:02d}:00"
            times.append(f"t{number},{text},{text},{stop},{position}")
            clock += draw(st.sampled_from([600, HOUR_S, 5 * HOUR_S, 17 * HOUR_S]))
        if draw(st.integers(0, 4)) == 0:
            repeats.append(f"t{number},20:00:00,{draw(st.integers(21, 50))}:00:00,7200")
    rows = {
        "calendar_dates.txt": ["service_id,date,exception_type", *dates],
        "trips.txt": ["route_id,service_id,trip_id,block_id", *trips],
        "stop_times.txt": ["trip_id,arrival_time,departure_time,stop_id,stop_sequence", *times],
        "frequencies.txt": ["trip_id,start_time,end_time,headway_secs", *repeats],
    }
    return date, HEAD + "\n".join(line for name, lines in rows.items() for line in [f"# {name}", *lines])


def facts(engine, at_s, window_s, *, arrive_by):
    """All journeys from A to D of a window, 24 hours long at most."""
    query = Query(make_ends([0], [0]), make_ends([3], [0]), at_s, window_s=window_s, arrive_by=arrive_by)
    return sorted((path.departure_s, path.arrival_s, len(path.rides)) for path in engine.find_paths(query))


@settings(max_examples=120, deadline=None)
@given(feeds())
def test_a_day_is_whole(question):
    """By departure at any moment of the day, and by arrival at any moment of the next: as with weeks of service."""
    date, text = question
    with tempfile.TemporaryDirectory() as folder:
        feed, _ = read_feed(feed_folder(text, Path(folder)))
    network = build_network(feed, Walking(makes_walks=False))
    weeks = replace(network, days=tuple(range(-9, 10)), horizon_s=2**30)
    one, all_of = (Engine(each.build_timetable(date)) for each in (network, weeks))
    # from noon minus 12 h to the next: the day *before* clocks change is the one of 23 or 25 hours
    begins_s = [day_begins_s(date + dt.timedelta(days), "Europe/Berlin") for days in (0, 1, 2)]
    day_s, next_s = begins_s[1] - begins_s[0], begins_s[2] - begins_s[1]
    assert facts(one, 0, day_s, arrive_by=False) == facts(all_of, 0, day_s, arrive_by=False)
    until_s = min(day_s + next_s, 49 * HOUR_S)
    assert facts(one, until_s, until_s - 24 * HOUR_S, arrive_by=True) == facts(
        all_of, until_s, until_s - 24 * HOUR_S, arrive_by=True
    )
