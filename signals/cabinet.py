"""A controller cabinet in software: keeps its own timers and plays greens and transitions second by second.

It stands in SUMO and behind the emulator's socket, knows stages and lamps, and no traffic. Left alone for
``BACKUP_S`` it follows its local plan, as NTCIP's unitBackupTime and the effect time of Taiwan's 5F1C demand.

The local plan is coordinated: by the cabinet's own clock each green of the sequence has the second at which it ends,
the same in every cycle. A release is bumpless, since the running green goes on, and the way back into step is the
shorter one of NTCIP's coordination corrections: greens are up to a quarter longer or shorter, never below their
minimum or above their maximum, until cycle and offset are met again.
"""

from __future__ import annotations

from signals.model import IntervalKind, Lamp
from signals.ports import Advance, Capabilities, Command, Mode, Release, SignalState
from signals.safety.command import SafeCommand, unseal
from signals.timing_plan import TimingPlan

BACKUP_S = 5.0
CORRECTION = 0.25  # of a green; NTCIP leaves it to the bureau, 17 to 30 % is usual
_EPSILON_S = 1e-6


class Cabinet:
    """One cabinet under one plan; implements ``GuardedController``. ``clock_s``: what its clock says at the start."""

    def __init__(
        self, plan: TimingPlan, stage: int = 0, capabilities: Capabilities | None = None, clock_s: float | None = None
    ) -> None:
        self._started_s = plan.offset_s if clock_s is None else clock_s
        self._due_s = _list_ends(plan)
        self._plan = plan
        self.capabilities = capabilities or Capabilities()
        self._stage, self._target, self._interval = stage, stage, -1  # interval -1: green
        self._elapsed_s = self._uptime_s = self._silent_s = 0.0
        self._mode = Mode.LOCAL
        self._size = 1 + max(m for s in plan.stages for m in s.greens | s.stop_then_go)
        self._size = max(self._size, *(len(i.lamps) for change in plan.transitions.values() for i in change), 0)
        self._lamps = [tuple(stage.lamp(m) for m in range(self._size)) for stage in plan.stages]
        self.ignored = 0

    def read_state(self) -> SignalState:
        """What the cabinet shows now."""
        is_green = self._interval < 0
        kind = IntervalKind.GREEN if is_green else self._intervals[self._interval].kind
        target = None if is_green else self._target
        return SignalState(self._stage, kind, self._elapsed_s, target, self._mode, self._uptime_s)

    def apply(self, command: SafeCommand) -> None:
        """Take a command that the guard has admitted."""
        self.obey(unseal(command, self._uptime_s))

    def obey(self, wanted: Command) -> None:
        """Do as told by whoever speaks at the cabinet's own end of the wire; only the emulator calls this.

        An advance during a clearance, before the minimum green or to no other stage is ignored and counted.
        """
        self._silent_s = 0.0
        self._mode = Mode.LOCAL if isinstance(wanted, Release) else Mode.REMOTE
        if isinstance(wanted, Advance):
            minimum_s = self._plan.timings[self._stage].min_green_s
            is_early = self._interval >= 0 or self._elapsed_s < minimum_s - _EPSILON_S
            if is_early or (self._stage, wanted.stage) not in self._plan.transitions:
                self.ignored += 1
            else:
                self._leave_for(wanted.stage)

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self._uptime_s += seconds
        self._elapsed_s += seconds
        self._silent_s += seconds
        if self._silent_s > BACKUP_S:
            self._mode = Mode.LOCAL
        if self._interval >= 0:
            if self._elapsed_s >= self._intervals[self._interval].duration_s - _EPSILON_S:
                self._begin(self._interval + 1)
        elif self._mode is Mode.LOCAL and self._is_due():
            following = self._plan.next_local(self._stage)
            if following != self._stage:
                self._leave_for(following)

    def _is_due(self) -> bool:
        """Whether the local plan ends this green now: at its second of the cycle, or as near to it as is allowed."""
        green_s, timing = self._plan.local_green_s(self._stage), self._plan.timings[self._stage]
        shortest_s = max(timing.min_green_s, (1.0 - CORRECTION) * green_s)
        longest_s = max(green_s, min(timing.max_green_s, (1.0 + CORRECTION) * green_s))
        if self._elapsed_s < min(shortest_s, green_s) - _EPSILON_S:
            return False
        if self._stage not in self._due_s or self._elapsed_s >= longest_s - _EPSILON_S:
            return self._elapsed_s >= green_s - _EPSILON_S
        cycle_s = self._plan.cycle_s
        clock_s = self._started_s + self._uptime_s - self._plan.offset_s
        late_s = (clock_s - self._due_s[self._stage] + cycle_s / 2.0) % cycle_s - cycle_s / 2.0
        return late_s >= -_EPSILON_S

    def list_lamps(self) -> tuple[Lamp, ...]:
        """What every movement is shown now."""
        if self._interval >= 0:
            return self._intervals[self._interval].lamps
        return self._lamps[self._stage]

    def _leave_for(self, target: int) -> None:
        self._target = target
        self._intervals = self._plan.transitions[self._stage, target]
        self._begin(0)

    def _begin(self, interval: int) -> None:
        self._elapsed_s = 0.0
        if interval < len(self._intervals):
            self._interval = interval
        else:
            self._stage, self._interval = self._target, -1


def _list_ends(plan: TimingPlan) -> dict[int, float]:
    """The second of the cycle at which each stage of the sequence ends; the first begins at zero."""
    ends_s: dict[int, float] = {}
    passed_s = 0.0
    for step in plan.sequence:
        passed_s += step.green_s
        ends_s[step.stage] = passed_s
        following = plan.next_local(step.stage)
        passed_s += plan.transition_s(step.stage, following) if following != step.stage else 0.0
    return ends_s
