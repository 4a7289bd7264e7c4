"""How one stage becomes another: who ends when, who starts when, lamp by lamp.

Every pair of an ending and a starting movement whose ways meet has its own clearance: yellow and red for those who
drive, the walk to the other side for those on foot. From these pairs alone follows everything: a start is as early
as its last conflicting end allows (early start), an end as late as its first conflicting start allows (late end),
and a movement without either is not touched. Nobody waits for a clearance that is not his own. What holds for all:
the change lasts until everyone who ended has been cleared, so that the next stage owes nobody anything; movements
from one lane, or with one lamp, end together and start together, since there is one signal head. Walkers clear while
yellow and red of the others run (MUTCD 4I.06: pedestrian change interval and buffer together are the clearance time).
Red-amber announces a green where the place has it (Germany's RiLSA: 1 s; none in Taiwan).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from signals.model import Intersection, Interval, IntervalKind, Lamp, RoadUser, Stage, Turn

_EPSILON_S = 1e-6

Transition = tuple[Interval, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Clearances:
    """Times by movement: yellow, pedestrian clearance, and red from the end of i's yellow to j's green.

    ``red_amber_s`` precedes a green; empty where there is none. ``heads``: movements that share a lamp; those of
    one lane need not be named.
    """

    yellow_s: tuple[float, ...]
    ped_clearance_s: tuple[float, ...]
    red_s: npt.NDArray[np.float64]
    min_red_s: float
    red_amber_s: tuple[float, ...] = ()
    heads: tuple[tuple[int, ...], ...] = ()

    def amber_s(self, movement: int) -> float:
        """The red-amber before a movement's green."""
        return self.red_amber_s[movement] if self.red_amber_s else 0.0


def build_transitions(
    intersection: Intersection, stages: Iterable[Stage], clearances: Clearances
) -> dict[tuple[int, int], Transition]:
    """The intervals between each ordered pair of stages, from what ends and what starts."""
    known = tuple(stages)
    return {
        (a.index, b.index): build_transition(intersection, a, b, clearances)
        for a in known
        for b in known
        if a.index != b.index
    }


def build_transition(intersection: Intersection, leaving: Stage, entering: Stage, clearances: Clearances) -> Transition:
    """The lamps from the first end to the last start; empty where nothing ends and nothing is announced.

    Of the two orders, starts as early as they can be (which ends some sooner) or ends as late as they can be (which
    starts some later), the one that leaves those who drive more green in the change: a walk that starts early is no
    reason to stop an arterial for a quarter of a minute.
    """
    head_of = _list_heads(intersection, clearances)
    ending = _list_ending(intersection, leaving, entering, clearances, head_of)
    starting = entering.greens - (leaving.greens - ending)
    soonest_s = _find_starts(intersection, dict.fromkeys(ending, 0.0), starting, clearances, head_of)
    cleared_s = {i: _clear_s(intersection, i, None, clearances) for i in ending}
    whole_s = max((*soonest_s.values(), *cleared_s.values()), default=0.0)
    found = []
    for due_s in (soonest_s, dict.fromkeys(starting, whole_s)):
        ends_s = {}
        for i in ending:
            met = [j for j in starting if _meet(intersection, i, j)]
            latest_s = [due_s[j] - _clear_s(intersection, i, j, clearances) for j in met]
            ends_s[i] = min([whole_s - cleared_s[i], *latest_s])
        _end_together(intersection, leaving, ends_s, head_of)
        starts_s = _find_starts(intersection, ends_s, starting, clearances, head_of)
        found.append(_draw(intersection, leaving, entering, clearances, ends_s, starts_s, whole_s))
    return max(found, key=lambda change: _sum_green_s(intersection, change))


def _end_together(
    intersection: Intersection, leaving: Stage, ends_s: dict[int, float], head_of: Mapping[int, int]
) -> None:
    """Brings ends forward: those of one head are one, and oncoming traffic ends no later than who gives way to it."""
    turning = leaving.permitted & ends_s.keys()
    is_settled = False
    while not is_settled:
        before = dict(ends_s)
        for i in ends_s:
            ends_s[i] = min(ends_s[k] for k in ends_s if head_of[k] == head_of[i])
        for i in turning:
            for m in _list_oncoming(intersection, i, ends_s):
                ends_s[m] = min(ends_s[m], ends_s[i])
        is_settled = ends_s == before


def _list_oncoming(intersection: Intersection, turning: int, among: Iterable[int]) -> list[int]:
    """Through traffic to which a turn gives way."""
    return [m for m in among if intersection.yields[turning, m] and intersection.movements[m].turn is Turn.THROUGH]


def _sum_green_s(intersection: Intersection, change: Transition) -> float:
    """Seconds of green in a change, added up over those who drive."""
    driving = [m.index for m in intersection.movements if m.user is RoadUser.VEHICLE]
    return sum(i.duration_s * sum(i.lamps[m].is_green for m in driving) for i in change)


def _find_starts(
    intersection: Intersection,
    ends_s: Mapping[int, float],
    starting: frozenset[int],
    clearances: Clearances,
    head_of: Mapping[int, int],
) -> dict[int, float]:
    """The first second at which each starting movement may be green, after these ends."""
    own_s = {
        j: max(
            clearances.amber_s(j),
            *(
                end_s + _clear_s(intersection, i, j, clearances)
                for i, end_s in ends_s.items()
                if _meet(intersection, i, j)
            ),
            0.0,
        )
        for j in starting
    }
    return {j: max(own_s[k] for k in starting if head_of[k] == head_of[j]) for j in starting}


def _meet(intersection: Intersection, i: int, j: int) -> bool:
    """Whether j's start has to wait for i's end; a movement that ends and starts again waits for itself."""
    return i == j or bool(intersection.conflicts[i, j])


def _clear_s(intersection: Intersection, i: int, j: int | None, clearances: Clearances) -> float:
    """From the end of i's green until j may start, or anybody where j is None."""
    if intersection.movements[i].user is RoadUser.PEDESTRIAN:
        return clearances.ped_clearance_s[i] + clearances.min_red_s
    if i == j:  # it is announced anew, after a red of its own
        return clearances.yellow_s[i] + clearances.min_red_s + clearances.amber_s(i)
    red_s = clearances.min_red_s if j is None else float(clearances.red_s[i, j])
    return clearances.yellow_s[i] + max(red_s, clearances.min_red_s)


def _list_heads(intersection: Intersection, clearances: Clearances) -> dict[int, int]:
    """A number for each signal head: that of its first movement. One lane has one head, and so has one lamp."""
    head_of = {m.index: m.index for m in intersection.movements}
    by_lane: dict[int, list[int]] = {}
    for m in intersection.movements:
        if m.user is RoadUser.VEHICLE:
            by_lane.setdefault(m.entry, []).append(m.index)
    for group in (*by_lane.values(), *clearances.heads):
        joined = {head_of[m] for m in group}
        first = min(joined, default=0)
        head_of = {m: first if head in joined else head for m, head in head_of.items()}
    return head_of


def _list_ending(
    intersection: Intersection, leaving: Stage, entering: Stage, clearances: Clearances, head_of: Mapping[int, int]
) -> frozenset[int]:
    """Movements whose green ends in the change, also those that are green again in the next stage.

    A green may stay lit only where no conflicting movement starts, or where each that starts gives way to it; where
    nobody who turns and has to give way to it sees yellow: he would take it that oncoming traffic sees the same, and
    turn in front of it (the yellow trap; MUTCD, part 4); and where nobody with the same lamp ends and is green again.
    Movements of one lane have lamps of their own where a stage serves only some of them; an arrow is no such lamp, and
    may go out alone (``_list_arrows``).
    """
    starting = entering.greens - leaving.greens
    staying = leaving.greens & entering.greens
    shared = staying - _list_arrows(intersection, leaving, entering, clearances, head_of)
    ending = set(leaving.greens - entering.greens) | {
        m
        for m in staying
        if any(
            intersection.conflicts[m, j]
            and not (m in entering.protected and j in entering.permitted and intersection.yields[j, m])
            for j in starting
        )
    }
    is_settled = False
    while not is_settled:
        before = len(ending)
        for i in sorted(leaving.permitted & ending):
            ending.update(_list_oncoming(intersection, i, leaving.greens))
        dark = {head_of[m] for m in shared & ending}
        ending |= {m for m in staying if head_of[m] in dark}
        is_settled = len(ending) == before
    return frozenset(ending)


def _list_arrows(
    intersection: Intersection, leaving: Stage, entering: Stage, clearances: Clearances, head_of: Mapping[int, int]
) -> set[int]:
    """Turns that lose their protection but not their green, beside traffic of their lane that keeps both: what they
    lose is an arrow, and the lamp that they share stays lit. Where a place in the state string says that they share,
    or where nobody keeps the lamp lit, there is no arrow to lose.
    """
    one_lamp = {m for group in clearances.heads for m in group}
    lit = leaving.protected & entering.protected
    return {
        m
        for m in (leaving.protected & entering.permitted) - one_lamp
        if intersection.movements[m].turn is not Turn.THROUGH and any(head_of[k] == head_of[m] for k in lit - {m})
    }


def _draw(
    intersection: Intersection,
    leaving: Stage,
    entering: Stage,
    clearances: Clearances,
    ends_s: Mapping[int, float],
    starts_s: Mapping[int, float],
    whole_s: float,
) -> Transition:
    """Constant displays between the moments at which some lamp changes."""
    dark_s = {i: end_s + _yellow_s(intersection, i, clearances) for i, end_s in ends_s.items()}
    moments = {0.0, whole_s, *ends_s.values(), *dark_s.values(), *starts_s.values()}
    moments |= {start_s - clearances.amber_s(j) for j, start_s in starts_s.items()}
    edges = _without_doubles(sorted(moment for moment in moments if 0.0 <= moment <= whole_s))
    intervals = []
    for begin_s, end_s in pairwise(edges):
        at_s = (begin_s + end_s) / 2.0

        def show(m: int, at_s: float = at_s) -> Lamp:
            if m in ends_s and at_s < dark_s[m]:
                return leaving.lamp(m) if at_s < ends_s[m] else Lamp.YELLOW
            if m in starts_s:
                if at_s > starts_s[m]:
                    return entering.lamp(m)
                if at_s > starts_s[m] - clearances.amber_s(m):
                    return Lamp.RED_AMBER
            if m in leaving.greens and m not in ends_s:
                return min(leaving.lamp(m), entering.lamp(m))
            keeps_arrow = leaving.lamp(m) is Lamp.STOP_THEN_GO and entering.lamp(m) >= Lamp.STOP_THEN_GO
            return Lamp.STOP_THEN_GO if keeps_arrow else Lamp.RED

        lamps = tuple(show(m) for m in range(len(intersection.movements)))
        intervals.append(Interval(_find_kind(lamps, leaving, intersection, at_s, ends_s), end_s - begin_s, lamps))
    return tuple(intervals)


def _yellow_s(intersection: Intersection, m: int, clearances: Clearances) -> float:
    return 0.0 if intersection.movements[m].user is RoadUser.PEDESTRIAN else clearances.yellow_s[m]


def _without_doubles(edges: list[float]) -> list[float]:
    return [edge for k, edge in enumerate(edges) if k == 0 or edge - edges[k - 1] > _EPSILON_S]


def _find_kind(
    lamps: tuple[Lamp, ...], leaving: Stage, intersection: Intersection, at_s: float, ends_s: Mapping[int, float]
) -> IntervalKind:
    """What the cabinet calls the interval: yellow where one is lit, walkers' clearance while those who drive go on."""
    if Lamp.YELLOW in lamps:
        return IntervalKind.YELLOW
    walks_off = any(
        m in leaving.greens and not lamps[m].is_green and intersection.movements[m].user is RoadUser.PEDESTRIAN
        for m in ends_s
    )
    goes_on = any(at_s < ends_s[m] and intersection.movements[m].user is RoadUser.VEHICLE for m in ends_s)
    return IntervalKind.PED_CLEARANCE if walks_off and goes_on else IntervalKind.RED_CLEARANCE
