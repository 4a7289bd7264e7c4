"""What a controller needs from outside: detectors, a signal controller in a cabinet, a clock, neighbours.

The cabinet keeps its own timers: it plays yellow and red clearance itself and is told only what to hold, where
to advance, or that it is released to its local plan (neutral model of NTCIP 1202 hold/force-off and of Taiwan's
urban traffic control protocol V3.0, 5F10/5F1C). ``SignalController`` is generic in what it accepts, because
ports lie below the guard; ``signals.safety.command.GuardedController`` closes it over ``SafeCommand``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from signals.model import IntervalKind, Lamp

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep the running stage green."""


@dataclass(frozen=True, slots=True)
class Advance:
    """End the running stage and go to another one through its transition."""

    stage: int


@dataclass(frozen=True, slots=True)
class Release:
    """Let the cabinet follow its local plan until it is commanded again."""

    reason: str = ""


Command = Hold | Advance | Release


class Mode(StrEnum):
    """Who decides in the cabinet: we, its own plan, or somebody before whom both of us give way."""

    REMOTE = "remote"
    LOCAL = "local"
    RAIL = "rail"
    PREEMPTED = "preempted"
    MANUAL = "manual"
    FLASH = "flash"
    FAULT = "fault"

    @property
    def outranks(self) -> bool:
        """Whether nothing may be commanded: a train, an emergency, police, the panel, flashing or a fault."""
        return self not in (Mode.REMOTE, Mode.LOCAL)


@dataclass(frozen=True, slots=True)
class SignalState:
    """What the cabinet reports. ``uptime_s`` is its own count of seconds; ``elapsed_s`` that of the interval.

    ``target`` is the stage to come while a transition plays, else None. While somebody outranks us, stage, interval and
    target may be the last ones known. ``lamps``: what each movement is shown, where the cabinet tells. ``faults``: what
    it says is wrong with it, in words.
    """

    stage: int
    interval: IntervalKind
    elapsed_s: float
    target: int | None
    mode: Mode
    uptime_s: float
    lamps: tuple[Lamp, ...] = ()
    faults: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the cabinet can do. All can end the running stage; one that cannot hold ends it by itself at its plan's or
    its maximum green, and where it cannot skip, only the next stage of its sequence may be chosen. ``lag_s``: how much
    later than it is decided a change may begin, from the age of the last report to the command's own way.
    """

    can_hold: bool = True
    can_skip: bool = True
    lag_s: float = 0.0

    @property
    def has_fixed_sequence(self) -> bool:
        """Whether stages come only in the order of the cabinet's own plan."""
        return not self.can_skip


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What the detectors of one intersection say at ``at_s``: one entry per detector, in the layout's order.

    ``count``: vehicles (or pushes) that came onto it since the last reading. ``occupied_s``: how much of the last
    second something stood on it, 0 to 1. ``speed_mps``: mean speed of those counted, NaN where it is not measured.
    ``is_fresh``: whether a reading came at all; where it did not, the other values mean nothing.
    """

    at_s: float
    count: IntArray
    occupied_s: FloatArray
    speed_mps: FloatArray
    is_fresh: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Entered:
    """Vehicles that a neighbour measured as they left towards us, oldest first; times on our clock.

    ``approach`` indexes ``Intersection.approaches``; ``distance_m`` is from where they were measured to our line.
    """

    approach: IntArray
    at_s: FloatArray
    distance_m: FloatArray


NOBODY_ENTERED = Entered(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What experience says: each movement's share of its lane, headway and start-up loss by entry lane."""

    turn_share: FloatArray
    headway_s: FloatArray
    startup_loss_s: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What is seen, or estimated from what loops tell, at one moment: road users bound for the stop lines, and the
    state of the exits.

    The first four arrays have one entry per road user, nearest first; ``exit_...`` one entry per exit lane of
    the intersection. ``delay_s`` is what a user has already waited. ``volume`` counts by movement whoever has
    come into sight since the beginning; empty where nobody counts. ``sight_m``: how far each entry lane is seen.
    ``is_guess``: the user's movement is not known, ``movement`` is the likeliest draw; empty where all are known.
    ``lane``: the entry lane on which a user stands, who may still have to change to that of the movement; -1, or empty,
    where it is the movement's own.
    """

    at_s: float
    movement: IntArray
    distance_m: FloatArray
    speed_mps: FloatArray
    delay_s: FloatArray
    exit_count: IntArray
    exit_halted: IntArray
    exit_speed_mps: FloatArray
    volume: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    sight_m: FloatArray = field(default_factory=lambda: np.zeros(0))
    is_guess: BoolArray = field(default_factory=lambda: np.zeros(0, np.bool_))
    learned: Learned | None = None
    lane: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))


CommandT_contra = TypeVar("CommandT_contra", contravariant=True)
SeenT_co = TypeVar("SeenT_co", covariant=True)
SeenT_contra = TypeVar("SeenT_contra", contravariant=True)


class SignalController(Protocol[CommandT_contra]):
    """A cabinet: reports its state and accepts commands of one type."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def read_state(self) -> SignalState:
        """What it shows now."""
        ...

    def apply(self, command: CommandT_contra) -> None:
        """Take a command; it counts from this second."""
        ...


class DetectorSource(Protocol[SeenT_co]):
    """Where ``Readings`` of loops, or ``Detections`` of those who see everything, come from."""

    def read(self) -> SeenT_co:
        """What is seen now."""
        ...


class Estimator(Protocol):
    """From what loops and neighbours tell to who is probably where."""

    def estimate(self, readings: Readings, state: SignalState, entered: Entered) -> Detections:
        """The present state; call it once a second, in every interval."""
        ...


class Clock(Protocol):
    """Seconds that never go back, in good times."""

    def now_s(self) -> float:
        """The time."""
        ...


class NeighbourLink(Protocol):
    """The mail between neighbours: no answer, no order, no promise that anything arrives (``coordination``)."""

    def send(self, message: bytes) -> None:
        """To every neighbour: downstream for the departures, upstream for the queues."""
        ...

    def receive(self) -> tuple[bytes, ...]:
        """What has come since the last call."""
        ...


class DecisionMaker(Protocol[SeenT_contra]):
    """Chooses a command from what is seen; knows nothing of guards or cabinets."""

    def decide(self, seen: SeenT_contra, state: SignalState, /) -> Command:
        """The command wanted now."""
        ...

    def explain(self) -> str:
        """The last decision in the one-line schedule notation; empty where there is none."""
        ...
