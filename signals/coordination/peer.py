"""What is known of one neighbour from its messages, in spite of loss, repetition, disorder and restarts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from signals.coordination.clocks import ClockDifference
from signals.coordination.messages import COUNT_MODULUS, ApproachReport, ExitReport, Message

STALE_S = 10.0
_PAST_STARTS = 4


@dataclass(frozen=True, slots=True)
class Departure:
    """One vehicle that a neighbour measured: into which of its exits, when on our clock."""

    exit: int
    at_s: float


class Peer:
    """One neighbour; ``take`` returns each vehicle once."""

    def __init__(self, own: str) -> None:
        self._own = own
        self._difference = ClockDifference()
        self._started_ms: int | None = None
        self._past: deque[int] = deque(maxlen=_PAST_STARTS)
        self._totals: dict[int, int] = {}
        self.sequence = -1
        self._heard_ms: int | None = None
        self._received_s = float("-inf")
        self.planned: dict[int, bytes] = {}
        self.planned_at_s = float("-inf")
        self.standing: dict[int, ApproachReport] = {}

    def is_alive(self, now_s: float) -> bool:
        """Whether it has been heard lately."""
        return 0.0 <= now_s - self._received_s <= STALE_S

    @property
    def least_ms(self) -> int:
        """The least difference of its stamps to our clock, to be told back."""
        return self._difference.least_ms

    def measures(self, exit_lane: int) -> bool:
        """Whether it counts at that exit."""
        return exit_lane in self.planned

    def take(self, message: Message, now_s: float) -> list[Departure]:
        """Take in one message; the vehicles in it that were not known."""
        if message.started_ms != self._started_ms and not self._restart(message.started_ms):
            return []
        self._difference.add(message.sent_ms, round(now_s * 1000))
        is_newest = message.sequence > self.sequence
        if is_newest:
            self.sequence = message.sequence
            self._received_s = now_s
            self._heard_ms = next((ms for name, ms in message.heard if name == self._own), None)
        sent_s = min(now_s, (message.sent_ms + self._difference.estimate_ms(self._heard_ms)) / 1000.0)
        if is_newest:
            self.planned = {one.exit: one.planned for one in message.exits}
            self.planned_at_s = sent_s
            self.standing = {one.approach: one for one in message.approaches}
        totals = self._totals
        return [
            departure
            for one in message.exits
            if totals.get(one.exit) != one.total
            for departure in self._count(one, sent_s)
        ]

    def _restart(self, started_ms: int) -> bool:
        """A new start of the neighbour: its counts begin anew. False for a late message of an earlier start."""
        if started_ms in self._past:
            return False
        if self._started_ms is not None:
            self._past.append(self._started_ms)
        self._started_ms = started_ms
        self._difference = ClockDifference()
        self.sequence, self._heard_ms = -1, None
        self._totals.clear()
        return True

    def _count(self, report: ExitReport, sent_s: float) -> list[Departure]:
        known = self._totals.get(report.exit)
        ages_s = report.ages_s
        if known is not None:
            new = (report.total - known) % COUNT_MODULUS
            if new >= COUNT_MODULUS // 2:  # an older message that came late
                return []
            ages_s = ages_s[len(ages_s) - min(new, len(ages_s)) :]
        self._totals[report.exit] = report.total
        return [Departure(report.exit, sent_s - age_s) for age_s in ages_s]
