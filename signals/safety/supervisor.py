"""The control loop of one intersection: sense, decide, guard, command, once a second.

Nothing raises out of ``step``: whatever goes wrong while sensing or deciding becomes a release to the local
plan and a line that says why. The loop knows no algorithm; the adaptive controller and its rivals share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from signals.ports import Clock, Command, DecisionMaker, DetectorSource, Release, SignalState
from signals.safety.command import GuardedController, SafeCommand
from signals.safety.guard import Guard, Refusal

RECOVERY_S = 10.0
SeenT = TypeVar("SeenT")


@dataclass(frozen=True, slots=True)
class StepReport:
    """What happened in one second. ``line`` is the decision in the schedule notation."""

    state: SignalState | None
    wanted: Command
    applied: Command | None
    refusal: Refusal | None = None
    trouble: str = ""
    line: str = ""


class Supervisor(Generic[SeenT]):
    """Runs one decision maker behind one guard."""

    def __init__(
        self,
        maker: DecisionMaker[SeenT],
        source: DetectorSource[SeenT],
        signal: GuardedController,
        guard: Guard,
        clock: Clock,
    ) -> None:
        self._maker, self._source, self._signal, self._guard, self._clock = maker, source, signal, guard, clock
        self._recovers_at_s = float("-inf")

    def step(self) -> StepReport:
        """One second of control."""
        wanted: Command = Release("nothing decided")
        try:
            now_s = self._clock.now_s()
            state = self._signal.read_state()
            wanted, trouble, line = self._decide(state, now_s)
            verdict = self._guard.admit(wanted, state, now_s)
            safe = verdict if isinstance(verdict, SafeCommand) else verdict.instead
            if safe is not None:
                self._signal.apply(safe)
        except Exception as error:  # noqa: BLE001  (no exception crosses the control loop; silence is a release)
            return StepReport(None, wanted, None, trouble=f"{type(error).__name__}: {error}")
        refusal = verdict if isinstance(verdict, Refusal) else None
        return StepReport(state, wanted, safe.command if safe else None, refusal, trouble, line)

    def release(self, reason: str) -> str:
        """Hand the cabinet back to its local plan, as the last thing; the trouble in words, or nothing."""
        try:
            self._signal.apply(self._guard.release(reason))
        except Exception as error:  # noqa: BLE001  (as in step; a silent cabinet goes back by itself)
            return f"{type(error).__name__}: {error}"
        return ""

    def _decide(self, state: SignalState, now_s: float) -> tuple[Command, str, str]:
        if 0.0 <= self._recovers_at_s - now_s <= RECOVERY_S:
            return Release("recovering"), "", ""
        try:
            wanted = self._maker.decide(self._source.read(), state)
            return wanted, "", self._maker.explain()
        except Exception as error:  # noqa: BLE001  (trouble in sensing or deciding means the local plan)
            self._recovers_at_s = now_s + RECOVERY_S
            trouble = f"{type(error).__name__}: {error}"
            return Release(trouble), trouble, ""
