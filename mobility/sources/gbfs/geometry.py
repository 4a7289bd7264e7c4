"""GeoJSON areas of GBFS as shapely polygons: what crosses itself is mended and told, what is no polygon is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import shapely
from shapely.errors import ShapelyError

from mobility.sources.gbfs.records import Record, short, to_float


def read_area(record: Record, value: Any, name: str) -> Any:
    """A Polygon or MultiPolygon (x = longitude); None, with a notice, where there is none to be had.

    The order of a ring's points says nothing, as in GBFS 3.0 and RFC 7946: by the words of 2.x a counterclockwise ring
    would mean its outside, but its publishers do not write so (github.com/MobilityData/gbfs, issue 364).
    """
    kind = value.get("type") if isinstance(value, Mapping) else value
    if not isinstance(value, Mapping) or kind not in ("Polygon", "MultiPolygon"):
        record.tell(
            "not_a_polygon",
            f"{name} is {short(kind)}, not a Polygon or MultiPolygon: left out; publish the area it stands for",
        )
        return None
    coordinates: Any = value.get("coordinates")
    polygons = [coordinates] if value["type"] == "Polygon" else coordinates
    try:
        area = shapely.multipolygons([_polygon(rings) for rings in polygons])
    except (ValueError, TypeError, LookupError, ShapelyError) as error:
        record.tell("bad_polygon", f"{name} is no polygon ({error}): left out; close rings of four or more [lon, lat]")
        return None
    if not shapely.is_valid(area):
        reason = shapely.is_valid_reason(area)
        area = _polygons_of(shapely.make_valid(area))
        if area.is_empty:
            record.tell("bad_polygon", f"{name} encloses nothing ({reason}): left out; draw a ring around an area")
            return None
        record.tell(
            "mended_polygon", f"{name} is not valid ({reason}): mended and used; publish rings that do not cross"
        )
    if area.is_empty or shapely.area(area) == 0:
        record.tell("bad_polygon", f"{name} encloses nothing: left out; draw a ring around an area")
        return None
    return area


def _polygon(rings: Any) -> Any:
    shell, *holes = [_ring(ring) for ring in rings]
    return shapely.Polygon(shell, holes)


def _ring(points: Any) -> list[tuple[float, float]]:
    ring = []
    for point in points:
        lon, lat = to_float(point[0]), to_float(point[1])
        if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise ValueError(f"{short(point)} is no [lon, lat]")
        ring.append((lon, lat))
    return ring


def _polygons_of(geometry: Any) -> Any:
    """The parts of a geometry that have an area."""
    parts = shapely.get_parts(geometry)
    return shapely.union_all([part for part in parts if shapely.get_dimensions(part) == 2])
