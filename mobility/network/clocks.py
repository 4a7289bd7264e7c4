"""When service days begin, by whose clock a trip runs: feeds that were merged may have several time zones.

The clock of a timetable is that of its date in the feed's own zone, the first; a service day of another zone begins
earlier or later on it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gtfs.feed import Feed
from gtfs.service_days import list_timezones, service_day_start
from mobility.network.timetable import Ints


@dataclass(frozen=True, slots=True)
class TripClocks:
    """Time zones, and for every route and trip of the feed which is its own."""

    zones: tuple[str, ...]
    route_zone: Ints
    trip_zone: Ints

    def day_starts_s(self, date: dt.date, day: Ints, zone: Ints) -> Ints:
        """Seconds from the start of ``date`` to that of the service day ``day`` (0 is ``date``) in a zone."""
        if not len(day):
            return np.zeros(0, np.int64)
        lowest = int(day.min())
        starts: Ints = self._list_starts(date, range(lowest, int(day.max()) + 1))[day.astype(np.int64) - lowest, zone]
        return starts

    def day_start_s(self, date: dt.date, day: int, trip: int) -> int:
        """The same for one trip of the feed."""
        return int(self._list_starts(date, [day])[0, self.trip_zone[trip]])

    def _list_starts(self, date: dt.date, days: Sequence[int]) -> Ints:
        """A line per day, a column per zone."""
        begin_s = service_day_start(date, self.zones[0]).timestamp()
        near = [date + dt.timedelta(day) for day in days]
        return np.array(
            [[round(service_day_start(d, zone).timestamp() - begin_s) for zone in self.zones] for d in near], np.int64
        )


def read_clocks(feed: Feed) -> TripClocks:
    """Whose clock every route and trip of a feed runs by."""
    return TripClocks(*list_timezones(feed))
