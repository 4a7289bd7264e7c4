"""More stages than the city shows: what else of its movements may run together, as a dual ring would have it.

A city's plan pairs movements for the whole day; control that sees who waits also wants one approach alone, two
opposing left turns, or two throughs. A group is what one approach starts and ends together in every shipped stage, and
what shares a lane or a lamp. New stages are the largest sets of groups whose ways do not meet: no right of way is
needed that drivers do not know here, and each movement keeps the strongest lamp that the city shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from signals.model import Intersection, Lamp, RoadUser, Stage
from signals.timing_plan import may_share

MOST_STAGES = 12

Group = tuple[int, ...]


def list_more_stages(
    crossing: Intersection, stages: Sequence[Stage], heads: Iterable[Sequence[int]] = ()
) -> tuple[Stage, ...]:
    """Stages for vehicles alone that ``stages`` do not have; those that serve most lanes first, twelve in all.

    ``heads``: movements that share a lamp, beside those of one lane.
    """
    groups = _list_groups(crossing, stages, heads)
    best = {m: max(stage.lamp(m) for stage in stages) for group in groups for m in group}
    shown = [frozenset(m for m in s.greens if crossing.movements[m].user is RoadUser.VEHICLE) for s in stages]
    found: list[Stage] = []
    for clique in sorted(_list_cliques(crossing, groups), key=lambda c: (-_count_lanes(crossing, c), c)):
        lamps = {m: best[m] for group in clique for m in group if best[m].is_green}
        if not lamps or lamps.keys() in shown or len(stages) + len(found) >= MOST_STAGES:
            continue
        if all(may_share(crossing, lamps[i], lamps[j], i, j) for i, j in combinations(sorted(lamps), 2)):
            found.append(_to_stage(len(stages) + len(found), lamps))
    return tuple(found)


def _list_groups(crossing: Intersection, stages: Sequence[Stage], heads: Iterable[Sequence[int]]) -> list[Group]:
    approach_of = {lane: k for k, approach in enumerate(crossing.approaches) for lane in approach.lanes}
    driven = [m for m in crossing.movements if m.user is RoadUser.VEHICLE]
    number = {m.index: m.index for m in driven}
    keys: dict[tuple[object, ...], list[int]] = {}
    for m in driven:
        greens = tuple(m.index in stage.greens for stage in stages)
        keys.setdefault(("lane", m.entry), []).append(m.index)
        keys.setdefault(("approach", approach_of.get(m.entry, -1 - m.entry), greens), []).append(m.index)
    for joined in (*keys.values(), *heads):
        numbers = {number[m] for m in joined if m in number}
        first = min(numbers, default=0)
        number = {m: first if own in numbers else own for m, own in number.items()}
    groups: dict[int, list[int]] = {}
    for movement, own in number.items():
        groups.setdefault(own, []).append(movement)
    return [tuple(group) for _, group in sorted(groups.items())]


def _list_cliques(crossing: Intersection, groups: Sequence[Group]) -> list[tuple[Group, ...]]:
    """The largest sets of groups of which no two meet (Bron and Kerbosch 1973)."""
    size = range(len(groups))
    near = {
        a: {b for b in size if a != b and not any(crossing.conflicts[i, j] for i in groups[a] for j in groups[b])}
        for a in size
    }
    found: list[tuple[Group, ...]] = []

    def grow(chosen: tuple[int, ...], open_: set[int], done: set[int]) -> None:
        if not open_ and not done:
            found.append(tuple(groups[k] for k in sorted(chosen)))
        for k in sorted(open_):
            grow((*chosen, k), open_ & near[k], done & near[k])
            open_, done = open_ - {k}, done | {k}

    grow((), set(size), set())
    return found


def _count_lanes(crossing: Intersection, clique: Iterable[Group]) -> int:
    return len({crossing.movements[m].entry for group in clique for m in group})


def _to_stage(index: int, lamps: Mapping[int, Lamp]) -> Stage:
    def having(wanted: Lamp) -> frozenset[int]:
        return frozenset(m for m, lamp in lamps.items() if lamp is wanted)

    return Stage(index, having(Lamp.PROTECTED_GREEN), having(Lamp.PERMITTED_GREEN))
