"""What a shipped program shows between two stages: a chain of displays, read as a transition, never as one clearance.

A chain that passes ``judge_transition`` is the transition of its pair, with its yellows, red-ambers, early starts and
late ends as the city designed them. From all chains together the intergreen matrix is read, from which the pairs are
built that the program never shows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from signals.model import Intersection, Interval, IntervalKind, Lamp, RoadUser, Stage
from signals.simulation.programs import Display
from signals.timing_plan import WALKING_SPEED_MPS, Clearances, SafetyLimits, Transition, judge_transition


@dataclass(frozen=True, slots=True)
class Step:
    """A display of the program as lamps by movement."""

    lamps: tuple[Lamp, ...]
    display: Display
    is_stage: bool


def read_chains(
    steps: Sequence[Step],
    displays: Sequence[tuple[Lamp, ...]],
    stages: Sequence[Stage],
    crossing: Intersection,
    limits: SafetyLimits,
) -> dict[tuple[int, int], Transition]:
    """The shipped transitions that may be shown as they are; of several for one pair the shortest."""
    found: dict[tuple[int, int], Transition] = {}
    cyclic = _from_first_stage(steps)
    at = [k for k, step in enumerate(cyclic) if step.is_stage]
    for k, follows in pairwise(at):
        a, b = (stages[displays.index(cyclic[n].lamps)] for n in (k, follows))
        chain = _to_transition(cyclic[k + 1 : follows], crossing)
        known = found.get((a.index, b.index))
        is_shorter = known is None or sum(i.duration_s for i in chain) < sum(i.duration_s for i in known)
        is_sound = not any(judge_transition(chain, crossing, a, b, limits))
        if a.index != b.index and is_shorter and is_sound and _clears_all(chain, crossing, a, limits):
            found[a.index, b.index] = chain
    return found


def _from_first_stage(steps: Sequence[Step]) -> list[Step]:
    first = next(k for k, step in enumerate(steps) if step.is_stage)
    return [*steps[first:], *steps[: first + 1]]


def _to_transition(chain: Sequence[Step], crossing: Intersection) -> Transition:
    """Equal displays as one; a red beside a green that goes on is the walkers' clearance."""
    intervals = []
    for lamps, group in groupby(chain, key=lambda step: step.lamps):
        seconds = sum(step.display.duration_s for step in group)
        driven = (lamp for lamp, m in zip(lamps, crossing.movements, strict=True) if m.user is RoadUser.VEHICLE)
        kind = IntervalKind.PED_CLEARANCE if any(lamp.is_green for lamp in driven) else IntervalKind.RED_CLEARANCE
        intervals.append(Interval(IntervalKind.YELLOW if Lamp.YELLOW in lamps else kind, seconds, lamps))
    return tuple(intervals)


def _clears_all(chain: Transition, crossing: Intersection, leaving: Stage, limits: SafetyLimits) -> bool:
    """Whether everyone who ended has been cleared when the next stage begins.

    A shipped chain may leave a clearance to the stage that follows; we may go elsewhere from there.
    """
    whole_s = sum(i.duration_s for i in chain)
    for m in leaving.greens:
        passed_s, lit_until_s = 0.0, 0.0
        for interval in chain:
            passed_s += interval.duration_s
            if interval.lamps[m] is Lamp.YELLOW or interval.lamps[m].is_green:
                lit_until_s = passed_s
        walk_s = crossing.movements[m].crossing_m / WALKING_SPEED_MPS
        if lit_until_s < whole_s and whole_s - lit_until_s < max(limits.red_clearance_s, walk_s):
            return False
    return True


def read_clearances(steps: Sequence[Step], crossing: Intersection, limits: SafetyLimits) -> Clearances:
    """Yellow by movement and red by pair as shipped, never below the limits; a pair not shipped gets the longest
    red that its ending movement has anywhere. Red-amber where a movement has one.
    """
    size = len(crossing.movements)
    yellow_s = np.full(size, limits.yellow_s)
    red_s = np.full((size, size), np.nan)
    amber_s = np.zeros(size)
    passed_s = 0.0
    ended_s: dict[int, float] = {}
    lit_s = np.zeros(size)
    for before, step in pairwise(_from_first_stage(steps)):
        for m in range(size):
            a, b = before.lamps[m], step.lamps[m]
            if a is Lamp.YELLOW and b is not Lamp.YELLOW:
                yellow_s[m] = max(yellow_s[m], lit_s[m])
                ended_s[m] = passed_s
            is_run = a is b and b in {Lamp.YELLOW, Lamp.RED_AMBER}
            lit_s[m] = (lit_s[m] if is_run else 0.0) + step.display.duration_s
            if b is Lamp.RED_AMBER:
                amber_s[m] = max(amber_s[m], lit_s[m])
            if b.is_green and not a.is_green:
                for i, end_s in ended_s.items():
                    gap_s = passed_s - end_s
                    red_s[i, m] = gap_s if np.isnan(red_s[i, m]) else min(red_s[i, m], gap_s)
        if step.is_stage:
            ended_s.clear()
        passed_s += step.display.duration_s
    longest = np.nan_to_num(red_s, nan=0.0).max(axis=1, initial=0.0)
    red_s = np.where(np.isnan(red_s), longest[:, None], red_s)
    return Clearances(
        yellow_s=tuple(float(y) for y in yellow_s),
        ped_clearance_s=tuple(math.ceil(m.crossing_m / WALKING_SPEED_MPS - 1e-6) * 1.0 for m in crossing.movements),
        red_s=np.maximum(red_s, limits.red_clearance_s),
        min_red_s=limits.red_clearance_s,
        red_amber_s=tuple(min(2.0, max(1.0, float(s))) if s > 0 else 0.0 for s in amber_s),
    )
