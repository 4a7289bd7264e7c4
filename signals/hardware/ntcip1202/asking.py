"""Which requests are on their way: each has a number that nobody can guess, and is answered once or never."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from signals.hardware.ntcip1202.poll import draw_request

MOST_ASKED = 64


class Subject(Enum):
    """What a request is about."""

    STATUS = "status"
    DATABASE = "database"
    DETECTORS = "detectors"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was written at ``at_s``; ``number`` counts all of them, ``part`` tells detectors apart."""

    subject: Subject
    at_s: float
    number: int
    names: tuple[bytes, ...]
    part: int = 0


@dataclass(slots=True)
class PollCount:
    """Polls of status so far, and how long the last answer took."""

    asked: int = 0
    answered: int = 0
    lost: int = 0
    round_trip_s: float = 0.0


class Asking:
    """The requests that wait for an answer; what is older than ``timeout_s`` waits no more."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._waiting: dict[int, Asked] = {}
        self._count = 0

    def add(self, subject: Subject, at_s: float, names: tuple[bytes, ...], part: int = 0) -> int:
        """Take a new request in; its number on the wire."""
        if len(self._waiting) >= MOST_ASKED:
            self._waiting.pop(next(iter(self._waiting)))
        request = draw_request()
        while request in self._waiting:
            request = draw_request()
        self._count += 1
        self._waiting[request] = Asked(subject, at_s, self._count, names, part)
        return request

    def find(self, request: int) -> Asked | None:
        """The request of this number, if it still waits."""
        return self._waiting.get(request)

    def close(self, request: int) -> None:
        """It has been answered."""
        self._waiting.pop(request, None)

    def is_waiting(self, subject: Subject) -> bool:
        """Whether one about this is on its way."""
        return any(asked.subject is subject for asked in self._waiting.values())

    def expire(self, now_s: float) -> list[Asked]:
        """Those that have waited for too long; an answer that still comes will be nobody's."""
        if not self._waiting:
            return []
        late = [request for request, a in self._waiting.items() if now_s - a.at_s >= self._timeout_s - 1e-9]
        return [self._waiting.pop(request) for request in late]

    @property
    def expires_at_s(self) -> float:
        """When the first of them has waited for too long."""
        return min((asked.at_s for asked in self._waiting.values()), default=float("inf")) + self._timeout_s

    def __len__(self) -> int:
        return len(self._waiting)

    def clear(self) -> None:
        """Nothing is on its way."""
        self._waiting.clear()
