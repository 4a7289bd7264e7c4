"""The server about itself: ``health`` and ``map/initial``, as MOTIS has them."""

from __future__ import annotations

import math
from typing import Final

from fastapi import APIRouter

from api.mapping.requests import MAX_WALK_S
from api.mapping.ways import MAX_DIRECT_S
from api.routes.services import Planner, With
from api.schemas.server import CityInfo, Health, InitialMap, ServerConfig

router = APIRouter(tags=["server"])
VIEW_WIDTH_PX: Final = 900  # a map beside our panel on a small laptop
TILE_PX: Final = 256


@router.get("/api/v1/health", operation_id="health")
def health(services: With) -> Health:
    """The server is up, and which live data it has (none yet)."""
    first, last = services.planner.feed_dates
    store = "ok" if services.desk.is_reachable() else "unavailable"
    return Health(city=services.planner.name, feed_start=first, feed_end=last, store=store)  # type: ignore[arg-type]


@router.get("/api/v1/map/initial", operation_id="initial")
def initial(services: With) -> InitialMap:
    """Where a map should open, the server's limits, and the city."""
    planner = services.planner
    first, last = planner.feed_dates
    corner, opposite = planner.bounds
    south, north = sorted((corner.lat, opposite.lat))
    west, east = sorted((corner.lon, opposite.lon))
    return InitialMap(
        lat=planner.centre.lat,
        lon=planner.centre.lon,
        zoom=_zoom(planner),
        server_config=ServerConfig(
            motis_version="changtong",
            max_pre_post_transit_time_limit=MAX_WALK_S,
            max_direct_time_limit=MAX_DIRECT_S,
        ),
        city=CityInfo(
            name=planner.name,
            names=dict(services.city_names),
            timezone=planner.timezone,
            languages=list(planner.languages),
            bounds=(west, south, east, north),
            attribution=planner.attribution,
            feed_start=first,
            feed_end=last,
        ),
    )


def _zoom(planner: Planner) -> float:
    """The zoom at which the city's width fills the view (Web Mercator, 256 px at zoom 0)."""
    corner, opposite = planner.bounds
    width_deg = max(abs(opposite.lon - corner.lon), 0.01)
    return round(min(16.0, math.log2(360 / width_deg * VIEW_WIDTH_PX / TILE_PX)), 1)
