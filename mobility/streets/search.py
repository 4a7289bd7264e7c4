"""Dijkstra on the arrays of one profile: from one place to many within a limit, and from one to another.

A binary heap in an array; a node is pushed again when it gets nearer, and skipped when it comes up stale. Nothing
is cleared but what was touched, so that a short search costs the same in a town and in a country. Every kernel
does the same as plain Python (``.py_func``).

A place lies within a segment: whoever leaves it goes on to one of its ends, ``seeds``; whoever comes to it does so
from one of its ends, ``attachments``. Read backwards (``r_*`` and the two swapped) the same kernels tell who comes
here, and when they must leave.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from mobility.streets.graph import Ints, ProfileGraph
from mobility.streets.workspace import FAR, Workspace


class Arcs(NamedTuple):
    """One direction of a ProfileGraph, for k search nodes and m arcs."""

    offset: Ints  # int32[k+1]
    head: Ints  # int32[m]
    time_ds: Ints  # int32[m]
    number: Ints  # int32[m]: of the arc in the forward arrays


class Attachments(NamedTuple):
    """Places by the search nodes from which they are reached: CSR over k nodes."""

    offset: Ints  # int32[k+1]
    place: Ints  # int32[a]
    ds: Ints  # int32[a]: from the node to the place


def list_arcs(graph: ProfileGraph, *, inbound: bool = False) -> Arcs:
    """The arcs forwards, or backwards for searches that end where they begin."""
    if inbound:
        return Arcs(graph.r_offset, graph.r_tail, graph.r_time_ds, graph.r_arc)
    return Arcs(graph.offset, graph.head, graph.time_ds, np.arange(len(graph.head), dtype=np.int32))


@nb.njit(cache=True, nogil=True)
def push(heap: Ints, size: int, entry: int) -> int:
    """Put an entry onto a binary min-heap of ``size`` entries; its new size."""
    at = size
    while at:
        above = (at - 1) >> 1
        if heap[above] <= entry:
            break
        heap[at] = heap[above]
        at = above
    heap[at] = entry
    return size + 1


@nb.njit(cache=True, nogil=True)
def pop(heap: Ints, size: int) -> int:
    """Take the least entry, ``heap[0]``, off a binary min-heap of ``size`` entries; its new size."""
    size -= 1
    entry = heap[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if entry <= heap[below]:
            break
        heap[at] = heap[below]
        at = below
    heap[at] = entry
    return size


@nb.njit(cache=True, nogil=True)
def spread(arcs: Arcs, seed_node: Ints, seed_ds: Ints, limit_ds: int, w: Workspace) -> int:
    """Fill ``w.dist`` of all nodes within the limit; how many ``w.touched`` lists. The caller puts them back."""
    dist, heap, touched = w.dist, w.heap, w.touched
    size = count = 0
    for i in range(len(seed_node)):
        node, ds = seed_node[i], seed_ds[i]
        if ds <= limit_ds and ds < dist[node]:
            if dist[node] == FAR:
                touched[count] = node
                count += 1
            dist[node] = ds
            size = push(heap, size, np.int64(ds) << 32 | np.int64(node))
    while size:
        entry = heap[0]
        size = pop(heap, size)
        node, ds = entry & 0xFFFFFFFF, entry >> 32
        if ds > dist[node]:
            continue
        for a in range(arcs.offset[node], arcs.offset[node + 1]):
            head = arcs.head[a]
            later = ds + arcs.time_ds[a]
            if later < dist[head] and later <= limit_ds:
                if dist[head] == FAR:
                    touched[count] = head
                    count += 1
                dist[head] = later
                size = push(heap, size, later << 32 | np.int64(head))
    return count


@nb.njit(cache=True, nogil=True)
def collect(attached: Attachments, count: int, limit_ds: int, w: Workspace, places: int) -> int:
    """Bring the places beside the ``count`` touched nodes into ``w.best``, and the nodes back to FAR.

    ``places`` are in ``w.found`` already; how many then are.
    """
    for i in range(count):
        node = w.touched[i]
        ds = w.dist[node]
        w.dist[node] = FAR
        for a in range(attached.offset[node], attached.offset[node + 1]):
            later = ds + attached.ds[a]
            place = attached.place[a]
            if later < w.best[place] and later <= limit_ds:
                if w.best[place] == FAR:
                    w.found[places] = place
                    places += 1
                w.best[place] = later
    return places


class Path(NamedTuple):
    """A shortest path: its deciseconds from the start itself, FAR and no arcs where there is none."""

    ds: int
    arcs: Ints  # int32[], forward numbers, in the order they are travelled
    seed: int  # where it begins, -1 where there is none
    end: int  # where it ends, by number in the ends given


@nb.njit(cache=True, nogil=True)
def find_path(
    arcs: Arcs, tail: Ints, seed_node: Ints, seed_ds: Ints, end_node: Ints, end_ds: Ints, w: Workspace
) -> tuple[int, Ints, int, int]:
    """From the nearest of the seeds to the nearest of the ends, each with deciseconds of its own: a ``Path``.

    Forward arrays only. Stops as soon as nothing nearer can come.
    """
    dist, heap, touched, via = w.dist, w.heap, w.touched, w.via
    size = count = 0
    for i in range(len(seed_node)):
        node, ds = seed_node[i], seed_ds[i]
        if ds < dist[node]:
            if dist[node] == FAR:
                touched[count] = node
                count += 1
            dist[node] = ds
            via[node] = -1
            size = push(heap, size, np.int64(ds) << 32 | np.int64(node))
    best, last, end = FAR, -1, -1
    while size:
        entry = heap[0]
        size = pop(heap, size)
        node, ds = entry & 0xFFFFFFFF, entry >> 32
        if ds >= best:
            break
        if ds > dist[node]:
            continue
        for i in range(len(end_node)):
            if end_node[i] == node and ds + end_ds[i] < best:
                best, last, end = int(ds + end_ds[i]), node, i
        for a in range(arcs.offset[node], arcs.offset[node + 1]):
            head = arcs.head[a]
            later = ds + arcs.time_ds[a]
            if later < dist[head]:
                if dist[head] == FAR:
                    touched[count] = head
                    count += 1
                dist[head] = later
                via[head] = a
                size = push(heap, size, later << 32 | np.int64(head))
    length, first = 0, last
    while first >= 0 and via[first] >= 0:
        first = tail[via[first]]
        length += 1
    path = np.empty(length, np.int32)
    while length:
        length -= 1
        path[length] = via[last]
        last = tail[via[last]]
    seed = -1
    for i in range(len(seed_node)):
        if seed_node[i] == first and seed_ds[i] == dist[first]:
            seed = i
    for i in range(count):
        dist[touched[i]] = FAR
    return best, path, seed, end
