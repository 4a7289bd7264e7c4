"""The driver of protocol 3.0: watches a controller, and leads it where the guard wants while it is engaged.

It listens from the first byte on, and reads what safety hangs on: command set, clock, strategy, running plan, bounds,
phase order. It lets go at once, and stays disengaged, when somebody who outranks us comes, when the panel is used or a
fault told, when the controller refuses, restarts, has been altered, shows other lamps than the plan's, or does what
nobody has told it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from signals.hardware.field_driver import FieldNote, NoteKind, NotEngaged
from signals.hardware.utc_v3 import every_device as common
from signals.hardware.utc_v3 import signal_controller as control
from signals.hardware.utc_v3 import signal_data as kept
from signals.hardware.utc_v3.allowed import encode_allowed, is_command
from signals.hardware.utc_v3.every_device import HardwareStatus
from signals.hardware.utc_v3.facts import Facts
from signals.hardware.utc_v3.layout import BadParameter
from signals.hardware.utc_v3.link import MangledFrame, Message, decode_frame
from signals.hardware.utc_v3.messages import Info, decode_info
from signals.hardware.utc_v3.profile import STANDARD, VendorProfile
from signals.hardware.utc_v3.roc_clock import read_taipei_clock, to_fields
from signals.hardware.utc_v3.signal_controller import BeginEnd, Panel, SpecialStep, Strategy
from signals.hardware.utc_v3.sub_phases import derive_sub_phases
from signals.hardware.utc_v3.take_over import TO_PLAN, TakeOver
from signals.hardware.utc_v3.talk import Ended, Said, Talk
from signals.hardware.utc_v3.watch import FIRST_SPECIAL, Watch
from signals.model import Intersection
from signals.ports import Capabilities, Mode, Release, SignalState
from signals.safety.command import SafeCommand, StaleCommandError, unseal
from signals.timing_plan import TimingPlan

FORGOTTEN_S = 10.0  # of silence, after which everything is read anew
LAG_S = 3.0  # a report is a second old, orders are a second apart, and each has its own way
_REPEATED = (control.SetStrategy, common.SetCommandSet, common.SetClock)
ONE_RESTART_S = 15.0  # a controller tells of a restart in several messages
_STEPS_AGAIN_S = 5.0
_WAITS_S = 0.1
_OURS_LATELY_S = 30.0
_MOST_NOTES = 2000
_RAIL = 0x08
_COMMANDS = (control.SetStrategy.CODE, control.GoTo.CODE)


class UtcV3Driver:
    """Implements ``FieldDriver``. ``directions``: of each approach, as in ``derive_sub_phases``. ``wall_clock``: what
    time it is in Taiwan; where nobody gives one, that of this machine when the driver is made, counted on by the clock
    whose seconds the calls name.

    Raises:
        CannotExpress: the plan has no form in protocol 3.0.
    """

    def __init__(
        self,
        intersection: Intersection,
        plan: TimingPlan,
        address: int,
        profile: VendorProfile = STANDARD,
        *,
        directions: Mapping[int, int] | None = None,
        wall_clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._profile = profile
        self._held = derive_sub_phases(intersection, plan, directions, can_skip=profile.can_skip)
        self.capabilities = Capabilities(can_skip=profile.can_skip, lag_s=LAG_S)
        self._facts = Facts(self._held, profile)
        self._watch = Watch(self._held, profile, self._facts)
        self._take_over = TakeOver(self._held, profile, self._watch, self._facts, self._note, self._tell_time)
        self._talk = Talk(address, profile)
        self._notes: deque[FieldNote] = deque(maxlen=_MOST_NOTES)
        self._wall_clock, self._made_at, self._first_s = wall_clock, read_taipei_clock(), float("nan")
        self._now_s = float("-inf")
        self._due_s = float("-inf")
        self._is_lost, self._lost_at_s = True, float("inf")
        self._restarted_s = self._commanded_s = float("-inf")
        self._asks_fact = False

    def receive(self, data: bytes, now_s: float) -> None:
        """Bytes from the controller."""
        self._pass(now_s)
        self._handle(self._talk.receive(data, self._now_s))

    def due(self, now_s: float) -> list[bytes]:
        """Acknowledgements, and one question or command at a time."""
        self._pass(now_s)
        self._due_s = self._now_s
        if not self._is_lost and not self._watch.is_fresh(self._now_s):
            self._is_lost = True
            self._lost_at_s = self._now_s
            self._note(NoteKind.LOST, "it does not report its steps any more")
            self._take_over.lose()
        if self._is_lost:
            self._ask_for_steps()
            if self._now_s - self._lost_at_s > FORGOTTEN_S:  # what stood there may stand there no more
                self._take_over.disengage("nothing is heard of it", NoteKind.DROPPED, is_silent=True)
                self._facts.forget()
                self._lost_at_s = float("inf")
        asked = self._talk.asked
        if not self._take_over.is_engaged and isinstance(asked, _REPEATED) and asked != TO_PLAN:
            self._handle(self._talk.abandon())  # or the link layer would go on taking the cabinet over
        written: list[bytes] = []
        for _ in range(2):  # what has ended in silence, then what is asked instead
            frames, told = self._talk.due(self._now_s)
            written += frames
            self._handle(told)
            if self._talk.is_free:
                self._ask()
        return written

    def find_command(self, data: bytes) -> bytes | None:
        """Every message but a question and the wish for reports; no acknowledgement is one."""
        try:
            frame = decode_frame(data, self._profile.link)
            is_one = isinstance(frame, Message) and is_command(decode_info(frame.info))
        except (MangledFrame, BadParameter):
            is_one = True
        return data if is_one else None

    @property
    def wakes_at_s(self) -> float:
        """When ``due`` has something to say again."""
        wakes_s = self._talk.wakes_at_s
        if self._talk.is_free:
            waits_s = self._due_s + _WAITS_S if self._take_over.is_waiting else float("inf")
            others_s = min(self._facts.wakes_at_s, self._take_over.wakes_at_s, waits_s, self._due_s + 1.0)
            wakes_s = min(wakes_s, max(others_s, self._due_s + _WAITS_S / 2.0))
        return wakes_s

    def read_state(self) -> SignalState:
        """What the controller showed when it last reported a step.

        Raises:
            NotConnected: more than ``STALE_S`` ago, or never; or it has not told who times it.
        """
        return self._watch.build_state(self._now_s, self._mode, self._take_over.target)

    def apply(self, command: SafeCommand) -> None:
        """Queue a command.

        Raises:
            NotEngaged: nobody has engaged the driver.
            UnsafeCommandError: it has not passed the guard.
        """
        try:
            wanted = unseal(command, self._watch.uptime_s(self._now_s))
        except StaleCommandError as error:
            self._note(NoteKind.DROPPED, str(error))
            return
        if isinstance(wanted, Release):
            self._take_over.release(is_silent=self._mode.outranks)
            return
        if not self._take_over.is_engaged:
            raise NotEngaged(f"{wanted}: the controller has not been taken over")
        self._take_over.want(command, self._now_s)

    def list_obstacles(self) -> tuple[str, ...]:
        """Why the controller must not be commanded now."""
        found = []
        if not self._watch.is_fresh(self._now_s):
            found.append("It does not report its steps (5F3F, 5F03).")
        if self._watch.wrong_lamps:
            found.append(self._watch.wrong_lamps)
        if self._mode.outranks:
            found.append(f"It is in the hand of somebody else: {self._mode.value}.")
        return (*found, *self._facts.list_obstacles(is_engaged=self._take_over.is_engaged))

    def engage(self) -> None:
        """Take the controller over; what it does not confirm, disengages.

        Raises:
            NotEngaged: there are obstacles.
        """
        if obstacles := self.list_obstacles():
            raise NotEngaged(obstacles[0])
        if not self._take_over.is_engaged:
            self._take_over.engage(self._now_s)

    def disengage(self, reason: str) -> None:
        """Hand the controller back, and only watch."""
        self._take_over.disengage(reason, is_silent=self._mode.outranks)

    @property
    def is_engaged(self) -> bool:
        """Whether commands are taken."""
        return self._take_over.is_engaged

    def take_notes(self) -> tuple[FieldNote, ...]:
        """What has happened since the last call."""
        notes = tuple(self._notes)
        self._notes.clear()
        return notes

    def reset_link(self, now_s: float) -> None:
        """The socket is a new one."""
        self._pass(now_s)
        self._handle(self._talk.reset())
        self._facts.ask_soon("steps")

    @property
    def _mode(self) -> Mode:
        is_led, is_ours = self._take_over.is_led(self._now_s), self._take_over.is_ours(self._now_s)
        return self._watch.find_mode(is_led=is_led, is_ours=is_ours)

    def _pass(self, now_s: float) -> None:
        self._now_s = max(self._now_s, now_s)
        if self._first_s != self._first_s:  # NaN: the first call
            self._first_s = self._now_s

    def _read_clock(self, at_s: float) -> datetime:
        if self._wall_clock is not None:
            return self._wall_clock() - timedelta(seconds=self._now_s - at_s)
        return self._made_at + timedelta(seconds=at_s - self._first_s)

    def _tell_time(self) -> common.SetClock:
        return common.SetClock(*to_fields(self._read_clock(self._now_s)))

    def _ask_for_steps(self) -> None:
        if self._facts.steps_asked_s <= self._now_s - _STEPS_AGAIN_S:
            self._facts.ask_soon("steps")

    def _ask(self) -> None:
        """One message, if there is one to send: commands before questions."""
        info = self._take_over.choose(self._now_s)
        self._asks_fact = info is None
        if info is None:
            info = self._facts.choose(self._now_s)
        if info is None:
            return
        data = encode_allowed(info, self._profile, self._held.count)
        if is_command(info):
            self._note(NoteKind.SENT, f"{info}", data)
            self._commanded_s = self._now_s
        if not self._asks_fact:
            self._take_over.sent(info, self._now_s)
        self._talk.ask(info, data, self._now_s)

    def _handle(self, told: list[Said | Ended]) -> None:
        for one in told:
            if isinstance(one, Said):
                self._hear(one.info)
            elif self._asks_fact:
                asked_at, now = self._read_clock(self._facts.asked_at_s), self._read_clock(self._now_s)
                self._facts.take(one, self._now_s, asked_at, now)
                if isinstance(one.answer, control.StrategyReport):
                    self._take_over.see_strategy(one.answer.strategy, self._now_s)
            else:
                self._take_over.take(one, self._now_s)
            self._look()

    def _hear(self, info: Info) -> None:
        """What the controller says by itself."""
        match info:
            case control.StepReport():
                self._see_step(info)
            case control.StrategyChanged(strategy, began):
                self._facts.note_strategy(strategy, has_begun=began != BeginEnd.END)
                if self._facts.strategy is not None:
                    self._take_over.see_strategy(self._facts.strategy, self._now_s)
            case control.StrategyReport(strategy):
                self._facts.strategy = strategy
                self._take_over.see_strategy(strategy, self._now_s)
            case control.Actuated(actuation) if actuation & _RAIL:
                self._facts.note_strategy(int(Strategy.ACTUATED), has_begun=True)
            case control.PanelUsed(operation):
                known = Panel(operation) if operation in set(Panel) else Panel.MANUAL
                self._watch.panel = None if known is Panel.RESTORED else known
            case control.Reached(_, sub_phase, step):
                self._watch.reach(sub_phase, step, self._now_s)
                self._take_over.see_reached(sub_phase, self._now_s)
            case common.StatusReport(status):
                self._facts.status = HardwareStatus(status)
            case common.WasReset() | common.PowerFailed() | kept.DatabaseWanted():
                self._restart()
            case kept.DatabaseChanged(database):
                self._note(NoteKind.CHANGED, f"somebody has altered its data ({database:#04x})")
                self._take_over.disengage("its data have been altered", NoteKind.CHANGED)
                self._facts.forget()
            case common.ClockChanged() | common.ClockWasOff():
                self._facts.ask_soon("clock")
            case common.Rejected(command) if command in _COMMANDS:
                self._take_over.disengage("the cabinet refuses a command, late", NoteKind.REFUSED)
            case common.Done(command) if command in _COMMANDS:
                if self._now_s - self._commanded_s > _OURS_LATELY_S:
                    self._note(NoteKind.FOREIGN, f"it has obeyed a {command:04X} that we have not sent")
                    self._take_over.disengage("somebody else commands it", NoteKind.FOREIGN)

    def _see_step(self, report: control.StepReport) -> None:
        if not self._watch.take(report, self._now_s):
            self._note(NoteKind.CHANGED, f"it reports step {report.step} of sub-phase {report.sub_phase}")
            self._take_over.disengage("it reports a step that its plan has not", NoteKind.CHANGED)
            return
        if self._is_lost:
            self._is_lost = False
            self._note(NoteKind.FOUND, "it reports its steps")
            self._facts.ask_soon("strategy")
        running = self._facts.running
        if running is not None and report.phase_order != running.phase_order:
            self._facts.ask_soon("running")
        if report.step == SpecialStep.START_UP:
            self._restart()
        elif report.step < FIRST_SPECIAL and self._watch.place is not None:
            self._take_over.see(self._watch.place, self._now_s)

    def _restart(self) -> None:
        """It has restarted: its seconds begin anew, and nothing that was read of it counts. Told once."""
        self._take_over.disengage("it has restarted", NoteKind.RESTARTED, is_silent=True)
        if self._now_s - self._restarted_s > ONE_RESTART_S:
            self._restarted_s = self._now_s
            self._watch.restart(self._now_s)
            self._facts.status = HardwareStatus(0)
            self._note(NoteKind.RESTARTED, "it has restarted")
        self._facts.forget()

    def _look(self) -> None:
        """Let go where the newest message is a reason to."""
        if not self._take_over.is_engaged:
            return
        mode = self._mode
        if mode.outranks:
            kind = NoteKind.FOREIGN if mode in (Mode.FLASH, Mode.FAULT) else NoteKind.YIELDED
            self._take_over.disengage(f"outranked: {mode.value}", kind, is_silent=True)
        elif self._watch.wrong_lamps:
            self._take_over.disengage(self._watch.wrong_lamps, NoteKind.CHANGED)
        elif not self._take_over.is_settling and (obstacle := next(self._facts.list_obstacles(), "")):
            self._take_over.disengage(obstacle, NoteKind.CHANGED)

    def _note(self, kind: NoteKind, text: str, data: bytes = b"") -> None:
        self._notes.append(FieldNote(kind, text, data))
