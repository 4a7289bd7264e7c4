"""Runs arms on a scenario with paired seeds, as many at a time as there are jobs, and gathers the report."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from multiprocessing.connection import wait
from pathlib import Path

from signals.evaluation.arm import Arm, check_arms
from signals.evaluation.errors import EvaluationError
from signals.evaluation.ledger import Ledger
from signals.evaluation.processes import Inspector, RunningOrder, RunOrder, start
from signals.evaluation.report import EvaluationReport, RunResult
from signals.simulation.run import RunProgress
from sumo_scenarios.catalog import find_scenario
from sumo_scenarios.manifest import Scenario

__all__ = ["Arm", "EvaluationError", "EvaluationProgress", "EvaluationRequest", "evaluate"]


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What to compare. ``controllers`` are arms without anything special, by name; ``arms`` come after them.

    ``sensing`` and ``demand_scale`` are those of the controllers named so. ``cut_after_s`` ends every run so early;
    ``keep`` keeps SUMO's files in that folder; runs that the ``ledger`` holds are not repeated. An ``inspector`` adds
    details to every run; it is sent to the run's process.
    """

    scenario: str
    controllers: tuple[str, ...]
    seeds: tuple[int, ...]
    sensing: str = "ideal"
    jobs: int = 2
    cut_after_s: float | None = None
    keep: Path | None = None
    arms: tuple[Arm, ...] = ()
    demand_scale: float = 1.0
    ledger: Path | None = None
    inspector: Inspector | None = None

    def list_arms(self) -> tuple[Arm, ...]:
        """Every arm, in the order of the report."""
        named = (Arm(n, n, sensing=self.sensing, demand_scale=self.demand_scale) for n in self.controllers)
        return (*named, *self.arms)


@dataclass(frozen=True, slots=True)
class EvaluationProgress:
    """News of one run, by the label of its arm; ``fraction`` is of that run, 1 when it is done."""

    label: str
    seed: int
    fraction: float
    run: RunProgress | None
    done_runs: int
    total_runs: int


OnProgress = Callable[[EvaluationProgress], None]


def evaluate(request: EvaluationRequest, on_progress: OnProgress | None = None) -> EvaluationReport:
    """Run every arm with every seed and report.

    Raises:
        ScenarioError: no such scenario.
        EvaluationError: an unknown controller, or a run that failed, with SUMO's own message.
    """
    arms = request.list_arms()
    _check(request, arms)
    scenario = cut(find_scenario(request.scenario), request.cut_after_s)
    with ExitStack() as stack:
        home = request.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="changtong-")))
        batch = _Batch(scenario, arms, request, home, on_progress)
        results = batch.run_all()
    return EvaluationReport(
        scenario=scenario.name,
        arms=arms,
        seeds=request.seeds,
        runs=tuple(results[arm.label, seed] for arm in arms for seed in request.seeds),
        sumo_version=version("eclipse-sumo"),
        cut_after_s=request.cut_after_s,
    )


def cut(scenario: Scenario, cut_after_s: float | None) -> Scenario:
    """The scenario, ended early."""
    if cut_after_s is None or scenario.begin_s + cut_after_s >= scenario.end_s:
        return scenario
    return replace(scenario, end_s=scenario.begin_s + cut_after_s, drain_s=0.0)


def _check(request: EvaluationRequest, arms: tuple[Arm, ...]) -> None:
    if not arms or not request.seeds:
        raise EvaluationError("An evaluation needs at least one controller and one seed.")
    check_arms(arms)
    if repeated := [seed for seed in request.seeds if request.seeds.count(seed) > 1]:
        raise EvaluationError(f"The seed {repeated[0]} is named twice.")
    if request.cut_after_s is not None and request.cut_after_s <= 0:
        raise EvaluationError("A run must last longer than 0 s.")


@dataclass(slots=True)
class _Batch:
    """The runs of one evaluation."""

    scenario: Scenario
    arms: tuple[Arm, ...]
    request: EvaluationRequest
    home: Path
    on_progress: OnProgress | None
    results: dict[tuple[str, int], RunResult] = field(default_factory=dict)
    running: list[RunningOrder] = field(default_factory=list)
    ledger: Ledger | None = None

    def run_all(self) -> Mapping[tuple[str, int], RunResult]:
        """Seed by seed, so that the first figures compare all arms."""
        todo = deque((arm, seed) for seed in self.request.seeds for arm in self.arms)
        total = len(todo)
        jobs = max(1, min(self.request.jobs, os.cpu_count() or 1, total))
        self.ledger = Ledger(self.request.ledger) if self.request.ledger else None
        try:
            while todo or self.running:
                while todo and len(self.running) < jobs:
                    self._begin(*todo.popleft(), total)
                if self.running:
                    self._listen(total)
        finally:
            for run in self.running:
                run.kill()
        return self.results

    def _begin(self, arm: Arm, seed: int, total: int) -> None:
        order = RunOrder(self.scenario, arm, seed, self.home / f"{arm.label}-{seed}", self.request.inspector)
        if self.ledger and (kept := self.ledger.find(order)):
            self.results[arm.label, seed] = kept
            self._tell(order, 1.0, None, total)
        else:
            self.running.append(start(order))

    def _listen(self, total: int) -> None:
        ready = wait([run.pipe for run in self.running])
        for run in [r for r in self.running if r.pipe in ready]:
            order, result = run.order, run.receive()
            if result is not None:
                self.results[order.arm.label, order.seed] = result
                self.running.remove(run)
                if self.request.keep is None:  # a few hundred megabytes a run on a large net
                    shutil.rmtree(order.folder, ignore_errors=True)
                if self.ledger:
                    self.ledger.add(order, result)
            if run.last or result:
                self._tell(order, 1.0 if result else run.get_fraction(), run.last, total)

    def _tell(self, order: RunOrder, fraction: float, run: RunProgress | None, total: int) -> None:
        if self.on_progress:
            done = len(self.results)
            self.on_progress(EvaluationProgress(order.arm.label, order.seed, fraction, run, done, total))
