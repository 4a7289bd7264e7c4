"""One networkx MultiDiGraph of everything around a city's stops.

Nodes are named by their kind and id: ``stop:R10``, ``shared:youbike_khh/KHH501201001``, ``parking:PL_KHB00035``,
``zone:GO-MEINONG``, ``street:17``. Every node has ``kind``, ``id``, ``name``, ``lat`` and ``lon``; every edge ``kind``,
``mode``, ``run_s`` and ``distance_m``:

- ``ride``: vehicles of the timetable, one edge per route and hop (``network.graph``)
- ``walk``: changes between stops, and between a stop and the stations and car parks near it
- ``hire``: by shared bike from a station to the nearest others
- ``on_demand``: between a zone and the stops that its rides serve
- ``street``: along a street, by one profile; ``link``: between a place and its street

``run_s`` is moving only: nobody unlocks, parks or waits in it. ``distance_m`` is along the line of rides and streets,
and straight elsewhere. What is free at the moment stands in the nodes where a reading is known (``bikes``, ``docks``,
``spaces``); vehicles in the street are left out, since they are elsewhere when the picture is dry.
"""

from __future__ import annotations

import networkx as nx

from mobility.bikeshare.state import UNLIMITED, SystemState
from mobility.bikeshare.system import BICYCLE_MPS, SharedSystem, Station
from mobility.geodesy import great_circle_m
from mobility.model import Coordinate, Mode
from mobility.multimodal.joins import Joins, Points, join_rides, join_walks, points_of
from mobility.multimodal.layers import EVERYTHING, Layer, take_layers
from mobility.multimodal.on_demand import add_zones
from mobility.multimodal.parts import Parts, choose_text
from mobility.multimodal.street_layer import add_streets
from mobility.network.graph import build_graph
from mobility.network.timetable import Timetable
from mobility.parking.facilities import SpaceKind
from mobility.planner.doors.parks import CarParks
from mobility.streets.profiles import Profile


def build_multimodal(
    parts: Parts,
    timetable: Timetable,
    layers: frozenset[Layer] = EVERYTHING,
    *,
    language: str = "",
    profile: Profile = Profile.FOOT,
) -> nx.MultiDiGraph:
    """The graph of one service day. ``language`` (BCP-47) is that of names where they are translated, else the feed's
    own; ``profile`` whose streets.
    """
    graph = _build_transit(parts, timetable, language)
    stops = _list_points(graph, "stop")
    if Layer.BIKES in layers:
        for state in parts.supply.systems:
            _add_stations(graph, parts, state, stops, language)
    if Layer.PARKING in layers and parts.supply.car_parks is not None:
        _add_car_parks(graph, parts, parts.supply.car_parks, stops, language)
    if Layer.ZONES in layers and parts.supply.zones is not None:
        add_zones(graph, parts, stops, timetable.service_date, language)
    if Layer.STREETS in layers:
        add_streets(graph, parts.router, _list_points(graph, "stop", "shared_station", "car_park"), profile)
    return graph if {Layer.TRANSIT, Layer.WALKS} <= layers else take_layers(graph, layers)


def _build_transit(parts: Parts, timetable: Timetable, language: str) -> nx.MultiDiGraph:
    base = build_graph(parts.network, timetable, parts.places, parts.routes, parts.shapes)
    names = {place.stop_id: choose_text(place.names, language, place.name) for place in parts.places.stops}
    graph = nx.MultiDiGraph(service_date=base.graph["service_date"])
    for stop_id, data in base.nodes(data=True):
        graph.add_node(f"stop:{stop_id}", **{**data, "id": stop_id, "name": names[stop_id]})
    told = {
        ride.route_id: {
            "short_name": choose_text(ride.texts.get("short_name", {}), language, ride.short_name),
            "long_name": choose_text(ride.texts.get("long_name", {}), language, ride.long_name),
        }
        for ride in parts.routes.rides
    }
    for start, end, data in base.edges(data=True):
        route = told.get(data["route_id"], {"long_name": ""}) if data["kind"] == "ride" else {}
        graph.add_edge(f"stop:{start}", f"stop:{end}", **{**data, **route})
    return graph


def _list_points(graph: nx.MultiDiGraph, *kinds: str) -> Points:
    nodes = graph.nodes(data=True)
    return points_of({node: Coordinate(data["lat"], data["lon"]) for node, data in nodes if data["kind"] in kinds})


def _add_stations(graph: nx.MultiDiGraph, parts: Parts, state: SystemState, stops: Points, language: str) -> None:
    system = state.system
    placed: dict[str, Coordinate] = {}
    for station in system.stations:
        node = f"shared:{system.system_id}/{station.station_id}"
        placed[node] = station.at
        graph.add_node(
            node,
            kind="shared_station",
            id=station.station_id,
            name=choose_text(station.names, language, station.station_id if not station.names else ""),
            lat=station.at.lat,
            lon=station.at.lon,
            system=system.system_id,
            operator=choose_text(system.names, language, system.system_id if not system.names else ""),
            color=system.color.removeprefix("#"),
            form_factors=",".join(sorted({kind.form_factor.value for kind in system.vehicle_types.values()})),
            **_without_unknown(_tell_station(state, station)),
        )
    stations = points_of(placed)
    _add_walks(graph, parts, stations, stops)
    if _is_ridden(system):
        rides = join_rides(parts.router, stations, _find_speed(system))
        _add_edges(graph, stations, stations, rides, "hire", Mode.RENTAL)


def _tell_station(state: SystemState, station: Station) -> dict[str, int | None]:
    """Its size, and what it has where it has said so."""
    told = {"capacity": station.capacity}
    reading = state.states.get(station.station_id)
    if reading is not None:
        told["bikes"] = sum(reading.bikes.values()) if reading.bikes is not None else None
        told["docks"] = reading.docks if reading.docks != UNLIMITED else None
    return told


def _without_unknown(told: dict[str, int | None]) -> dict[str, int]:
    return {key: count for key, count in told.items() if count is not None}


def _is_ridden(system: SharedSystem) -> bool:
    """Whether its vehicles are ridden like bicycles and may be left at another station."""
    kinds = system.vehicle_types.values()
    return any(kind.profile_name == "BICYCLE" and kind.return_constraint.allows_stations for kind in kinds)


def _find_speed(system: SharedSystem) -> float:
    """The slowest bicycle's: anybody may get that one."""
    speeds = (kind.speed_mps for kind in system.vehicle_types.values() if kind.profile_name == "BICYCLE")
    return min((speed for speed in speeds if speed), default=BICYCLE_MPS)


def _add_car_parks(graph: nx.MultiDiGraph, parts: Parts, car_parks: CarParks, stops: Points, language: str) -> None:
    """Those with a position."""
    placed: dict[str, Coordinate] = {}
    for facility in car_parks.facilities:
        if facility.at is None:
            continue
        told = {"capacity": facility.capacity.get(SpaceKind.CAR, facility.capacity.get(SpaceKind.ANY))}
        reading = car_parks.occupancies.get(facility.facility_id)
        if reading is not None:
            told["spaces"] = reading.free.get(SpaceKind.CAR, reading.free.get(SpaceKind.ANY))
        node = f"parking:{facility.facility_id}"
        graph.add_node(
            node,
            kind="car_park",
            id=facility.facility_id,
            name=choose_text(facility.names, language, facility.facility_id if not facility.names else ""),
            lat=facility.at.lat,
            lon=facility.at.lon,
            placement=facility.placement.value,
            **_without_unknown(told),
        )
        placed[node] = facility.at
    _add_walks(graph, parts, points_of(placed), stops)


def _add_walks(graph: nx.MultiDiGraph, parts: Parts, places: Points, stops: Points) -> None:
    """Between places and the stops near them, both ways."""
    for start, end in ((places, stops), (stops, places)):
        _add_edges(graph, start, end, join_walks(parts.router, start, end), "walk", Mode.WALK)


def _add_edges(graph: nx.MultiDiGraph, starts: Points, ends: Points, joins: Joins, kind: str, mode: Mode) -> None:
    """Edges for ways that are known by their seconds; their distance is the straight one."""
    metres = great_circle_m(starts.lat[joins.start], starts.lon[joins.start], ends.lat[joins.end], ends.lon[joins.end])
    for start, end, seconds, distance_m in zip(*(column.tolist() for column in (*joins, metres)), strict=True):
        facts = {"kind": kind, "mode": mode.value, "run_s": seconds, "distance_m": round(distance_m, 1)}
        graph.add_edge(starts.names[start], ends.names[end], **facts)
