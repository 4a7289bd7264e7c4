# ruff: noqa: D102  (the methods of a protocol are documented where they are implemented)
"""What the routes need of the rest, as protocols, and how they get it from the application."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Protocol

from fastapi import Depends, Request

from api.schemas.evaluation import Evaluation, EvaluationOrder, EvaluationSummary
from mobility.model import Coordinate, Place
from mobility.service import Line, Match, PlanRequest, PlanResult
from sumo_scenarios.manifest import Scenario


class Planner(Protocol):
    """The journey planner of one city (``mobility.service.JourneyPlanner``)."""

    @property
    def timezone(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def attribution(self) -> str: ...
    @property
    def languages(self) -> tuple[str, ...]: ...
    @property
    def bounds(self) -> tuple[Coordinate, Coordinate]: ...
    @property
    def centre(self) -> Coordinate: ...
    @property
    def feed_dates(self) -> tuple[date, date]: ...
    def plan(self, request: PlanRequest) -> PlanResult: ...
    def find_place(self, text: str) -> Place: ...
    def geocode(self, text: str, limit: int = 10) -> tuple[Match, ...]: ...
    def stops(self) -> tuple[Place, ...]: ...
    def lines(self) -> tuple[Line, ...]: ...


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of an evaluation's event stream; ``data`` is JSON."""

    id: str
    name: str
    data: str


class EvaluationDesk(Protocol):
    """Takes orders for evaluations and tells how they go (``api.wiring``)."""

    def submit(self, order: EvaluationOrder) -> Evaluation: ...
    def get(self, evaluation_id: str) -> Evaluation: ...
    def list_newest(self, limit: int) -> Sequence[EvaluationSummary]: ...
    def list_events(self, evaluation_id: str, after: str) -> Sequence[Event]: ...
    def is_reachable(self) -> bool: ...


class ScenarioCatalog(Protocol):
    """The scenarios that may be simulated (``sumo_scenarios.catalog``)."""

    def __call__(self) -> Sequence[Scenario]: ...


@dataclass(frozen=True, slots=True)
class Documents:
    """Replies that never change while the server runs, as bytes."""

    lines: bytes
    stops: bytes


@dataclass(frozen=True, slots=True)
class Services:
    """Everything behind the routes; the application holds one as ``state.services``."""

    planner: Planner
    city_names: Mapping[str, str]
    desk: EvaluationDesk
    scenarios: ScenarioCatalog
    documents: Documents


def get_services(request: Request) -> Services:
    """The services of the running application."""
    services: Services = request.app.state.services
    return services


With = Annotated[Services, Depends(get_services)]
