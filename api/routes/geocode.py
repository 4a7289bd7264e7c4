"""``/api/v1/geocode``: stops by a text as people type it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.mapping.places import Wording, to_match
from api.routes.plan import REFUSALS
from api.routes.services import With
from api.schemas.parameters import GeocodeParameters
from api.schemas.place import Match

router = APIRouter(tags=["places"])


@router.get("/api/v1/geocode", operation_id="geocode", responses={422: REFUSALS[422]}, response_model_exclude_none=True)
def geocode(query: Annotated[GeocodeParameters, Query()], services: With) -> list[Match]:
    """Places whose name (in any language) or code matches the text, best first."""
    planner = services.planner
    wording = Wording(tuple(query.language), planner.timezone, version=6)
    return [to_match(match, query.text, wording) for match in planner.geocode(query.text, query.num_results)]
