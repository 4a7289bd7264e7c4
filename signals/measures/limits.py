"""What a signal is held to: the scenario's numbers for our controllers, for shipped programs what they ship."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from signals.measures.right_of_way import SignalLayout
from signals.measures.shipped import find_clearances, find_greens
from sumo_scenarios.manifest import Scenario


@dataclass(frozen=True, slots=True)
class Limits:
    """What a signal is held to. The mappings override the general numbers for a shipped program."""

    min_green_s: float
    yellow_s: float
    red_clearance_s: float
    max_red_s: float
    is_ours: bool
    shipped_green_s: Mapping[int, float]
    shipped_clearance_s: Mapping[tuple[int, int], float]


def get_limits(layout: SignalLayout, scenario: Scenario, *, is_ours: bool) -> Limits:
    """The scenario's numbers; for a shipped program also its own shortest greens and clearances."""
    return Limits(
        min_green_s=scenario.min_green_s,
        yellow_s=scenario.yellow_s,
        red_clearance_s=scenario.red_clearance_s if is_ours else 0.0,
        max_red_s=scenario.max_red_s,
        is_ours=is_ours,
        shipped_green_s={} if is_ours else find_greens(layout, scenario.min_green_s),
        shipped_clearance_s={} if is_ours else find_clearances(layout, scenario.min_green_s),
    )
