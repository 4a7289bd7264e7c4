"""The times of J2735: minute of the year, milliseconds of the minute, tenths of a second of the hour; all UTC.

A TimeMark is read as the next such tenth from the receiver's clock: one that has passed when it is read means an hour
later. Therefore no mark is written that is less than ``LEAST_AHEAD_S`` ahead. The edition of September 2024 moved
"unknown" from 36001 to 36111; this is the one of 2016 to 2023.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

UNKNOWN_MARK, BEYOND_AN_HOUR_MARK = 36_001, 36_000
UNKNOWN_MINUTE, UNKNOWN_MS = 527_040, 65_535
LEAST_AHEAD_S = 0.5  # the 0.3 s after which a SPaT counts as late, and the clocks' differences
_HOUR_S = 3600.0
_LEAP_MS = 61_000  # a minute with a leap second


def to_minute_of_year(at: datetime) -> int:
    """MinuteOfTheYear of a moment.

    Raises:
        ValueError: it has no time zone.
    """
    moment = _to_utc(at)
    begin = moment.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    return (moment - begin) // timedelta(minutes=1)


def to_ms_of_minute(at: datetime) -> int:
    """DSecond of a moment.

    Raises:
        ValueError: it has no time zone.
    """
    moment = _to_utc(at)
    return moment.second * 1000 + moment.microsecond // 1000


def to_moment(minute: int, ms: int, near: datetime) -> datetime | None:
    """The moment that a minute of the year and the milliseconds in it mean, in the year in which it is nearest to
    ``near``; None where either is marked as unknown or is none.

    Raises:
        ValueError: ``near`` has no time zone.
    """
    now = _to_utc(near)
    if not (0 <= minute < UNKNOWN_MINUTE and 0 <= ms < _LEAP_MS):
        return None
    since = timedelta(minutes=minute, milliseconds=ms)
    years = (now.year - 1, now.year, now.year + 1)
    return min((datetime(year, 1, 1, tzinfo=UTC) + since for year in years), key=lambda moment: abs(moment - now))


def to_earliest_mark(at: datetime, ahead_s: float | None) -> int:
    """TimeMark of something that is not earlier than ``ahead_s`` from ``at``: rounded down, unknown where it is so near
    that it could be read as an hour later.
    """
    if ahead_s is None or not ahead_s >= LEAST_AHEAD_S:
        return UNKNOWN_MARK
    return _mark(at, ahead_s, math.floor)


def to_latest_mark(at: datetime, ahead_s: float | None) -> int:
    """TimeMark of something that is not later than ``ahead_s`` from ``at``: rounded up, and never too near."""
    if ahead_s is None or math.isnan(ahead_s):
        return UNKNOWN_MARK
    return _mark(at, max(ahead_s, LEAST_AHEAD_S), math.ceil)


def _mark(at: datetime, ahead_s: float, to_whole: Callable[[float], int]) -> int:
    moment = _to_utc(at)
    if ahead_s >= _HOUR_S:
        return BEYOND_AN_HOUR_MARK
    tenths = (moment.minute * 60 + moment.second + moment.microsecond / 1e6 + ahead_s) * 10.0
    return to_whole(tenths) % 36_000


def _to_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone; J2735 wants UTC")
    return at.astimezone(UTC)
