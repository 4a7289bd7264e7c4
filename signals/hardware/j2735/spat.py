"""SPaT: what each signal group is shown, until when at least, until when at most, and who decides.

SAE J2735, DF_IntersectionState and DF_TimeChangeDetails. Whoever drives may rely on minEndTime: it comes from
``groups``, which promises nothing beyond the minimum green, and where nothing is promised it is 36001, unknown. It
takes a MAP with the same groups for a vehicle to know which of them is its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from signals.hardware.j2735.frame import MessageId, encode
from signals.hardware.j2735.groups import Ends, GroupState
from signals.hardware.j2735.marks import to_earliest_mark, to_latest_mark, to_minute_of_year, to_ms_of_minute
from signals.model import Lamp
from signals.ports import Mode

REVISIONS = 128  # MsgCount
_MOST_NAME = 63
_STATUS_BITS = 16

# MovementPhaseState; a yellow is told apart by the green that it ends
_SHOWN = {
    Lamp.RED: "stop-And-Remain",
    Lamp.RED_AMBER: "pre-Movement",
    Lamp.STOP_THEN_GO: "stop-Then-Proceed",
    Lamp.PERMITTED_GREEN: "permissive-Movement-Allowed",
    Lamp.PROTECTED_GREEN: "protected-Movement-Allowed",
}
_MANUAL, _FAILURE_FLASH, _PREEMPT, _FIXED_TIME, _TRAFFIC_DEPENDENT, _FAILURE_MODE = 0, 2, 3, 5, 6, 8
_NO_MAP, _NO_SPAT = 12, 13
_STATUS = {
    Mode.REMOTE: _TRAFFIC_DEPENDENT,
    Mode.RAIL: _PREEMPT,
    Mode.PREEMPTED: _PREEMPT,
    Mode.MANUAL: _MANUAL,
    Mode.FLASH: _FAILURE_FLASH,  # police flash is meant, too
    Mode.FAULT: _FAILURE_MODE,
}
# DE_TimeIntervalConfidence: the probability that each of its 16 values stands for
_CONFIDENCES = (0.21, 0.36, 0.47, 0.56, 0.62, 0.68, 0.73, 0.77, 0.81, 0.85, 0.88, 0.91, 0.94, 0.96, 0.98, 1.0)


@dataclass(frozen=True, slots=True)
class IntersectionName:
    """IntersectionReferenceID, given by whoever regulates the road, and a name in ASCII. ``region`` 0: none is told."""

    number: int
    region: int = 0
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse what no message can hold.

        Raises:
            ValueError: a number outside 0 to 65535, or a name too long or not in ASCII.
        """
        if not (0 <= self.number <= 0xFFFF and 0 <= self.region <= 0xFFFF):
            raise ValueError(f"intersection {self.number} of region {self.region}: J2735 has 0 to 65535")
        if len(self.name) > _MOST_NAME or not self.name.isascii():
            raise ValueError(f"{self.name!r} is no name of at most {_MOST_NAME} ASCII characters")


@dataclass(frozen=True, slots=True)
class Operation:
    """How the intersection is run: ``has_fixed_times`` where the local plan is the same in each cycle, which nobody can
    see from outside; ``has_map`` where a MAP is sent that fits.
    """

    mode: Mode
    has_fixed_times: bool = False
    has_priority: bool = False
    has_map: bool = False


def encode_spat(
    name: IntersectionName, operation: Operation, shown: Iterable[GroupState], at: datetime, revision: int
) -> bytes:
    """A MessageFrame with the SPaT of one intersection at a moment. ``revision``: changes, modulo 128, when what is
    shown does.

    Raises:
        ValueError: no group, a revision that is none, or a moment without a time zone.
    """
    groups = tuple(shown)
    state: dict[str, Any] = {
        **({"name": name.name} if name.name else {}),
        "id": to_reference(name),
        "revision": revision,
        "status": _to_status(operation, groups),
        "moy": to_minute_of_year(at),
        "timeStamp": to_ms_of_minute(at),
        "states": [_to_movement(group, at) for group in groups],
    }
    return encode(MessageId.SPAT, {"intersections": [state]})


def to_reference(name: IntersectionName) -> dict[str, int]:
    """IntersectionReferenceID as the codec has it."""
    return {"region": name.region, "id": name.number} if name.region else {"id": name.number}


def _to_status(operation: Operation, groups: tuple[GroupState, ...]) -> tuple[int, int]:
    """IntersectionStatusObject: bit 0 comes first on the wire."""
    bits = {_STATUS[operation.mode]} if operation.mode in _STATUS else set()
    if operation.mode is Mode.LOCAL and operation.has_fixed_times:
        bits.add(_FIXED_TIME)
    if operation.has_priority:
        bits.add(4)
    if not operation.has_map:
        bits.add(_NO_MAP)
    if all(group.lamp is None for group in groups):
        bits.add(_NO_SPAT)
    return sum(1 << (_STATUS_BITS - 1 - bit) for bit in bits), _STATUS_BITS


def _to_movement(shown: GroupState, at: datetime) -> dict[str, Any]:
    event: dict[str, Any] = {"eventState": _to_event_state(shown)}
    if shown.lamp is not None:
        event["timing"] = _to_timing(shown.ends, at)
    return {"signalGroup": shown.group.number, "state-time-speed": [event]}


def _to_event_state(shown: GroupState) -> str:
    if shown.lamp is None:
        return "unavailable"
    if shown.lamp is Lamp.YELLOW:
        return "protected-clearance" if shown.was_protected else "permissive-clearance"
    return _SHOWN[shown.lamp]


def _to_timing(ends: Ends, at: datetime) -> dict[str, int]:
    timing = {"minEndTime": to_earliest_mark(at, ends.earliest_s)}
    if ends.latest_s is not None:
        timing["maxEndTime"] = to_latest_mark(at, ends.latest_s)
    if ends.likely_s is not None:
        timing["likelyTime"] = to_earliest_mark(at, ends.likely_s)
        if ends.confidence is not None and ends.confidence >= _CONFIDENCES[0]:
            timing["confidence"] = max(k for k, least in enumerate(_CONFIDENCES) if least <= ends.confidence)
    return timing
