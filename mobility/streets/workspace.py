"""What a search writes into: allocated once per thread and graph, put back as it was after every search."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np

from mobility.streets.graph import Ints, ProfileGraph

FAR = 2**30 - 1
"""No way, in deciseconds: two of them still fit into int32."""


class Workspace(NamedTuple):
    """For k search nodes and at least p places: FAR, or unspecified where said, between two searches."""

    dist: Ints  # int32[k]
    via: Ints  # int32[k], unspecified: the arc by which a node was reached, -1 for a seed
    touched: Ints  # int32[k], unspecified
    heap: Ints  # int64[arcs + seeds], unspecified: deciseconds << 32 | node
    best: Ints  # int32[p]: deciseconds to a place
    found: Ints  # int32[p], unspecified


def build_workspace(graph: ProfileGraph, places: int = 0) -> Workspace:
    """A clean one. The heap has room for every arc once and as many seeds as one place can have."""
    k, m = len(graph.node_of), len(graph.head)
    widest = int(np.diff(graph.of_seg_offset).max(initial=0))
    return Workspace(
        dist=np.full(k, FAR, np.int32),
        via=np.empty(k, np.int32),
        touched=np.empty(k, np.int32),
        heap=np.empty(m + 2 * widest + 2, np.int64),
        best=np.full(places, FAR, np.int32),
        found=np.empty(places, np.int32),
    )


class WorkspacePool:
    """A workspace per calling thread, for one graph."""

    def __init__(self, graph: ProfileGraph) -> None:
        self._graph = graph
        self._local = threading.local()

    def get(self, places: int = 0) -> Workspace:
        """The calling thread's, with room for so many places."""
        kept: Workspace | None = getattr(self._local, "workspace", None)
        if kept is None:
            kept = build_workspace(self._graph, places)
        elif len(kept.best) < places:
            kept = kept._replace(best=np.full(places, FAR, np.int32), found=np.empty(places, np.int32))
        self._local.workspace = kept
        return kept
