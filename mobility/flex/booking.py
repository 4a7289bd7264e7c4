"""Until when an on-demand ride can be booked, as an instant (GTFS Schedule reference, booking_rules.txt).

Minutes count time that passes; days are those of the calendar, or service days of ``prior_notice_service_id``,
before the service date of the ride, and their times are GTFS times (noon minus 12 h) in the zone of the agency. A day
number of 0 is the service date itself. Where a calendar of notice days has not enough days before the ride, the days
before its first count one by one. What a rule lacks is read as the earliest deadline that it can mean.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np

from gtfs.flex import BookingRule, BookingType
from gtfs.service_days import Days, to_instant

DEFAULT_LAST_DAY = 1
"""Of a rule for days before that names none."""


def book_by(
    rule: BookingRule,
    ride_at: dt.datetime,
    timezone: str,
    *,
    service_date: dt.date | None = None,
    notice_days: Days | None = None,
) -> dt.datetime | None:
    """The last moment to book a ride that begins at ``ride_at``, in ``timezone``; None for real-time booking, which
    needs no notice. Never after the ride.

    Args:
        rule: The booking rule.
        ride_at: When one is picked up, aware.
        timezone: IANA name of the agency's zone.
        service_date: The service date of the ride; the local date of ``ride_at`` where it is not given.
        notice_days: The service days of ``rule.service_id``, ascending; every day where it is None.

    Raises:
        ValueError: ``ride_at`` has no time zone.
    """
    _check_aware(ride_at)
    local = ride_at.astimezone(ZoneInfo(timezone))
    if rule.type is BookingType.REAL_TIME:
        return None
    if rule.type is BookingType.SAME_DAY:
        return _minutes_before(local, rule.duration_min_minutes or 0)
    last_day = DEFAULT_LAST_DAY if rule.last_day is None else rule.last_day
    date = _days_before(service_date or local.date(), last_day, notice_days)
    return min(to_instant(date, rule.last_time_s or 0, timezone), local)


def booking_opens(
    rule: BookingRule,
    ride_at: dt.datetime,
    timezone: str,
    *,
    service_date: dt.date | None = None,
    notice_days: Days | None = None,
) -> dt.datetime | None:
    """The first moment to book; None where one may book ever so early. Arguments and errors as of ``book_by``."""
    _check_aware(ride_at)
    local = ride_at.astimezone(ZoneInfo(timezone))
    if rule.type is BookingType.REAL_TIME:
        return None
    if rule.type is BookingType.SAME_DAY and rule.duration_max_minutes is not None:
        return _minutes_before(local, rule.duration_max_minutes)
    if rule.start_day is None:
        return None
    date = _days_before(service_date or local.date(), rule.start_day, notice_days)
    return to_instant(date, rule.start_time_s or 0, timezone)


def can_still_book(
    rule: BookingRule,
    ride_at: dt.datetime,
    now: dt.datetime,
    timezone: str,
    *,
    service_date: dt.date | None = None,
    notice_days: Days | None = None,
) -> bool:
    """Whether it is not too late; it may yet be too early (``booking_opens``).

    Raises:
        ValueError: ``ride_at`` or ``now`` has no time zone.
    """
    _check_aware(now)
    deadline = book_by(rule, ride_at, timezone, service_date=service_date, notice_days=notice_days)
    return now <= (ride_at if deadline is None else deadline)


def _check_aware(instant: dt.datetime) -> None:
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone, so it is no instant")


def _minutes_before(local: dt.datetime, minutes: int) -> dt.datetime:
    # only in UTC does a timedelta count time that really passes
    return (local.astimezone(dt.UTC) - dt.timedelta(minutes=minutes)).astimezone(local.tzinfo)


def _days_before(date: dt.date, count: int, notice_days: Days | None) -> dt.date:
    if notice_days is None or count == 0:
        return date - dt.timedelta(days=count)
    earlier = int(np.searchsorted(notice_days, np.datetime64(date, "D")))
    if earlier >= count:
        found: dt.date = notice_days[earlier - count].astype(dt.date)
        return found
    first: dt.date = notice_days[0].astype(dt.date) if earlier else date
    return first - dt.timedelta(days=count - earlier)
