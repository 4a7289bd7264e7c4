"""Snapshots: what is in use stays whole, and good, until something better is there."""

import datetime as dt
import shutil

import pytest

from mobility.live.index import build_index
from mobility.live.snapshot import Freshness, UpdatesRefused
from mobility.live.updates import StopUpdate, TripRelation, TripUpdate
from mobility.network.store import StoreError
from mobility.network.versions import CURRENT
from mobility.planner.live_engine import LiveEngine
from mobility.planner.live_store import SnapshotPublisher, SnapshotReader
from mobility.planner.query import Query

DATE = dt.date(2026, 7, 15)
FEED = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,0.00,0.00
B,Beta,0.00,0.02
# routes.txt
route_id,agency_id,route_short_name,route_type
R1,X,1,3
# calendar_dates.txt
service_id,date,exception_type
W,20260715,1
# trips.txt
route_id,service_id,trip_id
R1,W,t1
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
t1,08:00:00,08:00:00,A,1
t1,08:10:00,08:10:00,B,2
"""
ARRIVAL_S = 8 * 3600 + 600


@pytest.fixture
def live(net):
    """A day with one bus, from A to B."""
    return LiveEngine(build_index(net(FEED).network), DATE, freshness=Freshness(stale_s=60, dropped_s=300))


def late(seconds):
    """The bus is so many seconds late."""
    return [TripUpdate("t1", DATE, delay_s=seconds)]


def arrivals(state):
    """When one arrives in B."""
    access, egress = state.engine.stop_to_stop(0, 1)
    return [path.arrival_s for path in state.engine.find_paths(Query(access, egress, 7 * 3600, origin=0, target=1))]


def test_every_update_makes_a_snapshot_of_its_own_and_old_ones_still_answer(live):
    """Who holds a snapshot gets its answers, whatever has come since."""
    planned = live.current(0.0)
    first, second = live.update(late(60), 10.0), live.update(late(120), 20.0)
    assert [state.snapshot.sequence for state in (planned, first, second)] == [0, 1, 2]
    assert live.current(20.0) is second
    assert [arrivals(state) for state in (planned, first, second)] == [[ARRIVAL_S + late_s] for late_s in (0, 60, 120)]


def test_updates_that_are_none_leave_the_old_ones_in_use(live):
    """What is no trip update is refused with a reason; the snapshot before stays, and the next good one counts on."""
    first = live.update(late(60), 10.0)
    with pytest.raises(UpdatesRefused, match="the ones before stay in use"):
        live.update([{"trip": "t1"}], 20.0)
    with pytest.raises(UpdatesRefused, match="the ones before stay in use"):
        live.update([TripUpdate("t1", DATE, stops=(StopUpdate("A", arrival_s="8 o'clock"),))], 20.0)
    assert live.current(20.0) is first
    assert live.update(late(0), 30.0).snapshot.sequence == 2


def test_old_data_is_called_stale_and_at_last_dropped(live):
    """After a while people are told that it is old; after longer the timetable answers again."""
    state = live.update(late(60), 1000.0)
    freshness = Freshness(stale_s=60, dropped_s=300)
    assert [state.snapshot.is_stale(1000.0 + age, freshness) for age in (0, 60, 61)] == [False, False, True]
    assert arrivals(live.current(1300.0)) == [ARRIVAL_S + 60]
    assert arrivals(live.current(1301.0)) == [ARRIVAL_S]
    assert not live.current(1301.0).snapshot.is_live


def test_a_cancelled_day_has_no_answers_and_no_errors(live):
    """When nothing runs any more the answer is empty."""
    assert arrivals(live.update([TripUpdate("t1", DATE, TripRelation.CANCELLED)], 1.0)) == []


def test_a_faster_bus_is_found_although_the_planned_bounds_say_it_cannot_be(live):
    """Bounds of the planned day are given up where a vehicle is faster than planned."""
    quick = [TripUpdate("t1", DATE, stops=(StopUpdate("B", arrival_delay_s=-540),))]
    assert arrivals(live.update(quick, 1.0)) == [ARRIVAL_S - 540]


@pytest.fixture
def store(live, tmp_path):
    """A publisher and a reader of one folder."""
    planned = live.current(0.0).engine.prepare(backward=False)
    folder = tmp_path / "live"
    return SnapshotPublisher(folder, planned, "net"), SnapshotReader(folder, planned, "net"), folder


def test_a_reader_has_each_state_as_soon_as_it_is_published(live, store):
    """A reader finds nothing, then every state in turn, answers the same as the writer, and keeps what it holds."""
    publisher, reader, folder = store
    assert reader.latest() is None
    seen = []
    for number, seconds in enumerate((60, 120, -30, 0, 90), start=1):
        updates = (
            late(seconds) if seconds >= 0 else [TripUpdate("t1", DATE, stops=(StopUpdate("B", arrival_s=29_000),))]
        )
        state = live.update(updates, float(number))
        publisher.publish(state)
        found = reader.latest()
        assert found.snapshot.sequence == number
        assert found.snapshot.as_of == float(number)
        assert reader.latest() is found
        assert arrivals(found) == arrivals(state)
        seen.append((found, arrivals(found)))
    assert len([entry for entry in folder.iterdir() if entry.is_dir()]) == 2
    assert [arrivals(state) for state, _ in seen] == [expected for _, expected in seen]


def test_trips_that_were_added_travel_with_the_state(live, store):
    """A reader can tell riders what an added trip is."""
    publisher, reader, _ = store
    calls = StopUpdate("A", departure_s=7 * 3600), StopUpdate("B", arrival_s=7 * 3600 + 60)
    added = TripUpdate("x1", DATE, TripRelation.ADDED, calls, route_id="R1", headsign="Beta at once")
    publisher.publish(live.update([added], 1.0))
    found = reader.latest()
    assert arrivals(found) == [7 * 3600 + 60]
    assert [(trip.trip_id, trip.route, trip.headsign) for trip in found.snapshot.new_trips] == [
        ("x1", 0, "Beta at once")
    ]


def test_a_state_of_another_network_is_refused(live, store):
    """Stop numbers of one network mean nothing in another."""
    publisher, _, folder = store
    publisher.publish(live.update(late(60), 1.0))
    other = SnapshotReader(folder, live.current(1.0).engine.prepare(backward=False), "another net")
    with pytest.raises(StoreError, match="another network"):
        other.latest()


def test_the_last_good_state_stays_when_the_next_cannot_be_read(live, store):
    """A pointer to nothing, or a damaged state, is a problem that is told; answers go on."""
    publisher, reader, folder = store
    publisher.publish(live.update(late(60), 1.0))
    good = reader.latest()
    (folder / "aside").write_text("no-such-version\n", encoding="utf-8")
    (folder / "aside").replace(folder / CURRENT)
    assert reader.latest() is good
    assert "no-such-version" in reader.problem
    assert arrivals(good) == [ARRIVAL_S + 60]
    publisher.publish(live.update(late(120), 2.0))
    assert arrivals(reader.latest()) == [ARRIVAL_S + 120]
    assert reader.problem == ""


def test_half_a_state_is_never_seen(live, store):
    """What a writer that died has left beside is not looked at, and the next writer clears it away."""
    publisher, reader, folder = store
    publisher.publish(live.update(late(60), 1.0))
    shutil.copytree(folder / "0000000001", folder / ".writing")
    (folder / ".writing" / "arrays.bin").write_bytes(b"")
    assert reader.latest().snapshot.sequence == 1
    publisher.publish(live.update(late(120), 2.0))
    assert reader.latest().snapshot.sequence == 2
    assert not (folder / ".writing").exists()
