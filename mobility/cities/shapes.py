"""The shapes of a city's lines and bus patterns, from their geometries in the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mobility.cities.catalog import City
from mobility.cities.geometry import Array, Shape, build_shape, locate_stops, parse_linestring
from mobility.cities.gtfs_zip import GtfsFile
from mobility.cities.rail_trips import RailTables
from mobility.cities.tables import Fact, read_facts
from mobility.cities.timed_trip import TimedTrip

ShapeKey = tuple[str, int]
"""Route and direction."""
Path = tuple[str, int, tuple[str, ...]]
"""Route, direction and sequence of stops."""


def read_shapes(city: City, rail: RailTables) -> dict[ShapeKey, Shape]:
    """One shape per route and direction. A rail line's geometry runs in direction 0 and serves both."""
    shapes: dict[ShapeKey, Shape] = {}
    for fact in read_facts(city, "line_shapes"):
        line = rail.lines.get((fact["system"], fact["line"])) or fact.refuse("the line is not in lines.csv")
        points = _points(fact)
        forth = fact.integer("direction")
        for direction in (forth, 1 - forth):
            key = (line.fact["route_id"], direction)
            shapes[key] = build_shape(f"{key[0]}-{direction}", points if direction == forth else points[::-1])
    for fact in read_facts(city, "bus_shapes"):
        key = (fact["route_id"], fact.integer("direction"))
        shapes[key] = build_shape(f"{key[0]}-{key[1]}", _points(fact))
    return shapes


def locate_trips(
    trips: Sequence[TimedTrip], shapes: Mapping[ShapeKey, Shape], positions: Mapping[str, tuple[float, float]]
) -> dict[Path, Array]:
    """Metres along the shape of every stop, per route, direction and sequence of stops that has a shape."""
    located: dict[Path, Array] = {}
    for trip in trips:
        key = path_of(trip)
        shape = shapes.get(key[:2])
        if shape is not None and key not in located:
            located[key] = locate_stops(shape, np.array([positions[stop_id] for stop_id in trip.stop_ids]))
    return located


def path_of(trip: TimedTrip) -> Path:
    """The path that trips share."""
    return (trip.route_id, trip.direction, trip.stop_ids)


def build_shapes_file(shapes: Mapping[ShapeKey, Shape]) -> GtfsFile:
    """``shapes.txt``."""
    return GtfsFile(
        "shapes.txt",
        ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence", "shape_dist_traveled"),
        [row for shape in shapes.values() for row in _rows(shape)],
    )


def _rows(shape: Shape) -> Iterator[tuple[str, ...]]:
    for k, ((lat, lon), along) in enumerate(zip(shape.lat_lon, shape.distance_m, strict=True)):
        yield (shape.shape_id, f"{lat:.6f}", f"{lon:.6f}", str(k), f"{along:.1f}")


def _points(fact: Fact) -> Array:
    try:
        return parse_linestring(fact["geometry"])
    except ValueError as error:
        fact.refuse(str(error))
