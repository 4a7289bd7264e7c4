"""The coordinated pattern of a controller's own time base: cycle, offset and splits of the plan, as force-offs.

Each green of the local sequence has the second of the cycle at which it is forced off, the same in every cycle; the way
back into step is the shorter one, with greens a quarter longer or shorter at most and never below their minimum
(NTCIP 1202 coordCorrectionMode shortway, coordForceMode fixed). Where phases clear for longer than the plan's
transitions, it is greens that pay.
"""

from __future__ import annotations

from dataclasses import replace

from signals.hardware.ntcip1202.phases import PhaseTable
from signals.hardware.ntcip1202.ring_engine import Controls, RingEngine
from signals.timing_plan import TimingPlan

CORRECTION = 0.25
_EPSILON_S = 1e-6


class LocalPattern:
    """What one plan tells the phases while nobody else does."""

    def __init__(self, plan: TimingPlan, table: PhaseTable) -> None:
        self._plan, self._table = plan, table
        self._known: dict[tuple[frozenset[int], int], Controls] = {}  # as many as there are displays and stages
        self._ends_s: dict[int, float] = {}
        passed_s = 0.0
        for step in plan.sequence:
            passed_s += step.green_s
            self._ends_s[step.stage] = passed_s
            following = plan.next_local(step.stage)
            passed_s += plan.transition_s(step.stage, following) if following != step.stage else 0.0
        self._target = plan.sequence[0].stage

    def restart(self) -> None:
        """Begin with the first stage of the sequence."""
        self._target = self._plan.sequence[0].stage

    def advise(self, engine: RingEngine, clock_s: float) -> Controls:
        """What it asks of the phases now. ``clock_s``: what the controller's clock says."""
        if engine.is_steady:
            stage = self._table.stage_of(engine.greens)
            if stage is None:
                self._target = self._find_way(engine)
            elif self._is_due(stage, engine.steady_ds / 10, clock_s):
                self._target = self._plan.next_local(stage)
            else:
                self._target = stage
        asked = engine.greens, self._target
        if asked not in self._known:
            self._known[asked] = lead_to(self._table, *asked)
        return self._known[asked]

    def _find_way(self, engine: RingEngine) -> int:
        """The first stage of the sequence to which the phases can change from whatever they are."""
        order = [step.stage for step in self._plan.sequence]
        return next((s for s in order if not lead_to(self._table, engine.greens, s).vacate), order[0])

    def _is_due(self, stage: int, elapsed_s: float, clock_s: float) -> bool:
        green_s, timing = self._plan.local_green_s(stage), self._plan.timings[stage]
        if self._plan.next_local(stage) == stage:
            return False
        shortest_s = min(max(timing.min_green_s, (1.0 - CORRECTION) * green_s), green_s)
        longest_s = max(green_s, min(timing.max_green_s, (1.0 + CORRECTION) * green_s))
        if elapsed_s < shortest_s - _EPSILON_S:
            return False
        if stage not in self._ends_s or elapsed_s >= longest_s - _EPSILON_S:
            return elapsed_s >= green_s - _EPSILON_S
        cycle_s = self._plan.cycle_s
        late_s = (clock_s - self._plan.offset_s - self._ends_s[stage] + cycle_s / 2) % cycle_s - cycle_s / 2
        return late_s >= -_EPSILON_S


def lead_to(table: PhaseTable, greens: frozenset[int], stage: int) -> Controls:
    """Ends what is not of the stage and calls what is. A phase that nobody of the stage makes end is vacated."""
    wanted = table.stages[stage]
    ending, starting = greens - wanted, wanted - greens
    told = Controls(omit=table.everyone - wanted, force_off=ending, veh_call=wanted, ped_call=wanted & table.walked)
    idle = frozenset(n for n in ending if starting <= table.phases[n - 1].concurrent)
    return replace(told, vacate=idle)
