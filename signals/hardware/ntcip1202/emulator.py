"""A controller that speaks NTCIP 1202 and times its own phases: what stands at the other end of ``NtcipDriver``'s wire.

It obeys phaseControlGroup and systemPatternControl as the standard says, or as badly as ``Misbehaviour`` tells it to;
enforces minimum greens and clearances itself; goes back to the coordinated pattern of its own time base when nobody has
set a control object for unitBackupTime; and has a conflict monitor. In flash, dark or while it starts, ``list_lamps``
says red for everybody: nobody has a right of way from a signal then. One tick is played in tenths of a second.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from signals.hardware.field_emulator import Happening, Peer
from signals.hardware.ntcip1202.agent import Agent
from signals.hardware.ntcip1202.emulated_detectors import EmulatedDetectors
from signals.hardware.ntcip1202.emulated_objects import build_view
from signals.hardware.ntcip1202.local_pattern import LocalPattern, lead_to
from signals.hardware.ntcip1202.objects import (
    FLASH_PATTERN,
    FREE_PATTERN,
    RELEASED_PATTERN,
    ControlStatus,
    FlashStatus,
    PreemptState,
    to_items,
)
from signals.hardware.ntcip1202.phases import PhaseTable, derive_phases
from signals.hardware.ntcip1202.profile import NtcipProfile
from signals.hardware.ntcip1202.ring_engine import Aspect, Controls, RingEngine
from signals.hardware.ntcip1202.snmp import Version
from signals.model import Intersection, Lamp
from signals.safety.conflicts import find_conflict
from signals.timing_plan import TimingPlan

BACKUP_S = 5
START_DS = 60  # all red after power or flash, as NEMA TS 2 section 3.9.1.1 lets a controller start
MOST_OBEYED, MOST_WAITING = 1000, 256
_OWN_PATTERN = 1
_RESTART_SHOWN_S = 10.0
_RINGS = 4


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """What this controller does that it should not; ``slow_s``: how long a control object takes to have an effect."""

    only_v1: bool = False
    lost_share: float = 0.0
    slow_s: float = 0.0
    ignores_force_off: bool = False
    ignores_hold: bool = False
    seed: int = 1


@dataclass(frozen=True, slots=True)
class ObeyedSet:
    """A SET that was obeyed: when by the controller's own count, from whom, and what it set."""

    uptime_s: float
    peer: Peer
    values: tuple[tuple[tuple[int, ...], int], ...]


class NtcipEmulator:
    """Implements ``EmulatedController``. ``clock_s``: what its clock says at the start, seconds since 1970 (UTC)."""

    def __init__(
        self,
        intersection: Intersection,
        plan: TimingPlan,
        profile: NtcipProfile | None = None,
        misbehaviour: Misbehaviour | None = None,
        *,
        detectors: int = 0,
        clock_s: float | None = None,
    ) -> None:
        self.profile = profile or NtcipProfile()
        self.misbehaviour = misbehaviour or Misbehaviour()
        self._intersection, self._plan = intersection, plan
        self._own_table = self.profile.table or derive_phases(intersection, plan)
        self.engine = RingEngine(self._own_table, intersection)
        self._pattern = LocalPattern(plan, self._own_table)
        self.everyone = self._own_table.everyone
        self.detectors = EmulatedDetectors(detectors)
        versions = frozenset({Version.V1}) if self.misbehaviour.only_v1 else frozenset(Version)
        self._agent: Agent[NtcipEmulator] = Agent(
            build_view(len(self._own_table.phases), self.profile.preempts, detectors, self.profile.objects),
            self.profile.read_community,
            self.profile.write_community,
            frozenset(int(version) for version in versions),
        )
        self._random = random.Random(self.misbehaviour.seed)  # noqa: S311  (bad lines, not secrets)
        self._clock_s = time.time() if clock_s is None else clock_s
        self._rest_s = 0.0
        self._uptime_ds = self._lived_ds = 0  # the clock lives through a power cycle
        self._outbox: deque[tuple[Peer, bytes]] = deque(maxlen=MOST_WAITING)
        self.obeyed: deque[ObeyedSet] = deque(maxlen=MOST_OBEYED)
        self.backup_time_s, self.operational_mode = BACKUP_S, 0
        self.masks = _no_masks()
        self.preempt_control: dict[int, int] = {}
        self.system_pattern = self.system_sync_s = 0
        self._silent_ds: int | None = None  # since a control object was set; none was since the last backup
        self._is_backup = self._is_manual = self._is_stopped = self._has_lamp_fault = False
        self._effects: deque[tuple[int, dict[str, int], int]] = deque()
        self._obeys, self._obeys_pattern = _no_masks(), RELEASED_PATTERN
        self._flash: FlashStatus | None = None
        self._starts_in_ds = 0
        self._has_restarted = False
        self._preempted: int | None = None
        self._judged: frozenset[int] = frozenset()

    def receive(self, data: bytes, peer: Peer) -> None:
        """One datagram; it is answered, or not, with the next ``due``."""
        reply, written = self._agent.answer(self, data)
        if written is not None:
            self.obeyed.append(ObeyedSet(self.uptime_s, peer, written.values))
        if reply is not None and self._random.random() >= self.misbehaviour.lost_share:
            self._outbox.append((peer, reply))

    def due(self) -> list[tuple[Peer, bytes]]:
        """The answers."""
        answers = list(self._outbox)
        self._outbox.clear()
        return answers

    def tick(self, seconds: float) -> None:
        """Let time pass, in whole tenths; what is left over counts with the next."""
        self._rest_s += seconds
        while self._rest_s >= 0.1 - 1e-9:
            self._rest_s -= 0.1
            self._step()

    def list_lamps(self) -> tuple[Lamp, ...]:
        """What each movement is shown now; red where no lamps burn, or all flash."""
        count = len(self._intersection.movements)
        if self._flash is not None or self._starts_in_ds:
            return (Lamp.RED,) * count
        engine = self.engine
        lamps = engine.table.show(engine.greens, engine.yellows, engine.walks, count)
        stage = engine.table.stage_of(engine.greens) if engine.is_steady else None
        if stage is None:
            return lamps
        arrows = self._plan.stages[stage].stop_then_go
        return tuple(max(lamp, Lamp.STOP_THEN_GO) if m in arrows else lamp for m, lamp in enumerate(lamps))

    def happen(self, what: Happening) -> None:
        """Let something befall it; what needs the whole intersection ends the greens as they have to end."""
        match what:
            case Happening.RAIL:
                self._preempted = min(self.profile.rail_preempts, default=1)
            case Happening.PREEMPT:
                others = set(range(1, self.profile.preempts + 1)) - self.profile.rail_preempts
                self._preempted = min(others, default=1)
            case Happening.POLICE:
                self._is_manual = True
            case Happening.PANEL_FLASH:
                self._start_flash(FlashStatus.LOCAL_MANUAL)
            case Happening.PANEL_ALL_RED:
                self._is_stopped = True
            case Happening.CONFLICT:  # the monitor is faster than a tenth of a second: nobody sees both lamps
                self._start_flash(FlashStatus.MMU)
            case Happening.LAMP_FAULT:
                self._has_lamp_fault = True
            case Happening.POWER_CYCLE:
                self._power_cycle()
            case Happening.DATA_CHANGED:
                first = self._own_table.phases[0]
                changed = replace(first, yellow_ds=first.yellow_ds + 5)
                self.engine.load(PhaseTable((changed, *self._own_table.phases[1:]), self._own_table.stages))
            case Happening.CLEAR:
                self._clear()

    def _clear(self) -> None:
        self._preempted, self._is_manual, self._is_stopped, self._has_lamp_fault = None, False, False, False
        self.preempt_control.clear()
        self.engine.load(self._own_table)
        if self._flash is not None:
            self._flash, self._starts_in_ds = None, START_DS

    def write(self, name: str, value: int) -> None:
        """A SET of one object; a control object winds the dead-man timer up."""
        if name == "backup_time_s":
            self.backup_time_s = value
            return
        if name == "operational_mode":
            self.operational_mode = value
            return
        if name == "volume_period_s":
            self.detectors.period_s = value
            return
        if name == "system_pattern":
            self.system_pattern = value
        elif name == "system_sync_s":
            self.system_sync_s = value
        else:
            self.masks[name] = value
        self._wind_up()
        self._effects.append(
            (self._uptime_ds + round(10 * self.misbehaviour.slow_s), dict(self.masks), self.system_pattern)
        )
        if len(self._effects) > MOST_OBEYED:
            self._effects.popleft()

    def write_preempt(self, number: int, value: int) -> None:
        """A SET of preemptControlState."""
        self.preempt_control[number] = value
        self._preempted = next((n for n, on in sorted(self.preempt_control.items()) if on), None)
        self._wind_up()

    def _wind_up(self) -> None:
        self._silent_ds, self._is_backup = 0, False

    @property
    def uptime_s(self) -> float:
        """Its own count of seconds since it was switched on."""
        return self._uptime_ds / 10

    @property
    def clock_s(self) -> float:
        """What its clock says, seconds since 1970 (UTC)."""
        return self._clock_s + self._lived_ds / 10

    @property
    def control_status(self) -> int:
        """unitControlStatus: who times it."""
        if self._is_manual or self._is_stopped:
            return ControlStatus.MANUAL
        if self._is_backup:
            return ControlStatus.BACKUP
        is_led = self.operational_mode == 0 and self.system_pattern != RELEASED_PATTERN
        return ControlStatus.SYSTEM_CONTROL if is_led else ControlStatus.TIME_BASE

    @property
    def flash_status(self) -> int:
        """unitFlashStatus: whether it flashes, and why."""
        if self._flash is not None:
            return self._flash
        return FlashStatus.START_UP if self._starts_in_ds else FlashStatus.NOT_FLASHING

    @property
    def pattern_status(self) -> int:
        """coordPatternStatus: its own pattern, free, or flash."""
        if self._flash is not None:
            return FLASH_PATTERN
        return FREE_PATTERN if self._is_free else _OWN_PATTERN

    @property
    def alarm_1(self) -> int:
        """unitAlarmStatus1: flash by the monitor or from the panel, free, coordinated."""
        by_monitor, by_hand = self._flash is FlashStatus.MMU, self._flash is FlashStatus.LOCAL_MANUAL
        return by_monitor << 4 | by_hand << 5 | self._is_free << 6 | (not self._is_free) << 7

    @property
    def alarm_2(self) -> int:
        """unitAlarmStatus2: power has come back, stop time."""
        return (self._has_restarted and self.uptime_s < _RESTART_SHOWN_S) | self._is_stopped << 4

    @property
    def short_alarm(self) -> int:
        """shortAlarmStatus: preemption, flash, something that is not critical, stop time."""
        flags = (self._preempted is not None, 0), (self._flash is not None, 1), (self._has_lamp_fault, 6)
        return sum(is_on << bit for is_on, bit in flags) | self._is_stopped << 7

    @property
    def cycle_second(self) -> int:
        """coordCycleStatus: the second of the cycle."""
        return int((self.clock_s - self._plan.offset_s) % self._plan.cycle_s)

    def preempt_state(self, number: int) -> int:
        """What one preemption does: preemptState."""
        if number != self._preempted:
            return PreemptState.NOT_ACTIVE
        is_there = self.engine.is_steady and self.engine.greens == self._own_table.stages[self._dwell]
        return PreemptState.DWELL if is_there else PreemptState.ENTRY_STARTED

    def ring_status(self, ring: int) -> int:
        """ringStatus: the interval of the ring's phase, bits 0 to 2."""
        for number, running in self.engine.on.items():
            phase = self.engine.table.phases[number - 1]
            if phase.ring == ring:
                if running.aspect is Aspect.GREEN:
                    return 0 if running.elapsed_ds < 10 * phase.min_green_s else 3
                return 4 if running.aspect is Aspect.YELLOW else 5
        return 6 if ring <= _RINGS else 7

    @property
    def _dwell(self) -> int:
        return self._plan.sequence[0].stage

    @property
    def _is_free(self) -> bool:
        leads = self._obeys_pattern if self.operational_mode == 0 else self.operational_mode
        return leads not in (RELEASED_PATTERN, _OWN_PATTERN, FLASH_PATTERN)

    def _step(self) -> None:
        self._uptime_ds += 1
        self._lived_ds += 1
        self._watch_silence()
        self.detectors.step()
        while self._effects and self._effects[0][0] <= self._uptime_ds:
            _, self._obeys, self._obeys_pattern = self._effects.popleft()
        leads = self._obeys_pattern if self.operational_mode == 0 else self.operational_mode
        if leads == FLASH_PATTERN and self._flash is None:
            self._start_flash(FlashStatus.AUTOMATIC)
        elif leads != FLASH_PATTERN and self._flash is FlashStatus.AUTOMATIC:
            self._flash, self._starts_in_ds = None, START_DS
        if self._flash is not None:
            return
        if self._starts_in_ds:
            self._starts_in_ds -= 1
            return
        ended = self.engine.step(self._list_told(), is_free=self._is_free and self._preempted is None)
        if ended:
            for masks in (self.masks, self._obeys, *(masks for _, masks, _ in self._effects)):
                masks["force_off"] &= ~sum(1 << number - 1 for number in ended)
        if self.engine.greens != self._judged:
            self._judged = self.engine.greens
            if find_conflict(self._intersection, self.list_lamps()) is not None:
                self._start_flash(FlashStatus.MMU)

    def _watch_silence(self) -> None:
        if self._silent_ds is None:
            return
        self._silent_ds += 1
        if self.backup_time_s and self._silent_ds >= 10 * self.backup_time_s:
            self._forget_controls()
            self._silent_ds, self._is_backup = None, True

    def _forget_controls(self) -> None:
        self.masks = _no_masks()
        self.system_pattern = self.system_sync_s = 0
        if any(self.preempt_control.values()):
            self._preempted = None
        self.preempt_control.clear()
        self._effects.clear()
        self._obeys, self._obeys_pattern = _no_masks(), RELEASED_PATTERN

    def _list_told(self) -> Controls:
        greens, everyone = self.engine.greens, self.everyone
        if self._is_stopped:
            return Controls(omit=everyone, vacate=everyone)
        if self._preempted is not None:
            told = lead_to(self._own_table, greens, self._dwell)
            return replace(told, vacate=greens - self._own_table.stages[self._dwell])
        if self._is_manual:
            return Controls(omit=everyone, hold=everyone)
        outside = self._read_masks()
        if self._is_free:
            recall = Controls(veh_call=everyone, ped_call=self._own_table.walked)
            return outside.with_others(recall)
        own = self._pattern.advise(self.engine, self.clock_s)
        return own if outside is _TOLD_NOTHING else outside.with_others(own)

    def _read_masks(self) -> Controls:
        if not any(self._obeys.values()):
            return _TOLD_NOTHING
        sets = {name: to_items((mask & 0xFF, mask >> 8)) for name, mask in self._obeys.items()}
        told = Controls(**sets)
        if self.misbehaviour.ignores_hold:
            told = replace(told, hold=frozenset())
        return replace(told, force_off=frozenset()) if self.misbehaviour.ignores_force_off else told

    def _start_flash(self, why: FlashStatus) -> None:
        self._flash, self._starts_in_ds = why, 0
        self.engine.clear()
        self._pattern.restart()

    def _power_cycle(self) -> None:
        self._forget_controls()
        self._uptime_ds, self._silent_ds, self._is_backup = 0, None, False
        self._flash, self._starts_in_ds, self._has_restarted = None, START_DS, True
        self.engine.clear()
        self._pattern.restart()


_TOLD_NOTHING = Controls()


def _no_masks() -> dict[str, int]:
    return dict.fromkeys(_MASKS, 0)


_MASKS: Mapping[str, None] = dict.fromkeys(("omit", "ped_omit", "hold", "force_off", "veh_call", "ped_call"))
