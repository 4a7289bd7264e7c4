"""Who asks to be served sooner, what he is told, and the book of those who ask: values, and no command among them.

A request may come from anybody who has a radio. It is kept for whoever decides, who may use it as he uses a detector's
call: nothing may follow from one that the safe timing would not allow to everybody. The book is bounded, forgets what
is past, takes so many a second and no more, and lets nobody alter what somebody proved to be another has asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum, StrEnum

FARTHEST_S = 300.0  # nobody knows today when he arrives later than that
KEPT_AFTER_S = 5.0  # a late bus is still a bus
UNDATED_KEPT_S = 30.0  # a request that names no arrival; vehicles repeat theirs


class PriorityClass(IntEnum):
    """Who asks, from the least to the most urgent."""

    ORDINARY = 0
    FREIGHT = 1
    TRANSIT = 2
    EMERGENCY = 3


class RequestKind(StrEnum):
    """What is asked for: to be served, to be served at another time, or no longer."""

    NEW = "new"
    UPDATE = "update"
    CANCEL = "cancel"


class Standing(StrEnum):
    """What has become of a request."""

    RECEIVED = "received"
    CONSIDERED = "considered"
    GRANTED = "granted"
    REJECTED = "rejected"
    OVERSTAYED = "overstayed"  # the vehicle has taken longer than it may
    LOCKED = "locked"  # the same was served a moment ago


@dataclass(frozen=True, slots=True)
class PriorityRequest:
    """A vehicle's wish to pass. ``vehicle`` is a name that only he who received it understands; ``number`` tells its
    requests apart, ``sequence`` counts its messages.

    ``entries`` index ``Intersection.entries``: the lanes from which it may come; ``exits`` those into which it may go,
    empty where it does not tell. It arrives at the stop line between ``earliest_s`` and ``latest_s`` of our monotonic
    clock; None: it does not tell. ``is_proven``: somebody whom we believe has vouched for who it is.
    """

    vehicle: str
    number: int
    kind: RequestKind
    entries: frozenset[int]
    exits: frozenset[int] = frozenset()
    earliest_s: float | None = None
    latest_s: float | None = None
    priority: PriorityClass = PriorityClass.ORDINARY
    sequence: int = 0
    is_proven: bool = False


@dataclass(frozen=True, slots=True)
class PriorityAnswer:
    """What a vehicle is told about one of its requests."""

    request: PriorityRequest
    standing: Standing


@dataclass(frozen=True, slots=True)
class BookLimits:
    """How much a book takes. ``per_s``: requests, a repeated one too, on average; ``burst`` at once."""

    most: int = 64
    most_of_one: int = 4
    per_s: float = 20.0
    burst: int = 40


class Budget:
    """So many a second on average, ``burst`` at once: what comes from a radio is counted before it is even read."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s, self._burst = per_s, float(burst)
        self._left, self._filled_at_s = float(burst), -math.inf

    def spend(self, now_s: float) -> bool:
        """Whether there is room for one more; it is taken."""
        passed_s = min(max(0.0, now_s - self._filled_at_s), 3600.0)
        self._filled_at_s = now_s
        self._left = min(self._burst, self._left + passed_s * self._per_s)
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class RequestBook:
    """The requests that are open. Times are seconds of the clock that the requests' arrivals are told in."""

    def __init__(self, limits: BookLimits | None = None) -> None:
        self._limits = limits or BookLimits()
        self._open: dict[tuple[str, int], tuple[PriorityRequest, float]] = {}
        self._budgets = {proven: Budget(self._limits.per_s, self._limits.burst) for proven in (True, False)}
        self.refused = 0

    def take(self, request: PriorityRequest, now_s: float) -> Standing:
        """Note a request, or take it back; ``REJECTED`` where it is not taken, which is also counted.

        Those who are proven have limits of their own, so that nobody can keep them out by asking much.
        """
        self._forget(now_s)
        key = (request.vehicle, request.number)
        known = self._open.get(key)
        if not self._budgets[request.is_proven].spend(now_s) or not _is_sensible(request, now_s):
            return self._refuse()
        if known and known[0].is_proven and not request.is_proven:
            return self._refuse()
        if request.kind is RequestKind.CANCEL:
            self._open.pop(key, None)
            return Standing.RECEIVED
        if known is None and not self._make_room(request):
            return self._refuse()
        self._open[key] = (request, _ends_s(request, now_s))
        return Standing.RECEIVED

    def list_open(self, now_s: float) -> tuple[PriorityRequest, ...]:
        """What is asked for and not past: the proven first, of them the most urgent, of them the earliest."""
        self._forget(now_s)
        return tuple(sorted((request for request, _ in self._open.values()), key=_urgency))

    def settle(self, request: PriorityRequest) -> None:
        """Strike a request out: it was served, or will not be."""
        self._open.pop((request.vehicle, request.number), None)

    def _refuse(self) -> Standing:
        self.refused += 1
        return Standing.REJECTED

    def _forget(self, now_s: float) -> None:
        for key in [key for key, (_, until_s) in self._open.items() if not now_s < until_s]:
            del self._open[key]

    def _make_room(self, request: PriorityRequest) -> bool:
        """Whether one more may be kept; the proven one may take the place of the least urgent that is not."""
        alike = [kept for kept, _ in self._open.values() if kept.is_proven == request.is_proven]
        if sum(kept.vehicle == request.vehicle for kept in alike) >= self._limits.most_of_one:
            return False
        if len(self._open) < self._limits.most:
            return True
        unproven = [kept for kept, _ in self._open.values() if not kept.is_proven]
        if not request.is_proven or not unproven:
            return False
        self.settle(max(unproven, key=_urgency))
        return True


def _is_sensible(request: PriorityRequest, now_s: float) -> bool:
    """Whether it comes from somewhere, and at a time that is one and neither past nor far; a cancellation need not."""
    if request.kind is RequestKind.CANCEL:
        return True
    times_s = [at_s for at_s in (request.earliest_s, request.latest_s) if at_s is not None]
    if not request.entries or not all(math.isfinite(at_s) for at_s in times_s):
        return False
    if request.earliest_s is not None and request.earliest_s > now_s + FARTHEST_S:
        return False
    if request.earliest_s is not None and request.latest_s is not None and request.latest_s < request.earliest_s:
        return False
    last_s = _last_s(request)
    return last_s is None or now_s - KEPT_AFTER_S < last_s <= now_s + 2 * FARTHEST_S


def _ends_s(request: PriorityRequest, now_s: float) -> float:
    """When a request is past."""
    last_s = _last_s(request)
    return now_s + UNDATED_KEPT_S if last_s is None else last_s + KEPT_AFTER_S


def _last_s(request: PriorityRequest) -> float | None:
    return request.earliest_s if request.latest_s is None else request.latest_s


def _urgency(request: PriorityRequest) -> tuple[bool, int, float, str, int]:
    """Sorts the most urgent first."""
    arrival_s = math.inf if request.earliest_s is None else request.earliest_s
    return (not request.is_proven, -request.priority, arrival_s, request.vehicle, request.number)
