"""Carries out a study: trials side by side, one SUMO process each, seed by seed, pruned after each seed.

With one job the same request gives the same trials, also when it was stopped in between. With several, the order in
which they end decides what the sampler knows, and trials differ from run to run; figures of a trial never do.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState

from signals.evaluation.arm import Arm
from signals.evaluation.errors import EvaluationError
from signals.evaluation.processes import RunningOrder, RunOrder, start
from signals.evaluation.report import RunResult
from signals.tuning.errors import TuningError
from signals.tuning.objective import get_figures, score
from signals.tuning.spaces import Space
from signals.tuning.study import TuningRequest, ask, find_best, list_finished
from sumo_scenarios.manifest import Scenario

REFERENCE = "reference "
RUNS = "runs"
_MOST_FAILURES = 3
_PATIENCE_S = 0.5


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of every trial."""

    scenario: Scenario
    scale: float
    seed: int

    @property
    def key(self) -> str:
        """Its name in the study."""
        return f"{self.scenario.name} x {self.scale:g} seed {self.seed}"


@dataclass(frozen=True, slots=True)
class TuningProgress:
    """How far a study is. ``fraction`` is of all its trials, ``best`` its least score so far."""

    finished: int
    wanted: int
    fraction: float
    best: float | None
    best_number: int | None
    pruned: int
    doing: str


@dataclass(slots=True)
class _Attempt:
    """A trial under way, or with ``trial`` None a run of the reference."""

    trial: optuna.Trial | None
    arm: Arm
    todo: deque[Cell]
    at: Cell
    running: RunningOrder
    scores: list[float] = field(default_factory=list)
    runs: dict[str, dict[str, float]] = field(default_factory=dict)


class Campaign:
    """One process's part in a study; others may work on the same one."""

    def __init__(
        self,
        request: TuningRequest,
        space: Space,
        study: optuna.Study,
        scenarios: tuple[Scenario, ...],
        home: Path,
        on_progress: Callable[[TuningProgress], None] | None = None,
    ) -> None:
        self._request, self._space, self._study, self._home = request, space, study, home
        self._on_progress = on_progress
        self._cells = [Cell(s, scale, seed) for seed in request.seeds for s in scenarios for scale in request.scales]
        self._jobs = max(1, min(request.jobs, os.cpu_count() or 1))
        self._active: list[_Attempt] = []
        self._failures: list[str] = []
        self._deadline_s = None if request.timeout_s is None else time.monotonic() + request.timeout_s
        self.is_stopped = False

    def run(self) -> None:
        """Until the study has its trials, the time is over, or Ctrl-C; what is done is kept in any case.

        Raises:
            TuningError: the reference or the defaults cannot be run, or trials fail again and again.
        """
        with self._hearing_interrupts():
            try:
                self._run_references()
                self._run_trials()
            finally:
                self._abandon()

    def list_references(self) -> dict[str, Mapping[str, float]]:
        """The reference's figures by cell, those of other machines included."""
        attrs = self._study.user_attrs
        return {c.key: attrs[REFERENCE + c.key] for c in self._cells if REFERENCE + c.key in attrs}

    @contextmanager
    def _hearing_interrupts(self) -> Iterator[None]:
        """Ctrl-C is noted, so that it never falls between a run and its record; a second one is Python's."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may change signals
            return

        def note(*_: object) -> None:
            self.is_stopped = True
            signal.signal(signal.SIGINT, before)

        before = signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _run_references(self) -> None:
        known = self.list_references()
        todo = deque(cell for cell in self._cells if cell.key not in known)
        while (todo or self._active) and not self._is_over_now():
            while todo and len(self._active) < self._jobs:
                cell = todo.popleft()
                arm = Arm("reference", self._request.reference, demand_scale=cell.scale, sensing=self._request.sensing)
                self._active.append(_Attempt(None, arm, deque(), cell, self._start(arm, cell, "reference")))
            self._listen()

    def _run_trials(self) -> None:
        if not [t for t in self._study.get_trials(deepcopy=False) if t.state is not TrialState.FAIL]:
            self._study.enqueue_trial(dict(self._space.defaults))  # nobody shall end worse than he began
        while not self._is_over_now():
            finished = len(list_finished(self._study))
            while len(self._active) < min(self._jobs, self._request.trials - finished):
                self._active.append(self._begin())
            if not self._active:
                break
            self._listen()

    def _begin(self) -> _Attempt:
        trial = ask(self._study, self._request)
        values = self._space.suggest(trial)
        arm = Arm(f"trial {trial.number}", self._request.controller, values, self._request.sensing)
        todo = deque(self._cells)
        first = todo.popleft()
        return _Attempt(trial, arm, todo, first, self._start(arm, first, str(trial.number)))

    def _start(self, arm: Arm, cell: Cell, who: str) -> RunningOrder:
        scaled = Arm(arm.label, arm.controller, arm.parameters, arm.sensing, demand_scale=cell.scale)
        return start(RunOrder(cell.scenario, scaled, cell.seed, self._home / f"{who} {cell.key}"))

    def _is_over_now(self) -> bool:
        return self.is_stopped or (self._deadline_s is not None and time.monotonic() >= self._deadline_s)

    def _listen(self) -> None:
        """Wait for the next news, not for long, and act on it."""
        ready = wait([attempt.running.pipe for attempt in self._active], _PATIENCE_S)
        for attempt in [a for a in self._active if a.running.pipe in ready]:
            try:
                result = attempt.running.receive()
            except EvaluationError as error:
                self._active.remove(attempt)
                self._fail(attempt, error)
                continue
            if result is not None:
                self._take(attempt, result)
            self._tell(attempt)

    def _take(self, attempt: _Attempt, result: RunResult) -> None:
        """A run is done: judge it, and begin the trial's next, or end the trial."""
        shutil.rmtree(attempt.running.order.folder, ignore_errors=True)
        figures, cell = get_figures(result), attempt.at
        if attempt.trial is None:
            self._study.set_user_attr(REFERENCE + cell.key, figures)
            self._active.remove(attempt)
            return
        reference = self._study.user_attrs[REFERENCE + cell.key]
        attempt.runs[cell.key] = figures
        attempt.scores.append(score(figures, reference, self._request.co2_weight))
        if not self._is_over(attempt, attempt.trial):
            attempt.at = attempt.todo.popleft()
            attempt.running = self._start(attempt.arm, attempt.at, str(attempt.trial.number))
            return
        self._failures.clear()
        self._active.remove(attempt)

    def _is_over(self, attempt: _Attempt, trial: optuna.Trial) -> bool:
        """Report after each seed; tell the study when the trial is complete or pruned."""
        mean = sum(attempt.scores) / len(attempt.scores)
        is_seed_done = not attempt.todo or attempt.todo[0].seed != attempt.at.seed
        state = None
        if is_seed_done:
            trial.report(mean, self._request.seeds.index(attempt.at.seed))
            if attempt.todo and trial.should_prune():
                state = TrialState.PRUNED
        if not attempt.todo:
            state = TrialState.COMPLETE
        if state is None:
            return False
        trial.set_user_attr(RUNS, attempt.runs)
        self._study.tell(trial, mean if state is TrialState.COMPLETE else None, state=state)
        return True

    def _fail(self, attempt: _Attempt, error: EvaluationError) -> None:
        if attempt.trial is None:
            raise TuningError(f"The reference cannot be run: {error}") from error
        attempt.trial.set_user_attr("failed", str(error))
        self._study.tell(attempt.trial, state=TrialState.FAIL)
        self._failures.append(str(error))
        if attempt.arm.parameters == self._space.defaults or len(self._failures) >= _MOST_FAILURES:
            raise TuningError(f"The study is stopped: {error}") from error

    def _abandon(self) -> None:
        """End what runs; trials that were under way are tried again when somebody goes on."""
        for attempt in self._active:
            attempt.running.kill()
            if attempt.trial is not None:
                self._study.tell(attempt.trial, state=TrialState.FAIL)
                self._study.enqueue_trial(dict(attempt.trial.params))
        self._active.clear()

    def _tell(self, attempt: _Attempt) -> None:
        if self._on_progress is None:
            return
        finished = list_finished(self._study)
        best = find_best(self._study)
        done = sum((len(a.scores) + a.running.get_fraction()) / len(self._cells) for a in self._active if a.trial)
        wanted = self._request.trials
        self._on_progress(
            TuningProgress(
                finished=len(finished),
                wanted=wanted,
                fraction=min(1.0, (len(finished) + done) / wanted),
                best=best.value if best else None,
                best_number=best.number if best else None,
                pruned=sum(t.state is TrialState.PRUNED for t in finished),
                doing=f"{attempt.arm.label}, {attempt.at.key}",
            )
        )


def list_evidence(study: optuna.Study, campaign: Campaign, co2_weight: float) -> list[dict[str, Any]]:
    """A row per run of the reference, of the defaults and of the best trial."""
    references = campaign.list_references()
    best = find_best(study)
    first = next((t for t in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))), None)
    rows: list[dict[str, Any]] = [{"who": "reference", "run": key, **row} for key, row in references.items()]
    for who, trial in (("defaults", first), ("tuned", best)):
        if trial is None or (who == "defaults" and "fixed_params" not in trial.system_attrs):
            continue
        for key, figures in trial.user_attrs[RUNS].items():
            rows.append({"who": who, "run": key, "score": score(figures, references[key], co2_weight), **figures})
    return rows
