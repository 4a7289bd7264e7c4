"""The city's lines and stops as GeoJSON (RFC 7946: longitude first), for the map."""

from __future__ import annotations

from collections.abc import Iterable

from api.schemas.server import Feature, FeatureCollection
from mobility.model import Place
from mobility.service import Line


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


def to_stops(stops: Iterable[Place]) -> FeatureCollection:
    """Each stop with its names in every language known."""
    return FeatureCollection(features=[_to_stop(stop) for stop in stops])


def _to_stop(stop: Place) -> Feature:
    return Feature(
        geometry={"type": "Point", "coordinates": [round(stop.at.lon, 6), round(stop.at.lat, 6)]},
        properties={"id": stop.stop_id, "name": stop.name, "code": stop.code, "names": dict(stop.names)},
    )
