# ruff: noqa: N818  (the class name is the code in the problem document)
"""Every refusal as one problem document (RFC 9457), from one table of exception -> status.

The class name is the code (the last part of ``type``). ``errors`` names the parameter; ``error``
repeats the detail for clients of MOTIS, whose error body is ``{error: str}``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from mobility.model import InvalidCoordinate, PlannerError
from mobility.service import OutsideService, PlaceNotFound
from sumo_scenarios.manifest import ScenarioError

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger("changtong.api")


class ApiError(Exception):
    """Base of what the API itself refuses."""


class StoreUnavailable(ApiError):
    """Redis does not answer."""


class EvaluationNotFound(ApiError):
    """No evaluation of that id (they are kept for a week)."""


class EvaluationQueueFull(ApiError):
    """One evaluation runs and one waits already."""


class UnknownScenario(ApiError):
    """A scenario that this server does not offer."""


class RequestTooLarge(ApiError):
    """A body or an address beyond what any of our requests needs."""


class ParameterRefused(ApiError):
    """A parameter's value is well formed but cannot be served; ``cause`` says why."""

    def __init__(self, parameter: str, cause: Exception) -> None:
        super().__init__(str(cause))
        self.parameter = parameter
        self.cause = cause


STATUS: Mapping[type[Exception], HTTPStatus] = {
    PlaceNotFound: HTTPStatus.NOT_FOUND,
    OutsideService: HTTPStatus.NOT_FOUND,
    InvalidCoordinate: HTTPStatus.UNPROCESSABLE_ENTITY,
    PlannerError: HTTPStatus.UNPROCESSABLE_ENTITY,
    ScenarioError: HTTPStatus.NOT_FOUND,
    UnknownScenario: HTTPStatus.NOT_FOUND,
    EvaluationNotFound: HTTPStatus.NOT_FOUND,
    EvaluationQueueFull: HTTPStatus.CONFLICT,
    StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    RequestTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}
RETRY_AFTER_S: Mapping[HTTPStatus, int] = {HTTPStatus.SERVICE_UNAVAILABLE: 5, HTTPStatus.CONFLICT: 30}


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """One problem document. ``instance`` is the path alone: a query holds where people go."""
    body: dict[str, Any] = {
        "type": f"urn:changtong:problem:{code}" if code else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "instance": request.url.path,
        "error": detail,
    }
    if errors:
        body["errors"] = [dict(error) for error in errors]
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def find_status(refusal: Exception) -> HTTPStatus | None:
    """The status of the nearest class in the table."""
    return next((STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS), None)


async def refuse(request: Request, refusal: Exception) -> JSONResponse:
    """A refusal of ours, or of the packages below, as a problem document."""
    cause = refusal.cause if isinstance(refusal, ParameterRefused) else refusal
    status = find_status(cause) or HTTPStatus.UNPROCESSABLE_ENTITY
    errors = [{"parameter": refusal.parameter, "message": str(cause)}] if isinstance(refusal, ParameterRefused) else []
    retry_s = RETRY_AFTER_S.get(status)
    headers = {"Retry-After": str(retry_s)} if retry_s else None
    return problem(request, status, type(cause).__name__, str(cause), errors, headers)


async def refuse_invalid(request: Request, refusal: Exception) -> JSONResponse:
    """Values outside the document: each parameter by name, with what is expected."""
    found = refusal.errors() if isinstance(refusal, RequestValidationError) else []
    errors = [
        {
            "parameter": _parameter(error["loc"]),
            "in": str(error["loc"][0]),
            "message": str(error["msg"]).removeprefix("Value error, "),
        }
        for error in found
    ]
    detail = "; ".join(f"{error['parameter']}: {error['message']}" for error in errors)
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidRequest", detail, errors)


def _parameter(loc: Sequence[int | str]) -> str:
    names = [str(part) for part in loc[1:] if isinstance(part, str)]
    return ".".join(names) or str(loc[0])


async def refuse_http(request: Request, refusal: Exception) -> JSONResponse:
    """404 of an unknown path, 405 of a wrong method, and other plain HTTP refusals."""
    status = refusal.status_code if isinstance(refusal, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    headers = refusal.headers if isinstance(refusal, HTTPException) else None
    details = {
        404: f"{request.url.path} is not served here; see /openapi.json for what is",
        405: f"{request.method} is not allowed on {request.url.path}",
    }
    own = str(refusal.detail) if isinstance(refusal, HTTPException) else ""
    is_own = own and own != HTTPStatus(status).phrase
    return problem(request, status, "", own if is_own else details.get(status, own), headers=headers)


async def refuse_broken(request: Request, failure: Exception) -> JSONResponse:
    """What we did not foresee: logged with its trace, told without it."""
    log.error("%s %s failed", request.method, request.url.path, exc_info=failure)
    detail = "Something broke on our side; it has been logged. Please try again."
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", detail)


def add_error_handlers(app: FastAPI) -> None:
    """Hang the table above into the application."""
    for kind in (*STATUS, ApiError):
        app.add_exception_handler(kind, refuse)
    app.add_exception_handler(RequestValidationError, refuse_invalid)
    app.add_exception_handler(HTTPException, refuse_http)
    app.add_exception_handler(Exception, refuse_broken)
