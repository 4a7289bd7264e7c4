"""The same network as a networkx MultiDiGraph: for checking, drawing and export; the arrays answer queries.

Nodes are stop ids. Edges are ``ride`` (one per route and hop, with the shortest run time, the number of
runs and the mean headway of the day) and ``walk`` (the footpaths).
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from mobility.network.build import Network
from mobility.network.places import StopPlaces
from mobility.network.routes import RouteTable
from mobility.network.timetable import Ints, Timetable


@dataclass(slots=True)
class _Hop:
    """What is gathered of one route between two stops."""

    run_s: int
    departures: list[int]


def build_graph(network: Network, timetable: Timetable, places: StopPlaces, routes: RouteTable) -> nx.MultiDiGraph:
    """The graph of one service day."""
    graph = nx.MultiDiGraph(service_date=timetable.service_date.isoformat())
    for place in places.stops:
        graph.add_node(place.stop_id, name=place.name, code=place.code, lat=place.at.lat, lon=place.at.lon)
    ids, first = network.schedule.stop_ids, network.schedule.list_first_copies()
    for (route, start, end), hop in _list_hops(timetable, routes, first).items():
        ride = routes.rides[route] if route >= 0 else None
        graph.add_edge(
            ids[start],
            ids[end],
            kind="ride",
            route_id=ride.route_id if ride else "",
            short_name=ride.short_name if ride else "",
            mode=routes.modes[route].value if route >= 0 else "OTHER",
            run_s=hop.run_s,
            runs=len(hop.departures),
            headway_s=_mean_headway_s(hop.departures),
        )
    for (start, end), seconds in _list_walks(timetable, first).items():
        graph.add_edge(ids[start], ids[end], kind="walk", run_s=seconds)
    return graph


def _list_hops(timetable: Timetable, routes: RouteTable, first_copy: Ints) -> dict[tuple[int, int, int], _Hop]:
    a = timetable.arrays
    hops: dict[tuple[int, int, int], _Hop] = defaultdict(lambda: _Hop(2**30, []))
    for pattern in range(timetable.pattern_count):
        stops = first_copy[timetable.list_stops_of(pattern)].tolist()
        count = int(a.pat_trips[pattern])
        first = int(a.first_trip[pattern])
        route = routes.trip_route[timetable.trips.feed_trip[first : first + count]]
        for pos in range(timetable.count_own_positions(first) - 1):
            at = int(a.time_off[pattern]) + pos * count
            departure, arrival = a.dep[at : at + count], a.arr[at + count : at + 2 * count]
            for number in np.unique(route).tolist():
                hop = hops[number, stops[pos], stops[pos + 1]]
                is_own = route == number
                hop.run_s = min(hop.run_s, int((arrival - departure)[is_own].min()))
                hop.departures.extend(departure[is_own].tolist())
    return dict(hops)


def _mean_headway_s(departures: list[int]) -> float:
    """The mean gap; 0 where there is only one run."""
    return (max(departures) - min(departures)) / (len(departures) - 1) if len(departures) > 1 else 0.0


def _list_walks(timetable: Timetable, first: Ints) -> dict[tuple[int, int], int]:
    """Seconds between different stops; what rules for single lines say is in the arrays only."""
    a = timetable.arrays
    start, end = first[np.repeat(np.arange(timetable.stop_count), np.diff(a.fp_off))], first[a.fp_to]
    walks: dict[tuple[int, int], int] = {}
    for here, there, seconds in zip(start.tolist(), end.tolist(), a.fp_s.tolist(), strict=True):
        if here != there:
            walks[here, there] = min(seconds, walks.get((here, there), seconds))
    return walks


def to_geojson(graph: nx.MultiDiGraph) -> dict[str, Any]:
    """Stops as points, rides and walks as lines (RFC 7946: longitude first)."""
    at = {stop: [data["lon"], data["lat"]] for stop, data in graph.nodes(data=True)}
    features = [_feature("Point", at[stop], {"stop_id": stop, **data}) for stop, data in graph.nodes(data=True)]
    features += [
        _feature("LineString", [at[start], at[end]], {"from": start, "to": end, **data})
        for start, end, data in graph.edges(data=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _feature(kind: str, coordinates: list[Any], properties: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in properties.items() if key not in {"lat", "lon"}}
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": kept}


def save_graph(graph: nx.MultiDiGraph, path: Path) -> None:
    """Write ``.geojson`` or ``.graphml``, by the name's ending.

    Raises:
        ValueError: The ending is neither.
    """
    if path.suffix == ".geojson":
        path.write_text(json.dumps(to_geojson(graph), ensure_ascii=False), encoding="utf-8")
    elif path.suffix == ".graphml":
        nx.write_graphml(graph, path)
    else:
        message = f"{path.name}: the graph is written as .geojson or .graphml"
        raise ValueError(message)
