"""The bureau's desk: order an evaluation of signal controllers, watch it run, read its report."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from api.errors import StoreUnavailable, UnknownScenario
from api.routes.services import EvaluationDesk, With
from api.schemas.evaluation import Evaluation, EvaluationList, EvaluationOrder, ScenarioInfo, ScenarioList
from api.schemas.wire import Problem

router = APIRouter(prefix="/api/v1/signals", tags=["signals"])
EvaluationId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
UNAVAILABLE: Final[dict[str, Any]] = {"model": Problem, "description": "The store (Redis) does not answer; try again."}
INVALID: Final[dict[str, Any]] = {
    "model": Problem,
    "description": "A value is missing or impossible; `errors` names it.",
}
ABSENT: Final[dict[str, Any]] = {"model": Problem, "description": "No such evaluation, or no such scenario."}
POLL_S: Final = 0.4
KEEP_ALIVE_S: Final = 15.0
LONGEST_STREAM_S: Final = 3600.0


@router.get("/scenarios", operation_id="listScenarios")
def list_scenarios(services: With) -> ScenarioList:
    """The scenarios that may be ordered."""
    return ScenarioList(
        scenarios=[
            ScenarioInfo(
                name=scenario.name,
                title=scenario.title,
                minutes=(scenario.end_s - scenario.begin_s) / 60,
                license=scenario.license,
                source=scenario.source,
            )
            for scenario in services.scenarios()
        ]
    )


@router.post(
    "/evaluations",
    operation_id="orderEvaluation",
    status_code=202,
    response_model_exclude_none=True,
    responses={
        400: {"model": Problem, "description": "The body is not text."},
        404: ABSENT,
        409: {"model": Problem, "description": "One evaluation runs and one waits already."},
        413: {"model": Problem, "description": "The body is too large."},
        422: INVALID,
        503: UNAVAILABLE,
    },
)
def order_evaluation(order: EvaluationOrder, response: Response, services: With) -> Evaluation:
    """Order an evaluation. It runs in the background; ``Location`` says where to watch it."""
    known = {scenario.name for scenario in services.scenarios()}
    if order.scenario not in known:
        message = f"There is no scenario {order.scenario!r}; known are {', '.join(sorted(known))}"
        raise UnknownScenario(message)
    evaluation = services.desk.submit(order)
    response.headers["Location"] = f"/api/v1/signals/evaluations/{evaluation.id}"
    return evaluation


@router.get(
    "/evaluations",
    operation_id="listEvaluations",
    response_model_exclude_none=True,
    responses={422: INVALID, 503: UNAVAILABLE},
)
def list_evaluations(services: With, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> EvaluationList:
    """The newest evaluations."""
    return EvaluationList(evaluations=list(services.desk.list_newest(limit)))


@router.get(
    "/evaluations/{evaluation_id}",
    operation_id="getEvaluation",
    response_model_exclude_none=True,
    responses={404: ABSENT, 422: INVALID, 503: UNAVAILABLE},
)
def get_evaluation(evaluation_id: EvaluationId, services: With) -> Evaluation:
    """An evaluation: its state, every run's progress and live measures, and the report when done."""
    return services.desk.get(evaluation_id)


@router.get(
    "/evaluations/{evaluation_id}/events",
    operation_id="watchEvaluation",
    response_class=StreamingResponse,
    responses={
        200: {"description": "Server-sent events: `run`, `state`.", "content": {"text/event-stream": {}}},
        404: ABSENT,
        422: INVALID,
        503: UNAVAILABLE,
    },
)
async def watch_evaluation(
    evaluation_id: EvaluationId,
    services: With,
    last_event_id: Annotated[str, Header(pattern=r"^[0-9]{1,18}(-[0-9]{1,18})?$")] = "0",
) -> StreamingResponse:
    """The evaluation's events from the first (or after ``Last-Event-ID``) until it ends."""
    await run_in_threadpool(services.desk.get, evaluation_id)  # 404 and 503 before the stream starts
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = _follow(services.desk, evaluation_id, last_event_id)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _follow(desk: EvaluationDesk, evaluation_id: str, after: str) -> AsyncIterator[str]:
    deadline = time.monotonic() + LONGEST_STREAM_S
    last_sent = time.monotonic()
    while time.monotonic() < deadline:
        try:
            # asked before the events, so that none is missed between the two
            is_over = (await run_in_threadpool(desk.get, evaluation_id)).state.is_final
            events = await run_in_threadpool(desk.list_events, evaluation_id, after)
        except StoreUnavailable:
            return  # the browser reconnects by itself, or polls
        for event in events:
            after = event.id
            yield f"id: {event.id}\nevent: {event.name}\ndata: {event.data}\n\n"
        if is_over:
            return
        if events:
            last_sent = time.monotonic()
        elif time.monotonic() - last_sent > KEEP_ALIVE_S:
            last_sent = time.monotonic()
            yield ": still here\n\n"
        await asyncio.sleep(POLL_S)
