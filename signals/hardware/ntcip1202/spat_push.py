"""Econolite's signal state broadcast (TSCBM): 245 bytes over UDP, ten times a second, once it has been switched on.

It tells what each phase shows and for how long at least and at most, without being asked. Layout: V2X-Hub's
SPAT_MIBSupportDocument and carma-streets' ntcip_1202_ext.h, which agree; big-endian, times in tenths of a second.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

SIZE = 245
MARK = 0xCD  # STMP GetResponse of dynamic object 13
PHASES = 16
VERSION = 2
LONGEST_GAP_S = 0.3  # CTI 4501, as V2X-Hub demands it
MOST_DS, MOST_SECOND, MOST_MS = 0xFFFF, 86_399, 999
# not ``objects.may_set``: an engineer switches it on once, the driver never
ENABLE = (1, 3, 6, 1, 4, 1, 1206, 3, 5, 2, 9, 44, 1, 0)
ENABLED, ENABLED_WITH_PEDESTRIANS = 2, 6
_BLOCK = struct.Struct(">B6H")
_MASKS = struct.Struct(">11H")
_TAIL = struct.Struct(">4B3sH2H")


class MangledPush(Exception):  # noqa: N818  (reads as the fact it reports)
    """Bytes that are no signal state broadcast."""


@dataclass(frozen=True, slots=True)
class PhaseTimes:
    """What is left of a phase's and an overlap's present display, least and most, in tenths of a second."""

    number: int
    vehicle_min_ds: int = 0
    vehicle_max_ds: int = 0
    ped_min_ds: int = 0
    ped_max_ds: int = 0
    overlap_min_ds: int = 0
    overlap_max_ds: int = 0


@dataclass(frozen=True, slots=True)
class SpatPush:
    """One broadcast. Masks have bit 0 for phase (or overlap) 1. ``status``: bit 0 manual, 1 stop time, 2 fault flash,
    3 preempt, 4 transit priority, 5 coordination, 6 coordination in transition, 7 programmed flash.

    ``sequence`` is the low byte of the controller's count of tenths; ``second`` that of its day.
    """

    times: tuple[PhaseTimes, ...]
    reds: int
    yellows: int
    greens: int
    dont_walks: int
    ped_clears: int
    walks: int
    overlap_reds: int = 0
    overlap_yellows: int = 0
    overlap_greens: int = 0
    flashing: int = 0
    overlaps_flashing: int = 0
    status: int = 0
    timebase_action: int = 0
    discontinuity: int = VERSION << 3
    sequence: int = 0
    second: int = 0
    millisecond: int = 0
    ped_direct_calls: int = 0
    ped_latched_calls: int = 0


def decode_push(data: bytes) -> SpatPush:
    """The broadcast of a datagram.

    Raises:
        MangledPush: another length, mark, version or count, phases that are not 1 to 16, an hour that is none, or a
            phase that shows two colours.
    """
    if len(data) != SIZE or data[0] != MARK or data[1] != PHASES:
        raise MangledPush(f"{len(data)} bytes that begin with {data[:2].hex(' ')}")
    times = tuple(PhaseTimes(*_BLOCK.unpack_from(data, 2 + k * _BLOCK.size)) for k in range(PHASES))
    if [one.number for one in times] != list(range(1, PHASES + 1)):
        raise MangledPush(f"phases {[one.number for one in times]}")
    masks = _MASKS.unpack_from(data, 2 + PHASES * _BLOCK.size)
    status, action, discontinuity, sequence, second, millisecond, direct, latched = _TAIL.unpack_from(
        data, SIZE - _TAIL.size
    )
    of_day = (int.from_bytes(second, "big"), millisecond)
    fields: tuple[int, ...] = (*masks, status, action, discontinuity, sequence, *of_day, direct, latched)
    push = SpatPush(times, *fields)
    if fault := _find_fault(push):
        raise MangledPush(fault)
    return push


def encode_push(push: SpatPush) -> bytes:
    """The bytes of a broadcast.

    Raises:
        ValueError: a number that its field cannot hold, or one that ``decode_push`` would refuse.
    """
    if fault := _find_fault(push):
        raise ValueError(fault)
    if [one.number for one in push.times] != list(range(1, PHASES + 1)):
        raise ValueError(f"phases {[one.number for one in push.times]}")
    try:
        blocks = b"".join(
            _BLOCK.pack(
                one.number,
                one.vehicle_min_ds,
                one.vehicle_max_ds,
                one.ped_min_ds,
                one.ped_max_ds,
                one.overlap_min_ds,
                one.overlap_max_ds,
            )
            for one in push.times
        )
        masks = _MASKS.pack(
            push.reds,
            push.yellows,
            push.greens,
            push.dont_walks,
            push.ped_clears,
            push.walks,
            push.overlap_reds,
            push.overlap_yellows,
            push.overlap_greens,
            push.flashing,
            push.overlaps_flashing,
        )
        tail = _TAIL.pack(
            push.status,
            push.timebase_action,
            push.discontinuity,
            push.sequence,
            push.second.to_bytes(3, "big"),
            push.millisecond,
            push.ped_direct_calls,
            push.ped_latched_calls,
        )
    except (struct.error, OverflowError) as error:
        raise ValueError(f"a number does not fit: {error}") from error
    return bytes((MARK, PHASES)) + blocks + masks + tail


def _find_fault(push: SpatPush) -> str:
    if push.discontinuity >> 3 != VERSION:
        return f"version {push.discontinuity >> 3}, not {VERSION}"
    if not (0 <= push.second <= MOST_SECOND and 0 <= push.millisecond <= MOST_MS):
        return f"second {push.second} and millisecond {push.millisecond} of the day"
    colours = (
        (push.reds, push.yellows, push.greens),
        (push.dont_walks, push.ped_clears, push.walks),
        (push.overlap_reds, push.overlap_yellows, push.overlap_greens),
    )
    for a, b, c in colours:
        if a & b or b & c or a & c:
            return f"two colours at once: {a:#06x}, {b:#06x}, {c:#06x}"
    return ""


class PushWatch:
    """Whether broadcasts come as often as they have to, and none twice; times are of a clock that never goes back."""

    def __init__(self) -> None:
        self.late = self.repeated = 0
        self.longest_gap_s = 0.0
        self._last: tuple[float, SpatPush] | None = None

    def take(self, push: SpatPush, now_s: float) -> str:
        """What is wrong with the spacing, in words; empty where nothing is."""
        before, self._last = self._last, (now_s, push)
        if before is None:
            return ""
        gap_s, known = now_s - before[0], before[1]
        if (push.sequence, push.second, push.millisecond) == (known.sequence, known.second, known.millisecond):
            self.repeated += 1
            self._last = before
            return "the same broadcast again"
        return self.find_silence(now_s, gap_s)

    def find_silence(self, now_s: float, gap_s: float | None = None) -> str:
        """Whether the last broadcast is too long ago; empty before the first."""
        if gap_s is None:
            return self._describe(now_s - self._last[0]) if self._last else ""
        self.longest_gap_s = max(self.longest_gap_s, gap_s)
        words = self._describe(gap_s)
        self.late += bool(words)
        return words

    @staticmethod
    def _describe(gap_s: float) -> str:
        is_late = gap_s > LONGEST_GAP_S + 1e-9
        return (
            f"{1000 * gap_s:.0f} ms since the last broadcast; {1000 * LONGEST_GAP_S:.0f} ms are allowed"
            if is_late
            else ""
        )
