"""What happened at an intersection, in the words of the high-resolution event log that ATSPM tools read.

Codes: Purdue/INDOT, Traffic Signal Hi-Resolution Data Logger Enumerations (2012), as UDOT's measures use them. A phase
is a signal group (``j2735.groups``), so that log, SPaT and MAP number alike; a detector is its place in the layout,
from 1. Reports come once a second and are stamped when they come. Nothing is made up: of what was not seen, as after a
loss of the connection, there is no event, and a lamp that nobody knows changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, IntEnum

from signals.hardware.j2735.groups import SignalGroup, list_shown
from signals.model import Detector, DetectorKind, IntervalKind, Lamp, RoadUser
from signals.ports import Advance, Command, Hold, Mode, Readings, SignalState
from signals.timing_plan import TimingPlan

GAP_S = 3.0  # between reports; after a longer one, what happened in it was not seen
FAULT_AFTER = 5  # readings in a row that did not come
MOST_PER_S = 20  # vehicles over one detector in a second; more is a fault of the detector
RAIL_PREEMPT, OTHER_PREEMPT = 1, 2
_WHOLE = 0.999  # of a second


class EventCode(IntEnum):
    """The codes that are written here, of the many that there are."""

    PHASE_ON = 0
    BEGIN_GREEN = 1
    MAX_OUT = 5
    FORCE_OFF = 6
    GREEN_TERMINATION = 7
    BEGIN_YELLOW = 8
    END_YELLOW = 9
    BEGIN_RED_CLEARANCE = 10
    END_RED_CLEARANCE = 11
    PHASE_INACTIVE = 12
    PREEMPT_FORCE_OFF = 20
    BEGIN_WALK = 21
    BEGIN_PED_CLEARANCE = 22
    BEGIN_DONT_WALK = 23
    HOLD_ON = 41
    HOLD_OFF = 42
    DETECTOR_OFF = 81
    DETECTOR_ON = 82
    DETECTOR_RESTORED = 83
    DETECTOR_FAULT = 84
    PED_DETECTOR_OFF = 89
    PED_DETECTOR_ON = 90
    PREEMPT_CALL_ON = 102
    PREEMPT_CALL_OFF = 104
    PREEMPT_ENTRY = 105
    PATTERN = 131
    CYCLE = 132
    OFFSET = 133
    UNIT_CONTROL = 155
    FLASH_STATUS = 173
    MANUAL = 178


# unitControlStatus and unitFlashStatus of NTCIP 1202: other, system control, manual, time base; other, not flashing
_CONTROL = {Mode.REMOTE: 2, Mode.LOCAL: 6, Mode.MANUAL: 5}
_CONTROL_OTHER, _FLASHES, _FLASHES_NOT = 1, 1, 2
_PREEMPTS = {Mode.RAIL: RAIL_PREEMPT, Mode.PREEMPTED: OTHER_PREEMPT}


@dataclass(frozen=True, slots=True)
class Event:
    """One row: a moment with its time zone, a code and what it is about."""

    at: datetime
    code: int
    parameter: int


class _Part(Enum):
    """Where a phase is; those on foot know only the first three."""

    RED = 0
    GREEN = 1
    CLEARING = 2  # yellow; walkers' clearance
    RED_CLEARANCE = 3


class EventMaker:
    """Turns successive reports, commands and readings of one intersection into events; every call returns its own."""

    def __init__(self, plan: TimingPlan, groups: Sequence[SignalGroup], detectors: Sequence[Detector] = ()) -> None:
        self._plan, self._groups = plan, tuple(groups)
        self._size = 1 + max((m for group in groups for m in group.movements), default=-1)
        self._watchers = [_DetectorWatcher(number, detector) for number, detector in enumerate(detectors, 1)]
        self._parts: dict[int, _Part] = {}
        self._held: set[int] = set()
        self._last: SignalState | None = None
        self._last_at: datetime | None = None
        self._target: int | None = None
        self._pattern: dict[EventCode, int] = {}

    def watch(self, state: SignalState, at: datetime) -> list[Event]:
        """What has happened since the last report, in its order; of the first one, only who is in control."""
        if self._last_at is not None and not timedelta(0) <= at - self._last_at <= timedelta(seconds=GAP_S):
            self.forget()
        found = self._watch_mode(state)
        lamps = list_shown(self._plan, state, self._size)
        for group in self._groups:
            shown = {lamps[m] for m in group.movements}
            lamp = shown.pop() if len(shown) == 1 else None
            if lamp is not None:
                found += self._watch_group(group, lamp, state)
        found += self._watch_clearances(state)
        if state.interval is IntervalKind.GREEN and state.stage == self._target:
            self._target = None
        self._last, self._last_at = state, at
        return _stamp(at, found)

    def forget(self) -> None:
        """Nobody has seen what happened since the last report; the next one is the first again."""
        self._parts.clear()
        self._held.clear()
        self._last = self._last_at = self._target = None

    def note_command(self, command: Command, at: datetime) -> list[Event]:
        """A command that was sent to the cabinet; while a change plays it holds nothing and changes no cause."""
        is_changing = self._last is not None and self._last.interval is not IntervalKind.GREEN
        if is_changing and isinstance(command, Hold):
            return []
        if not is_changing:
            self._target = command.stage if isinstance(command, Advance) else None
        if not isinstance(command, Hold):
            return _stamp(at, [self._let_go(number) for number in sorted(self._held)])
        drivers = [group.number for group in self._groups if group.user is RoadUser.VEHICLE]
        new = [n for n in drivers if self._parts.get(n) is _Part.GREEN and n not in self._held]
        self._held.update(new)
        return _stamp(at, [(EventCode.HOLD_ON, number) for number in new])

    def note_pattern(self, pattern: int, cycle_s: float, offset_s: float, at: datetime) -> list[Event]:
        """Which timing pattern runs, as NTCIP numbers them (254: free), its cycle and offset in whole seconds."""
        told = {EventCode.PATTERN: pattern, EventCode.CYCLE: round(cycle_s), EventCode.OFFSET: round(offset_s)}
        new = [(code, value) for code, value in told.items() if self._pattern.get(code) != value]
        self._pattern = told
        return _stamp(at, new)

    def note_readings(self, readings: Readings, at: datetime) -> list[Event]:
        """What the detectors say of the second before ``at``; detectors that have no reading are passed over."""
        events: list[Event] = []
        for watcher, count, occupied, is_fresh in zip(
            self._watchers, readings.count, readings.occupied_s, readings.is_fresh, strict=False
        ):
            events += watcher.note(int(count), float(occupied), is_fresh=bool(is_fresh), at=at)
        return sorted(events, key=lambda event: event.at)

    def _watch_mode(self, state: SignalState) -> list[tuple[EventCode, int]]:
        before = self._last.mode if self._last else None
        if state.mode is before:
            return []
        found = [(EventCode.UNIT_CONTROL, _CONTROL.get(state.mode, _CONTROL_OTHER))]
        if before is Mode.REMOTE:
            found = [*(self._let_go(number) for number in sorted(self._held)), *found]
        if before in _PREEMPTS:
            found.append((EventCode.PREEMPT_CALL_OFF, _PREEMPTS[before]))
        if state.mode in _PREEMPTS:
            number = _PREEMPTS[state.mode]
            found += [(EventCode.PREEMPT_CALL_ON, number), (EventCode.PREEMPT_ENTRY, number)]
        for mode, code, on, off in (
            (Mode.FLASH, EventCode.FLASH_STATUS, _FLASHES, _FLASHES_NOT),
            (Mode.MANUAL, EventCode.MANUAL, 1, 0),
        ):
            if mode in (state.mode, before):
                found.append((code, on if state.mode is mode else off))
        return found

    def _watch_group(self, group: SignalGroup, lamp: Lamp, state: SignalState) -> list[tuple[EventCode, int]]:
        n, before = group.number, self._parts.get(group.number)
        is_walk = group.user is RoadUser.PEDESTRIAN
        if before is None:
            self._parts[n] = _Part.GREEN if lamp.is_green else _Part.CLEARING if lamp is Lamp.YELLOW else _Part.RED
            return []
        found: list[tuple[EventCode, int]] = []
        if lamp.is_green and before is not _Part.GREEN:
            found = self._finish(n, before, is_walk=is_walk)
            begun = (EventCode.BEGIN_WALK,) if is_walk else (EventCode.PHASE_ON, EventCode.BEGIN_GREEN)
            found += [(code, n) for code in begun]
            self._parts[n] = _Part.GREEN
        elif not lamp.is_green and before is _Part.GREEN:
            found = self._end_green(group, lamp, state)
        elif before is _Part.CLEARING and lamp is not Lamp.YELLOW and not is_walk:
            found = [(EventCode.END_YELLOW, n), (EventCode.BEGIN_RED_CLEARANCE, n)]
            self._parts[n] = _Part.RED_CLEARANCE
        return found

    def _end_green(self, group: SignalGroup, lamp: Lamp, state: SignalState) -> list[tuple[EventCode, int]]:
        """A green has ended; one that went straight to red had a yellow that nobody saw."""
        n = group.number
        if group.user is RoadUser.PEDESTRIAN:
            self._parts[n] = _Part.CLEARING
            return [(EventCode.BEGIN_PED_CLEARANCE, n)]
        found = [self._let_go(n)] if n in self._held else []
        cause = self._find_cause(state)
        found += [(code, n) for code in (cause, EventCode.GREEN_TERMINATION) if code is not None]
        if lamp is Lamp.YELLOW:
            self._parts[n] = _Part.CLEARING
            return [*found, (EventCode.BEGIN_YELLOW, n)]
        self._parts[n] = _Part.RED
        return [*found, (EventCode.PHASE_INACTIVE, n)]

    def _find_cause(self, state: SignalState) -> EventCode | None:
        """Who ended a green: we, a train or an emergency, or the plan; None where it was somebody by hand."""
        if state.mode in _PREEMPTS:
            return EventCode.PREEMPT_FORCE_OFF
        if state.mode.outranks:
            return None
        goes_to = state.stage if state.interval is IntervalKind.GREEN else state.target
        is_ours = self._target is not None and goes_to == self._target and state.mode is Mode.REMOTE
        return EventCode.FORCE_OFF if is_ours else EventCode.MAX_OUT

    def _watch_clearances(self, state: SignalState) -> list[tuple[EventCode, int]]:
        """Clearances end with the change, walkers' also with the interval that is called so."""
        is_over = state.interval is IntervalKind.GREEN
        if state.mode.outranks:  # what it says of its interval may be old
            is_over = any(part is _Part.GREEN for part in self._parts.values())
        last = self._last.interval if self._last else None
        walks_end = last is IntervalKind.PED_CLEARANCE and state.interval is not IntervalKind.PED_CLEARANCE
        found: list[tuple[EventCode, int]] = []
        for group in self._groups:
            part, is_walk = self._parts.get(group.number), group.user is RoadUser.PEDESTRIAN
            is_clearing = part is (_Part.CLEARING if is_walk else _Part.RED_CLEARANCE)
            if part is not None and is_clearing and (is_over or (is_walk and walks_end)):
                found += self._finish(group.number, part, is_walk=is_walk)
                self._parts[group.number] = _Part.RED
        return found

    @staticmethod
    def _finish(number: int, part: _Part, *, is_walk: bool) -> list[tuple[EventCode, int]]:
        """The events that end whatever part a phase is in."""
        if is_walk:
            return [(EventCode.BEGIN_DONT_WALK, number)] if part is _Part.CLEARING else []
        ends = [EventCode.END_YELLOW] if part is _Part.CLEARING else []
        ends += [EventCode.END_RED_CLEARANCE] if part is _Part.RED_CLEARANCE else []
        return [(code, number) for code in (*ends, EventCode.PHASE_INACTIVE)] if ends else []

    def _let_go(self, number: int) -> tuple[EventCode, int]:
        self._held.discard(number)
        return EventCode.HOLD_OFF, number


class _DetectorWatcher:
    """On and off of one detector, from counts and occupancies of whole seconds.

    Every vehicle counted is one on. When in the second it came is not told: they are spread evenly, and each stays its
    share of what was occupied. Whether the last one stayed longer only the next second tells, so that its off may be
    written a second late, with its own time. A detector that is found occupied though nobody was counted is on, too.
    """

    def __init__(self, number: int, detector: Detector) -> None:
        self._number = number
        is_button = detector.kind is DetectorKind.PUSH_BUTTON
        self._on_code = EventCode.PED_DETECTOR_ON if is_button else EventCode.DETECTOR_ON
        self._off_code = EventCode.PED_DETECTOR_OFF if is_button else EventCode.DETECTOR_OFF
        self._is_on, self._missing = False, 0
        self._leaves_at: datetime | None = None

    def note(self, count: int, occupied: float, *, is_fresh: bool, at: datetime) -> list[Event]:
        """The events of the second that ends at ``at``."""
        if not is_fresh:
            self._missing += 1
            return self._fail(at) if self._missing == FAULT_AFTER else []
        begin = at - timedelta(seconds=1)
        events = [Event(_to_tenth(begin), EventCode.DETECTOR_RESTORED, self._number)] * (self._missing >= FAULT_AFTER)
        self._missing = 0
        share = min(max(occupied, 0.0), 1.0) if math.isfinite(occupied) else 0.0
        count = min(max(count, 0), MOST_PER_S)
        if self._is_on:
            events += self._watch_leaving(count, share, begin)
        elif count == 0 and share >= _WHOLE:
            events.append(self._switch(begin, on=True))
        return events + self._watch_coming(count, share, begin)

    def _watch_leaving(self, count: int, share: float, begin: datetime) -> list[Event]:
        """The off of whoever was on the detector at the end of the last second, unless he is still there."""
        is_still = count == 0 and share > 0.0
        if is_still and share >= _WHOLE:
            self._leaves_at = None
            return []
        left_at = begin + timedelta(seconds=share) if is_still else self._leaves_at or begin
        return [self._switch(left_at, on=False)]

    def _watch_coming(self, count: int, share: float, begin: datetime) -> list[Event]:
        events = []
        slot = 1.0 / max(count, 1)
        for k in range(count):
            stays_s = min(max(0.1, min(share * slot, slot - 0.1)), 0.95 - k * slot)
            leaves_at = begin + timedelta(seconds=k * slot + stays_s)
            events.append(self._switch(begin + timedelta(seconds=k * slot), on=True))
            if k < count - 1:
                events.append(self._switch(leaves_at, on=False))
            elif share < _WHOLE:
                self._leaves_at = leaves_at
        return events

    def _fail(self, at: datetime) -> list[Event]:
        events = [self._switch(self._leaves_at or at, on=False)] if self._is_on else []
        return [*events, Event(_to_tenth(at), EventCode.DETECTOR_FAULT, self._number)]

    def _switch(self, at: datetime, *, on: bool) -> Event:
        self._is_on, self._leaves_at = on, None
        return Event(_to_tenth(at), self._on_code if on else self._off_code, self._number)


def _to_tenth(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 100_000 * 100_000)


def _stamp(at: datetime, found: Iterable[tuple[int, int]]) -> list[Event]:
    moment = _to_tenth(at)
    return [Event(moment, int(code), parameter) for code, parameter in found]
