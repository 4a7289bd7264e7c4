"""Which signal links cross, which yields to which, and what the shipped programs keep, from the net file.

SUMO's junctions carry a matrix: ``foes`` bit j of request i says that i and j cross or merge, ``response``
that i must yield to j; bit 0 is the rightmost character
(https://sumo.dlr.de/docs/Networks/SUMO_Road_Networks.html#requests). A request's number is the place of its
connection among the vehicles' connections of the junction's incoming lanes, in the order of ``incLanes``; after
them comes a request for each pedestrian crossing, in the order of ``intLanes``.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from signals.measures.sumo_xml import iter_elements


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of a shipped program; ``shortest_s`` is its minimum when it has one, else its duration.

    ``following`` are the phases that may come next, where the program says so; else it is the one after it.
    """

    state: str
    duration_s: float
    shortest_s: float
    following: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SignalLayout:
    """One signal: how many lamps, which ordered pairs cross, who yields (i, j): i yields to j.

    ``names`` has the links that control a connection; a lamp without one controls nothing. ``walkers`` are the
    links that serve pedestrians only, with the metres that they have to walk.
    """

    signal: str
    link_count: int
    conflicts: frozenset[tuple[int, int]]
    yields: frozenset[tuple[int, int]]
    names: Mapping[int, str]
    programs: tuple[tuple[Phase, ...], ...]
    walkers: Mapping[int, float] = field(default_factory=dict)

    def has_only_arrow(self, link: int) -> bool:
        """Whether the shipped programs serve a link with stop-then-go alone: then that is its green."""
        shown = {phase.state[link] for program in self.programs for phase in program if link < len(phase.state)}
        return "s" in shown and not shown & set("GgoO")


def load_layouts(net: Path, additional: Iterable[Path] = ()) -> Mapping[str, SignalLayout]:
    """Every signal of the net; programs also from the additional files."""
    connections: dict[str, list[dict[str, str]]] = defaultdict(list)
    crossings: dict[str, list[dict[str, str]]] = defaultdict(list)
    lengths_m: dict[str, float] = {}
    junctions: list[ET.Element] = []
    programs: dict[str, list[tuple[Phase, ...]]] = defaultdict(list)
    for element in iter_elements(net, "lane", "connection", "junction", "tlLogic"):
        if element.tag == "lane":
            if element.get("id", "").startswith(":"):
                lengths_m[element.get("id", "")] = float(element.get("length", "0"))
        elif element.tag == "connection":
            _sort_connection(dict(element.attrib), connections, crossings)
        elif element.tag == "junction":
            junctions.append(element)
        else:
            programs[element.get("id", "")].append(_read_program(element))
    for file in additional:
        for element in iter_elements(file, "tlLogic"):
            programs[element.get("id", "")].append(_read_program(element))
    walks_m = {edge: lengths_m.get(f"{edge}_0", 0.0) for edge in crossings}
    return _build_layouts(connections, crossings, walks_m, junctions, programs)


def _sort_connection(
    c: dict[str, str], connections: dict[str, list[dict[str, str]]], crossings: dict[str, list[dict[str, str]]]
) -> None:
    """Of the ways inside a junction only those on or off a signalled crossing, ``:JUNCTION_cN``, have a lamp."""
    if not c["from"].startswith(":") and not c["to"].startswith(":"):
        connections[f"{c['from']}_{c['fromLane']}"].append(c)
    elif "tl" in c and "linkIndex" in c:
        for edge in (c["from"], c["to"]):
            if edge.startswith(":") and edge.rpartition("_")[2].startswith("c"):
                crossings[edge].append(c)


def _read_program(element: ET.Element) -> tuple[Phase, ...]:
    phases = []
    for phase in element.iter("phase"):
        duration_s = float(phase.get("duration", "0"))
        shortest_s = min(duration_s, float(phase.get("minDur", duration_s)))
        following = tuple(int(number) for number in phase.get("next", "").split())
        phases.append(Phase(phase.get("state", ""), duration_s, shortest_s, following))
    return tuple(phases)


def _list_requests(
    junction: ET.Element, connections: Mapping[str, list[dict[str, str]]], crossings: Mapping[str, list[dict[str, str]]]
) -> list[list[dict[str, str]]]:
    """The connections of each request. The ways between sidewalks and walking areas have none."""
    driven = [[c] for lane in junction.get("incLanes", "").split() for c in connections.get(lane, [])]
    prefix = f":{junction.get('id')}_c"
    inner = (lane.rpartition("_")[0] for lane in junction.get("intLanes", "").split())
    return driven + [crossings.get(edge, []) for edge in inner if edge.startswith(prefix)]


def _build_layouts(
    connections: Mapping[str, list[dict[str, str]]],
    crossings: Mapping[str, list[dict[str, str]]],
    walks_m: Mapping[str, float],
    junctions: Iterable[ET.Element],
    programs: Mapping[str, list[tuple[Phase, ...]]],
) -> Mapping[str, SignalLayout]:
    driven = _name_links(connections)
    walked = _name_links(crossings)
    conflicts: dict[str, set[tuple[int, int]]] = defaultdict(set)
    yields: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for junction in junctions:
        if junction.get("type") == "internal":
            continue
        requests = _list_requests(junction, connections, crossings)
        for element in junction.iter("request"):
            for signal, pair, is_foe, has_priority in _list_pairs(element, requests):
                if is_foe:
                    conflicts[signal].add(pair)
                if has_priority:
                    yields[signal].add(pair)
    layouts = {}
    for signal in sorted({*driven, *walked}):
        names = {**walked.get(signal, {}), **driven.get(signal, {})}
        layouts[signal] = SignalLayout(
            signal,
            max(names) + 1,
            frozenset(conflicts[signal] | {(j, i) for i, j in conflicts[signal]}),
            frozenset(yields[signal]),
            dict(sorted(names.items())),
            tuple(programs.get(signal, ())),
            _measure_walks(signal, driven.get(signal, {}), crossings, walks_m),
        )
    return layouts


def _name_links(groups: Mapping[str, list[dict[str, str]]]) -> dict[str, dict[int, str]]:
    """The links of each signal by what they connect."""
    names: dict[str, dict[int, str]] = defaultdict(dict)
    for c in (c for group in groups.values() for c in group):
        if "tl" in c and "linkIndex" in c:
            names[c["tl"]].setdefault(int(c["linkIndex"]), f"{c['from']}_{c['fromLane']} to {c['to']}_{c['toLane']}")
    return names


def _measure_walks(
    signal: str, driven: Mapping[int, str], crossings: Mapping[str, list[dict[str, str]]], walks_m: Mapping[str, float]
) -> dict[int, float]:
    """The longest crossing of each link that only pedestrians use."""
    found: dict[int, float] = {}
    for edge, group in crossings.items():
        for link in (int(c["linkIndex"]) for c in group if c["tl"] == signal):
            if link not in driven:
                found[link] = max(walks_m[edge], found.get(link, 0.0))
    return found


def _list_pairs(
    element: ET.Element, requests: list[list[dict[str, str]]]
) -> Iterator[tuple[str, tuple[int, int], bool, bool]]:
    """The other links of the same signal that a request names: is it a foe, has it priority?"""
    for other, is_foe, has_priority in _read_bits(element):
        for here in _get_request(requests, int(element.get("index", "0"))):
            for there in _get_request(requests, other):
                pair = (int(here["linkIndex"]), int(there["linkIndex"]))
                if here["tl"] == there["tl"] and pair[0] != pair[1] and not _is_same_turn(here, there):
                    yield here["tl"], pair, is_foe, has_priority


def _is_same_turn(one: dict[str, str], other: dict[str, str]) -> bool:
    """Lanes of one approach turning into one exit merge, but no signal is there to part them."""
    return one["from"] == other["from"] and one["to"] == other["to"]


def _get_request(requests: list[list[dict[str, str]]], index: int) -> list[dict[str, str]]:
    return [c for c in requests[index] if "tl" in c and "linkIndex" in c] if index < len(requests) else []


def _read_bits(element: ET.Element) -> Iterable[tuple[int, bool, bool]]:
    foes, response = element.get("foes", ""), element.get("response", "")
    for other in range(len(foes)):
        is_foe, has_priority = foes[-1 - other] == "1", response[-1 - other] == "1"
        if is_foe or has_priority:
            yield other, is_foe, has_priority
