"""Stop and wait: one message on its way at a time, acknowledged or sent again, in both directions.

Knows no socket and no clock: whoever has them tells what came and what time it is, and writes what is due. A message is
sent again after a NAK or in silence, five times in all; then the link counts as lost (specification, chapter 2; about
1 s is suggested for the answer). Two rules are ours. What must not happen twice is never sent again: it fails, and
whether it was heard is not known. And a message that comes again, from a sender who missed our ACK or from a network
that repeats and reorders, is acknowledged again and told once. Numbers of messages need not rise, so that order is kept
only where nothing comes later than the answer time: a driver has what it sent confirmed by what the device reports.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from signals.hardware.utc_v3.link import (
    BROADCAST,
    STANDARD,
    Acknowledged,
    Frame,
    LinkProfile,
    MangledFrame,
    Message,
    Refused,
    encode_frame,
)

TRIES = 5
ANSWER_S = 1.0
_REMEMBERED = 64  # messages of theirs: ten seconds of them at the most that a line carries
_MOST_WAITING = 64


class Outcome(StrEnum):
    """How the sending of a message ended."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of ours has been heard, or whether it was is not known: also of one that is refused, since a network
    may have doubled it and broken one of the two.
    """

    ticket: int
    outcome: Outcome
    tries: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of theirs, told once."""

    info: bytes
    sequence: int


@dataclass(slots=True)
class _Waiting:
    ticket: int
    info: bytes
    is_repeatable: bool
    sequence: int = 0
    tries: int = 0
    again_s: float = float("-inf")


class LinkBusy(Exception):  # noqa: N818  (reads as the fact it reports)
    """More messages wait than a link at its speed will ever carry."""


class Exchange:
    """One end of a link to the device at ``address``; both ends write that address into their frames.

    ``ignored`` counts frames for others, acknowledgements of nothing, and repetitions.
    """

    def __init__(
        self, address: int, profile: LinkProfile = STANDARD, *, answer_s: float = ANSWER_S, sequence: int | None = None
    ) -> None:
        self._address, self._profile, self._answer_s = address, profile, answer_s
        self._sequence, self._tickets = secrets.randbelow(256) if sequence is None else sequence % 256, 0
        self._waiting: deque[_Waiting] = deque()
        self._replies: deque[Frame] = deque()
        self._heard_before: dict[int, tuple[bytes, float]] = {}
        self.ignored = 0

    def send(self, info: bytes, *, is_repeatable: bool = True) -> int:
        """Queue a message; the ticket comes back in ``Sent``.

        Raises:
            LinkBusy: too many are waiting already; nothing is queued.
            ValueError: too long for a frame.
        """
        encode_frame(Message(0, self._address, info), self._profile)
        if len(self._waiting) >= _MOST_WAITING:
            raise LinkBusy(f"{len(self._waiting)} messages wait for device {self._address:#06x}")
        self._tickets += 1
        self._waiting.append(_Waiting(self._tickets, info, is_repeatable))
        return self._tickets

    def cancel(self) -> tuple[Sent, ...]:
        """Forget what waits and what is on its way: the link is gone."""
        gone = tuple(Sent(one.ticket, Outcome.UNANSWERED, one.tries) for one in self._waiting)
        self._waiting.clear()
        self._replies.clear()
        return gone

    def take(self, found: Frame | MangledFrame, now_s: float) -> Heard | Sent | None:
        """What a frame from the other side means."""
        if isinstance(found, MangledFrame):
            if found.sequence is not None and len(self._replies) < _MOST_WAITING:
                self._replies.append(Refused(found.sequence, self._address, int(found.error)))
            return None
        if found.address != self._address and not (found.address == BROADCAST and isinstance(found, Message)):
            self.ignored += 1
            return None
        if isinstance(found, Message):
            return self._hear(found, now_s)
        if not self._waiting or self._waiting[0].tries == 0 or self._waiting[0].sequence != found.sequence:
            self.ignored += 1
            return None
        if isinstance(found, Acknowledged):
            return self._finish(Outcome.ACKNOWLEDGED)
        if not self._waiting[0].is_repeatable or self._waiting[0].tries >= TRIES:
            return self._finish(Outcome.REFUSED)
        self._waiting[0].again_s = now_s
        return None

    def due(self, now_s: float) -> tuple[list[bytes], list[Sent]]:
        """The bytes to write now, each frame by itself, and what has been given up."""
        frames: Iterable[Frame] = tuple(self._replies)
        self._replies.clear()
        written, given_up = [encode_frame(frame, self._profile) for frame in frames], []
        while self._waiting and now_s >= self._waiting[0].again_s:
            first = self._waiting[0]
            if first.tries and (first.tries >= TRIES or not first.is_repeatable):
                given_up.append(self._finish(Outcome.UNANSWERED))
                continue
            if first.tries == 0:
                self._sequence = (self._sequence + 1) % 256
                first.sequence = self._sequence
            first.tries += 1
            first.again_s = now_s + self._answer_s
            written.append(encode_frame(Message(first.sequence, self._address, first.info), self._profile))
        return written, given_up

    @property
    def waiting(self) -> int:
        """How many messages are queued or on their way."""
        return len(self._waiting)

    @property
    def wakes_at_s(self) -> float:
        """When ``due`` has something to say again, if nothing comes."""
        if self._replies:
            return float("-inf")
        return self._waiting[0].again_s if self._waiting else float("inf")

    def _hear(self, frame: Message, now_s: float) -> Heard | None:
        if frame.address != BROADCAST:
            self._replies.append(Acknowledged(frame.sequence, self._address))
        before = self._heard_before.get(frame.sequence)
        if before is not None and before[0] == frame.info and now_s - before[1] <= 2 * TRIES * self._answer_s:
            self.ignored += 1
            return None
        self._heard_before.pop(frame.sequence, None)
        self._heard_before[frame.sequence] = (frame.info, now_s)
        while len(self._heard_before) > _REMEMBERED:
            del self._heard_before[next(iter(self._heard_before))]
        return Heard(frame.info, frame.sequence)

    def _finish(self, outcome: Outcome) -> Sent:
        done = self._waiting.popleft()
        return Sent(done.ticket, outcome, done.tries)
