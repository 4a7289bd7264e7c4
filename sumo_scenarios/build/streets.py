"""The few words in which a scenario is described: crossings, roads, stages, traffic through time.

Geometry and units are SUMO's: metres, metres per second, lane 0 is the outermost (right-hand traffic).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Turn(StrEnum):
    """What a vehicle does at a crossing."""

    LEFT = "l"
    STRAIGHT = "s"
    RIGHT = "r"


class Axis(StrEnum):
    """The direction of a road at a crossing."""

    EW = "ew"
    NS = "ns"


@dataclass(frozen=True, slots=True)
class Node:
    """A place where roads meet or end."""

    name: str
    x_m: float
    y_m: float
    is_signalled: bool = False


@dataclass(frozen=True, slots=True)
class Road:
    """A two-way road. ``bay_m`` is the length of the left-turn bay before each signalled end (0: none)."""

    start: str
    end: str
    lanes: int
    speed_mps: float
    bay_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Stage:
    """One green of a signal: which turns of which axis have the right of way, which must yield."""

    axis: Axis
    protected: frozenset[Turn]
    permissive: frozenset[Turn] = frozenset()


THROUGH_AND_RIGHT = frozenset({Turn.STRAIGHT, Turn.RIGHT})
LEFT_ONLY = frozenset({Turn.LEFT})


@dataclass(frozen=True, slots=True)
class Period:
    """A part of the day: from ``begin_s`` to ``end_s``."""

    name: str
    begin_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class Trips:
    """Vehicles per hour along one route, for each period by name."""

    route: tuple[str, ...]
    flow_vph: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Design:
    """A whole scenario. ``trips`` are routes over node names, entry first.

    ``cycle_s`` is the common cycle of the fixed plan; without one it is Webster's.
    """

    name: str
    nodes: tuple[Node, ...]
    roads: tuple[Road, ...]
    stages: tuple[Stage, ...]
    periods: tuple[Period, ...]
    trips: tuple[Trips, ...]
    all_red_s: int
    min_green_s: int
    max_green_s: int
    arterials: tuple[tuple[str, ...], ...] = ()
    yellow_s: int = 3
    cycle_s: int | None = None
