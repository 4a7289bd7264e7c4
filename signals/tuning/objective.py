"""What a trial is worth: against the reference controller on the same scenario, demand and seed.

The score of a run is ``log(waiting ratio) + weight * log(CO2 ratio)`` with penalties; a study minimises the mean over
runs. Logarithms make a halving on a calm map worth as much as on a busy one, whatever its seconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from signals.evaluation.report import RunResult

_LEAST_WAITING_S = 0.5  # below this a ratio says nothing
_PER_TELEPORT = 0.05
_PER_SHARE_UNSERVED = 5.0
_UNSAFE = 1.0
SHOWN = (
    "waiting_s", "travel_time_s", "stops", "co2_kg", "max_waiting_s", "unserved", "teleports", "safety_violations",
    "throughput", "total_time_h", "loaded",
)  # fmt: skip


def get_figures(result: RunResult) -> dict[str, float]:
    """What is kept of a run as evidence."""
    return {measure: result.get_value(measure) for measure in SHOWN}


def score(figures: Mapping[str, float], reference: Mapping[str, float], co2_weight: float) -> float:
    """How much worse than the reference; below zero is better.

    Teleports and unserved vehicles beyond the reference's, and any safety violation (a red beyond the maximum is one),
    cost more than the waiting that they could hide.
    """
    waiting = max(_LEAST_WAITING_S, figures["waiting_s"]) / max(_LEAST_WAITING_S, reference["waiting_s"])
    emitted = max(1e-6, figures["co2_kg"]) / max(1e-6, reference["co2_kg"])
    teleports = max(0.0, figures["teleports"] - reference["teleports"])
    unserved = max(0.0, figures["unserved"] - reference["unserved"]) / max(1.0, figures["loaded"])
    return (
        math.log(waiting)
        + co2_weight * math.log(emitted)
        + _PER_TELEPORT * teleports
        + _PER_SHARE_UNSERVED * unserved
        + (_UNSAFE if figures["safety_violations"] else 0.0)
    )
