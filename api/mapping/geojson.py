"""The city's lines and stops as GeoJSON (RFC 7946: longitude first), for the map."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic.alias_generators import to_camel

from api.schemas.server import Feature, FeatureCollection
from mobility.model import Coordinate, Mode, Place
from mobility.service import Line

ROAD_MODES: Final = frozenset({Mode.BUS, Mode.COACH})
BESIDE_M: Final = 60.0
Segments = npt.NDArray[np.float64]
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
            "texts": {to_camel(field): dict(by_language) for field, by_language in line.texts.items()},
        },
    )


def to_stops(stops: Iterable[Place], stations: Container[str]) -> FeatureCollection:
    """Each stop with its names in every language known, and whether a map should treat it as a station."""
    return FeatureCollection(features=[_to_stop(stop, is_station=stop.stop_id in stations) for stop in stops])


def find_beside_rails(stops: Iterable[Place], lines: Iterable[Line]) -> Iterator[Place]:
    """The stops that lie on a line which is not a road's: stations, and bus stops by the kerb of one."""
    rails = [part for line in lines if line.mode not in ROAD_MODES for part in line.geometry]
    if not rails:
        return
    start = np.concatenate([[(at.lat, at.lon) for at in part[:-1]] for part in rails if len(part) > 1])
    end = np.concatenate([[(at.lat, at.lon) for at in part[1:]] for part in rails if len(part) > 1])
    yield from (stop for stop in stops if _distance_m(stop.at, start, end) <= BESIDE_M)


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


def _distance_m(at: Coordinate, start: Segments, end: Segments) -> float:
    """To the nearest of the segments, on a plane at the point's latitude (good to a metre over a city)."""
    scale = np.array([METRES_PER_DEGREE, METRES_PER_DEGREE * math.cos(math.radians(at.lat))])
    origin = (start - (at.lat, at.lon)) * scale
    course = (end - start) * scale
    square = np.maximum((course**2).sum(axis=1), 1e-9)
    along = np.clip(-(origin * course).sum(axis=1) / square, 0.0, 1.0)
    nearest = origin + course * along[:, None]
    return float(np.sqrt((nearest**2).sum(axis=1)).min())
