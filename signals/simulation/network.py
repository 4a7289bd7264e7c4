"""Reads a net's signals as intersections: movements, conflicts from the junctions' right-of-way matrices.

A junction's ``request`` element has one row per link: ``foes`` (ways that cross or merge) and ``response``
(whom to give way to), bit 0 rightmost. A link's row is the number in its internal lane's name, ``:J_i_k``:
row i + k; crossings come after the vehicles' links.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from signals.model import Approach, Intersection, Lane, Movement, RoadUser, Turn

_TURNS = {
    "s": Turn.THROUGH, "l": Turn.LEFT, "L": Turn.LEFT, "r": Turn.RIGHT, "R": Turn.RIGHT, "t": Turn.U_TURN,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """One signal-controlled connection of the net."""

    number: int
    from_lane: str
    to_lane: str
    turn: Turn
    user: RoadUser
    junction: str
    row: int


@dataclass(slots=True)
class _Net:
    lanes: dict[str, Lane] = field(default_factory=dict)
    links: dict[str, list[Link]] = field(default_factory=lambda: defaultdict(list))
    foes: dict[tuple[str, int], str] = field(default_factory=dict)
    responses: dict[tuple[str, int], str] = field(default_factory=dict)
    vehicle_rows: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    pending_crossings: list[tuple[str, ET.Element]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """An intersection and, for each of its movements, the place in the signal's state string."""

    intersection: Intersection
    links: tuple[int, ...]


def edge_of(lane: str) -> str:
    """SUMO names a lane after its edge and its number from the right."""
    return lane.rsplit("_", 1)[0]


def read_sites(net_file: Path) -> dict[str, Site]:
    """Every signal of the net, by its id."""
    net = _parse(net_file)
    return {signal: _to_site(signal, links, net) for signal, links in net.links.items()}


def _parse(net_file: Path) -> _Net:
    net = _Net()
    for _, element in ET.iterparse(net_file):  # noqa: S314  (the scenario's own net; expat refuses entity bombs)
        if element.tag == "lane":
            length_m, speed_mps = float(element.get("length", 0)), float(element.get("speed", 0))
            net.lanes[element.get("id", "")] = Lane(element.get("id", ""), length_m, speed_mps)
        elif element.tag == "junction":
            _read_junction(element, net)
            element.clear()
        elif element.tag == "connection":
            _read_connection(element, net)
        elif element.tag == "edge":
            element.clear()
    for signal, element in net.pending_crossings:
        _add_crossing(signal, element, net)
    return net


def _read_junction(element: ET.Element, net: _Net) -> None:
    junction = element.get("id", "")
    for request in element.findall("request"):
        key = junction, int(request.get("index", 0))
        net.foes[key] = request.get("foes", "")
        net.responses[key] = request.get("response", "")


def _read_connection(element: ET.Element, net: _Net) -> None:
    via = element.get("via", "")
    if via.startswith(":") and not element.get("from", "").startswith(":"):
        junction, i, k = via[1:].rsplit("_", 2)
        row = int(i) + int(k)
        net.vehicle_rows[junction] = max(net.vehicle_rows[junction], row + 1)
        if signal := element.get("tl"):
            net.links[signal].append(
                Link(
                    number=int(element.get("linkIndex", 0)),
                    from_lane=f"{element.get('from')}_{element.get('fromLane')}",
                    to_lane=f"{element.get('to')}_{element.get('toLane')}",
                    turn=_TURNS.get(element.get("dir", "s"), Turn.THROUGH),
                    user=RoadUser.VEHICLE,
                    junction=junction,
                    row=row,
                )
            )
    elif signal := element.get("tl"):
        net.pending_crossings.append((signal, element))  # their rows are known once all vehicles' links are


def _add_crossing(signal: str, element: ET.Element, net: _Net) -> None:
    origin, crossing = element.get("from", ""), element.get("to", "")
    junction, _, number = crossing[1:].rpartition("_c")
    net.links[signal].append(
        Link(
            number=int(element.get("linkIndex", 0)),
            from_lane=f"{origin}_{element.get('fromLane')}",
            to_lane=f"{crossing}_{element.get('toLane')}",
            turn=Turn.CROSSING,
            user=RoadUser.PEDESTRIAN,
            junction=junction,
            row=net.vehicle_rows[junction] + int(number or 0),
        )
    )


def _to_site(signal: str, links: list[Link], net: _Net) -> Site:
    links = sorted(links, key=lambda link: link.number)
    entries = list(dict.fromkeys(link.from_lane for link in links))
    exits = list(dict.fromkeys(link.to_lane for link in links))
    lanes_of: dict[str, list[int]] = defaultdict(list)
    for position, lane in enumerate(entries):
        lanes_of[lane.rpartition("_")[0]].append(position)
    movements = tuple(
        Movement(
            index=index,
            entry=entries.index(link.from_lane),
            exit=exits.index(link.to_lane),
            turn=link.turn,
            user=link.user,
            crossing_m=_lane(link.to_lane, net).length_m if link.user is RoadUser.PEDESTRIAN else 0.0,
        )
        for index, link in enumerate(links)
    )
    size = len(links)
    conflicts, yields = np.zeros((size, size), np.bool_), np.zeros((size, size), np.bool_)
    for i, a in enumerate(links):
        for j, b in enumerate(links):
            if a.junction == b.junction:
                conflicts[i, j] = _bit(net.foes, a, b) or _bit(net.foes, b, a)
                yields[i, j] = _bit(net.responses, a, b)
    intersection = Intersection(
        id=signal,
        entries=tuple(_lane(lane, net) for lane in entries),
        exits=tuple(_lane(lane, net) for lane in exits),
        approaches=tuple(Approach(edge, tuple(lanes)) for edge, lanes in lanes_of.items()),
        movements=movements,
        conflicts=conflicts,
        yields=yields,
    )
    return Site(intersection, tuple(link.number for link in links))


def _lane(lane: str, net: _Net) -> Lane:
    return net.lanes.get(lane, Lane(lane, 0.0, 13.9))


def _bit(rows: dict[tuple[str, int], str], a: Link, b: Link) -> bool:
    bits = rows.get((a.junction, a.row), "")
    return b.row < len(bits) and bits[-1 - b.row] == "1"
