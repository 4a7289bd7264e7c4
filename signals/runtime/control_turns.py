"""Who may ask now: a token bucket for each sender, and the memory that refuses what was asked before.

Kept for a sender are some numbers, and its nonces for as long as its bucket makes them few: both bounded, since only
who is in the configuration gets here.
"""

from __future__ import annotations

from collections import deque

_MOST_NONCES = 10_000
_MOST_SENDERS = 1000


class Refused(Exception):  # noqa: N818  (reads as the fact it reports)
    """A request that is not carried out; the message says why."""


class Turns:
    """``per_s`` requests a second for each sender, ``burst`` at once; nothing from before ``began_at_s`` (Unix time),
    since what was said then is forgotten with the process before this one.
    """

    def __init__(self, per_s: float, burst: int, freshness_s: float, *, began_at_s: float = 0.0) -> None:
        self._per_s, self._burst, self._freshness_s, self._began_at_s = per_s, burst, freshness_s, began_at_s
        self._buckets: dict[str, tuple[float, float]] = {}
        self._used: dict[tuple[str, str], None] = {}
        self._order: deque[tuple[float, tuple[str, str]]] = deque()

    def take(self, who: str, steady_s: float) -> None:
        """Let one request of this sender pass.

        Raises:
            Refused: it asks too often.
        """
        tokens, before_s = self._buckets.get(who, (float(self._burst), steady_s))
        tokens = min(float(self._burst), tokens + max(0.0, steady_s - before_s) * self._per_s)
        if who not in self._buckets and len(self._buckets) >= _MOST_SENDERS:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[who] = (max(0.0, tokens - 1.0) if tokens >= 1.0 else tokens, steady_s)
        if tokens < 1.0:
            raise Refused(f"more than {self._per_s:g} requests a second")

    def check_fresh(self, who: str, nonce: str, at_s: float, now_s: float, steady_s: float) -> None:
        """Let a request pass that was made now and never before.

        Raises:
            Refused: it is old, from the future, repeated, or so many are remembered that it could be.
        """
        age_s = now_s - at_s
        if abs(age_s) > self._freshness_s:
            raise Refused(
                f"the request is {abs(age_s):.0f} s {'old' if age_s > 0 else 'ahead'}; at most {self._freshness_s:g} s "
                "are allowed: if it was made just now, the two clocks differ"
            )
        if at_s < self._began_at_s:
            raise Refused("the request is from before this process; ask again")
        self._forget(steady_s)
        if (who, nonce) in self._used:
            raise Refused("a request with this nonce was made before")
        if len(self._used) >= _MOST_NONCES:
            raise Refused("too many requests are remembered; ask again later")
        self._used[who, nonce] = None
        self._order.append((steady_s, (who, nonce)))

    def _forget(self, steady_s: float) -> None:
        """A request is fresh from ``freshness_s`` before its time to as long after it; kept twice as long as that."""
        while self._order and self._order[0][0] < steady_s - 4 * self._freshness_s:
            del self._used[self._order.popleft()[1]]
