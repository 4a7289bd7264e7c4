"""What goes wrong between the street and the controller: detectors, vehicles unseen, messages, clocks.

Which detector fails, and which vehicle is never seen, follows from the seed and its name alone, so that the same
ones fail whatever else is in the run; what happens second by second comes from generators of the same seed.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from signals.ports import BoolArray, Clock, FloatArray, IntArray

_DROP_OUT_LASTS_S = 10.0
_CHATTER_PER_S = 0.5
_CHATTER_OCCUPIES_S = 0.1
_SHARES = ("share_dead", "share_stuck_on", "share_stuck_off", "share_chatter", "miss", "drop_out", "message_loss")
_SECONDS = ("latency_s", "message_latency_s", "clock_skew_s")


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Numbers of what fails; all zero is a perfect world.

    ``share_...``: shares of detectors, none in two of them: dead ones say nothing, stuck ones always or never
    something, chattering ones count what is not there. ``miss``: share of vehicles unseen, by loops anew at every
    loop, by ideal sensing for good. ``drop_out``: share of the time in which a healthy detector is silent, 10 s at
    a time. ``silent``: how many signals send nothing, or which. ``clock_skew_s``: signals' clocks are off by up
    to this much either way.
    """

    share_dead: float = 0.0
    share_stuck_on: float = 0.0
    share_stuck_off: float = 0.0
    share_chatter: float = 0.0
    miss: float = 0.0
    drop_out: float = 0.0
    latency_s: float = 0.0
    message_loss: float = 0.0
    message_latency_s: float = 0.0
    silent: int | tuple[str, ...] = 0
    clock_skew_s: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in _SHARES:
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} is a share between 0 and 1, not {getattr(self, name)!r}")
        for name in _SECONDS:
            if not 0.0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} is a number of seconds, not {getattr(self, name)!r}")
        if self.share_dead + self.share_stuck_on + self.share_stuck_off + self.share_chatter > 1.0 + 1e-9:
            raise ValueError("more than all detectors fail: the shares add up to more than 1")

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """The plan of a mapping of numbers.

        Raises:
            ValueError: a name that is none, or a value out of range.
        """
        if unknown := sorted(set(values) - {f.name for f in fields(cls)}):
            raise ValueError(f"there is no fault {unknown[0]!r}; choose from {', '.join(f.name for f in fields(cls))}")
        for name, value in values.items():
            if name != "silent" and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise ValueError(f"{name} is a number, not {value!r}")
        listed: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**listed)

    def draw(self, what: str, name: str) -> float:
        """A number in [0, 1) that depends on nothing but the seed and these two words."""
        return draw(self.seed, what, name)

    def is_unseen(self, vehicle: str) -> bool:
        """Whether ideal sensing never sees this vehicle."""
        return self.miss > 0 and self.draw("vehicle", vehicle) < self.miss

    def list_silent(self, signals: Sequence[str]) -> frozenset[str]:
        """The signals that send no messages."""
        if isinstance(self.silent, tuple):
            return frozenset(self.silent)
        return frozenset(sorted(signals, key=lambda signal: (self.draw("silent", signal), signal))[: self.silent])

    def skew_s(self, signal: str) -> float:
        """By how much the clock of a signal is ahead."""
        return self.clock_skew_s * (2.0 * self.draw("clock", signal) - 1.0)


NO_FAULTS = FaultPlan()


def draw(seed: int, what: str, name: str) -> float:
    """A number in [0, 1) by hashing; Python's own hash differs from process to process."""
    digest = hashlib.blake2b(f"{seed}/{what}/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2.0**64


@dataclass(frozen=True, slots=True)
class SkewedClock:
    """A signal's own clock."""

    clock: Clock
    skew_s: float

    def now_s(self) -> float:
        """The time as this signal has it."""
        return self.clock.now_s() + self.skew_s


@dataclass(frozen=True, slots=True, eq=False)
class Pulses:
    """One second of all detectors of a net: pulses, occupied share, whether anything came."""

    count: IntArray
    occupied_s: FloatArray
    is_fresh: BoolArray


class DetectorFaults:
    """Spoils the seconds of a fixed list of detectors, of some by what they are, of all by chance and delay."""

    def __init__(self, plan: FaultPlan, detectors: Sequence[str]) -> None:
        self._plan, size = plan, len(detectors)
        fate = np.array([plan.draw("detector", name) for name in detectors])
        ends = np.cumsum([plan.share_dead, plan.share_stuck_on, plan.share_stuck_off, plan.share_chatter])
        kind = np.searchsorted(ends, fate, side="right")
        self.dead, self.stuck_on, self.stuck_off, self.chatter = (kind == k for k in range(4))
        self._random = np.random.default_rng([plan.seed, 1])
        # who begins a drop-out in a second, so that the share of seconds within one is as asked
        self._onset = 1.0 - (1.0 - plan.drop_out) ** (1.0 / _DROP_OUT_LASTS_S) if plan.drop_out < 1.0 else 1.0
        self._silent_until_s = np.full(size, -np.inf)
        self._late: deque[tuple[float, Pulses]] = deque()
        self._last = Pulses(np.zeros(size, np.int64), np.zeros(size), np.zeros(size, np.bool_))

    def spoil(self, now_s: float, pulses: Pulses) -> Pulses:
        """What the controllers are told of this second."""
        plan, size = self._plan, len(pulses.count)
        false = self._random.random(size) < _CHATTER_PER_S * self.chatter if self.chatter.any() else self.chatter
        works = ~(self.stuck_on | self.stuck_off)
        count = np.where(works, pulses.count + false, 0)
        occupied_s = np.where(works, np.maximum(pulses.occupied_s, _CHATTER_OCCUPIES_S * false), self.stuck_on)
        is_fresh = pulses.is_fresh & ~self.dead
        if plan.drop_out > 0:
            begins = self._random.random(size) < self._onset
            self._silent_until_s = np.where(begins, now_s + _DROP_OUT_LASTS_S, self._silent_until_s)
            is_fresh &= now_s >= self._silent_until_s
        said = Pulses(np.where(is_fresh, count, 0), np.where(is_fresh, occupied_s, 0.0), is_fresh)
        if plan.latency_s <= 0:
            return said
        return self._delay(now_s, said)

    def _delay(self, now_s: float, said: Pulses) -> Pulses:
        self._late.append((now_s + self._plan.latency_s, said))
        arrived = []
        while self._late and self._late[0][0] <= now_s + 1e-6:
            arrived.append(self._late.popleft()[1])
        if not arrived:
            return self._last
        newest = arrived[-1]
        return Pulses(np.sum([one.count for one in arrived], axis=0), newest.occupied_s, newest.is_fresh)
