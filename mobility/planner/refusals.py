# ruff: noqa: N818  (named for what is wrong)
"""What the planner refuses, each with the field of the request that is wrong, so that every surface can name its own
parameter. The message says what is wrong, what would be right, and where there is one the remedy.
"""

from __future__ import annotations

from mobility.model import PlannerError


class RequestRefused(PlannerError):
    """Base: a request that cannot be answered as asked. ``field`` is one of ``PlanRequest``, empty when unknown."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class ImpossibleRequest(RequestRefused):
    """A number or a combination that makes no sense."""


class OutsideService(RequestRefused):
    """The date is outside the feed's calendar. The message names the valid range."""

    def __init__(self, message: str, field: str = "at") -> None:
        super().__init__(message, field)


class NoStopNear(RequestRefused):
    """A place from which no stop can be walked to. The message names the nearest."""


class ImpossibleTransferTimes(RequestRefused):
    """Times that would make a change shorter than the timetable says, or longer than a day."""
