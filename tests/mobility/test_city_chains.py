"""Station timetables become trips without losing, inventing or reordering a departure."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mobility.cities.blocks import link_blocks
from mobility.cities.chains import chain_departures, spread_equal
from mobility.cities.timed_trip import TimedTrip


def test_city_chain_follows_each_train():
    """Two trains through three stations stay two trips."""
    assert chain_departures([(0, 600), (120, 720), (300, 900)], max_hop_s=360) == [
        (0, (0, 120, 300)),
        (0, (600, 720, 900)),
    ]


def test_city_chain_starts_trains_in_the_middle():
    """A departure that no earlier train can explain starts a trip there."""
    assert chain_departures([(600,), (0, 720), (120, 840)], max_hop_s=360) == [(0, (600, 720, 840)), (1, (0, 120))]


def test_city_chain_ends_trains_in_the_middle():
    """A train that the next list does not take up within the longest hop ends there."""
    assert chain_departures([(0, 600), (720,)], max_hop_s=360) == [(0, (0,)), (0, (600, 720))]


@given(
    starts=st.lists(st.integers(0, 2000), max_size=12, unique=True).map(sorted),
    hops=st.lists(st.integers(0, 6), min_size=1, max_size=6),
)
def test_city_chain_finds_evenly_running_trains(starts, hops):
    """Trains that all take the same time from station to station are found again, every one."""
    lists, times = [starts], starts
    for hop in hops:
        times = [t + hop for t in times]
        lists.append(times)
    trips = chain_departures(lists, max_hop_s=6)
    assert [(start, len(found)) for start, found in trips] == [(0, len(lists))] * len(starts)


@given(st.lists(st.lists(st.integers(0, 60), max_size=8).map(sorted), min_size=1, max_size=6))
def test_city_chain_keeps_every_departure_once(lists):
    """Whatever the lists hold, every departure is in exactly one trip, hops are within bounds, none overtakes."""
    trips = chain_departures(lists, max_hop_s=6)
    for station, departures in enumerate(lists):
        found = [t[station - start] for start, t in trips if start <= station < start + len(t)]
        assert sorted(found) == departures
    for _, times in trips:
        assert all(0 <= b - a <= 6 for a, b in pairwise(times))
    for station in range(len(lists) - 1):
        hops = sorted(
            t[station - start : station - start + 2] for start, t in trips if start <= station < start + len(t) - 1
        )
        assert [b for _, b in hops] == sorted(b for _, b in hops)


@given(st.lists(st.integers(0, 90).map(lambda m: m * 60), min_size=1, max_size=12).map(sorted))
def test_city_chain_spreads_equal_minutes_apart(times):
    """Equal minutes become 30 s apart, and a time that stands alone stays as published."""
    spread = spread_equal(times, 30)
    assert all(a < b for a, b in pairwise(spread))
    assert all(found >= time_s for found, time_s in zip(spread, times, strict=True))
    if len(set(times)) == len(times):
        assert spread == tuple(times)


def trip(number, *calls):
    """A trip of one line: (stop, second) per call."""
    stops, times = zip(*calls, strict=True)
    return TimedTrip(str(number), "line", "day", 0, {}, stops, times, times)


def test_city_blocks_link_the_next_departure():
    """A vehicle goes on with the first trip that leaves after it came, when the wait is short."""
    trips = [
        trip(1, ("A", 0), ("B", 50), ("A", 100)),
        trip(2, ("A", 100), ("B", 150), ("A", 200)),
        trip(3, ("A", 450), ("B", 500), ("A", 550)),
    ]
    linked = link_blocks(trips, max_wait_s=240, basis="X")
    assert [t.block_id for t in linked] == ["1", "1", ""]
    assert [t.basis for t in linked] == [{"X"}, {"X"}, set()]


def test_city_blocks_give_a_departure_to_one_vehicle_only():
    """Two vehicles that came before one departure do not both make it."""
    trips = [trip(1, ("B", 0), ("A", 100)), trip(2, ("B", 20), ("A", 110)), trip(3, ("A", 120), ("B", 200))]
    assert [t.block_id for t in link_blocks(trips, max_wait_s=240, basis="X")] == ["1", "", "1"]
