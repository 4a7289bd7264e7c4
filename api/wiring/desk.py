"""The bureau's desk: one evaluation runs, at most one waits; a thread per server carries them out."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from api.errors import EvaluationQueueFull, StoreUnavailable
from api.routes.services import Event
from api.schemas.evaluation import Evaluation, EvaluationOrder, EvaluationState, EvaluationSummary, RunStatus
from api.wiring.evaluation_process import Evaluate, run_evaluation
from api.wiring.store import BEAT_S, EvaluationStore
from signals.evaluation.experiment import EvaluationRequest

MOST_OPEN: Final = 2
log = logging.getLogger("changtong.evaluations")


class LocalDesk:
    """Carries out evaluations in a process of their own, one after the other."""

    def __init__(self, store: EvaluationStore, evaluate: Evaluate) -> None:
        self._store = store
        self._evaluate = evaluate
        self._open: list[str] = []
        self._news = threading.Condition()
        self._process: SpawnProcess | None = None
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def submit(self, order: EvaluationOrder) -> Evaluation:
        """Take an order; refuses when one runs and one waits already."""
        with self._news:
            if len(self._open) >= MOST_OPEN:
                message = "One evaluation is running and one is waiting already; order again when one is done"
                raise EvaluationQueueFull(message)
            evaluation_id = self._store.create(order)
            self._open.append(evaluation_id)
            if not self._thread:
                self._thread = threading.Thread(target=self._work, name="evaluations", daemon=True)
                self._thread.start()
            self._news.notify_all()
        return self._store.get(evaluation_id)

    def get(self, evaluation_id: str) -> Evaluation:
        """An evaluation as it stands."""
        return self._store.get(evaluation_id)

    def list_newest(self, limit: int) -> Sequence[EvaluationSummary]:
        """The newest evaluations."""
        return self._store.list_newest(limit)

    def list_events(self, evaluation_id: str, after: str) -> Sequence[Event]:
        """The events of an evaluation after that id."""
        return self._store.list_events(evaluation_id, after)

    def is_reachable(self) -> bool:
        """Whether the store answers."""
        try:
            return self._store.is_reachable()
        except StoreUnavailable:
            return False

    def close(self) -> None:
        """End the running evaluation with all its simulations, and take no more."""
        with self._news:
            self._is_closed = True
            self._news.notify_all()
        _end(self._process)
        if self._thread:
            self._thread.join(timeout=5)

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._open or self._is_closed)
                if self._is_closed:
                    return
                evaluation_id = self._open[0]
            try:
                self._run(evaluation_id)
            except Exception:
                log.exception("evaluation %s failed", evaluation_id)
            with self._news:
                self._open.remove(evaluation_id)

    def _run(self, evaluation_id: str) -> None:
        order = self._store.get(evaluation_id).order
        request = EvaluationRequest(
            scenario=order.scenario,
            controllers=tuple(name.value for name in order.controllers),
            seeds=tuple(order.seeds),
            jobs=min(2, os.cpu_count() or 1),
        )
        self._store.set_state(evaluation_id, EvaluationState.RUNNING)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=run_evaluation, args=(self._evaluate, request, theirs))
        self._process.start()
        theirs.close()
        try:
            kind, body = self._listen(evaluation_id, ours)
        finally:
            _end(self._process)
            ours.close()
        if kind == "done":
            self._persist(evaluation_id, EvaluationState.DONE, result=body)
        else:
            self._persist(evaluation_id, EvaluationState.FAILED, error=str(body))

    def _listen(self, evaluation_id: str, pipe: Connection) -> tuple[str, Any]:
        """Keep each run's news until the last word."""
        last_beat = 0.0
        while True:
            if time.monotonic() - last_beat > BEAT_S:
                last_beat = time.monotonic()
                self._beat()
            try:
                if not pipe.poll(BEAT_S):
                    continue
                kind, body = pipe.recv()
            except EOFError:
                why = "the server was stopped" if self._is_closed else "its process died"
                return "failed", f"The evaluation did not finish: {why}"
            if kind != "run":
                return kind, body
            # a lost update is replaced by the next; the last word is not lost (see _persist)
            with contextlib.suppress(StoreUnavailable):
                known = {name: value for name, value in body.items() if name in RunStatus.model_fields}
                self._store.set_run(evaluation_id, RunStatus.model_validate(known))

    def _beat(self) -> None:
        with contextlib.suppress(StoreUnavailable):
            for evaluation_id in tuple(self._open):
                self._store.beat(evaluation_id)

    def _persist(
        self, evaluation_id: str, state: EvaluationState, *, error: str = "", result: dict[str, Any] | None = None
    ) -> None:
        """Write the last word, waiting for a Redis that is away for a while."""
        for _ in range(60):
            try:
                self._store.set_state(evaluation_id, state, error=error, result=result)
            except StoreUnavailable:
                if self._is_closed:
                    return
                time.sleep(1)
            else:
                return
        log.error("evaluation %s ended as %s, but Redis did not take it", evaluation_id, state)


def _end(process: SpawnProcess | None) -> None:
    """End the process and everything it started (it leads its own group)."""
    if process is None or process.pid is None:
        return
    process.join(timeout=0.5)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    process.join(timeout=4)
    if process.is_alive():
        process.kill()
        process.join(timeout=1)
