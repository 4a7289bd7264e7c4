"""``/api/v1/lines`` and ``/api/v1/stops``: the city's network as GeoJSON, for the map (ours, not MOTIS's)."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, Request, Response

from api.mapping.geojson import ROAD_MODES, find_beside_rails, to_lines, to_stops
from api.routes.services import Documents, Planner, With
from api.schemas.server import FeatureCollection
from mobility.model import Place

router = APIRouter(tags=["network"])
MEDIA_TYPE = "application/geo+json"


def build_documents(planner: Planner) -> Documents:
    """Both collections as bytes, once: they change only with the feed."""
    lines = planner.lines()
    stops = planner.stops()
    stations = {stop.stop_id for stop in find_beside_rails(stops, lines) if _has_rail(planner, stop)}
    return Documents(to_lines(lines).model_dump_json().encode(), to_stops(stops, stations).model_dump_json().encode())


def _has_rail(planner: Planner, stop: Place) -> bool:
    """Whether the geocoder knows this very stop by a mode that is not a road's."""
    found = (match for match in planner.geocode(stop.name, 20) if match.place.stop_id == stop.stop_id)
    return any(mode not in ROAD_MODES for match in found for mode in match.modes)


@router.get(
    "/api/v1/lines",
    operation_id="lines",
    response_model=FeatureCollection,
    responses={200: {"content": {MEDIA_TYPE: {}}}, 304: {"description": "Unchanged."}},
)
def lines(request: Request, services: With) -> Response:
    """Every line with its colour, mode and course."""
    return _reply(request, services.documents.lines)


@router.get(
    "/api/v1/stops",
    operation_id="networkStops",
    response_model=FeatureCollection,
    responses={200: {"content": {MEDIA_TYPE: {}}}, 304: {"description": "Unchanged."}},
)
def stops(request: Request, services: With) -> Response:
    """Every stop with its names."""
    return _reply(request, services.documents.stops)


def _reply(request: Request, body: bytes) -> Response:
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {"ETag": etag, "Cache-Control": "public, max-age=300"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=MEDIA_TYPE, headers=headers)
