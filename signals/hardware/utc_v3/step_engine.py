"""What plays sub-phases and steps in the emulated controller: its timers, its lamps, its conflict monitor; no messages.

It shares no code with the driver's idea of a cabinet. A green ends by the local plan, coordinated to cycle and offset
by the engine's own clock, or by an order; every change is that of the plan for the two sub-phases it lies between, each
step at its full length. Only a conflict and a power cut break off a green: the lamps then flash or are dark, which is
told as red for everybody. Panel flash and all-red wait until the running green has been cleared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from signals.hardware.utc_v3.signal_controller import SpecialStep, Step
from signals.hardware.utc_v3.sub_phases import PlayedStep, SubPhases
from signals.model import Intersection, Lamp, RoadUser
from signals.safety.conflicts import find_conflict
from signals.timing_plan import FASTEST_WALK_MPS, SafetyLimits

START_UP_S = 3.0  # all-red after a restart (specification, 0F10)
DARK_S = 1.0  # how long the power is off
CORRECTION = 0.25  # of a green, on the way back into step with cycle and offset
_EPSILON_S = 1e-6


@dataclass(frozen=True, slots=True)
class Order:
    """Be in the green of a sub-phase; ``until_s``: end it when it has lasted so long, None: stay."""

    sub_phase: int
    until_s: float | None = None


class StepEngine:
    """One controller's lamps. ``late_s``: how much later than it should each step ends."""

    def __init__(
        self, intersection: Intersection, held: SubPhases, limits: SafetyLimits, *, can_skip: bool, late_s: float = 0.0
    ) -> None:
        self._intersection, self._held, self._limits = intersection, held, limits
        self._can_skip, self._late_s = can_skip, late_s
        self.ignores_min_green = False
        self.order: Order | None = None
        self.dwell: int | None = None  # a sub-phase that a train or an emergency wants
        self.is_frozen = False  # somebody in uniform has it in his hand
        self.panel: SpecialStep | Step | None = None  # flash, or all red, at the cabinet's own switch
        self.special: SpecialStep | None = None
        self.sub_phase, self.elapsed_s = 1, 0.0
        self._target = 1
        self._change: tuple[PlayedStep, ...] = ()
        self._at = -1  # in the change; -1: green
        self._is_dark = False
        self._stray: tuple[int, int] | None = None
        self._clock_s = self._overdue_s = 0.0
        self._ends_s = _list_ends(held)

    @property
    def step(self) -> int:
        """The step, or what is reported in its place."""
        if self.special is not None:
            return int(self.special)
        return int(Step.GREEN if self._at < 0 else self._change[self._at].step)

    @property
    def is_cleared(self) -> bool:
        """Whether everybody has been shown red for the panel's all-red."""
        return self._at >= 0 and self._target == 0 and self._change[self._at].step is Step.ALL_RED

    @property
    def is_dark(self) -> bool:
        """Whether the power is off."""
        return self._is_dark

    @property
    def remaining_s(self) -> float:
        """How long the step goes on if the local plan ends it; never below zero."""
        if self.special is not None:
            return 0.0
        if self._at >= 0:
            return max(0.0, self._change[self._at].duration_s - self.elapsed_s)
        shortest_s, longest_s = self._find_bounds()
        wait_s = max(0.0, shortest_s - self.elapsed_s)
        return max(0.0, min(wait_s + max(0.0, -self._find_lateness(wait_s)), longest_s - self.elapsed_s))

    def list_lamps(self) -> tuple[Lamp, ...]:
        """What each movement is shown; red for all while the lamps flash or are dark."""
        if self.special is not None or self._is_dark:
            return (Lamp.RED,) * len(self._intersection.movements)
        return self._held.greens[self.sub_phase - 1].lamps if self._at < 0 else self._change[self._at].lamps

    def list_faces(self) -> tuple[int, ...]:
        """What each face shows; nothing while the lamps flash or are dark, red at start-up."""
        shown = self._held.greens[self.sub_phase - 1] if self._at < 0 else self._change[self._at]
        if self.special is None and not self._is_dark:
            return shown.faces
        is_red = self.special in (SpecialStep.START_UP, SpecialStep.FAULT_ALL_RED)
        return (int(is_red),) * len(shown.faces)

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self._clock_s += seconds
        self.elapsed_s += seconds
        if self._is_dark:
            if self.elapsed_s >= DARK_S - _EPSILON_S:
                self._begin_special(SpecialStep.START_UP)
            return
        if self.special is not None:
            if self.special is SpecialStep.START_UP and self.elapsed_s >= START_UP_S - _EPSILON_S:
                self.special, self.sub_phase, self._at, self.elapsed_s = None, 1, -1, 0.0
            return
        if self._at >= 0:
            if self.is_cleared and self.panel is Step.ALL_RED:
                return  # until somebody turns the switch back
            if self.elapsed_s >= self._change[self._at].duration_s + self._late_s - _EPSILON_S:
                self._begin(self._at + 1)
        elif self._wants_to_leave():
            self._overdue_s += seconds
            if self._overdue_s > self._late_s:
                self._leave()
        else:
            self._overdue_s = 0.0
        self._monitor()

    def cut_power(self) -> None:
        """Dark, then three seconds of all-red, then the first sub-phase."""
        self.order, self.dwell, self.is_frozen, self.panel, self._stray = None, None, False, None, None
        self.special, self._is_dark, self.elapsed_s, self._at = None, True, 0.0, -1

    def restart(self) -> None:
        """Three seconds of all-red, then the first sub-phase: after a flash, or when told to reset."""
        self.cut_power()
        self._begin_special(SpecialStep.START_UP)

    def burn_wrongly(self) -> None:
        """Two lamps that must not burn together do, from now on; the monitor sees it at once."""
        conflicts = self._intersection.conflicts
        size = len(self._intersection.movements)
        self._stray = next(((i, j) for i in range(size) for j in range(size) if conflicts[i, j]), None)
        self._monitor()

    def _monitor(self) -> None:
        lamps = list(self.list_lamps())
        for m in self._stray or ():
            lamps[m] = Lamp.PROTECTED_GREEN
        if self.special is None and not self._is_dark and find_conflict(self._intersection, lamps) is not None:
            self._begin_special(SpecialStep.CONFLICT_FLASH)

    def _begin_special(self, special: SpecialStep) -> None:
        self.special, self._is_dark, self.elapsed_s, self._at = special, False, 0.0, -1

    def _wants_to_leave(self) -> bool:
        is_old = self.elapsed_s >= self._held.times[self.sub_phase - 1].min_green_s - _EPSILON_S
        if self.panel is not None:
            return is_old
        if self.is_frozen:
            return False
        if self.dwell is not None:
            return is_old and self.sub_phase != self.dwell
        if self.order is None:
            return self._is_due()
        may_end = is_old or self.ignores_min_green
        if self.order.sub_phase != self.sub_phase:
            return may_end
        return self.order.until_s is not None and may_end and self.elapsed_s >= self.order.until_s - _EPSILON_S

    def _is_due(self) -> bool:
        """Whether the local plan ends this green now: at its second of the cycle, or as near to it as bounds allow."""
        shortest_s, longest_s = self._find_bounds()
        if self.elapsed_s < shortest_s - _EPSILON_S:
            return False
        return self._find_lateness(0.0) >= -_EPSILON_S or self.elapsed_s >= longest_s - _EPSILON_S

    def _find_bounds(self) -> tuple[float, float]:
        green_s, times = self._held.greens_s[self.sub_phase - 1], self._held.times[self.sub_phase - 1]
        shortest_s = min(green_s, max(times.min_green_s, math.ceil((1.0 - CORRECTION) * green_s)))
        return shortest_s, max(green_s, min(times.max_green_s, math.floor((1.0 + CORRECTION) * green_s)))

    def _find_lateness(self, after_s: float) -> float:
        """By how much this green ends later than its second of the cycle if it ends ``after_s`` from now."""
        cycle_s, late_s = self._held.cycle_s, self._clock_s + after_s - self._ends_s[self.sub_phase - 1]
        return (late_s + cycle_s / 2.0) % cycle_s - cycle_s / 2.0

    def _leave(self) -> None:
        self._overdue_s = 0.0
        if self.panel is not None:
            self._target, self._change = 0, self._clear_all()
        else:
            wanted = self.dwell if self.dwell is not None else self.order.sub_phase if self.order else None
            following = self._held.follow(self.sub_phase)
            self._target = wanted if self._can_skip and wanted not in (None, self.sub_phase) else following
            if self.order is not None and self.order.sub_phase == self.sub_phase:
                self.order = None  # it has had its green
            self._change = self._held.changes[self.sub_phase, self._target]
        self._begin(0)

    def _begin(self, at: int) -> None:
        self.elapsed_s = 0.0
        if at < len(self._change):
            self._at = at
        elif self._target == 0:
            self._begin_special(self.panel if isinstance(self.panel, SpecialStep) else SpecialStep.START_UP)
        else:
            self.sub_phase, self._at = self._target, -1

    def _clear_all(self) -> tuple[PlayedStep, ...]:
        """Yellow for all who drive and have green, then red for as long as the slowest on foot needs."""
        green = self._held.greens[self.sub_phase - 1]
        movements = self._intersection.movements
        driving = {m.index for m in movements if m.user is RoadUser.VEHICLE and green.lamps[m.index].is_green}
        walk_s = max((m.crossing_m / FASTEST_WALK_MPS for m in movements if green.lamps[m.index].is_green), default=0.0)
        yellow_s = max(self._held.times[self.sub_phase - 1].yellow_s, math.ceil(self._limits.yellow_s))
        red_s = max(self._held.times[self.sub_phase - 1].all_red_s, math.ceil(self._limits.red_clearance_s))
        yellow = tuple(Lamp.YELLOW if m.index in driving else Lamp.RED for m in movements)
        red = (Lamp.RED,) * len(movements)
        return (
            PlayedStep(Step.YELLOW, yellow_s, yellow, tuple(2 if face & ~1 else 1 for face in green.faces)),
            PlayedStep(Step.ALL_RED, max(red_s, math.ceil(walk_s - yellow_s)), red, (1,) * len(green.faces)),
        )


def _list_ends(held: SubPhases) -> tuple[float, ...]:
    """The second of the cycle at which each green ends; the first begins at zero, when the engine is switched on."""
    ends_s, passed_s = [], 0.0
    for k, green_s in enumerate(held.greens_s, 1):
        ends_s.append(passed_s + green_s)
        passed_s += green_s + held.change_s(k, held.follow(k))
    return tuple(ends_s)
