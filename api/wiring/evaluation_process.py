"""The process in which one evaluation runs. It leads its own process group, so that its simulations
can be ended with it; it tells its parent by a pipe and knows no store.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any, Literal, Protocol

from signals.evaluation.experiment import EvaluationProgress, EvaluationRequest

News = tuple[Literal["run", "done", "failed"], Any]


class Report(Protocol):
    """What an evaluation gives back."""

    def to_json(self) -> dict[str, Any]:
        """The report, for machines."""
        ...


Evaluate = Callable[[EvaluationRequest, Callable[[EvaluationProgress], None]], Report]


def run_evaluation(evaluate: Evaluate, request: EvaluationRequest, pipe: Connection) -> None:
    """Evaluate and send news: ``run`` as it goes, then ``done`` with the report or ``failed`` with a sentence."""
    os.setsid()
    # ended by the server: leave through the ``with`` blocks, which remove SUMO's files
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def tell(progress: EvaluationProgress) -> None:
        run = asdict(progress.run) if progress.run else {}
        head = {"controller": progress.label, "seed": progress.seed, "fraction": progress.fraction}
        _send(pipe, ("run", {**run, **head}))

    try:
        report = evaluate(request, tell).to_json()
    except Exception as failure:  # noqa: BLE001  (whatever it is, the parent must hear of it)
        _send(pipe, ("failed", f"{type(failure).__name__}: {failure}"))
    else:
        _send(pipe, ("done", report))


def _send(pipe: Connection, news: News) -> None:
    try:
        pipe.send(news)
    except (BrokenPipeError, ConnectionError):
        with contextlib.suppress(OSError):
            pipe.close()
        sys.exit("the server is gone")
