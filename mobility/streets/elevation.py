"""Heights of points from a GeoTIFF."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tifffile

from mobility.geodesy import Floats
from mobility.streets.graph import Reals
from mobility.streets.notices import Notices

MIN_RUN_M = 30.0
"""Slopes are taken over at least so much: about a cell of common elevation models (1 arc second)."""
_GEOGRAPHIC, _WGS84, _POINT, _NODATA_TAG = 2, 4326, 2, 42113
_REMEDY = "give a GeoTIFF in WGS 84 (EPSG:4326), not rotated; streets are taken as level"


class Raster(NamedTuple):
    """Heights in metres on a grid of rows from north to south, NaN where unknown."""

    height_m: Floats  # [rows, columns]
    west: float  # longitude of the centre of the first column
    north: float  # latitude of the centre of the first row
    step_lon: float
    step_lat: float


def read_raster(path: Path, notices: Notices) -> Raster | None:
    """The first page of a GeoTIFF; None with a notice where it cannot be used."""
    try:
        with tifffile.TiffFile(path) as file:
            page = file.pages.first
            facts: dict[str, Any] = page.geotiff_tags or {}
            # trap: page.nodata is 0 where there is no such tag
            heights, nodata = page.asarray(), page.nodata if _NODATA_TAG in page.tags else None
    except (OSError, ValueError, RuntimeError, KeyError, tifffile.TiffFileError) as error:
        notices.tell("elevation_unreadable", f"the elevation file {path.name} cannot be read ({error}); {_REMEDY}")
        return None
    scale, tie = facts.get("ModelPixelScale"), facts.get("ModelTiepoint")
    is_known = facts.get("GTModelTypeGeoKey") == _GEOGRAPHIC and facts.get("GeographicTypeGeoKey") == _WGS84
    if not is_known or scale is None or tie is None or len(tie) != 6 or heights.ndim != 2 or min(scale[:2]) <= 0:
        notices.tell("elevation_not_wgs84", f"the elevation file {path.name} has no plain grid in WGS 84; {_REMEDY}")
        return None
    height_m = heights.astype(np.float64)
    if nodata is not None:
        height_m[heights == nodata] = np.nan
    # coordinates are those of a cell's corner unless the raster is one of points
    half = 0.0 if facts.get("GTRasterTypeGeoKey") == _POINT else 0.5
    return Raster(
        height_m,
        tie[3] + (half - tie[0]) * scale[0],
        tie[4] - (half - tie[1]) * scale[1],
        float(scale[0]),
        float(scale[1]),
    )


def heights_at(raster: Raster, lat: Floats, lon: Floats) -> Floats:
    """Heights between the four nearest cells (bilinear), of those that are known; NaN outside the grid."""
    rows, columns = raster.height_m.shape
    y, x = (raster.north - lat) / raster.step_lat, (lon - raster.west) / raster.step_lon
    # the outer half of the outermost cells belongs to the grid
    is_inside = (y >= -0.5) & (y <= rows - 0.5) & (x >= -0.5) & (x <= columns - 0.5)
    y, x = np.clip(y, 0, rows - 1), np.clip(x, 0, columns - 1)
    top, left = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    down, right = np.minimum(top + 1, rows - 1), np.minimum(left + 1, columns - 1)
    v, u = y - top, x - left
    total, weight = np.zeros(len(lat)), np.zeros(len(lat))
    for row, column, share in (
        (top, left, (1 - v) * (1 - u)),
        (top, right, (1 - v) * u),
        (down, left, v * (1 - u)),
        (down, right, v * u),
    ):
        height = raster.height_m[row, column]
        known = np.where(np.isnan(height), 0.0, share)
        total += known * np.nan_to_num(height)
        weight += known
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(is_inside & (weight > 0), total / weight, np.nan)
    return found


def slopes_between(start_m: Reals, end_m: Reals, length_m: Reals) -> Floats:
    """Rise over run from one end to the other, over MIN_RUN_M at least; NaN where a height is unknown."""
    slope: Floats = (np.asarray(end_m, np.float64) - start_m) / np.maximum(length_m, MIN_RUN_M)
    return slope
