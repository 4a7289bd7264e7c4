"""The words in which a district is described: crossings, one-way carriageways with lanes and bays, turns.

Unlike the small scenarios of ``sumo_scenarios.build.streets`` every direction of a street is described for itself,
so that one-way streets, lane drops and bays on one side are nothing special. Metres and metres per second.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property


class Turn(StrEnum):
    """What a vehicle does at a crossing."""

    LEFT = "left"
    THROUGH = "through"
    RIGHT = "right"


class Lefts(StrEnum):
    """How the left turns of a street are signalled at a node."""

    PERMITTED = "permitted"
    PROTECTED = "protected"
    BOTH = "protected-permitted"


@dataclass(frozen=True, slots=True)
class Node:
    """A place where streets meet; without a signal it is a gate, where traffic enters and leaves."""

    name: str
    x_m: float
    y_m: float
    is_signalled: bool = True


@dataclass(frozen=True, slots=True)
class Carriageway:
    """One direction of a street between two nodes.

    ``lanes`` at its beginning and ``lanes_end`` at its end; the bays come on top of these. ``kind`` is the class of
    the street.
    """

    start: str
    end: str
    kind: str
    lanes: int
    lanes_end: int
    speed_mps: float
    left_bay_m: float = 0.0
    right_bay_m: float = 0.0

    @property
    def name(self) -> str:
        """The edge at its end; the parts before have a letter behind it."""
        return f"{self.start}_{self.end}"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a carriageway with a constant number of lanes: one edge of the net."""

    edge: str
    start: str
    end: str
    lanes: int
    length_m: float


@dataclass(frozen=True, slots=True)
class NodeRule:
    """What is special at one node.

    ``lefts`` by axis ("ew", "ns"); ``split`` names axes whose two approaches have a stage each; ``no_crossing`` are
    neighbours over whose leg no crossing leads.
    """

    lefts: Mapping[str, Lefts] = field(default_factory=dict)
    split: frozenset[str] = frozenset()
    no_crossing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class District:
    """All nodes and carriageways, what is special, and the chains of nodes (arterials with their
    gates, one-way streets) along which green bands are wanted.
    """

    nodes: Mapping[str, Node]
    ways: Mapping[tuple[str, str], Carriageway]
    rules: Mapping[str, NodeRule]
    banned: frozenset[tuple[str, str, str]]
    diagonals: frozenset[tuple[str, str]]
    bands: tuple[tuple[str, ...], ...]
    one_way_bands: tuple[tuple[str, ...], ...]

    @cached_property
    def signals(self) -> list[str]:
        """The signalled nodes by name."""
        return sorted(name for name, node in self.nodes.items() if node.is_signalled)

    @cached_property
    def into(self) -> dict[str, list[str]]:
        """Whence one comes to a node."""
        return {name: sorted(a for a, b in self.ways if b == name) for name in self.nodes}

    @cached_property
    def out_of(self) -> dict[str, list[str]]:
        """Where one gets from a node."""
        return {name: sorted(b for a, b in self.ways if a == name) for name in self.nodes}

    def legs(self, name: str) -> list[str]:
        """The neighbours of a node, in either direction."""
        return sorted({*self.into[name], *self.out_of[name]})

    def rule(self, name: str) -> NodeRule:
        """What is special at a node."""
        return self.rules.get(name, NodeRule())

    def length_m(self, start: str, end: str) -> float:
        """From node to node."""
        a, b = self.nodes[start], self.nodes[end]
        return math.hypot(b.x_m - a.x_m, b.y_m - a.y_m)

    def bearing(self, start: str, end: str) -> float:
        """Radians, against the clock from east."""
        a, b = self.nodes[start], self.nodes[end]
        return math.atan2(b.y_m - a.y_m, b.x_m - a.x_m)

    def axis(self, start: str, end: str) -> str:
        """Whether the street runs east-west (ew), north-south (ns) or across (d)."""
        if (start, end) in self.diagonals or (end, start) in self.diagonals:
            return "d"
        return "ew" if abs(math.cos(self.bearing(start, end))) > math.sqrt(0.5) else "ns"

    def angle_deg(self, start: str, via: str, end: str) -> float:
        """How far one turns, against the clock."""
        turned = self.bearing(via, end) - self.bearing(start, via)
        return math.degrees((turned + math.pi) % (2 * math.pi) - math.pi)

    def turn(self, start: str, via: str, end: str) -> Turn:
        """The turn by its angle."""
        angle = self.angle_deg(start, via, end)
        if abs(angle) < 36:
            return Turn.THROUGH
        return Turn.LEFT if angle > 0 else Turn.RIGHT

    def ends(self, start: str, via: str) -> list[str]:
        """Where one may go on to at a node."""
        return [e for e in self.out_of[via] if e != start and (start, via, e) not in self.banned]

    def sections(self, way: Carriageway) -> list[Section]:
        """The edges of a carriageway, in driving order."""
        length_m = self.length_m(way.start, way.end)
        bay_m = max(way.left_bay_m, way.right_bay_m)
        cuts: list[tuple[float, str, int]] = [(0.0, way.start, way.lanes)]
        if way.lanes != way.lanes_end:
            cuts.append((0.45 * (length_m - bay_m), f"{way.name}.drop", way.lanes_end))
        if bay_m:
            lanes = way.lanes_end + (way.left_bay_m > 0) + (way.right_bay_m > 0)
            cuts.append((length_m - bay_m, f"{way.name}.bay", lanes))
        stops = [*cuts[1:], (length_m, way.end, 0)]
        letters = ["", ".a", ".b"]
        return [
            Section(way.name + letters[len(cuts) - 1 - k], node, stop[1], lanes, stop[0] - at_m)
            for k, ((at_m, node, lanes), stop) in enumerate(zip(cuts, stops, strict=True))
        ]

    def turn_lanes(self, start: str, via: str) -> dict[str, list[int]]:
        """For each end the vehicles' lanes at the stop line from which one gets there; 0 is the outermost."""
        way = self.ways[start, via]
        count = self.sections(way)[-1].lanes
        ends = self.ends(start, via)
        turns = {end: self.turn(start, via, end) for end in ends}
        found: dict[str, list[int]] = {}
        has_through = Turn.THROUGH in turns.values()
        has_right = Turn.RIGHT in turns.values()
        for end, turn in turns.items():
            match turn:
                case Turn.RIGHT:
                    found[end] = [0]
                case Turn.LEFT:
                    only_left = not has_through and count > 2
                    found[end] = [count - 2, count - 1] if only_left else [count - 1]
                case Turn.THROUGH:
                    lanes = list(range(int(way.right_bay_m > 0), count - int(way.left_bay_m > 0)))
                    room = self.ways[via, end].lanes
                    found[end] = lanes[-room:] if has_right else lanes[:room]
        return found
