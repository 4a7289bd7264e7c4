"""What the graph shows of a network that nobody sees in tables: parts that hang together, and places that do not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import networkx as nx
import numpy as np

from mobility.network.distance import list_near_pairs

LONELY_M = 600.0
"""As far as one walks to a bike."""
_PLACES = frozenset({"stop", "shared_station", "car_park"})
_BY_TRANSIT = frozenset({"ride", "walk"})


@dataclass(frozen=True, slots=True)
class Pieces:
    """Sizes of the parts of a graph, the largest first: ``weak`` by edges in any direction, ``strong`` where one also
    gets back.
    """

    weak: tuple[int, ...]
    strong: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of each kind."""

    nodes: dict[str, int]
    edges: dict[str, int]


@dataclass(frozen=True, slots=True)
class Checked:
    """``pieces`` are of the stops, by vehicles and on foot. ``unreached`` stops are those that nothing leads to,
    ``lonely`` stations have nothing within 600 m: both are names of nodes.
    """

    pieces: Pieces
    unreached: tuple[str, ...]
    lonely: tuple[str, ...]


def check(graph: nx.MultiDiGraph) -> Checked:
    """All that is told of a graph that holds at least rides, walks, shared vehicles and car parks."""
    return Checked(find_pieces(graph), list_unreached(graph), list_lonely(graph))


def count(graph: nx.MultiDiGraph) -> Counts:
    """Nodes and edges by kind."""
    return Counts(
        dict(sorted(Counter(kind for _, kind in graph.nodes(data="kind")).items())),
        dict(sorted(Counter(kind for *_, kind in graph.edges(data="kind")).items())),
    )


def take_transit(graph: nx.MultiDiGraph) -> nx.MultiDiGraph:
    """Stops, and the rides and walks between them."""
    stops = [node for node, kind in graph.nodes(data="kind") if kind == "stop"]
    among: nx.MultiDiGraph = graph.subgraph(stops)
    kept = [(start, end, key) for start, end, key, kind in among.edges(keys=True, data="kind") if kind in _BY_TRANSIT]
    transit = nx.MultiDiGraph()
    transit.add_nodes_from(stops)
    transit.add_edges_from(kept)
    return transit


def find_pieces(graph: nx.MultiDiGraph) -> Pieces:
    """How the stops hang together by rides and walks."""
    transit = take_transit(graph)
    weak = sorted(map(len, nx.weakly_connected_components(transit)), reverse=True)
    strong = sorted(map(len, nx.strongly_connected_components(transit)), reverse=True)
    return Pieces(tuple(weak), tuple(strong))


def list_unreached(graph: nx.MultiDiGraph) -> tuple[str, ...]:
    """Stops at which no vehicle arrives on this day and to which nobody walks from another stop."""
    return tuple(stop for stop, edges in take_transit(graph).in_degree() if not edges)


def list_lonely(graph: nx.MultiDiGraph, limit_m: float = LONELY_M) -> tuple[str, ...]:
    """Stations of shared vehicles with no stop, car park or other station within a distance in a straight line."""
    places = [(node, data) for node, data in graph.nodes(data=True) if data["kind"] in _PLACES]
    lat, lon = (np.array([data[side] for _, data in places], np.float64) for side in ("lat", "lon"))
    has_company = np.zeros(len(places), bool)
    has_company[list_near_pairs(lat, lon, limit_m)[0]] = True
    found = zip(places, has_company.tolist(), strict=True)
    return tuple(node for (node, data), is_near in found if data["kind"] == "shared_station" and not is_near)
