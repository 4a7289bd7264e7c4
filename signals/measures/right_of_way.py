"""Which signal links cross, which yields to which, and what the shipped programs keep, from the net file.

SUMO's junctions carry a matrix: ``foes`` bit j of request i says that i and j cross or merge, ``response``
that i must yield to j; bit 0 is the rightmost character
(https://sumo.dlr.de/docs/Networks/SUMO_Road_Networks.html#requests). A request's number is the place of its
connection among the connections of the junction's incoming lanes, in the order of ``incLanes``.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from signals.measures.sumo_xml import iter_elements


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of a shipped program; ``shortest_s`` is its minimum when it has one, else its duration."""

    state: str
    duration_s: float
    shortest_s: float


@dataclass(frozen=True, slots=True)
class SignalLayout:
    """One signal: how many links, which ordered pairs cross, who yields (i, j): i yields to j."""

    signal: str
    link_count: int
    conflicts: frozenset[tuple[int, int]]
    yields: frozenset[tuple[int, int]]
    names: Mapping[int, str]
    programs: tuple[tuple[Phase, ...], ...]


def load_layouts(net: Path, additional: Iterable[Path] = ()) -> Mapping[str, SignalLayout]:
    """Every signal of the net; programs also from the additional files."""
    connections: dict[str, list[dict[str, str]]] = defaultdict(list)
    junctions: list[ET.Element] = []
    programs: dict[str, list[tuple[Phase, ...]]] = defaultdict(list)
    for element in iter_elements(net, "connection", "junction", "tlLogic"):
        if element.tag == "connection":
            key = f"{element.get('from')}_{element.get('fromLane')}"
            connections[key].append(dict(element.attrib))
        elif element.tag == "junction":
            junctions.append(element)
        else:
            programs[element.get("id", "")].append(_read_program(element))
    for file in additional:
        for element in iter_elements(file, "tlLogic"):
            programs[element.get("id", "")].append(_read_program(element))
    return _build_layouts(connections, junctions, programs)


def _read_program(element: ET.Element) -> tuple[Phase, ...]:
    phases = []
    for phase in element.iter("phase"):
        duration_s = float(phase.get("duration", "0"))
        phases.append(
            Phase(phase.get("state", ""), duration_s, min(duration_s, float(phase.get("minDur", duration_s))))
        )
    return tuple(phases)


def _list_requests(junction: ET.Element, connections: Mapping[str, list[dict[str, str]]]) -> list[dict[str, str]]:
    """The junction's connections in the order of its requests; pedestrian crossings come after vehicles."""
    ordered = [c for lane in junction.get("incLanes", "").split() for c in connections.get(lane, [])]
    inner = junction.get("intLanes", "").split()
    into_crossing = {
        f"{c['to']}_{c['toLane']}": c
        for group in connections.values()
        for c in group
        if c["to"].startswith(":") and "tl" in c and f"{c['to']}_{c['toLane']}" in inner
    }
    seen = {id(c) for c in ordered}
    return ordered + [c for lane in inner if (c := into_crossing.get(lane)) is not None and id(c) not in seen]


def _build_layouts(
    connections: Mapping[str, list[dict[str, str]]],
    junctions: Iterable[ET.Element],
    programs: Mapping[str, list[tuple[Phase, ...]]],
) -> Mapping[str, SignalLayout]:
    names: dict[str, dict[int, str]] = defaultdict(dict)
    for group in connections.values():
        for c in group:
            if "tl" in c and "linkIndex" in c:
                names[c["tl"]].setdefault(
                    int(c["linkIndex"]), f"{c['from']}_{c['fromLane']} to {c['to']}_{c['toLane']}"
                )
    conflicts: dict[str, set[tuple[int, int]]] = defaultdict(set)
    yields: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for junction in junctions:
        if junction.get("type") == "internal":
            continue
        requests = _list_requests(junction, connections)
        for element in junction.iter("request"):
            here = _find_link(requests, int(element.get("index", "0")))
            if here is None:
                continue
            for other, is_foe, has_priority in _read_bits(element):
                there = _find_link(requests, other)
                if there is None or there[0] != here[0] or there[1] == here[1]:
                    continue
                if _is_same_turn(requests[int(element.get("index", "0"))], requests[other]):
                    continue
                pair = (here[1], there[1])
                if is_foe:
                    conflicts[here[0]].add(pair)
                if has_priority:
                    yields[here[0]].add(pair)
    return {
        signal: SignalLayout(
            signal,
            max(links) + 1,
            frozenset(conflicts[signal] | {(j, i) for i, j in conflicts[signal]}),
            frozenset(yields[signal]),
            links,
            tuple(programs.get(signal, ())),
        )
        for signal, links in sorted(names.items())
    }


def _is_same_turn(one: dict[str, str], other: dict[str, str]) -> bool:
    """Lanes of one approach turning into one exit merge, but no signal is there to part them."""
    return one["from"] == other["from"] and one["to"] == other["to"]


def _find_link(requests: list[dict[str, str]], index: int) -> tuple[str, int] | None:
    if index >= len(requests) or "tl" not in requests[index]:
        return None
    return requests[index]["tl"], int(requests[index]["linkIndex"])


def _read_bits(element: ET.Element) -> Iterable[tuple[int, bool, bool]]:
    foes, response = element.get("foes", ""), element.get("response", "")
    for other in range(len(foes)):
        is_foe, has_priority = foes[-1 - other] == "1", response[-1 - other] == "1"
        if is_foe or has_priority:
            yield other, is_foe, has_priority
