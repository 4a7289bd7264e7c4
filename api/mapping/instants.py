"""Instants as people ask for them; service-day seconds become instants in ``gtfs.service_days``."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def with_timezone(instant: datetime | None, timezone: str, now: datetime) -> datetime:
    """An aware instant: ``now``, in full seconds, when none is given, the city's own time when it has no offset."""
    zone = ZoneInfo(timezone)
    if instant is None:
        return now.astimezone(zone).replace(microsecond=0)
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)
