"""One intersection in the roadside process: supervisor, driver, arming, lease and log, joined.

A command passes, in this order: the guard (is it safe?), the arming (has a person allowed it?), and at the socket, for
each datagram that commands, the lease and its fence (are we the commander?) and the log (it is on record before it is
on the wire; what cannot be logged is not sent). What the driver tells of the cabinet goes to the log as well, and
whatever means that the cabinet is not what we took it for takes the level down to shadow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from signals.hardware.field_driver import FieldDriver, FieldNote, NoteKind, NotEngaged
from signals.ports import Advance, Capabilities, Clock, Hold, Release, SignalState
from signals.runtime.audit_log import AuditLogError
from signals.runtime.commander import Commander
from signals.runtime.outlets import Outlets
from signals.safety.arming import Arming, Level
from signals.safety.command import SafeCommand
from signals.safety.supervisor import StepReport

Say = Callable[[str], None]
ENGAGE_AGAIN_S = 5.0
FAREWELL_S = 3.0  # how long a release may need to get through
_DISTURBING = (NoteKind.FOREIGN, NoteKind.REFUSED, NoteKind.RESTARTED, NoteKind.CHANGED)
_DISTURBING_REFUSALS = ("disagreement", "clock_skew")
_NOT_NOW = ("outranked", "yielding", "disagreement", "clock_skew")
MOST_LET_GO, LET_GO_S = 3, 600.0
UNHEARD_S = 60.0  # after which nobody knows what stands there


class Record(Protocol):
    """Where the log is kept."""

    def add(self, record: Mapping[str, Any]) -> None:
        """Append one record."""
        ...


class Loop(Protocol):
    """A supervisor, whatever it sees with."""

    def step(self) -> StepReport:
        """One second of control."""
        ...


class Gate:
    """The controller that the supervisor sees: the driver while it commands, and nobody otherwise."""

    def __init__(self, driver: FieldDriver) -> None:
        self._driver = driver
        self.is_open = False

    @property
    def capabilities(self) -> Capabilities:
        """What the cabinet can do."""
        return self._driver.capabilities

    def read_state(self) -> SignalState:
        """What the cabinet shows now."""
        return self._driver.read_state()

    def apply(self, command: SafeCommand) -> None:
        """Pass it on, or keep it: in shadow and advisory nothing is sent."""
        if self.is_open and self._driver.is_engaged:
            self._driver.apply(command)


@dataclass(slots=True)
class Counts:
    """What a station counts for whoever measures."""

    steps: int = 0
    advances: int = 0
    commands: int = 0
    withheld: int = 0
    disarmed: int = 0


class Station:
    """One intersection. ``step`` is called each second; ``witness`` by the feed for all that is to be written."""

    def __init__(
        self,
        name: str,
        driver: FieldDriver,
        gate: Gate,
        loop: Loop,
        arming: Arming,
        commander: Commander,
        clock: Clock,
        record: Record,
        say: Say,
        outlets: Outlets | None = None,
    ) -> None:
        self.name, self.driver, self.arming, self.commander = name, driver, arming, commander
        self._gate, self._loop, self._clock, self._record, self._say = gate, loop, clock, record, say
        self._outlets, self._has_left, self._has_yielded = outlets, False, False
        self._let_go_s: deque[float] = deque(maxlen=MOST_LET_GO)
        self._unheard_since_s = clock.now_s()
        self.report: StepReport | None = None
        self.counts, self.refusals = Counts(), dict[str, int]()
        self._trouble = self._objection = self._obstacle = ""
        self._engage_at_s = self._leaves_until_s = float("-inf")
        commander.wants = lambda: self.needs_lease
        self._last_intent: object = None

    @property
    def needs_lease(self) -> bool:
        """Whether somebody here would command, or is just handing back."""
        return self.arming.level is Level.ARMED or self._clock.now_s() < self._leaves_until_s

    @property
    def is_commanding(self) -> bool:
        """Whether what is decided now is sent."""
        return self._gate.is_open and self.driver.is_engaged

    def step(self) -> StepReport:
        """One second: take over or hand back as arming and lease have it, then decide."""
        self._settle()
        report = self.report = self._loop.step()
        self.counts.steps += 1
        self._tell(report)
        if self._outlets is not None:
            sent = (report.applied,) if report.applied and self.is_commanding else ()
            self._outlets.tell(report, sent)
        if report.state is not None:
            self._unheard_since_s = self._clock.now_s()
        elif self._clock.now_s() - self._unheard_since_s > UNHEARD_S:
            self._disturb(f"nothing was heard of the cabinet for {UNHEARD_S:g} s")
        if report.refusal:
            self.refusals[report.refusal.code] = self.refusals.get(report.refusal.code, 0) + 1
            if report.refusal.code in _DISTURBING_REFUSALS:
                self._disturb(report.refusal.message)
        return report

    def request(self, level: Level, who: str, why: str) -> str | None:
        """A person's wish for another level; the refusal in words, or None. Both are on record."""
        now_s = self._clock.now_s()
        if self._has_left and level > Level.SHADOW:
            return "the process ends"
        refusal = self.arming.ask(level, self.driver.list_obstacles(), now_s, why)
        wish = {"event": "level", "asked": level.name.lower(), "who": who, "why": why, "refusal": refusal or ""}
        if not self._log({**wish, "level": self.arming.level.name.lower()}) and refusal is None:
            self.arming.disturb("nothing can be logged", now_s)
            refusal = "the log cannot be written; nothing is armed without it"
        self._say(f"{self.name}: {self.arming.level.name.lower()}" + (f"; refused: {refusal}" if refusal else ""))
        self._settle()
        return refusal

    def leave(self, reason: str) -> bool:
        """Hand back for good: no wish is heard any more. Whether the cabinet was commanded until now."""
        self._has_left = True
        return self.hand_back(reason)

    def hand_back(self, reason: str) -> bool:
        """Release the cabinet to its local plan and only watch; whether it was commanded until now."""
        was_open, self._gate.is_open = self._gate.is_open, False
        if was_open:
            self._leaves_until_s = self._clock.now_s() + FAREWELL_S
            self.driver.disengage(reason)
        return was_open

    def witness(self, due: list[bytes]) -> list[bytes]:
        """What of these datagrams may be written; commands are on record when this returns."""
        disarmed = self.counts.disarmed
        words = [self._hear(note) for note in self.driver.take_notes()]
        intents = "; ".join(word for word in words if word)
        is_void = self.counts.disarmed > disarmed  # what was drawn before that must not go out after it
        read = ((data, self.driver.find_command(data)) for data in due)
        return [d for d, command in read if command is None or (not is_void and self._let_pass(command, intents))]

    def _let_pass(self, data: bytes, intents: str) -> bool:
        """Whether a datagram that commands may be written: we are the commander, and it is on record."""
        is_leaving = self._clock.now_s() < self._leaves_until_s
        objection = None if self._gate.is_open or is_leaving else "the intersection is not armed"
        objection = objection or self.commander.find_objection()
        event = {"event": "refused" if objection else "sent", "text": intents, "bytes": data.hex()}
        if objection:
            event["why"] = objection
        is_logged = self._log({**event, "token": self.commander.token})
        if not is_logged:
            self._disturb("the log cannot be written")
        if is_logged or objection:  # a log that failed has said so itself
            self._object(objection or "")
        passes = (is_logged or is_leaving) and objection is None  # what only hands back is not kept for want of a log
        self.counts.commands += passes
        self.counts.withheld += not passes
        return passes

    def _hear(self, note: FieldNote) -> str:
        """Put a note on record; the words of one that is about to be sent, for the record of its bytes."""
        if note.kind is NoteKind.SENT:
            return note.text
        self._log({"event": note.kind.value, "text": note.text, **({"bytes": note.data.hex()} if note.data else {})})
        self._has_yielded |= note.kind is NoteKind.YIELDED
        if note.kind in _DISTURBING:
            self._disturb(f"{note.kind.value}: {note.text}")
        return ""

    def _settle(self) -> None:
        """Engage or hand back, as arming and lease have it."""
        is_armed, now_s = self.arming.level is Level.ARMED and not self._has_left, self._clock.now_s()
        should = is_armed and self.commander.is_held
        if self._gate.is_open and not should:
            self.hand_back("the lease has gone" if is_armed else self.arming.why)
        elif should and not self.is_commanding and now_s >= self._engage_at_s:
            if not self._is_calm() or self._lets_go_too_often(now_s):
                return
            self._engage_at_s = now_s + ENGAGE_AGAIN_S  # taking over may take seconds itself
            try:
                self.driver.engage()
            except NotEngaged as error:
                if str(error) != self._obstacle:
                    self._obstacle = str(error)
                    self._log({"event": "not engaged", "why": self._obstacle})
                    self._say(f"{self.name}: not taken over: {self._obstacle}")
                return
            self._obstacle, self._gate.is_open = "", True
            self._log({"event": "engaged", "token": self.commander.token})
            self._say(f"{self.name}: takes the cabinet over (token {self.commander.token})")

    def _is_calm(self) -> bool:
        """Whether the cabinet reports, and the guard has nothing against it: a train may just have gone."""
        report = self.report
        refused = report.refusal.code if report and report.refusal else ""
        return report is not None and report.state is not None and refused not in _NOT_NOW

    def _lets_go_too_often(self, now_s: float) -> bool:
        """Whether the driver has let go by itself, but for those who outrank us, so often that a person has to look."""
        if not self._gate.is_open:
            return False
        if self._has_yielded:
            self._has_yielded = False
            return False
        self._let_go_s.append(now_s)
        if len(self._let_go_s) < MOST_LET_GO or now_s - self._let_go_s[0] > LET_GO_S:
            return False
        self._disturb(f"the cabinet was let go {MOST_LET_GO} times in {LET_GO_S:g} s")
        return True

    def _disturb(self, why: str) -> None:
        if self.arming.disturb(why, self._clock.now_s()):
            self.counts.disarmed += 1
            self._say(f"{self.name}: DISARMED to shadow: {why}")
            self._log({"event": "disarmed", "why": why})
            self.hand_back(why)

    def _tell(self, report: StepReport) -> None:
        """Changes of trouble, and every intent that differs from the one before."""
        if report.trouble != self._trouble:
            self._say(f"{self.name}: {report.trouble or 'the cabinet answers again'}")
            self._log({"event": "trouble", "text": report.trouble})
            self._trouble = report.trouble
        intent = report.applied
        stage = report.state.stage if report.state else None
        key = (type(intent), stage) if isinstance(intent, Hold) else intent
        if intent is None or key == self._last_intent:
            return
        self._last_intent = key
        why = report.refusal.message if report.refusal else report.line
        words = _describe(intent, stage)
        self._log({"event": "intent", "level": self.arming.level.name.lower(), "command": words, "why": why})
        if isinstance(intent, Advance):
            self.counts.advances += 1
            kept = "" if self.is_commanding else f" ({self.arming.level.name.lower()}, not sent)"
            self._say(f"{self.name} {self._clock.now_s():.0f} s: {words}{kept}  {why}".rstrip())

    def _object(self, objection: str) -> None:
        if objection and objection != self._objection:
            self._say(f"{self.name}: commands are withheld: {objection}")
        self._objection = objection

    def _log(self, event: Mapping[str, Any]) -> bool:
        try:
            self._record.add({"intersection": self.name, **event})
        except (OSError, AuditLogError, ValueError) as error:
            self._object(f"the log cannot be written: {error}")
            return False
        return True


def _describe(command: Hold | Advance | Release, stage: int | None) -> str:
    match command:
        case Hold():
            return f"hold stage {stage}"
        case Advance(target):
            return f"advance to stage {target}"
        case Release(reason):
            return f"release ({reason})" if reason else "release"
