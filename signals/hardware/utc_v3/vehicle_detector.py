"""The 6F messages of a vehicle detector that control needs (specification, chapter 6)."""

from __future__ import annotations

from dataclasses import dataclass

from signals.hardware.utc_v3.layout import Count, Groups, Number, Part
from signals.hardware.utc_v3.registry import Info, Level, lies_as, message

B, A, O = Level.BASIC, Level.ADVANCED, Level.OPTIONAL  # noqa: E741  (as the specification writes them)
NOT_MEASURED = 0xFF


LANE_PARTS = (
    "big", "big_kmh", "cars", "cars_kmh", "motorcycles", "motorcycles_kmh", "mean_kmh", "occupancy_percent",
    "interval_ds",
)  # fmt: skip


@lies_as(*(Number(name) for name in LANE_PARTS))
@dataclass(frozen=True, slots=True)
class LaneSums(Info):
    """One lane in one period: how many big vehicles, cars and motorcycles, how fast; occupancy in percent, the mean
    time between two in tenths of a second; 0xFF where it was not measured.
    """

    big: int
    big_kmh: int
    cars: int
    cars_kmh: int
    motorcycles: int
    motorcycles_kmh: int
    mean_kmh: int
    occupancy_percent: int
    interval_ds: int


SUMS: tuple[Part, ...] = (
    Number("year"), Number("month", 1, 1, 12), Number("day", 1, 1, 31), Number("hour", 1, 0, 23),
    Number("minute", 1, 0, 59), Number("second", 1, 0, 59), Count("lanes"), Groups("lanes", LaneSums),
)  # fmt: skip


@message(0x6F0F, B, *SUMS)
@dataclass(frozen=True, slots=True)
class PeriodicSums(Info):
    """What passed since the last report."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    lanes: tuple[LaneSums, ...]


@message(0x6FC1, B, *SUMS)
@dataclass(frozen=True, slots=True)
class LastSums(PeriodicSums):
    """The last periodic report, asked for."""


@message(0x6F01, B, *SUMS)
@dataclass(frozen=True, slots=True)
class EventSums(PeriodicSums):
    """What passed in twenty seconds in which something happened."""


@lies_as(Number("kinds", 2), Number("speed_kmh"))
@dataclass(frozen=True, slots=True)
class Passage(Info):
    """Who passed: two bits a lane (0 nobody, 1 motorcycle, 2 car, 3 big), and the speed."""

    kinds: int
    speed_kmh: int

    def kind(self, lane: int) -> int:
        """Of the vehicle on a lane."""
        return self.kinds >> 2 * lane & 3


@message(
    0x6F02, O, Number("hour", 1, 0, 23), Number("minute", 1, 0, 59), Number("second", 1, 0, 59), Count("passages"),
    Groups("passages", Passage),
)  # fmt: skip
@dataclass(frozen=True, slots=True)
class RealTime(Info):
    """Everybody who passed in the last second: what actuated and adaptive control live on."""

    hour: int
    minute: int
    second: int
    passages: tuple[Passage, ...]


@message(0x6F03, A, Number("lane"))
@dataclass(frozen=True, slots=True)
class LaneBlocked(Info):
    """Somebody stands."""

    lane: int


@message(0x6F04, A, Number("lane"), Number("lasted_s", 2))
@dataclass(frozen=True, slots=True)
class LaneCleared(Info):
    """Nobody stands any more."""

    lane: int
    lasted_s: int


@message(0x6F06, O, Number("actuation"), Number("lane"))
@dataclass(frozen=True, slots=True)
class Actuation(Info):
    """A call for the signal controller beside it."""

    actuation: int
    lane: int


@message(0x6F12, O, Number("lane_map"))
@dataclass(frozen=True, slots=True)
class SetRealTimeLanes(Info):
    """On which lanes each passage is told."""

    lane_map: int


@message(0x6F3F, B, Number("cycle"), Number("kind"))
@dataclass(frozen=True, slots=True)
class SetDetectorCycle(Info):
    """How often (as 5F3F, also 6: each 20 s) which report is sent: 1 sums, 2 simulated, 3 each second (1 starts, 0
    stops), 4 on events. The two bytes stand in the other order than in 5F3F.
    """

    cycle: int
    kind: int


@message(0x6FEF, B, *SetDetectorCycle.LAYOUT)
@dataclass(frozen=True, slots=True)
class DetectorCycleReport(SetDetectorCycle):
    """How often which report is sent."""
