"""When a question is asked: the server's clock, which tests replace (``app.dependency_overrides[read_clock]``)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends


async def read_clock() -> datetime:
    """Now, aware. Readings age from it, bookings are still open or not, and a journey without a time begins then."""
    return datetime.now(UTC)


Now = Annotated[datetime, Depends(read_clock)]
