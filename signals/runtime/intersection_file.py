"""An intersection and its timing plan from a TOML file that an engineer writes and reviews.

The file names lanes and movements; stages, conflicts and yields refer to the names. ``load_intersection``
refuses a file with an unknown name, a number that is none, an undeclared merge or a plan with faults, and says which.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from signals.model import (
    Approach,
    BoolMatrix,
    Detector,
    DetectorKind,
    Intersection,
    Lane,
    Movement,
    RoadUser,
    Stage,
    Turn,
)
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

MOST_S, MOST_M, MOST_MPS, MOST_PER_H = 3600.0, 10_000.0, 60.0, 10_000.0
# what a reviewer may demand, and below or above which no street may be run: yellow 3 to 6 s and red clearance to 6 s
# (MUTCD part 4; Taiwan's rules, article 231: yellow 3 to 5 s, all-red at least 1 s)
_LIMITS = {
    "min_green_s": (4.0, 120.0),
    "yellow_s": (3.0, 6.0),
    "red_clearance_s": (1.0, 6.0),
    "max_red_s": (10.0, 600.0),
}


class IntersectionFileError(Exception):
    """The file cannot be used; the message names the file, the place in it and the remedy."""


@dataclass(frozen=True, slots=True)
class IntersectionFile:
    """What the file holds. ``demand_per_h`` has one entry per movement and serves the emulator alone.

    ``channels``: the number by which the cabinet knows each detector, from 1; in the file's order where it names none.
    """

    intersection: Intersection
    plan: TimingPlan
    demand_per_h: tuple[float, ...]
    detectors: tuple[Detector, ...] = ()
    channels: tuple[int, ...] = ()


def load_intersection(path: Path) -> IntersectionFile:
    """Read and check one file."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise IntersectionFileError(f"{path}: {error.strerror}") from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise IntersectionFileError(f"{path}: {error}") from error
    try:
        found = _read(content)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        missing = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        raise IntersectionFileError(f"{path}: {missing}") from error
    if faults := validate(found.plan, found.intersection):
        raise IntersectionFileError(f"{path}: " + " ".join(f.message for f in faults))
    return found


def _read(content: Mapping[str, Any]) -> IntersectionFile:
    entries, exits = _read_lanes(content["entry"]), _read_lanes(content["exit"])
    rows = content["movement"]
    names = _read_names(rows, "movement")
    movements = tuple(
        Movement(
            index,
            _position(row["entry"], [lane.id for lane in entries], "entry"),
            _position(row["exit"], [lane.id for lane in exits], "exit"),
            Turn(row.get("turn", "through")),
            RoadUser(row.get("user", "vehicle")),
            read_number(row, "crossing_m", 0.0, 0.0, MOST_M),
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
    _check_merges(intersection, names)
    demand_per_h = tuple(read_number(row, "demand_per_h", 0.0, 0.0, MOST_PER_H) for row in rows)
    detectors, channels = _read_detectors(content.get("detector", ()), intersection, names)
    return IntersectionFile(intersection, _read_plan(content, names, intersection), demand_per_h, detectors, channels)


def _read_detectors(
    rows: Sequence[Mapping[str, Any]], intersection: Intersection, movements: list[str]
) -> tuple[tuple[Detector, ...], tuple[int, ...]]:
    found = []
    for name, row in zip(_read_names(rows, "detector"), rows, strict=True):
        kind = DetectorKind(row["kind"])
        lanes = intersection.exits if kind is DetectorKind.EXIT else intersection.entries
        is_button = kind is DetectorKind.PUSH_BUTTON
        found.append(
            Detector(
                name,
                kind,
                -1 if is_button else _position(row["lane"], [lane.id for lane in lanes], "lane"),
                read_number(row, "distance_m", 0.0, 0.0, MOST_M),
                read_number(row, "length_m", 2.0, 0.1, 100.0),
                _position(row["movement"], movements, "movement") if is_button else -1,
            )
        )
    channels = tuple(int(read_number(row, "channel", k, 1, 255)) for k, row in enumerate(rows, 1))
    if twice := [channel for channel in channels if channels.count(channel) > 1]:
        raise ValueError(f"two detectors have channel {twice[0]}; give each its own")
    return tuple(found), channels


def _read_plan(content: Mapping[str, Any], names: list[str], intersection: Intersection) -> TimingPlan:
    limits = _read_limits(content.get("limits", {}))
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
    sequence = tuple(LocalStep(index, read_number(row, "green_s", None, 1.0, MOST_S)) for index, row in enumerate(rows))
    timings = tuple(
        StageTiming(*(read_number(row, name, None, 1.0, MOST_S) for name in ("min_green_s", "max_green_s")))
        for row in rows
    )
    cycle_s = sum_cycle_s(sequence, transitions)
    offset_s = read_number(content, "offset_s", 0.0, -MOST_S, MOST_S)
    return TimingPlan(stages, timings, sequence, transitions, limits, cycle_s, offset_s)


def _read_limits(row: Mapping[str, Any]) -> SafetyLimits:
    default = SafetyLimits()
    if unknown := sorted(set(row) - set(_LIMITS)):
        raise ValueError(f"[limits] has no {unknown[0]!r}; it may have {', '.join(_LIMITS)}")
    return SafetyLimits(
        **{name: read_number(row, name, getattr(default, name), *bounds) for name, bounds in _LIMITS.items()}
    )


def read_number(row: Mapping[str, Any], name: str, default: float | None, least: float, most: float) -> float:
    """A number between two bounds; TOML's nan, inf, booleans and quoted numbers are none."""
    value = row[name] if default is None else row.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{name} is {value!r}; it has to be a number from {least:g} to {most:g}")
    return float(value)


def _read_lanes(rows: Sequence[Mapping[str, Any]]) -> tuple[Lane, ...]:
    names = _read_names(rows, "lane")
    return tuple(
        Lane(name, read_number(row, "length_m", None, 1.0, MOST_M), read_number(row, "speed_mps", None, 1.0, MOST_MPS))
        for name, row in zip(names, rows, strict=True)
    )


def _read_names(rows: Sequence[Mapping[str, Any]], kind: str) -> list[str]:
    names = [row["id"] for row in rows]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"the {kind} {twice[0]!r} occurs twice; give each its own id")
    return names


def _check_merges(intersection: Intersection, names: Sequence[str]) -> None:
    """Vehicles from two lanes into one lane conflict, whatever the engineer forgot to write."""
    driving = [m for m in intersection.movements if m.user is RoadUser.VEHICLE]
    for a, b in combinations(driving, 2):
        if a.exit == b.exit and a.entry != b.entry and not intersection.conflicts[a.index, b.index]:
            lane = intersection.exits[a.exit].id
            raise ValueError(
                f"{names[a.index]!r} and {names[b.index]!r} both lead to {lane!r} and are in no conflict; add the pair "
                "to right_of_way.conflicts, or give each a lane of its own"
            )


def _read_pairs(pairs: Sequence[Sequence[str]], names: list[str]) -> BoolMatrix:
    matrix = np.zeros((len(names), len(names)), np.bool_)
    for first, second in pairs:
        if first == second:
            raise ValueError(f"right_of_way pairs {first!r} with itself")
        matrix[_position(first, names, "movement"), _position(second, names, "movement")] = True
    return matrix


def _position(name: str, names: Sequence[str], kind: str) -> int:
    if name not in names:
        raise ValueError(f"there is no {kind} {name!r}; the file has {', '.join(names)}")
    return names.index(name)
