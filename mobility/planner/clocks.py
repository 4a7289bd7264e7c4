"""Which service day's timetable answers for an instant, so that every instant has exactly one.

A timetable holds one service day whole, of the day before what moves after midnight, and the next day as far as its
horizon: everything that somebody needs who leaves on that day. Journeys by departure are therefore found on the
timetable of the day on which they leave. Who arrives in the night has left the evening before: journeys by arrival
are found on the day before until ``NIGHT_ENDS_S``.

The common clock of all days is POSIX seconds; service days meet without gap or overlap, also where clocks change.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gtfs.service_days import service_day_start

NIGHT_ENDS_S = 4 * 3600


class Span(NamedTuple):
    """A window [``at_s``, ``at_s + window_s``) on the clock of a service day that begins at ``clock_s``; read
    backwards, arrivals in (``at_s - window_s``, ``at_s``].
    """

    date: dt.date
    clock_s: int
    at_s: int
    window_s: int


def day_begins_s(date: dt.date, timezone: str) -> int:
    """The instant of 00:00:00 of a service day."""
    return round(service_day_start(date, timezone).timestamp())


def date_of(instant_s: int, timezone: str) -> dt.date:
    """The service day whose 24 hours hold the instant."""
    date = dt.datetime.fromtimestamp(instant_s, ZoneInfo(timezone)).date()
    # noon minus 12 h is not midnight on the days when clocks change
    if instant_s < day_begins_s(date, timezone):
        return date - dt.timedelta(1)
    following = date + dt.timedelta(1)
    return following if instant_s >= day_begins_s(following, timezone) else date


def split_departures(begin_s: int, end_s: int, timezone: str) -> list[Span]:
    """The instants [begin, end), day by day."""
    spans = []
    while begin_s < end_s:
        date = date_of(begin_s, timezone)
        clock_s = day_begins_s(date, timezone)
        until_s = min(end_s, day_begins_s(date + dt.timedelta(1), timezone))
        spans.append(Span(date, clock_s, begin_s - clock_s, until_s - begin_s))
        begin_s = until_s
    return spans


def split_arrivals(after_s: int, until_s: int, timezone: str) -> list[Span]:
    """The instants (after, until], day by day."""
    shifted = split_departures(after_s - NIGHT_ENDS_S, until_s - NIGHT_ENDS_S, timezone)
    return [Span(span.date, span.clock_s, span.at_s + span.window_s + NIGHT_ENDS_S, span.window_s) for span in shifted]
