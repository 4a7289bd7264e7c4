"""Turns a district into a SUMO network: plain XML, then netconvert.

Every street has a sidewalk on its right side (lane 0), every crossing is written out, and so is every connection:
lane use is the description's and not a guess of netconvert.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import quoteattr

import sumo

from sumo_scenarios.build.city.layout import Carriageway, District, Section, Turn

SIDEWALK_M, LANE_M, CROSSING_M = 2.0, 3.2, 3.0


def _element(tag: str, **attributes: object) -> str:
    pairs = " ".join(f"{key.rstrip('_')}={quoteattr(str(value))}" for key, value in attributes.items())
    return f"    <{tag} {pairs}/>"


def _node_lines(district: District) -> Iterator[str]:
    for node in district.nodes.values():
        kind = "traffic_light" if node.is_signalled else "priority"
        yield _element("node", id=node.name, x=node.x_m, y=node.y_m, type=kind, radius=5)
    for way in district.ways.values():
        a, b = district.nodes[way.start], district.nodes[way.end]
        whole_m, passed_m = district.length_m(way.start, way.end), 0.0
        for section in district.sections(way)[:-1]:
            passed_m += section.length_m
            share = passed_m / whole_m
            x_m, y_m = a.x_m + (b.x_m - a.x_m) * share, a.y_m + (b.y_m - a.y_m) * share
            kind = "zipper" if section.end.endswith(".drop") and way.lanes > way.lanes_end else "priority"
            yield _element("node", id=section.end, x=round(x_m, 2), y=round(y_m, 2), type=kind)


def _edge_lines(district: District) -> Iterator[str]:
    for way in district.ways.values():
        for section in district.sections(way):
            yield _element(
                "edge",
                id=section.edge,
                from_=section.start,
                to=section.end,
                numLanes=section.lanes,
                speed=way.speed_mps,
                priority={"arterial": 9, "one-way": 7, "collector": 5, "local": 3}[way.kind],
                width=LANE_M,
                sidewalkWidth=SIDEWALK_M,
                disallow="pedestrian",
            )


def _connection(start: str, end: str, from_lane: int, to_lane: int) -> str:
    """Lanes are counted without the sidewalk."""
    return _element("connection", from_=start, to=end, fromLane=from_lane + 1, toLane=to_lane + 1)


def _inner_connections(way: Carriageway, sections: list[Section]) -> Iterator[str]:
    for before, after in pairwise(sections):
        if after.start.endswith(".bay"):
            first = int(way.right_bay_m > 0)
            pairs = [(lane, lane + first) for lane in range(before.lanes)]
            pairs += [(0, 0)] if first else []
            pairs += [(before.lanes - 1, after.lanes - 1)] if way.left_bay_m else []
        else:
            wide = max(before.lanes, after.lanes)
            pairs = [(min(lane, before.lanes - 1), min(lane, after.lanes - 1)) for lane in range(wide)]
        for from_lane, to_lane in pairs:
            yield _connection(before.edge, after.edge, from_lane, to_lane)


def _connection_lines(district: District) -> Iterator[str]:
    for (start, via), way in district.ways.items():
        sections = district.sections(way)
        yield from _inner_connections(way, sections)
        for end, lanes in district.turn_lanes(start, via).items():
            target = district.sections(district.ways[via, end])[0]
            turn = district.turn(start, via, end)
            for k, lane in enumerate(lanes):
                last = target.lanes - 1
                to_lane = {Turn.RIGHT: 0, Turn.LEFT: last - (len(lanes) - 1 - k), Turn.THROUGH: min(k, last)}[turn]
                yield _connection(sections[-1].edge, target.edge, lane, max(0, to_lane))
    for name in district.signals:
        for leg in district.legs(name):
            if leg in district.rule(name).no_crossing:
                continue
            edges = []
            if (leg, name) in district.ways:
                edges.append(district.sections(district.ways[leg, name])[-1].edge)
            if (name, leg) in district.ways:
                edges.append(district.sections(district.ways[name, leg])[0].edge)
            yield _element("crossing", node=name, edges=" ".join(edges), priority="true", width=CROSSING_M)


def _write(path: Path, tag: str, lines: Iterator[str]) -> Path:
    path.write_text(f"<{tag}>\n" + "\n".join(lines) + f"\n</{tag}>\n", encoding="utf-8")
    return path


def build_net(district: District, work: Path) -> Path:
    """Write the plain XML into ``work`` and convert it; signals have netconvert's default programs."""
    nodes = _write(work / "nodes.nod.xml", "nodes", _node_lines(district))
    edges = _write(work / "edges.edg.xml", "edges", _edge_lines(district))
    connections = _write(work / "connections.con.xml", "connections", _connection_lines(district))
    net = work / "default.net.xml"
    binary = Path(sumo.SUMO_HOME) / "bin" / "netconvert"
    files = ["-n", nodes, "-e", edges, "-x", connections, "-o", net]
    options = ["--no-turnarounds", "--walkingareas", "--no-internal-links", "false", "--junctions.corner-detail", "0"]
    options += ["--precision", "1", "--junctions.limit-turn-speed", "5.5"]
    command = [str(part) for part in (binary, *files, *options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own arguments)
    if done.returncode:
        raise RuntimeError(f"netconvert: {done.stderr.strip()}")
    (work / "netconvert.log").write_text(done.stderr, encoding="utf-8")
    return net
