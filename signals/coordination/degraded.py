"""What is left when something fails, step by step, and when to come back.

Neighbours silent: arrivals from our own detectors only. Detectors of an approach not believed: the estimator imputes
them and serves the approach as if somebody waited. Most detectors gone, or an estimator that fails: the cabinet's
local plan. It gets worse after ten seconds of trouble (at once where nothing can be estimated) and better after a
minute without, so that a flickering fault is one change and not sixty. Nobody sees the way back: a cabinet that is
commanded again holds or ends the green that runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

WORSE_S = 10.0
BETTER_S = 60.0
IMPUTED_BELOW = 0.5  # of an approach's detectors work
PLAN_BELOW = 0.3  # of all approaches' detectors work


class Degradation(IntEnum):
    """How much is left; the greater, the less."""

    FULL = 0
    ALONE = 1
    IMPUTED = 2
    LOCAL_PLAN = 3


_WORDS = {
    Degradation.FULL: "everything works",
    Degradation.ALONE: "on local detectors",
    Degradation.IMPUTED: "with imputed arrivals",
    Degradation.LOCAL_PLAN: "released to the local plan",
}


class DegradedModes:
    """Decides once a second; ``note`` is one line in the second of a change, else empty."""

    def __init__(self) -> None:
        self.mode = Degradation.FULL
        self.note = ""
        self._pending = Degradation.FULL
        self._since_s = float("-inf")

    def judge(self, now_s: float, silent: Sequence[str], trust: Sequence[float], failure: str = "") -> Degradation:
        """The mode for this second, from silent neighbours, trust by approach (0 to 1), and the estimator's failure."""
        wanted, reason = _find(silent, trust, failure)
        if wanted != self._pending or now_s < self._since_s:
            self._pending, self._since_s = wanted, now_s
        waits_s = WORSE_S if wanted > self.mode else BETTER_S
        is_due = now_s - self._since_s >= waits_s or bool(failure)
        self.note = ""
        if wanted != self.mode and is_due:
            self.mode = wanted
            self.note = f"mode {wanted.name.lower()}: {_WORDS[wanted]}{reason}"
        return self.mode


def _find(silent: Sequence[str], trust: Sequence[float], failure: str) -> tuple[Degradation, str]:
    if failure:
        return Degradation.LOCAL_PLAN, f", the estimator fails: {failure}"
    believed = [max(0.0, min(1.0, one)) for one in trust]
    if believed and sum(believed) / len(believed) < PLAN_BELOW:
        return Degradation.LOCAL_PLAN, f", {sum(believed) / len(believed):.0%} of the detectors work"
    if poor := [number for number, one in enumerate(believed) if one < IMPUTED_BELOW]:
        return Degradation.IMPUTED, f" on approaches {', '.join(map(str, poor))}"
    if silent:
        return Degradation.ALONE, f", {', '.join(silent)} silent"
    return Degradation.FULL, ""
