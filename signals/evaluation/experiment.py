"""Runs controllers on a scenario with paired seeds, one SUMO per process, and gathers the report.

libsumo is one simulation per process, so that every run gets a fresh one (spawned: nothing is inherited).
A run measures and audits itself before its process ends; the parent only collects.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from signals.evaluation.errors import EvaluationError
from signals.evaluation.report import EvaluationReport, RunResult
from signals.measures.audit import audit_run
from signals.measures.sumo_xml import MeasureError
from signals.measures.tripinfo import measure_run
from signals.simulation.run import CONTROLLERS, RunProgress, RunRequest, SimulationError, simulate
from sumo_scenarios.catalog import find_scenario
from sumo_scenarios.manifest import Scenario, ScenarioError

__all__ = ["EvaluationError", "EvaluationProgress", "EvaluationRequest", "evaluate"]


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What to compare. ``cut_after_s`` ends every run so early; ``keep`` keeps SUMO's files in that folder."""

    scenario: str
    controllers: tuple[str, ...]
    seeds: tuple[int, ...]
    sensing: str = "ideal"
    jobs: int = 2
    cut_after_s: float | None = None
    keep: Path | None = None


@dataclass(frozen=True, slots=True)
class EvaluationProgress:
    """News of one run; ``fraction`` is of that run, 1 when it is done."""

    controller: str
    seed: int
    fraction: float
    run: RunProgress | None
    done_runs: int
    total_runs: int


OnProgress = Callable[[EvaluationProgress], None]


@dataclass(slots=True)
class _Running:
    """A run in its process."""

    controller: str
    seed: int
    process: BaseProcess
    pipe: Connection
    log: Path
    last: RunProgress | None = None


def evaluate(request: EvaluationRequest, on_progress: OnProgress | None = None) -> EvaluationReport:
    """Run every controller with every seed and report.

    Raises:
        ScenarioError: no such scenario.
        EvaluationError: an unknown controller, or a run that failed, with SUMO's own message.
    """
    _check(request)
    scenario = _cut(find_scenario(request.scenario), request.cut_after_s)
    with ExitStack() as stack:
        home = request.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="changtong-")))
        results = _run_all(request, scenario, home, on_progress)
    return EvaluationReport(
        scenario=scenario.name,
        controllers=request.controllers,
        seeds=request.seeds,
        sensing=request.sensing,
        runs=tuple(results[c, s] for c in request.controllers for s in request.seeds),
        sumo_version=version("eclipse-sumo"),
        cut_after_s=request.cut_after_s,
    )


def _check(request: EvaluationRequest) -> None:
    if not request.controllers or not request.seeds:
        raise EvaluationError("An evaluation needs at least one controller and one seed.")
    for name in request.controllers:
        if name not in CONTROLLERS:
            raise EvaluationError(f"There is no controller {name!r}; choose from {', '.join(CONTROLLERS)}.")
    for kind, values in (("controller", request.controllers), ("seed", request.seeds)):
        if repeated := [value for value in values if list(values).count(value) > 1]:
            raise EvaluationError(f"The {kind} {repeated[0]!r} is named twice.")
    if request.cut_after_s is not None and request.cut_after_s <= 0:
        raise EvaluationError("A run must last longer than 0 s.")


def _cut(scenario: Scenario, cut_after_s: float | None) -> Scenario:
    if cut_after_s is None or scenario.begin_s + cut_after_s >= scenario.end_s:
        return scenario
    return replace(scenario, end_s=scenario.begin_s + cut_after_s, drain_s=0.0)


def _run_all(
    request: EvaluationRequest, scenario: Scenario, home: Path, on_progress: OnProgress | None
) -> dict[tuple[str, int], RunResult]:
    # seed by seed, so that the first figures compare all controllers
    todo = deque((controller, seed) for seed in request.seeds for controller in request.controllers)
    total = len(todo)
    jobs = max(1, min(request.jobs, os.cpu_count() or 1, total))
    running: list[_Running] = []
    results: dict[tuple[str, int], RunResult] = {}
    try:
        while todo or running:
            while todo and len(running) < jobs:
                running.append(_start(*todo.popleft(), request, scenario, home))
            ready = wait([run.pipe for run in running])
            for run in [r for r in running if r.pipe in ready]:
                result = _receive(run)
                if result is not None:
                    results[run.controller, run.seed] = result
                    running.remove(run)
                if on_progress and (run.last or result):
                    fraction = 1.0 if result else _get_fraction(run.last)
                    on_progress(EvaluationProgress(run.controller, run.seed, fraction, run.last, len(results), total))
    finally:
        for run in running:
            run.process.kill()
            run.process.join()
            run.pipe.close()
    return results


def _get_fraction(progress: RunProgress | None) -> float:
    """How far a run is. Emptying the net takes a few minutes nobody knows beforehand: the last hundredth."""
    if progress is None:
        return 0.0
    return min(0.99, (progress.sim_s - progress.begin_s) / max(1.0, progress.end_s - progress.begin_s))


def _start(controller: str, seed: int, request: EvaluationRequest, scenario: Scenario, home: Path) -> _Running:
    folder = home / f"{controller}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    order = RunRequest(scenario, controller, seed, folder, sensing=request.sensing)
    process = context.Process(target=_run, args=(order, theirs), name=f"sumo-{controller}-{seed}")
    with _deaf_to_interrupts():
        process.start()
    theirs.close()
    return _Running(controller, seed, process, ours, folder / "sumo.log")


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Ctrl-C is for the parent, which ends its runs; a process inherits what is ignored when it starts."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may change signals
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _receive(run: _Running) -> RunResult | None:
    """The next news of a run; its result when it is done."""
    try:
        kind, body = run.pipe.recv()
    except EOFError:
        run.process.join()
        why = _find_last_words(run.log) or "it said nothing"
        body = f"its process died with exit code {run.process.exitcode}: {why}"
        raise EvaluationError(f"{run.controller}, seed {run.seed}: {body}") from None
    if kind == "progress":
        run.last = body
        return None
    run.process.join()
    run.pipe.close()
    if kind == "failed":
        raise EvaluationError(f"{run.controller}, seed {run.seed}: {body}")
    if not isinstance(body, RunResult):
        raise TypeError(f"a run sent {body!r}")
    return body


def _find_last_words(log: Path) -> str | None:
    """What a dead process said: SUMO's error, or else the last line."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    spoken = [line.strip() for line in lines if line.strip()]
    errors = [line.removeprefix("Error: ") for line in spoken if line.startswith("Error:")]
    return next(iter(errors + spoken[::-1]), None)


def _run(order: RunRequest, pipe: Connection) -> None:
    """One run, in its own process; everything that SUMO prints goes to ``sumo.log``."""
    log = os.open(order.out_dir / "sumo.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    started = time.monotonic()

    def tell(progress: RunProgress) -> None:
        pipe.send(("progress", progress))

    try:
        files = simulate(order, tell)
        news: tuple[str, Any] = (
            "done",
            RunResult(
                controller=order.controller,
                seed=order.seed,
                measures=measure_run(files.tripinfo, files.statistics),
                audit=audit_run(files.tls_states, order.scenario, is_ours=CONTROLLERS[order.controller].is_ours),
                notes=_read_notes(order.out_dir),
                wall_s=time.monotonic() - started,
            ),
        )
    except (SimulationError, MeasureError, ScenarioError, OSError) as error:
        news = ("failed", " ".join(str(error).split()))
    pipe.send(news)


def _read_notes(folder: Path) -> dict[str, str]:
    file = folder / "notes.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
