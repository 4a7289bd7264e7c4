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


@nb.njit(cache=True, nogil=True)
def list_edges_into(stop_count: int, hops: Ints, fp_off: Ints, fp_to: Ints, fp_s: Ints) -> tuple[Ints, Ints, Ints]:
    """Edges into every stop (offsets, stop before, seconds); of parallel ones the shortest."""
    offset = np.zeros(stop_count + 1, np.int64)
    for h in range(len(hops)):
        offset[hops[h, 0] + 1] += 1
    for f in range(len(fp_to)):
        offset[fp_to[f] + 1] += 1
    for stop in range(stop_count):
        offset[stop + 1] += offset[stop]
    filled = offset[:-1].copy()
    before = np.empty(offset[-1], np.int32)
    seconds = np.empty(offset[-1], np.int32)
    for h in range(len(hops)):
        at = filled[hops[h, 0]]
        filled[hops[h, 0]] += 1
        before[at], seconds[at] = hops[h, 1], hops[h, 2]
    for start in range(stop_count):
        for f in range(fp_off[start], fp_off[start + 1]):
            at = filled[fp_to[f]]
            filled[fp_to[f]] += 1
            before[at], seconds[at] = start, fp_s[f]
    place = np.full(stop_count, -1, np.int64)  # where the edge from a stop was put, for the stop at hand
    kept = 0
    for stop in range(stop_count):
        first = kept
        begin = offset[stop]
        offset[stop] = first
        for e in range(begin, offset[stop + 1]):
            other = before[e]
            if other == stop:
                continue
            if place[other] >= first:
                seconds[place[other]] = min(seconds[place[other]], seconds[e])
            else:
                place[other] = kept
                before[kept], seconds[kept] = other, seconds[e]
                kept += 1
    offset[stop_count] = kept
    return offset, before[:kept].copy(), seconds[:kept].copy()


def build_hop_graph(a: Arrays) -> tuple[HopGraph, int]:
    """The reverse graph and its unit in seconds."""
    offset, before, seconds = list_edges_into(len(a.change_s), list_hops(a), a.fp_off, a.fp_to, a.fp_s)
    unit_s = max(COARSEST_UNIT_S, int(np.gcd.reduce(seconds)) if len(seconds) else 0)
    return HopGraph(offset, before, seconds // np.int32(unit_s)), unit_s


@nb.njit(cache=True, nogil=True)
def turn_graph(graph: HopGraph) -> HopGraph:
    """Every edge turned round: the graph of the timetable read backwards."""
    stop_count = len(graph.offset) - 1
    offset = np.zeros(stop_count + 1, np.int64)
    for e in range(len(graph.stop)):
        offset[graph.stop[e] + 1] += 1
    for stop in range(stop_count):
        offset[stop + 1] += offset[stop]
    filled = offset[:-1].copy()
    ends = np.empty(len(graph.stop), np.int32)
    weight = np.empty(len(graph.stop), np.int32)
    for stop in range(stop_count):
        for e in range(graph.offset[stop], graph.offset[stop + 1]):
            at = filled[graph.stop[e]]
            filled[graph.stop[e]] += 1
            ends[at], weight[at] = stop, graph.weight[e]
    return HopGraph(offset, ends, weight)


@nb.njit(cache=True, nogil=True)
def _is_within(graph: HopGraph, unit_s: int, hops: Ints) -> bool:
    for h in range(len(hops)):
        if hops[h, 0] == hops[h, 1]:
            continue
        is_known = False
        for e in range(graph.offset[hops[h, 0]], graph.offset[hops[h, 0] + 1]):
            if graph.stop[e] == hops[h, 1]:
                is_known = graph.weight[e] <= hops[h, 2] // unit_s
                break
        if not is_known:
            return False
    return True


def bounds_still_hold(graph: HopGraph, unit_s: int, arrays: Arrays) -> bool:
    """Whether bounds of ``graph`` are bounds for changed arrays too: no hop is faster than it was, or new.

    Stops and footpaths are taken to be the same; a live day changes neither.
    """
    return bool(_is_within(graph, unit_s, list_hops(arrays)))


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


@nb.njit(cache=True, nogil=True)
def join_rows(table: npt.NDArray[np.uint16], stops: Ints, seconds: Ints, unit_s: int, row: Row) -> None:
    """Fill ``row`` with the least of the rows of ``stops``, each moved by its seconds, rounded down once more."""
    row[:] = UNREACHABLE
    for number in range(len(stops)):
        own = table[stops[number]]
        beyond = seconds[number] // unit_s
        for stop in range(len(row)):
            # what cannot be reached stays at least 65,535 away
            row[stop] = min(np.int64(row[stop]), np.int64(own[stop]) + beyond)


class BoundParts(NamedTuple):
    """What bounds are made of, to be stored: ``table`` is all pairs, a row per target."""

    graph: HopGraph
    unit_s: int
    table: npt.NDArray[np.uint16] | None = None


class LowerBounds:
    """Bounds of one timetable: all pairs for a city, rows on demand (the last few kept) beyond."""

    def __init__(self, parts: BoundParts, *, kept: int = 256) -> None:
        """``build`` makes them from a timetable; ``kept`` rows on demand are remembered."""
        self._graph, self.unit_s, self._table = parts
        self._largest = int(self._graph.weight.max()) if len(self._graph.weight) else 0
        self._stop_count = len(self._graph.offset) - 1
        self._rows: OrderedDict[bytes, Row] = OrderedDict()
        self._kept = kept
        self._lock = threading.Lock()

    @classmethod
    def build(cls, arrays: Arrays, *, all_pairs: bool | None = None) -> LowerBounds:
        """``all_pairs`` builds the whole table at once (default: up to 10,000 stops, never by itself later)."""
        graph, unit_s = build_hop_graph(arrays)
        stop_count = len(arrays.change_s)
        table = None
        if all_pairs if all_pairs is not None else stop_count <= ALL_PAIRS_STOPS:
            table = np.empty((stop_count, stop_count), np.uint16)
            search_all_back(graph, unit_s, int(graph.weight.max(initial=0)), table)
        return cls(BoundParts(graph, unit_s, table))

    @property
    def has_table(self) -> bool:
        """Whether rows cost next to nothing."""
        return self._table is not None

    def complete(self) -> None:
        """Build the table now, for a city; queries may go on meanwhile."""
        if self._table is None and self._stop_count <= ALL_PAIRS_STOPS:
            table = np.empty((self._stop_count, self._stop_count), np.uint16)
            search_all_back(self._graph, self.unit_s, self._largest, table)
            self._table = table

    def complete_from(self, other: LowerBounds) -> None:
        """Take the table of the other direction of time, turned round."""
        if self._table is None and other._table is not None:
            self._table = np.ascontiguousarray(other._table.T)

    @property
    def parts(self) -> BoundParts:
        """Their arrays."""
        return BoundParts(self._graph, self.unit_s, self._table)

    def reflected(self) -> LowerBounds:
        """The bounds of the timetable read backwards: every edge, and so the whole table, turned round."""
        table = None if self._table is None else np.ascontiguousarray(self._table.T)
        return LowerBounds(BoundParts(turn_graph(self._graph), self.unit_s, table), kept=self._kept)

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
        if self._table is not None:
            join_rows(self._table, stops, seconds, self.unit_s, row)
        else:
            search_back(self._graph, stops, seconds, self.unit_s, row, self._largest)
        with self._lock:
            self._rows[key] = row
            if len(self._rows) > self._kept:
                self._rows.popitem(last=False)
        return row


def no_bounds(stop_count: int) -> Row:
    """The row that prunes nothing: the switch that turns bounds off."""
    return np.zeros(stop_count, np.uint16)
