"""The search engine of one timetable: bounds, memory per thread, and every kind of query.

Read-only after construction and safe to share between threads; kernels release the interpreter lock.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from functools import cached_property

from mobility.network.timetable import Timetable, reflect
from mobility.planner.bounds import LowerBounds
from mobility.planner.criteria.search import CriteriaSearch
from mobility.planner.direction import Direction
from mobility.planner.prepared import NO_PARTS, NOTHING_PREPARED, Parts, Prepared
from mobility.planner.query import AS_THE_TIMETABLE_SAYS, Ends, Path, Query, Ride, TransferTimes
from mobility.planner.transfer_times import stretch_changes
from mobility.planner.trip_based.preprocessing import Progress

KEPT_TRANSFER_TIMES = 4
"""How many wishes for longer changes an engine keeps arrays for."""


class Engine:
    """Searches one timetable. ``bounds`` and ``trip_based`` off are slower and answer the same."""

    def __init__(
        self,
        timetable: Timetable,
        *,
        bounds: bool = True,
        all_pairs: bool | None = None,
        trip_based: bool = True,
        prepared: Prepared = NOTHING_PREPARED,
    ) -> None:
        """``all_pairs`` builds all lower bounds now (default: up to 10,000 stops); else each on demand.
        Trip-based routing begins where a direction is ``accelerate``d, or was when ``prepared``.
        What is ``prepared`` is taken, not computed; it must have been computed for this timetable.
        """
        self.timetable = timetable
        self._prepared = prepared
        self._trip_based = trip_based
        lower = None
        if bounds:
            ready = prepared.forward.bounds
            lower = LowerBounds(ready) if ready else LowerBounds.build(timetable.arrays, all_pairs=all_pairs)
        self._forward = Direction(timetable.arrays, lower, prepared.forward)
        self._backward: Direction | None = None
        self._with_times: OrderedDict[TransferTimes, Engine] = OrderedDict()
        self._lock = threading.Lock()

    def prepare(self, *, backward: bool = True) -> Prepared:
        """All that was computed, made now where it would be made later: see ``Prepared``."""
        if not backward:
            return Prepared(self._forward.list_parts())
        turned = self._get_backward()
        return Prepared(self._forward.list_parts(), turned.list_parts(), turned.arrays)

    @property
    def is_accelerated(self) -> bool:
        """Whether queries by departure are answered by trip-based routing."""
        return self._trip_based and self._forward.is_accelerated

    def accelerate(self, progress: Progress | None = None, *, backward: bool = False) -> None:
        """Build the transfers of trip-based routing and all lower bounds, with ``backward`` those of arrive-by too.

        May run in a thread of its own: queries go on meanwhile, and use them once they are complete.
        """
        if self._forward.bounds is not None:
            self._forward.bounds.complete()
        turned = [self._get_backward()] if backward else []
        if turned and turned[0].bounds is not None and self._forward.bounds is not None:
            turned[0].bounds.complete_from(self._forward.bounds)
        for direction in [self._forward, *turned]:
            if not direction.is_accelerated:
                direction.accelerate(progress)

    def find_paths(self, query: Query) -> list[Path]:
        """Pareto-optimal paths: by arrival and vehicles, and over a window by departure too.

        For a departure they come with ever more vehicles and ever earlier arrival; over a window the
        latest departure comes first. With ``arrive_by`` the same, read backwards.
        """
        if query.via or query.criteria:
            return self.criteria.find_paths(query)
        if query.transfer != AS_THE_TIMETABLE_SAYS:
            slower = self.with_transfer_times(query.transfer)
            return slower.find_paths(replace(query, transfer=AS_THE_TIMETABLE_SAYS))
        if not query.arrive_by:
            return self._forward.find_paths(query, trip_based=self._trip_based)
        backward = self._get_backward()
        paths = backward.find_paths(query.reflected(), trip_based=self._trip_based)
        return [self.turn(path) for path in paths]

    @cached_property
    def criteria(self) -> CriteriaSearch:
        """Searches by way of vias and with more criteria; rides cost nothing (see ``CriteriaSearch``)."""
        return CriteriaSearch(self)

    @property
    def forward(self) -> Direction:
        """The timetable as it is."""
        return self._forward

    @property
    def backward(self) -> Direction:
        """The timetable read backwards in time."""
        return self._get_backward()

    def stop_to_stop(self, origin: int, target: int) -> tuple[Ends, Ends]:
        """Access and egress of a query between two stops: there at once, or on one footpath."""
        return self._forward.access_of(origin), self._forward.egress_of(target)

    def with_transfer_times(self, times: TransferTimes) -> Engine:
        """The same timetable for somebody who changes in these times; bounds are shared, for they still hold."""
        with self._lock:
            if times not in self._with_times:
                bounds = self._forward.bounds
                self._with_times[times] = Engine(
                    replace(self.timetable, arrays=stretch_changes(self.timetable.arrays, times)),
                    bounds=bounds is not None,
                    prepared=Prepared(Parts(bounds=bounds.parts) if bounds else NO_PARTS),
                )
                if len(self._with_times) > KEPT_TRANSFER_TIMES:
                    self._with_times.popitem(last=False)
            self._with_times.move_to_end(times)
            return self._with_times[times]

    def _get_backward(self) -> Direction:
        with self._lock:
            if self._backward is None:
                arrays = self._prepared.reflected or reflect(self.timetable.arrays)
                ready, forward = self._prepared.backward.bounds, self._forward.bounds
                lower = None if forward is None else LowerBounds(ready) if ready else forward.reflected()
                self._backward = Direction(arrays, lower, self._prepared.backward)
            return self._backward

    def turn(self, path: Path) -> Path:
        """A path found backwards in time as one reads it forwards."""
        rides = tuple(self._turn_ride(ride) for ride in reversed(path.rides))
        return Path(-path.arrival_s, -path.departure_s, rides, path.costs)

    def _turn_ride(self, ride: Ride) -> Ride:
        a = self.timetable.arrays
        pattern, column = self.timetable.get_pattern_of(ride.trip)
        last_trip = int(a.pat_trips[pattern]) - 1
        last_pos = int(a.pat_off[pattern + 1] - a.pat_off[pattern]) - 1
        return Ride(
            trip=ride.trip - column + last_trip - column,
            board_pos=last_pos - ride.alight_pos,
            alight_pos=last_pos - ride.board_pos,
            board_stop=ride.alight_stop,
            alight_stop=ride.board_stop,
        )
