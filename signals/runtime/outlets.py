"""What one intersection tells the world: its state as JSON and as J2735 SPaT, and the high-resolution event log.

Nothing here may stop control: a full disk or a dead broker is said once and goes on being tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from signals.hardware.j2735.groups import describe_groups, list_groups
from signals.hardware.j2735.rsu import ImmediateForward, encode_forward
from signals.hardware.j2735.spat import IntersectionName, Operation, encode_spat
from signals.ports import Advance, Command, Mode, Release
from signals.runtime.hires_events import EventMaker
from signals.runtime.hires_log import HiresLog, HiresLogError
from signals.runtime.intersection_file import IntersectionFile
from signals.runtime.publishing import Publication, Publisher, encode_state
from signals.safety.supervisor import StepReport

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Announcements:
    """Whom to tell. ``to_rsu`` gets SPaT in the text that a roadside unit forwards; ``number`` is the intersection's in
    J2735, and ``region`` that of whoever gave it.
    """

    publisher: Publisher | None = None
    to_rsu: Publisher | None = None
    number: int = 0
    region: int = 0


class Outlets:
    """All outlets of one intersection. ``detectors``: whether readings come at all."""

    def __init__(
        self, found: IntersectionFile, announcements: Announcements, log: HiresLog | None, say: Say = lambda _: None
    ) -> None:
        self._id, self._plan = found.intersection.id, found.plan
        self._announcements, self._log, self._say = announcements, log, say
        self._groups = list_groups(found.intersection, found.plan)
        self._maker = EventMaker(found.plan, self._groups, found.detectors)
        self._name = IntersectionName(announcements.number, announcements.region, self._id)
        self._sequence = 0
        self._trouble = ""

    def tell(self, report: StepReport, sent: Sequence[Command] = ()) -> None:
        """One second: what the cabinet showed, and the commands that were sent to it."""
        try:
            self._tell(report, sent, datetime.now(UTC))
        except Exception as error:  # noqa: BLE001  (nothing that is only told may stop control)
            self._complain(f"{self._id}: not told: {type(error).__name__}: {error}")

    def _tell(self, report: StepReport, sent: Sequence[Command], at: datetime) -> None:
        self._write(report, sent, at)
        if report.state is None:
            return
        shown = describe_groups(self._plan, self._groups, report.state)
        self._sequence += 1
        if publisher := self._announcements.publisher:
            payload = encode_state(self._id, report.state, shown, at, self._sequence)
            publisher.publish(Publication(f"changtong/{self._id}/state", payload, is_retained=True))
        if to_rsu := self._announcements.to_rsu:
            operation = Operation(report.state.mode, has_fixed_times=report.state.mode is Mode.LOCAL)
            frame = encode_spat(self._name, operation, shown, at, self._sequence % 128)
            to_rsu.publish(Publication(f"changtong/{self._id}/spat", encode_forward(ImmediateForward("SPAT", frame))))

    def close(self) -> None:
        """Let go of the log's file."""
        if self._log is not None:
            self._log.close()

    def _write(self, report: StepReport, sent: Sequence[Command], at: datetime) -> None:
        if self._log is None:
            return
        if report.state is None:
            self._maker.forget()
            return
        events = self._maker.watch(report.state, at)
        for command in sent:
            if isinstance(command, Advance | Release):
                events += self._maker.note_command(command, at)
        try:
            self._log.append(events)
        except (OSError, HiresLogError) as error:
            self._complain(f"{self._id}: the event log is not written: {error}")
        else:
            self._complain("")

    def _complain(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            self._say(trouble)
        self._trouble = trouble
