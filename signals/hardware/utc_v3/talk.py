"""One question at a time: sent, acknowledged, answered; and everything else that a controller says.

What sets something is answered by 0F80 or 0F81, a query by its own report or 0F81; both come as messages of their own
after the acknowledgement. A question whose answer does not come in time has ended in silence: whether it was heard is
then not known. Only 5F1C is sent but once; all others say the same however often they are heard.
"""

from __future__ import annotations

from dataclasses import dataclass

from signals.hardware.utc_v3.every_device import ClockWasOff, Done, Rejected, SetClock
from signals.hardware.utc_v3.exchange import TRIES, Exchange, Heard, Outcome, Sent
from signals.hardware.utc_v3.layout import BadParameter
from signals.hardware.utc_v3.link import FrameReader
from signals.hardware.utc_v3.messages import Info, decode_info
from signals.hardware.utc_v3.profile import VendorProfile
from signals.hardware.utc_v3.signal_controller import GoTo

_QUERIES = range(0x40, 0x70)  # the low bytes of queries; their reports have 0x80 more
_TO_REPORT = 0x80


@dataclass(frozen=True, slots=True)
class Ended:
    """A question of ours and its answer, None in silence; ``outcome``: whether the link acknowledged it."""

    asked: Info
    answer: Info | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Said:
    """Something that the controller says by itself."""

    info: Info


class Talk:
    """One end of the conversation with the controller at ``address``."""

    def __init__(self, address: int, profile: VendorProfile) -> None:
        self._address, self._profile = address, profile
        self._exchange = Exchange(address, profile.link, answer_s=profile.answer_s)
        self._reader = FrameReader(profile.link)
        self._asked: Info | None = None
        self._answer: Info | None = None
        self._outcome: Outcome | None = None
        self._until_s = float("inf")
        self.garbled = 0

    @property
    def is_free(self) -> bool:
        """Whether nothing is asked and unanswered."""
        return self._asked is None

    @property
    def wakes_at_s(self) -> float:
        """When ``due`` has something to say again."""
        return min(self._exchange.wakes_at_s, self._until_s)

    def ask(self, info: Info, data: bytes, now_s: float) -> None:
        """Queue a question, whose information ``data`` is; nothing else may be under way."""
        if self._asked is not None:
            raise RuntimeError(f"{self._asked} is not answered yet")
        self._asked, self._answer, self._outcome = info, None, None
        tries = 1 if isinstance(info, GoTo) else TRIES
        self._until_s = now_s + tries * self._profile.answer_s + self._profile.reply_s
        self._exchange.send(data, is_repeatable=not isinstance(info, GoTo))

    def receive(self, data: bytes, now_s: float) -> list[Said | Ended]:
        """What bytes from the controller say."""
        told: list[Said | Ended] = []
        for found in self._reader.feed(data):
            event = self._exchange.take(found, now_s)
            if isinstance(event, Sent):
                self._note_sent(event, now_s)
            elif isinstance(event, Heard):
                try:
                    info = decode_info(event.info)
                except BadParameter:
                    self.garbled += 1
                    continue
                if not self._is_answer(info):
                    told.append(Said(info))
                    continue
                self._answer = info
            told += self._end(now_s)
        return told

    def due(self, now_s: float) -> tuple[list[bytes], list[Said | Ended]]:
        """The frames to write, and what has ended in silence."""
        frames, given_up = self._exchange.due(now_s)
        for sent in given_up:
            self._note_sent(sent, now_s)
        return frames, self._end(now_s)

    def reset(self) -> list[Said | Ended]:
        """The line is a new one; what was asked has ended in silence."""
        self._exchange.cancel()
        self._reader.reset()
        if self._asked is None:
            return []
        self._outcome = self._outcome or Outcome.UNANSWERED
        return self._finish()

    @property
    def asked(self) -> Info | None:
        """What is asked and unanswered."""
        return self._asked

    def abandon(self) -> list[Said | Ended]:
        """What is asked is not wanted any more: it is not sent again, and has ended in silence."""
        if self._asked is None:
            return []
        self._exchange.cancel()
        self._outcome = Outcome.UNANSWERED
        return self._finish()

    def _note_sent(self, sent: Sent, now_s: float) -> None:
        self._outcome = sent.outcome
        if sent.outcome is Outcome.ACKNOWLEDGED:
            self._until_s = now_s + self._profile.reply_s

    def _is_answer(self, info: Info) -> bool:
        if self._asked is None or self._answer is not None or self._outcome is Outcome.UNANSWERED:
            return False
        code = self._asked.CODE
        if isinstance(info, Rejected):
            return info.command == code
        if code & 0xFF in _QUERIES:
            return code + _TO_REPORT == info.CODE
        is_clock = isinstance(self._asked, SetClock) and isinstance(info, ClockWasOff)
        return is_clock or (isinstance(info, Done) and info.command == code)

    def _end(self, now_s: float) -> list[Said | Ended]:
        """The question is over when it was acknowledged and answered, or when neither will come any more."""
        if self._asked is None or self._outcome is None:
            return []
        has_failed = self._outcome is not Outcome.ACKNOWLEDGED
        if self._answer is None and not has_failed and now_s < self._until_s:
            return []
        return self._finish()

    def _finish(self) -> list[Said | Ended]:
        assert self._asked is not None  # noqa: S101  (callers have looked)
        assert self._outcome is not None  # noqa: S101
        ended = Ended(self._asked, self._answer, self._outcome)
        self._asked, self._answer, self._outcome, self._until_s = None, None, None, float("inf")
        return [ended]
