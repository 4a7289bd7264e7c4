"""Service dates and the clock of a service day.

A time in GTFS counts from "noon minus 12 h" of the service date in the time zone of the agency (GTFS
Schedule reference, "Field Types", Time), which is midnight except on the days when clocks change, and
passes 24:00:00 for what runs after midnight. So do our service-day seconds.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gtfs.feed import ABSENT, Feed, Table

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ADDED = 1
"""``exception_type`` of calendar_dates.txt; 2 removes."""

Days = npt.NDArray[np.datetime64]
Numbers = npt.NDArray[np.int16]


class NoServiceDates(LookupError):  # noqa: N818  (named for what is missing)
    """The feed has no day on which anything runs."""


def to_number(date: dt.date) -> int:
    """The date as the tables hold it, YYYYMMDD."""
    return date.year * 10_000 + date.month * 100 + date.day


def to_date(number: int) -> dt.date:
    """The date of YYYYMMDD."""
    return dt.date(number // 10_000, number // 100 % 100, number % 100)


def active_services(feed: Feed, date: dt.date) -> frozenset[str]:
    """The service_ids that run on the date: calendar.txt, then the exceptions of calendar_dates.txt."""
    calendar = feed["calendar.txt"]
    day = to_number(date)
    regular = set(calendar["service_id"][_runs(calendar, day, WEEKDAYS[date.weekday()])].tolist())
    exceptions = feed["calendar_dates.txt"]
    on_day = exceptions["date"] == day
    is_added = exceptions["exception_type"] == ADDED
    is_known = exceptions["exception_type"] != ABSENT
    added = set(exceptions["service_id"][on_day & is_added].tolist())
    removed = set(exceptions["service_id"][on_day & is_known & ~is_added].tolist())
    return frozenset((regular - removed) | added)


def _runs(calendar: Table, day: int, weekday: str) -> npt.NDArray[np.bool_]:
    start, end = calendar["start_date"], calendar["end_date"]
    return np.asarray((start != ABSENT) & (start <= day) & (day <= end) & (calendar[weekday] == 1))


def list_service_dates(feed: Feed, service_id: str) -> list[dt.date]:
    """Every date on which the service runs, in order."""
    calendar, exceptions = feed["calendar.txt"], feed["calendar_dates.txt"]
    regular = np.flatnonzero(calendar["service_id"] == service_id).tolist()
    exceptional = np.flatnonzero(exceptions["service_id"] == service_id).tolist()
    dates: list[dt.date] = _service_days(feed, regular, exceptional).tolist()
    return dates


def service_dates(feed: Feed) -> tuple[dt.date, dt.date]:
    """The first and the last date on which some service runs.

    Raises:
        NoServiceDates: Nothing ever runs.
    """
    ends: list[dt.date] = [day for days in build_service_days(feed).values() for day in days[[0, -1]].tolist()]
    if not ends:
        raise NoServiceDates(f"{feed.source}: no service runs on any date; look at calendar.txt and calendar_dates.txt")
    return min(ends), max(ends)


def build_service_days(feed: Feed) -> dict[str, Days]:
    """The days of every service that runs at all, in order: for questions about many services at once."""
    regular, exceptional = _group_rows(feed["calendar.txt"]), _group_rows(feed["calendar_dates.txt"])
    days = {
        service: _service_days(feed, regular.get(service, []), exceptional.get(service, []))
        for service in dict.fromkeys([*regular, *exceptional])
    }
    return {service: own for service, own in days.items() if len(own)}


def _group_rows(table: Table) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, service in enumerate(table["service_id"].tolist()):
        rows.setdefault(service, []).append(row)
    return rows


def _service_days(feed: Feed, regular: list[int], exceptional: list[int]) -> Days:
    """The days of one service, given its rows in calendar.txt and in calendar_dates.txt."""
    days = np.empty(0, dtype="datetime64[D]")
    for row in regular:
        days = np.union1d(days, _calendar_days(feed["calendar.txt"], row))
    exceptions = feed["calendar_dates.txt"]
    changes: dict[bool, list[dt.date]] = {True: [], False: []}
    for row in exceptional:
        number, kind = int(exceptions["date"][row]), int(exceptions["exception_type"][row])
        if ABSENT not in {number, kind}:
            changes[kind == ADDED].append(to_date(number))
    days = np.setdiff1d(days, np.array(changes[False], dtype="datetime64[D]"))
    return np.union1d(days, np.array(changes[True], dtype="datetime64[D]"))


def _calendar_days(calendar: Table, row: int) -> Days:
    first, last = int(calendar["start_date"][row]), int(calendar["end_date"][row])
    if ABSENT in {first, last} or last < first:
        return np.empty(0, dtype="datetime64[D]")
    begin, end = np.datetime64(to_date(first), "D"), np.datetime64(to_date(last), "D")
    days = np.arange(begin, end + np.timedelta64(1, "D"), dtype="datetime64[D]")
    runs = np.array([int(calendar[weekday][row]) == 1 for weekday in WEEKDAYS])
    # day 0 of datetime64, 1970-01-01, is a Thursday
    return np.asarray(days[runs[(days.astype(np.int64) + 3) % 7]])


@cache
def service_day_start(date: dt.date, timezone: str) -> dt.datetime:
    """The instant of 00:00:00 of the service day: noon minus 12 h, in UTC.

    On the days when clocks change it is not midnight: the hours that pass are counted, not those shown.
    """
    noon = dt.datetime.combine(date, dt.time(12), ZoneInfo(timezone))
    # only in UTC does a timedelta count time that really passes
    return noon.astimezone(dt.UTC) - dt.timedelta(hours=12)


def to_instant(date: dt.date, seconds: int, timezone: str) -> dt.datetime:
    """The instant of a time of the service day, with the local time zone set."""
    return (service_day_start(date, timezone) + dt.timedelta(seconds=seconds)).astimezone(ZoneInfo(timezone))


def to_service_time(instant: dt.datetime, date: dt.date, timezone: str) -> int:
    """Seconds of the service day at the instant: negative before it, over 86,400 after it.

    Raises:
        ValueError: The instant has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone, so it is no instant")
    passed = instant.astimezone(dt.UTC) - service_day_start(date, timezone)
    return passed.days * 86_400 + passed.seconds


def feed_timezone(feed: Feed) -> str:
    """The agency's time zone (the specification asks that all agencies have the same); UTC where none has one."""
    return next((str(zone) for zone in feed["agency.txt"]["agency_timezone"] if zone), "Etc/UTC")


def list_timezones(feed: Feed) -> tuple[tuple[str, ...], Numbers, Numbers]:
    """Time zones, the feed's own first; and of every route and trip the number of its own: that of its agency.

    A feed has one, the specification says, but one that was merged of several may have more.
    """
    agency, routes, trips = feed["agency.txt"], feed["routes.txt"], feed["trips.txt"]
    own = feed_timezone(feed)
    zones = tuple(dict.fromkeys([own, *(str(zone) for zone in agency["agency_timezone"] if zone)]))
    if len(zones) == 1:
        return zones, np.zeros(len(routes), np.int16), np.zeros(len(trips), np.int16)
    pairs = zip(agency["agency_id"].tolist(), agency["agency_timezone"].tolist(), strict=True)
    of_agency = {agency_id: zones.index(zone or own) for agency_id, zone in pairs}
    route_zone = [of_agency.get(agency_id, 0) for agency_id in routes["agency_id"].tolist()]
    of_route = dict(zip(routes["route_id"].tolist(), route_zone, strict=True))
    trip_zone = [of_route.get(route_id, 0) for route_id in trips["route_id"].tolist()]
    return zones, np.array(route_zone, np.int16), np.array(trip_zone, np.int16)


def feed_language(feed: Feed) -> str:
    """The language of names: feed_info's ``default_lang`` or ``feed_lang``, else the agency's, else empty.

    ``mul`` (several languages) says nothing about a single name and is passed over.
    """
    info, agency = feed["feed_info.txt"], feed["agency.txt"]
    stated = [*info["default_lang"], *info["feed_lang"], *agency["agency_lang"]]
    return next((str(language) for language in stated if language not in {"", "mul"}), "")
