"""A service day that changes under the queries: every snapshot with its engine, the newest in one reference.

A query takes the reference once and holds it to its end, so that no answer mixes two states. The next engine is
made beside the old one; what still holds of the planned engine's preprocessing is taken over.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from mobility.live.index import LiveIndex
from mobility.live.snapshot import DEFAULT_FRESHNESS, Freshness, Snapshot, SnapshotWriter
from mobility.live.updates import TripUpdate
from mobility.planner.engine import Engine
from mobility.planner.prepared import Prepared


@dataclass(frozen=True, slots=True)
class LiveState:
    """A snapshot, ready to be searched."""

    snapshot: Snapshot
    engine: Engine


def open_state(snapshot: Snapshot, planned: Prepared) -> LiveState:
    """The engine of a snapshot: with the planned bounds where no vehicle is faster than planned, else with bounds
    of its own, a row when it is needed.
    """
    kept = planned.keep_for(snapshot.timetable.arrays)
    return LiveState(snapshot, Engine(snapshot.timetable, all_pairs=False, prepared=kept))


class LiveEngine:
    """One service day. Any number of threads ask ``current``; one at a time updates."""

    def __init__(
        self,
        index: LiveIndex,
        date: dt.date,
        *,
        planned: Engine | None = None,
        freshness: Freshness = DEFAULT_FRESHNESS,
    ) -> None:
        """The timetable as planned answers until the first update; ``planned`` is its engine, where there is one."""
        self._writer = SnapshotWriter(index, date, planned=planned.timetable if planned else None)
        self._freshness = freshness
        self._planned = LiveState(self._writer.planned, planned or Engine(self._writer.planned.timetable))
        self._prepared = self._planned.engine.prepare(backward=False)
        self._state = self._planned
        self._lock = threading.Lock()

    def update(self, updates: Sequence[TripUpdate], as_of: float) -> LiveState:
        """Apply all that is known now and put it in use.

        Raises:
            UpdatesRefused: Nothing can be made of the updates; what was in use stays in use.
        """
        with self._lock:
            snapshot = self._writer.write(updates, as_of)
            if snapshot.timetable is self._planned.snapshot.timetable:
                state = LiveState(snapshot, self._planned.engine)
            else:
                state = open_state(snapshot, self._prepared)
            self._state = state
            return state

    def current(self, now: float) -> LiveState:
        """The newest state; the timetable as planned where its data is too old to be used."""
        state = self._state
        return self._planned if state.snapshot.is_dropped(now, self._freshness) else state
