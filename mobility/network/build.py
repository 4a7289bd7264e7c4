"""From a checked feed to the timetable of a date.

What does not depend on the date (encoded trips, footpaths) is made once per network; a timetable takes
about a tenth of a second more.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gtfs.feed import Feed
from mobility.network.blocks import NO_RULES, StayRules, read_stay_rules
from mobility.network.clocks import TripClocks, read_clocks
from mobility.network.needs import NO_NEEDS, Needs, keep_usable
from mobility.network.patterns import fill_times, order_runs
from mobility.network.runs import Runs, keep_routes, list_near_days, list_runs
from mobility.network.schedule import Schedule, encode_schedule
from mobility.network.stays import Following, Rows, keep_aboard, link_runs
from mobility.network.timetable import Arrays, Ints, Timetable, TripTable, index_boardings
from mobility.network.transfer_rules import split_stops
from mobility.network.transfers import Footpaths, Walking, build_footpaths
from mobility.streets.router import StreetRouter

DEFAULT_WALKING = Walking()
HORIZON_S = 49 * 3600
"""A day on which clocks are set back, and 24 hours on the way from its last moment."""


class Overlay(Protocol):
    """What is different on one service day (``mobility.live``): rows appended to the schedule, runs re-pointed
    to them, left out or added. Never changes what it is given.
    """

    def apply(self, schedule: Schedule, runs: Runs, date: dt.date) -> tuple[Schedule, Runs]:
        """The schedule and the runs as they really are."""


@dataclass(frozen=True, slots=True)
class Network:
    """A feed made ready. ``days`` are the service days merged into one timetable: what still moves of those before,
    this day, and of the next day what leaves before ``horizon_s``.

    Who leaves at any moment of the day and is 24 hours on the way is answered exactly; so is, on the clock of the
    day before, who arrives at any moment of a day.
    """

    feed: Feed
    schedule: Schedule
    footpaths: Footpaths
    walking: Walking
    clocks: TripClocks
    days: tuple[int, ...] = (-1, 0, 1)
    horizon_s: int = HORIZON_S
    stay_rules: StayRules = NO_RULES

    def build_timetable(
        self,
        date: dt.date,
        allowed_routes: Ints | None = None,
        overlay: Overlay | None = None,
        needs: Needs = NO_NEEDS,
    ) -> Timetable:
        """The timetable of a service day; ``allowed_routes`` is a flag per line of routes.txt."""
        schedule = self.schedule
        runs = list_runs(self.feed, schedule, self.clocks, date, days=self.days, horizon_s=self.horizon_s)
        # before any run is taken away: what a vehicle does between two trips is known only of all of them
        links = link_runs(self.stay_rules, schedule, runs)
        if allowed_routes is not None:
            runs = keep_routes(self.feed, runs, allowed_routes)
        if overlay is not None:
            schedule, runs = overlay.apply(schedule, runs, date)
        schedule, runs = keep_usable(self.feed, schedule, runs, needs)
        if links is None:
            return assemble(schedule, self.footpaths, runs, date)
        rows, runs, following = keep_aboard(schedule, runs, links)
        return assemble(rows, self.footpaths, runs, date, following)


def build_network(
    feed: Feed,
    walking: Walking = DEFAULT_WALKING,
    *,
    days: tuple[int, ...] | None = None,
    horizon_s: int = HORIZON_S,
    streets: StreetRouter | None = None,
) -> Network:
    """Encode a feed and make its footpaths, along ``streets`` where they are known. ``days`` are by default those of
    which something may run on a date.
    """
    schedule, rules = split_stops(feed, encode_schedule(feed))
    footpaths, stay_rules = build_footpaths(feed, schedule, walking, rules, streets), read_stay_rules(feed, schedule)
    clocks = read_clocks(feed)
    days = list_near_days(schedule, clocks, horizon_s) if days is None else days
    return Network(feed, schedule, footpaths, walking, clocks, days, horizon_s, stay_rules)


def assemble(
    schedule: Schedule | Rows, footpaths: Footpaths, runs: Runs, date: dt.date, following: Following | None = None
) -> Timetable:
    """The arrays of the runs, pattern by pattern; ``following`` says what each goes on with."""
    order, run_off = order_runs(schedule, runs.trip, runs.shift_s)
    runs = Runs(*(column[order] for column in runs))
    trips = TripTable(runs.feed_trip, runs.day, runs.shift_s, *_pack_following(following, order))
    heads = runs.trip[run_off[:-1]]  # one run of every pattern
    lengths = np.diff(schedule.row_off)[heads]
    pat_trips = np.diff(run_off).astype(np.int32)
    pat_off, time_off = _running_sum(lengths), _running_sum(lengths * pat_trips)
    rows = np.repeat(schedule.row_off[heads] - pat_off[:-1], lengths) + np.arange(pat_off[-1])
    tail = runs.trip, runs.shift_s, schedule.row_off
    arrays = Arrays(
        pat_off=pat_off,
        pat_stop=schedule.row_stop[rows],
        may_board=schedule.row_flags[rows] & 1,
        may_alight=schedule.row_flags[rows] >> 1,
        pat_trips=pat_trips,
        first_trip=run_off[:-1].astype(np.int32),
        time_off=time_off,
        arr=fill_times(run_off, time_off, *tail, schedule.row_arr),
        dep=fill_times(run_off, time_off, *tail, schedule.row_dep),
        brd_off=np.zeros(0, np.int64),
        brd_pat=np.zeros(0, np.int32),
        brd_pos=np.zeros(0, np.int32),
        fp_off=footpaths.fp_off,
        fp_to=footpaths.fp_to,
        fp_s=footpaths.fp_s,
        change_s=footpaths.change_s,
    )
    return Timetable(date, index_boardings(arrays), trips)


def _pack_following(following: Following | None, order: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
    """``next_*`` of the trip table."""
    if following is None:
        none = np.zeros(0, np.int32)
        return np.zeros(len(order) + 1, np.int64), none, none.astype(np.int8), none.astype(np.int64), none, none
    trip, day, shift_s, left, begin = (column[order] for column in following)
    is_there = trip >= 0
    counts = is_there.sum(axis=1)
    return _running_sum(counts), trip[is_there], day[is_there], shift_s[is_there], left[is_there], begin[is_there]


def _running_sum(counts: Ints) -> Ints:
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets
