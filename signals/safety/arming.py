"""How far an intersection's commands go: shadow, advisory, armed; up by people, one step at a time, down by itself.

In shadow the controller decides and nobody acts; in advisory the same is shown to operators, and whatever would stand
in the way of commanding is told; armed, commands are sent. Every process begins in shadow. A step up is asked for by a
person, with a reason, and armed needs a quiet trial in advisory before it. Down it goes without asking: when the
cabinet does what it was not told, refuses, starts anew or has its data changed, when clocks part, and when a person
says so. What outranks us (a train, police) disarms nothing: that is the street's ordinary life, and the guard yields to
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

TRIAL_S = 60.0  # a cycle at least, so that every stage was seen once


class Level(IntEnum):
    """How far commands go, in the order in which they may."""

    SHADOW = 0
    ADVISORY = 1
    ARMED = 2


class Arming:
    """The level of one intersection; ``most`` is what its signed configuration allows."""

    def __init__(self, most: Level = Level.SHADOW, trial_s: float = TRIAL_S) -> None:
        self.most, self._trial_s = most, trial_s
        self.level, self.why = Level.SHADOW, "the process has begun"
        self._quiet_since_s = float("inf")

    def ask(self, wanted: Level, obstacles: Sequence[str], now_s: float, why: str) -> str | None:
        """Change the level at a person's wish; the refusal in words, or None where it was done.

        ``obstacles``: why the cabinet must not be commanded, as its driver has found; they forbid arming alone.
        """
        refusal = self.find_refusal(wanted, obstacles, now_s)
        if refusal is None:
            self._set(wanted, now_s, why)
        return refusal

    def find_refusal(self, wanted: Level, obstacles: Sequence[str], now_s: float) -> str | None:
        """Why a level cannot be had now; down is always open."""
        if wanted <= self.level:
            return None
        if wanted > self.most:
            return f"the configuration allows {self.most.name.lower()} at most; it has to be changed and signed anew"
        if wanted is not Level.ARMED:
            return None
        if self.level is not Level.ADVISORY:
            return "it is in shadow; ask for advisory first and watch what it would do"
        left_s = self._quiet_since_s + self._trial_s - now_s
        if left_s > 0:
            return f"{left_s:.0f} s of its trial of {self._trial_s:g} s are left; ask again then"
        return obstacles[0] if obstacles else None

    def disturb(self, why: str, now_s: float) -> bool:
        """Something happened after which nobody may command unseen; True where that has taken the level down."""
        self._quiet_since_s = now_s
        if self.level is not Level.ARMED:
            return False
        self._set(Level.SHADOW, now_s, why)
        return True

    def _set(self, level: Level, now_s: float, why: str) -> None:
        if level is Level.ADVISORY and self.level is Level.SHADOW:
            self._quiet_since_s = now_s
        self.level, self.why = level, why
