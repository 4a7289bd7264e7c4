"""Where a street would have its detectors, in any net: loops at the stop lines, up the street and in the exits.

Distances follow what is usual in the street: a presence loop of a few metres just before the stop line (a vehicle
waits with its front on it), an advance loop where an approaching vehicle can still be counted before the queue
reaches it (about 100 m, Traffic Detector Handbook ch. 4 puts it 3 to 5 s upstream), and a short counting loop behind
the crossing, beyond the conflict area and before the next queue is likely. A camera sees less far than 100 m.
Where the entry lane is short, the advance loop lies in the street before it, as long as that lane leads nowhere else
and no signal lies between: else what it counts would not be known to come. A lane that is too short has none.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from signals.model import Detector, DetectorKind, Lane, RoadUser
from signals.simulation.network import Site

_EDGE_OF_LANE_M = 0.1


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


def read_roads(net_file: Path) -> Roads:
    """The lanes of a net and how they follow each other."""
    roads = Roads()
    vias: dict[tuple[str, str], str] = {}
    for _, element in ET.iterparse(net_file):  # noqa: S314  (the scenario's own net; expat refuses entity bombs)
        if element.tag == "lane":
            lane = element.get("id", "")
            roads.lanes[lane] = Lane(lane, float(element.get("length", 0)), float(element.get("speed", 0)))
        elif element.tag == "connection" and not element.get("from", "").startswith(":"):
            start = f"{element.get('from')}_{element.get('fromLane')}"
            end = f"{element.get('to')}_{element.get('toLane')}"
            roads.before[end].append((start, "tl" in element.attrib))
            roads.after[start].add(end)
            vias[start, end] = element.get("via", "")
        if element.tag in {"edge", "junction", "connection"}:
            element.clear()
    roads.via_m = {way: roads.lanes[via].length_m for way, via in vias.items() if via in roads.lanes}
    return roads


def place_detectors(site: Site, roads: Roads, placement: Placement | None = None) -> tuple[Detector, ...]:
    """What a controller is told of the detectors of its intersection."""
    return tuple(placed.detector for placed in place(site, roads, placement))


def place(site: Site, roads: Roads, placement: Placement | None = None) -> tuple[PlacedDetector, ...]:
    """The detectors of an intersection: by entry lane stop line and advance, then exits, then push buttons."""
    return (*_place_entries(site, roads, placement or Placement()), *_place_exits(site, placement or Placement()),
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
        length_m = min(placement.stop_line_length_m, lane.length_m - _EDGE_OF_LANE_M)
        distance_m = min(placement.stop_line_m, lane.length_m - length_m)
        yield PlacedDetector(
            Detector(f"stop.{lane.id}", DetectorKind.STOP_LINE, number, distance_m, length_m),
            lane.id,
            lane.length_m - distance_m - length_m,
        )
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


def _list_ways_up(lane: Lane, roads: Roads, reach_m: float) -> list[tuple[Lane, float]]:
    """The lanes up the street, farthest first, each with the distance from the stop line to its end."""
    found = [(lane, 0.0)]
    distance_m = lane.length_m
    while distance_m < reach_m:
        ways_in = roads.before.get(lane.id, [])
        if len(ways_in) != 1 or ways_in[0][1]:
            break
        before = roads.lanes[ways_in[0][0]]
        if roads.after[before.id] != {lane.id} or any(before.id == known.id for known, _ in found):
            break
        distance_m += roads.via_m.get((before.id, lane.id), 0.0)
        found.append((before, distance_m))
        distance_m += before.length_m
        lane = before
    return found[::-1]


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
