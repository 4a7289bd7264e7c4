"""The live benchmark on a town of two lines: it finishes, nothing fails, and it would see an answer that mixes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from feed_text import feed_zip

from mobility.benchmark.live_day import draw_updates, open_day, rebuild
from mobility.benchmark.problem import BenchmarkError
from mobility.benchmark.replay import find_fault
from mobility.planner.query import Query

CHECKOUT = Path(__file__).parents[2]
HEAD = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,0.00,0.00
B,Beta,0.00,0.02
C,Gamma,0.00,0.04
# routes.txt
route_id,agency_id,route_short_name,route_type
R1,X,1,3
R2,X,2,3
# calendar_dates.txt
service_id,date,exception_type
W,20260715,1
"""


def town():
    """A bus from A to B and one from B to C every ten minutes."""
    trips, times = ["# trips.txt\nroute_id,service_id,trip_id"], ["# stop_times.txt"]
    times.append("trip_id,arrival_time,departure_time,stop_id,stop_sequence")
    for number in range(6 * 6, 22 * 6):
        for line, (start, end), late in (("1", "AB", 0), ("2", "BC", 5)):
            trip, minute = f"{line}-{number}", 10 * number + late
            trips.append(f"R{line},W,{trip}")
            for order, (stop, at) in enumerate(((start, minute), (end, minute + 8))):
                clock = f"{at // 60:02d}:{at % 60:02d}:00"
                times.append(f"{trip},{clock},{clock},{stop},{order}")
    return "\n".join([HEAD, *trips, *times])


def question(engine, start, end):
    """From a stop to a stop, at eight."""
    access, egress = engine.stop_to_stop(start, end)
    return Query(access, egress, 8 * 3600, origin=start, target=end)


def test_an_answer_of_one_state_does_not_fit_another(tmp_path):
    """Replay accepts a path in the state that it came from, and finds the fault in a state with other times."""
    day = open_day(feed_zip(town(), tmp_path / "town.zip"), None)
    states = [rebuild(day, draw_updates(day, seed), seed)[0] for seed in (1, 2)]
    query = question(states[0].engine, 0, 2)
    paths = states[0].engine.find_paths(query)
    assert paths
    assert [find_fault(states[0].snapshot.timetable, query, path) for path in paths] == [""] * len(paths)
    assert all(find_fault(states[1].snapshot.timetable, query, path) for path in paths)
    moved = paths[0]._replace(arrival_s=paths[0].arrival_s - 1)
    assert find_fault(states[0].snapshot.timetable, query, moved) == "it arrives at another time"


def test_a_day_without_service_is_told(tmp_path):
    """The benchmark says when the feed is valid."""
    import datetime as dt

    with pytest.raises(BenchmarkError, match="nothing runs on 2026-07-16; the feed is valid from 2026-07-15"):
        open_day(feed_zip(town(), tmp_path / "town.zip"), dt.date(2026, 7, 16))


def test_the_command_replaces_the_timetable_under_the_questions(tmp_path):
    """Processes ask while states are published: every answer is there, and wholly of one state."""
    gtfs = feed_zip(town(), tmp_path / "town.zip")
    words = ["bench", "live", "--gtfs", str(gtfs), "--rounds", "1", "--seconds", "2", "--processes", "2", "--json"]
    run = subprocess.run(
        [sys.executable, "-m", "api.cli", *words],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert run.returncode == 0, run.stderr
    facts = json.loads(run.stdout)
    assert facts["rebuild"]["runs"] == 192
    load = facts["load"]
    assert (load["failed"], load["mixed"]) == (0, 0)
    assert load["states"] >= 2
    assert load["compared"] > 0
    assert load["swapping"]["queries"] > 0
