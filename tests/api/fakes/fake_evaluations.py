"""Evaluations that take no time, for tests of the desk. They run in the desk's own process, so that they
must be importable there.
"""

import os
import signal
import time

from signals.evaluation.experiment import EvaluationProgress
from signals.simulation.run import RunProgress


class FakeReport:
    def __init__(self, request):
        self.request = request

    def to_json(self):
        return {"scenario": self.request.scenario, "seeds": list(self.request.seeds), "controllers": {}}


def evaluate_at_once(request, on_progress):
    """Two pieces of news for each run, then the report."""
    runs = [(controller, seed) for controller in request.controllers for seed in request.seeds]
    for done, (controller, seed) in enumerate(runs):
        for fraction in (0.5, 1.0):
            run = RunProgress(3600 * fraction, 0.0, 3600.0, 100, int(100 * fraction), 5, 12.5, 80.0, 3.25)
            on_progress(EvaluationProgress(controller, seed, fraction, run, done, len(runs)))
    return FakeReport(request)


def evaluate_badly(request, on_progress):
    """Fail as SUMO fails."""
    raise RuntimeError("SUMO: no such edge")


def evaluate_and_die(request, on_progress):
    """End without a word, as a process that the kernel kills."""
    os.kill(os.getpid(), signal.SIGKILL)


def evaluate_for_long(request, on_progress):
    """Take longer than any test waits."""
    time.sleep(60)
    return FakeReport(request)
