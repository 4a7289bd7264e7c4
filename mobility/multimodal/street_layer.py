"""Streets in the graph: those of one profile, and the way between each place and its street."""

from __future__ import annotations

import networkx as nx
import numpy as np

from mobility.model import Coordinate, Mode
from mobility.multimodal.joins import Points
from mobility.multimodal.parts import find_street_router
from mobility.network.graph import Point
from mobility.network.places import distance_between_m
from mobility.streets.check import to_networkx
from mobility.streets.graph import StreetGraph
from mobility.streets.profiles import Profile
from mobility.streets.router import StreetRouter
from mobility.streets.search import Attachments

MODES = {
    Profile.FOOT: Mode.WALK,
    Profile.WHEELCHAIR: Mode.WALK,
    Profile.BICYCLE: Mode.BIKE,
    Profile.SCOOTER: Mode.CAR,
    Profile.CAR: Mode.CAR,
}


def add_streets(graph: nx.MultiDiGraph, router: StreetRouter, places: Points, profile: Profile) -> None:
    """Nodes ``street:N`` (``osm_id``) and edges ``street`` (``osm_way``, ``highway``, ``name``), and edges ``link``
    between places and the ends of the segment beside which they are; nothing where no streets are known.

    The shortest path between two places over these edges takes as long as the router says, but for places at the same
    segment, between which it need not go to an end.
    """
    streets = find_street_router(router)
    if streets is None:
        return
    mode = MODES[profile].value
    model = to_networkx(streets.graph, profile)
    graph.graph["streets"] = streets.graph.attribution
    for number, data in model.nodes(data=True):
        facts = {"id": str(number), "name": "", "lat": data["lat"], "lon": data["lon"], "osm_id": data["osm_id"]}
        graph.add_node(f"street:{number}", kind="street", **facts)
    for start, end, data in model.edges(data=True):
        graph.add_edge(
            f"street:{start}",
            f"street:{end}",
            kind="street",
            mode=mode,
            profile=profile.value,
            run_s=data["seconds"],
            distance_m=round(data["metres"], 1),
            name=data["name"],
            highway=data["kind"],
            osm_way=data["osm_way"],
            **_tell_line(streets.graph, data["directed_segment"]),
        )
    targets = streets.link(places.lat, places.lon, profile)
    for attached, is_leaving in ((targets.coming, False), (targets.leaving, True)):
        _add_links(graph, attached, places, mode, is_leaving=is_leaving)


def _add_links(graph: nx.MultiDiGraph, attached: Attachments, places: Points, mode: str, *, is_leaving: bool) -> None:
    node = np.repeat(np.arange(len(attached.offset) - 1), np.diff(attached.offset))
    for street, place, ds in zip(node.tolist(), attached.place.tolist(), attached.ds.tolist(), strict=True):
        ends = places.names[place], f"street:{street}"
        corner = graph.nodes[ends[1]]
        straight_m = distance_between_m(places.at(place), Coordinate(corner["lat"], corner["lon"]))
        facts = {"kind": "link", "mode": mode, "run_s": ds / 10, "distance_m": round(straight_m, 1)}
        graph.add_edge(*(ends if is_leaving else ends[::-1]), **facts)


def _tell_line(streets: StreetGraph, directed: int) -> dict[str, tuple[Point, ...]]:
    """The points of a segment that is not straight, in the direction of travel."""
    span = slice(int(streets.point_off[directed >> 1]), int(streets.point_off[(directed >> 1) + 1]))
    lon, lat = streets.point_lon[span].round(6).tolist(), streets.point_lat[span].round(6).tolist()
    points = tuple(zip(lon, lat, strict=True))
    return {"line": points[::-1] if directed & 1 else points} if len(points) > 2 else {}
