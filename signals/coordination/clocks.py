"""The difference between a neighbour's clock and ours, from the stamps of one-way messages.

The least difference of arrival and stamp over a minute or two is the clocks' difference plus the shortest way; jitter
and delays drop out. Where the neighbour tells the same of our messages, half the sum is that way (NTP, RFC 5905,
section 8) and drops out too. Without it, times are late by one shortest way, whatever the skew.
"""

from __future__ import annotations

BUCKET_MS = 60_000  # a clock that drifts 100 ppm is off by 12 ms after two buckets
MAX_WAY_MS = 5_000


class ClockDifference:
    """What to add to the neighbour's times to have ours."""

    def __init__(self) -> None:
        self._begins_ms = 0
        self._least: list[int] = []  # of this bucket and of the one before

    def add(self, sent_ms: int, received_ms: int) -> None:
        """Take in one message."""
        difference_ms = received_ms - sent_ms
        if not self._least:
            self._begins_ms, self._least = received_ms, [difference_ms]
        elif received_ms - self._begins_ms >= BUCKET_MS:
            self._begins_ms, self._least = received_ms, [difference_ms, self._least[0]]
        else:
            self._least[0] = min(self._least[0], difference_ms)

    @property
    def least_ms(self) -> int:
        """The least difference seen of late: skew and shortest way."""
        return min(self._least, default=0)

    def estimate_ms(self, heard_ms: int | None) -> int:
        """The skew; ``heard_ms`` is the neighbour's least difference for our messages, None where it hears none."""
        if heard_ms is None:
            return self.least_ms
        way_ms = (self.least_ms + heard_ms) // 2
        return self.least_ms - min(max(way_ms, 0), MAX_WAY_MS)
