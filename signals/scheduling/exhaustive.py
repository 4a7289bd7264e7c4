"""The cheapest of all sequences, by trying every one: the yardstick of the search, for small cases only.

No beam, no dominance, no grouping, and changes to any stage that is allowed, wanted or not, in every second where the
search may change.
"""

from __future__ import annotations

import numpy as np

from signals.ports import FloatArray, IntArray
from signals.scheduling.changes import is_branching
from signals.scheduling.discharge import begin_stage, cost_to_go, discharge_second
from signals.scheduling.futures import MAX_CHANGES, build_workspace
from signals.scheduling.outlook import Outlook, fill_outlook
from signals.scheduling.problem import Layout, Settings, Traffic


class _Walk:
    """One exhaustive walk through the tree of decisions."""

    def __init__(self, layout: Layout, traffic: Traffic, settings: Settings) -> None:
        self._layout, self._traffic, self._settings = layout, traffic, settings
        self._outlook: Outlook = build_workspace(layout, settings).outlook
        fill_outlook(layout, traffic, settings, self._outlook)

    def best(
        self, second: int, stage: int, green_s: int, changes: int, served: IntArray, free_s: FloatArray, room: IntArray
    ) -> float:
        """The cheapest way on from a green."""
        horizon_s = self._settings.horizon_s
        if second >= horizon_s:
            return self._rest(served, stage)
        layout = self._layout
        is_due = green_s in (layout.min_green_s[stage], layout.max_green_s[stage])
        may_leave = changes < MAX_CHANGES and green_s >= layout.min_green_s[stage]
        costs = []
        if may_leave and (is_due or is_branching(self._settings, second)):
            costs = [
                self._change(second, stage, target, changes, served.copy(), free_s.copy(), room.copy())
                for target in np.flatnonzero(layout.allowed[stage]).tolist()
            ]
        if not costs or green_s < layout.max_green_s[stage]:
            cost = self._pass(second, stage, -1, 0, served, free_s, room)
            costs.append(cost + self.best(second + 1, stage, green_s + 1, changes, served, free_s, room))
        return min(costs)

    def _change(
        self, second: int, stage: int, target: int, changes: int, served: IntArray, free_s: FloatArray, room: IntArray
    ) -> float:
        """Go from one stage to another; the transition leaves no choice."""
        cost = self._settings.change_cost_s
        for left_s in range(int(self._layout.change_s[stage, target]), 0, -1):
            if second >= self._settings.horizon_s:
                return cost + self._rest(served, target)
            cost += self._pass(second, stage, target, left_s, served, free_s, room)
            second += 1
        begin_stage(self._layout, self._traffic, served, free_s, stage, target, second)
        return cost + self.best(second, target, 0, changes + 1, served, free_s, room)

    def _pass(
        self, second: int, stage: int, target: int, left_s: int, served: IntArray, free_s: FloatArray, room: IntArray
    ) -> float:
        cost = discharge_second(
            self._layout,
            self._traffic,
            self._settings,
            self._outlook,
            served,
            free_s,
            room,
            stage,
            target,
            left_s,
            second,
        )
        return float(cost + self._outlook.guide_cost[stage if target < 0 else target, second])

    def _rest(self, served: IntArray, stage: int) -> float:
        horizon_s = self._settings.horizon_s
        return float(cost_to_go(self._layout, self._traffic, self._settings, self._outlook, served, stage, horizon_s))


def find_optimum(layout: Layout, traffic: Traffic, settings: Settings, stage: int, green_s: int) -> float:
    """What the cheapest of all possible sequences costs."""
    lanes = traffic.vehicles.shape[0]
    walk = _Walk(layout, traffic, settings)
    return walk.best(0, stage, green_s, 0, np.zeros(lanes, np.int64), np.zeros(lanes), traffic.room.copy())
