"""Lines on the ground: lengths along a shape, and where along it a trip's stops lie.

Distances are great-circle (haversine, mean Earth radius 6,371,008.8 m); projections are made on a local
plane, good to a few centimetres over a city.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mobility.geodesy import great_circle_m

EARTH_RADIUS_M = 6_371_008.8
MIN_STEP_M = 0.1
"""Two stops of a trip never share a distance along its shape, as GTFS demands."""

Array = npt.NDArray[np.float64]

_POINT = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s+(-?\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True, slots=True)
class Shape:
    """A line: ``lat_lon`` of shape (points, 2) and the distance of each point from the first."""

    shape_id: str
    lat_lon: Array
    distance_m: Array


def build_shape(shape_id: str, lat_lon: Array) -> Shape:
    """A shape with its distances; points that repeat their predecessor are dropped."""
    keep = np.ones(len(lat_lon), dtype=bool)
    keep[1:] = np.any(lat_lon[1:] != lat_lon[:-1], axis=1)
    points = lat_lon[keep]
    steps = np.maximum(distances_m(points[:-1], points[1:]), MIN_STEP_M)
    return Shape(shape_id, points, np.concatenate(([0.0], np.cumsum(steps))))


def parse_linestring(text: str) -> Array:
    """``LINESTRING(lon lat, …)`` (WKT) as (lat, lon) rows.

    Raises:
        ValueError: The text is not such a line.
    """
    body = text.strip()
    if not (body.startswith("LINESTRING(") and body.endswith(")")):
        raise ValueError("a geometry is written LINESTRING(lon lat, lon lat, …)")
    points = [_POINT.fullmatch(part) for part in body[len("LINESTRING(") : -1].split(",")]
    if len(points) < 2 or not all(points):
        raise ValueError("a LINESTRING has at least two points, each `lon lat`")
    return np.array([(float(p[2]), float(p[1])) for p in points if p is not None])


def distances_m(a: Array, b: Array) -> Array:
    """Great-circle distances between rows of (lat, lon)."""
    return great_circle_m(a[..., 0], a[..., 1], b[..., 0], b[..., 1], EARTH_RADIUS_M)


def locate_stops(shape: Shape, stops: Array) -> Array:
    """How far along ``shape`` each of ``stops`` lies, strictly ascending.

    Of all ways to place the stops in order, the one with the least sum of squared distances from the
    line: a circle's station is placed at its start or at its end as the trip demands.
    """
    along, offset = _project(shape, stops)
    chosen = _choose_segments(along, offset)
    return _spread(along[np.arange(len(stops)), chosen], float(shape.distance_m[-1]))


def _choose_segments(along: Array, offset: Array) -> npt.NDArray[np.int64]:
    """A segment for each stop, never before that of the stop before, by dynamic programming.

    Minimises the squares of the offsets and, where two stops share a segment against its direction, of the
    step backwards.
    """
    rows, segments = along.shape
    index = np.arange(segments)
    previous = np.zeros((rows, segments), dtype=np.int64)
    cost = offset[0] ** 2
    for k in range(1, rows):
        best = np.minimum.accumulate(cost)
        holder = np.maximum.accumulate(np.where(cost == best, index, 0))
        earlier = np.concatenate(([np.inf], best[:-1]))
        same = cost + np.maximum(along[k - 1] - along[k], 0.0) ** 2
        previous[k] = np.where(same <= earlier, index, np.concatenate(([0], holder[:-1])))
        cost = np.minimum(same, earlier) + offset[k] ** 2
    chosen = np.empty(rows, dtype=np.int64)
    chosen[-1] = np.argmin(cost)
    for k in range(rows - 1, 0, -1):
        chosen[k - 1] = previous[k, chosen[k]]
    return chosen


def _project(shape: Shape, stops: Array) -> tuple[Array, Array]:
    """Along and offset of each stop on each segment, in metres: arrays of shape (stops, segments)."""
    scale = np.radians(1.0) * EARTH_RADIUS_M * np.array([1.0, np.cos(np.radians(shape.lat_lon[0, 0]))])
    line, points = shape.lat_lon * scale, stops * scale
    start, step = line[:-1], line[1:] - line[:-1]
    relative = points[:, None, :] - start[None, :, :]
    share = np.clip((relative * step).sum(axis=2) / np.maximum((step**2).sum(axis=1), 1e-12), 0.0, 1.0)
    offset = np.linalg.norm(relative - share[..., None] * step, axis=2)
    along = shape.distance_m[:-1] + share * np.diff(shape.distance_m)
    return along, offset


def _spread(along: Array, length_m: float) -> Array:
    values: Sequence[float] = list(along)
    result = np.array(values)
    for k in range(1, len(result)):
        result[k] = max(result[k], result[k - 1] + MIN_STEP_M)
    result[-1] = min(result[-1], length_m)
    for k in range(len(result) - 2, -1, -1):
        result[k] = min(result[k], result[k + 1] - MIN_STEP_M)
    rounded: Array = np.round(result, 1)
    return rounded
