"""One simulation in a process of its own: started, listened to, ended.

libsumo is one simulation per process, so that every run gets a fresh one (spawned: nothing is inherited).
A run measures and audits itself before its process ends; the parent only collects.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

from signals.evaluation.arm import Arm
from signals.evaluation.errors import EvaluationError
from signals.evaluation.report import RunResult
from signals.measures.audit import audit_run
from signals.measures.sumo_xml import MeasureError
from signals.measures.tripinfo import measure_run
from signals.simulation.faults import FaultPlan
from signals.simulation.run import RunFiles, RunProgress, RunRequest, SimulationError, simulate
from sumo_scenarios.manifest import Scenario, ScenarioError


class Inspector(Protocol):
    """Looks closer at a finished run, in the run's own process; what it finds is kept with the result, as JSON."""

    @property
    def key(self) -> str:
        """Changes whenever what is found would."""
        ...

    def inspect(self, files: RunFiles, scenario: Scenario) -> Mapping[str, Any]:
        """Details for machines."""
        ...


@dataclass(frozen=True, slots=True)
class RunOrder:
    """One arm, one seed, and the folder that gets SUMO's files. The scenario is without the arm's limits."""

    scenario: Scenario
    arm: Arm
    seed: int
    folder: Path
    inspector: Inspector | None = None

    def apply_limits(self) -> Scenario:
        """The scenario with the arm's own safety numbers."""
        return replace(self.scenario, **self.arm.limits)


@dataclass(slots=True)
class RunningOrder:
    """A run in its process."""

    order: RunOrder
    process: BaseProcess
    pipe: Connection
    last: RunProgress | None = None

    def get_fraction(self) -> float:
        """How far it is. Emptying the net takes a few minutes nobody knows beforehand: the last hundredth."""
        if self.last is None:
            return 0.0
        return min(0.99, (self.last.sim_s - self.last.begin_s) / max(1.0, self.last.end_s - self.last.begin_s))

    def receive(self) -> RunResult | None:
        """The next news of the run; its result when it is done.

        Raises:
            EvaluationError: the run failed, or its process died.
        """
        who = f"{self.order.arm.label}, seed {self.order.seed}"
        try:
            kind, body = self.pipe.recv()
        except EOFError:
            self.process.join()
            why = _find_last_words(self.order.folder / "sumo.log") or "it said nothing"
            body = f"its process died with exit code {self.process.exitcode}: {why}"
            raise EvaluationError(f"{who}: {body}") from None
        if kind == "progress":
            self.last = body
            return None
        self.process.join()
        self.pipe.close()
        if kind == "failed":
            raise EvaluationError(f"{who}: {body}")
        if not isinstance(body, RunResult):
            raise TypeError(f"a run sent {body!r}")
        return body

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def start(order: RunOrder) -> RunningOrder:
    """Start a run in a fresh process, which does not hear Ctrl-C: that is for the parent."""
    order.folder.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(order, theirs), name=f"sumo-{order.arm.label}-{order.seed}")
    with _deaf_to_interrupts():
        process.start()
    theirs.close()
    return RunningOrder(order, process, ours)


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


def _find_last_words(log: Path) -> str | None:
    """What a dead process said: SUMO's error, or else the last line."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    spoken = [line.strip() for line in lines if line.strip()]
    errors = [line.removeprefix("Error: ") for line in spoken if line.startswith("Error:")]
    return next(iter(errors + spoken[::-1]), None)


def _run(order: RunOrder, pipe: Connection) -> None:
    """One run, in its own process; everything that SUMO prints goes to ``sumo.log``."""
    log = os.open(order.folder / "sumo.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    started = time.monotonic()

    def tell(progress: RunProgress) -> None:
        pipe.send(("progress", progress))

    try:
        scenario = order.apply_limits()
        request = _build_request(order, scenario)
        files = simulate(request, tell)
        news: tuple[str, Any] = (
            "done",
            RunResult(
                label=order.arm.label,
                seed=order.seed,
                measures=measure_run(files.tripinfo, files.statistics, scenario.end_s),
                audit=audit_run(files.tls_states, scenario, is_ours=order.arm.is_ours),
                notes=_read_notes(order.folder),
                wall_s=time.monotonic() - started,
                details=order.inspector.inspect(files, scenario) if order.inspector else {},
            ),
        )
    except (SimulationError, MeasureError, ScenarioError, OSError, ValueError) as error:
        news = ("failed", " ".join(str(error).split()))
    pipe.send(news)


def _build_request(order: RunOrder, scenario: Scenario) -> RunRequest:
    arm = order.arm
    return RunRequest(
        scenario,
        arm.controller,
        order.seed,
        order.folder,
        sensing=arm.sensing,
        parameters=arm.parameters,
        demand_scale=arm.demand_scale,
        faults=FaultPlan.from_values(arm.faults) if arm.faults else None,
    )


def _read_notes(folder: Path) -> dict[str, str]:
    file = folder / "notes.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
