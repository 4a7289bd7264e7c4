"""Which objects of NTCIP 1202 the emulated controller has, and what each one reads and writes in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from signals.hardware.ntcip1202 import ber, objects
from signals.hardware.ntcip1202.agent import Leaf, View
from signals.hardware.ntcip1202.objects import Column, Profile, Scalar

if TYPE_CHECKING:
    from signals.hardware.ntcip1202.emulator import NtcipEmulator

PHASE_OPTIONS = 1 << 0 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 13  # on, minimum and walk recall, dual entry, rest in walk
_CONTROLS = ("omit", "ped_omit", "hold", "force_off", "veh_call", "ped_call")
_Read = Callable[["NtcipEmulator"], "int | bytes"]


def build_view(phases: int, preempts: int, detectors: int, profile: Profile) -> View[NtcipEmulator]:
    """The view of a controller of this size that writes scalars as this profile does."""
    return _build(phases, preempts, detectors, profile.suffix, tuple(profile.other.items()))


@lru_cache(maxsize=64)
def _build(
    phases: int,
    preempts: int,
    detectors: int,
    suffix: tuple[int, ...],
    other: tuple[tuple[Scalar, tuple[int, ...]], ...],
) -> View[NtcipEmulator]:
    profile = Profile(suffix, dict(other))
    groups = (phases + 7) // 8
    parts = (_scalars(profile, phases), _phases(phases), _groups(groups), _detectors(detectors), _preempts(preempts))
    return View(leaf for part in parts for leaf in part)


def _scalars(profile: Profile, phases: int) -> Iterator[Leaf[NtcipEmulator]]:
    def leaf(scalar: Scalar, read: _Read, most: int = 255, write: str = "") -> Leaf[NtcipEmulator]:
        return Leaf(profile.name(scalar), read, _writer(write) if write else None, most=most)

    yield Leaf(objects.SYS_UPTIME, lambda c: round(c.uptime_s * 100) % 2**32, tag=ber.TIME_TICKS)
    yield leaf(objects.MAX_PHASES, lambda _: phases)
    yield leaf(objects.MAX_PHASE_GROUPS, lambda _: (phases + 7) // 8)
    yield leaf(objects.BACKUP_TIME_S, lambda c: c.backup_time_s, 65535, "backup_time_s")
    yield leaf(objects.CONTROL_STATUS, lambda c: c.control_status)
    yield leaf(objects.FLASH_STATUS, lambda c: c.flash_status)
    yield leaf(objects.ALARM_STATUS_1, lambda c: c.alarm_1)
    yield leaf(objects.ALARM_STATUS_2, lambda c: c.alarm_2)
    yield leaf(objects.SHORT_ALARM_STATUS, lambda c: c.short_alarm)
    yield leaf(objects.OPERATIONAL_MODE, lambda c: c.operational_mode, write="operational_mode")
    yield leaf(objects.PATTERN_STATUS, lambda c: c.pattern_status)
    yield leaf(objects.FREE_STATUS, lambda c: 3 if c.pattern_status == objects.FREE_PATTERN else 2)
    yield leaf(objects.CYCLE_STATUS_S, lambda c: c.cycle_second)
    yield leaf(objects.SYNC_STATUS_S, lambda c: c.cycle_second)
    yield leaf(objects.SYSTEM_PATTERN, lambda c: c.system_pattern, write="system_pattern")
    yield leaf(objects.SYSTEM_SYNC_S, lambda c: c.system_sync_s, write="system_sync_s")
    yield leaf(objects.VOLUME_SEQUENCE, lambda c: c.detectors.sequence)
    yield leaf(objects.VOLUME_PERIOD_S, lambda c: c.detectors.period_s, write="volume_period_s")
    yield Leaf(profile.name(objects.GLOBAL_TIME_S), lambda c: int(c.clock_s) % 2**32, tag=ber.COUNTER32)


def _writer(name: str) -> Callable[[NtcipEmulator, int], None]:
    def write(controller: NtcipEmulator, value: int) -> None:
        controller.write(name, value)

    return write


def _phases(count: int) -> Iterator[Leaf[NtcipEmulator]]:
    columns: Mapping[Column, str] = {
        objects.PHASE_WALK_S: "walk_s",
        objects.PHASE_PED_CLEAR_S: "ped_clear_s",
        objects.PHASE_MIN_GREEN_S: "min_green_s",
        objects.PHASE_MAX_1_S: "max_green_s",
        objects.PHASE_MAX_2_S: "max_green_s",
        objects.PHASE_YELLOW_DS: "yellow_ds",
        objects.PHASE_RED_CLEAR_DS: "red_clear_ds",
        objects.PHASE_RING: "ring",
    }
    for number in range(1, count + 1):
        for column, name in columns.items():
            yield Leaf(column.at(number), _phase_reader(number, name))
        yield Leaf(objects.PHASE_PASSAGE_DS.at(number), lambda c: c.engine.passage_ds)
        yield Leaf(objects.PHASE_OPTIONS.at(number), lambda _: PHASE_OPTIONS)
        yield Leaf(objects.PHASE_CONCURRENCY.at(number), _concurrency_reader(number), tag=ber.OCTETS)


def _phase_reader(number: int, name: str) -> _Read:
    def read(controller: NtcipEmulator) -> int:
        value: int = getattr(controller.engine.table.phases[number - 1], name)
        return value

    return read


def _concurrency_reader(number: int) -> _Read:
    return lambda c: bytes(sorted(c.engine.table.phases[number - 1].concurrent))


def _groups(count: int) -> Iterator[Leaf[NtcipEmulator]]:
    shown: Mapping[Column, Callable[[NtcipEmulator], frozenset[int]]] = {
        objects.REDS: lambda c: c.everyone - c.engine.greens - c.engine.yellows,
        objects.YELLOWS: lambda c: c.engine.yellows,
        objects.GREENS: lambda c: c.engine.greens,
        objects.DONT_WALKS: lambda c: c.everyone - c.engine.walks - c.engine.clearing,
        objects.PED_CLEARS: lambda c: c.engine.clearing,
        objects.WALKS: lambda c: c.engine.walks,
        objects.VEH_CALLS: lambda c: frozenset(c.engine.calls),
        objects.PED_CALLS: lambda _: frozenset(),
        objects.PHASE_ONS: lambda c: frozenset(c.engine.on),
        objects.PHASE_NEXTS: lambda c: frozenset(c.engine.nexts.values()),
    }
    for group in range(1, count + 1):
        for column, list_phases in shown.items():
            yield Leaf(column.at(group), _mask_reader(group, list_phases))
        for column, name in zip(objects.PHASE_CONTROLS, _CONTROLS, strict=True):
            yield Leaf(column.at(group), _control_reader(group, name), _control_writer(group, name))
    for ring in range(1, 5):
        yield Leaf(objects.RING_STATUS.at(ring), lambda c, ring=ring: c.ring_status(ring))  # type: ignore[misc]


def _mask_reader(group: int, list_phases: Callable[[NtcipEmulator], frozenset[int]]) -> _Read:
    def read(controller: NtcipEmulator) -> int:
        mask = sum(1 << number - 1 for number in list_phases(controller))
        return mask >> objects.GROUP * (group - 1) & 0xFF

    return read


def _control_reader(group: int, name: str) -> _Read:
    return lambda c: c.masks[name] >> objects.GROUP * (group - 1) & 0xFF


def _control_writer(group: int, name: str) -> Callable[[NtcipEmulator, int], None]:
    def write(controller: NtcipEmulator, value: int) -> None:
        shift = objects.GROUP * (group - 1)
        controller.write(name, controller.masks[name] & ~(0xFF << shift) | value << shift)

    return write


def _detectors(count: int) -> Iterator[Leaf[NtcipEmulator]]:
    for group in range(1, (count + 7) // 8 + 1):
        yield Leaf(objects.DETECTORS_ACTIVE.at(group), _mask_reader(group, lambda c: c.detectors.active))
        yield Leaf(objects.DETECTORS_ALARM.at(group), lambda _: 0)
    for number in range(1, count + 1):
        yield Leaf(objects.DETECTOR_VOLUME.at(number), _report_reader(number, 0))
        yield Leaf(objects.DETECTOR_OCCUPANCY.at(number), _report_reader(number, 1))


def _report_reader(number: int, part: int) -> _Read:
    return lambda c: c.detectors.report(number)[part]


def _preempts(count: int) -> Iterator[Leaf[NtcipEmulator]]:
    for number in range(1, count + 1):
        yield Leaf(objects.PREEMPT_STATE.at(number), lambda c, number=number: c.preempt_state(number))  # type: ignore[misc]
        yield Leaf(
            objects.PREEMPT_CONTROL.at(number),
            lambda c, number=number: c.preempt_control.get(number, 0),  # type: ignore[misc]
            lambda c, value, number=number: c.write_preempt(number, value),  # type: ignore[misc]
            most=1,
        )
