"""The guard: every command passes here or does not reach the street.

It keeps its own timers and trusts neither clock nor cabinet alone: a green is old enough only when the cabinet's timer,
its count of seconds and the clock say so. What nobody watched is taken at its worst: a green begins when it is first
seen, a red may have lasted since the cabinet started. The guard holds minimum and maximum green, forbids commands
during clearances, limits decisions to one a second, bounds every red (``clearance``), and releases the cabinet to its
local plan when what it reports cannot be. It gives way to trains, emergencies, police, panel, flashing and faults from
the second in which the cabinet tells of them until ``YIELD_S`` after they have gone. Yellow and red clearance are the
cabinet's to play; the plan that says how long they last is checked once, when the guard is made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from signals.model import Intersection, IntervalKind
from signals.ports import Advance, Capabilities, Command, Hold, Mode, Release, SignalState
from signals.safety.clearance import RedBound
from signals.safety.command import SafeCommand, _seal
from signals.timing_plan import PlanFault, TimingPlan, validate

DECISION_GAP_S = 1.0
CLOCK_SKEW_S = 2.0
STANDSTILL_S = 3.5  # longer than a driver holds a report for fresh: a cut line is silence, and not a quarrel
DISTRUST_S = 5.0
YIELD_S = 5.0  # beyond the end of what outranked us; coordination needs cycles to recover, and who flashes may flash on
_TOLERANCE_S = 1.5  # a report may be one second old
_JITTER_S = 0.5  # the process is not called at the full second
_EPSILON_S = 1e-6


class PlanRefused(Exception):  # noqa: N818  (reads as the fact it reports)
    """The plan has faults; nothing may be commanded under it."""

    def __init__(self, intersection: str, faults: tuple[PlanFault, ...]) -> None:
        super().__init__(f"{intersection}: {len(faults)} faults in the plan; the first: {faults[0].message}")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command was not admitted, and what must be done in its place, if anything."""

    code: str
    message: str
    instead: SafeCommand | None = None


class Guard:
    """One intersection's guard. Call ``admit`` once a second, whatever is wanted."""

    def __init__(self, intersection: Intersection, plan: TimingPlan, capabilities: Capabilities | None = None) -> None:
        if faults := validate(plan, intersection):
            raise PlanRefused(intersection.id, faults)
        self._plan = plan
        self._capabilities = capabilities or Capabilities()
        self._bound = RedBound(plan, intersection, self._capabilities.lag_s)
        self._red_s = np.zeros(len(intersection.movements))
        self._green_s = self._green_clock_s = 0.0
        self._last: SignalState | None = None
        self._last_clock_s = self._last_decision_s = self._decision_uptime_s = self._counted_at_s = -np.inf
        self._commanded: int | None = None
        self._distrusted_until_s = self._yields_until_s = -np.inf

    def admit(self, command: Command, state: SignalState, now_s: float) -> SafeCommand | Refusal:
        """A command that is safe now, or why it is not."""
        if garbage := _find_garbage(state, now_s):  # nothing is learnt from it; the next report shows the gap
            self._distrusted_until_s = math.inf
            return self._distrust(garbage)
        skewed = self._is_skewed(state, now_s)
        quarrel = self._find_disagreement(state, now_s)
        is_commanding = self._last is not None and self._last.mode is Mode.REMOTE
        self._watch(state, now_s)
        if quarrel or self._distrusted_until_s == math.inf:
            self._distrusted_until_s = state.uptime_s + DISTRUST_S
        if quarrel or state.uptime_s < self._distrusted_until_s:
            return self._distrust(quarrel or "the cabinet is not trusted yet")
        if state.mode.outranks:
            self._yields_until_s = state.uptime_s + YIELD_S
            way_out = self.release(state.mode.value) if is_commanding else None  # once; then silence
            return Refusal("outranked", f"{state.mode.value} outranks us; nothing is commanded.", way_out)
        if state.uptime_s < self._yields_until_s:
            return Refusal("yielding", f"Whatever outranked us ended less than {YIELD_S:g} s ago.")
        verdict = self._judge(command, state, now_s, is_skewed=skewed)
        is_leaving = isinstance(verdict, SafeCommand) and isinstance(verdict.command, Advance)
        if is_leaving or (isinstance(verdict, Refusal) and verdict.instead is not None):
            return verdict
        return self._find_forced(state, now_s) or verdict

    def release(self, reason: str) -> SafeCommand:
        """The way back to the local plan, which is open always; for a process that ends."""
        return _seal(Release(reason), math.inf)

    @property
    def longest_red_s(self) -> float:
        """How long the movement that waits longest has been without green."""
        return float(self._red_s.max(initial=0.0))

    def _distrust(self, reason: str) -> Refusal:
        return Refusal("disagreement", f"{reason}; released to the local plan.", self.release(reason))

    def _judge(self, command: Command, state: SignalState, now_s: float, *, is_skewed: bool) -> SafeCommand | Refusal:
        if isinstance(command, Release):
            return self._admit_release(command, state)
        if state.interval is not IntervalKind.GREEN:
            return Refusal("in_clearance", f"{state.interval.value} runs; nothing is commanded before it ends.")
        if is_skewed:
            return Refusal("clock_skew", f"The clock and the cabinet's seconds differ by more than {CLOCK_SKEW_S:g} s.")
        if isinstance(command, Advance):
            return self._admit_advance(command, state, now_s)
        if isinstance(command, Hold):
            return _seal(command, state.uptime_s)
        assert_never(command)

    def _admit_release(self, command: Release, state: SignalState) -> SafeCommand | Refusal:
        """A release that was asked for has to wait where the local plan would come too late for somebody.

        What an untrusted cabinet or an ending process needs is not asked here: that way back is open always.
        """
        if state.mode is Mode.LOCAL:
            return _seal(command, state.uptime_s)
        stage, red_s = state.stage, self._red_s.copy()
        leave_in_s = max(DECISION_GAP_S, self._plan.timings[stage].min_green_s - self._green_s)
        if state.interval is not IntervalKind.GREEN and state.target not in (None, stage):
            change_s = self._plan.transition_s(stage, state.target)
            stage, leave_in_s = state.target, change_s + self._plan.timings[state.target].min_green_s
            red_s[self._bound.serves[stage]] = -change_s
        if self._bound.can_serve_all_after_local_steps(stage, leave_in_s, red_s):
            return _seal(command, state.uptime_s)
        message = f"The local plan would keep a movement red for more than {self._plan.limits.max_red_s:g} s."
        return Refusal("max_red", f"{message} It takes over as soon as that movement has been served.")

    def _find_forced(self, state: SignalState, now_s: float) -> Refusal | None:
        """What must be done this second where the stage would stay: maximum green, bound on red."""
        if state.interval is not IntervalKind.GREEN or not self._is_old_enough(state):
            return None
        timing = self._plan.timings[state.stage]
        is_local = state.mode is Mode.LOCAL
        is_last_chance = not self._bound.can_serve_all(state.stage, DECISION_GAP_S, self._red_s)
        if is_local:  # it may start a step of its own before the next report
            is_last_chance |= not self._bound.can_serve_all_after_local_steps(state.stage, DECISION_GAP_S, self._red_s)
        is_full = not is_local and state.elapsed_s >= timing.max_green_s - _EPSILON_S
        if not (is_last_chance or is_full):
            return None
        target = self._next_stage(state.stage)
        if target is None:
            return None
        if is_last_chance:
            message = f"A movement has been red for {self.longest_red_s:.0f} s; stage {target} has to follow now."
            return Refusal("max_red", message, self._issue_advance(target, state, now_s))
        message = f"Stage {state.stage} has had its maximum green of {timing.max_green_s:g} s."
        return Refusal("max_green", message, self._issue_advance(target, state, now_s))

    def _admit_advance(self, command: Advance, state: SignalState, now_s: float) -> SafeCommand | Refusal:
        plan, target = self._plan, command.stage
        if not 0 <= target < len(plan.stages):
            return Refusal("unknown_stage", f"There is no stage {target}; the plan has {len(plan.stages)}.")
        if target == state.stage:
            return Refusal("same_stage", f"Stage {target} is running already.")
        if not self._capabilities.can_skip and target != plan.next_local(state.stage):
            return Refusal("cannot_skip", f"The cabinet can only go on to stage {plan.next_local(state.stage)}.")
        if not self._is_old_enough(state):
            minimum_s = plan.timings[state.stage].min_green_s
            return Refusal("min_green", f"Stage {state.stage} has a minimum green of {minimum_s:g} s.")
        gap_s = state.uptime_s - self._decision_uptime_s
        if now_s >= self._last_decision_s:  # a clock set back must not forbid decisions until it has caught up
            gap_s = min(gap_s, now_s - self._last_decision_s)
        if gap_s < DECISION_GAP_S - _EPSILON_S:
            return Refusal("too_soon", f"One decision in {DECISION_GAP_S:g} s at most.")
        change_s = plan.transition_s(state.stage, target)
        after_s = self._red_s.copy()
        after_s[self._bound.serves[target]] = 0.0
        if not self._bound.can_serve_all(target, change_s + plan.timings[target].min_green_s, after_s):
            forced = self._next_stage(state.stage)
            message = f"Stage {target} would keep a movement red for more than {plan.limits.max_red_s:g} s."
            safe = None if forced is None else self._issue_advance(forced, state, now_s)
            return Refusal("max_red", message, safe)
        return self._issue_advance(target, state, now_s)

    def _issue_advance(self, target: int, state: SignalState, now_s: float) -> SafeCommand:
        self._last_decision_s, self._decision_uptime_s = now_s, state.uptime_s
        self._commanded = target
        return _seal(Advance(target), state.uptime_s)

    def _next_stage(self, stage: int) -> int | None:
        if self._capabilities.can_skip:
            return self._bound.find_next(stage, self._red_s)
        following = self._plan.next_local(stage)
        return following if following != stage else None

    def _is_old_enough(self, state: SignalState) -> bool:
        needed_s = self._plan.timings[state.stage].min_green_s - _EPSILON_S
        is_old = state.elapsed_s >= needed_s and self._green_s >= needed_s
        return is_old and self._green_clock_s >= needed_s - _JITTER_S

    def _is_skewed(self, state: SignalState, now_s: float) -> bool:
        if self._last is None:
            return False
        if now_s < self._last_clock_s:
            return True
        if state.uptime_s == self._last.uptime_s:  # the same report again; for how long is looked at elsewhere
            return False
        return abs(now_s - self._counted_at_s - (state.uptime_s - self._last.uptime_s)) > CLOCK_SKEW_S

    def _find_disagreement(self, state: SignalState, now_s: float) -> str | None:
        """What the cabinet reports and what it can be, given what it was told."""
        count, last = len(self._plan.stages), self._last
        if not 0 <= state.stage < count or (state.target is not None and not 0 <= state.target < count):
            return f"the cabinet reports stage {state.stage} to {state.target}; the plan has {count} stages"
        if last is None:
            return None
        passed_s = state.uptime_s - last.uptime_s
        if passed_s < 0:
            return "the cabinet has started anew"
        if passed_s == 0 and now_s - self._counted_at_s > STANDSTILL_S:
            return f"the cabinet's seconds stand still at {state.uptime_s:g}"
        if last.mode.outranks or state.mode.outranks:  # it goes where it must, not where a plan or we say
            return None
        greens = last.interval is state.interval is IntervalKind.GREEN
        change = self._plan.transitions.get((last.stage, state.stage), ())
        if greens and passed_s + _TOLERANCE_S < sum(interval.duration_s for interval in change):
            return f"the cabinet went from stage {last.stage} to {state.stage} without the clearance between them"
        if last.mode is Mode.LOCAL or state.mode is Mode.LOCAL:
            return None
        if state.stage != last.stage and state.stage not in {last.target, self._commanded}:
            return f"the cabinet went to stage {state.stage} unasked"
        if state.target is not None and state.target not in {last.target, self._commanded}:
            return f"the cabinet leaves for stage {state.target} unasked"
        same = (state.stage, state.interval, state.target) == (last.stage, last.interval, last.target)
        was_unseen = state.elapsed_s <= passed_s and passed_s > _TOLERANCE_S  # a driver counts anew after a gap
        if same and greens and not was_unseen and not self._is_same_green(state, last):
            return f"the cabinet's green timer went from {last.elapsed_s:g} to {state.elapsed_s:g} s in {passed_s:g} s"
        return None

    def _watch(self, state: SignalState, now_s: float) -> None:
        """Advance our own timers by whichever count of seconds is the larger: reds never look too short."""
        last = self._last
        is_green = state.interval is IntervalKind.GREEN and 0 <= state.stage < len(self._plan.stages)
        is_green = is_green and not state.mode.outranks  # what is shown then is not known for sure
        if last is None:
            self._red_s[:] = min(max(state.uptime_s, state.elapsed_s), self._plan.limits.max_red_s)
        else:
            ticks_s, clock_s = max(0.0, state.uptime_s - last.uptime_s), max(0.0, now_s - self._last_clock_s)
            has_restarted = state.uptime_s < last.uptime_s
            self._red_s += clock_s if has_restarted else max(ticks_s, min(clock_s, ticks_s + CLOCK_SKEW_S))
            if has_restarted:
                self._decision_uptime_s = self._yields_until_s = -np.inf
            if is_green and self._is_same_green(state, last):
                self._green_s += ticks_s
                self._green_clock_s += min(clock_s, ticks_s + CLOCK_SKEW_S)
            else:
                self._green_s = min(state.elapsed_s, ticks_s) if is_green else 0.0
                self._green_clock_s = min(self._green_s, clock_s)
        if is_green:
            self._red_s[self._bound.serves[state.stage]] = 0.0
            self._commanded = None if state.stage == self._commanded else self._commanded
        if last is None or state.uptime_s != last.uptime_s:
            self._counted_at_s = now_s
        self._last, self._last_clock_s = state, now_s

    def _is_same_green(self, state: SignalState, last: SignalState) -> bool:
        """Whether one green lasts on: the same stage in both reports, and a timer that fits the seconds between."""
        if last.mode.outranks or last.interval is not IntervalKind.GREEN or last.stage != state.stage:
            return False
        return abs(state.elapsed_s - last.elapsed_s - (state.uptime_s - last.uptime_s)) <= _TOLERANCE_S


def _find_garbage(state: SignalState, now_s: float) -> str | None:
    """Numbers that no clock and no cabinet can count; no comparison may ever see them."""
    for name, value in (("interval timer", state.elapsed_s), ("count of seconds", state.uptime_s)):
        if not (math.isfinite(value) and value >= 0):
            return f"the cabinet's {name} is {value:g}"
    return None if math.isfinite(now_s) else f"the clock says {now_s:g}"
