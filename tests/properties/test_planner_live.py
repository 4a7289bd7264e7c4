"""Live days against a brute force: what updates mean, worked out trip by trip without arrays, and searched without
patterns.
"""

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from town import DATE, Town, pareto_of, query_of, questions
from town_feed import town_network

from mobility.live import kernels, overlay
from mobility.live.index import build_index
from mobility.live.overlay import build_overlay
from mobility.live.updates import StopRelation, StopUpdate, TripRelation, TripUpdate
from mobility.planner.engine import Engine
from mobility.planner.live_engine import LiveEngine

NEWS = ("skipped", "nodata", "arrival", "departure", "arrival time", "departure time", "both", "nothing")


@st.composite
def news(draw, town, unit):
    """What is known of some trips: {trip: ("cancelled" | "scheduled", {position: (word, seconds)}, delay)}."""
    told = {}
    for trip in draw(st.sets(st.integers(0, len(town.trips) - 1), max_size=5)):
        if draw(st.integers(0, 7)) == 0:
            told[trip] = "cancelled", {}, None
            continue
        positions = draw(st.sets(st.integers(0, len(town.trips[trip]) - 1), max_size=4))
        late = st.integers(-6, 12).map(lambda minutes: minutes * unit)
        stops = {at: (draw(st.sampled_from(NEWS)), draw(late)) for at in sorted(positions)}
        told[trip] = "scheduled", stops, draw(st.none() | late)
    return told


def to_updates(town, told, names_stops):
    """The same in the planner's words; stops by sequence, or by id where a trip calls there once."""
    updates = []
    for trip, (relation, stops, delay_s) in told.items():
        calls = Counter(row[0] for row in town.trips[trip])
        parts = []
        for at, (word, seconds) in stops.items():
            stop, arrival, departure = town.trips[trip][at][:3]
            name = {"stop_id": str(stop)} if names_stops and calls[stop] == 1 else {"sequence": 10 * at}
            facts = {
                "skipped": {"relation": StopRelation.SKIPPED},
                "nodata": {"relation": StopRelation.NO_DATA},
                "arrival": {"arrival_delay_s": seconds},
                "departure": {"departure_delay_s": seconds},
                "arrival time": {"arrival_s": arrival + seconds, "arrival_delay_s": 7},
                "departure time": {"departure_s": departure + seconds},
                "both": {"arrival_delay_s": seconds, "departure_s": departure + seconds // 2},
                "nothing": {},
            }[word]
            parts.append(StopUpdate(**name, **facts))
        kind = TripRelation.CANCELLED if relation == "cancelled" else TripRelation.SCHEDULED
        updates.append(TripUpdate(f"t{trip}", DATE, kind, tuple(parts), delay_s=delay_s))
    return updates


def really(rows, stops, delay):
    """The rows of a trip as GTFS Realtime has them: [stop, time, is predicted] per event, then put in order."""
    events = []
    delay = delay or 0
    for at, (_, arrival, departure, _, _) in enumerate(rows):
        word, seconds = stops.get(at, ("nothing", 0))
        if word == "nodata":
            delay = 0
        for side, planned in (("arrival", arrival), ("departure", departure)):
            predicted = word.startswith(side) or word == "both"
            if predicted:
                delay = seconds // 2 if word == "both" and side == "departure" else seconds
            events.append((at, planned + delay, predicted))
    events = [event for event in events if stops.get(event[0], ("", 0))[0] != "skipped"]
    times = []
    for number, (_, time, predicted) in enumerate(events):
        later = next((e[1] for e in events[number + 1 :] if e[2]), None)
        gives_way = time if predicted or later is None else min(time, later)
        times.append(max([gives_way, *times[-1:]]))
    real = []
    for number in range(0, len(events), 2):
        stop, _, _, board, alight = rows[events[number][0]]
        real.append((stop, times[number], times[number + 1], board, alight))
    return real


def real_town(town, told):
    """The town as it really is, by position of the trip; None where it does not run."""
    trips = []
    for trip, rows in enumerate(town.trips):
        relation, stops, delay = told.get(trip, ("scheduled", {}, None))
        real = [] if relation == "cancelled" else really(rows, stops, delay) if trip in told else rows
        trips.append(real if len(real) > 1 else None)
    return trips


def list_runs_of(timetable):
    """Every run: trip of the feed, stops, arrivals, departures."""
    runs = []
    for trip in range(timetable.trip_count):
        stops = timetable.list_stops_of(timetable.get_pattern_of(trip)[0])
        arrivals, departures = timetable.list_times_of(trip)
        runs.append((int(timetable.trips.feed_trip[trip]), tuple(stops), tuple(arrivals), tuple(departures)))
    return sorted(runs)


def columns_of(trips):
    """Trips of a town as runs."""
    return sorted(
        (trip, *(tuple(column) for column in list(zip(*rows, strict=True))[:3]))
        for trip, rows in enumerate(trips)
        if rows
    )


@pytest.fixture(scope="module")
def folder():
    """One folder for all examples: a feed is read whole before the next is written."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@settings(max_examples=300, deadline=None)
@given(st.data(), questions(), st.booleans())
def test_a_live_day_is_the_feed_with_the_real_times_written_into_it(folder, data, question, names_stops):
    """Runs, times and answers are those of a town whose trips really run so: late, early, passing stops, cancelled."""
    unit, town, access, egress, at_s = question
    told = data.draw(news(town, unit))
    index = build_index(town_network(town, folder))
    assume(index.network.schedule.stop_ids == tuple(str(n) for n in range(town.stop_count)))
    live = build_overlay(to_updates(town, told, names_stops), index)
    timetable = index.network.build_timetable(DATE, overlay=live)
    assert live.notices == ()
    trips = real_town(town, told)
    assert list_runs_of(timetable) == columns_of(trips)
    real = Town(town.stop_count, [rows for rows in trips if rows], town.walks, town.change_s)
    expected = pareto_of(real.earliest(access, egress, at_s))
    paths = Engine(timetable).find_paths(query_of(access, egress, at_s))
    assert [(len(p.rides), p.arrival_s) for p in paths] == expected
    ridden = {int(timetable.trips.feed_trip[ride.trip]) for path in paths for ride in path.rides}
    assert not any(trips[trip] is None for trip in ridden)


@settings(max_examples=60, deadline=None)
@given(st.data(), questions())
def test_compiled_kernels_apply_updates_as_plain_python(folder, data, question):
    """Numba and the same source as plain Python make the same runs."""
    unit, town, *_ = question
    told = data.draw(news(town, unit))
    index = build_index(town_network(town, folder))
    live = build_overlay(to_updates(town, told, False), index)
    compiled = list_runs_of(index.network.build_timetable(DATE, overlay=live))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("choose_updates", "predict", "restore_order"):
            patch.setattr(kernels, name, getattr(kernels, name).py_func)
        for name in ("match_runs", "update_rows"):
            patch.setattr(overlay, name, getattr(kernels, name).py_func)
        assert list_runs_of(index.network.build_timetable(DATE, overlay=live)) == compiled


@settings(max_examples=60, deadline=None)
@given(st.data(), questions())
def test_a_live_engine_answers_as_planned_until_something_is_said_and_after_it_is_taken_back(folder, data, question):
    """Without updates the very timetable answers; with them a fresh engine's answers; afterwards the timetable again."""
    unit, town, access, egress, at_s = question
    told = data.draw(news(town, unit))
    index = build_index(town_network(town, folder))
    engine, query = LiveEngine(index, DATE), query_of(access, egress, at_s)
    planned = engine.current(0.0)
    assert engine.update([], 1.0).snapshot.timetable is planned.snapshot.timetable
    updates = to_updates(town, told, False)
    state = engine.update(updates, 2.0)
    fresh = Engine(index.network.build_timetable(DATE, overlay=build_overlay(updates, index)), bounds=False)
    told_of = [(len(p.rides), p.arrival_s) for p in state.engine.find_paths(query)]
    assert told_of == [(len(p.rides), p.arrival_s) for p in fresh.find_paths(query)]
    back = [p._replace(departure_s=0) for p in engine.update([], 3.0).engine.find_paths(query)]
    assert back == [p._replace(departure_s=0) for p in planned.engine.find_paths(query)]


@settings(max_examples=60, deadline=None)
@given(st.data(), questions())
def test_an_added_trip_is_one_more_trip(folder, data, question):
    """A town that gets a trip added finds what a town finds that always had it."""
    unit, town, access, egress, at_s = question
    called = sorted({row[0] for trip in town.trips for row in trip})
    stops = data.draw(st.lists(st.sampled_from(called), min_size=2, max_size=4))
    clock, rows = data.draw(st.integers(0, 25)), []
    for stop in stops:
        clock += data.draw(st.integers(0, 5))
        rows.append((stop, clock * unit, clock * unit, 1, 1))
    calls = tuple(
        StopUpdate(str(stop), arrival_s=arrival, departure_s=departure) for stop, arrival, departure, *_ in rows
    )
    index = build_index(town_network(town, folder))
    live = build_overlay([TripUpdate("extra", DATE, TripRelation.ADDED, calls, route_id="r0")], index)
    timetable = index.network.build_timetable(DATE, overlay=live)
    trips = [*(trip if len(trip) > 1 else None for trip in town.trips), rows]
    assert list_runs_of(timetable) == columns_of(trips)
    expected = pareto_of(
        Town(town.stop_count, [*town.trips, rows], town.walks, town.change_s).earliest(access, egress, at_s)
    )
    paths = Engine(timetable).find_paths(query_of(access, egress, at_s))
    assert [(len(p.rides), p.arrival_s) for p in paths] == expected
