"""The stages of a signal, from its legs and from the right of way that netconvert computed.

Leading left turns where the street has them, split stages where a node is so described, a stage of its own for a
diagonal leg. Pedestrians walk with the parallel traffic, in the one stage that brings them least into conflict;
who turns over them is shown a permitted green and gives way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sumo_scenarios.build.city.layout import District, Lefts, Turn
from sumo_scenarios.build.city.links import Link, Signal


@dataclass(frozen=True, slots=True)
class Stage:
    """What is green together: a letter of ``state`` per link; ``axis`` is the street's, ``kind`` what it is for."""

    kind: str
    axis: str
    state: str

    def greens(self) -> frozenset[int]:
        """Links with a green."""
        return frozenset(k for k, letter in enumerate(self.state) if letter in "Gg")


def build_stages(district: District, signal: Signal) -> tuple[Stage, ...]:
    """The stages in the order in which the plans show them."""
    drafts = list(_draft(district, signal))
    greens = [{link.number for link in signal.links if (link.leg, link.end) in allowed} for _, _, allowed in drafts]
    for crossing in (link for link in signal.links if link.is_crossing):
        costs = [
            (cost, k)
            for k, green in enumerate(greens)
            if (cost := _find_cost(signal, crossing, green, drafts[k][0])) is not None
        ]
        if not costs:
            raise RuntimeError(f"{signal.name}: no stage in which pedestrians can walk over the leg to {crossing.leg}")
        greens[min(costs)[1]].add(crossing.number)
    stages = tuple(
        Stage(kind, axis, _to_state(signal, green)) for (kind, axis, _), green in zip(drafts, greens, strict=True)
    )
    if missing := set(range(len(signal.links))) - frozenset().union(*(stage.greens() for stage in stages)):
        raise RuntimeError(f"{signal.name}: links {sorted(missing)} are green in no stage")
    return stages


def _draft(district: District, signal: Signal) -> Iterator[tuple[str, str, set[tuple[str, str]]]]:
    """Kind, axis and the (leg, end) pairs that may go."""
    name, rule = signal.name, district.rule(signal.name)
    legs = sorted({link.leg for link in signal.links if not link.is_crossing})
    moves = {
        leg: {(leg, link.end): link.turn for link in signal.links if not link.is_crossing and link.leg == leg}
        for leg in legs
    }
    first = "ns" if name[0] == "E" and name[1] != "4" else "ew"
    for axis in (first, "ns" if first == "ew" else "ew", "d"):
        here = [leg for leg in legs if district.axis(leg, name) == axis]
        if not here:
            continue
        if axis in rule.split or len(here) == 1:
            for leg in here:
                yield ("split" if axis in rule.split else "all"), axis, set(moves[leg])
            continue
        lefts = {leg: {m for m, turn in moves[leg].items() if turn is Turn.LEFT} for leg in here}
        manner = rule.lefts.get(axis, Lefts.PERMITTED)
        everything = set().union(*(moves[leg] for leg in here))
        turning = [leg for leg in here if lefts[leg]]
        if manner is Lefts.PERMITTED or not turning:
            yield "all", axis, everything
            continue
        if len(turning) == 1:  # nobody turns left from the other side: the whole approach leads
            leg = turning[0]
            yield "lead", axis, {m for m, turn in moves[leg].items() if turn is not Turn.RIGHT}
        else:
            yield "left", axis, set().union(*lefts.values())
        yield "through", axis, everything - (set().union(*lefts.values()) if manner is Lefts.PROTECTED else set())


def _find_cost(signal: Signal, crossing: Link, green: set[int], kind: str) -> tuple[int, int] | None:
    """How many left turns and how many others would have to give way; None where somebody would not."""
    lefts = others = 0
    for link in signal.links:
        if link.number not in green or link.is_crossing or not signal.is_foe(link, crossing):
            continue
        if link.turn is Turn.THROUGH or not signal.yields(link, crossing):
            return None
        lefts += link.turn is Turn.LEFT
        others += link.turn is Turn.RIGHT
    is_idle = not any(link.number in green and link.turn is Turn.THROUGH for link in signal.links)
    return lefts + 3 * is_idle + 5 * (kind == "lead"), others


def _to_state(signal: Signal, green: set[int]) -> str:
    letters = []
    for link in signal.links:
        if link.number not in green:
            letters.append("r")
            continue
        foes = [b for b in signal.links if b.number in green and b is not link and signal.is_foe(link, b)]
        must_yield = any(signal.yields(link, b) for b in foes)
        letters.append("g" if must_yield else "G")
    for a in signal.links:
        for b in signal.links:
            if letters[a.number] == letters[b.number] == "G" and a is not b and signal.is_foe(a, b):
                raise RuntimeError(f"{signal.name}: links {a.number} and {b.number} are both protected and cross")
    return "".join(letters)
