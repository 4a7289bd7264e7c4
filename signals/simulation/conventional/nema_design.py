"""Derives a NEMA dual ring from a shipped program: which movements make phases 1 to 8, and where the barriers are.

Phases 2 and 6 are the busier street's two directions, 1 and 5 its protected lefts, 3, 4, 7 and 8 the other street's
likewise; right turns go with their through movement, lefts that the program also permits stay permitted beside the
opposing through phase. A street with one direction has its phase in both rings, as at a ramp.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from signals.model import Intersection, Lamp, RoadUser, Turn
from signals.ports import FloatArray
from signals.simulation.conventional.capacity import list_green_levels
from signals.simulation.conventional.stages import NotConvertible, ShippedProgram
from signals.simulation.programs import Display

_LETTER = {Lamp.PROTECTED_GREEN: "G", Lamp.PERMITTED_GREEN: "g"}
_ONE_OR_TWO = 2


@dataclass(frozen=True, slots=True)
class DualRing:
    """``states`` by phase; ``rings`` have a place for each phase, 0 where there is none. Times hold for all phases."""

    states: Mapping[int, str]
    rings: tuple[tuple[int, ...], tuple[int, ...]]
    yellow_s: float
    red_s: float
    recalled: tuple[int, ...]

    def list_stages(self) -> tuple[tuple[int, int], ...]:
        """The pairs of phases of a cycle in which both rings keep step."""
        pairs = []
        for side in (0, 2):
            for place in (side, side + 1):
                pair = tuple(ring[place] or ring[side + 1] for ring in self.rings)
                if any(ring[place] for ring in self.rings):
                    pairs.append((pair[0], pair[1]))
        return tuple(pairs)


@dataclass(frozen=True, slots=True)
class _Leg:
    approach: int
    through: frozenset[int]
    left: frozenset[int]
    is_protected: bool
    is_permitted: bool


def design_dual_ring(shipped: ShippedProgram, volume_vph: FloatArray) -> DualRing:
    """The dual ring of one intersection.

    Raises:
        NotConvertible: the intersection is none for a dual ring; the message says why.
    """
    crossing = shipped.site.intersection
    if any(m.user is RoadUser.PEDESTRIAN for m in crossing.movements):
        raise NotConvertible("SUMO's NEMA has no pedestrian clearance, and pedestrians cross here")
    lamps = list_green_levels(shipped)
    legs = [leg for k in range(len(crossing.approaches)) if (leg := _to_leg(crossing, lamps, k))]
    if len(legs) not in {3, 4}:
        raise NotConvertible(f"a dual ring has three or four legs, here are {len(legs)}")
    streets = _pair_streets(crossing, legs)
    streets.sort(key=lambda street: -sum(float(volume_vph[m]) for leg in street for m in leg.through))
    states: dict[int, str] = {}
    rings = ([0, 0, 0, 0], [0, 0, 0, 0])
    for number, street in enumerate(streets):
        _place_street(shipped, lamps, street, number, states, rings)
    yellow_s, red_s = _read_intergreen(shipped)
    design = DualRing(states, (tuple(rings[0]), tuple(rings[1])), yellow_s, red_s, _find_recalled(shipped, states))
    _check_pairs(shipped, design)
    return design


def to_stages(shipped: ShippedProgram, design: DualRing) -> ShippedProgram:
    """The dual ring with both rings in step, as a program that can be retimed."""
    displays: list[Display] = []
    stages: list[int] = []
    bounds: list[tuple[float, float]] = []
    pairs = design.list_stages()
    greens = [combine(design.states[a], design.states[b]) for a, b in pairs]
    for k, state in enumerate(greens):
        following = greens[(k + 1) % len(greens)]
        ending = "".join("y" if a in "Gg" and b not in "Gg" else a for a, b in zip(state, following, strict=True))
        stages.append(len(displays))
        is_left = any(phase % 2 for phase in pairs[k])
        bounds.append((min(shipped.min_s) if is_left else max(shipped.min_s), max(shipped.max_s)))
        displays += [Display(state, 10.0), Display(ending, design.yellow_s)]
        if design.red_s > 0:
            displays.append(Display(ending.replace("y", "r"), design.red_s))
    return ShippedProgram(
        shipped.signal, shipped.site, tuple(displays), shipped.offset_s, tuple(stages),
        tuple(b[0] for b in bounds), tuple(b[1] for b in bounds), is_adjustable=False,
    )  # fmt: skip


def combine(one: str, other: str) -> str:
    """Two phases as they are shown together."""
    order = "Ggsyr"
    return "".join(min(a, b, key=order.index) for a, b in zip(one, other, strict=True))


def _to_leg(crossing: Intersection, lamps: list[tuple[Lamp, ...]], approach: int) -> _Leg | None:
    lanes = set(crossing.approaches[approach].lanes)
    mine = [m for m in crossing.movements if m.entry in lanes and m.user is RoadUser.VEHICLE]
    left = frozenset(m.index for m in mine if m.turn in {Turn.LEFT, Turn.U_TURN})
    through = frozenset(m.index for m in mine) - left
    if not mine:
        return None
    if not any(m.turn is Turn.THROUGH for m in mine):  # the stem of a T: all its turns are one phase
        return _Leg(approach, through | left, frozenset(), is_protected=False, is_permitted=False)
    foes = {j for m in left for j in range(len(lamps[0])) if crossing.yields[m, j] and crossing.conflicts[m, j]}
    turning = {m for m in left if crossing.movements[m].turn is Turn.LEFT} or set(left)
    is_protected = bool(left) and any(
        all(shown[m] is Lamp.PROTECTED_GREEN for m in turning) and not any(shown[j].is_green for j in foes)
        for shown in lamps
    )
    is_permitted = bool(left) and any(
        all(shown[m].is_green for m in turning) and any(shown[t] is Lamp.PROTECTED_GREEN for t in through)
        for shown in lamps
    )
    if is_protected and {crossing.movements[m].entry for m in left} & {crossing.movements[m].entry for m in through}:
        raise NotConvertible(
            f"the left turn from {crossing.approaches[approach].id} has a stage but no lane of its own"
        )
    return _Leg(approach, through, left, is_protected, is_permitted)


def _pair_streets(crossing: Intersection, legs: list[_Leg]) -> list[list[_Leg]]:
    """The legs as two streets: those whose through movements do not meet face each other."""

    def has_through(leg: _Leg) -> bool:
        return any(crossing.movements[m].turn is Turn.THROUGH for m in leg.through)

    def face(a: _Leg, b: _Leg) -> bool:
        ways = [(i, j) for i in a.through for j in b.through]
        straight = [
            (i, j) for i, j in ways
            if crossing.movements[i].turn is Turn.THROUGH and crossing.movements[j].turn is Turn.THROUGH
        ]  # fmt: skip
        return has_through(a) and has_through(b) and not any(crossing.conflicts[i, j] for i, j in straight)

    for a, b in combinations(legs, 2):
        others = [leg for leg in legs if leg is not a and leg is not b]
        if face(a, b) and (len(others) == 1 or face(*others)):
            return [[a, b], others]
    raise NotConvertible("no two legs face each other")


def _place_street(
    shipped: ShippedProgram,
    lamps: list[tuple[Lamp, ...]],
    street: list[_Leg],
    number: int,
    states: dict[int, str],
    rings: tuple[list[int], list[int]],
) -> None:
    side = 2 * number
    throughs = (2 + side, 6 + side)
    for k, leg in enumerate(street):
        states[throughs[k]] = _through_state(shipped, lamps, leg, is_alone=len(street) == 1)
        rings[k][side + 1] = throughs[k]
        if leg.is_protected and len(street) == _ONE_OR_TWO:
            # the left of phase 2's leg runs in ring 2 as phase 5, before the opposing phase 6
            phase = (5, 1)[k] + side
            states[phase] = _write(shipped, dict.fromkeys(leg.left, "G"))
            rings[1 - k][side] = phase
    if len(street) == 1:
        rings[1][side + 1] = throughs[0]


def _through_state(shipped: ShippedProgram, lamps: list[tuple[Lamp, ...]], leg: _Leg, *, is_alone: bool) -> str:
    """The letters that the program shows where the leg's through movements have most green."""
    best = max(
        lamps,
        key=lambda shown: (
            sum(shown[m] is Lamp.PROTECTED_GREEN for m in leg.through),
            sum(shown[m].is_green for m in leg.left),
        ),
    )
    letters = {m: _LETTER.get(best[m], "g") for m in leg.through}
    if is_alone:
        letters |= {m: _LETTER.get(best[m], "G") for m in leg.left}
    elif leg.is_permitted or not leg.is_protected:
        letters |= dict.fromkeys(leg.left, "g")
    return _write(shipped, letters)


def _write(shipped: ShippedProgram, letters: Mapping[int, str]) -> str:
    state = ["r"] * len(shipped.displays[0].state)
    for m, letter in letters.items():
        state[shipped.site.links[m]] = letter
    return "".join(state)


def _read_intergreen(shipped: ShippedProgram) -> tuple[float, float]:
    """The longest yellow between two stages, and the longest red after a yellow."""
    yellow_s = red_s = 0.0
    count = len(shipped.displays)
    for k in shipped.stages:
        lit_s = dark_s = 0.0
        at = (k + 1) % count
        while at not in shipped.stages:
            display = shipped.displays[at]
            if "y" in display.state.lower():
                lit_s += display.duration_s
            else:
                dark_s += display.duration_s
            at = (at + 1) % count
        yellow_s, red_s = max(yellow_s, lit_s), max(red_s, dark_s)
    if yellow_s == 0:
        raise NotConvertible("its program shows no yellow")
    return yellow_s, red_s


def _find_recalled(shipped: ShippedProgram, states: Mapping[int, str]) -> tuple[int, ...]:
    """Phases with a lane that has only permitted greens: SUMO puts no detector there, so they are served each cycle."""
    crossing = shipped.site.intersection
    called = {m.entry for m in crossing.movements for s in states.values() if s[shipped.site.links[m.index]] == "G"}
    return tuple(sorted(
        phase for phase, state in states.items()
        if any(state[shipped.site.links[m.index]] == "g" and m.entry not in called for m in crossing.movements)
    ))  # fmt: skip


def _list_pairs(design: DualRing) -> Iterator[tuple[int, int]]:
    for side in (0, 2):
        for a in design.rings[0][side : side + 2]:
            for b in design.rings[1][side : side + 2]:
                if a and b:
                    yield a, b


def _check_pairs(shipped: ShippedProgram, design: DualRing) -> None:
    """No two greens that meet without one giving way, in any pair of phases that may be shown together."""
    crossing = shipped.site.intersection
    for a, b in _list_pairs(design):
        state = combine(design.states[a], design.states[b])
        for i, j in combinations(range(len(crossing.movements)), 2):
            one, other = state[shipped.site.links[i]], state[shipped.site.links[j]]
            if not crossing.conflicts[i, j] or one not in "Gg" or other not in "Gg":
                continue
            gives_way = (one == "g" and crossing.yields[i, j]) or (other == "g" and crossing.yields[j, i])
            if not gives_way:
                raise NotConvertible(
                    f"phases {a} and {b} would give green to {crossing.describe(i)} and {crossing.describe(j)} together"
                )
