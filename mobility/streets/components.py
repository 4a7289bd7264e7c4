"""Which segments belong to a part of the network worth linking to, not to an island."""

from __future__ import annotations

import numba as nb
import numpy as np

from mobility.streets.graph import Bools, Ints
from mobility.streets.turns import Directed

MAIN_NODES = 100
"""A strongly connected component of so many nodes counts as main beside the largest: an inhabited island, a district
beyond the edge of the extract.
"""


@nb.njit(cache=True, nogil=True)
def number_components(offset: Ints, head: Ints) -> Ints:
    """Strongly connected components of a graph in adjacency arrays: the number of each node's, int32[k].

    Tarjan (Depth-first search and linear graph algorithms, SIAM J. Comput. 1972), with a stack of its own.
    """
    count = len(offset) - 1
    component = np.full(count, -1, np.int32)
    seen = np.full(count, -1, np.int32)
    low = np.zeros(count, np.int32)
    at = offset[:-1].astype(np.int64)
    path = np.empty(count, np.int32)
    open_nodes = np.empty(count, np.int32)
    clock = 0
    components = 0
    opened = 0
    for root in range(count):
        if seen[root] >= 0:
            continue
        depth = 0
        path[0] = root
        while depth >= 0:
            node = path[depth]
            if seen[node] < 0:
                seen[node] = clock
                low[node] = clock
                clock += 1
                open_nodes[opened] = node
                opened += 1
            is_deeper = False
            while at[node] < offset[node + 1]:
                following = head[at[node]]
                at[node] += 1
                if seen[following] < 0:
                    depth += 1
                    path[depth] = following
                    is_deeper = True
                    break
                if component[following] < 0:
                    low[node] = min(low[node], seen[following])
            if is_deeper:
                continue
            if low[node] == seen[node]:
                while True:
                    opened -= 1
                    component[open_nodes[opened]] = components
                    if open_nodes[opened] == node:
                        break
                components += 1
            depth -= 1
            if depth >= 0:
                low[path[depth]] = min(low[path[depth]], low[node])
    return component


def find_main_segments(ways: Directed, node_count: int, shut_nodes: Ints) -> Bools:
    """Segments (bool[s]) both of whose ends are in the largest component, or in one of MAIN_NODES.

    Turn restrictions and who may pass where count for nothing here; shut nodes do: each segment ends there by itself.
    """
    is_shut = np.zeros(node_count, bool)
    is_shut[shut_nodes] = True
    directed = np.arange(len(ways.tail))
    # an end of its own for each segment at a shut node; the two directions of a segment share it
    tail = np.where(is_shut[ways.tail], node_count + directed, ways.tail)
    head = np.where(is_shut[ways.head], node_count + (directed ^ 1), ways.head)
    used = np.flatnonzero(ways.is_open | ways.is_end)
    order = used[np.argsort(tail[used], kind="stable")]
    offset = np.searchsorted(tail[order], np.arange(node_count + len(directed) + 1))
    component = number_components(offset.astype(np.int64), head[order].astype(np.int32))
    touched = np.unique(np.r_[tail[used], head[used]])
    size = np.bincount(component[touched], minlength=1)
    is_main = (size >= MAIN_NODES) | (size == size.max())
    good = np.zeros(len(directed), bool)
    good[used] = (component[tail[used]] == component[head[used]]) & is_main[component[head[used]]]
    found: Bools = good[0::2] | good[1::2]
    return found
