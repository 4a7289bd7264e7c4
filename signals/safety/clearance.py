"""The bound on red: can every waiting movement still be served in time?

The guard keeps one promise by induction: from here, going to the stage of the movement that has been red for
longest, for its minimum green, then to the next, and so on, serves everyone before ``max_red_s``. A command
that would break the promise is refused, and the first step of that round takes its place.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from signals.model import Intersection
from signals.timing_plan import TimingPlan, longest_wait_s


class RedBound:
    """Answers feasibility for one plan, under which every change may begin ``lag_s`` after it is commanded."""

    def __init__(self, plan: TimingPlan, intersection: Intersection, lag_s: float = 0.0) -> None:
        self._plan = plan
        count, size = len(plan.stages), len(intersection.movements)
        self.serves = np.zeros((count, size), np.bool_)
        for stage in plan.stages:
            self.serves[stage.index, list(stage.greens)] = True
        for stage in plan.stages:  # an arrow is no green, unless a movement never has another
            self.serves[stage.index, [m for m in stage.stop_then_go if not self.serves[:, m].any()]] = True
        breadth = self.serves.sum(axis=1)
        is_local = np.isin(np.arange(count), [step.stage for step in plan.sequence])
        # always the broadest stage of the local sequence that serves a movement, since its round is what the plan was
        # checked for; a choice that changed would break the induction
        self._stage_of = [
            max(np.flatnonzero(self.serves[:, m]).tolist(), key=lambda s: (is_local[s], breadth[s], -s), default=-1)
            for m in range(size)
        ]
        self._min_green_s = [timing.min_green_s for timing in plan.timings]
        self._change_s = np.zeros((count, count))
        for a, b in plan.transitions:
            self._change_s[a, b] = plan.transition_s(a, b) + lag_s
        self._round_s = longest_wait_s(plan) + lag_s * len(plan.sequence)
        self._max_red_s = plan.limits.max_red_s

    def can_serve_all(self, stage: int, leave_in_s: float, red_s: npt.NDArray[np.float64]) -> bool:
        """Whether everyone is served in time if ``stage`` ends ``leave_in_s`` from now.

        ``red_s``: how long each movement has been without green by now.
        """
        waiting = ~self.serves[stage]
        if leave_in_s + float(red_s.max(initial=0.0, where=waiting)) + self._round_s <= self._max_red_s:
            return True
        passed_s, current = leave_in_s, stage
        for m in self._order(waiting, red_s):
            if not waiting[m]:
                continue
            target = self._stage_of[m]
            passed_s += float(self._change_s[current, target])
            if passed_s + float(red_s[m]) > self._max_red_s:
                return False
            passed_s += self._min_green_s[target]
            waiting &= ~self.serves[target]
            current = target
        return True

    def can_serve_all_after_local_steps(self, stage: int, leave_in_s: float, red_s: npt.NDArray[np.float64]) -> bool:
        """Whether everyone is served in time if the local plan leaves ``stage`` by itself ``leave_in_s`` from now.

        Nothing can be commanded before the minimum green of the stage it goes to, and nothing at all in stages that it
        leaves at their minimum.
        """
        passed_s, current, red_s = leave_in_s, stage, red_s.copy()
        for _ in self._plan.sequence:
            following = self._plan.next_local(current)
            if following == current:
                break
            passed_s += float(self._change_s[current, following])
            served = self.serves[following]
            if passed_s + float(red_s.max(initial=-np.inf, where=served & ~self.serves[current])) > self._max_red_s:
                return False
            red_s[served] = -passed_s
            passed_s += self._min_green_s[following]
            current = following
            if self._plan.local_green_s(following) >= self._min_green_s[following] + leave_in_s:
                break
        return self.can_serve_all(current, passed_s, red_s)

    def find_next(self, stage: int, red_s: npt.NDArray[np.float64]) -> int | None:
        """The stage to go to first: that of the movement that has been red for longest."""
        waiting = ~self.serves[stage]
        return next((int(self._stage_of[m]) for m in self._order(waiting, red_s)), None)

    def _order(self, waiting: npt.NDArray[np.bool_], red_s: npt.NDArray[np.float64]) -> list[int]:
        return [m for m in np.argsort(-red_s, kind="stable").tolist() if waiting[m] and self._stage_of[m] >= 0]
