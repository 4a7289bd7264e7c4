"""What a signal is held to: the scenario's numbers for our controllers, for shipped programs what they ship."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from signals.measures.right_of_way import SignalLayout
from signals.measures.shipped import find_clearances, find_greens
from sumo_scenarios.manifest import Scenario

_FASTEST_WALK_MPS = 1.07  # 3.5 ft/s, the most that MUTCD (section 4I.06) lets a pedestrian clearance count on


@dataclass(frozen=True, slots=True)
class Limits:
    """What a signal is held to.

    ``shipped_green_s`` overrides the minimum green of a link, ``clearance_s`` the red clearance of a pair
    (clearing, starting).
    """

    min_green_s: float
    yellow_s: float
    red_clearance_s: float
    max_red_s: float
    is_ours: bool
    shipped_green_s: Mapping[int, float]
    clearance_s: Mapping[tuple[int, int], float]


def get_limits(layout: SignalLayout, scenario: Scenario, *, is_ours: bool) -> Limits:
    """The scenario's numbers; for a shipped program its own shortest greens and clearances.

    Ours also let pedestrians reach the other side before a crossing movement starts.
    """
    return Limits(
        min_green_s=scenario.min_green_s,
        yellow_s=scenario.yellow_s,
        red_clearance_s=scenario.red_clearance_s if is_ours else 0.0,
        max_red_s=scenario.max_red_s,
        is_ours=is_ours,
        shipped_green_s={} if is_ours else find_greens(layout, scenario.min_green_s),
        clearance_s=_list_walks(layout, scenario.red_clearance_s)
        if is_ours
        else find_clearances(layout, scenario.min_green_s),
    )


def _list_walks(layout: SignalLayout, red_clearance_s: float) -> dict[tuple[int, int], float]:
    """Time to walk over, between the end of a crossing's green and the start of what it crosses."""
    return {
        pair: max(red_clearance_s, layout.walkers[pair[0]] / _FASTEST_WALK_MPS)
        for pair in layout.conflicts
        if pair[0] in layout.walkers
    }
