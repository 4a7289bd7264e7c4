"""Libraries that search the same arcs, for streets: networkx, scipy and pyroutingkit.

All are given what our router finds by itself: the search nodes beside a door, with deciseconds. So the peers are
timed without linking, a favour to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

import networkx as nx
import numpy as np

from mobility.geodesy import Floats
from mobility.streets.graph import Ints, ProfileGraph
from mobility.streets.search import Attachments
from mobility.streets.workspace import FAR

Reach = dict[int, int]
"""Deciseconds to the street by place."""


class Ends(NamedTuple):
    """The search nodes beside a door, and deciseconds between."""

    node: Ints
    ds: Ints

    def list_all(self) -> list[tuple[int, int]]:
        """As pairs."""
        return list(zip(self.node.tolist(), self.ds.tolist(), strict=True))


class Networkx:
    """networkx on a DiGraph of the search nodes; of parallel arcs the quickest."""

    name = "networkx"

    def __init__(self, graph: ProfileGraph) -> None:
        self.model = nx.DiGraph()
        self.model.add_nodes_from(range(len(graph.node_of)))
        arcs = zip(graph.tail.tolist(), graph.head.tolist(), graph.time_ds.tolist(), strict=True)
        for tail, head, time_ds in sorted(arcs, key=lambda arc: -arc[2]):
            self.model.add_edge(tail, head, weight=time_ds)

    def reach(self, starts: Ends, attached: Attachments, limit_ds: int) -> Reach:
        """Places within the limit."""
        self._add_start(starts)
        reached = nx.single_source_dijkstra_path_length(self.model, "start", cutoff=limit_ds)
        self.model.remove_node("start")
        found: Reach = {}
        for node, ds in reached.items():
            if node != "start":
                _collect(found, attached, node, ds, limit_ds)
        return found

    def reach_all(self, starts: Ends) -> dict[int, int]:
        """Deciseconds to all search nodes that can be reached."""
        self._add_start(starts)
        reached = nx.single_source_dijkstra_path_length(self.model, "start")
        self.model.remove_node("start")
        del reached["start"]
        return dict(reached)

    def find(self, starts: Ends, ends: Ends) -> int:
        """Deciseconds of the shortest path, which is built; FAR where there is none."""
        self._add_start(starts)
        for node, ds in ends.list_all():
            self.model.add_edge(node, "end", weight=ds)
        try:
            ds, _ = nx.bidirectional_dijkstra(self.model, "start", "end")
        except nx.NetworkXNoPath:
            ds = FAR
        self.model.remove_nodes_from(["start", "end"])
        return int(ds)

    def _add_start(self, starts: Ends) -> None:
        for node, ds in starts.list_all():
            self.model.add_edge("start", node, weight=ds)


@dataclass(frozen=True, slots=True)
class Scipy:
    """scipy.sparse.csgraph: one run per search node beside the door, limited."""

    csgraph: Any
    matrix: Any
    name: str = "scipy"

    def reach(self, starts: Ends, attached: Attachments, limit_ds: int) -> Reach:
        """Places within the limit."""
        rows = self.csgraph.dijkstra(self.matrix, indices=starts.node, limit=float(limit_ds))
        reached = (rows + starts.ds[:, None]).min(axis=0)
        found: Reach = {}
        for node in np.flatnonzero(reached <= limit_ds).tolist():
            _collect(found, attached, node, int(reached[node]), limit_ds)
        return found


def open_scipy(graph: ProfileGraph) -> Scipy | None:
    """Scipy where it is installed; of parallel arcs the quickest."""
    try:
        sparse, csgraph = import_module("scipy.sparse"), import_module("scipy.sparse.csgraph")
    except ImportError:
        return None
    order = np.lexsort((graph.time_ds, graph.head, graph.tail))
    tail, head, time_ds = graph.tail[order], graph.head[order], graph.time_ds[order]
    is_first = np.append(True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1]))
    count = len(graph.node_of)
    arcs = time_ds[is_first].astype(np.float64), (tail[is_first], head[is_first])
    return Scipy(csgraph, sparse.csr_matrix(arcs, shape=(count, count)))


@dataclass(frozen=True, slots=True)
class RoutingKit:
    """RoutingKit's contraction hierarchy through pyroutingkit: a query for each pair of search nodes."""

    metric: Any
    no_way: int
    name: str = "pyroutingkit"

    def find(self, starts: Ends, ends: Ends) -> int:
        """Deciseconds of the shortest path, with paths; FAR where there is none."""
        best = FAR
        for node, ds in starts.list_all():
            for last, last_ds in ends.list_all():
                between = self.metric.query(node, last)[0]
                if between < self.no_way:
                    best = min(best, ds + int(between) + last_ds)
        return best


def open_routing_kit(graph: ProfileGraph, lat: Floats, lon: Floats) -> RoutingKit:
    """RoutingKit on the same arcs; ``lat`` and ``lon`` of the street nodes."""
    library = import_module("pyroutingkit")
    topology = library.CCHTopology()
    arcs = graph.tail.astype(np.uint32), graph.head.astype(np.uint32)
    at = lat[graph.node_of].astype(np.float32), lon[graph.node_of].astype(np.float32)
    topology.build(*arcs, *at, len(graph.node_of))
    metric = library.CCHMetric(topology)
    metric.customize(graph.time_ds.astype(np.uint32))
    return RoutingKit(metric, int(library.INF_WEIGHT))


def _collect(found: Reach, attached: Attachments, node: int, ds: int, limit_ds: int) -> None:
    for a in range(attached.offset[node], attached.offset[node + 1]):
        place, later = int(attached.place[a]), ds + int(attached.ds[a])
        if later <= limit_ds and later < found.get(place, FAR):
            found[place] = later
