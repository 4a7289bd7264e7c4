"""Runs a study: every period with both sides and all seeds; what was finished is kept and not repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from signals.evaluation.before_after.breakdown import Breakdown
from signals.evaluation.before_after.definition import StudyDefinition, choose
from signals.evaluation.before_after.outcome import StudyOutcome
from signals.evaluation.code_version import get_code_version
from signals.evaluation.experiment import EvaluationProgress, EvaluationRequest, evaluate
from signals.evaluation.report import EvaluationReport

LEDGER = "runs.jsonl"


@dataclass(frozen=True, slots=True)
class StudyRequest:
    """Which part of a study to run. ``work`` gets the finished runs, by the hash of code, scenario, arm and seed."""

    definition: StudyDefinition
    periods: tuple[str, ...]
    cases: tuple[str, ...]
    seeds: tuple[int, ...]
    work: Path
    jobs: int = 2
    cut_after_s: float | None = None
    has_others: bool = False

    def count_runs(self) -> int:
        """How many runs the study has in all."""
        sides = 2 + (len(self.definition.others) if self.has_others else 0)
        return sides * len(self.seeds) * len(choose(self.definition, self.periods, self.cases))


OnProgress = Callable[[str, EvaluationProgress], None]


def run_study(request: StudyRequest, on_progress: OnProgress | None = None) -> StudyOutcome:
    """Run what is missing and gather all.

    Raises:
        ScenarioError: a scenario that does not exist.
        EvaluationError: a period that does not exist, or a run that failed.
    """
    periods = choose(request.definition, request.periods, request.cases)
    others = request.definition.others if request.has_others else ()
    reports: dict[str, EvaluationReport] = {}
    for period in periods:

        def tell(news: EvaluationProgress, name: str = period.name) -> None:
            if on_progress:
                on_progress(name, news)

        reports[period.name] = evaluate(
            EvaluationRequest(
                scenario=period.scenario,
                controllers=(),
                seeds=request.seeds,
                jobs=request.jobs,
                cut_after_s=request.cut_after_s,
                arms=(replace(period.before, label="before"), replace(period.after, label="after"), *others),
                ledger=request.work / LEDGER,
                inspector=Breakdown(request.definition.routes),
            ),
            tell,
        )
    return StudyOutcome(
        definition=request.definition,
        periods=periods,
        reports=reports,
        seeds=request.seeds,
        sumo_version=version("eclipse-sumo"),
        code_version=get_code_version(is_ours=True),
        cut_after_s=request.cut_after_s,
    )
