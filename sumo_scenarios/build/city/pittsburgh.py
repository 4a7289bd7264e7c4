"""The streets of ``pittsburgh50``: a district of the size and kind of the one of Surtrac's first pilot. Invented.

Columns A to H run north, rows 1 to 7 east, at uneven distances. Row 4 and column E are two-way arterials, rows 5
and 6 and columns B and C are one-way pairs, a diagonal joins E2 and F3. Corners are missing, so are some blocks.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from sumo_scenarios.build.city.layout import Carriageway, District, Lefts, Node, NodeRule, Turn

SEED = 50
COLUMNS_M = dict(zip("ABCDEFGH", (0, 190, 310, 555, 690, 950, 1090, 1480), strict=True))
ROWS_M = dict(zip("1234567", (0, 140, 410, 505, 925, 1105, 1385), strict=True))
_CORNERS = {"A1", "H1", "A7", "H7"}
_PARKS = {("D2", "D3"), ("F4", "F5"), ("G5", "G6")}
_ONE_WAY = {"B": 1, "C": -1, "5": -1, "6": 1}  # along the axis or against it
ARTERIALS = ("4", "E")
_STUB_M, _ASKEW_M = 190.0, 9.0
# name of the gate: the node that it leads to, its direction, whether one can enter and leave
GATES = {
    "w2": ("A2", (-1, 0)), "w4": ("A4", (-1, 0)), "w5": ("A5", (-1, 0)), "w6": ("A6", (-1, 0)),
    "e2": ("H2", (1, 0)), "e4": ("H4", (1, 0)), "e5": ("H5", (1, 0)), "e6": ("H6", (1, 0)),
    "sB": ("B1", (0, -1)), "sC": ("C1", (0, -1)), "sE": ("E1", (0, -1)), "sG": ("G1", (0, -1)),
    "nB": ("B7", (0, 1)), "nC": ("C7", (0, 1)), "nE": ("E7", (0, 1)), "nG": ("G7", (0, 1)),
}  # fmt: skip
_SPEED_MPS = {"arterial": 15.65, "one-way": 13.41, "collector": 13.41, "local": 11.18}  # 35, 30, 30, 25 mph
_COLLECTORS = {"2", "7", "D", "G", "H"}
_RIGHT_BAYS = {("C4", "D4"), ("F4", "E4"), ("D4", "E4"), ("E5", "E4"), ("G4", "H4"), ("E2", "E3"), ("D2", "E2")}
_LANE_DROPS = {("G4", "H4"), ("E6", "E7")}  # two lanes become one, and on the way back one becomes two


def build_pittsburgh() -> District:
    """The whole district."""
    nodes = {node.name: node for node in _list_nodes()}
    ways = {(way.start, way.end): way for way in _list_ways(nodes)}
    diagonals = frozenset({("E2", "F3"), ("F3", "E2")})
    plain = District(nodes, ways, {}, frozenset(), diagonals, (), ())
    banned = frozenset(
        (a, via, b)
        for via in ("E2", "F3")
        for a in plain.into[via]
        for b in plain.out_of[via]
        if a != b and abs(plain.angle_deg(a, via, b)) > 110
    )
    return District(
        nodes=nodes,
        ways={key: _with_bays(way, replace(plain, banned=banned)) for key, way in ways.items()},
        rules=_build_rules(),
        banned=banned,
        diagonals=diagonals,
        bands=(("w4", *(f"{c}4" for c in COLUMNS_M), "e4"), ("sE", *(f"E{r}" for r in ROWS_M), "nE")),
        one_way_bands=(
            tuple(f"B{r}" for r in "1234567"),
            tuple(f"C{r}" for r in "7654321"),
            tuple(f"{c}5" for c in "HGFEDCBA"),
            tuple(f"{c}6" for c in "ABCDEFGH"),
        ),
    )


def _list_nodes() -> Iterator[Node]:
    rng = random.Random(SEED)  # noqa: S311  (streets, not secrets)
    places: dict[str, tuple[float, float]] = {}
    for row, y_m in ROWS_M.items():
        for column, x_m in COLUMNS_M.items():
            name = column + row
            # the arterial across bends, side streets do not quite meet at right angles
            bend_m = 0.03 * max(0, x_m - COLUMNS_M["E"]) if row in "345" else 0.0
            dx_m, dy_m = rng.uniform(-_ASKEW_M, _ASKEW_M), rng.uniform(-_ASKEW_M, _ASKEW_M)
            if name not in _CORNERS:
                places[name] = x_m + dx_m * (column not in "EBC"), y_m + bend_m + dy_m * (row not in "456")
                yield Node(name, round(places[name][0], 1), round(places[name][1], 1))
    for gate, (name, (dx, dy)) in GATES.items():
        at_m = places[name]
        yield Node(gate, round(at_m[0] + dx * _STUB_M, 1), round(at_m[1] + dy * _STUB_M, 1), is_signalled=False)


def _list_ways(nodes: dict[str, Node]) -> Iterator[Carriageway]:
    chains = [[f"{c}{r}" for c in COLUMNS_M if f"{c}{r}" in nodes] for r in ROWS_M]
    chains += [[f"{c}{r}" for r in ROWS_M if f"{c}{r}" in nodes] for c in COLUMNS_M]
    lines = [*ROWS_M, *COLUMNS_M]
    for line, chain in zip(lines, chains, strict=True):
        ends = [g for g, (node, (dx, dy)) in GATES.items() if g[1] == line and node in (chain[0], chain[-1])]
        first = [g for g in ends if g[0] in "ws"]
        last = [g for g in ends if g[0] in "en"]
        full = [*first, *chain, *last]
        for a, b in pairwise(full):
            if (a, b) in _PARKS:
                continue
            heading = _ONE_WAY.get(line, 0)
            if heading >= 0:
                yield _way(line, a, b)
            if heading <= 0:
                yield _way(line, b, a)
    yield _way("d", "E2", "F3")
    yield _way("d", "F3", "E2")


def _way(line: str, start: str, end: str) -> Carriageway:
    if line in ARTERIALS:
        kind = "arterial"
    elif line in _ONE_WAY:
        kind = "one-way"
    else:
        kind = "collector" if line in _COLLECTORS else "local"
    lanes = 2 if kind in {"arterial", "one-way"} else 1
    outer = {("H4", "e4"), ("E7", "nE")}
    narrow = {(start, end), (end, start)} & outer
    begin, finish = (1, 1) if narrow else (lanes, lanes)
    if (start, end) in _LANE_DROPS:
        finish = 1
    if (end, start) in _LANE_DROPS:
        begin = 1
    return Carriageway(start, end, kind, begin, finish, _SPEED_MPS[kind])


def _with_bays(way: Carriageway, district: District) -> Carriageway:
    """Bays for left turns on arterials and before them, elsewhere where a node is named; some for right turns."""
    turns = {district.turn(way.start, way.end, end) for end in district.ends(way.start, way.end)}
    is_wanted = way.kind == "arterial" or (
        way.kind != "one-way" and (way.end[0] == "E" or way.end[1] == "4" or way.end in _MORE_BAYS)
    )
    length_m = district.length_m(way.start, way.end)
    bay_m = min(75.0 if way.kind == "arterial" else 50.0, round(0.45 * length_m))
    has_left = is_wanted and district.nodes[way.end].is_signalled and {Turn.LEFT, Turn.THROUGH} <= turns
    has_right = (way.start, way.end) in _RIGHT_BAYS
    return replace(way, left_bay_m=bay_m if has_left else 0.0, right_bay_m=bay_m if has_right else 0.0)


_MORE_BAYS = {"C2", "G2", "H2", "G7", "D6", "D5"}


def _build_rules() -> dict[str, NodeRule]:
    both, only = Lefts.BOTH, Lefts.PROTECTED
    rules: dict[str, NodeRule] = {}
    for column in "ABCDEFGH":
        rules[f"{column}4"] = NodeRule(lefts={"ew": both})
    for row in "1234567":
        rules[f"E{row}"] = NodeRule(lefts={"ns": both})
    rules["E4"] = NodeRule(lefts={"ew": only, "ns": only})
    rules["E2"] = NodeRule(lefts={"ns": both}, no_crossing=frozenset({"F3"}))
    rules["D4"] = NodeRule(lefts={"ew": only, "ns": both})
    rules["G4"] = NodeRule(lefts={"ew": both}, split=frozenset({"ns"}))
    rules["E7"] = NodeRule(lefts={"ns": both}, split=frozenset({"ew"}), no_crossing=frozenset({"nE"}))
    rules["H4"] = NodeRule(lefts={"ew": both, "ns": both}, no_crossing=frozenset({"e4"}))
    rules["G2"] = NodeRule(lefts={"ew": both})
    rules["A6"] = NodeRule(no_crossing=frozenset({"w6", "A5", "B6"}))
    rules["H6"] = NodeRule(no_crossing=frozenset({"e6", "H5", "G6"}))
    return rules
