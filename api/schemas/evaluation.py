"""What the bureau orders and sees of an evaluation: the order, each run's progress, the report."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from api.schemas.wire import WireModel


class ControllerName(StrEnum):
    """The controllers of ``signals.simulation.run.CONTROLLERS``."""

    FIXED = "fixed"
    RETIMED = "retimed"
    ACTUATED = "actuated"
    DELAY_BASED = "delay_based"
    COORDINATED = "coordinated"
    NEMA = "nema"
    MAX_PRESSURE = "max_pressure"
    SURTRAC = "surtrac"
    ADAPTIVE = "adaptive"


class EvaluationState(StrEnum):
    """Where an evaluation stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Nothing more will happen."""
        return self in {EvaluationState.DONE, EvaluationState.FAILED}


def _check_distinct(values: list[Any]) -> list[Any]:
    if len(set(values)) != len(values):
        message = "must not repeat a value"
        raise ValueError(message)
    return values


class EvaluationOrder(WireModel):
    """Which controllers to compare, where, and with which random seeds (the same for all)."""

    scenario: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
    controllers: Annotated[list[ControllerName], AfterValidator(_check_distinct)] = Field(
        min_length=1, max_length=4, json_schema_extra={"uniqueItems": True}
    )
    seeds: Annotated[list[Annotated[int, Field(ge=0, le=2_147_483_647)]], AfterValidator(_check_distinct)] = Field(
        default=[1], min_length=1, max_length=10, json_schema_extra={"uniqueItems": True}
    )


class RunStatus(WireModel):
    """One simulation of one controller and seed. Times are means per loaded vehicle so far."""

    controller: ControllerName
    seed: int
    fraction: float = 0.0
    sim_s: float | None = None
    loaded: int | None = None
    arrived: int | None = None
    running: int | None = None
    waiting_s: float | None = None
    travel_time_s: float | None = None
    co2_kg: float | None = None


class EvaluationSummary(WireModel):
    """An evaluation without its runs and its report."""

    id: str
    order: EvaluationOrder
    state: EvaluationState
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None
    error: str | None = None


class Evaluation(EvaluationSummary):
    """An evaluation: every run, and once it is done the report of ``signals.evaluation``."""

    runs: list[RunStatus]
    result: dict[str, Any] | None = None


class EvaluationList(WireModel):
    """The newest evaluations first."""

    evaluations: list[EvaluationSummary]


class ScenarioInfo(WireModel):
    """A simulation set-up. ``license`` is not empty for foreign nets."""

    name: str
    title: str
    minutes: float
    license: str
    source: str


class ScenarioList(WireModel):
    """The scenarios that may be ordered."""

    scenarios: list[ScenarioInfo]
