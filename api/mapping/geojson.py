"""The city's lines and stops as GeoJSON (RFC 7946: longitude first), for the map."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from api.schemas.server import Feature, FeatureCollection
from mobility.model import Coordinate, Mode, Place
from mobility.service import Line

ROAD_MODES: Final = frozenset({Mode.BUS, Mode.COACH})
# a station's point lies on its line; a bus stop at the kerb of a light rail street is farther off
BESIDE_M: Final = 12.0
METRES_PER_DEGREE: Final = 111_195.0


def to_lines(lines: Iterable[Line]) -> FeatureCollection:
    """Each line with what a map needs to draw it; busiest kinds are left to the reader's order."""
    return FeatureCollection(features=[_to_line(line) for line in lines])


def _to_line(line: Line) -> Feature:
    return Feature(
        geometry={
            "type": "MultiLineString",
            "coordinates": [[[round(at.lon, 6), round(at.lat, 6)] for at in part] for part in line.geometry],
        },
        properties={
            "routeId": line.route_id,
            "shortName": line.short_name,
            "longName": line.long_name,
            "mode": line.mode,
            "color": line.color,
            "approximate": line.approximate,
        },
    )


def to_stops(stops: Iterable[Place], lines: Iterable[Line]) -> FeatureCollection:
    """Each stop with its names in every language known, and whether a map should treat it as a station."""
    rails = [part for line in lines if line.mode not in ROAD_MODES for part in line.geometry]
    return FeatureCollection(features=[_to_stop(stop, is_station=_is_beside(stop.at, rails)) for stop in stops])


def _to_stop(stop: Place, *, is_station: bool) -> Feature:
    return Feature(
        geometry={"type": "Point", "coordinates": [round(stop.at.lon, 6), round(stop.at.lat, 6)]},
        properties={
            "id": stop.stop_id,
            "name": stop.name,
            "code": stop.code,
            "names": dict(stop.names),
            "isStation": is_station,
        },
    )


def _is_beside(at: Coordinate, rails: Iterable[tuple[Coordinate, ...]]) -> bool:
    return any(_distance_m(at, a, b) <= BESIDE_M for part in rails for a, b in pairwise(part))


def _distance_m(at: Coordinate, a: Coordinate, b: Coordinate) -> float:
    """From a point to a segment, on a plane at its latitude (good to a metre over a city)."""
    east = METRES_PER_DEGREE * math.cos(math.radians(at.lat))
    ax, ay = (a.lon - at.lon) * east, (a.lat - at.lat) * METRES_PER_DEGREE
    dx, dy = (b.lon - a.lon) * east, (b.lat - a.lat) * METRES_PER_DEGREE
    square = dx * dx + dy * dy
    along = 0.0 if square == 0 else min(1.0, max(0.0, -(ax * dx + ay * dy) / square))
    return math.hypot(ax + along * dx, ay + along * dy)
