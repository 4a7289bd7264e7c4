"""The pairs of points near each other.

Great circles (``mobility.geodesy``) until streets are routed: walking is that distance times a
detour factor. The grid has three dimensions, so that neither the poles nor longitude 180 is special.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from mobility.geodesy import EARTH_M, Floats, great_circle_m
from mobility.network.timetable import Ints


@nb.njit(cache=True, nogil=True)
def _pairs_in_cells(point: Floats, cell: Ints, key: Ints, order: Ints, stride: int, chord: float, count: int) -> Ints:
    """Ordered pairs closer than ``chord``: how many when ``count`` is 0, else the pairs."""
    pairs = np.empty((count, 2), np.int32)
    found = 0
    for i in range(len(point)):
        for dx in range(-1, 2):
            for dy in range(-1, 2):
                low = cell[i, 0] + dx, cell[i, 1] + dy, cell[i, 2]
                base = (low[0] * stride + low[1]) * stride + low[2]
                # dz runs over three neighbouring keys
                for at in range(np.searchsorted(key, base - 1), len(key)):
                    if key[at] > base + 1:
                        break
                    j = order[at]
                    gap = (point[i, 0] - point[j, 0]) ** 2
                    gap += (point[i, 1] - point[j, 1]) ** 2 + (point[i, 2] - point[j, 2]) ** 2
                    if i != j and gap <= chord * chord:
                        if count:
                            pairs[found, 0] = i
                            pairs[found, 1] = j
                        found += 1
    if count:
        return pairs
    return np.full((1, 1), found, np.int32)


def list_near_pairs(lat: Floats, lon: Floats, limit_m: float) -> tuple[Ints, Ints, Floats]:
    """All ordered pairs of points at most ``limit_m`` apart: from, to, metres."""
    if len(lat) == 0 or limit_m <= 0:
        return np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0)
    y, x = np.radians(lat), np.radians(lon)
    point = EARTH_M * np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)], axis=1)
    chord = 2 * EARTH_M * np.sin(min(limit_m / EARTH_M, np.pi) / 2)
    width = max(chord, 1.0)
    cell = ((point + EARTH_M) // width).astype(np.int64) + 1
    stride = int(cell.max()) + 3
    key = (cell[:, 0] * stride + cell[:, 1]) * stride + cell[:, 2]
    order = np.argsort(key, kind="stable")
    size = int(_pairs_in_cells(point, cell, key[order], order, stride, chord, 0)[0, 0])
    if not size:
        return np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0)
    pairs = _pairs_in_cells(point, cell, key[order], order, stride, chord, size)
    start, end = pairs[:, 0], pairs[:, 1]
    return start, end, great_circle_m(lat[start], lon[start], lat[end], lon[end])
