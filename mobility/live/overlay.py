"""A day as it really is: updates applied to the runs of a service day, before they become patterns.

Runs that are touched get rows of their own, appended to the schedule; all others keep theirs. So a trip that now
overtakes, or passes a stop, finds another pattern by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gtfs.notices import Notice
from mobility.live.columns import UNKNOWN_S, UpdateColumns, encode_updates
from mobility.live.complaints import Complaints
from mobility.live.index import LiveIndex
from mobility.live.kernels import match_runs, update_rows
from mobility.live.new_trips import NewTrip, build_rows, to_new_trip
from mobility.live.rows import append_trips, make_room, write_rows
from mobility.live.updates import TripRelation, TripUpdate
from mobility.network.runs import Runs
from mobility.network.schedule import Schedule
from mobility.network.timetable import Ints

NEAR_DAYS = (-1, 0, 1)
OTHER_DAY = 9
BRINGS_ITS_RUN = (TripRelation.ADDED, TripRelation.DUPLICATED)
TELLS_ALL = (TripRelation.ADDED, TripRelation.REPLACEMENT)


class _Touched(NamedTuple):
    """Runs that have an update, and the seconds that the clock of their rows is behind that of the update."""

    runs: Runs
    update: Ints
    lag_s: Ints

    def take(self, chosen: npt.NDArray[Any]) -> _Touched:
        """Some of them."""
        return _Touched(_take(self.runs, chosen), self.update[chosen], self.lag_s[chosen])


@dataclass(slots=True)
class LiveOverlay:
    """Updates, ready to be applied to any day of one network. ``allowed_routes`` is a flag per line of routes.txt.

    ``new_trips`` are the trips that trips.txt does not have, by their number less the count of trips.txt;
    ``notices`` what could not be applied to the last day.
    """

    updates: Sequence[TripUpdate]
    index: LiveIndex
    columns: UpdateColumns
    bringing: Ints
    """Positions of the updates that bring a trip of their own: one for each of ``new_trips``."""
    new_trips: tuple[NewTrip, ...]
    allowed_routes: Ints | None = None
    notices: tuple[Notice, ...] = ()

    def apply(self, schedule: Schedule, runs: Runs, date: dt.date) -> tuple[Schedule, Runs]:
        """The schedule and the runs as they really are; the very same where nothing is said of this day."""
        complaints = Complaints(self.updates)
        complaints.add_senseless(self.columns)
        day = self._list_days(date)
        late = self._keep_allowed(self.index.list_gone(date))
        touched, is_touched = self._match(schedule, _join(runs, late), date, day, complaints)
        brought = self._bring(schedule, date, day)
        touched = _Touched(_join(touched.runs, brought.runs), *map(_append, touched[1:], brought[1:]))
        if len(touched.update):
            silent = _take(runs, ~is_touched[: len(runs.trip)])
            schedule, changed = self._drive(schedule, touched, complaints)
            runs = _join(silent, changed)
        self.notices = complaints.to_notices()
        return schedule, runs

    def _list_days(self, date: dt.date) -> Ints:
        """The service day of every update relative to ``date``."""
        network = self.index.network
        near = network.days if len(network.clocks.zones) > 1 else NEAR_DAYS
        days = {date + dt.timedelta(day): day for day in near}
        return np.array([days.get(update.service_date, OTHER_DAY) for update in self.updates], np.int64)

    def _match(
        self, schedule: Schedule, runs: Runs, date: dt.date, day: Ints, complaints: Complaints
    ) -> tuple[_Touched, npt.NDArray[np.bool_]]:
        """The runs that have an update, and which they are."""
        columns, clocks = self.columns, self.index.network.clocks
        day = np.where(np.isin(columns.relation, BRINGS_ITS_RUN), OTHER_DAY, day)
        lag_s = runs.shift_s - clocks.day_starts_s(date, runs.day, clocks.trip_zone[runs.feed_trip])
        start_s = schedule.row_dep[schedule.row_off[runs.trip]] + lag_s
        update, is_used = match_runs(
            runs.feed_trip, runs.day, start_s, self.index.is_repeated, columns.trip, day, columns.start_s
        )
        if self.allowed_routes is None:
            complaints.add_unmatched(columns, (day != OTHER_DAY) & (is_used == 0), day, self.index)
        is_touched = update >= 0
        return _Touched(runs, update, lag_s).take(is_touched), is_touched

    def _bring(self, schedule: Schedule, date: dt.date, day: Ints) -> _Touched:
        """Runs of the updates that bring one: copies of trips, and added trips (of no trip yet)."""
        columns, network = self.columns, self.index.network
        is_copy = columns.relation[self.bringing] == TripRelation.DUPLICATED
        is_usable = day[self.bringing] != OTHER_DAY
        is_usable &= ~is_copy | ((columns.trip[self.bringing] >= 0) & (columns.start_s[self.bringing] != UNKNOWN_S))
        route = np.array([trip.route for trip in self.new_trips], np.int64)
        if self.allowed_routes is not None:
            is_usable &= (route >= 0) & (self.allowed_routes[route] != 0)
        is_usable[is_copy] &= np.diff(schedule.row_off)[columns.trip[self.bringing[is_copy]]] > 0
        number = np.flatnonzero(is_usable)
        update, is_copy = self.bringing[number], is_copy[number]
        trip = np.where(is_copy, columns.trip[update], 0).astype(np.int32)
        lag_s = np.zeros(len(number), np.int64)
        lag_s[is_copy] = columns.start_s[update[is_copy]] - schedule.row_dep[schedule.row_off[trip[is_copy]]]
        near, named = day[update], (network.schedule.trip_count + number).astype(np.int32)
        zone = np.append(network.clocks.route_zone, 0)[route[number]]  # -1, an unknown route: the feed's own
        runs = Runs(trip, lag_s + network.clocks.day_starts_s(date, near, zone), named, near.astype(np.int8))
        return _Touched(runs, update, lag_s)

    def _drive(self, schedule: Schedule, touched: _Touched, complaints: Complaints) -> tuple[Schedule, Runs]:
        """Give touched runs their rows; those that no longer go anywhere are left out."""
        relation = self.columns.relation[touched.update]
        tells_all = np.isin(relation, TELLS_ALL)
        retimed = touched.take(~tells_all & (relation != TripRelation.CANCELLED))
        lines, written = self._list_lines(touched.take(tells_all), complaints)
        own = np.diff(schedule.row_off)[retimed.runs.trip].sum()
        room = make_room(schedule, int(own) + sum(map(len, lines)))
        columns, index, begin = self.columns, self.index, len(schedule.row_stop)
        ends, is_other, lost = update_rows(
            retimed.runs.trip, retimed.update, retimed.lag_s, columns.delay_s, columns.stops, index.stop_of_place,
            index.row_sequence, index.row_place, schedule.row_off, *room, begin,
        )  # fmt: skip
        complaints.add_lost(columns, lost)
        ends = np.concatenate([ends, write_rows(room, int(ends[-1]) if len(ends) else begin, lines)])
        group = np.full(len(ends), -1, np.int32)
        group[: len(is_other)][is_other == 0] = schedule.trip_group[retimed.runs.trip[is_other == 0]]
        runs = _join(retimed.runs, written)
        runs = runs._replace(trip=np.arange(len(ends), dtype=np.int32) + np.int32(schedule.trip_count))
        schedule = append_trips(schedule, room, ends, group)
        return schedule, _take(runs, self._goes_somewhere(schedule, runs))

    def _list_lines(self, touched: _Touched, complaints: Complaints) -> tuple[list[Ints], Runs]:
        """What the trips do that say all themselves, on the clock of their rows."""
        lines, kept = [], []
        for number, (update, lag_s) in enumerate(zip(touched.update.tolist(), touched.lag_s.tolist(), strict=True)):
            found = build_rows(self.updates[update], self.index, partial(complaints.add, update))
            if found is not None:
                lines.append(found - np.array([0, lag_s, lag_s], np.int32))
                kept.append(number)
        return lines, _take(touched.runs, np.array(kept, np.int64))

    def _goes_somewhere(self, schedule: Schedule, runs: Runs) -> npt.NDArray[np.bool_]:
        """Whether runs have a hop left, and those of other days come near this one."""
        begin, end = schedule.row_off[runs.trip], schedule.row_off[runs.trip + 1]
        has_hop = end - begin > 1
        first, last = np.where(has_hop, begin, 0), np.where(has_hop, end - 1, 0)
        is_near = schedule.row_arr[last] + runs.shift_s > 0
        is_near &= schedule.row_dep[first] + runs.shift_s < self.index.network.horizon_s
        found: npt.NDArray[np.bool_] = has_hop & (is_near | (runs.day == 0))
        return found

    def _keep_allowed(self, runs: Runs) -> Runs:
        if self.allowed_routes is None:
            return runs
        route = self.index.trip_route[runs.feed_trip]
        return _take(runs, (route >= 0) & (self.allowed_routes[route] != 0))


def build_overlay(updates: Sequence[TripUpdate], index: LiveIndex, allowed_routes: Ints | None = None) -> LiveOverlay:
    """Encode updates for one network."""
    columns = encode_updates(updates, index.trip_index, index.place_index)
    bringing = np.flatnonzero(np.isin(columns.relation, BRINGS_ITS_RUN))
    new_trips = tuple(to_new_trip(updates[number], index) for number in bringing.tolist())
    return LiveOverlay(updates, index, columns, bringing, new_trips, allowed_routes)


def _take(runs: Runs, chosen: npt.NDArray[Any]) -> Runs:
    return Runs(*(column[chosen] for column in runs))


def _join(first: Runs, second: Runs) -> Runs:
    return Runs(*map(_append, first, second)) if len(second.trip) else first


def _append(first: Ints, second: Ints) -> Ints:
    return np.concatenate([first, second])
