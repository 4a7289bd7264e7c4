"""The search engine of one timetable: bounds, memory per thread, and every kind of query.

Read-only after construction and safe to share between threads; kernels release the interpreter lock.
"""

from __future__ import annotations

import threading

import numpy as np

from mobility.network.timetable import Arrays, Timetable, pack_footpaths, reflect
from mobility.planner.bounds import LowerBounds, Row, no_bounds
from mobility.planner.query import Ends, Path, Query, Ride
from mobility.planner.range_raptor import list_seeds
from mobility.planner.raptor import OVERFLOW, search
from mobility.planner.workspace import WorkspacePool

NEVER_S = 2**31


class Engine:
    """Searches one timetable. ``bounds`` off is slower and answers the same."""

    def __init__(self, timetable: Timetable, *, bounds: bool = True, all_pairs: bool | None = None) -> None:
        """``all_pairs`` builds all lower bounds now (default: up to 10,000 stops); else each on demand."""
        self.timetable = timetable
        self._forward = _Direction(timetable.arrays, bounds=bounds, all_pairs=all_pairs)
        self._backward: _Direction | None = None
        self._bounds = bounds
        self._all_pairs = all_pairs
        self._lock = threading.Lock()

    def find_paths(self, query: Query) -> list[Path]:
        """Pareto-optimal paths: by arrival and vehicles, and over a window by departure too.

        For a departure they come with ever more vehicles and ever earlier arrival; over a window the
        latest departure comes first. With ``arrive_by`` the same, read backwards.
        """
        if not query.arrive_by:
            return self._forward.find_paths(query)
        backward = self._get_backward()
        return [self._turn(path) for path in backward.find_paths(query.reflected())]

    def stop_to_stop(self, origin: int, target: int) -> tuple[Ends, Ends]:
        """Access and egress of a query between two stops: there at once, or on one footpath."""
        return self._forward.access_of(origin), self._forward.egress_of(target)

    def _get_backward(self) -> _Direction:
        with self._lock:
            if self._backward is None:
                turned = reflect(self.timetable.arrays)
                self._backward = _Direction(turned, bounds=self._bounds, all_pairs=self._all_pairs)
            return self._backward

    def _turn(self, path: Path) -> Path:
        rides = tuple(self._turn_ride(ride) for ride in reversed(path.rides))
        return Path(-path.arrival_s, -path.departure_s, rides)

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


class _Direction:
    """One direction of time."""

    def __init__(self, arrays: Arrays, *, bounds: bool, all_pairs: bool | None) -> None:
        self._arrays = arrays
        self._stop_count = len(arrays.change_s)
        self._bounds = LowerBounds(arrays, all_pairs=all_pairs) if bounds else None
        self._no_bounds = no_bounds(self._stop_count)
        self._pool = WorkspacePool()
        walked_from = np.repeat(np.arange(self._stop_count, dtype=np.int32), np.diff(arrays.fp_off))
        self._into = pack_footpaths(self._stop_count, arrays.fp_to, walked_from, arrays.fp_s)

    def access_of(self, origin: int) -> Ends:
        a = self._arrays
        span = slice(a.fp_off[origin], a.fp_off[origin + 1])
        return _with_own(origin, a.fp_to[span], a.fp_s[span])

    def egress_of(self, target: int) -> Ends:
        offset, stop, seconds = self._into
        span = slice(offset[target], offset[target + 1])
        return _with_own(target, stop[span], seconds[span])

    def find_paths(self, query: Query) -> list[Path]:
        if query.window_s:
            end_s = query.at_s + query.window_s
            moments, ends = list_seeds(self._arrays, query.access, query.at_s, end_s)
            return self._run(query, moments, ends, end_s, self._stop_count)
        count = len(query.access.stop)
        return self._run(query, np.full(count, query.at_s, np.int64), np.arange(count), NEVER_S, 0)

    def _row(self, query: Query) -> tuple[Row, int]:
        if self._bounds is None:
            return self._no_bounds, 1
        if query.target >= 0:
            return self._bounds.row_to(query.target), self._bounds.unit_s
        return self._bounds.row_to_nearest(*query.egress), self._bounds.unit_s

    def _run(self, query: Query, moments: np.ndarray, ends: np.ndarray, end_s: int, stride: int) -> list[Path]:
        row, unit_s = self._row(query)
        work = self._pool.get(self._stop_count, len(self._arrays.pat_trips))
        while True:
            found = search(
                self._arrays, work, row, unit_s, *query.access, *query.egress, moments, ends,
                end_s, stride, query.limit_s, query.max_vehicles,
            )  # fmt: skip
            if found != OVERFLOW:
                break
            work = self._pool.grow_answers(work)
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
