"""Before anything is opened: decisions for a cabinet that exists in memory only.

The first decision of an installation compiles its kernels, a minute or two in which the loop would stand still: the
watchdog would end the process at its first decision, start after start. So decisions are made beforehand, until a
whole turn of the stages was decided, with every loop occupied. Afterwards kernels are kept beside the code, and a
rehearsal takes a second.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from signals.cabinet import Cabinet
from signals.controller import AdaptiveController, LoopController
from signals.detectors.estimator import LoopEstimator
from signals.ports import Capabilities, Detections, Readings
from signals.runtime.intersection_file import IntersectionFile, load_intersection
from signals.runtime.station import Say
from signals.safety.command import SafeCommand
from signals.safety.guard import Guard

SECONDS: Final = 90
SLOW_S: Final = 3.0
"""From when on people are told what the wait is for, at the end."""


def rehearse(found: IntersectionFile, say: Say) -> None:
    """Decide for an intersection without a street, by the same code and with the same kinds of arrays: with its
    detectors, and as for an emulated cabinet, which sees everything.
    """
    begun_s = time.monotonic()
    maker = AdaptiveController(found.intersection, found.plan, Capabilities())
    _decide(found, maker, _see_one_each)
    if found.detectors:
        estimator = LoopEstimator(found.intersection, found.plan, found.detectors)
        maker = AdaptiveController(found.intersection, found.plan, Capabilities())
        _decide(found, LoopController(estimator, maker, None, estimator.list_trust), _occupy)
    took_s = time.monotonic() - begun_s
    if took_s > SLOW_S:
        say(f"made ready in {took_s:.0f} s; the next start takes a second")


def _decide(found: IntersectionFile, maker: Any, see: Callable[[IntersectionFile, float], Any]) -> None:
    """Behind a guard, as in the street."""
    cabinet, guard = Cabinet(found.plan), Guard(found.intersection, found.plan, Capabilities())
    for second in range(1, SECONDS + 1):
        state = cabinet.read_state()
        verdict = guard.admit(maker.decide(see(found, float(second)), state), state, float(second))
        safe = verdict if isinstance(verdict, SafeCommand) else verdict.instead
        if safe is not None:
            cabinet.apply(safe)
        cabinet.tick(1.0)


def _occupy(found: IntersectionFile, at_s: float) -> Readings:
    """Somebody comes onto every detector every other second, and stays for half of it."""
    count = len(found.detectors)
    comes = int(at_s) % 2
    return Readings(
        at_s,
        np.full(count, comes, np.int64),
        np.full(count, 0.5 * comes),
        np.full(count, np.nan),
        np.ones(count, np.bool_),
    )


def _see_one_each(found: IntersectionFile, at_s: float) -> Detections:
    """One vehicle before every stop line, as a cabinet that sees everything tells it."""
    movement = np.arange(len(found.intersection.movements), dtype=np.int64)
    far_m, exits = np.full(len(movement), 20.0), len(found.intersection.exits)
    none, still = np.zeros(exits, np.int64), np.zeros(len(movement))
    return Detections(at_s, movement, far_m, still, still.copy(), none, none.copy(), np.full(exits, np.nan))


if __name__ == "__main__":  # python -m signals.runtime.rehearsal INTERSECTION.toml: makes an installation ready
    rehearse(load_intersection(Path(sys.argv[1])), print)
