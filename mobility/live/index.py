"""What updates call the things of a network, looked up once per network; and yesterday's runs that are gone.

A run of yesterday that ended before midnight by the timetable is not in the timetable of today, but late it may be.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from mobility.network.build import Network
from mobility.network.runs import NO_RUNS, Runs, expand_frequencies, list_active_trips
from mobility.network.schedule import lookup
from mobility.network.timetable import Flags, Ints

KEPT_DAYS = 8


@dataclass(frozen=True, slots=True)
class LiveIndex:
    """Names of the feed to numbers. A *place* is a position in stops.txt, which several stops of the schedule may
    share.
    """

    network: Network
    trip_index: dict[str, int]
    place_index: dict[str, int]
    route_index: dict[str, int]
    trip_route: Ints
    is_repeated: Flags
    """Per trip: it is run by frequencies.txt, so that its runs differ only in their start."""
    row_sequence: Ints
    row_place: Ints
    stop_of_place: Ints
    """The first stop of the schedule at every place, -1 where vehicles never call."""
    _gone: OrderedDict[dt.date, Runs] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def list_gone(self, date: dt.date) -> Runs:
        """Runs of the service day before ``date`` that have arrived by its midnight, on its clock. Where there are
        several time zones other days may have such runs, too.
        """
        with self._lock:
            if date not in self._gone:
                self._gone[date] = self._list_gone(date)
                if len(self._gone) > KEPT_DAYS:
                    self._gone.popitem(last=False)
            return self._gone[date]

    def _list_gone(self, date: dt.date) -> Runs:
        has_zones = len(self.network.clocks.zones) > 1
        parts = [self._list_gone_of(date, day) for day in self.network.days if has_zones or day == -1]
        return Runs(*(np.concatenate(column) for column in zip(NO_RUNS, *parts, strict=True)))

    def _list_gone_of(self, date: dt.date, number: int) -> Runs:
        feed, schedule, clocks = self.network.feed, self.network.schedule, self.network.clocks
        trip, shift = expand_frequencies(schedule, list_active_trips(feed, schedule, date + dt.timedelta(number)))
        day = np.full(len(trip), number, np.int8)
        zone = clocks.trip_zone[trip]
        shift = shift + clocks.day_starts_s(date, day, zone)
        is_gone = schedule.row_arr[schedule.row_off[trip + 1] - 1] + shift <= 0
        if not number:
            is_gone &= zone != 0  # those of the timetable's own day and zone are all in it
        return Runs(trip[is_gone], shift[is_gone], trip[is_gone], day[is_gone])


def build_index(network: Network) -> LiveIndex:
    """Look up what updates may name."""
    feed, schedule = network.feed, network.schedule
    trips, places = feed["trips.txt"], feed["stops.txt"]["stop_id"].tolist()
    routes = {route_id: number for number, route_id in enumerate(feed["routes.txt"]["route_id"].tolist())}
    is_repeated = np.zeros(len(trips), np.uint8)
    is_repeated[schedule.headways[:, 0]] = 1
    stop_of_place = np.full(len(places), -1, np.int32)
    stops = np.arange(len(schedule.stop_row), dtype=np.int32)[::-1]
    stop_of_place[schedule.stop_row[::-1]] = stops  # written backwards, so that the first one stays
    return LiveIndex(
        network=network,
        trip_index={trip_id: number for number, trip_id in enumerate(trips["trip_id"].tolist())},
        place_index={stop_id: number for number, stop_id in enumerate(places)},
        route_index=routes,
        trip_route=lookup(routes, trips["route_id"], len(trips)),
        is_repeated=is_repeated,
        row_sequence=feed["stop_times.txt"]["stop_sequence"][schedule.row_index].astype(np.int64),
        row_place=schedule.stop_row[schedule.row_stop].astype(np.int32),
        stop_of_place=stop_of_place,
    )
