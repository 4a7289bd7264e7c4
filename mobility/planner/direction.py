"""One direction of time: arrays, their bounds, memory per thread, and the searches on them.

The engine has two, the timetable as it is and the timetable reflected; both run the same kernels. RAPTOR
needs the arrays only; where a transfer set was built, trip-based routing answers the same, faster.
"""

from __future__ import annotations

import numpy as np

from mobility.network.timetable import Arrays, Ints, pack_footpaths
from mobility.planner.bounds import LowerBounds, Row, no_bounds
from mobility.planner.prepared import NO_PARTS, Parts
from mobility.planner.query import Ends, Path, Query, Ride
from mobility.planner.range_raptor import list_seeds
from mobility.planner.raptor import OVERFLOW, search
from mobility.planner.trip_based.planner import TripPlanner
from mobility.planner.trip_based.preprocessing import Progress, build_transfers
from mobility.planner.workspace import Answers, WorkspacePool

NEVER_S = 2**31


class Direction:
    """Read-only after construction; kernels release the interpreter lock."""

    def __init__(self, arrays: Arrays, bounds: LowerBounds | None, parts: Parts = NO_PARTS) -> None:
        """``bounds`` None: nothing is pruned by them. ``parts`` are what is already there of the rest."""
        self.arrays = arrays
        self.bounds = bounds
        self._stop_count = len(arrays.change_s)
        self._no_bounds = no_bounds(self._stop_count)
        self._walks_into = parts.walks_into
        self.pool = WorkspacePool()
        self._trips = None if parts.transfers is None else TripPlanner(arrays, parts.transfers)

    @property
    def is_accelerated(self) -> bool:
        """Whether transfers between trips are there."""
        return self._trips is not None

    def accelerate(self, progress: Progress | None = None) -> None:
        """Build the transfers between trips; queries of other threads go on meanwhile, by RAPTOR."""
        self._trips = TripPlanner(self.arrays, build_transfers(self.arrays, progress))

    @property
    def walks_into(self) -> tuple[Ints, Ints, Ints]:
        """The footpaths that end at each stop, as offsets, stops and seconds."""
        if self._walks_into is None:
            a = self.arrays
            walked_from = np.repeat(np.arange(self._stop_count, dtype=np.int32), np.diff(a.fp_off))
            self._walks_into = pack_footpaths(self._stop_count, a.fp_to, walked_from, a.fp_s)
        return self._walks_into

    def list_parts(self) -> Parts:
        """What was computed for this direction."""
        bounds = None if self.bounds is None else self.bounds.parts
        transfers = None if self._trips is None else self._trips.transfers
        return Parts(self.walks_into, bounds, transfers)

    def access_of(self, origin: int) -> Ends:
        """Stops to begin at from a stop: itself at once, and those one footpath away."""
        a = self.arrays
        span = slice(a.fp_off[origin], a.fp_off[origin + 1])
        return _with_own(origin, a.fp_to[span], a.fp_s[span])

    def egress_of(self, target: int) -> Ends:
        """Stops to end at: the stop itself, and those one footpath before it."""
        offset, stop, seconds = self.walks_into
        span = slice(offset[target], offset[target + 1])
        return _with_own(target, stop[span], seconds[span])

    def find_paths(self, query: Query, *, trip_based: bool = True) -> list[Path]:
        """Pareto-optimal paths in this direction; ``arrive_by`` is not looked at."""
        if trip_based and self._trips is not None:
            return _list_paths(*self._trips.search(query, *self.row_for(query)))
        if not query.window_s and self.bounds is not None and not self.bounds.has_table:
            # the row alone would take as long as it saves rounds of one departure
            return _list_paths(*self._run_raptor(query, self._no_bounds, 1))
        return _list_paths(*self._run_raptor(query, *self.row_for(query)))

    def row_for(self, query: Query) -> tuple[Row, int]:
        """Lower bounds to the query's egress, and their unit in seconds."""
        if self.bounds is None:
            return self._no_bounds, 1
        if query.target >= 0:
            return self.bounds.row_to(query.target), self.bounds.unit_s
        return self.bounds.row_to_nearest(*query.egress), self.bounds.unit_s

    def _run_raptor(self, query: Query, row: Row, unit_s: int) -> tuple[int, Answers]:
        if query.window_s:
            end_s, stride = query.at_s + query.window_s, self._stop_count
            moments, ends = list_seeds(self.arrays, query.access, query.at_s, end_s)
        else:
            end_s, stride, count = NEVER_S, 0, len(query.access.stop)
            moments, ends = np.full(count, query.at_s, np.int64), np.arange(count)
        work = self.pool.get(self._stop_count, len(self.arrays.pat_trips))
        while True:
            found = search(
                self.arrays, work, row, unit_s, *query.access, *query.egress, moments, ends,
                end_s, stride, query.limit_s, query.max_vehicles,
            )  # fmt: skip
            if found != OVERFLOW:
                return found, (work.journeys, work.legs)
            work = self.pool.grow_answers(work)


def _list_paths(found: int, answers: Answers) -> list[Path]:
    journeys = answers[0][:found].tolist()
    total = sum(journey[2] for journey in journeys)
    rides = [Ride._make(leg) for leg in answers[1][:total].tolist()]
    paths, first = [], 0
    for departure_s, arrival_s, vehicles in journeys:
        paths.append(Path(departure_s, arrival_s, tuple(rides[first : first + vehicles])))
        first += vehicles
    return paths


def _with_own(stop: int, others: np.ndarray, seconds: np.ndarray) -> Ends:
    count = len(others) + 1
    stops, times = np.empty(count, np.int32), np.empty(count, np.int32)
    stops[0], times[0] = stop, 0
    stops[1:], times[1:] = others, seconds
    return Ends(stops, times)
