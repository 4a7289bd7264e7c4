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
from gtfs.service_days import active_services
from mobility.network.clocks import TripClocks
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
FARTHEST_ZONES_S = 26 * 3600
"""From Pacific/Kiritimati to Etc/GMT+12: by which a service day may begin earlier than one of another zone."""
NO_RUNS = Runs(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int8))


def list_near_days(schedule: Schedule, clocks: TripClocks, horizon_s: int) -> tuple[int, ...]:
    """The service days, relative to a date, of which something may run on it: the next, itself, and as many before
    as the longest trip lasts, a week at most (what is longer is taken for a mistake). Where there are several time
    zones, those of the farthest too.
    """
    trips = schedule.list_used_trips()
    ends_s = schedule.row_arr[schedule.row_off[trips + 1] - 1]
    trip, _, repeats_until_s, _ = schedule.headways.T
    lasts_s = schedule.row_arr[schedule.row_off[trip + 1] - 1] - schedule.row_dep[schedule.row_off[trip]]
    latest_s = max(int(ends_s.max(initial=0)), int((repeats_until_s + lasts_s).max(initial=0)))
    has_zones = len(clocks.zones) > 1
    before = (latest_s + LONGEST_CLOCK_CHANGE_S + FARTHEST_ZONES_S * has_zones) // 86_400
    end = -(-(horizon_s + FARTHEST_ZONES_S) // 86_400) if has_zones else 2
    return tuple(range(-min(max(before, 1), MOST_DAYS_BEFORE), end))


def list_runs(
    feed: Feed, schedule: Schedule, clocks: TripClocks, date: dt.date, *, days: tuple[int, ...], horizon_s: int
) -> Runs:
    """Runs of the service days ``days`` (0 is ``date``) that arrive after 0 and leave before ``horizon_s``."""
    parts = [NO_RUNS]
    for number in days:
        trip, shift = expand_frequencies(schedule, list_active_trips(feed, schedule, date + dt.timedelta(number)))
        day, zone = np.full(len(trip), number, np.int8), clocks.trip_zone[trip]
        shift += clocks.day_starts_s(date, day, zone)
        last = schedule.row_arr[schedule.row_off[trip + 1] - 1] + shift
        first = schedule.row_dep[schedule.row_off[trip]] + shift
        is_near = (last > 0) & (first < horizon_s)
        if not number:
            is_near |= zone == 0
        parts.append(Runs(trip[is_near], shift[is_near], trip[is_near], day[is_near]))
    return Runs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


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
