"""From probabilities to what a planner weighs: expected time, chains of chances, and where else to go."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mobility.availability.readings import Floats


@dataclass(frozen=True, slots=True)
class Stage:
    """Something that must be there: it is with ``p_usable``, else the journey takes ``fallback_extra_s`` longer."""

    p_usable: float
    fallback_extra_s: float


@dataclass(frozen=True, slots=True)
class Chain:
    """``p_as_planned``: that every stage holds; ``expected_extra_s``: what fallbacks cost on the average."""

    p_as_planned: float
    expected_extra_s: float


@dataclass(frozen=True, slots=True)
class BackupPlace:
    """Where to go when a place is empty (full): ``number`` of the place, seconds to get there, its own probability,
    and the expected time until something is found.
    """

    number: int
    reach_s: float
    p_usable: float
    expected_s: float


def expected_extra_s(p_usable: float, fallback_extra_s: float) -> float:
    """What a chance costs on the average: (1 - p) times what happens when it fails.

    Raises:
        ValueError: No probability, or a fallback that takes less than no time.
    """
    if not 0.0 <= p_usable <= 1.0 or not fallback_extra_s >= 0.0:
        raise ValueError(f"a chance is a probability and a time, not {p_usable} and {fallback_extra_s} s")
    return 0.0 if p_usable == 1.0 else (1.0 - p_usable) * fallback_extra_s


def chain(stages: Iterable[Stage]) -> Chain:
    """Chances one after the other (a bike, then a dock), taken as independent: each fallback leads on to the next.

    Raises:
        ValueError: As ``expected_extra_s``.
    """
    p_all, extra_s = 1.0, 0.0
    for stage in stages:
        extra_s += expected_extra_s(stage.p_usable, stage.fallback_extra_s)
        p_all *= stage.p_usable
    return Chain(p_all, extra_s)


def rank_backups(first: int, reach_s: Floats, p_usable: Floats, give_up_s: float, limit: int = 3) -> list[BackupPlace]:
    """The best places to go on to from place ``first`` when it has nothing, least expected time first.

    ``reach_s`` float64[places]: from ``first`` to each (infinite or NaN: too far), ``p_usable`` float64[places]: on
    arrival there; who finds nothing there either loses ``give_up_s``. Equal times go by nearness, then by number.

    Raises:
        ValueError: The arrays are not of one length, or ``give_up_s`` is negative.
    """
    reach_s, p_usable = np.asarray(reach_s, np.float64), np.asarray(p_usable, np.float64)
    if reach_s.shape != p_usable.shape or not give_up_s >= 0.0 or math.isinf(give_up_s):
        raise ValueError("backups need as many times as probabilities, and a finite time for giving up")
    # nothing is gained by going to a place that surely fails
    fits = np.flatnonzero(np.isfinite(reach_s) & (p_usable > 0) & (np.arange(len(reach_s)) != first))
    expected_s = reach_s[fits] + (1.0 - p_usable[fits]) * give_up_s
    order = np.lexsort((fits, reach_s[fits], expected_s))[: max(limit, 0)]
    return [
        BackupPlace(int(fits[at]), float(reach_s[fits[at]]), float(p_usable[fits[at]]), float(expected_s[at]))
        for at in order
    ]
