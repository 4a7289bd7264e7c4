"""What a controller's status objects say, and which stage, interval and mode of the plan that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from signals.hardware.field_driver import STALE_S
from signals.hardware.ntcip1202 import ber, objects
from signals.hardware.ntcip1202.ber import MangledPacket
from signals.hardware.ntcip1202.objects import ControlStatus, FlashStatus, PreemptState
from signals.hardware.ntcip1202.phases import PhaseTable
from signals.hardware.ntcip1202.profile import NtcipProfile
from signals.hardware.ntcip1202.snmp import Value
from signals.model import IntervalKind
from signals.ports import Mode

_SHOWN = (
    objects.GREENS,
    objects.YELLOWS,
    objects.REDS,
    objects.PHASE_ONS,
    objects.PHASE_NEXTS,
    objects.PED_CLEARS,
    objects.WALKS,
)
_UNIT = (
    objects.CONTROL_STATUS,
    objects.FLASH_STATUS,
    objects.ALARM_STATUS_1,
    objects.ALARM_STATUS_2,
    objects.SHORT_ALARM_STATUS,
    objects.PATTERN_STATUS,
    objects.SYSTEM_PATTERN,
    objects.OPERATIONAL_MODE,
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One poll. Phases are masks of all groups, bit 0 for phase 1; ``asked_s`` is our clock when it was asked for.

    ``controls``: the six objects of phaseControlGroup as they were read back, in the order of their columns.
    """

    asked_s: float
    controls: tuple[int, ...]
    preempts: tuple[int, ...]
    ticks_cs: int
    greens: int
    yellows: int
    reds: int
    ons: int
    nexts: int
    ped_clears: int
    walks: int
    control_status: int
    flash_status: int
    alarm_1: int
    alarm_2: int
    short_alarm: int
    pattern_status: int
    system_pattern: int
    operational_mode: int


def list_status_names(table: PhaseTable, profile: NtcipProfile) -> tuple[bytes, ...]:
    """What is asked for at every poll, in the order in which ``read_snapshot`` wants the values."""
    groups = range(1, table.groups + 1)
    oids: list[tuple[int, ...]] = [objects.SYS_UPTIME]
    oids += [column.at(group) for column in _SHOWN for group in groups]
    oids += [profile.objects.name(scalar) for scalar in _UNIT]
    oids += [column.at(group) for column in objects.PHASE_CONTROLS for group in groups]
    oids += [objects.PREEMPT_STATE.at(number) for number in range(1, profile.preempts + 1)]
    return tuple(ber.write_oid(oid) for oid in oids)


def read_snapshot(values: Sequence[Value], groups: int, asked_s: float) -> Snapshot:
    """The values of one poll.

    Raises:
        MangledPacket: one of them is no number, or none that its object can have.
    """
    numbers: list[int] = []
    for position, value in enumerate(values):
        if not isinstance(value, int) or value < 0 or (position and value > 255):
            raise MangledPacket(f"value {position + 1} of the status is {value!r}")
        numbers.append(value)
    if groups == 1:
        shown, at = numbers[1:8], 8
    else:
        at = 1 + len(_SHOWN) * groups
        shown = [_join(numbers[k : k + groups]) for k in range(1, at, groups)]
    unit, at = numbers[at : at + len(_UNIT)], at + len(_UNIT)
    after = at + len(objects.PHASE_CONTROLS) * groups
    controls = tuple(_join(numbers[k : k + groups]) for k in range(at, after, groups))
    return Snapshot(asked_s, controls, tuple(numbers[after:]), numbers[0], *shown, *unit)


def _join(masks: Sequence[int]) -> int:
    return sum(mask << objects.GROUP * group for group, mask in enumerate(masks))


@lru_cache(maxsize=4096)
def to_phases(mask: int) -> frozenset[int]:
    """The phases of a mask of all groups."""
    return frozenset(bit + 1 for bit in range(mask.bit_length()) if mask >> bit & 1)


def to_mask(phases: frozenset[int]) -> int:
    """Phases as a mask of all groups."""
    return sum(1 << number - 1 for number in phases)


def find_mode(seen: Snapshot, profile: NtcipProfile) -> Mode:
    """Who decides in the cabinet; LOCAL where nobody outranks us, whoever else commands."""
    flash = seen.flash_status
    if flash in (FlashStatus.MMU, FlashStatus.FAULT_MONITOR) or seen.alarm_1 >> 4 & 1 or seen.greens & seen.reds:
        return Mode.FAULT
    active = {
        number
        for number, state in enumerate(seen.preempts, 1)
        if state not in (PreemptState.OTHER, PreemptState.NOT_ACTIVE, PreemptState.NOT_ACTIVE_WITH_CALL)
    }
    if active & profile.rail_preempts:
        return Mode.RAIL
    if active or flash == FlashStatus.PREEMPT or seen.short_alarm & 1:
        return Mode.PREEMPTED
    if flash != FlashStatus.NOT_FLASHING or seen.pattern_status == objects.FLASH_PATTERN or seen.alarm_1 >> 5 & 1:
        return Mode.FLASH
    is_stopped = seen.alarm_2 >> 4 & 1 or seen.short_alarm >> 7 & 1
    return Mode.MANUAL if is_stopped or seen.control_status == ControlStatus.MANUAL else Mode.LOCAL


_ALARMS = (
    ("alarm_1", {0: "cycle fault", 1: "coordination fault", 2: "coordination failed", 3: "cycle failed"}),
    ("alarm_2", {0: "power restart", 1: "low battery", 2: "response fault", 3: "external start", 4: "stop time"}),
    ("short_alarm", {1: "flash", 4: "coordination alarm", 5: "detector fault", 6: "alarm", 7: "critical alarm"}),
)


def list_faults(seen: Snapshot) -> frozenset[str]:
    """What the alarm bits say, in words."""
    if not (seen.alarm_1 & 0x3F or seen.alarm_2 or seen.short_alarm or seen.greens & seen.reds):
        return frozenset()
    words = {text for name, bits in _ALARMS for bit, text in bits.items() if getattr(seen, name) >> bit & 1}
    if seen.alarm_1 >> 4 & 1:
        words.add("flash by the conflict monitor")
    if seen.greens & seen.reds:
        words.add("a phase is green and red at once")
    return frozenset(words)


class StageWatch:
    """Which stage and interval the phases are in, and since when by the cabinet's own seconds.

    ``stage`` is None until one was seen whole. An interval that nobody watched for ``STALE_S`` begins anew: it may be
    another one of the same look.
    """

    def __init__(self, table: PhaseTable) -> None:
        self._table = table
        self.stage: int | None = None
        self.target: int | None = None
        self.interval = IntervalKind.GREEN
        self.began_s = self._seen_s = 0.0

    def forget(self) -> None:
        """What was seen tells nothing of what will be."""
        self.stage = self.target = None

    def update(self, seen: Snapshot, uptime_s: float, aimed: int | None) -> None:
        """Take a snapshot in. ``aimed``: the stage that we have told it to go to, if any."""
        matched = self._table.stage_of(to_phases(seen.greens))
        is_under_way = self.stage is not None and self.interval is not IntervalKind.GREEN
        awaited = is_under_way and bool(seen.nexts & ~seen.greens)
        before = (self.stage, self.interval, self.target)
        if matched is not None and not seen.yellows and not seen.ons & ~seen.greens and not awaited:
            clears = bool(seen.ped_clears & seen.greens)
            self.stage = matched
            self.interval = IntervalKind.PED_CLEARANCE if clears else IntervalKind.GREEN
            self.target = aimed if clears and aimed != matched else None
        else:
            if seen.yellows:
                self.interval = IntervalKind.YELLOW
            elif seen.ped_clears & seen.greens:
                self.interval = IntervalKind.PED_CLEARANCE
            else:
                self.interval = IntervalKind.RED_CLEARANCE
            self.target = self._find_target(seen, aimed)
        if before[:2] != (self.stage, self.interval) or not 0.0 <= uptime_s - self._seen_s <= STALE_S:
            self.began_s = uptime_s
        self._seen_s = uptime_s

    def _find_target(self, seen: Snapshot, aimed: int | None) -> int | None:
        nexts, stages = to_phases(seen.nexts), self._table.stages
        if aimed is not None and aimed != self.stage and nexts <= stages[aimed]:
            return aimed
        if not nexts:
            return self.target
        fitting = [k for k, members in enumerate(stages) if nexts <= members]
        return fitting[0] if len(fitting) == 1 else None
