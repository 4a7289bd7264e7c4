"""Turns a design into a SUMO network: plain XML, then netconvert of the PyPI package eclipse-sumo.

A left-turn bay is a real one: the road widens ``bay_m`` before the stop line. Every connection is written
out, so that lane use (outermost lane also right, bay only left) is ours and not a guess of netconvert.
"""

from __future__ import annotations

import math
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

import sumo

from sumo_scenarios.build.streets import Axis, Design, Node, Road, Turn


def edge_name(start: str, end: str) -> str:
    """The edge that reaches ``end`` when coming from ``start``."""
    return f"{start}_{end}"


def far_name(start: str, end: str) -> str:
    """The part of that edge before the left-turn bay begins."""
    return f"{start}_{end}.far"


class Streets:
    """A design with its geometry looked up: neighbours, turns, edges."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.node = {n.name: n for n in design.nodes}
        self.roads: dict[tuple[str, str], Road] = {}
        for road in design.roads:
            self.roads[road.start, road.end] = road
            self.roads[road.end, road.start] = road

    def has_bay(self, start: str, end: str) -> bool:
        """True when the approach from ``start`` widens before ``end``."""
        return self.roads[start, end].bay_m > 0 and self.node[end].is_signalled

    def first_edge(self, start: str, end: str) -> str:
        """The edge on which a vehicle leaves ``start`` for ``end``."""
        return far_name(start, end) if self.has_bay(start, end) else edge_name(start, end)

    def edges_between(self, start: str, end: str) -> list[str]:
        """All edges from ``start`` to ``end``, in driving order."""
        return [far_name(start, end), edge_name(start, end)] if self.has_bay(start, end) else [edge_name(start, end)]

    def approach_lanes(self, start: str, end: str) -> int:
        """Lanes at the stop line, the bay included."""
        return self.roads[start, end].lanes + self.has_bay(start, end)

    def approaches(self, name: str) -> list[str]:
        """The neighbours of a node, by name."""
        return sorted(a for a, b in self.roads if b == name)

    def axis(self, start: str, end: str) -> Axis:
        """Whether the road between two nodes runs east-west or north-south."""
        a, b = self.node[start], self.node[end]
        return Axis.EW if abs(b.x_m - a.x_m) >= abs(b.y_m - a.y_m) else Axis.NS

    def turn(self, start: str, via: str, end: str) -> Turn:
        """The turn at ``via``, from the angle between the two roads."""
        a, b, c = self.node[start], self.node[via], self.node[end]
        bearing_in = math.atan2(b.y_m - a.y_m, b.x_m - a.x_m)
        bearing_out = math.atan2(c.y_m - b.y_m, c.x_m - b.x_m)
        angle = math.degrees((bearing_out - bearing_in + math.pi) % (2 * math.pi) - math.pi)
        if abs(angle) < 45:
            return Turn.STRAIGHT
        return Turn.LEFT if angle > 0 else Turn.RIGHT

    def lanes_for(self, start: str, end: str, turn: Turn) -> list[int]:
        """The lanes at the stop line from which a turn may be made."""
        lanes = self.approach_lanes(start, end)
        match turn:
            case Turn.LEFT:
                return [lanes - 1]
            case Turn.RIGHT:
                return [0]
            case Turn.STRAIGHT:
                return list(range(self.roads[start, end].lanes))


def _element(tag: str, **attributes: object) -> str:
    pairs = " ".join(f"{key.rstrip('_')}={quoteattr(str(value))}" for key, value in attributes.items())
    return f"    <{tag} {pairs}/>"


def _bay_node(streets: Streets, start: str, end: str) -> Node:
    a, b = streets.node[start], streets.node[end]
    length_m = math.hypot(b.x_m - a.x_m, b.y_m - a.y_m)
    share = streets.roads[start, end].bay_m / length_m
    return Node(f"{start}_{end}.bay", b.x_m + (a.x_m - b.x_m) * share, b.y_m + (a.y_m - b.y_m) * share)


def _node_lines(streets: Streets) -> Iterator[str]:
    bays = [_bay_node(streets, a, b) for a, b in sorted(streets.roads) if streets.has_bay(a, b)]
    for node in (*streets.design.nodes, *bays):
        kind = "traffic_light" if node.is_signalled else "priority"
        yield _element("node", id=node.name, x=round(node.x_m, 2), y=round(node.y_m, 2), type=kind)


def _edge_lines(streets: Streets) -> Iterator[str]:
    for (start, end), road in sorted(streets.roads.items()):
        lanes, speed = road.lanes, road.speed_mps
        if streets.has_bay(start, end):
            bay = f"{start}_{end}.bay"
            yield _element("edge", id=far_name(start, end), from_=start, to=bay, numLanes=lanes, speed=speed)
            yield _element("edge", id=edge_name(start, end), from_=bay, to=end, numLanes=lanes + 1, speed=speed)
        else:
            yield _element("edge", id=edge_name(start, end), from_=start, to=end, numLanes=lanes, speed=speed)


def _connection(from_edge: str, to_edge: str, from_lane: int, to_lane: int) -> str:
    return _element("connection", from_=from_edge, to=to_edge, fromLane=from_lane, toLane=to_lane)


def _bay_connections(streets: Streets, start: str, end: str) -> Iterator[str]:
    lanes = streets.roads[start, end].lanes
    for lane in range(lanes):
        yield _connection(far_name(start, end), edge_name(start, end), lane, lane)
    yield _connection(far_name(start, end), edge_name(start, end), lanes - 1, lanes)


def _connection_lines(streets: Streets) -> Iterator[str]:
    for start, via in sorted(streets.roads):
        if streets.has_bay(start, via):
            yield from _bay_connections(streets, start, via)
        for end in streets.approaches(via):
            if end == start:
                continue
            turn = streets.turn(start, via, end)
            exit_lanes = streets.roads[via, end].lanes
            for lane in streets.lanes_for(start, via, turn):
                to_lane = exit_lanes - 1 if turn is Turn.LEFT else min(lane, exit_lanes - 1)
                yield _connection(edge_name(start, via), streets.first_edge(via, end), lane, to_lane)


def _write(path: Path, tag: str, lines: Iterator[str]) -> Path:
    path.write_text(f"<{tag}>\n" + "\n".join(lines) + f"\n</{tag}>\n", encoding="utf-8")
    return path


def netconvert(*arguments: str) -> None:
    """Run netconvert; its message is the error."""
    binary = Path(sumo.SUMO_HOME) / "bin" / "netconvert"
    command = [str(binary), "--no-turnarounds", "--default.junctions.radius", "6", "--no-warnings", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own arguments)
    if done.returncode:
        raise RuntimeError(f"netconvert: {done.stderr.strip()}")


def build_net(streets: Streets, work: Path) -> Path:
    """Write the plain XML into ``work`` and convert it; signals have netconvert's default programs."""
    nodes = _write(work / "nodes.nod.xml", "nodes", _node_lines(streets))
    edges = _write(work / "edges.edg.xml", "edges", _edge_lines(streets))
    connections = _write(work / "connections.con.xml", "connections", _connection_lines(streets))
    net = work / "default.net.xml"
    netconvert("-n", str(nodes), "-e", str(edges), "-x", str(connections), "-o", str(net))
    return net
