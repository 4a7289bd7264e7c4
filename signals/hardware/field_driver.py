"""What every driver of a field protocol is: the cabinet's port, without sockets and without a clock of its own.

Whoever has socket and clock tells a driver what came (``receive``), writes what it wants written (``due``), and wakes
it at ``wakes_at_s``; so that the same code runs in the cabinet, in tests with a network that loses, doubles and
reorders, and against SUMO in simulated time. A driver watches from the beginning and commands nothing before it is
engaged. It sends each command at most once, and none that has grown stale; what it says to the cabinet must end by
itself there when no more is said. It decides nothing: what is safe was decided by the guard, what is allowed by
``runtime``'s gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from signals.ports import Capabilities, SignalState
from signals.safety.command import SafeCommand

STALE_S = 3.0  # three missed reports of one a second


class NotConnected(Exception):  # noqa: N818  (reads as the fact it reports)
    """The cabinet does not answer, or has not told enough yet; the cause is in the message."""


class NotEngaged(Exception):  # noqa: N818  (reads as the fact it reports)
    """A command for a cabinet that has not been taken over; nothing was sent."""


class NoteKind(StrEnum):
    """What a driver has to tell those who keep the log and those who decide whether it stays armed."""

    SENT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    DROPPED = "dropped"
    FOREIGN = "foreign"  # the cabinet obeys somebody else, or does what nobody has told it
    YIELDED = "yielded"  # to somebody who outranks us; who may engage again when that is over
    RESTARTED = "restarted"
    CHANGED = "changed"  # somebody has altered the cabinet's data
    LOST = "lost"
    FOUND = "found"


@dataclass(frozen=True, slots=True)
class FieldNote:
    """One thing that happened on the wire; ``data`` are the bytes of the message that it is about. Polls are none."""

    kind: NoteKind
    text: str
    data: bytes = b""


class FieldDriver(Protocol):
    """One cabinet; a ``GuardedController`` (``signals.safety.command``) with a wire to feed.

    Times are seconds of a clock that never goes back; every call has the present one or a later.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What the cabinet can do, as its profile says."""
        ...

    def receive(self, data: bytes, now_s: float) -> None:
        """Bytes from the cabinet: a datagram, or any piece of a stream. Never raises, whatever they are."""
        ...

    def due(self, now_s: float) -> list[bytes]:
        """What is to be written now, each a datagram of its own."""
        ...

    def find_command(self, data: bytes) -> bytes | None:
        """One of the datagrams of ``due`` as it may be kept, without secrets, if it would change something at the
        cabinet, also when it is sent again; None for a question. The last look before the socket goes by this; what
        cannot be read counts as a command.
        """
        ...

    @property
    def wakes_at_s(self) -> float:
        """When ``due`` has something to say again if nothing comes and nothing is applied."""
        ...

    def read_state(self) -> SignalState:
        """What the cabinet showed when it last told.

        Raises:
            NotConnected: that was more than ``STALE_S`` ago, or never.
        """
        ...

    def apply(self, command: SafeCommand) -> None:
        """Queue a command for the next ``due``; it is dropped, with a note, if that comes too late for it.

        Raises:
            NotEngaged: nobody has engaged the driver; a release is taken always.
        """
        ...

    @property
    def is_engaged(self) -> bool:
        """Whether it commands; it stops by itself where the cabinet is not what it took it for, or is not ours."""
        ...

    def list_obstacles(self) -> tuple[str, ...]:
        """Why the cabinet must not be commanded, each in one sentence; empty once everything that safety hangs on (the
        dead-man timer, clearances, minimum greens, the phase order, the clock) was read back and found right.
        """
        ...

    def engage(self) -> None:
        """Take the cabinet over and command it from now on.

        Raises:
            NotEngaged: there are obstacles; the message has the first.
        """
        ...

    def disengage(self, reason: str) -> None:
        """Hand the cabinet back to its local plan and only watch from now on."""
        ...

    def take_notes(self) -> tuple[FieldNote, ...]:
        """What has happened since the last call."""
        ...

    def reset_link(self, now_s: float) -> None:
        """The socket is a new one: forget what was on its way."""
        ...
