"""The nearest street to a point: a grid over the straight pieces of all segments, searched ring by ring.

Distances are measured in the plane that touches the Earth at the point asked for, which is exact to a millimetre
within a kilometre. An extract that crosses longitude 180 is searched on the side of its points only.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from mobility.geodesy import EARTH_M, Floats, great_circle_m
from mobility.streets.graph import Ints, StreetGraph

CELL_M = 100.0
MOST_CELLS = 4_000_000
"""Of a larger extract the cells are larger."""
DEGREE_M = EARTH_M * math.pi / 180.0
ON_THE_STREET_M = 0.01

Mask = npt.NDArray[np.uint8]
Number = int | np.int64
"""Kernels take int32 and int64 for different types."""


class StreetGrid(NamedTuple):
    """Pieces by cell, for q points of all segments. A piece has the number of its first point."""

    south: float
    west: float
    cell_lat: float  # degrees
    cell_lon: float
    rows: int
    columns: int
    offset: Ints  # int64[rows * columns + 1]
    piece: Ints  # int32[]
    segment: Ints  # int32[q]
    lat: Floats  # [q]
    lon: Floats  # [q]
    along_m: Floats  # [q]: from the first point of the segment
    point_off: Ints  # int64[s+1]


class Link(NamedTuple):
    """Where a point meets the streets."""

    segment: Number  # -1 where there is none within reach
    fraction: float  # along it, 0 at seg_from
    side: Number  # -1 left of seg_from -> seg_to, 1 right of it, 0 on it
    distance_m: float


def build_grid(graph: StreetGraph, cell_m: float = CELL_M) -> StreetGrid:
    """The grid of a graph."""
    lat, lon = np.ascontiguousarray(graph.point_lat), np.ascontiguousarray(graph.point_lon)
    off = graph.point_off.astype(np.int64)
    segment = np.repeat(np.arange(len(off) - 1, dtype=np.int32), np.diff(off))
    if not len(lat):
        nothing = np.zeros(0, np.int32)
        return StreetGrid(0.0, 0.0, 1.0, 1.0, 1, 1, np.zeros(2, np.int64), nothing, segment, lat, lon, lat, off)
    step_m = np.zeros(len(lat))
    step_m[1:] = great_circle_m(lat[:-1], lon[:-1], lat[1:], lon[1:])
    total = np.cumsum(step_m)
    along_m = total - total[off[:-1]][segment]
    south, west, north, east = (float(v) for v in (lat.min(), lon.min(), lat.max(), lon.max()))
    narrow = max(math.cos(math.radians(max(abs(south), abs(north)))), 1e-3)
    area_m2 = (north - south) * (east - west) * DEGREE_M**2 * narrow
    cell_m = max(cell_m, math.sqrt(area_m2 / MOST_CELLS))
    cell_lat, cell_lon = cell_m / DEGREE_M, cell_m / (DEGREE_M * narrow)
    rows, columns = int((north - south) / cell_lat) + 1, int((east - west) / cell_lon) + 1
    empty = StreetGrid(
        south, west, cell_lat, cell_lon, rows, columns, np.zeros(rows * columns + 1, np.int64),
        np.empty(0, np.int32), segment, lat, lon, along_m, off,
    )  # fmt: skip
    _fill(empty, empty.offset)
    counts = empty.offset.copy()
    offset = np.append(0, np.cumsum(counts[:-1]))
    grid = empty._replace(offset=offset, piece=np.empty(int(offset[-1]), np.int32))
    _fill(grid, offset[:-1].copy())
    return grid


@nb.njit(cache=True, nogil=True)
def _fill(g: StreetGrid, at: Ints) -> None:
    """Count the pieces of each cell in ``at``, or put them there where ``g`` has room for them."""
    is_placing = len(g.piece) > 0
    for p in range(len(g.lat) - 1):
        if g.segment[p] != g.segment[p + 1]:
            continue
        low, high = min(g.lat[p], g.lat[p + 1]), max(g.lat[p], g.lat[p + 1])
        left, right = min(g.lon[p], g.lon[p + 1]), max(g.lon[p], g.lon[p + 1])
        for row in range(int((low - g.south) / g.cell_lat), int((high - g.south) / g.cell_lat) + 1):
            for column in range(int((left - g.west) / g.cell_lon), int((right - g.west) / g.cell_lon) + 1):
                cell = row * g.columns + column
                if is_placing:
                    g.piece[at[cell]] = p
                at[cell] += 1


@nb.njit(cache=True, nogil=True)
def find_nearest(g: StreetGrid, is_usable: Mask, lat: float, lon: float, reach_m: float) -> Link:
    """The nearest segment with ``is_usable`` (uint8[s]) at most ``reach_m`` away. Of equally near ones the first."""
    # metres per degree where the question is
    tall, wide = DEGREE_M, DEGREE_M * math.cos(math.radians(lat))
    cell_m = min(g.cell_lat * tall, g.cell_lon * wide)
    row, column = math.floor((lat - g.south) / g.cell_lat), math.floor((lon - g.west) / g.cell_lon)
    best, piece, share, cross = reach_m * reach_m, -1, 0.0, 0.0
    if cell_m <= 0.0 or not len(g.piece):
        return Link(-1, 0.0, 0, np.inf)
    # whatever is in ring r is farther than r - 1 cells
    for ring in range(int(reach_m / cell_m) + 2):
        if (ring - 1) * cell_m > 0.0 and ((ring - 1) * cell_m) ** 2 > best:
            break
        for r in range(max(row - ring, 0), min(row + ring, g.rows - 1) + 1):
            is_whole_row = abs(r - row) == ring
            step = 1 if is_whole_row or ring == 0 else 2 * ring
            for c in range(column - ring, column + ring + 1, step):
                if c < 0 or c >= g.columns:
                    continue
                cell = r * g.columns + c
                for i in range(g.offset[cell], g.offset[cell + 1]):
                    p = g.piece[i]
                    if not is_usable[g.segment[p]]:
                        continue
                    x, y = (lon - g.lon[p]) * wide, (lat - g.lat[p]) * tall
                    dx, dy = (g.lon[p + 1] - g.lon[p]) * wide, (g.lat[p + 1] - g.lat[p]) * tall
                    length = dx * dx + dy * dy
                    t = 0.0
                    if length > 0.0:
                        t = min(max((x * dx + y * dy) / length, 0.0), 1.0)
                    gap = (x - t * dx) ** 2 + (y - t * dy) ** 2
                    if gap < best or (gap == best and (piece < 0 or p < piece)):
                        best, piece, share, cross = gap, p, t, dx * y - dy * x
    if piece < 0:
        return Link(-1, 0.0, 0, np.inf)
    segment = g.segment[piece]
    whole_m = g.along_m[g.point_off[segment + 1] - 1]
    at_m = g.along_m[piece] + share * (g.along_m[piece + 1] - g.along_m[piece])
    fraction = min(max(at_m / whole_m, 0.0), 1.0) if whole_m > 0.0 else 0.0
    distance_m = math.sqrt(best)
    side = 0
    if distance_m > ON_THE_STREET_M:
        side = -1 if cross > 0.0 else 1
    return Link(np.int64(segment), fraction, side, distance_m)
