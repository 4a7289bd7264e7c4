"""Reads from a net which exit of a signal leads to which approach of the next one.

Vehicles are followed edge by edge across nodes without signals. Where the way forks, those who go straight on are
taken to be four times as many as those who turn, by each way; ways that fewer than ``MIN_SHARE`` take are dropped.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from signals.coordination.streets import Street
from signals.model import RoadUser
from signals.simulation.network import Site

MIN_SHARE = 0.3
MAX_DISTANCE_M = 3000.0
STRAIGHT_WEIGHT, TURN_WEIGHT = 4.0, 1.0
_MAX_EDGES = 50  # on one way; more is a net that goes round in circles


@dataclass(slots=True)
class _Graph:
    """Edges with length and speed, and their continuations as (edge, via lane, weight)."""

    length_m: dict[str, float] = field(default_factory=dict)
    speed_mps: dict[str, float] = field(default_factory=dict)
    via_m: dict[str, float] = field(default_factory=dict)
    following: dict[str, dict[str, tuple[str, float]]] = field(default_factory=lambda: defaultdict(dict))


@dataclass(frozen=True, slots=True)
class _Arrival:
    edge: str
    distance_m: float
    free_s: float
    share: float


def read_streets(net_file: Path, sites: Mapping[str, Site]) -> tuple[Street, ...]:
    """The streets between the net's signals, in the order of signals and exits."""
    graph = _read_graph(net_file)
    approach_of = {
        approach.id: (signal, number, len(approach.lanes))
        for signal, site in sites.items()
        for number, approach in enumerate(site.intersection.approaches)
        if not approach.id.startswith(":")
    }
    streets: list[Street] = []
    for signal, site in sites.items():
        crossing = site.intersection
        driven = {m.exit for m in crossing.movements if m.user is RoadUser.VEHICLE}
        for lane in sorted(driven):
            edge = crossing.exits[lane].id.rpartition("_")[0]
            for end in _merge(_follow(graph, edge, frozenset(approach_of))):
                destination, approach, lanes = approach_of[end.edge]
                streets.append(
                    Street(signal, lane, destination, approach, end.distance_m, end.free_s, lanes, end.share)
                )
    return tuple(streets)


def _read_graph(net_file: Path) -> _Graph:
    graph = _Graph()
    for _, element in ET.iterparse(net_file):  # noqa: S314  (the scenario's own net; expat refuses entity bombs)
        if element.tag == "edge":
            _read_edge(element, graph)
            element.clear()
        elif element.tag == "connection":
            _read_connection(element, graph)
            element.clear()
        elif element.tag == "junction":
            element.clear()
    return graph


def _read_edge(element: ET.Element, graph: _Graph) -> None:
    lanes = element.findall("lane")
    if not lanes:
        return
    if element.get("function") == "internal":
        graph.via_m |= {lane.get("id", ""): float(lane.get("length", 0)) for lane in lanes}
        return
    edge = element.get("id", "")
    graph.length_m[edge] = max(float(lane.get("length", 0)) for lane in lanes)
    graph.speed_mps[edge] = max(float(lane.get("speed", 13.9)) for lane in lanes)


def _read_connection(element: ET.Element, graph: _Graph) -> None:
    start, end, via = element.get("from", ""), element.get("to", ""), element.get("via", "")
    if start.startswith(":") or end.startswith(":") or not via or element.get("dir") == "t":
        return
    weight = STRAIGHT_WEIGHT if element.get("dir") == "s" else TURN_WEIGHT
    _, known = graph.following[start].get(end, ("", 0.0))
    if weight > known:
        graph.following[start][end] = (via, weight)


def _follow(graph: _Graph, edge: str, signalled: frozenset[str]) -> Iterator[_Arrival]:
    """Every approach that is reached from the beginning of ``edge``, each way by itself."""
    ways = [(_Arrival(edge, 0.0, 0.0, 1.0), frozenset[str]())]
    while ways:
        way, passed = ways.pop()
        length_m = graph.length_m.get(way.edge, 0.0)
        distance_m = way.distance_m + length_m
        free_s = way.free_s + length_m / graph.speed_mps.get(way.edge, 13.9)
        if way.edge in signalled:
            yield _Arrival(way.edge, distance_m, free_s, way.share)
            continue
        if distance_m > MAX_DISTANCE_M or way.edge in passed or len(passed) > _MAX_EDGES:
            continue
        following = graph.following.get(way.edge, {})
        total = sum(weight for _, weight in following.values())
        for next_edge, (via, weight) in following.items():
            share = way.share * weight / total
            if share >= MIN_SHARE:
                via_m = graph.via_m.get(via, 0.0)
                via_s = via_m / graph.speed_mps.get(next_edge, 13.9)
                onward = _Arrival(next_edge, distance_m + via_m, free_s + via_s, share)
                ways.append((onward, passed | {way.edge}))


def _merge(ends: Iterator[_Arrival]) -> list[_Arrival]:
    """One arrival per approach: several ways there count together, with the distance of the main one."""
    merged: dict[str, _Arrival] = {}
    for end in ends:
        known = merged.get(end.edge)
        if known is None:
            merged[end.edge] = end
        else:
            main = max((known, end), key=lambda one: (one.share, -one.distance_m))
            merged[end.edge] = _Arrival(end.edge, main.distance_m, main.free_s, known.share + end.share)
    return sorted(merged.values(), key=lambda one: one.edge)
