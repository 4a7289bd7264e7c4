"""What a city says of its vehicles right now, as values: no protobuf, no wire, no clock.

Words and meaning are those of GTFS Realtime (trip updates, https://gtfs.org/documentation/realtime/): who decodes
a feed makes these records of it. Times are seconds of the trip's own service day (noon minus 12 h).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import IntEnum


class TripRelation(IntEnum):
    """How a trip compares with the timetable."""

    SCHEDULED = 0
    CANCELLED = 1
    ADDED = 2
    """A trip of its own: ``trip_id`` is new, ``stops`` is all it does."""
    REPLACEMENT = 3
    """``stops`` is all that the trip does today, in place of its stop times."""
    DUPLICATED = 4
    """``trip_id`` once more, under ``new_trip_id``, leaving at ``start_s``."""


class StopRelation(IntEnum):
    """How a call at a stop compares with the timetable."""

    SCHEDULED = 0
    SKIPPED = 1
    """The vehicle passes: nobody boards or alights. What was known of its delay holds on behind the stop."""
    NO_DATA = 2
    """Nothing is known from this stop on: the timetable holds."""


@dataclass(frozen=True, slots=True)
class StopUpdate:
    """One call of a trip. It is named by ``sequence`` (stop_sequence), else by ``stop_id``: its next call there.

    A time beats a delay. Only one of arrival and departure may be known.
    """

    stop_id: str = ""
    sequence: int | None = None
    arrival_s: int | None = None
    departure_s: int | None = None
    arrival_delay_s: int | None = None
    departure_delay_s: int | None = None
    relation: StopRelation = StopRelation.SCHEDULED
    assigned_stop_id: str = ""
    """Where the vehicle calls instead: another platform."""


@dataclass(frozen=True, slots=True)
class TripUpdate:
    """One trip on one service day. ``start_s`` tells the runs of a trip of frequencies.txt apart.

    A delay holds for all following stops until the next update of a stop; ``delay_s`` holds from the first stop.
    ``route_id`` and ``headsign`` say what an added trip is to riders.
    """

    trip_id: str
    service_date: dt.date
    relation: TripRelation = TripRelation.SCHEDULED
    stops: tuple[StopUpdate, ...] = ()
    start_s: int | None = None
    delay_s: int | None = None
    new_trip_id: str = ""
    route_id: str = ""
    headsign: str = ""
