"""What could not be applied, told in the words of the sender: nothing is lost silently, nothing stops the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gtfs.notices import Notice, Severity
from mobility.live.columns import UNKNOWN_S, UpdateColumns
from mobility.live.index import LiveIndex
from mobility.live.updates import TripRelation, TripUpdate
from mobility.network.timetable import Flags, Ints

FILE = "trip updates"


class Complaints:
    """Notices of one set of updates; ``row`` is the number of the update, from 1."""

    def __init__(self, updates: Sequence[TripUpdate]) -> None:
        """None yet."""
        self._updates = updates
        self._notices: list[Notice] = []

    def add(self, update: int, code: str, message: str) -> None:
        """Complain about an update, by its position."""
        trip = self._updates[update]
        text = f"trip {trip.trip_id!r} of {trip.service_date}: {message}"
        self._notices.append(Notice(f"changtong_live_{code}", Severity.WARNING, FILE, update + 1, text))

    def add_senseless(self, columns: UpdateColumns) -> None:
        """What cannot be right on any day."""
        is_added = columns.relation == TripRelation.ADDED
        for update in np.flatnonzero((columns.trip < 0) & ~is_added).tolist():
            self.add(update, "unknown_trip", "trips.txt has no such trip; the update is not used")
        for stop in np.flatnonzero(columns.is_odd).tolist():
            self.add(_owner(columns, stop), "time_out_of_range", "a time is more than ten days off; taken for unknown")
        is_copy = columns.relation == TripRelation.DUPLICATED
        for update in np.flatnonzero(is_copy & (columns.start_s == UNKNOWN_S)).tolist():
            self.add(update, "start_missing", "a duplicated trip needs its start time; the update is not used")

    def add_unmatched(self, columns: UpdateColumns, is_unmatched: Flags, day: Ints, index: LiveIndex) -> None:
        """Updates of known trips that no run has."""
        known = is_unmatched.astype(bool) & (columns.trip >= 0)
        if not known.any():
            return
        keys = list(zip(columns.trip.tolist(), day.tolist(), columns.start_s.tolist(), strict=True))
        last = {key: update for update, key in enumerate(keys)}
        for update in np.flatnonzero(known).tolist():
            if last[keys[update]] != update:
                self.add(update, "duplicate_update", "told again further on; the last one is used")
            elif index.is_repeated[columns.trip[update]] and columns.start_s[update] == UNKNOWN_S:
                self.add(
                    update, "start_missing", "a trip of frequencies.txt needs a start time; the update is not used"
                )
            else:
                self.add(update, "trip_not_running", "it does not run on that day; the update is not used")

    def add_lost(self, columns: UpdateColumns, lost: Flags) -> None:
        """Updates of stops at which the trip never calls."""
        for stop in np.flatnonzero(lost).tolist():
            update = _owner(columns, stop)
            told = self._updates[update].stops[stop - int(columns.stops.offset[update])]
            at = f"stop {told.stop_id!r}" if told.sequence is None else f"stop_sequence {told.sequence}"
            self.add(update, "unknown_stop", f"it does not call at {at}; that part is not used")

    def to_notices(self) -> tuple[Notice, ...]:
        """All of them, in the order of the updates."""
        return tuple(sorted(self._notices, key=lambda notice: notice.row))


def _owner(columns: UpdateColumns, stop: int) -> int:
    """The update that a stop update belongs to."""
    return int(np.searchsorted(columns.stops.offset, stop, side="right")) - 1
