"""Where a street would have its detectors, in any net: loops at the stop lines, up the street and in the exits.

Distances follow what is usual in the street: a presence loop of a few metres just before the stop line (a vehicle
waits with its front on it), an advance loop where an approaching vehicle can still be counted before the queue
reaches it (about 100 m, Traffic Detector Handbook ch. 4 puts it 3 to 5 s upstream), and a short counting loop behind
the crossing, beyond the conflict area and before the next queue is likely. A camera sees less far than 100 m.
Where the entry lane is short, the advance loop lies in the street before it, as long as the two have the same lanes,
those lead nowhere else, and no signal lies between. A lane that is too short has none. Where the street widens,
forks or is joined so near, one more loop lies in each way into the approach (``UPSTREAM``): who passes it may take
any lane, or turn off; how many do is learned.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from signals.model import Detector, DetectorKind, Lane, RoadUser
from signals.simulation.network import Site, edge_of

_EDGE_OF_LANE_M = 0.1
_FAR_ENOUGH = 0.7  # of the distance that an advance loop should have
_APART_M = 10.0
_STANDS_WITHIN_M = 1.0  # who waits has its front within so much of the loop's near edge


@dataclass(frozen=True, slots=True)
class Placement:
    """Distances of the detectors; of a stop line and an advance loop from the line up the street."""

    stop_line_m: float = 1.0
    stop_line_length_m: float = 3.0
    advance_m: float = 100.0
    shortest_advance_m: float = 15.0
    advance_length_m: float = 2.0
    exit_m: float = 8.0
    exit_length_m: float = 2.0

    @classmethod
    def video(cls) -> Placement:
        """What one camera above the stop line covers instead of loops."""
        return cls(stop_line_length_m=15.0, advance_m=60.0)


@dataclass(frozen=True, slots=True)
class PlacedDetector:
    """A detector and the place in the net where it measures; a push button has no lane."""

    detector: Detector
    lane: str = ""
    position_m: float = 0.0


@dataclass(slots=True)
class Roads:
    """The lanes of a net, with their ways in: lane before, and whether a signal lies between."""

    lanes: dict[str, Lane] = field(default_factory=dict)
    before: dict[str, list[tuple[str, bool]]] = field(default_factory=lambda: defaultdict(list))
    after: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    via_m: dict[tuple[str, str], float] = field(default_factory=dict)
    turnarounds: set[tuple[str, str]] = field(default_factory=set)
    of_edge: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def read_roads(net_file: Path) -> Roads:
    """The lanes of a net and how they follow each other."""
    roads = Roads()
    vias: dict[tuple[str, str], str] = {}
    for _, element in ET.iterparse(net_file):  # noqa: S314  (the scenario's own net; expat refuses entity bombs)
        if element.tag == "lane":
            lane = element.get("id", "")
            roads.of_edge[edge_of(lane)].append(lane)
            roads.lanes[lane] = Lane(lane, float(element.get("length", 0)), float(element.get("speed", 0)))
        elif element.tag == "connection" and not element.get("from", "").startswith(":"):
            start = f"{element.get('from')}_{element.get('fromLane')}"
            end = f"{element.get('to')}_{element.get('toLane')}"
            roads.before[end].append((start, "tl" in element.attrib))
            roads.after[start].add(end)
            vias[start, end] = element.get("via", "")
            if element.get("dir") == "t":
                roads.turnarounds.add((start, end))
        if element.tag in {"edge", "junction", "connection"}:
            element.clear()
    roads.via_m = {way: roads.lanes[via].length_m for way, via in vias.items() if via in roads.lanes}
    return roads


def place_detectors(site: Site, roads: Roads, placement: Placement | None = None) -> tuple[Detector, ...]:
    """What a controller is told of the detectors of its intersection."""
    return tuple(placed.detector for placed in place(site, roads, placement))


def place(site: Site, roads: Roads, placement: Placement | None = None) -> tuple[PlacedDetector, ...]:
    """The detectors of an intersection: by entry lane stop line and advance, upstream loops, exits, push buttons."""
    return (*_place_entries(site, roads, placement or Placement()),
            *_place_upstream(site, roads, placement or Placement()), *_place_exits(site, placement or Placement()),
            *_place_buttons(site))  # fmt: skip


def list_without_advance(site: Site, detectors: tuple[Detector, ...]) -> tuple[str, ...]:
    """The entry lanes of vehicles that have no advance loop, being too short."""
    having = {d.lane for d in detectors if d.kind is DetectorKind.ADVANCE}
    return tuple(site.intersection.entries[n].id for n in _list_driven_entries(site) if n not in having)


def _list_driven_entries(site: Site) -> list[int]:
    return sorted({m.entry for m in site.intersection.movements if m.user is RoadUser.VEHICLE})


def _place_entries(site: Site, roads: Roads, placement: Placement) -> Iterator[PlacedDetector]:
    for number in _list_driven_entries(site):
        lane = site.intersection.entries[number]
        yield _place_stop_line(number, lane, roads, placement)
        loop_m = placement.advance_length_m
        for upstream, start_m in _list_ways_up(lane, roads, placement.advance_m):
            end_m = start_m + upstream.length_m
            distance_m = min(placement.advance_m, end_m - loop_m - _EDGE_OF_LANE_M)
            if distance_m >= max(start_m, placement.shortest_advance_m):
                yield PlacedDetector(
                    Detector(f"advance.{lane.id}", DetectorKind.ADVANCE, number, distance_m, loop_m),
                    upstream.id,
                    end_m - distance_m - loop_m,
                )
                break


def _place_stop_line(number: int, lane: Lane, roads: Roads, placement: Placement) -> PlacedDetector:
    """Before the line; of a lane so short that vehicles wait before it, in the only lane that leads into it."""
    name, start_m = f"stop.{lane.id}", 0.0
    needed_m = placement.stop_line_m + _STANDS_WITHIN_M
    seen = {lane.id}
    while start_m + lane.length_m < needed_m:
        ways_in = roads.before.get(lane.id, [])
        if len(ways_in) != 1 or ways_in[0][1] or roads.after[ways_in[0][0]] != {lane.id} or ways_in[0][0] in seen:
            break
        start_m += lane.length_m + roads.via_m.get((ways_in[0][0], lane.id), 0.0)
        lane = roads.lanes[ways_in[0][0]]
        seen.add(lane.id)
    length_m = min(placement.stop_line_length_m, lane.length_m - _EDGE_OF_LANE_M)
    distance_m = max(start_m, min(placement.stop_line_m, start_m + lane.length_m - length_m))
    detector = Detector(name, DetectorKind.STOP_LINE, number, distance_m, length_m)
    return PlacedDetector(detector, lane.id, start_m + lane.length_m - distance_m - length_m)


def _list_ways_up(lane: Lane, roads: Roads, reach_m: float) -> list[tuple[Lane, float]]:
    """The lanes up the street, farthest first, each with the distance from the stop line to its end."""
    found = [(lane, 0.0)]
    distance_m = lane.length_m
    while distance_m < reach_m:
        ways_in = roads.before.get(lane.id, [])
        if len(ways_in) != 1 or ways_in[0][1]:
            break
        before = roads.lanes[ways_in[0][0]]
        if not _is_same_road(before.id, lane.id, roads) or any(before.id == known.id for known, _ in found):
            break
        distance_m += roads.via_m.get((before.id, lane.id), 0.0)
        found.append((before, distance_m))
        distance_m += before.length_m
        lane = before
    return found[::-1]


def _is_same_road(before: str, lane: str, roads: Roads) -> bool:
    """Whether each lane of one edge goes on as one lane of the other, so that nobody must change lanes between."""
    ahead, behind = roads.of_edge[edge_of(lane)], set(roads.of_edge[edge_of(before)])
    driven = [one for one in ahead if roads.before.get(one) or roads.after.get(one)]
    ways = [[start for start, _ in roads.before.get(one, [])] for one in driven]
    on = {start for start in behind if roads.after.get(start)}
    return all(len(way) == 1 for way in ways) and {way[0] for way in ways} == on and len(on) == len(driven)


def _place_upstream(site: Site, roads: Roads, placement: Placement) -> Iterator[PlacedDetector]:
    """Loops of a whole approach, in every way into it, where its lanes are too short for advance loops far enough."""
    driven, loop_m = _list_driven_entries(site), placement.advance_length_m
    near_m = {p.detector.lane: p.detector.distance_m for p in _place_entries(site, roads, placement)
              if p.detector.kind is DetectorKind.ADVANCE}  # fmt: skip
    for approach in site.intersection.approaches:
        lanes = [n for n in driven if n in approach.lanes]
        if not lanes or min(near_m.get(n, 0.0) for n in lanes) >= _FAR_ENOUGH * placement.advance_m:
            continue
        placed: set[str] = set()
        for number in lanes:
            entry = site.intersection.entries[number]
            for upstream, start_m in _list_sources(entry.id, roads, placement.advance_m):
                end_m = start_m + upstream.length_m
                distance_m = min(placement.advance_m, end_m - loop_m - _EDGE_OF_LANE_M)
                nearest_m = max(start_m, placement.shortest_advance_m, near_m.get(number, 0.0) + _APART_M)
                if distance_m < nearest_m or upstream.id in placed:
                    continue
                placed.add(upstream.id)
                name = f"upstream.{entry.id}.{upstream.id}"
                detector = Detector(name, DetectorKind.UPSTREAM, number, distance_m, loop_m)
                yield PlacedDetector(detector, upstream.id, end_m - distance_m - loop_m)


def _list_sources(entry: str, roads: Roads, reach_m: float) -> list[tuple[Lane, float]]:
    """Where the ways into a lane are ``reach_m`` away or begin: lanes, and how far from the line each ends."""
    sources, todo, known = [], [(entry, 0.0)], {entry}
    while todo:
        lane, start_m = todo.pop(0)
        end_m = start_m + roads.lanes[lane].length_m
        ways = [] if end_m >= reach_m else [
            (way, end_m + roads.via_m.get((way, lane), 0.0))
            for way, is_signal in roads.before.get(lane, [])
            if not is_signal and (way, lane) not in roads.turnarounds and way not in known
        ]  # fmt: skip
        if not ways and lane != entry:
            sources.append((roads.lanes[lane], start_m))
        known.update(way for way, _ in ways)
        todo.extend(ways)
    return sources


def _place_exits(site: Site, placement: Placement) -> Iterator[PlacedDetector]:
    for number in sorted({m.exit for m in site.intersection.movements if m.user is RoadUser.VEHICLE}):
        lane = site.intersection.exits[number]
        length_m = min(placement.exit_length_m, lane.length_m / 2)
        distance_m = min(placement.exit_m, (lane.length_m - length_m) / 2)
        yield PlacedDetector(
            Detector(f"exit.{lane.id}", DetectorKind.EXIT, number, distance_m, length_m), lane.id, distance_m
        )


def _place_buttons(site: Site) -> Iterator[PlacedDetector]:
    for m in site.intersection.movements:
        if m.user is RoadUser.PEDESTRIAN:
            button = f"button.{site.intersection.id}.{m.index}"
            yield PlacedDetector(Detector(button, DetectorKind.PUSH_BUTTON, m.entry, movement=m.index))
