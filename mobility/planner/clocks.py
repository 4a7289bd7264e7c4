"""Which service day's timetable answers for an instant, so that every instant has exactly one.

A timetable holds one service day whole, of days before what still moves, and the next day for as long as somebody
can be on the way who leaves at midnight: everything for departures on its day and for arrivals on the next. Journeys
by departure are therefore found on the timetable of the day on which they leave, journeys by arrival on that of the
day before they arrive; both are told on the clock of the day on which they leave.

The common clock of all days is POSIX seconds; service days meet without gap or overlap, also where clocks change.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gtfs.service_days import service_day_start
from mobility.itinerary import Itinerary


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
    """The instants (after, until], day by day, each on the clock of the day before."""
    spans = []
    for span in split_departures(after_s, until_s, timezone):
        date = span.date - dt.timedelta(1)
        clock_s = day_begins_s(date, timezone)
        spans.append(Span(date, clock_s, span.clock_s + span.at_s + span.window_s - clock_s, span.window_s))
    return spans


def tell_on_its_day(itinerary: Itinerary) -> Itinerary:
    """The itinerary on the clock of the service day on which one leaves."""
    begins_s = day_begins_s(itinerary.service_date, itinerary.timezone)
    date = date_of(begins_s + itinerary.departure_s, itinerary.timezone)
    if date == itinerary.service_date:
        return itinerary
    later_s = begins_s - day_begins_s(date, itinerary.timezone)
    legs = tuple(
        replace(
            leg,
            departure_s=leg.departure_s + later_s,
            arrival_s=leg.arrival_s + later_s,
            calls=tuple(
                replace(c, arrival_s=c.arrival_s + later_s, departure_s=c.departure_s + later_s) for c in leg.calls
            ),
        )
        for leg in itinerary.legs
    )
    return replace(itinerary, legs=legs, service_date=date)
