"""A schedule: the decided sequence of greens, and its one-line notation.

``S0 G12 Y3 R1 | S2 G9``: stage 0 is green for 12 s in all, yellow 3 s, red clearance 1 s, then stage 2 is
green for 9 s and beyond the horizon. ``P`` is pedestrian clearance. One line per decision, so that a
controller's run is a text file that can be compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from signals.model import IntervalKind
from signals.ports import IntArray
from signals.timing_plan import TimingPlan

_LETTERS = {IntervalKind.PED_CLEARANCE: "P", IntervalKind.YELLOW: "Y", IntervalKind.RED_CLEARANCE: "R"}
_ITEM = re.compile(r"S(\d+) G(\d+)((?: [PYR]\d+)*)")


@dataclass(frozen=True, slots=True)
class ScheduledStage:
    """A stage's green and the clearance after it: pedestrian clearance, yellow, red; None after the last."""

    stage: int
    green_s: int
    clearance: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """What one decision intends until the horizon."""

    stages: tuple[ScheduledStage, ...]

    def __str__(self) -> str:
        return " | ".join(
            " ".join((f"S{s.stage}", f"G{s.green_s}", *(f"{kind}{seconds}" for kind, seconds in s.clearance)))
            for s in self.stages
        )


def parse_schedule(line: str) -> Schedule:
    """Read the notation back.

    Raises:
        ValueError: the line is not a schedule; the message says where.
    """
    stages = []
    for item in line.split(" | "):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise ValueError(f"{item!r} is not a scheduled stage; one looks like 'S0 G12 Y3 R1'.")
        stage, green_s, rest = match.groups()
        clearance = tuple((part[0], int(part[1:])) for part in rest.split())
        stages.append(ScheduledStage(int(stage), int(green_s), clearance))
    return Schedule(tuple(stages))


def to_schedule(changes: IntArray, stage: int, green_s: int, horizon_s: int, plan: TimingPlan) -> Schedule:
    """The schedule of a search result: rows of (second, stage to change to); ``stage`` has had ``green_s``."""
    stages: list[ScheduledStage] = []
    begins_s = -green_s
    for second, target in changes.tolist():
        intervals = plan.transitions[stage, target]
        totals: dict[str, int] = {}
        for interval in intervals:
            letter = _LETTERS[interval.kind]
            totals[letter] = totals.get(letter, 0) + round(interval.duration_s)
        stages.append(ScheduledStage(stage, second - begins_s, tuple(totals.items())))
        begins_s = second + sum(totals.values())
        stage = target
    stages.append(ScheduledStage(stage, max(0, horizon_s - begins_s)))
    return Schedule(tuple(stages))
