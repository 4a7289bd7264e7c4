"""The objects of NTCIP 1202 that control and watch need, by name: facts from four independent open clients that agree.

A scalar's instance is ``.0`` by the standard; Econolite wants ``.1`` for some, MaxTime nothing, so that it belongs to a
controller's profile. Phases, detectors and overlaps come in groups of eight: bit 0 is the first of the group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

ASC = (1, 3, 6, 1, 4, 1, 1206, 4, 2, 1)
GLOBAL = (1, 3, 6, 1, 4, 1, 1206, 4, 2, 6)
GROUP = 8
STANDARD_SUFFIX = (0,)
SYS_UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)  # hundredths of a second since it was switched on (RFC 3418); .0 everywhere


@dataclass(frozen=True, slots=True)
class Scalar:
    """An object of which there is one."""

    path: tuple[int, ...]

    def at(self, suffix: tuple[int, ...] = STANDARD_SUFFIX) -> tuple[int, ...]:
        """Its name in a controller with this way of writing instances."""
        return self.path + suffix


@dataclass(frozen=True, slots=True)
class Column:
    """An object of which there is one in each row of a table; rows count from 1."""

    path: tuple[int, ...]

    def at(self, *row: int) -> tuple[int, ...]:
        """Its name in a row."""
        return self.path + row


@dataclass(frozen=True, slots=True)
class Profile:
    """How one maker's controllers write the instances of scalars: most by the standard, some by ``other``."""

    suffix: tuple[int, ...] = STANDARD_SUFFIX
    other: Mapping[Scalar, tuple[int, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def name(self, scalar: Scalar) -> tuple[int, ...]:
        """What to ask this controller for."""
        return scalar.at(self.other.get(scalar, self.suffix))


MAX_PHASES, MAX_PHASE_GROUPS = Scalar((*ASC, 1, 1)), Scalar((*ASC, 1, 3))


def _phase(column: int) -> Column:
    return Column((*ASC, 1, 2, 1, column))


PHASE_WALK_S, PHASE_PED_CLEAR_S, PHASE_MIN_GREEN_S, PHASE_PASSAGE_DS = _phase(2), _phase(3), _phase(4), _phase(5)
PHASE_MAX_1_S, PHASE_MAX_2_S, PHASE_YELLOW_DS, PHASE_RED_CLEAR_DS = _phase(6), _phase(7), _phase(8), _phase(9)
PHASE_OPTIONS, PHASE_RING, PHASE_CONCURRENCY = _phase(21), _phase(22), _phase(23)


def _status(column: int) -> Column:
    return Column((*ASC, 1, 4, 1, column))


REDS, YELLOWS, GREENS, DONT_WALKS, PED_CLEARS, WALKS = (_status(column) for column in range(2, 8))
VEH_CALLS, PED_CALLS, PHASE_ONS, PHASE_NEXTS = (_status(column) for column in range(8, 12))


def _control(column: int) -> Column:
    return Column((*ASC, 1, 5, 1, column))


PHASE_OMIT, PED_OMIT, HOLD, FORCE_OFF, VEH_CALL, PED_CALL = (_control(column) for column in range(2, 8))
PHASE_CONTROLS = (PHASE_OMIT, PED_OMIT, HOLD, FORCE_OFF, VEH_CALL, PED_CALL)

DETECTORS_ACTIVE, DETECTORS_ALARM = Column((*ASC, 2, 4, 1, 2)), Column((*ASC, 2, 4, 1, 3))
VOLUME_SEQUENCE, VOLUME_PERIOD_S = Scalar((*ASC, 2, 5, 1)), Scalar((*ASC, 2, 5, 2))
DETECTOR_VOLUME, DETECTOR_OCCUPANCY = Column((*ASC, 2, 5, 4, 1, 1)), Column((*ASC, 2, 5, 4, 1, 2))

DETECTOR_MOST_VOLUME = 254  # 255: more came than can be counted
DETECTOR_MOST_OCCUPANCY = 200  # above: a fault
DETECTOR_NO_ACTIVITY = 211

BACKUP_TIME_S = Scalar((*ASC, 3, 3))
CONTROL_STATUS, FLASH_STATUS = Scalar((*ASC, 3, 5)), Scalar((*ASC, 3, 6))
ALARM_STATUS_2, ALARM_STATUS_1, SHORT_ALARM_STATUS = Scalar((*ASC, 3, 7)), Scalar((*ASC, 3, 8)), Scalar((*ASC, 3, 9))

OPERATIONAL_MODE, PATTERN_STATUS, FREE_STATUS = Scalar((*ASC, 4, 1)), Scalar((*ASC, 4, 10)), Scalar((*ASC, 4, 11))
CYCLE_STATUS_S, SYNC_STATUS_S = Scalar((*ASC, 4, 12)), Scalar((*ASC, 4, 13))
SYSTEM_PATTERN, SYSTEM_SYNC_S = Scalar((*ASC, 4, 14)), Scalar((*ASC, 4, 15))

PREEMPT_STATE, PREEMPT_CONTROL = Column((*ASC, 6, 2, 1, 16)), Column((*ASC, 6, 3, 1, 2))
RING_STATUS = Column((*ASC, 7, 6, 1, 1))
CHANNEL_REDS, CHANNEL_YELLOWS, CHANNEL_GREENS = (Column((*ASC, 8, 4, 1, column)) for column in (2, 3, 4))
OVERLAP_REDS, OVERLAP_YELLOWS, OVERLAP_GREENS = (Column((*ASC, 9, 4, 1, column)) for column in (2, 3, 4))
GLOBAL_TIME_S = Scalar((*GLOBAL, 3, 1))

# all that may be set through us; not so clearances, concurrency, the dead-man timer, whole blocks of data
MAY_SET: tuple[tuple[int, ...], ...] = (
    *(column.path for column in PHASE_CONTROLS),
    SYSTEM_PATTERN.path,
    SYSTEM_SYNC_S.path,
    VOLUME_PERIOD_S.path,
)
# any of these, set, winds the dead-man timer up again
REWINDS_BACKUP: tuple[tuple[int, ...], ...] = (
    *(column.path for column in PHASE_CONTROLS),
    SYSTEM_PATTERN.path,
    SYSTEM_SYNC_S.path,
    PREEMPT_CONTROL.path,
    (*ASC, 7, 5, 1),  # the seven ring controls
    (*ASC, 3, 10),  # unitControl
    (*ASC, 3, 14, 1, 3),  # specialFunctionOutputControl
)
FREE_PATTERN, FLASH_PATTERN, RELEASED_PATTERN = 254, 255, 0


class ControlStatus(IntEnum):
    """Who times the controller."""

    OTHER = 1
    SYSTEM_CONTROL = 2
    SYSTEM_STANDBY = 3
    BACKUP = 4
    MANUAL = 5
    TIME_BASE = 6
    INTERCONNECT = 7
    INTERCONNECT_BACKUP = 8


class FlashStatus(IntEnum):
    """Whether it flashes, and why."""

    OTHER = 1
    NOT_FLASHING = 2
    AUTOMATIC = 3
    LOCAL_MANUAL = 4
    FAULT_MONITOR = 5
    MMU = 6
    START_UP = 7
    PREEMPT = 8


class PreemptState(IntEnum):
    """What a preemption does."""

    OTHER = 1
    NOT_ACTIVE = 2
    NOT_ACTIVE_WITH_CALL = 3
    ENTRY_STARTED = 4
    TRACK_SERVICE = 5
    DWELL = 6
    LINK_ACTIVE = 7
    EXIT_STARTED = 8
    MAX_PRESENCE = 9


def to_masks(items: Iterable[int], groups: int) -> tuple[int, ...]:
    """Items that count from 1 as a bit each, in groups of eight.

    Raises:
        ValueError: an item that no group has.
    """
    masks = [0] * groups
    for item in items:
        if not 1 <= item <= groups * GROUP:
            raise ValueError(f"item {item} is not in {groups} groups of eight")
        masks[(item - 1) // GROUP] |= 1 << (item - 1) % GROUP
    return tuple(masks)


def to_items(masks: Iterable[int]) -> frozenset[int]:
    """The items whose bits are set."""
    return frozenset(
        group * GROUP + bit + 1 for group, mask in enumerate(masks) for bit in range(GROUP) if mask >> bit & 1
    )


def may_set(name: Sequence[int]) -> bool:
    """Whether anybody may set this object through us."""
    return any(tuple(name[: len(path)]) == path for path in MAY_SET)
