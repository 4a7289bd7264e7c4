"""What an intersection is: approaches, lanes, movements, detectors, stages, intervals, conflicts and yields.

Words are NTCIP 1202's and MUTCD's; "stage" (movements shown green together) is British use. No simulator
word occurs here: a SUMO "phase" is a display, and only ``signals.simulation`` speaks of displays.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
import numpy.typing as npt

BoolMatrix = npt.NDArray[np.bool_]


class RoadUser(StrEnum):
    """Who makes a movement."""

    VEHICLE = "vehicle"
    PEDESTRIAN = "pedestrian"


class Turn(StrEnum):
    """Where a movement leads, seen from its approach."""

    THROUGH = "through"
    LEFT = "left"
    RIGHT = "right"
    U_TURN = "u-turn"
    CROSSING = "crossing"


class Lamp(IntEnum):
    """What one movement is shown, in the order of how freely it may go.

    ``STOP_THEN_GO`` is the green right-turn arrow beside a red; ``RED_AMBER`` says that green is next.
    """

    RED = 0
    RED_AMBER = 1
    YELLOW = 2
    STOP_THEN_GO = 3
    PERMITTED_GREEN = 4
    PROTECTED_GREEN = 5

    @property
    def is_green(self) -> bool:
        """Whether the movement may go without stopping first."""
        return self >= Lamp.PERMITTED_GREEN


class DetectorKind(StrEnum):
    """Where a detector lies, which says what it can tell.

    What passes an upstream detector may take any lane of the approach, or turn off before.
    """

    STOP_LINE = "stop line"
    ADVANCE = "advance"
    UPSTREAM = "upstream"
    EXIT = "exit"
    PUSH_BUTTON = "push button"
    VIDEO = "video"


class IntervalKind(StrEnum):
    """The part of a stage or of a transition in which the lamps do not change."""

    GREEN = "green"
    PED_CLEARANCE = "pedestrian clearance"
    YELLOW = "yellow"
    RED_CLEARANCE = "red clearance"


@dataclass(frozen=True, slots=True)
class Interval:
    """A constant display of known length; ``lamps`` has one entry per movement."""

    kind: IntervalKind
    duration_s: float
    lamps: tuple[Lamp, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane into or out of the intersection."""

    id: str
    length_m: float
    speed_mps: float


@dataclass(frozen=True, slots=True)
class Approach:
    """The lanes that come from one side; ``lanes`` index ``Intersection.entries``."""

    id: str
    lanes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Movement:
    """One controlled way through: from an entry lane to an exit lane, on foot or on wheels.

    ``entry`` and ``exit`` index ``Intersection.entries`` and ``Intersection.exits``. ``crossing_m`` is what a
    pedestrian has to walk; zero for vehicles.
    """

    index: int
    entry: int
    exit: int
    turn: Turn
    user: RoadUser = RoadUser.VEHICLE
    crossing_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Detector:
    """One detector of an intersection.

    ``lane`` indexes ``Intersection.entries``, of an exit detector ``Intersection.exits``; a push button calls
    ``movement``. ``distance_m`` runs from the stop line up the street to the downstream edge of the zone, of an
    exit detector from the beginning of the exit lane. ``length_m`` is the zone's.
    """

    id: str
    kind: DetectorKind
    lane: int
    distance_m: float = 0.0
    length_m: float = 2.0
    movement: int = -1


@dataclass(frozen=True, slots=True)
class Stage:
    """Movements shown green together. ``stop_then_go`` are the green right-turn arrows that stay lit."""

    index: int
    protected: frozenset[int]
    permitted: frozenset[int] = frozenset()
    stop_then_go: frozenset[int] = frozenset()

    @property
    def greens(self) -> frozenset[int]:
        """Every movement with a green, protected or permitted."""
        return self.protected | self.permitted

    def lamp(self, movement: int) -> Lamp:
        """What the stage shows to one movement."""
        if movement in self.protected:
            return Lamp.PROTECTED_GREEN
        if movement in self.permitted:
            return Lamp.PERMITTED_GREEN
        return Lamp.STOP_THEN_GO if movement in self.stop_then_go else Lamp.RED


@dataclass(frozen=True, slots=True, eq=False)
class Intersection:
    """Geometry and right of way of one controlled place; nothing about time.

    ``conflicts[i, j]``: the ways of i and j cross or merge. ``yields[i, j]``: i gives way to j where both are
    green. Both are square over movements; conflicts is symmetric.
    """

    id: str
    entries: tuple[Lane, ...]
    exits: tuple[Lane, ...]
    approaches: tuple[Approach, ...]
    movements: tuple[Movement, ...]
    conflicts: BoolMatrix
    yields: BoolMatrix

    def describe(self, movement: int) -> str:
        """A movement in words, for messages: `movement 3 (left from lane a_1)`."""
        m = self.movements[movement]
        origin = self.entries[m.entry].id if self.entries else "?"
        return f"movement {movement} ({m.turn.value} from lane {origin})"
