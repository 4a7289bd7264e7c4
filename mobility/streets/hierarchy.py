"""Customisable contraction hierarchies: from one place to another in a whole city in some ten microseconds.

Dibbelt, Strasser, Wagner: Customizable Contraction Hierarchies (ACM JEA 2016). The nodes are put into an order of
importance by nested dissection (RoutingKit's, through pyroutingkit); the edges that contracting them in this order
adds do not depend on times. Times are then brought onto them triangle by triangle, which is quick enough to do
again for live traffic. A query climbs the elimination tree from each end and needs no heap: the two climbs meet in
the highest node of the shortest path.

RoutingKit's own query begins and ends at one node and returns Python lists. A place between two nodes of a street
begins and ends at two or more, which is four of its queries and one of these (measured in ``benchmarks/streets``).
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path as File
from typing import NamedTuple

import numba as nb
import numpy as np

from mobility.geodesy import Floats
from mobility.streets.graph import Ints, ProfileGraph
from mobility.streets.workspace import FAR

_MOST_SEEDS = 1024


class Climbs(NamedTuple):
    """The order and the edges of a hierarchy, for k search nodes and e edges, without times. Ranks number nodes."""

    rank: Ints  # int32[k]: rank of each search node
    parent: Ints  # int32[k]: the next higher rank on every climb, -1 at a top
    offset: Ints  # int32[k+1]: the edges up from each rank
    head: Ints  # int32[e]: rank, ascending within each
    low: Ints  # int32[e]: the rank it goes up from
    edge: Ints  # int32[m]: the edge of each arc of the graph, -1 where it leads nowhere
    is_up: Ints  # int8[m]: 1 where the arc goes up its edge


class Times(NamedTuple):
    """Deciseconds up and down each edge, FAR where there is no way, and what they are made of.

    ``*_first`` and ``*_second``: go *down* the first edge and *up* the second; second -1 where it is an arc of the
    graph, whose number is the first.
    """

    up_ds: Ints  # int32[e]
    up_first: Ints
    up_second: Ints
    down_ds: Ints
    down_first: Ints
    down_second: Ints


class Hierarchy(NamedTuple):
    """Ready for queries. Arrays only: can be stored, mapped and shared."""

    climbs: Climbs
    times: Times


class ClimbSpace(NamedTuple):
    """What a query writes into: FAR between two queries, the rest unspecified."""

    ahead: Ints  # int32[k]: deciseconds from the start
    ahead_edge: Ints  # int32[k]
    behind: Ints  # int32[k]: deciseconds to the end
    behind_edge: Ints  # int32[k]
    walked: Ints  # int32[2k]


def build_hierarchy(graph: ProfileGraph, lat: Floats, lon: Floats) -> Hierarchy:
    """The hierarchy of a profile; ``lat`` and ``lon`` are those of the street nodes. A second for 40,000 nodes."""
    order = _dissect(graph, lat[graph.node_of], lon[graph.node_of])
    climbs = _build_climbs(graph, order)
    return Hierarchy(climbs, customize(climbs, graph.time_ds))


def customize(climbs: Climbs, time_ds: Ints) -> Times:
    """The same hierarchy with other times per arc (int32[m], at least 1, FAR where shut)."""
    edges = len(climbs.head)
    times = Times(*(np.full(edges, fill, np.int32) for fill in (FAR, -1, -1, FAR, -1, -1)))
    _lay(climbs, time_ds, times)
    _complete(climbs, times)
    return times


def _dissect(graph: ProfileGraph, lat: Floats, lon: Floats) -> Ints:
    """Search nodes, the least important first. pyroutingkit tells its order only in the files that it saves."""
    import pyroutingkit  # noqa: PLC0415  (quick, but nobody who loads a stored hierarchy needs it)

    count = len(graph.node_of)
    if not len(graph.head):
        return np.arange(count, dtype=np.int32)
    topology = pyroutingkit.CCHTopology()
    tail, head = graph.tail.astype(np.uint32), graph.head.astype(np.uint32)
    topology.build(tail, head, lat.astype(np.float32), lon.astype(np.float32), count)
    with tempfile.TemporaryDirectory(prefix="changtong-cch-") as folder:
        topology.save(folder)
        order = np.fromfile(File(folder) / "order", np.uint32).astype(np.int32)
    if len(order) != count or not np.array_equal(np.sort(order), np.arange(count)):
        raise RuntimeError("pyroutingkit saves its order in another form: this reads that of version 0.2.1")
    return order


def _build_climbs(graph: ProfileGraph, order: Ints) -> Climbs:
    count = len(order)
    rank = np.empty(count, np.int32)
    rank[order] = np.arange(count, dtype=np.int32)
    tail, head = rank[graph.tail], rank[graph.head]
    low, high = np.minimum(tail, head).astype(np.int64), np.maximum(tail, head).astype(np.int64)
    key = np.unique((low * count + high)[low < high])
    given_low, given_high = key // max(count, 1), (key % max(count, 1)).astype(np.int32)
    given_offset = np.searchsorted(given_low, np.arange(count + 1)).astype(np.int32)
    parent, offset, above = _contract(given_offset, given_high)
    lows = np.repeat(np.arange(count, dtype=np.int32), np.diff(offset))
    keys = lows.astype(np.int64) * count + above
    edge = np.searchsorted(keys, low * count + high).astype(np.int32)
    edge[low == high] = -1
    return Climbs(rank, parent, offset, above, lows, edge, (tail < head).astype(np.int8))


@nb.njit(cache=True, nogil=True)
def _contract(given_offset: Ints, given_high: Ints) -> tuple[Ints, Ints, Ints]:
    """Parents, and CSR of the higher neighbours of each rank once all lower ones are contracted."""
    count = len(given_offset) - 1
    parent = np.full(count, -1, np.int32)
    first_child, next_child = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    offset = np.zeros(count + 1, np.int32)
    above = np.empty(4 * len(given_high) + 16, np.int32)
    seen = np.full(count, -1, np.int32)
    size = 0
    for x in range(count):
        if size + count - x > len(above):
            above = np.append(above, np.empty(len(above) + count, np.int32))
        begin = size
        for g in range(given_offset[x], given_offset[x + 1]):
            seen[given_high[g]] = x
            above[size] = given_high[g]
            size += 1
        child = first_child[x]
        while child >= 0:
            for e in range(offset[child], offset[child + 1]):
                y = above[e]
                if y != x and seen[y] != x:
                    seen[y] = x
                    above[size] = y
                    size += 1
            child = next_child[child]
        above[begin:size] = np.sort(above[begin:size])
        offset[x + 1] = size
        if size > begin:
            p = above[begin]
            parent[x] = p
            next_child[x] = first_child[p]
            first_child[p] = x
    return parent, offset, above[:size].copy()


@nb.njit(cache=True, nogil=True)
def _lay(climbs: Climbs, time_ds: Ints, t: Times) -> None:
    """The times of the arcs themselves; of several between two nodes the quickest."""
    for a in range(len(time_ds)):
        e, ds = climbs.edge[a], time_ds[a]
        if e < 0 or ds >= FAR:
            continue
        if climbs.is_up[a]:
            if ds < t.up_ds[e]:
                t.up_ds[e] = ds
                t.up_first[e] = a
        elif ds < t.down_ds[e]:
            t.down_ds[e] = ds
            t.down_first[e] = a


@nb.njit(cache=True, nogil=True)
def _complete(climbs: Climbs, t: Times) -> None:
    """For every edge y-z and each lower x beside both: the way over x, where it is quicker."""
    offset, head = climbs.offset, climbs.head
    for x in range(len(climbs.parent)):
        for xy in range(offset[x], offset[x + 1]):
            y = head[xy]
            yz = offset[y]
            for xz in range(xy + 1, offset[x + 1]):
                z = head[xz]
                while head[yz] < z:
                    yz += 1
                ds = t.down_ds[xy] + t.up_ds[xz]
                if ds < t.up_ds[yz]:
                    t.up_ds[yz], t.up_first[yz], t.up_second[yz] = ds, xy, xz
                ds = t.down_ds[xz] + t.up_ds[xy]
                if ds < t.down_ds[yz]:
                    t.down_ds[yz], t.down_first[yz], t.down_second[yz] = ds, xz, xy


class ClimbPool:
    """A ClimbSpace per calling thread, for one hierarchy."""

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes
        self._local = threading.local()

    def get(self) -> ClimbSpace:
        """The calling thread's."""
        kept: ClimbSpace | None = getattr(self._local, "space", None)
        if kept is None:
            kept = build_climb_space(self._nodes)
            self._local.space = kept
        return kept


def build_climb_space(nodes: int) -> ClimbSpace:
    """A clean one for so many search nodes."""
    far = [np.full(nodes, FAR, np.int32) for _ in range(2)]
    edge = [np.empty(nodes, np.int32) for _ in range(2)]
    return ClimbSpace(far[0], edge[0], far[1], edge[1], np.empty(2 * nodes, np.int32))


@nb.njit(cache=True, nogil=True)
def _climb(climbs: Climbs, ds: Ints, node: Ints, at_ds: Ints, dist: Ints, by: Ints, walked: Ints, size: int) -> int:
    """Climb from all seeds together, lowest rank first; ``walked`` lists the ranks, ascending."""
    front = np.empty(len(node), np.int32)
    for i in range(len(node)):
        rank = climbs.rank[node[i]]
        front[i] = rank
        if at_ds[i] < dist[rank]:
            dist[rank] = at_ds[i]
            by[rank] = -1
    while True:
        x = np.int32(FAR)
        for i in range(len(front)):
            if 0 <= front[i] < x:
                x = front[i]
        if x == FAR:
            return size
        for i in range(len(front)):
            if front[i] == x:
                front[i] = climbs.parent[x]
        walked[size] = x
        size += 1
        here = dist[x]
        if here >= FAR:
            continue
        for e in range(climbs.offset[x], climbs.offset[x + 1]):
            later = here + ds[e]
            y = climbs.head[e]
            if later < dist[y]:
                dist[y] = later
                by[y] = e


@nb.njit(cache=True, nogil=True)
def _stack_edges(climbs: Climbs, w: ClimbSpace, top: int) -> tuple[Ints, int, int, int]:
    """The edges between two ends that meet in ``top``, those nearest to the start last; how many, and the ends.

    An edge is ``2 * edge``, plus 1 where it is gone up.
    """
    depth, last = 0, top
    while w.behind_edge[last] >= 0:
        last = climbs.low[w.behind_edge[last]]
        depth += 1
    below, first = depth, top
    while w.ahead_edge[first] >= 0:
        first = climbs.low[w.ahead_edge[first]]
        depth += 1
    stack = np.empty(2 * depth + 64, np.int64)
    x = top
    for i in range(below - 1, -1, -1):
        stack[i] = 2 * w.behind_edge[x]
        x = climbs.low[w.behind_edge[x]]
    x = top
    for i in range(below, depth):
        stack[i] = 2 * w.ahead_edge[x] + 1
        x = climbs.low[w.ahead_edge[x]]
    return stack, depth, first, last


@nb.njit(cache=True, nogil=True)
def _unpack(climbs: Climbs, t: Times, w: ClimbSpace, top: int) -> tuple[Ints, int, int]:
    """The arcs of the path that meets in ``top``, and the ranks that it begins and ends at."""
    stack, depth, start, end = _stack_edges(climbs, w, top)
    path = np.empty(256, np.int32)
    length = 0
    while depth:
        depth -= 1
        e, is_up = stack[depth] >> 1, stack[depth] & 1
        first = t.up_first[e] if is_up else t.down_first[e]
        second = t.up_second[e] if is_up else t.down_second[e]
        if second < 0:
            if length == len(path):
                path = np.append(path, np.empty(length, np.int32))
            path[length] = first
            length += 1
            continue
        if depth + 2 > len(stack):
            stack = np.append(stack, np.empty(len(stack), np.int64))
        stack[depth] = 2 * second + 1
        stack[depth + 1] = 2 * first
        depth += 2
    return path[:length].copy(), start, end


@nb.njit(cache=True, nogil=True)
def climb_path(
    h: Hierarchy, seed_node: Ints, seed_ds: Ints, end_node: Ints, end_ds: Ints, w: ClimbSpace
) -> tuple[int, Ints, int, int]:
    """From the nearest of the seeds to the nearest of the ends, as ``search.find_path``: the same deciseconds."""
    climbs, t = h
    ahead, behind = w.ahead, w.behind
    middle = _climb(climbs, t.up_ds, seed_node, seed_ds, ahead, w.ahead_edge, w.walked, 0)
    size = _climb(climbs, t.down_ds, end_node, end_ds, behind, w.behind_edge, w.walked, middle)
    best, top = FAR, -1
    for i in range(middle):
        x = w.walked[i]
        if ahead[x] + behind[x] < best:
            best, top = ahead[x] + behind[x], x
    seed = end = -1
    path = np.empty(0, np.int32)
    if top >= 0:
        path, first, last = _unpack(climbs, t, w, top)
        for i in range(len(seed_node)):
            if climbs.rank[seed_node[i]] == first and seed_ds[i] == ahead[first]:
                seed = i
        for i in range(len(end_node)):
            if climbs.rank[end_node[i]] == last and end_ds[i] == behind[last]:
                end = i
    for i in range(size):
        ahead[w.walked[i]] = FAR
        behind[w.walked[i]] = FAR
    return best, path, seed, end
