"""Restricted Pareto sets: of all journeys with more criteria, only those near the plain answer.

After Delling, Dibbelt, Pajor: Fast and Exact Public Transit Routing with Restricted Pareto Sets (ALENEX 2019).
The plain answer (arrival and vehicles, over the window) is searched first. Let A(t, k) be its earliest arrival
with at most k vehicles for whoever leaves at t or later, K the most vehicles that it uses, D its shortest
duration, and slack = max(slack_s, factor * D). Of the full Pareto set a journey (t, arrival, k) is kept exactly
if arrival <= A(t, k) + slack and k <= K + more_vehicles. A journey that beats a kept one is kept itself, because
A falls with k and grows with t: so what is pruned on the way cannot be missed, and the result is the subset of
the full set that the rule says. (The paper's slack is per journey of the plain answer; a slack that changes with t
would not have this property over a window.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mobility.network.timetable import Ints
from mobility.planner.query import Path
from mobility.planner.workspace import FAR, MAX_VEHICLES


@dataclass(frozen=True, slots=True)
class Restriction:
    """How far from the plain answer a journey may be."""

    slack_s: int = 900
    factor: float = 0.25
    more_vehicles: int = 1


NEAR_THE_BEST = Restriction()
"""What the service asks for: a quarter of an hour or a quarter of the way longer, one change more."""
NEARER_THE_BEST = Restriction(factor=0.0)
"""What it asks for with more than two criteria, of which sets grow without bound: a quarter of an hour."""
COARSER = 8, 6, 6, 8
"""Its steps then (``search.Steps``): 4 minutes of walking, 0.64 of the currency, 64 grams, a chance in four."""


def slack_of(restriction: Restriction, plain: Sequence[Path]) -> int:
    """Seconds after the earliest arrival."""
    shortest_s = min((path.arrival_s - path.departure_s for path in plain), default=0)
    return max(restriction.slack_s, int(restriction.factor * shortest_s))


def most_vehicles(restriction: Restriction, plain: Sequence[Path]) -> int:
    """The most vehicles a journey may use."""
    return max((len(path.rides) for path in plain), default=0) + restriction.more_vehicles


def build_limits(restriction: Restriction, plain: Sequence[Path], moments: Ints) -> Ints:
    """The latest arrival per moment (descending) and number of vehicles; FAR where nothing arrives."""
    limits = np.full((len(moments), MAX_VEHICLES + 2), FAR, np.int64)
    best = np.full(MAX_VEHICLES + 2, FAR, np.int64)
    waiting = sorted(plain, key=lambda path: path.departure_s)
    slack_s = slack_of(restriction, plain)
    for number, moment in enumerate(moments.tolist()):
        while waiting and waiting[-1].departure_s >= moment:
            path = waiting.pop()
            np.minimum(best[len(path.rides) :], path.arrival_s, out=best[len(path.rides) :])
        limits[number] = np.where(best < FAR, best + slack_s, FAR)
    return limits


def unlimited() -> Ints:
    """The one row that limits nothing."""
    return np.full((1, MAX_VEHICLES + 2), FAR, np.int64)
