"""What a scenario is: net, demand, times and safety numbers, with absolute paths, ready for SUMO."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TRAINING_SEEDS = range(21, 41)  # to choose parameters and plans on
TEST_SEEDS = range(1, 21)  # to report on; whoever tunes must not look at them


class ScenarioError(Exception):
    """A scenario that cannot be found or does not hold together; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One simulation set-up. Times are simulation seconds; the run ends when the net is empty, at the
    latest ``drain_s`` after ``end_s`` (the last departure).

    ``red_clearance_s`` is the all-red that our own controllers keep between conflicting greens; the
    scenario's own programs are held to what they ship. ``license`` is not empty for foreign nets. ``period``
    is the part of the day or the occasion, where a net has several demands and timing plans.
    """

    name: str
    title: str
    net: Path
    demand: tuple[Path, ...]
    additional: tuple[Path, ...] = ()
    begin_s: float = 0.0
    end_s: float = 3600.0
    drain_s: float = 3600.0
    step_s: float = 1.0
    min_green_s: float = 5.0
    max_green_s: float = 50.0
    yellow_s: float = 3.0
    red_clearance_s: float = 1.0
    max_red_s: float = 180.0
    license: str = ""
    source: str = ""
    period: str = ""
