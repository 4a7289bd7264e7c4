"""A trip that comes on demand: its calls in order, and which pairs of them one may ride between."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gtfs.flex.places import FlexPlace

NOT_AVAILABLE = 1
"""``pickup_type`` and ``drop_off_type``: nobody gets on (off) here."""
MUST_BOOK = 2
"""Phone the agency."""


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a ride takes, from how long a car drives: ``factor * drive + offset``, in seconds."""

    factor: float = 1.0
    offset_s: float = 0.0

    def ride_s(self, drive_s: float) -> int:
        """Whole seconds, rounded up, never negative."""
        return max(0, math.ceil(self.factor * drive_s + self.offset_s))


@dataclass(frozen=True, slots=True)
class FlexCall:
    """One row of stop_times.txt: a place with a window in which the vehicle comes there (start, end; seconds of the
    service day), or a stop with fixed times (``window_s`` None). Types as in stop_times.txt; rules are ids of
    booking_rules.txt, empty where there is none.
    """

    place: FlexPlace
    window_s: tuple[int, int] | None
    arrival_s: int | None = None
    departure_s: int | None = None
    pickup_type: int = 0
    drop_off_type: int = 0
    pickup_rule_id: str = ""
    drop_off_rule_id: str = ""
    mean: Duration | None = None
    safe: Duration | None = None
    sequence: int = 0
    row: int = 0

    @property
    def can_board(self) -> bool:
        """Somebody may get on."""
        return self.pickup_type != NOT_AVAILABLE and (self.window_s is not None or self.departure_s is not None)

    @property
    def can_leave(self) -> bool:
        """Somebody may get off."""
        return self.drop_off_type != NOT_AVAILABLE and (self.window_s is not None or self.arrival_s is not None)


@dataclass(frozen=True, slots=True)
class FlexService:
    """A trip with a window at one call at least. ``mean`` and ``safe`` hold for calls that say nothing else; None
    where the feed says nothing. Calls are in order of ``stop_sequence``, equal numbers in the order of the file.
    """

    trip_id: str
    route_id: str
    service_id: str
    calls: tuple[FlexCall, ...]
    mean: Duration | None = None
    safe: Duration | None = None

    def list_rides(self) -> Iterator[tuple[FlexCall, FlexCall]]:
        """Pairs of calls, from an earlier to a later one, of which one at least comes on demand; rides that differ in
        nothing are there once. From a stop with a time to another is for the timetable.
        """
        seen: set[tuple[FlexCall, FlexCall]] = set()
        for first, pickup in enumerate(self.calls):
            if not pickup.can_board:
                continue
            for drop_off in self.calls[first + 1 :]:
                is_fixed = pickup.window_s is None and drop_off.window_s is None
                key = (replace(pickup, sequence=0, row=0), replace(drop_off, sequence=0, row=0))
                if drop_off.can_leave and not is_fixed and key not in seen:
                    seen.add(key)
                    yield pickup, drop_off

    def mean_of(self, pickup: FlexCall, drop_off: FlexCall) -> Duration | None:
        """The duration of an average ride."""
        return pickup.mean or drop_off.mean or self.mean

    def safe_of(self, pickup: FlexCall, drop_off: FlexCall) -> Duration | None:
        """The duration that 95 of 100 rides keep."""
        return pickup.safe or drop_off.safe or self.safe
