"""Service-day seconds to instants. The service day starts 12 h before its noon (GTFS reference, Time)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=64)
def _day_start(service_date: date, timezone: str) -> datetime:
    noon = datetime.combine(service_date, time(12), ZoneInfo(timezone))
    return noon.astimezone(UTC) - timedelta(hours=12)


def to_instant(service_date: date, seconds: int, timezone: str) -> datetime:
    """The instant, in the city's own offset, to the second."""
    return (_day_start(service_date, timezone) + timedelta(seconds=seconds)).astimezone(ZoneInfo(timezone))


def with_timezone(instant: datetime | None, timezone: str) -> datetime:
    """An aware instant: now when none is given, the city's own time when it has no offset."""
    zone = ZoneInfo(timezone)
    if instant is None:
        return datetime.now(zone).replace(microsecond=0)
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)
