"""One state of one service day, which never changes, and the one writer that makes them.

Who asks holds a snapshot to the end of the question; the next one is made beside it. Wall-clock moments (Unix
seconds) are given from outside: nothing here looks at a clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from gtfs.notices import Notice
from mobility.live.index import LiveIndex
from mobility.live.new_trips import NewTrip
from mobility.live.overlay import build_overlay
from mobility.live.updates import TripUpdate
from mobility.model import PlannerError
from mobility.network.timetable import Ints, Timetable

PLANNED = 0
"""The sequence number of the timetable itself."""


class UpdatesRefused(PlannerError):  # noqa: N818  (what is wrong is the updates)
    """Updates that no snapshot can be made of; the message says why. What was there before stays in use."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old live data may be: beyond ``stale_s`` people are told, beyond ``dropped_s`` the timetable answers."""

    stale_s: float = 120.0
    dropped_s: float = 900.0


DEFAULT_FRESHNESS = Freshness()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``as_of`` is when its updates were true, None for the timetable as planned."""

    sequence: int
    timetable: Timetable
    as_of: float | None = None
    new_trips: tuple[NewTrip, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether it is more than the timetable."""
        return self.as_of is not None

    def is_stale(self, now: float, freshness: Freshness = DEFAULT_FRESHNESS) -> bool:
        """Whether its data is too old to be called live. The timetable as planned never is."""
        return self.as_of is not None and now - self.as_of > freshness.stale_s

    def is_dropped(self, now: float, freshness: Freshness = DEFAULT_FRESHNESS) -> bool:
        """Whether its data is so old that the timetable is the better guess."""
        return self.as_of is not None and now - self.as_of > freshness.dropped_s


class SnapshotWriter:
    """Makes the snapshots of one service day; ``planned`` is the first. One thread writes."""

    def __init__(
        self, index: LiveIndex, date: dt.date, allowed_routes: Ints | None = None, planned: Timetable | None = None
    ) -> None:
        """``planned`` is the timetable of the date, where somebody has it already."""
        self._index = index
        self._date = date
        self._allowed_routes = allowed_routes
        self.planned = Snapshot(PLANNED, planned or index.network.build_timetable(date, allowed_routes))
        self._last = PLANNED

    def write(self, updates: Sequence[TripUpdate], as_of: float) -> Snapshot:
        """A new snapshot of all that is known now; without updates it has the very timetable as planned.

        Raises:
            UpdatesRefused: No timetable can be made of these records.
        """
        try:
            snapshot = self._build(updates, as_of)
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            message = f"these updates are not trip updates: {error}; the ones before stay in use"
            raise UpdatesRefused(message) from error
        self._last = snapshot.sequence
        return snapshot

    def _build(self, updates: Sequence[TripUpdate], as_of: float) -> Snapshot:
        if not updates:
            return Snapshot(self._last + 1, self.planned.timetable, as_of)
        overlay = build_overlay(updates, self._index, self._allowed_routes)
        timetable = self._index.network.build_timetable(self._date, self._allowed_routes, overlay)
        return Snapshot(self._last + 1, timetable, as_of, overlay.new_trips, overlay.notices)
