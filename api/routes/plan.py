"""``/api/v6/plan`` and ``/api/v5/plan``: journeys, as MOTIS answers them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api.errors import ParameterRefused
from api.mapping.journeys import Style, to_itinerary, to_option
from api.mapping.places import Wording, find_coordinate, find_name, to_place
from api.mapping.requests import PARAMETERS, is_within, list_unserved, to_request
from api.mapping.ways import direct_as_wanted
from api.routes.clock import Now
from api.routes.services import Planner, With
from api.schemas.journey import PlanResponse
from api.schemas.parameters import PlanParameters
from api.schemas.wire import Problem
from mobility.model import Place, PlannerError
from mobility.service import OutsideService, RequestRefused

router = APIRouter(tags=["journeys"])
REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "No such place, or no timetable for that day."},
    422: {"model": Problem, "description": "A parameter is missing or impossible; `errors` names it."},
}


@router.get("/api/v6/plan", operation_id="plan", responses=REFUSALS, response_model_exclude_none=True)
def plan(query: Annotated[PlanParameters, Query()], request: Request, services: With, now: Now) -> PlanResponse:
    """Journeys from one place to another."""
    return _plan(query, request, services.planner, now, version=6)


@router.get("/api/v5/plan", operation_id="planV5", responses=REFUSALS, response_model_exclude_none=True)
def plan_v5(query: Annotated[PlanParameters, Query()], request: Request, services: With, now: Now) -> PlanResponse:
    """Journeys, for clients of version 5: ``level`` is always there, 0 when unknown."""
    return _plan(query, request, services.planner, now, version=5)


def _plan(query: PlanParameters, request: Request, planner: Planner, now: datetime, *, version: int) -> PlanResponse:
    start = _find_place(planner, "fromPlace", query.from_place, "START")
    end = _find_place(planner, "toPlace", query.to_place, "END")
    via = [_find_place(planner, "via", text, "VIA") for text in query.via]
    _check_year(query, planner)
    asked = to_request(query, (start, end), via, planner.timezone, now)
    wording = Wording(tuple(query.language), planner.timezone, version)
    try:
        result = planner.plan(asked)
    except RequestRefused as refusal:
        raise ParameterRefused(PARAMETERS.get(refusal.field, ""), refusal) from refusal
    style = Style(detailed=query.detailed_legs, with_fares=query.with_fares)
    has_transit = asked.modes != frozenset()
    found = [to_itinerary(journey, wording, style) for journey in (result.itineraries if has_transit else ())]
    # as in MOTIS, direct ways are on the first page only
    direct = [to_itinerary(way, wording, style) for way in (() if query.page_cursor else result.direct)]
    options = [to_option(option, wording, style) for option in result.options]
    notices = (*result.notices, *list_unserved(query, request.query_params.multi_items()))
    return PlanResponse(
        request_parameters={name: ",".join(request.query_params.getlist(name)) for name in request.query_params},
        debug_output={f"dropped.{rule}": count for rule, count in result.dropped.items()},
        from_=to_place(start, wording),
        to=to_place(end, wording),
        direct=[way for way in direct if way.duration <= query.max_direct_time and direct_as_wanted(way, query)],
        itineraries=[journey for journey in found if is_within(journey, query)],
        previous_page_cursor=result.previous_cursor,
        next_page_cursor=result.next_cursor,
        options=[option for option in options if is_within(option.itinerary, query)] if query.options else None,
        notices=[find_name(notice.texts, wording.languages, notice.text) for notice in notices],
    )


def _find_place(planner: Planner, parameter: str, text: str, point_name: str) -> Place:
    try:
        at = find_coordinate(text)
        return Place(point_name, at) if at else planner.find_place(text)
    except PlannerError as refusal:
        raise ParameterRefused(parameter, refusal) from refusal


def _check_year(query: PlanParameters, planner: Planner) -> None:
    """Refuse a time that is so far off that calendar arithmetic itself would fail."""
    first, last = planner.feed_dates
    year = query.time.year if query.time else None
    if year and not (first - timedelta(days=366)).year <= year <= (last + timedelta(days=366)).year:
        refusal = OutsideService(f"The timetable covers {first} to {last}; choose a day within it")
        raise ParameterRefused("time", refusal)
