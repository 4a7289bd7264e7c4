"""Distances on the Earth, taken as a sphere: what city tables, networks and walks have in common."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

EARTH_M = 6_371_000.0

Floats = npt.NDArray[np.float64]


def great_circle_m(
    lat: Floats, lon: Floats, to_lat: Floats | float, to_lon: Floats | float, radius_m: float = EARTH_M
) -> Floats:
    """Haversine distance, element by element."""
    y1, x1, y2, x2 = (np.radians(v) for v in (lat, lon, to_lat, to_lon))
    half = np.sin((y2 - y1) / 2) ** 2 + np.cos(y1) * np.cos(y2) * np.sin((x2 - x1) / 2) ** 2
    distance: Floats = 2 * radius_m * np.arcsin(np.sqrt(half))
    return distance
