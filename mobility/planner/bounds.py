"""Lower bounds: a time that no journey from a stop to the target can beat.

Graph: for every hop of a pattern the shortest run time of its trips, for every footpath its duration;
changes cost nothing. A bucket search (Dial 1969) runs on the reverse graph from the target. Bounds are
kept as uint16 in units of ``unit_s``, rounded down; 65,535 means that the target cannot be reached,
which prunes by itself because no journey may last 65,535 units.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from mobility.network.timetable import Arrays, Ints

UNREACHABLE = 65_535
ALL_PAIRS_STOPS = 10_000
"""Up to here the whole table is worth its memory (200 MB at the limit)."""
COARSEST_UNIT_S = 10

Row = npt.NDArray[np.uint16]


class HopGraph(NamedTuple):
    """The reverse graph: edges into a stop, with their shortest duration in units."""

    offset: Ints
    stop: Ints
    weight: Ints


@nb.njit(cache=True, nogil=True)
def list_hops(a: Arrays) -> Ints:
    """Every hop of a pattern as (to, from, shortest seconds)."""
    hops = np.empty((len(a.pat_stop) - len(a.pat_trips), 3), np.int64)
    count = 0
    for p in range(len(a.pat_trips)):
        trips = a.pat_trips[p]
        for i in range(a.pat_off[p + 1] - a.pat_off[p] - 1):
            at = a.time_off[p] + i * trips
            shortest = a.arr[at + trips] - a.dep[at]
            for t in range(1, trips):
                shortest = min(shortest, a.arr[at + trips + t] - a.dep[at + t])
            hops[count, 0] = a.pat_stop[a.pat_off[p] + i + 1]
            hops[count, 1] = a.pat_stop[a.pat_off[p] + i]
            hops[count, 2] = shortest
            count += 1
    return hops


def build_hop_graph(a: Arrays) -> tuple[HopGraph, int]:
    """The reverse graph and its unit in seconds."""
    stop_count = len(a.change_s)
    walk_from = np.repeat(np.arange(stop_count, dtype=np.int64), np.diff(a.fp_off))
    walks = np.stack([a.fp_to.astype(np.int64), walk_from, a.fp_s.astype(np.int64)], axis=1)
    edges = np.concatenate([list_hops(a), walks])
    edges = edges[edges[:, 0] != edges[:, 1]]
    edges = edges[np.lexsort((edges[:, 2], edges[:, 1], edges[:, 0]))]
    is_best = np.ones(len(edges), bool)  # of parallel edges the shortest
    is_best[1:] = (edges[1:, 0] != edges[:-1, 0]) | (edges[1:, 1] != edges[:-1, 1])
    edges = edges[is_best]
    unit_s = max(COARSEST_UNIT_S, int(np.gcd.reduce(edges[:, 2])) if len(edges) else 0)
    offset = np.zeros(stop_count + 1, np.int64)
    np.cumsum(np.bincount(edges[:, 0], minlength=stop_count), out=offset[1:])
    return HopGraph(offset, edges[:, 1].astype(np.int32), (edges[:, 2] // unit_s).astype(np.int32)), unit_s


@nb.njit(cache=True, nogil=True)
def search_back(graph: HopGraph, stops: Ints, seconds: Ints, unit_s: int, row: Row, largest: int) -> None:
    """Fill ``row`` with the bounds to the nearest of ``stops``, each ``seconds`` from the goal.

    Buckets are a ring of linked lists, an entry per relaxed edge; stale entries are skipped.
    """
    row[:] = UNREACHABLE
    width = largest + 1
    for number in range(len(stops)):
        width = max(width, seconds[number] // unit_s + 1)
    head = np.full(width, -1, np.int32)
    capacity = len(graph.stop) + len(stops)
    entry_stop = np.empty(capacity, np.int32)
    following = np.empty(capacity, np.int32)
    used = 0
    pending = 0
    for number in range(len(stops)):
        value = seconds[number] // unit_s
        if value < row[stops[number]]:
            row[stops[number]] = value
            entry_stop[used] = stops[number]
            following[used] = head[value % width]
            head[value % width] = used
            used += 1
            pending += 1
    distance = 0
    settled = np.zeros(len(row), np.uint8)
    while pending and distance < UNREACHABLE:
        bucket = distance % width
        while head[bucket] >= 0:
            entry = head[bucket]
            head[bucket] = following[entry]
            pending -= 1
            stop = entry_stop[entry]
            if settled[stop] or row[stop] != distance:
                continue
            settled[stop] = 1
            for e in range(graph.offset[stop], graph.offset[stop + 1]):
                other = graph.stop[e]
                value = distance + graph.weight[e]
                if value < row[other]:
                    row[other] = value
                    entry_stop[used] = other
                    following[used] = head[value % width]
                    head[value % width] = used
                    used += 1
                    pending += 1
        distance += 1


@nb.njit(cache=True, nogil=True)
def search_all_back(graph: HopGraph, unit_s: int, largest: int, table: npt.NDArray[np.uint16]) -> None:
    """The row of every stop."""
    nothing = np.zeros(1, np.int32)
    for stop in range(len(table)):
        target = np.full(1, stop, np.int32)
        search_back(graph, target, nothing, unit_s, table[stop], largest)


class LowerBounds:
    """Bounds of one timetable: all pairs for a city, rows on demand (the last few kept) beyond."""

    def __init__(self, arrays: Arrays, *, all_pairs: bool | None = None, kept: int = 256) -> None:
        """``all_pairs`` builds the whole table at once (default: up to 10,000 stops, never by itself later)."""
        self._graph, self.unit_s = build_hop_graph(arrays)
        self._largest = int(self._graph.weight.max()) if len(self._graph.weight) else 0
        self._stop_count = len(arrays.change_s)
        self._rows: OrderedDict[bytes, Row] = OrderedDict()
        self._kept = kept
        self._lock = threading.Lock()
        self._table: npt.NDArray[np.uint16] | None = None
        if all_pairs if all_pairs is not None else self._stop_count <= ALL_PAIRS_STOPS:
            self._table = np.empty((self._stop_count, self._stop_count), np.uint16)
            search_all_back(self._graph, self.unit_s, self._largest, self._table)

    def row_to(self, stop: int) -> Row:
        """Bounds to one stop."""
        if self._table is not None:
            row: Row = self._table[stop]
            return row
        return self.row_to_nearest(np.array([stop], np.int32), np.zeros(1, np.int32))

    def row_to_nearest(self, stops: Ints, seconds: Ints) -> Row:
        """Bounds to a goal that lies ``seconds`` beyond each of ``stops``."""
        key = stops.tobytes() + seconds.tobytes()
        with self._lock:
            if key in self._rows:
                self._rows.move_to_end(key)
                return self._rows[key]
        row = np.empty(self._stop_count, np.uint16)
        search_back(self._graph, stops, seconds, self.unit_s, row, self._largest)
        with self._lock:
            self._rows[key] = row
            if len(self._rows) > self._kept:
                self._rows.popitem(last=False)
        return row


def no_bounds(stop_count: int) -> Row:
    """The row that prunes nothing: the switch that turns bounds off."""
    return np.zeros(stop_count, np.uint16)
