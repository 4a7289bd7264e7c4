"""News of a system as it comes, fails, comes late and grows old: the last good one stays, with its age, and then goes."""

import copy
import datetime as dt

import gbfs_town as town
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mobility.bikeshare.state import Freshness
from mobility.sources.gbfs import apply_status, decode, decode_system

NOW = town.NOW
BAD = [None, b"<html>", {"data": None}, {"data": {"stations": None, "vehicles": "all"}}]


def later(seconds):
    """So many seconds after the town's documents."""
    return NOW + dt.timedelta(seconds=seconds)


def of(feed, documents, seconds):
    """One document of a feed, as published so many seconds later."""
    return {feed: {**documents[feed], "last_updated": later(seconds).isoformat()}}


@pytest.mark.parametrize("content", BAD)
def test_bad_news_keeps_the_last_good(content):
    """A status that fails changes no count: it is stale at once, told, and its age grows."""
    state = decode(town.bikes(), now=NOW).state
    assert not state.is_stations_stale
    applied = apply_status(state, {"station_status": content}, now=later(60))
    assert applied.state.states == state.states
    assert applied.state.is_stations_stale
    assert applied.state.stations_age_s == 60
    assert {notice.file for notice in applied.notices} == {"station_status.json"}
    again = apply_status(applied.state, of("station_status", town.bikes(), 90), now=later(91)).state
    assert (again.is_stations_stale, again.stations_age_s) == (False, 1)


@pytest.mark.parametrize("content", BAD)
def test_vehicles_stay_and_go_after_an_hour(content):
    """Vehicles of the last good news stay for an hour of failures, then nobody is sent to them."""
    state = decode(town.mopeds(), now=NOW).state
    for seconds, left in ((60, 5), (3600, 5), (3601, 0)):
        state = apply_status(state, {"vehicle_status": content}, now=later(seconds)).state
        assert len(state.vehicles) == left
        assert state.is_vehicles_stale
        assert state.vehicles_age_s == seconds


def test_stations_fall_to_no_reading():
    """After the limit a station has no reading, and the station itself stays; the limit is configuration."""
    state = decode(town.bikes(), now=NOW, freshness=Freshness(drop_stations_after_s=600)).state
    assert len(state.at(later(600)).states) == 4
    assert state.at(later(601)).states == {}
    assert len(state.at(later(601)).system.stations) == 4


def test_age_alone_makes_news_stale():
    """Without any attempt news is stale after the five minutes that GBFS allows."""
    state = decode(town.bikes(), now=NOW).state
    assert [state.at(later(s)).is_stations_stale for s in (300, 301)] == [False, True]


def test_older_news_does_not_overtake():
    """A cache that answers with an older document changes nothing and is told; nor does news of last year count."""
    state = decode(town.bikes(), now=NOW).state
    old = apply_status(state, of("station_status", town.bikes(), -30), now=later(5))
    assert old.state.states == state.states
    assert old.state.is_stations_stale
    assert [notice.code for notice in old.notices] == ["older_than_known"]
    ancient = decode(town.bikes(), now=later(365 * 86_400))
    assert ancient.state.states == {}
    assert [notice.code for notice in ancient.notices] == ["too_old"]


def test_news_from_the_future_is_of_now():
    """A publisher whose clock is ahead is told; its news counts as of now and not for longer."""
    documents = town.bikes()
    documents["station_status"]["last_updated"] = later(7200).isoformat()
    decoded = decode(documents, now=NOW)
    assert [notice.code for notice in decoded.notices] == ["future_time"]
    assert decoded.state.states_at == NOW


def test_a_station_that_is_missing_keeps_its_own_news():
    """Good news without one station leaves that station's last reading, until it is too old for itself."""
    state = decode(town.bikes(), now=NOW).state
    fewer = copy.deepcopy(town.bikes())
    fewer["station_status"]["data"]["stations"].pop(0)
    for seconds in (1800, 3600, 3601):
        state = apply_status(state, of("station_status", fewer, seconds), now=later(seconds)).state
        assert ("harbour" in state.states) == (seconds <= 3600)
        assert "market" in state.states


def test_a_vehicle_that_is_missing_is_taken():
    """Good news without a vehicle means that somebody rides it."""
    state = decode(town.mopeds(), now=NOW).state
    fewer = copy.deepcopy(town.mopeds())
    fewer["vehicle_status"]["data"]["vehicles"].pop(0)
    state = apply_status(state, of("vehicle_status", fewer, 10), now=later(10)).state
    assert [v.vehicle_id for v in state.vehicles] == ["m2", "m3", "m4", "m5"]


def test_new_master_data_keeps_the_news():
    """When stations are published anew the news of those that remain is kept."""
    state = decode(town.bikes(), now=NOW).state
    fewer = copy.deepcopy(town.bikes())
    fewer["station_information"]["data"]["stations"].pop(0)
    moved = state.with_system(decode_system(fewer).system)
    assert set(moved.states) == {"market", "hill", "park"}


class News(RuleBasedStateMachine):
    """Any course of good, bad, partial and late news."""

    def __init__(self):
        super().__init__()
        self.seconds = 0
        self.state = decode({k: v for k, v in town.bikes().items() if k != "station_status"}, now=NOW).state
        self.known = {}

    @rule(seconds=st.integers(0, 2000))
    def wait(self, seconds):
        """Time goes by."""
        self.seconds += seconds
        self.state = self.state.at(later(self.seconds))

    @rule(docks=st.lists(st.integers(-2, 10), min_size=4, max_size=4), skipped=st.sets(st.integers(0, 3)))
    def publish(self, docks, skipped):
        """News of some stations with some numbers, negative ones among them."""
        documents = of("station_status", town.bikes(), self.seconds)
        stations = copy.deepcopy(documents["station_status"]["data"]["stations"])
        for station, count in zip(stations, docks, strict=True):
            station["num_docks_available"] = count
        kept = [station for n, station in enumerate(stations) if n not in skipped]
        documents["station_status"] = {**documents["station_status"], "data": {"stations": kept}}
        self.state = apply_status(self.state, documents, now=later(self.seconds)).state
        for station in kept:
            count = station["num_docks_available"]
            self.known[station["station_id"]] = (self.seconds, count if count >= 0 else None)

    @rule(content=st.sampled_from(BAD))
    def fail(self, content):
        """News that cannot be read."""
        self.state = apply_status(self.state, {"station_status": content}, now=later(self.seconds)).state
        assert self.state.is_stations_stale

    @precondition(lambda self: self.seconds > 0)
    @rule()
    def fall_back(self):
        """News older than anything known."""
        if self.known and max(at for at, _ in self.known.values()) > 0:
            documents = of("station_status", town.bikes(), 0)
            self.state = apply_status(self.state, documents, now=later(self.seconds)).state

    @invariant()
    def knows_what_was_said_within_the_hour(self):
        """Exactly the last word of each station, no older than an hour."""
        expected = {name: docks for name, (at, docks) in self.known.items() if self.seconds - at <= 3600}
        assert {name: state.docks for name, state in self.state.states.items()} == expected


News.TestCase.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
TestNews = News.TestCase
