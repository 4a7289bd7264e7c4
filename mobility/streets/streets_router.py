"""The router of a street graph: Dijkstra within a limit for many places, a contraction hierarchy for one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import numpy as np

from mobility.geodesy import Floats
from mobility.model import Coordinate
from mobility.street_use import Step
from mobility.streets.door_to_door import (
    Ask,
    Doors,
    Found,
    find_way,
    list_doors,
    reach_doors,
    reach_point,
    straight_m,
    to_seconds,
)
from mobility.streets.graph import Ints, StreetGraph
from mobility.streets.hierarchy import ClimbPool, Hierarchy, build_hierarchy
from mobility.streets.links import REACH_M, LinkedPlaces, Street, attach, is_covered, link_to, open_street
from mobility.streets.nearest import Link, StreetGrid, build_grid
from mobility.streets.profiles import SPEED_MPS, Profile
from mobility.streets.router import Reached, Targets, Way, find_slowness
from mobility.streets.search import Arcs, Attachments, list_arcs
from mobility.streets.steps import DEPART, Stretches, list_steps, number_kinds
from mobility.streets.trace import Trace, trace
from mobility.streets.workspace import FAR, WorkspacePool

_NOWHERE: Mapping[str, str] = MappingProxyType({})
_SAME_POINT_M = 0.1


class StreetTargets:
    """Places linked to the streets of one router, ready to be reached and to be left."""

    def __init__(self, places: LinkedPlaces, street: Street, nodes: int) -> None:
        self.places = places
        self.doors: Doors = list_doors(places)
        self.street, self._nodes = street, nodes

    @property
    def profile(self) -> Profile:
        """Whose ways."""
        return self.places.profile

    @property
    def lat(self) -> Floats:
        """Degrees."""
        return self.places.lat

    @property
    def lon(self) -> Floats:
        """Degrees."""
        return self.places.lon

    @property
    def unlinked(self) -> Ints:
        """Numbers of the places that no way leads to; ``explain`` tells why."""
        return self.places.unlinked

    def explain(self, number: int) -> str:
        """Why a place has no street."""
        return self.places.explain(number)

    @cached_property
    def coming(self) -> Attachments:
        """By the nodes from which the places are reached."""
        return attach(self.street, self.places, self._nodes)

    @cached_property
    def leaving(self) -> Attachments:
        """By the nodes to which one leaves them."""
        return attach(self.street, self.places, self._nodes, inbound=True)


@dataclass(slots=True)
class _Profile:
    """All that the searches of one profile need."""

    profile: Profile
    street: Street
    nodes: int
    outward: Arcs
    inward: Arcs
    pool: WorkspacePool
    climbs: ClimbPool
    hierarchy: Hierarchy | None
    lock: threading.Lock = field(default_factory=threading.Lock)


class StreetNetworkRouter:
    """A StreetRouter on a graph. ``hierarchies`` are those built before, by profile; a missing one is built when
    the first way is asked for, or by ``prepare``.
    """

    def __init__(
        self,
        graph: StreetGraph,
        *,
        reach_m: float = REACH_M,
        hierarchies: Mapping[Profile, Hierarchy] = MappingProxyType({}),
    ) -> None:
        self.graph = graph
        self._grid: StreetGrid = build_grid(graph)
        self._degree = np.bincount(graph.seg_from, minlength=len(graph.node_lat)) + np.bincount(
            graph.seg_to, minlength=len(graph.node_lat)
        )
        self._is_any = np.ones(len(graph.seg_from), np.uint8)
        self._step_kind = number_kinds(graph.kinds)
        rise_m = graph.elevation_m[graph.seg_to] - graph.elevation_m[graph.seg_from]
        self._rise_m: Floats = np.nan_to_num(rise_m.astype(np.float64), nan=0.0)
        self._profiles = {profile: self._open(profile, reach_m, hierarchies.get(profile)) for profile in graph.profiles}

    @property
    def approximate(self) -> Mapping[str, str]:
        """Nothing: all ways are along streets."""
        return _NOWHERE

    @property
    def attribution(self) -> str:
        """Of the extract."""
        return self.graph.attribution

    def prepare(self, profile: Profile) -> Hierarchy:
        """The hierarchy of a profile, built where it is missing: arrays to store for the next router."""
        opened = self._find(profile)
        with opened.lock:
            if opened.hierarchy is None:
                graph = self.graph
                opened.hierarchy = build_hierarchy(graph.profiles[profile], graph.node_lat, graph.node_lon)
            return opened.hierarchy

    def open_street(self, profile: Profile) -> Street:
        """How places of a profile are linked here, for kernels."""
        return self._find(profile).street

    def covers(self, at: Coordinate) -> bool:
        """Whether a point is within the extract."""
        return bool(is_covered(self._grid, self._is_any, at.lat, at.lon))

    def link(self, lat: Floats, lon: Floats, profile: Profile) -> StreetTargets:
        """Link places. Raises ValueError for lists of different lengths and for what is not a number."""
        opened = self._find(profile)
        return StreetTargets(link_to(opened.street, profile, lat, lon), opened.street, opened.nodes)

    def reach(
        self,
        at: Coordinate,
        targets: Targets,
        limit_s: int,
        *,
        inbound: bool = False,
        speed_mps: float | None = None,
    ) -> Reached:
        """The targets within a limit of a point; none where the point is not at a street."""
        opened, own, slowness = self._read(targets, speed_mps)
        attached, arcs = (own.leaving, opened.inward) if inbound else (own.coming, opened.outward)
        w = opened.pool.get(len(own.lat))
        ask = Ask(at.lat, at.lon, inbound, int(limit_s), slowness)
        return Reached(*reach_point(opened.street, arcs, own.doors, attached, ask, w))

    def route(
        self, start: Coordinate, end: Coordinate, profile: Profile, *, speed_mps: float | None = None
    ) -> Way | None:
        """The quickest way; None where a door is not at a street, or no way leads from one to the other."""
        slowness = find_slowness(profile, SPEED_MPS[profile], speed_mps)
        found = self.find(start, end, profile)
        if found.ds >= FAR:
            return None
        return self._describe(start, end, found, to_seconds(found.ds, slowness))

    def find(self, start: Coordinate, end: Coordinate, profile: Profile) -> Found:
        """The quickest way as parts of segments, without its looks."""
        opened = self._find(profile)
        hierarchy = opened.hierarchy or self.prepare(profile)
        arc_seg = self.graph.profiles[profile].arc_seg
        points = (start.lat, start.lon), (end.lat, end.lon)
        return Found(*find_way(opened.street, hierarchy, arc_seg, *points, opened.climbs.get()))

    def table(self, starts: Targets, ends: Targets, limit_s: int, *, speed_mps: float | None = None) -> list[Reached]:
        """The ends within a limit of each start."""
        opened, own, slowness = self._read(ends, speed_mps)
        if starts.profile is not ends.profile:
            raise ValueError(f"{starts.profile} starts and {ends.profile} ends: link both for one profile")
        first = self._read(starts, None)[1].places
        w = opened.pool.get(len(own.lat))
        rows: list[Reached] = []
        columns = (first.lat, first.lon, first.segment, first.fraction, first.side, first.distance_m)
        for lat, lon, *door in zip(*(column.tolist() for column in columns), strict=True):
            ask = Ask(lat, lon, False, int(limit_s), slowness)
            streets = opened.street, opened.outward, own.doors, own.coming
            rows.append(Reached(*reach_doors(*streets, ask, Link(*door), w)))
        return rows

    def _open(self, profile: Profile, reach_m: float, hierarchy: Hierarchy | None) -> _Profile:
        g = self.graph.profiles[profile]
        nodes = len(g.node_of)
        street = open_street(self.graph, profile, self._grid, reach_m)
        arcs = list_arcs(g), list_arcs(g, inbound=True)
        return _Profile(profile, street, nodes, *arcs, WorkspacePool(g), ClimbPool(nodes), hierarchy)

    def _find(self, profile: Profile) -> _Profile:
        if profile not in self._profiles:
            raise ValueError(f"these streets were read without the profile {profile}: read them again with it")
        return self._profiles[profile]

    def _read(self, targets: Targets, speed_mps: float | None) -> tuple[_Profile, StreetTargets, float]:
        opened = self._find(targets.profile)
        if not isinstance(targets, StreetTargets) or targets.street is not opened.street:
            raise TypeError("these targets were linked by another router: link them with this one")
        return opened, targets, find_slowness(targets.profile, SPEED_MPS[targets.profile], speed_mps)

    def _describe(self, start: Coordinate, end: Coordinate, found: Found, seconds: int) -> Way:
        doors = (start.lat, start.lon), (end.lat, end.lon)
        if not len(found.way):
            straight = float(straight_m(*doors[0], *doors[1]))
            return Way(seconds, straight, (start, end), (Step("", straight, DEPART),))
        traced = Trace(*trace(self._grid, found))
        line = list(map(Coordinate, traced.lat.tolist(), traced.lon.tolist()))
        before_m = straight_m(*doors[0], line[0].lat, line[0].lon)
        after_m = straight_m(*doors[1], line[-1].lat, line[-1].lon)
        if before_m <= _SAME_POINT_M:
            del line[0]
        if after_m <= _SAME_POINT_M and line:
            line.pop()
        steps = list_steps(self._list_stretches(found, traced), self.graph.names, before_m, after_m)
        distance_m = float(traced.length_m.sum()) + before_m + after_m
        return Way(seconds, distance_m, (start, *line, end), steps, self._find_climb(found))

    def _list_stretches(self, found: Found, traced: Trace) -> Stretches:
        graph = self.graph
        segment = found.way >> 1
        begin = np.where(found.way & 1, graph.seg_to[segment], graph.seg_from[segment])
        kind = self._step_kind[graph.seg_kind[segment]]
        is_junction = self._degree[begin] > 2  # more than on and back
        return Stretches(
            graph.seg_name[segment], kind, traced.length_m, traced.bearing_in, traced.bearing_out, is_junction
        )

    def _find_climb(self, found: Found) -> float:
        up_m = self._rise_m[found.way >> 1] * (found.end - found.begin)
        return float(np.maximum(up_m, 0.0).sum())
