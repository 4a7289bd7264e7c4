"""The same network as a networkx MultiDiGraph: for checking, drawing and export; the arrays answer queries.

Nodes are stop ids. Edges are ``ride`` (one per route and hop, with the shortest run time, the number of
runs and the mean headway of the day) and ``walk`` (the footpaths). ``mobility.multimodal`` adds what else there is
around the stops.

Two attributes have a shape: ``line`` of an edge, its points as (longitude, latitude), and ``area`` of a node, polygons
of rings of such points. An edge without a line is straight. ``run_s`` is in seconds, ``distance_m`` in metres: along
the line of a ride, straight for a walk, of which the timetable keeps the seconds only.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from mobility.model import Coordinate
from mobility.network.build import Network
from mobility.network.places import StopPlaces, distance_between_m
from mobility.network.routes import RouteTable
from mobility.network.shapes import Shapes, line_length_m
from mobility.network.timetable import Ints, Timetable

Point = tuple[float, float]
"""Longitude and latitude in degrees."""
_NOT_IN_XML = {number: None for number in range(32) if number not in {9, 10, 13}}


@dataclass(slots=True)
class _Hop:
    """What is gathered of one route between two stops; ``trip`` of the feed makes it from position ``pos``."""

    run_s: int
    departures: list[int]
    trip: int = -1
    pos: int = 0


def build_graph(
    network: Network, timetable: Timetable, places: StopPlaces, routes: RouteTable, shapes: Shapes | None = None
) -> nx.MultiDiGraph:
    """The graph of one service day; with ``shapes`` rides have the line that they draw on the map."""
    graph = nx.MultiDiGraph(service_date=timetable.service_date.isoformat())
    ids, first = network.schedule.stop_ids, network.schedule.list_first_copies()
    modes_of: dict[str, set[str]] = defaultdict(set)
    for place, modes in zip(places.stops, places.modes, strict=True):
        modes_of[place.stop_id] |= modes
        facts = {"name": place.name, "code": place.code, "modes": ",".join(sorted(modes_of[place.stop_id]))}
        graph.add_node(place.stop_id, kind="stop", lat=place.at.lat, lon=place.at.lon, **facts)
    for (route, start, end), hop in _list_hops(timetable, routes, first).items():
        ride = routes.rides[route] if route >= 0 else None
        straight = places.stops[start].at, places.stops[end].at
        line = _line_of(hop, shapes, network.schedule.trip_count) or straight
        graph.add_edge(
            ids[start],
            ids[end],
            kind="ride",
            route_id=ride.route_id if ride else "",
            short_name=ride.short_name if ride else "",
            color=ride.color if ride else "",
            mode=routes.modes[route].value if route >= 0 else "OTHER",
            run_s=hop.run_s,
            runs=len(hop.departures),
            headway_s=_mean_headway_s(hop.departures),
            distance_m=round(line_length_m(line), 1),
            **({"line": _round(line)} if line != straight else {}),
        )
    for (start, end), seconds in _list_walks(timetable, first).items():
        straight_m = round(distance_between_m(places.stops[start].at, places.stops[end].at), 1)
        graph.add_edge(ids[start], ids[end], kind="walk", mode="WALK", run_s=seconds, distance_m=straight_m)
    return graph


def _line_of(hop: _Hop, shapes: Shapes | None, trip_count: int) -> tuple[Coordinate, ...]:
    """The line between the stops, empty where nothing tells it: trips that were added live are of no feed."""
    return shapes.slice_of(hop.trip, hop.pos, hop.pos + 1) if shapes and hop.trip < trip_count else ()


def _round(line: tuple[Coordinate, ...]) -> tuple[Point, ...]:
    """To a tenth of a metre; points that are then the same are one, but there are two at least."""
    points = [(round(at.lon, 6), round(at.lat, 6)) for at in line]
    kept = [point for number, point in enumerate(points) if not number or point != points[number - 1]]
    return tuple(kept if len(kept) > 1 else points[:2])


def _list_hops(timetable: Timetable, routes: RouteTable, first_copy: Ints) -> dict[tuple[int, int, int], _Hop]:
    a = timetable.arrays
    hops: dict[tuple[int, int, int], _Hop] = defaultdict(lambda: _Hop(2**30, []))
    for pattern in range(timetable.pattern_count):
        stops = first_copy[timetable.list_stops_of(pattern)].tolist()
        count = int(a.pat_trips[pattern])
        first = int(a.first_trip[pattern])
        trips = timetable.trips.feed_trip[first : first + count]
        route = routes.trip_route[trips]
        for pos in range(timetable.count_own_positions(first) - 1):
            at = int(a.time_off[pattern]) + pos * count
            departure, arrival = a.dep[at : at + count], a.arr[at + count : at + 2 * count]
            for number in np.unique(route).tolist():
                hop = hops[number, stops[pos], stops[pos + 1]]
                is_own = route == number
                hop.run_s = min(hop.run_s, int((arrival - departure)[is_own].min()))
                if hop.trip < 0:
                    hop.trip, hop.pos = int(trips[is_own][0]), pos
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


def to_geojson(graph: nx.MultiDiGraph, key: str = "stop_id") -> dict[str, Any]:
    """Nodes as points (as polygons where they are areas), edges as lines (RFC 7946: longitude first). ``key`` is what
    a node's name is called.
    """
    at = {node: [data["lon"], data["lat"]] for node, data in graph.nodes(data=True)}
    features = [_feature(_shape_of(data, at[node]), {key: node, **data}) for node, data in graph.nodes(data=True)]
    for start, end, data in graph.edges(data=True):
        line = [list(point) for point in data["line"]] if "line" in data else [at[start], at[end]]
        features.append(_feature({"type": "LineString", "coordinates": line}, {"from": start, "to": end, **data}))
    return {"type": "FeatureCollection", "features": features}


def _shape_of(data: dict[str, Any], at: list[float]) -> dict[str, Any]:
    area = data.get("area")
    if not area:
        return {"type": "Point", "coordinates": at}
    one = len(area) == 1
    return {"type": "Polygon" if one else "MultiPolygon", "coordinates": area[0] if one else area}


def _feature(shape: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in properties.items() if key not in {"lat", "lon", "line", "area"}}
    return {"type": "Feature", "geometry": shape, "properties": kept}


def to_flat(graph: nx.MultiDiGraph) -> nx.MultiDiGraph:
    """The same graph with plain attributes only, as GraphML needs it: shapes as WKT, edges numbered, so that no two
    have the same id; characters that XML does not know are left out.
    """
    flat = nx.MultiDiGraph(**_flatten(graph.graph))
    for node, data in graph.nodes(data=True):
        flat.add_node(_flatten_text(node), **_flatten(data))
    for number, (start, end, data) in enumerate(graph.edges(data=True)):
        flat.add_edge(_flatten_text(start), _flatten_text(end), key=number, **_flatten(data))
    return flat


def _flatten(data: dict[str, Any]) -> dict[str, Any]:
    plain = {}
    for key, value in data.items():
        if key == "line":
            plain[key] = f"LINESTRING {_to_wkt(value)}"
        elif key == "area":
            plain[key] = f"MULTIPOLYGON ({', '.join(_to_ring_wkt(rings) for rings in value)})"
        elif value is not None:
            plain[key] = _flatten_text(value)
    return plain


def _flatten_text(value: Any) -> Any:
    return value.translate(_NOT_IN_XML) if isinstance(value, str) else value


def _to_ring_wkt(rings: tuple[tuple[Point, ...], ...]) -> str:
    return f"({', '.join(map(_to_wkt, rings))})"


def _to_wkt(points: tuple[Point, ...]) -> str:
    return f"({', '.join(f'{lon} {lat}' for lon, lat in points)})"


def save_graph(graph: nx.MultiDiGraph, path: Path, key: str = "stop_id") -> None:
    """Write ``.geojson`` or ``.graphml``, by the name's ending.

    Raises:
        ValueError: The ending is neither.
    """
    if path.suffix == ".geojson":
        path.write_text(json.dumps(to_geojson(graph, key), ensure_ascii=False), encoding="utf-8")
    elif path.suffix == ".graphml":
        nx.write_graphml(to_flat(graph), path)
    else:
        message = f"{path.name}: the graph is written as .geojson or .graphml"
        raise ValueError(message)
