"""MAP: where the lanes of an intersection are, where each leads, and which signal group it obeys.

SAE J2735, DF_IntersectionGeometry. The model knows no positions; an engineer measures them (``MapGeometry``), and
without those of every lane that a movement uses there is no MAP. ``LaneNumbers`` is the numbering that the MAP uses and
that the requests of vehicles refer to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from signals.hardware.j2735.frame import MessageId, encode
from signals.hardware.j2735.groups import SignalGroup
from signals.hardware.j2735.spat import IntersectionName, to_reference
from signals.model import Intersection, Movement, RoadUser, Turn

MOST_LANES, MOST_APPROACHES, MOST_MOVEMENTS = 254, 15, 255  # LaneID 0 and ApproachID 0 mean none, LaneID 255 is kept
_LEAST_NODES, _MOST_NODES, _MOST_CONNECTIONS = 2, 63, 16
_FARTHEST_M = 300.0  # of one node from the next; 327.67 m fit
_NODE_BITS = (10, 11, 12, 13, 14, 16)  # of node-XY1 to node-XY6, in centimetres
_MANEUVER_BITS = {Turn.THROUGH: 0, Turn.LEFT: 1, Turn.RIGHT: 2, Turn.U_TURN: 3, Turn.CROSSING: 0}
_INGRESS, _EGRESS = (0b10, 2), (0b01, 2)


@dataclass(frozen=True, slots=True)
class LaneGeometry:
    """The middle of a lane as metres east and north of the reference point, from the stop line upstream; of an exit
    lane, from its beginning downstream.
    """

    nodes_m: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class MapGeometry:
    """Where an intersection is (WGS84 degrees), and its lanes: one entry per lane of ``Intersection``, None where
    nobody has measured. ``crossings``: by movement of pedestrians, from one kerb to the other.
    """

    latitude_deg: float
    longitude_deg: float
    lane_width_m: float
    entries: tuple[LaneGeometry | None, ...]
    exits: tuple[LaneGeometry | None, ...]
    crossings: tuple[tuple[int, LaneGeometry], ...] = ()


class NoGeometry(Exception):  # noqa: N818  (reads as the fact it reports)
    """There is no MAP of this intersection, and why."""


@dataclass(frozen=True, slots=True)
class LaneNumbers:
    """Numbers on the wire: entries from 1, then exits, then crossings; approaches from 1; connections, which are the
    movements, from 1.
    """

    intersection: Intersection

    def __post_init__(self) -> None:
        """Refuse an intersection that the numbers do not reach for.

        Raises:
            ValueError: too many lanes, approaches or movements.
        """
        known, crossings = self.intersection, len(list_crossings(self.intersection))
        lanes = len(known.entries) + len(known.exits) + crossings
        if lanes > MOST_LANES or len(known.approaches) > MOST_APPROACHES or len(known.movements) > MOST_MOVEMENTS:
            raise ValueError(f"{known.id} has more lanes, approaches or movements than J2735 can number")

    def of_entry(self, entry: int) -> int:
        """The lane number of an entry."""
        return 1 + entry

    def of_exit(self, leaving: int) -> int:
        """The lane number of an exit."""
        return 1 + len(self.intersection.entries) + leaving

    def of_crossing(self, movement: int) -> int:
        """The lane number of a crossing."""
        return self.of_exit(len(self.intersection.exits)) + list_crossings(self.intersection).index(movement)

    def find_entries(self, kind: str, number: int) -> frozenset[int]:
        """The entries that an IntersectionAccessPoint means: a lane, an approach or a connection. Empty: none."""
        known = self.intersection
        if kind == "lane":
            driven = {m.entry for m in known.movements if m.user is RoadUser.VEHICLE}
            return frozenset({number - 1}) & driven
        if kind == "approach":
            return (
                frozenset(known.approaches[number - 1].lanes) if 1 <= number <= len(known.approaches) else frozenset()
            )
        found = self._find_connection(kind, number)
        return frozenset({found.entry}) if found else frozenset()

    def find_exits(self, kind: str, number: int) -> frozenset[int]:
        """The exits that an IntersectionAccessPoint means. Empty: none, or an approach, since exits have none."""
        first = self.of_exit(0)
        if kind == "lane":
            is_exit = first <= number < first + len(self.intersection.exits)
            return frozenset({number - first}) if is_exit else frozenset()
        found = self._find_connection(kind, number)
        return frozenset({found.exit}) if found else frozenset()

    def _find_connection(self, kind: str, number: int) -> Movement | None:
        movements = self.intersection.movements
        found = movements[number - 1] if kind == "connection" and 1 <= number <= len(movements) else None
        return found if found and found.user is RoadUser.VEHICLE else None


def list_crossings(intersection: Intersection) -> list[int]:
    """The movements of pedestrians."""
    return [m.index for m in intersection.movements if m.user is RoadUser.PEDESTRIAN]


def encode_map(
    name: IntersectionName,
    intersection: Intersection,
    groups: Sequence[SignalGroup],
    geometry: MapGeometry | None,
    revision: int,
) -> bytes:
    """A MessageFrame with the MAP of one intersection. ``revision`` changes, modulo 128, when the geometry does.

    Raises:
        NoGeometry: nobody has measured it, or not every lane that a movement uses, or what was measured cannot be.
        ValueError: a revision that is none, or more than fits a message.
    """
    if geometry is None:
        raise NoGeometry(f"{intersection.id}: no positions are known; measure the reference point and the lanes.")
    numbers = LaneNumbers(intersection)
    _check(intersection, geometry)
    group_of = {m: group.number for group in groups for m in group.movements}
    if missing := [m.index for m in intersection.movements if m.index not in group_of]:
        raise ValueError(f"{intersection.describe(missing[0])} is in no signal group")
    lanes = [
        *_list_entries(intersection, geometry, numbers, group_of),
        *_list_exits(intersection, geometry, numbers),
        *_list_crossing_lanes(geometry, numbers, group_of),
    ]
    value: dict[str, Any] = {
        **({"name": name.name} if name.name else {}),
        "id": to_reference(name),
        "revision": revision,
        "refPoint": {"lat": round(geometry.latitude_deg * 1e7), "long": round(geometry.longitude_deg * 1e7)},
        "laneWidth": round(geometry.lane_width_m * 100.0),
        "laneSet": lanes,
    }
    content = {"msgIssueRevision": revision, "layerType": "intersectionData", "intersections": [value]}
    return encode(MessageId.MAP, content)


def _check(intersection: Intersection, geometry: MapGeometry) -> None:
    place = (geometry.latitude_deg, geometry.longitude_deg, geometry.lane_width_m)
    if not all(map(math.isfinite, place)) or abs(place[0]) > 90 or abs(place[1]) > 180 or not 1 <= place[2] <= 20:
        raise NoGeometry(f"{intersection.id}: {place} is no latitude, longitude and width of lanes")
    crossings = dict(geometry.crossings)
    wanted: list[tuple[str, LaneGeometry | None]] = []
    for movement in intersection.movements:
        if movement.user is RoadUser.PEDESTRIAN:
            wanted.append((f"the way of {intersection.describe(movement.index)}", crossings.get(movement.index)))
            continue
        entry, leaving = intersection.entries[movement.entry].id, intersection.exits[movement.exit].id
        wanted.append((f"entry {entry}", _pick(geometry.entries, movement.entry)))
        wanted.append((f"exit {leaving}", _pick(geometry.exits, movement.exit)))
    for what, lane in wanted:
        if lane is None:
            raise NoGeometry(f"{intersection.id}: the position of {what} is not known; measure it.")
        _check_lane(f"{intersection.id}: {what}", lane)


def _check_lane(what: str, lane: LaneGeometry) -> None:
    if not _LEAST_NODES <= len(lane.nodes_m) <= _MOST_NODES:
        raise NoGeometry(f"{what} has {len(lane.nodes_m)} nodes; {_LEAST_NODES} to {_MOST_NODES}, please.")
    for (x, y), (east, north) in pairwise(((0.0, 0.0), *lane.nodes_m)):
        if not (abs(east - x) <= _FARTHEST_M and abs(north - y) <= _FARTHEST_M):
            raise NoGeometry(f"{what} has a node more than {_FARTHEST_M:g} m from the one before it.")


def _pick(lanes: Sequence[LaneGeometry | None], index: int) -> LaneGeometry | None:
    return lanes[index] if index < len(lanes) else None


def _list_entries(
    intersection: Intersection, geometry: MapGeometry, numbers: LaneNumbers, group_of: dict[int, int]
) -> list[dict[str, Any]]:
    lanes = []
    for entry in sorted({m.entry for m in intersection.movements if m.user is RoadUser.VEHICLE}):
        movements = [m for m in intersection.movements if m.user is RoadUser.VEHICLE and m.entry == entry]
        if len(movements) > _MOST_CONNECTIONS:
            raise ValueError(f"entry {intersection.entries[entry].id} leads to more than {_MOST_CONNECTIONS} exits")
        approach = next((k for k, a in enumerate(intersection.approaches, 1) if entry in a.lanes), 0)
        connections = [_to_connection(m, numbers.of_exit(m.exit), group_of[m.index]) for m in movements]
        lane = _to_lane(numbers.of_entry(entry), _pick(geometry.entries, entry), _INGRESS, ("vehicle", (0, 8)))
        lanes.append({**lane, "ingressApproach": approach, "connectsTo": connections})
    return lanes


def _list_exits(intersection: Intersection, geometry: MapGeometry, numbers: LaneNumbers) -> list[dict[str, Any]]:
    used = sorted({m.exit for m in intersection.movements if m.user is RoadUser.VEHICLE})
    return [
        _to_lane(numbers.of_exit(leaving), _pick(geometry.exits, leaving), _EGRESS, ("vehicle", (0, 8)))
        for leaving in used
    ]


def _list_crossing_lanes(geometry: MapGeometry, numbers: LaneNumbers, group_of: dict[int, int]) -> list[dict[str, Any]]:
    """Crossings lead to themselves, so that there is a place for their signal group."""
    lanes, positions = [], dict(geometry.crossings)
    for movement in list_crossings(numbers.intersection):
        number = numbers.of_crossing(movement)
        lane = _to_lane(number, positions.get(movement), (0b11, 2), ("crosswalk", (0, 16)))
        connection = _to_connection(numbers.intersection.movements[movement], number, group_of[movement])
        lanes.append({**lane, "connectsTo": [connection]})
    return lanes


def _to_lane(
    number: int, position: LaneGeometry | None, direction: tuple[int, int], kind: tuple[str, tuple[int, int]]
) -> dict[str, Any]:
    if position is None:
        raise NoGeometry(f"the position of lane {number} is not known")
    attributes = {"directionalUse": direction, "sharedWith": (0, 10), "laneType": kind}
    return {"laneID": number, "laneAttributes": attributes, "nodeList": ("nodes", _list_nodes(position))}


def _to_connection(movement: Movement, lane: int, group: int) -> dict[str, Any]:
    maneuver = 1 << (11 - _MANEUVER_BITS[movement.turn])
    return {
        "connectingLane": {"lane": lane, "maneuver": (maneuver, 12)},
        "signalGroup": group,
        "connectionID": movement.index + 1,
    }


def _list_nodes(lane: LaneGeometry) -> list[dict[str, Any]]:
    """The nodes, each as centimetres from the one before it in the shortest form that holds it."""
    points = [(round(east * 100.0), round(north * 100.0)) for east, north in ((0.0, 0.0), *lane.nodes_m)]
    nodes = []
    for (x, y), (east, north) in pairwise(points):
        delta = (east - x, north - y)
        form = next(
            k for k, bits in enumerate(_NODE_BITS, 1) if all(-(1 << bits - 1) <= d < 1 << bits - 1 for d in delta)
        )
        nodes.append({"delta": (f"node-XY{form}", {"x": delta[0], "y": delta[1]})})
    return nodes
