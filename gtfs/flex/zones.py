"""The zones of locations.geojson as rings of coordinates (GTFS Schedule reference, locations.geojson; RFC 7946).

A zone that is no polygon is left out with a notice, a polygon with a broken ring likewise; the others stay.
Codes are those of the canonical validator.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gtfs import schema
from gtfs.feed import Feed
from gtfs.notices import Notice, Severity

Ring = tuple[tuple[float, float], ...]
"""(longitude, latitude) in degrees; closed: the last position is the first."""
Polygon = tuple[Ring, ...]
"""The outer ring, then its holes."""
LEAST_POSITIONS = 4
"""Of a closed ring (RFC 7946, 3.1.6)."""
FLATTEST_SQUARE_DEGREES = 1e-12
"""A ring that encloses less, about a hundred square centimetres, is a line."""


@dataclass(frozen=True, slots=True)
class Zone:
    """An area in which one may be picked up or dropped off: the union of its polygons. ``name`` and ``description``
    are ``stop_name`` and ``stop_desc``, empty where there are none.
    """

    zone_id: str
    polygons: tuple[Polygon, ...]
    name: str = ""
    description: str = ""


class _Broken(ValueError):  # noqa: N818  (named for what is wrong)
    """Why a ring cannot be used."""


def read_zones(feed: Feed) -> tuple[Mapping[str, Zone], list[Notice]]:
    """The usable zones by id, and what is wrong with the others. Of two zones with one id the first is taken (the
    rules of ``gtfs.rules.flex`` tell of the second).
    """
    zones: dict[str, Zone] = {}
    notices: list[Notice] = []
    for number, feature in enumerate(feed.documents.get(schema.LOCATIONS, {}).get("features", []), start=1):
        zone_id = str(feature.get("id", "")) if isinstance(feature, dict) else ""
        if not zone_id or zone_id in zones:
            continue
        polygons, found = _read_geometry(feature.get("geometry"), f"zone {zone_id!r} (feature {number})")
        notices += found
        if polygons:
            properties = feature.get("properties")
            texts = properties if isinstance(properties, dict) else {}
            name, description = (str(texts.get(key) or "") for key in ("stop_name", "stop_desc"))
            zones[zone_id] = Zone(zone_id, polygons, name, description)
    return zones, notices


def _read_geometry(geometry: Any, what: str) -> tuple[tuple[Polygon, ...], list[Notice]]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):  # no set: the type may be anything, a list too
        shown = f"a {kind}" if kind else "without a geometry"
        message = f"{what} is {shown}, not a Polygon or MultiPolygon; nobody is picked up there: draw its border"
        return (), [_note("unsupported_geometry_type", Severity.ERROR, message)]
    parts = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(parts, list) or not parts:
        message = f"{what} has no coordinates; nobody is picked up there: draw its border"
        return (), [_note("invalid_geometry", Severity.ERROR, message)]
    polygons: list[Polygon] = []
    notices: list[Notice] = []
    for part in parts:
        try:
            rings, is_open = _read_rings(part)
        except _Broken as error:
            consequence = "this polygon is left out" if len(parts) > 1 else "nobody is picked up there"
            message = f"{what}: {error}; {consequence}: draw the ring again"
            notices.append(_note("invalid_geometry", Severity.ERROR, message))
            continue
        if is_open:
            message = f"{what}: a ring is not closed; it was closed: repeat its first position at its end"
            notices.append(_note("invalid_geometry", Severity.WARNING, message))
        polygons.append(rings)
    return tuple(polygons), notices


def _read_rings(part: Any) -> tuple[Polygon, bool]:
    if not isinstance(part, list) or not part:
        message = "a polygon is no list of rings"
        raise _Broken(message)
    rings = [tuple(_positions(ring)) for ring in part]
    is_open = [ring[0] != ring[-1] if ring else False for ring in rings]
    closed = tuple((*ring, ring[0]) if opened else ring for ring, opened in zip(rings, is_open, strict=True))
    for ring in closed:
        if len(ring) < LEAST_POSITIONS:
            message = f"a ring has {len(ring)} positions, and the least that encloses anything is {LEAST_POSITIONS}"
            raise _Broken(message)
        if abs(_signed_area(ring)) < FLATTEST_SQUARE_DEGREES:
            message = "a ring encloses nothing"
            raise _Broken(message)
    return closed, any(is_open)


def _positions(ring: Any) -> Iterator[tuple[float, float]]:
    if not isinstance(ring, list):
        message = "a ring is no list of positions"
        raise _Broken(message)
    for position in ring:
        is_pair = isinstance(position, list) and len(position) >= 2
        if not is_pair or any(isinstance(v, bool) or not isinstance(v, int | float) for v in position[:2]):
            message = f"{position!r:.60} is no position [longitude, latitude]"
            raise _Broken(message)
        lon, lat = position[:2]
        if not (abs(lon) <= 180.0 and abs(lat) <= 90.0):  # NaN fails, and so does an integer that no float can hold
            message = f"{position[:2]!r:.60} is not on Earth (positions are [longitude, latitude])"
            raise _Broken(message)
        yield float(lon), float(lat)


def _signed_area(ring: Ring) -> float:
    x0, y0 = ring[0]
    pairs = itertools.pairwise(ring)
    return sum((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0) for (x1, y1), (x2, y2) in pairs) / 2


def _note(code: str, severity: Severity, message: str) -> Notice:
    return Notice(code, severity, schema.LOCATIONS, 0, message)
