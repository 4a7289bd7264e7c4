"""Trip-based answers to queries: the transfers of one direction of time, and memory per thread."""

from __future__ import annotations

from mobility.network.timetable import Arrays
from mobility.planner.bounds import Row
from mobility.planner.query import Query
from mobility.planner.raptor import OVERFLOW
from mobility.planner.trip_based.range_search import search_window
from mobility.planner.trip_based.search import search_departure
from mobility.planner.trip_based.transfer_set import TransferSet
from mobility.planner.trip_based.workspace import TripWorkspacePool, build_trip_workspace, grow
from mobility.planner.workspace import Answers


class TripPlanner:
    """Searches one transfer set. Read-only after construction; kernels release the interpreter lock."""

    def __init__(self, arrays: Arrays, transfers: TransferSet) -> None:
        """``transfers`` were built from ``arrays``."""
        self.transfers = transfers
        self._arrays = arrays
        self._pool = TripWorkspacePool()

    def search(self, query: Query, row: Row, unit_s: int) -> tuple[int, Answers]:
        """How many journeys there are, and the arrays that hold them and their legs."""
        work = self._pool.work
        if work is None:
            sizes = len(self._arrays.pat_trips), len(self.transfers.trip_at), len(self.transfers.alight_pos)
            self._pool.work = work = build_trip_workspace(*sizes)
        parts = self._arrays, self.transfers
        tail = query.limit_s, query.max_vehicles
        while True:
            if query.window_s:
                end_s = query.at_s + query.window_s
                found = search_window(*parts, work, row, unit_s, *query.access, *query.egress, query.at_s, end_s, *tail)
            else:
                found = search_departure(*parts, work, row, unit_s, *query.access, *query.egress, query.at_s, *tail)
            if found != OVERFLOW:
                return found, (work.journeys, work.legs)
            self._pool.work = work = grow(work)
