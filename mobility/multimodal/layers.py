"""What the whole network consists of, by the names that a person asks for."""

from __future__ import annotations

from enum import StrEnum

import networkx as nx

from mobility.multimodal.refusals import GraphRefused


class Layer(StrEnum):
    """A part of the network that can be left out; ``walks`` are those between stops. Other walks come with the places
    that they lead to, and stops are always there: all else hangs on them.
    """

    TRANSIT = "transit"
    WALKS = "walks"
    BIKES = "bikes"
    PARKING = "parking"
    ZONES = "zones"
    STREETS = "streets"


EVERYTHING = frozenset(Layer)
_LAYERS = {
    "ride": Layer.TRANSIT,
    "hire": Layer.BIKES,
    "on_demand": Layer.ZONES,
    "street": Layer.STREETS,
    "link": Layer.STREETS,
    "shared_station": Layer.BIKES,
    "car_park": Layer.PARKING,
    "zone": Layer.ZONES,
}
"""Of kinds of nodes and edges; of a walk those of its ends decide."""


def parse_layers(text: str) -> frozenset[Layer]:
    """``transit,bikes``; all of them where nothing is written.

    Raises:
        GraphRefused: There is no layer of that name.
    """
    names = [part.strip().lower() for part in text.split(",") if part.strip()]
    for name in names:
        if name not in set(Layer):
            raise GraphRefused(f"{name!r} is no layer; there are {', '.join(Layer)}")
    return frozenset(map(Layer, names)) or EVERYTHING


def take_layers(graph: nx.MultiDiGraph, layers: frozenset[Layer]) -> nx.MultiDiGraph:
    """A graph of some layers only."""
    taken = nx.MultiDiGraph(**graph.graph)
    for node, data in graph.nodes(data=True):
        if data["kind"] == "stop" or _LAYERS[data["kind"]] in layers:
            taken.add_node(node, **data)
    for start, end, key, data in graph.edges(keys=True, data=True):
        layer = _LAYERS.get(data["kind"])
        if layer is None and graph.nodes[start]["kind"] == graph.nodes[end]["kind"] == "stop":
            layer = Layer.WALKS
        if start in taken and end in taken and (layer is None or layer in layers):
            taken.add_edge(start, end, key=key, **data)
    return taken
