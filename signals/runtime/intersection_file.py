"""An intersection and its timing plan from a TOML file that an engineer writes and reviews.

The file names lanes and movements; stages, conflicts and yields refer to the names. ``load_intersection``
refuses a file with an unknown name or a plan with faults, and says which.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from signals.model import Approach, BoolMatrix, Intersection, Lane, Movement, RoadUser, Stage, Turn
from signals.timing_plan import (
    Clearances,
    LocalStep,
    SafetyLimits,
    StageTiming,
    TimingPlan,
    build_transitions,
    sum_cycle_s,
    validate,
)


class IntersectionFileError(Exception):
    """The file cannot be used; the message names the file, the place in it and the remedy."""


@dataclass(frozen=True, slots=True)
class IntersectionFile:
    """What the file holds. ``demand_per_h`` has one entry per movement and serves the emulator alone."""

    intersection: Intersection
    plan: TimingPlan
    demand_per_h: tuple[float, ...]


def load_intersection(path: Path) -> IntersectionFile:
    """Read and check one file."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise IntersectionFileError(f"{path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise IntersectionFileError(f"{path}: {error}") from error
    try:
        found = _read(content)
    except (KeyError, TypeError, ValueError) as error:
        missing = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        raise IntersectionFileError(f"{path}: {missing}") from error
    if faults := validate(found.plan, found.intersection):
        raise IntersectionFileError(f"{path}: " + " ".join(f.message for f in faults))
    return found


def _read(content: Mapping[str, Any]) -> IntersectionFile:
    entries, exits = _read_lanes(content["entry"]), _read_lanes(content["exit"])
    rows = content["movement"]
    names = [row["id"] for row in rows]
    movements = tuple(
        Movement(
            index,
            _position(row["entry"], [lane.id for lane in entries], "entry"),
            _position(row["exit"], [lane.id for lane in exits], "exit"),
            Turn(row.get("turn", "through")),
            RoadUser(row.get("user", "vehicle")),
            float(row.get("crossing_m", 0.0)),
        )
        for index, row in enumerate(rows)
    )
    right_of_way = content["right_of_way"]
    conflicts = _read_pairs(right_of_way["conflicts"], names)
    intersection = Intersection(
        content["id"],
        entries,
        exits,
        tuple(Approach(lane.id, (index,)) for index, lane in enumerate(entries)),
        movements,
        conflicts | conflicts.T,
        _read_pairs(right_of_way.get("yields", ()), names),
    )
    plan = _read_plan(content, names, intersection)
    return IntersectionFile(intersection, plan, tuple(float(row.get("demand_per_h", 0.0)) for row in rows))


def _read_plan(content: Mapping[str, Any], names: list[str], intersection: Intersection) -> TimingPlan:
    limits = SafetyLimits(**{name: float(value) for name, value in content.get("limits", {}).items()})
    rows = content["stage"]
    stages = tuple(
        Stage(
            index,
            frozenset(_position(name, names, "movement") for name in row["protected"]),
            frozenset(_position(name, names, "movement") for name in row.get("permitted", ())),
        )
        for index, row in enumerate(rows)
    )
    size = len(names)
    clearances = Clearances(
        (limits.yellow_s,) * size,
        tuple(m.crossing_m for m in intersection.movements),  # walked at 1 m/s
        np.full((size, size), limits.red_clearance_s),
        limits.red_clearance_s,
    )
    transitions = build_transitions(intersection, stages, clearances)
    sequence = tuple(LocalStep(index, float(row["green_s"])) for index, row in enumerate(rows))
    timings = tuple(StageTiming(float(row["min_green_s"]), float(row["max_green_s"])) for row in rows)
    cycle_s = sum_cycle_s(sequence, transitions)
    return TimingPlan(stages, timings, sequence, transitions, limits, cycle_s, float(content.get("offset_s", 0.0)))


def _read_lanes(rows: Sequence[Mapping[str, Any]]) -> tuple[Lane, ...]:
    return tuple(Lane(row["id"], float(row["length_m"]), float(row["speed_mps"])) for row in rows)


def _read_pairs(pairs: Sequence[Sequence[str]], names: list[str]) -> BoolMatrix:
    matrix = np.zeros((len(names), len(names)), np.bool_)
    for first, second in pairs:
        matrix[_position(first, names, "movement"), _position(second, names, "movement")] = True
    return matrix


def _position(name: str, names: Sequence[str], kind: str) -> int:
    if name not in names:
        raise ValueError(f"there is no {kind} {name!r}; the file has {', '.join(names)}")
    return names.index(name)
