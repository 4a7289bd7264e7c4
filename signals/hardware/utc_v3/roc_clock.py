"""Dates as protocol 3.0 writes them: years of the Republic, Monday is 1, the local time of Taiwan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from signals.hardware.utc_v3.every_device import SetClock

TAIPEI = timezone(timedelta(hours=8), "Asia/Taipei")  # no summer time since 1979
FIRST_YEAR = 1911


def read_taipei_clock() -> datetime:
    """What the clocks in Taiwan show now, as this machine believes."""
    return datetime.now(UTC).astimezone(TAIPEI)


def to_fields(at: datetime) -> tuple[int, int, int, int, int, int, int]:
    """Year, month, day, weekday, hour, minute and second of 0F12 and its kin."""
    return at.year - FIRST_YEAR, at.month, at.day, at.isoweekday(), at.hour, at.minute, at.second


def to_datetime(clock: SetClock) -> datetime | None:
    """The moment that 0F12 or one of its kin names; None where there is no such day."""
    try:
        return datetime(
            clock.year + FIRST_YEAR, clock.month, clock.day, clock.hour, clock.minute, clock.second, tzinfo=TAIPEI
        )
    except ValueError:
        return None
