"""What a way looks like: its points, and the bearings and lengths of its parts."""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from mobility.geodesy import Floats
from mobility.streets.door_to_door import Found
from mobility.streets.nearest import StreetGrid

LOOK_M = 8.0
"""Bearings are measured over so much of a segment: mapped corners are often cut or rounded by a metre or two."""


class Trace(NamedTuple):
    """The points of a way along streets, and per part its length and bearings (degrees clockwise from north)."""

    lat: Floats
    lon: Floats
    length_m: Floats
    bearing_in: Floats  # just after its begin
    bearing_out: Floats  # just before its end


@nb.njit(cache=True, nogil=True)
def trace(g: StreetGrid, found: Found) -> Trace:
    """Follow the parts of a way."""
    parts, room = len(found.way), 0
    for i in range(parts):
        segment = found.way[i] >> 1
        room += g.point_off[segment + 1] - g.point_off[segment] + 2
    lat, lon = np.empty(room), np.empty(room)
    length_m, bearing_in, bearing_out = np.empty(parts), np.empty(parts), np.empty(parts)
    size = 0
    for i in range(parts):
        size, begun = _lay_part(g, found, i, lat, lon, size)
        segment = found.way[i] >> 1
        length_m[i] = abs(found.end[i] - found.begin[i]) * g.along_m[g.point_off[segment + 1] - 1]
        bearing_in[i] = _look(lat, lon, begun, size, 1)
        bearing_out[i] = _look(lat, lon, begun, size, -1)
    return Trace(lat[:size].copy(), lon[:size].copy(), length_m, bearing_in, bearing_out)


@nb.njit(cache=True, nogil=True)
def _lay_part(g: StreetGrid, found: Found, part: int, lat: Floats, lon: Floats, size: int) -> tuple[int, int]:
    """Append the points of a part; how many there are then, and where those of the part begin."""
    segment, is_back = found.way[part] >> 1, found.way[part] & 1
    low, high = g.point_off[segment], g.point_off[segment + 1] - 1
    whole_m = g.along_m[high]
    from_m, to_m = found.begin[part] * whole_m, found.end[part] * whole_m
    begun = size
    if part:
        # the end of the part before
        begun = size - 1
    else:
        lat[size], lon[size] = _point_at(g, low, high, from_m)
        size += 1
    for n in range(high - low + 1):
        p = high - n if is_back else low + n
        is_within = to_m < g.along_m[p] < from_m if is_back else from_m < g.along_m[p] < to_m
        if is_within:
            lat[size], lon[size] = g.lat[p], g.lon[p]
            size += 1
    lat[size], lon[size] = _point_at(g, low, high, to_m)
    return size + 1, begun


@nb.njit(cache=True, nogil=True)
def _point_at(g: StreetGrid, low: int, high: int, at_m: float) -> tuple[float, float]:
    for p in range(low, high):
        step_m = g.along_m[p + 1] - g.along_m[p]
        if at_m <= g.along_m[p + 1] and step_m > 0.0:
            share = max(0.0, (at_m - g.along_m[p]) / step_m)
            if share >= 1.0:
                return g.lat[p + 1], g.lon[p + 1]
            return g.lat[p] + share * (g.lat[p + 1] - g.lat[p]), g.lon[p] + share * (g.lon[p + 1] - g.lon[p])
    return g.lat[high], g.lon[high]


@nb.njit(cache=True, nogil=True)
def _look(lat: Floats, lon: Floats, begun: int, size: int, step: int) -> float:
    """The bearing of a part at its begin (step 1) or at its end (step -1), over ``LOOK_M``."""
    here = begun if step > 0 else size - 1
    scale = math.cos(math.radians(lat[here]))
    x = y = 0.0
    for p in range(begun, size) if step > 0 else range(size - 1, begun - 1, -1):
        x, y = (lon[p] - lon[here]) * scale, lat[p] - lat[here]
        if math.hypot(x, y) * 111_195.0 >= LOOK_M:
            break
    return math.degrees(math.atan2(x * step, y * step))
