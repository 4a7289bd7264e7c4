"""What the emulated controller says to each message, and who times its signal.

A message is obeyed, answered, or refused with the bits of 0F81: no such message, too many or too few bytes, a value
that cannot be, a level that the command set excludes, a strategy that has no say now. What only a controller says is
not answered.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from signals.hardware.field_emulator import Peer
from signals.hardware.utc_v3 import every_device as common
from signals.hardware.utc_v3 import signal_controller as control
from signals.hardware.utc_v3 import signal_data as kept
from signals.hardware.utc_v3.every_device import Done, HardwareStatus, Rejected, Rejection
from signals.hardware.utc_v3.layout import BadParameter
from signals.hardware.utc_v3.messages import Info, Level, Unknown, decode_info
from signals.hardware.utc_v3.misbehaviour import Misbehaviour
from signals.hardware.utc_v3.profile import EffectTime, VendorProfile
from signals.hardware.utc_v3.roc_clock import to_datetime, to_fields
from signals.hardware.utc_v3.signal_controller import BeginEnd, Lamps, Step, Strategy
from signals.hardware.utc_v3.step_engine import Order, StepEngine
from signals.hardware.utc_v3.sub_phases import FACES, PHASE_ORDER, SubPhases

PLAN = 1
OUTRANKING = Strategy.ACTUATED | Strategy.VIP_ROUTE | Strategy.POLICE
NEVER = 0xFF
_FIRMWARE = (110, 6, 1, 1, 0x34)  # a date, a maker and a version
_CLOCK_MAY_BE_OFF_S = 3
_EXCLUDED = {Level.BASIC: 0, Level.ADVANCED: 2, Level.OPTIONAL: 3}  # the lowest command set with that level
_QUESTIONS = range(0x10, 0x70)  # the low byte of what a centre asks and sets; everything else is a device's to say


class Host(Protocol):
    """The controller around the answers."""

    engine: StepEngine
    status: HardwareStatus

    @property
    def now(self) -> datetime:
        """What its clock shows."""
        ...

    @property
    def passed_s(self) -> float:
        """Seconds that never go back."""
        ...

    def tell(self, info: Info, peer: Peer | None = None) -> None:
        """Say something to one peer or to all."""
        ...

    def note_command(self, peer: Peer, info: Info) -> None:
        """It has obeyed."""
        ...

    def set_clock(self, to: datetime) -> None:
        """Set its clock."""
        ...

    def schedule_reports(self, kind: int) -> None:
        """Tell lamps (1) or steps (2) now, and as often as is set."""
        ...

    def reset(self) -> None:
        """Restart."""
        ...


class Answers:
    """One controller's settings and strategy."""

    def __init__(self, host: Host, held: SubPhases, profile: VendorProfile, misbehaviour: Misbehaviour) -> None:
        self._host, self._held, self._profile, self._misbehaviour = host, held, profile, misbehaviour
        self._effect_time = misbehaviour.effect_time or profile.effect_time
        self.command_set = misbehaviour.command_set
        self.status_cycle, self.step_cycle, self.lamp_cycle = 4, NEVER, NEVER
        self.strategy, self._effect_min = int(Strategy.TIME_OF_DAY), 0
        self._strategy_until_s = self._order_until_s = math.inf
        self.is_awaited = False
        self._altered_s = 0
        obey: tuple[type[Info], ...] = (
            common.SetClock, common.SetCommandSet, common.SetStatusCycle, common.Reset, common.ResetCommunication,
            control.SetStrategy, control.GoTo, control.SetReportCycle,
        )  # fmt: skip
        tell: dict[type[Info], Callable[[Any], Info | Rejected]] = {
            common.QueryEquipment: lambda asked: common.EquipmentReport(asked.equipment, ()),
            common.SelfTest: lambda _: common.SelfTestReport(int(host.status)),
            common.QueryClock: lambda _: common.ClockReport(*to_fields(host.now)),
            common.QueryFirmware: lambda _: common.FirmwareReport(*_FIRMWARE, self.command_set),
            common.QueryStatusCycle: lambda _: common.StatusCycleReport(self.status_cycle),
            common.QuerySupport: self._tell_support,
            control.QueryStrategy: lambda _: control.StrategyReport(self.strategy, self._effect_min),
            control.QueryPosition: lambda _: self._report_position(),
            kept.QueryPhaseOrder: lambda asked: self._known(asked.phase_order == PHASE_ORDER, held.report_order()),
            kept.QueryPhaseSteps: lambda asked: self._known(asked.phase_order == PHASE_ORDER, held.report_steps()),
            kept.QueryBasics: lambda asked: self._known(asked.plan == PLAN, self._report_basics()),
            kept.QueryPlan: lambda asked: self._known(asked.plan == PLAN, self._report_plan()),
            kept.QueryRunningPlan: lambda _: held.report_plan(PLAN),
        }
        self._obeys, self._tells = frozenset(obey), tell

    def hear(self, info: bytes, peer: Peer) -> None:
        """One message of a peer."""
        code = int.from_bytes(info[:2], "big")
        if code & 0xFF not in _QUESTIONS:
            return
        try:
            asked = decode_info(info)
        except BadParameter as error:
            kind = Rejection.WRONG_LENGTH if error.is_length else Rejection.BAD_VALUE
            self._host.tell(Rejected(code, int(kind), min(255, error.parameter)), peer)
            return
        if refusal := self._find_refusal(asked):
            self._host.tell(Rejected(code, int(refusal), 0), peer)
        elif type(asked) in self._tells:
            answer = self._tells[type(asked)](asked)
            self._host.tell(replace(answer, command=code) if isinstance(answer, Rejected) else answer, peer)
        else:
            self._obey(asked, code, peer)

    def expire(self) -> None:
        """What was ordered for a time ends with it."""
        if self._is_led and self._host.passed_s >= min(self._strategy_until_s, self._order_until_s) - 1e-6:
            self.lapse()

    def lapse(self) -> None:
        """An order has ended by itself: back to the plan, and this is told."""
        if self._is_led:
            self.let_go()
            self._host.tell(control.StrategyReport(self.strategy, 0))

    def let_go(self) -> None:
        """Phase control ends."""
        if self._is_led:
            ended, self.strategy = self.strategy, int(Strategy.TIME_OF_DAY)
            self._host.tell(control.StrategyChanged(ended, BeginEnd.END))
        self._host.engine.order, self.is_awaited, self._effect_min = None, False, 0
        self._strategy_until_s = self._order_until_s = math.inf

    def outrank(self, strategy: Strategy) -> None:
        """Somebody before whom phase control gives way."""
        self.end_outranking()
        self._host.tell(control.StrategyChanged(int(strategy), BeginEnd.BEGIN))
        self.let_go()
        self.strategy = int(strategy)

    def end_outranking(self) -> None:
        """He has gone."""
        if self.strategy & OUTRANKING:
            ended, self.strategy = self.strategy, int(Strategy.TIME_OF_DAY)
            self._host.tell(control.StrategyChanged(ended, BeginEnd.END))
            self._host.tell(control.StrategyReport(self.strategy, 0))

    def forget(self) -> None:
        """After a restart: only what is kept in its data remains."""
        self.let_go()
        self.strategy = int(Strategy.TIME_OF_DAY)
        self.status_cycle, self.step_cycle, self.lamp_cycle = 4, NEVER, NEVER

    def alter(self, by_s: int) -> None:
        """Somebody alters the first sub-phase's minimum green at the panel."""
        self._altered_s = by_s

    def reach(self) -> None:
        """The step that was ordered runs."""
        self.is_awaited = False

    def report_step(self) -> control.StepReport:
        """5F03: the second counts up while somebody leads, else down."""
        engine = self._host.engine
        is_up = engine.order is not None or bool(self.strategy & OUTRANKING)
        second = int(engine.elapsed_s + 1e-6) if is_up else math.ceil(engine.remaining_s - 1e-6)
        return control.StepReport(
            PHASE_ORDER, self._held.signal_map, engine.sub_phase, engine.step, min(second, 0xFFFF), engine.list_faces()
        )

    def report_lamps(self) -> control.LampReport:
        """5F0F."""
        directions = [d for d in range(FACES) if self._held.signal_map >> d & 1]
        faces = dict(zip(directions, self._host.engine.list_faces(), strict=True))
        greens = Lamps.GREEN | Lamps.LEFT | Lamps.THROUGH | Lamps.RIGHT
        maps = [sum(1 << d for d, face in faces.items() if face & lamp) for lamp in (greens, Lamps.YELLOW, Lamps.RED)]
        return control.LampReport(self._held.signal_map, *maps)

    @property
    def _is_led(self) -> bool:
        return bool(self.strategy & Strategy.PHASE_CONTROL)

    def _find_refusal(self, asked: Info) -> Rejection:
        if isinstance(asked, Unknown):
            return Rejection.NO_SUCH_MESSAGE
        if asked.LEVEL is Level.OPTIONAL and self._misbehaviour.refuses_optional:
            return Rejection.NO_SUCH_MESSAGE
        if self.command_set < _EXCLUDED[asked.LEVEL]:
            return Rejection.EXCLUDED_BY_LEVEL
        return Rejection(0) if type(asked) in self._tells or type(asked) in self._obeys else Rejection.CANNOT_ANSWER

    def _obey(self, asked: Info, code: int, peer: Peer) -> None:
        answer: Info | None = Done(code)
        match asked:
            case common.SetClock():
                answer = self._set_clock(asked, code)
            case common.SetCommandSet(command_set):
                self.command_set = command_set
            case common.SetStatusCycle(cycle):
                self.status_cycle = cycle
            case common.ResetCommunication():
                answer = common.CommunicationWasReset()
            case common.Reset():
                answer = None
            case control.SetReportCycle(kind, cycle):
                if kind == control.STEPS:
                    self.step_cycle = cycle
                else:
                    self.lamp_cycle = cycle
                self._host.schedule_reports(kind)
            case control.SetStrategy():
                answer = self._set_strategy(asked, code)
            case control.GoTo():
                answer = self._go_to(asked, code)
        if not isinstance(answer, Rejected):
            self._host.note_command(peer, asked)
        if answer is not None:
            self._host.tell(answer, peer)
        else:
            self._host.reset()

    def _set_clock(self, asked: common.SetClock, code: int) -> Info:
        wanted = to_datetime(asked)
        if wanted is None:
            return Rejected(code, int(Rejection.BAD_VALUE), 3)
        off_s = abs((wanted - self._host.now).total_seconds())
        self._host.set_clock(wanted)
        return Done(code) if off_s <= _CLOCK_MAY_BE_OFF_S else common.ClockWasOff(min(128, int(off_s)))

    def _set_strategy(self, asked: control.SetStrategy, code: int) -> Info:
        if self._is_outranked:
            return Rejected(code, int(Rejection.CANNOT_ANSWER), 0)
        if asked.strategy == Strategy.TIME_OF_DAY:
            self.let_go()
            return Done(code)
        if asked.strategy != self._profile.strategy:
            return Rejected(code, int(Rejection.BAD_VALUE), 1)
        if not self._is_led:
            self.strategy = asked.strategy
            self._host.tell(control.StrategyChanged(self.strategy, BeginEnd.BEGIN))
        self._effect_min = asked.effect_min
        lasts_s = 60.0 * asked.effect_min if asked.effect_min else math.inf
        self._strategy_until_s = self._host.passed_s + lasts_s
        return Done(code)

    def _go_to(self, asked: control.GoTo, code: int) -> Info:
        engine, is_green = self._host.engine, self._host.engine.step == Step.GREEN
        if self._is_outranked or not self._is_led:
            return Rejected(code, int(Rejection.CANNOT_ANSWER), 0)
        sub_phase, step = asked.sub_phase, asked.step
        if (sub_phase, step, asked.effect_s) == (0, 0, 0):  # the next step, whichever that is
            sub_phase = self._held.follow(engine.sub_phase) if is_green else engine.sub_phase
        if not 1 <= sub_phase <= self._held.count:
            return Rejected(code, int(Rejection.BAD_VALUE), 1)
        if step not in (0, Step.GREEN):
            return Rejected(code, int(Rejection.BAD_VALUE), 2)
        is_here = sub_phase == engine.sub_phase and is_green
        until_s: float | None = None
        if self._effect_time is not EffectTime.DEADMAN:
            if not is_here and (step == Step.GREEN or not is_green):  # reserved; and no jump out of a clearance
                return Done(code) if step == Step.GREEN else Rejected(code, int(Rejection.CANNOT_ANSWER), 0)
            is_remaining = is_here and self._effect_time is EffectTime.REMAINING
            until_s = asked.effect_s + (engine.elapsed_s if is_remaining else 0.0)
        else:
            self._order_until_s = self._host.passed_s + (asked.effect_s or self._profile.effect_s)
        self.is_awaited |= engine.order is None or engine.order.sub_phase != sub_phase
        engine.order = Order(sub_phase, until_s)
        return Done(code)

    @property
    def _is_outranked(self) -> bool:
        engine = self._host.engine
        return bool(self.strategy & OUTRANKING) or engine.special is not None or engine.panel is not None

    def _tell_support(self, asked: common.QuerySupport) -> common.SupportReport:
        codes = {kind.CODE for kind in (*self._obeys, *self._tells)}
        return common.SupportReport(asked.command, int(asked.command not in codes))

    def _report_position(self) -> control.PositionReport:
        engine = self._host.engine
        if not self._is_led:
            return control.PositionReport(0, 0, 0, 0)
        left_s = 0.0 if engine.order is None else max(0.0, self._order_until_s - self._host.passed_s)
        left_s = engine.remaining_s if math.isinf(left_s) or engine.order is None else left_s
        return control.PositionReport(self.strategy, engine.sub_phase, engine.step, int(left_s))

    def _report_basics(self) -> kept.BasicsReport:
        first, *others = self._held.times
        first = replace(first, min_green_s=first.min_green_s + self._altered_s)
        return kept.BasicsReport(PLAN, (first, *others))

    def _report_plan(self) -> kept.PlanReport:
        running = self._held.report_plan(PLAN)
        return kept.PlanReport(PLAN, 0, PHASE_ORDER, running.greens_s, running.cycle_s, running.offset_s)

    @staticmethod
    def _known(is_known: bool, answer: Info) -> Info:  # noqa: FBT001  (a condition, read where it is called)
        return answer if is_known else Rejected(0, int(Rejection.BAD_VALUE), 1)
