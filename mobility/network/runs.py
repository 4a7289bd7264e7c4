"""The runs of vehicles around one service day: frequencies expanded, neighbouring days merged in.

A run is a trip of the feed and a shift of its times. Runs of the previous service day that still
move after midnight, and those of the next one that people wait for at night, are moved to the clock
of this day, so that no search needs to know of days (planner arrays hold one day each).
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np

from gtfs.feed import Feed
from gtfs.service_days import active_services, feed_timezone, service_day_start
from mobility.network.schedule import Schedule, lookup
from mobility.network.timetable import Ints


class Runs(NamedTuple):
    """Vehicles that run, one a line. ``trip`` is the trip of the schedule whose rows it drives, moved by
    ``shift_s``; ``feed_trip`` the trip it is to riders. The two differ where a step between (live changes,
    staying aboard) has given a run rows of its own, appended to the schedule.
    """

    trip: Ints
    shift_s: Ints
    feed_trip: Ints
    day: Ints
    """Service day relative to the timetable's: -1, 0, 1, and before where trips are that long."""


MOST_DAYS_BEFORE = 7
LONGEST_CLOCK_CHANGE_S = 2 * 3600
"""By which a day may be shorter than 24 hours (Antarctica/Troll)."""
NO_RUNS = Runs(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int8))


def list_near_days(schedule: Schedule) -> tuple[int, ...]:
    """The service days, relative to a date, of which something may run on it: the next, itself, and as many before
    as the longest trip lasts, a week at most (what is longer is taken for a mistake).
    """
    trips = schedule.list_used_trips()
    ends_s = schedule.row_arr[schedule.row_off[trips + 1] - 1]
    trip, _, repeats_until_s, _ = schedule.headways.T
    lasts_s = schedule.row_arr[schedule.row_off[trip + 1] - 1] - schedule.row_dep[schedule.row_off[trip]]
    latest_s = max(int(ends_s.max(initial=0)), int((repeats_until_s + lasts_s).max(initial=0)))
    before = (latest_s + LONGEST_CLOCK_CHANGE_S) // 86_400
    return tuple(range(-min(max(before, 1), MOST_DAYS_BEFORE), 2))


def list_runs(feed: Feed, schedule: Schedule, date: dt.date, *, days: tuple[int, ...], horizon_s: int) -> Runs:
    """Runs of the service days ``days`` (0 is ``date``) that arrive after 0 and leave before ``horizon_s``."""
    parts = [NO_RUNS]
    for day in days:
        clock_s = day_shift_s(feed, date, day)
        trip, shift = expand_frequencies(schedule, list_active_trips(feed, schedule, date + dt.timedelta(day)))
        shift += clock_s
        if day:
            last = schedule.row_arr[schedule.row_off[trip + 1] - 1] + shift
            first = schedule.row_dep[schedule.row_off[trip]] + shift
            is_near = (last > 0) & (first < horizon_s)
            trip, shift = trip[is_near], shift[is_near]
        parts.append(Runs(trip, shift, trip, np.full(len(trip), day, np.int8)))
    return Runs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def day_shift_s(feed: Feed, date: dt.date, day: int) -> int:
    """Seconds from noon minus 12 h of ``date`` to that of a neighbouring day: 86,400 but where clocks change."""
    zone = feed_timezone(feed)
    begin, other = service_day_start(date, zone), service_day_start(date + dt.timedelta(day), zone)
    return round(other.timestamp() - begin.timestamp())


def list_active_trips(feed: Feed, schedule: Schedule, date: dt.date) -> Ints:
    """Trips that run on a service day and have rows."""
    services = active_services(feed, date)
    is_active = np.fromiter((s in services for s in feed["trips.txt"]["service_id"]), bool, schedule.trip_count)
    return np.flatnonzero(is_active & (np.diff(schedule.row_off) > 0))


def expand_frequencies(schedule: Schedule, trips: Ints) -> tuple[Ints, Ints]:
    """Trips and shifts, a run for every departure of frequencies.txt; such a trip does not run by itself."""
    lines = schedule.headways[np.isin(schedule.headways[:, 0], trips)]
    timed = trips[~np.isin(trips, lines[:, 0])]
    trip, start, end, headway = lines.T
    counts = -((start - end) // headway)
    line = np.repeat(np.arange(len(lines)), counts)
    number = np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts)
    shift = start[line] + number * headway[line] - schedule.row_dep[schedule.row_off[trip[line]]]
    return np.concatenate([timed, trip[line]]).astype(np.int32), np.concatenate([np.zeros(len(timed), np.int64), shift])


def keep_routes(feed: Feed, runs: Runs, allowed: Ints) -> Runs:
    """Only the runs of routes (positions in routes.txt) where ``allowed`` is true."""
    routes = feed["routes.txt"]
    index = {route_id: number for number, route_id in enumerate(routes["route_id"].tolist())}
    route = lookup(index, feed["trips.txt"]["route_id"], len(feed["trips.txt"]))
    is_kept = (route[runs.feed_trip] >= 0) & (allowed[route[runs.feed_trip]] != 0)
    return Runs(*(column[is_kept] for column in runs))
