"""``NtcipDriver``: one controller of NTCIP 1202 as a ``FieldDriver``, over SNMPv1 or v2c.

It polls status, reads the controller's data, and sets control objects and nothing else: hold, force-off, omit and calls
in one SET, refreshed within a third of unitBackupTime and only while somebody goes on commanding. It stops at once
where the controller is preempted, worked by hand, flashing or restarted, has gone back by itself, or has been set by
somebody else; it is for others to engage it again. Every answer is taken for as old as its question.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from math import inf

from signals.hardware.field_driver import STALE_S, FieldNote, NotConnected, NoteKind, NotEngaged
from signals.hardware.ntcip1202.asking import Asked, Asking, PollCount, Subject
from signals.hardware.ntcip1202.ber import MangledPacket
from signals.hardware.ntcip1202.counts import DetectorReports
from signals.hardware.ntcip1202.database import Database, list_shortcomings
from signals.hardware.ntcip1202.objects import ControlStatus
from signals.hardware.ntcip1202.orders import Orders, ReadBack
from signals.hardware.ntcip1202.phases import derive_phases
from signals.hardware.ntcip1202.poll import Head, Question, read_head, read_values
from signals.hardware.ntcip1202.profile import NtcipProfile
from signals.hardware.ntcip1202.snmp import ErrorStatus, Kind
from signals.hardware.ntcip1202.status import (
    Snapshot,
    StageWatch,
    find_mode,
    list_faults,
    list_status_names,
    read_snapshot,
    to_phases,
)
from signals.hardware.ntcip1202.take_over import RELEASED, bind_order, describe, write_set
from signals.model import Detector, Intersection, IntervalKind, Lamp
from signals.ports import Advance, Capabilities, Hold, Mode, Readings, Release, SignalState
from signals.safety.command import SafeCommand, StaleCommandError, unseal
from signals.timing_plan import TimingPlan

MOST_NOTES = 1000
FORGOTTEN_S = 10.0  # of silence
_BEFORE_COMMUNITY = 7  # bytes: two heads and the version
_WRAP_CS = 2**32  # sysUpTime begins anew after 497 days
_REORDERED_S = 3.0  # an answer to a question that was overtaken on its way tells of an earlier second, not of a restart


class NtcipDriver:
    """Implements ``FieldDriver`` and, where detectors are given, ``DetectorSource[Readings]``.

    ``detector_numbers``: the controller's number of each of ``detectors``. ``utc_s``: seconds since 1970, to hold the
    controller's clock against.

    Raises:
        NotExpressible: the plan has no phases that would play it.
        ValueError: detectors without numbers.
    """

    def __init__(
        self,
        intersection: Intersection,
        plan: TimingPlan,
        profile: NtcipProfile | None = None,
        detectors: tuple[Detector, ...] = (),
        detector_numbers: tuple[int, ...] = (),
        utc_s: Callable[[], float] = time.time,
    ) -> None:
        if len(detectors) != len(detector_numbers) or any(not 1 <= number <= 255 for number in detector_numbers):
            raise ValueError(f"{len(detectors)} detectors and the numbers {detector_numbers}: one of 1 to 255 for each")
        self._profile = profile = profile or NtcipProfile()
        self._plan, self._count, self._utc_s = plan, len(intersection.movements), utc_s
        self.table = profile.table or derive_phases(intersection, plan)
        self.capabilities = Capabilities(can_skip=profile.can_skip, lag_s=profile.poll_period_s + profile.timeout_s)
        self._shortcomings = tuple(list_shortcomings(self.table, plan)) if profile.table else ()
        self._question = Question(list_status_names(self.table, profile), profile.read_community, profile.version)
        self.polls = PollCount()
        self._reports = DetectorReports(detector_numbers, profile)
        self._detector_questions = tuple(
            Question(names, profile.read_community, profile.version) for names in self._reports.questions
        )
        self._database = Database(self.table, profile)
        self._asking = Asking(profile.timeout_s)
        self._orders = Orders(self.table, profile)
        self._watch = StageWatch(self.table)
        self._notes: deque[FieldNote] = deque(maxlen=MOST_NOTES)
        self._seen: Snapshot | None = None
        self._seen_number = self._restarts_cs = 0
        self._mode = Mode.LOCAL
        self._queued: SafeCommand | None = None
        self._is_engaged = self._is_lost = False
        self._unanswerable = ""
        self._refusal = ""
        self._now_s = self._polls_at_s = self._database_at_s = -inf

    @property
    def in_flight(self) -> int:
        """Requests that wait for an answer."""
        return len(self._asking)

    @property
    def is_engaged(self) -> bool:
        """Whether it commands."""
        return self._is_engaged

    def receive(self, data: bytes, now_s: float) -> None:
        """A datagram. What answers no question of ours is nothing."""
        self._now_s = max(self._now_s, now_s)
        try:
            head = read_head(data)
            asked = self._asking.find(head.request)
            if asked is None or head.kind != Kind.RESPONSE or head.version != self._profile.version:
                return
            profile = self._profile
            community = profile.write_community if asked.subject is Subject.ORDER else profile.read_community
            if head.community == community and now_s - asked.at_s < profile.timeout_s:
                self._take(data, head, asked)
        except MangledPacket:
            return

    def _take(self, data: bytes, head: Head, asked: Asked) -> None:
        if head.error:
            self._asking.close(head.request)
            self._take_error(head, asked)
            return
        values = read_values(data, head, asked.names)
        match asked.subject:
            case Subject.STATUS:
                if None in values:
                    self._unanswerable = f"The controller has no object {values.index(None) + 1} of its status."
                    return
                seen = read_snapshot(values, self.table.groups, asked.at_s)
                self._asking.close(head.request)
                self.polls.answered += 1
                self.polls.round_trip_s = self._now_s - asked.at_s
                if asked.number > self._seen_number:
                    self._seen_number = asked.number
                    self._unanswerable = ""
                    self._look(seen)
                return
            case Subject.DATABASE:
                if self._database.take(asked.names, values, self._utc_s()):
                    self._note(NoteKind.CHANGED, "the controller's data are not what they were")
                    self._yield("the controller's data have changed")
                self._database_at_s = self._now_s if not self._database.list_missing() else -inf
            case Subject.DETECTORS:
                self._reports.take(asked.part, values, self._now_s)
            case Subject.ORDER:
                self._orders.answered(self._now_s, is_obeyed=True)
        self._asking.close(head.request)

    def _take_error(self, head: Head, asked: Asked) -> None:
        words = ErrorStatus(head.error).name if head.error in _ERRORS else f"error {head.error}"
        if asked.subject is Subject.ORDER:
            self._refusal = f"The controller refuses to be set: {words} at binding {head.index}."
            self._note(NoteKind.REFUSED, self._refusal)
            self._orders.answered(self._now_s, is_obeyed=False)
            self._orders.release()
        elif asked.subject is Subject.STATUS:
            self._unanswerable = f"The controller does not tell its status: {words} at binding {head.index}."
        elif asked.subject is Subject.DATABASE:
            if 1 <= head.index <= len(asked.names):
                self._database.refuse(asked.names[head.index - 1])
            self._database_at_s = -inf

    def _look(self, seen: Snapshot) -> None:
        """Take a poll in: what it shows, whether it outranks us, and whether the last order was obeyed."""
        before = self._seen
        if before is not None:
            back_cs = before.ticks_cs - seen.ticks_cs
            if 0 < back_cs <= 100 * _REORDERED_S:
                return
            if back_cs > 0 and before.ticks_cs > _WRAP_CS - 6000 and seen.ticks_cs < 6000:
                self._restarts_cs += _WRAP_CS
            elif back_cs > 0:
                self._begin_anew()
        if self._is_lost:
            self._is_lost = False
            self._note(NoteKind.FOUND, "the controller answers again")
        self._seen = seen
        self._mode = find_mode(seen, self._profile)
        self._watch.update(seen, self._uptime_s(seen), self._orders.target)
        if self._is_engaged and self._mode.outranks:
            kind = NoteKind.FOREIGN if self._mode in (Mode.FLASH, Mode.FAULT) else NoteKind.YIELDED
            self._note(kind, f"the controller is under {self._mode.value}")
            self._yield(f"the controller is under {self._mode.value}")
        self._compare(seen)
        is_green, had_left = self._watch.interval is IntervalKind.GREEN, self._orders.has_left
        target = self._orders.target
        self._orders.follow(seen, self._watch.stage, is_green=is_green, now_s=self._now_s)
        if self._orders.has_left and not had_left and target is not None:
            is_right = target in (self._watch.target, self._watch.stage)
            words = f"stage {target} follows" if is_right else f"a green has ended, but stage {target} does not follow"
            self._note(NoteKind.CONFIRMED if is_right else NoteKind.FOREIGN, words)

    def _compare(self, seen: Snapshot) -> None:
        """Hold what was read back against what was set."""
        orders, was_led = self._orders, self._orders.is_led
        found = orders.compare(seen, self._now_s)
        if found is ReadBack.TOO_EARLY:
            return
        if was_led and seen.control_status == ControlStatus.BACKUP:
            orders.forget()
            if self._is_engaged:
                self._note(NoteKind.FOREIGN, "the controller has gone back to its own plan by itself (backup mode)")
                self._yield("the controller is in backup mode")
        elif found is ReadBack.NOT_OBEYED:
            self._note(NoteKind.UNANSWERED, "the last order was not obeyed; it is not sent again")
            if orders.target is not None:  # the green goes on until the guard decides anew, or nobody does
                stage, is_green = self._watch.stage, self._watch.interval is IntervalKind.GREEN
                orders.release()
                if self._is_engaged and stage is not None and is_green:
                    orders.hold(stage, self._now_s)
        elif found is ReadBack.FOREIGN and (self._is_engaged or orders.has_spoken):
            orders.forget()
            if self._is_engaged:
                self._note(NoteKind.FOREIGN, f"somebody else has set {seen.controls}, pattern {seen.system_pattern}")
                self._yield("somebody else commands the controller")

    def _begin_anew(self) -> None:
        self._note(NoteKind.RESTARTED, "the controller counts its seconds from the beginning")
        self._restarts_cs = 0
        self._orders.forget()
        self._watch.forget()
        self._database.forget()
        self._database_at_s = -inf
        self._yield("the controller has restarted")

    def _uptime_s(self, seen: Snapshot) -> float:
        return (seen.ticks_cs + self._restarts_cs) / 100

    def due(self, now_s: float) -> list[bytes]:
        """Orders first, then questions."""
        self._now_s = now_s = max(self._now_s, now_s)
        for late in self._asking.expire(now_s):
            self.polls.lost += late.subject is Subject.STATUS
            if late.subject is Subject.ORDER:
                self._orders.unanswered(now_s)
                self._note(NoteKind.UNANSWERED, "an order got no answer; the next poll tells whether it was obeyed")
        if self._seen is not None and not self._is_lost and now_s - self._seen.asked_s > STALE_S:
            self._is_lost = True
            self._note(NoteKind.LOST, f"the controller has told nothing for {STALE_S:g} s")
        if self._is_lost and self._seen is not None and now_s - self._seen.asked_s > FORGOTTEN_S:
            self._seen = None  # what stood there may stand there no more: everything is read anew
            self._yield("nothing is heard of the controller")
            self._database.forget()
        return [*self._write_orders(now_s), *self._write_questions(now_s)]

    def _write_orders(self, now_s: float) -> list[bytes]:
        if self._asking.is_waiting(Subject.ORDER):
            return []
        if self._queued is not None:
            safe, self._queued = self._queued, None
            self._obey(safe, now_s)
        order = self._orders.find_due(now_s, self._database.backup_time_s)
        if self._orders.refused is not None:
            words = (
                f"stage {self._watch.stage} was not left for {self._orders.refused} in {self._profile.patience_s:g} s"
            )
            self._note(NoteKind.REFUSED, words)
            self._orders.refused = None
        if order is None:
            return []
        bindings = bind_order(order, self.table, self._profile)
        request = self._asking.add(Subject.ORDER, now_s, tuple(one.name for one in bindings))
        data = write_set(bindings, request, self._profile)
        self._orders.sent(order, now_s)
        self._note(NoteKind.SENT, describe(order), self.find_command(data) or b"")  # the community is blanked
        return [data]

    def _obey(self, safe: SafeCommand, now_s: float) -> None:
        """Turn a command into an order, if it is still what was meant."""
        seen, stage = self._seen, self._watch.stage
        uptime_s = inf if seen is None else self._uptime_s(seen) + now_s - seen.asked_s
        try:
            command = unseal(safe, uptime_s)
        except StaleCommandError as error:
            self._note(NoteKind.DROPPED, str(error))
            return
        if isinstance(command, Release):
            self._orders.release()
            return
        if not self._is_engaged or seen is None or stage is None:
            self._note(NoteKind.DROPPED, f"{command}: the controller is not commanded any more")
            return
        if self._orders.target is not None:  # the guard sees that an advance is played only when a poll shows it
            return
        if self._watch.interval is not IntervalKind.GREEN:
            self._note(NoteKind.DROPPED, f"{command}: {self._watch.interval.value} has begun")
        elif isinstance(command, Hold):
            self._orders.hold(stage, now_s)
        elif not 0 <= command.stage < len(self.table.stages) or command.stage == stage:
            self._note(NoteKind.DROPPED, f"{command}: stage {stage} is green")
        else:
            self._orders.advance(seen, stage, command.stage, now_s)

    def _write_questions(self, now_s: float) -> list[bytes]:
        asking, found = self._asking, []
        if now_s >= self._polls_at_s - 1e-9:
            late_s = now_s - self._polls_at_s
            on_time = late_s < self._profile.poll_period_s
            self._polls_at_s = (self._polls_at_s if on_time else now_s) + self._profile.poll_period_s
            if not asking.is_waiting(Subject.STATUS):
                self.polls.asked += 1
                request = asking.add(Subject.STATUS, now_s, self._question.names)
                found.append(self._question.write(request))
            if not asking.is_waiting(Subject.DETECTORS):
                for part, question in enumerate(self._detector_questions):
                    request = asking.add(Subject.DETECTORS, now_s, question.names, part)
                    found.append(question.write(request))
        if now_s >= self._database_at_s + self._profile.database_period_s and not asking.is_waiting(Subject.DATABASE):
            if not (names := self._database.list_missing()):
                self._database.restart()
                names = self._database.list_missing()
            request = asking.add(Subject.DATABASE, now_s, names)
            found.append(Question(names, self._profile.read_community, self._profile.version).write(request))
        return found

    def find_command(self, data: bytes) -> bytes | None:
        """Every SET, and nothing else; its community is blanked."""
        try:
            head = read_head(data)
        except MangledPacket:
            return b""
        blank = b"*" * len(head.community)
        at = data.find(head.community, _BEFORE_COMMUNITY)
        return None if head.kind == Kind.GET else data[:at] + blank + data[at + len(blank) :]

    @property
    def wakes_at_s(self) -> float:
        """When ``due`` has something to say again if nothing comes and nothing is applied."""
        if self._queued is not None and not self._asking.is_waiting(Subject.ORDER):
            return self._now_s
        database_s = self._database_at_s + self._profile.database_period_s
        if self._asking.is_waiting(Subject.DATABASE):
            database_s = inf
        orders_s = inf
        if not self._asking.is_waiting(Subject.ORDER):
            orders_s = self._orders.wakes_at_s(self._database.backup_time_s)
        return min(self._polls_at_s, database_s, orders_s, self._asking.expires_at_s)

    def read_state(self) -> SignalState:
        """What the last poll showed.

        Raises:
            NotConnected: it was asked for more than ``STALE_S`` ago, or no stage has been seen whole yet.
        """
        seen, watch = self._seen, self._watch
        if seen is None:
            raise NotConnected(self._unanswerable or "the controller has not answered yet")
        if self._now_s - seen.asked_s > STALE_S:
            raise NotConnected(self._unanswerable or f"the controller has told nothing for {STALE_S:g} s")
        if watch.stage is None:
            raise NotConnected("no stage of the plan has been seen yet")
        mode = self._mode
        if mode is Mode.LOCAL and self._is_engaged and self._orders.is_led and seen.system_pattern:
            mode = Mode.REMOTE
        uptime_s = self._uptime_s(seen)
        elapsed_s = uptime_s - watch.began_s
        return SignalState(
            watch.stage,
            watch.interval,
            elapsed_s,
            watch.target,
            mode,
            uptime_s,
            self._show(seen),
            list_faults(seen),
        )

    def _show(self, seen: Snapshot) -> tuple[Lamp, ...]:
        greens, walks = to_phases(seen.greens), to_phases(seen.walks)
        return self.table.show(greens, to_phases(seen.yellows), walks, self._count)

    def read(self) -> Readings:
        """What the detectors have counted since the last call.

        Raises:
            NotConnected: they have not been read yet.
        """
        return self._reports.read()

    def apply(self, command: SafeCommand) -> None:
        """Queue a command for the next ``due``.

        Raises:
            NotEngaged: nobody has engaged the driver; a release is taken always.
        """
        inner = unseal(command, -inf)
        if not self._is_engaged and not isinstance(inner, Release):
            raise NotEngaged(f"{inner}: the controller has not been taken over")
        if self._queued is not None and isinstance(unseal(self._queued, -inf), Advance):
            self._note(NoteKind.DROPPED, f"{unseal(self._queued, -inf)}: {inner} came before it was sent")
        self._queued = command

    def list_obstacles(self) -> tuple[str, ...]:
        """Why the controller must not be commanded, each in one sentence."""
        found = [*self._shortcomings, *self._database.list_obstacles()]
        seen = self._seen
        if seen is None or self._now_s - seen.asked_s > STALE_S:
            found.append(self._unanswerable or "The controller does not answer.")
            return tuple(found)
        if self._watch.stage is None:
            found.append("The controller has not shown a stage of the plan yet.")
        if self._mode.outranks:
            words = ", ".join(sorted(list_faults(seen)))
            found.append(f"The controller is under {self._mode.value}" + (f" ({words})." if words else "."))
        if not self._orders.has_spoken and not RELEASED.is_read_back(seen):
            found.append(f"Somebody else commands the controller: {seen.controls}, pattern {seen.system_pattern}.")
        if self._refusal:
            found.append(self._refusal)
        return tuple(found)

    def engage(self) -> None:
        """Command the controller from the next ``apply`` on.

        Raises:
            NotEngaged: there are obstacles; the message has the first.
        """
        self._refusal = ""
        if obstacles := self.list_obstacles():
            raise NotEngaged(obstacles[0])
        self._is_engaged = True

    def disengage(self, reason: str) -> None:
        """Hand the controller back and only watch."""
        self._yield(reason)

    def _yield(self, reason: str) -> None:
        """Command nothing more; whatever of ours is in the controller is taken back."""
        if self._is_engaged:
            self._note(NoteKind.DROPPED, f"disengaged: {reason}")
        self._is_engaged, self._queued = False, None
        self._orders.release()

    def take_notes(self) -> tuple[FieldNote, ...]:
        """What has happened since the last call."""
        notes = tuple(self._notes)
        self._notes.clear()
        return notes

    def reset_link(self, now_s: float) -> None:
        """The socket is a new one: no answer will come to what was asked."""
        self._now_s = max(self._now_s, now_s)
        if self._asking.is_waiting(Subject.ORDER):
            self._orders.unanswered(self._now_s)
        self._asking.clear()

    def _note(self, kind: NoteKind, text: str, data: bytes = b"") -> None:
        self._notes.append(FieldNote(kind, text, data))


_ERRORS = frozenset(ErrorStatus)
