"""A controller of protocol 3.0 in software: obeys, refuses and reports as the specification says, or as badly as told.

Its lamps and steps are ``step_engine``'s, its answers ``emulator_answers``'. Strategies count in their order: rail, VIP
route, police, phase control, time of day. An order ends by itself: 5F10's by its minutes, 5F1C's by its seconds, both
where the commander acknowledges nothing any more. It obeys whoever speaks, as the protocol has it; ``commands`` keeps
what it obeyed and from whom.
"""

from __future__ import annotations

import math
import random
from collections import OrderedDict, deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from signals.hardware.field_emulator import Happening, Peer
from signals.hardware.utc_v3.emulator_answers import Answers
from signals.hardware.utc_v3.every_device import ClockWasOff, HardwareStatus, PowerFailed, StatusReport, WasReset
from signals.hardware.utc_v3.exchange import Exchange, Heard, Outcome
from signals.hardware.utc_v3.link import ACK, DLE, FrameReader, LinkProfile
from signals.hardware.utc_v3.messages import Info, encode_info
from signals.hardware.utc_v3.misbehaviour import Misbehaviour, Obeyed
from signals.hardware.utc_v3.profile import STANDARD, VendorProfile
from signals.hardware.utc_v3.roc_clock import read_taipei_clock
from signals.hardware.utc_v3.signal_controller import (
    STEPS,
    Actuated,
    Panel,
    PanelUsed,
    Reached,
    SpecialStep,
    Step,
    Strategy,
)
from signals.hardware.utc_v3.signal_data import DatabaseChanged
from signals.hardware.utc_v3.step_engine import StepEngine
from signals.hardware.utc_v3.sub_phases import derive_sub_phases
from signals.model import Intersection, Lamp
from signals.timing_plan import TimingPlan

__all__ = ["Misbehaviour", "Obeyed", "UtcV3Emulator"]
MOST_PEERS = 8
_MOST_QUEUED = 24  # messages to one peer; more, and nobody is listening
_CYCLE_S = {1: 1.0, 2: 2.0, 3: 5.0, 4: 60.0, 5: 300.0}
_RAIL = 0x08  # 5F09: what was actuated, bit 3
_BASICS_CHANGED = 0x04
_FLASHING = {SpecialStep.CONFLICT_FLASH, SpecialStep.PANEL_FLASH}


class _Line:
    """One peer's link."""

    def __init__(self, address: int, link: LinkProfile, answer_s: float, sequence: int) -> None:
        self.exchange = Exchange(address, link, answer_s=answer_s, sequence=sequence)
        self.reader = FrameReader(link)
        self.is_open = False  # until it has said something


class _Regularly:
    """A report's turn, by the codes of 5F3F and 0F14."""

    def __init__(self) -> None:
        self._at_s = math.inf

    def schedule(self, at_s: float) -> None:
        """From this moment on."""
        self._at_s = at_s

    def is_due(self, cycle: int, now_s: float, *, has_changed: bool) -> bool:
        """Whether it is told now; at once when it has been scheduled."""
        is_first = now_s >= self._at_s - 1e-6
        if cycle not in _CYCLE_S:
            self._at_s = math.inf
            return (is_first or has_changed) and cycle == 0
        if math.isinf(self._at_s):
            self._at_s = now_s + _CYCLE_S[cycle]
        elif is_first:
            self._at_s = max(self._at_s + _CYCLE_S[cycle], now_s)
        return is_first


class UtcV3Emulator:
    """Implements ``EmulatedController``. ``clock``: what its clock shows at the start; ``directions``: of each
    approach, as in ``derive_sub_phases``.
    """

    def __init__(
        self,
        intersection: Intersection,
        plan: TimingPlan,
        address: int = 1,
        profile: VendorProfile = STANDARD,
        misbehaviour: Misbehaviour = Misbehaviour(),  # noqa: B008  (frozen)
        *,
        clock: datetime | None = None,
        directions: Mapping[int, int] | None = None,
    ) -> None:
        self._address, self._profile, self._misbehaviour = address, profile, misbehaviour
        self.link = LinkProfile(
            profile.link.stuffs and misbehaviour.stuffs, profile.link.has_bcd_address or misbehaviour.has_bcd_address
        )
        held = derive_sub_phases(intersection, plan, directions, can_skip=profile.can_skip)
        self.engine = StepEngine(intersection, held, plan.limits, can_skip=profile.can_skip, late_s=misbehaviour.late_s)
        self.engine.ignores_min_green = misbehaviour.ignores_min_green or not profile.enforces_min_green
        self._answers = Answers(self, held, profile, misbehaviour)
        self._random = random.Random(misbehaviour.seed)  # noqa: S311  (losses, not secrets)
        self._lines: OrderedDict[Peer, _Line] = OrderedDict()
        self._clock = clock or read_taipei_clock()
        self._passed_s = 0.0  # since it was made, of a clock that power cuts do not stop
        self.uptime_s = 0.0
        self.commands: deque[Obeyed] = deque(maxlen=2000)
        self.status = HardwareStatus.CONNECTED | HardwareStatus.READY
        self._told: tuple[int, int] | None = None
        self._steps, self._lamps, self._health = _Regularly(), _Regularly(), _Regularly()
        self._commander: Peer | None = None
        self._befallen: Happening | None = None

    def receive(self, data: bytes, peer: Peer) -> None:
        """Bytes of one peer; nothing while the power is off."""
        if self.engine.is_dark:
            return
        line = self._find_line(peer)
        for found in line.reader.feed(data):
            event = line.exchange.take(found, self._passed_s)
            if isinstance(event, Heard):
                line.is_open = True
                self._answers.hear(event.info, peer)

    def tick(self, seconds: float) -> None:
        """Let its own time pass."""
        was_dark = self.engine.is_dark
        was_starting = self.engine.special is SpecialStep.START_UP
        self._passed_s += seconds
        self.uptime_s += seconds
        self.engine.tick(seconds)
        if was_dark and not self.engine.is_dark:
            self.uptime_s = 0.0
        if was_starting and self.engine.special is None:
            self._tell_restart()
        self._note_fault()
        self._answers.expire()
        if not self.engine.is_dark:
            self._report()

    def due(self) -> list[tuple[Peer, bytes]]:
        """Frames for its peers."""
        if self.engine.is_dark:
            return []
        written = []
        for peer, line in self._lines.items():
            frames, given_up = line.exchange.due(self._passed_s)
            written += [(peer, frame) for frame in frames if not self._is_lost(frame)]
            if any(sent.outcome is Outcome.UNANSWERED for sent in given_up):
                self._lose(peer, line)
        return written

    def happen(self, what: Happening) -> None:
        """Let something befall it; ``CLEAR`` ends the last that lasts."""
        if what is Happening.CLEAR:
            self._clear()
            return
        lasting: Happening | None = what
        match what:
            case Happening.RAIL:
                self._outrank(Strategy.ACTUATED)
                self.tell(Actuated(_RAIL, b""))
                self.engine.dwell = 1
            case Happening.PREEMPT:
                self._outrank(Strategy.VIP_ROUTE)
                self.engine.dwell = self.engine.sub_phase
            case Happening.POLICE:
                self._outrank(Strategy.POLICE)
                self.engine.is_frozen = True
            case Happening.PANEL_FLASH | Happening.PANEL_ALL_RED:
                is_flash = what is Happening.PANEL_FLASH
                self.tell(PanelUsed(Panel.FLASH if is_flash else Panel.ALL_RED))
                self._answers.let_go()
                self.engine.panel = SpecialStep.PANEL_FLASH if is_flash else Step.ALL_RED
            case Happening.CONFLICT:
                self.engine.burn_wrongly()
                self._note_fault()
            case Happening.LAMP_FAULT:
                self.change_status(HardwareStatus.LAMP, on=True)
            case Happening.POWER_CYCLE:
                self._restart()
                self.engine.cut_power()
                lasting = self._befallen
            case Happening.DATA_CHANGED:
                self._answers.alter(1)
                self.tell(DatabaseChanged(_BASICS_CHANGED, None))
        self._befallen = lasting

    def list_lamps(self) -> tuple[Lamp, ...]:
        """What each movement is shown; red for all while the lamps flash or are dark."""
        return self.engine.list_lamps()

    @property
    def now(self) -> datetime:
        """What its clock shows."""
        return self._clock + timedelta(seconds=self._passed_s)

    def set_clock(self, to: datetime) -> None:
        """Somebody sets its clock."""
        self._clock = to - timedelta(seconds=self._passed_s)

    @property
    def passed_s(self) -> float:
        """Seconds since it was made, whatever happened to its power."""
        return self._passed_s

    def tell(self, info: Info, peer: Peer | None = None) -> None:
        """Queue a message for one peer, or all that listen; who does not take what he is sent gets no more."""
        lines = [self._lines[peer]] if peer is not None else [line for line in self._lines.values() if line.is_open]
        for line in lines:
            if line.exchange.waiting < _MOST_QUEUED:
                line.exchange.send(encode_info(info))

    def note_command(self, peer: Peer, info: Info) -> None:
        """It has obeyed."""
        self.commands.append(Obeyed(self.uptime_s, peer, info))
        self._commander = peer

    def schedule_reports(self, kind: int) -> None:
        """Tell lamps or steps now, and then as often as is set."""
        (self._steps if kind == STEPS else self._lamps).schedule(self._passed_s)

    def reset(self) -> None:
        """As 0F10 asks: three seconds of all-red in the middle of the street."""
        self._restart()
        self.engine.restart()

    def change_status(self, bit: HardwareStatus, *, on: bool) -> None:
        """Set or clear a bit of the hardware's health, and tell."""
        before = self.status
        self.status = self.status | bit if on else self.status & ~bit
        if self.status != before:
            self.tell(StatusReport(int(self.status)))

    def _clear(self) -> None:
        """What lasted is over: back to the plan, after a flash through the start-up."""
        before, self._befallen = self._befallen, None
        self._answers.end_outranking()
        self.engine.dwell, self.engine.is_frozen = None, False
        self.change_status(HardwareStatus.LAMP, on=False)
        if before is Happening.DATA_CHANGED:
            self._answers.alter(0)
            self.tell(DatabaseChanged(_BASICS_CHANGED, None))
        if self.engine.panel is not None:
            self.tell(PanelUsed(Panel.RESTORED))
        is_stopped = self.engine.special in _FLASHING or (self.engine.panel is Step.ALL_RED and self.engine.is_cleared)
        self.engine.panel = None
        if is_stopped:
            self.change_status(HardwareStatus.SIGNAL_CONFLICT, on=False)
            self.engine.restart()

    def _outrank(self, strategy: Strategy) -> None:
        self._answers.outrank(strategy)
        self.engine.order = None

    def _note_fault(self) -> None:
        if self.engine.special is SpecialStep.CONFLICT_FLASH:
            self.change_status(HardwareStatus.SIGNAL_CONFLICT, on=True)
            self._answers.let_go()

    def _restart(self) -> None:
        """Everything that was told to it and is not kept is forgotten; what was on its way is lost."""
        self._answers.forget()
        for line in self._lines.values():
            line.exchange.cancel()
            line.reader.reset()
        self.status = HardwareStatus.CONNECTED | HardwareStatus.READY
        self.uptime_s, self._told, self._commander = 0.0, None, None
        self._steps, self._lamps, self._health = _Regularly(), _Regularly(), _Regularly()

    def _tell_restart(self) -> None:
        """In the order of the specification, 0F10; the clock has gone on."""
        self.tell(StatusReport(int(self.status)))
        self.tell(ClockWasOff(0))
        at = self.now
        self.tell(PowerFailed(at.month, at.day, at.hour, at.minute))
        self.tell(self._answers.report_lamps())
        self.tell(WasReset())

    def _report(self) -> None:
        """5F0C when an order has been reached; 5F03, 5F0F and 0F04 as often as is set."""
        place = (self.engine.sub_phase, self.engine.step)
        order = self.engine.order
        if order is not None and self._answers.is_awaited and place == (order.sub_phase, Step.GREEN):
            self._answers.reach()
            self.tell(Reached(self._answers.strategy, *place))
        has_changed, self._told = self._told != place, place
        if self._steps.is_due(self._answers.step_cycle, self._passed_s, has_changed=has_changed):
            self._tell_newest(self._answers.report_step())
        if self._lamps.is_due(self._answers.lamp_cycle, self._passed_s, has_changed=has_changed):
            self._tell_newest(self._answers.report_lamps())
        if self._health.is_due(self._answers.status_cycle, self._passed_s, has_changed=False):
            self._tell_newest(StatusReport(int(self.status)))

    def _tell_newest(self, report: Info) -> None:
        """To all that listen; who lags behind gets the newest later, and not all that he missed."""
        for peer, line in self._lines.items():
            if line.is_open and line.exchange.waiting <= 1:
                self.tell(report, peer)

    def _find_line(self, peer: Peer) -> _Line:
        if peer not in self._lines:
            while len(self._lines) >= MOST_PEERS:
                silent = (known for known, line in self._lines.items() if not line.is_open)
                del self._lines[next(silent, next(iter(self._lines)))]
            sequence = self._random.randrange(256)
            self._lines[peer] = _Line(self._address, self.link, self._profile.answer_s, sequence)
        self._lines.move_to_end(peer)
        return self._lines[peer]

    def _lose(self, peer: Peer, line: _Line) -> None:
        """Five times nothing: it is disconnected; if it commanded, the plan takes over (specification, chapter 2)."""
        line.exchange.cancel()
        line.is_open = False
        if peer == self._commander:
            self._commander = None
            self._answers.lapse()

    def _is_lost(self, frame: bytes) -> bool:
        return frame[:2] == bytes((DLE, ACK)) and self._random.random() < self._misbehaviour.loses_acks
