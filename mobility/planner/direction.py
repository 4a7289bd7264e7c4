"""One direction of time: arrays, their bounds, memory per thread, and RAPTOR on them.

The engine has two, the timetable as it is and the timetable reflected; both run the same kernels.
"""

from __future__ import annotations

import numpy as np

from mobility.network.timetable import Arrays, Ints, pack_footpaths
from mobility.planner.bounds import LowerBounds, Row, no_bounds
from mobility.planner.prepared import NO_PARTS, Parts
from mobility.planner.query import Ends, Path, Query, Ride
from mobility.planner.range_raptor import list_seeds
from mobility.planner.raptor import OVERFLOW, search
from mobility.planner.workspace import WorkspacePool

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
        return Parts(self.walks_into, None if self.bounds is None else self.bounds.parts)

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

    def find_paths(self, query: Query) -> list[Path]:
        """Pareto-optimal paths by RAPTOR, in this direction; ``arrive_by`` is not looked at."""
        if query.window_s:
            end_s = query.at_s + query.window_s
            moments, ends = list_seeds(self.arrays, query.access, query.at_s, end_s)
            return self._run(query, moments, ends, end_s, self._stop_count)
        count = len(query.access.stop)
        return self._run(query, np.full(count, query.at_s, np.int64), np.arange(count), NEVER_S, 0)

    def row_for(self, query: Query) -> tuple[Row, int]:
        """Lower bounds to the query's egress, and their unit in seconds."""
        if self.bounds is None:
            return self._no_bounds, 1
        if query.target >= 0:
            return self.bounds.row_to(query.target), self.bounds.unit_s
        return self.bounds.row_to_nearest(*query.egress), self.bounds.unit_s

    def _run(self, query: Query, moments: np.ndarray, ends: np.ndarray, end_s: int, stride: int) -> list[Path]:
        row, unit_s = self.row_for(query)
        work = self.pool.get(self._stop_count, len(self.arrays.pat_trips))
        while True:
            found = search(
                self.arrays, work, row, unit_s, *query.access, *query.egress, moments, ends,
                end_s, stride, query.limit_s, query.max_vehicles,
            )  # fmt: skip
            if found != OVERFLOW:
                break
            work = self.pool.grow_answers(work)
        journeys = work.journeys[:found].tolist()
        total = sum(journey[2] for journey in journeys)
        rides = [Ride._make(leg) for leg in work.legs[:total].tolist()]
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
