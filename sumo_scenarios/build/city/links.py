"""What netconvert made of a signal: its links by number, who crosses whom and who gives way to whom.

A junction's ``request`` rows follow the links: a vehicle's row is the number in its internal lane's name plus its
lane's, crossings come after all vehicles' rows. Bit 0 of a row is the rightmost.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from sumo_scenarios.build.city.layout import District, Turn


@dataclass(frozen=True, slots=True)
class Link:
    """One place of the state string. Of a crossing ``leg`` is the neighbour over whose leg it leads."""

    number: int
    row: int
    leg: str
    end: str = ""
    turn: Turn | None = None
    lane: int = 0
    length_m: float = 0.0

    @property
    def is_crossing(self) -> bool:
        """Whether pedestrians use it."""
        return self.turn is None


@dataclass(slots=True)
class Signal:
    """The links of one signal in the order of their numbers."""

    name: str
    links: list[Link]
    foes: dict[int, str] = field(default_factory=dict)
    responses: dict[int, str] = field(default_factory=dict)

    def is_foe(self, a: Link, b: Link) -> bool:
        """Whether two ways cross or merge."""
        return _bit(self.foes, a.row, b.row) or _bit(self.foes, b.row, a.row)

    def yields(self, a: Link, b: Link) -> bool:
        """Whether ``a`` gives way to ``b`` where both are green."""
        return _bit(self.responses, a.row, b.row)


def _bit(rows: dict[int, str], row: int, other: int) -> bool:
    bits = rows.get(row, "")
    return other < len(bits) and bits[-1 - other] == "1"


def read_signals(district: District, net: Path) -> dict[str, Signal]:
    """All signals of the net by name."""
    root = ET.parse(net).getroot()  # noqa: S314  (written by netconvert just now)
    lengths_m = {lane.attrib["id"]: float(lane.attrib["length"]) for lane in root.iter("lane")}
    crossed = {
        e.attrib["id"]: e.attrib["crossingEdges"].split() for e in root.iter("edge") if "crossingEdges" in e.attrib
    }
    start_of, leg_of = {}, {}
    for way in district.ways.values():
        sections = district.sections(way)
        start_of[sections[-1].edge] = way.start
        leg_of[sections[0].edge] = way.end
    links: dict[str, list[Link]] = {name: [] for name in district.signals}
    vehicles: dict[str, int] = dict.fromkeys(district.signals, 0)
    for c in root.iter("connection"):
        if "tl" in c.attrib and ":" not in c.attrib["from"]:
            name, start, end = c.attrib["tl"], start_of[c.attrib["from"]], leg_of[c.attrib["to"]]
            _, i, k = c.attrib["via"][1:].rsplit("_", 2)
            row = int(i) + int(k)
            vehicles[name] = max(vehicles[name], row + 1)
            lane = int(c.attrib["fromLane"]) - 1
            links[name].append(Link(int(c.attrib["linkIndex"]), row, start, end, district.turn(start, name, end), lane))
    for c in root.iter("connection"):
        if "tl" in c.attrib and c.attrib["from"].startswith(":"):
            name, crossing = c.attrib["tl"], c.attrib["to"]
            row = vehicles[name] + int(crossing.rpartition("_c")[2])
            edge = crossed[crossing][0]
            leg = start_of[edge] if edge in start_of and edge.endswith(f"_{name}") else leg_of[edge]
            links[name].append(Link(int(c.attrib["linkIndex"]), row, leg, length_m=lengths_m[f"{crossing}_0"]))
    signals = {name: Signal(name, sorted(found, key=lambda link: link.number)) for name, found in links.items()}
    for junction in root.iter("junction"):
        if junction.attrib["id"] in signals:
            signal = signals[junction.attrib["id"]]
            for request in junction.iter("request"):
                signal.foes[int(request.attrib["index"])] = request.attrib["foes"]
                signal.responses[int(request.attrib["index"])] = request.attrib["response"]
    return signals
