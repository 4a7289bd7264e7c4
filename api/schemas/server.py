"""The server about itself and its city: health, the first view of the map, GeoJSON.

``health`` and ``map/initial`` are MOTIS's (``HealthResponse``, ``ServerConfig``) with a little more.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from api.schemas.wire import WireModel


class Health(WireModel):
    """``rt`` and ``gbfs``: whether live data flows. There is none yet, and we say so."""

    rt: bool = False
    gbfs: bool = False
    city: str
    feed_start: date
    feed_end: date
    store: Literal["ok", "unavailable"]


class ServerConfig(WireModel):
    """What this server can do, and its limits (seconds; one-to-all in minutes)."""

    motis_version: str
    has_elevation: bool = False
    has_routed_transfers: bool = False
    has_street_routing: bool = False
    max_one_to_many_size: float = 0
    max_one_to_all_travel_time_limit: float = 0
    max_pre_post_transit_time_limit: float
    max_direct_time_limit: float
    shapes_debug_enabled: bool = False


class CityInfo(WireModel):
    """The city that is served. ``bounds`` is west, south, east, north."""

    name: str
    names: dict[str, str]
    timezone: str
    languages: list[str]
    bounds: tuple[float, float, float, float]
    attribution: str
    feed_start: date
    feed_end: date


class InitialMap(WireModel):
    """Where a map should open."""

    lat: float
    lon: float
    zoom: float
    server_config: ServerConfig
    city: CityInfo


class Feature(WireModel):
    """A GeoJSON feature (RFC 7946)."""

    type: Literal["Feature"] = "Feature"
    geometry: dict[str, Any]
    properties: dict[str, Any]


class FeatureCollection(WireModel):
    """A GeoJSON feature collection (RFC 7946)."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[Feature]
