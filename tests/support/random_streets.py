"""Street graphs without a map: made from a list of segments, at random too, and an oracle of their ways.

The oracle walks from directed segment to directed segment and remembers the last two and whether it may still pass
streets for residents. It shares no array and no kernel with the search.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from mobility.geodesy import great_circle_m
from mobility.streets.arcs import Travel, build_profile
from mobility.streets.graph import StreetGraph
from mobility.streets.profiles import Profile
from mobility.streets.turns import Directed

OUT, STREET, IN = "out", "street", "in"
DEGREE_M = 6_371_000 * math.pi / 180


@dataclass(frozen=True)
class Segment:
    """A street between two nodes; deciseconds each way, -1 where closed. ``bend`` is a point on the way."""

    begin: int
    end: int
    fwd_ds: int
    bwd_ds: int
    is_for_residents: bool = False
    bend: tuple[float, float] | None = None
    name: str = ""
    kind: str = "residential"


@dataclass(frozen=True)
class Sketch:
    """Nodes (lat, lon), segments, and sequences of directed segments that may not be travelled."""

    nodes: Sequence[tuple[float, float]]
    segments: Sequence[Segment]
    forbidden: frozenset[tuple[int, ...]] = frozenset()
    elevation_m: Sequence[float] = field(default=())

    def reversed(self) -> Sketch:
        """Every way the other way round; the segments keep their ends."""
        segments = [replace(one, fwd_ds=one.bwd_ds, bwd_ds=one.fwd_ds) for one in self.segments]
        forbidden = frozenset(tuple(d ^ 1 for d in reversed(sequence)) for sequence in self.forbidden)
        return replace(self, segments=segments, forbidden=forbidden)

    def times(self) -> list[int]:
        """Deciseconds by directed segment."""
        return [ds for one in self.segments for ds in (one.fwd_ds, one.bwd_ds)]


def build_graph(sketch: Sketch, profiles: Iterable[Profile] = (Profile.FOOT,), *, all_main: bool = True) -> StreetGraph:
    """The graph of a sketch, alike for all profiles. ``all_main``: every segment may be linked to."""
    segments, count = sketch.segments, len(sketch.nodes)
    lat = np.array([node[0] for node in sketch.nodes], np.float64)
    lon = np.array([node[1] for node in sketch.nodes], np.float64)
    lines = [[sketch.nodes[one.begin], *([one.bend] if one.bend else []), sketch.nodes[one.end]] for one in segments]
    points = np.array([point for line in lines for point in line], np.float64).reshape(-1, 2)
    off = np.append(0, np.cumsum([len(line) for line in lines])).astype(np.int64)
    begin = np.array([one.begin for one in segments], np.int32)
    end = np.array([one.end for one in segments], np.int32)
    names, kinds = (tuple(dict.fromkeys(["", *(getattr(one, part) for one in segments)])) for part in ("name", "kind"))
    time_ds = np.array(sketch.times(), np.int32)
    is_private = np.repeat([one.is_for_residents for one in segments], 2).astype(bool)
    ways = Directed(
        tail=np.stack([begin, end], 1).ravel(),
        head=np.stack([end, begin], 1).ravel(),
        is_open=(time_ds >= 0) & ~is_private,
        is_end=(time_ds >= 0) & is_private,
    )
    built = build_profile(Travel(ways, time_ds, np.zeros(0, np.int32)), count, set(sketch.forbidden))
    if all_main:
        built = built._replace(is_main_seg=np.ones(len(segments), bool), is_main=np.ones(count, bool))
    elevation = sketch.elevation_m or [math.nan] * count
    return StreetGraph(
        node_lat=lat,
        node_lon=lon,
        seg_from=begin,
        seg_to=end,
        seg_length_m=np.array([_length_m(line) for line in lines], np.float32),
        point_off=off,
        point_lat=points[:, 0].copy(),
        point_lon=points[:, 1].copy(),
        seg_name=np.array([names.index(one.name) for one in segments], np.int32),
        names=names,
        seg_way_id=np.arange(len(segments), dtype=np.int64),
        elevation_m=np.array(elevation, np.float32),
        profiles=dict.fromkeys(profiles, built),
        seg_kind=np.array([kinds.index(one.kind) for one in segments], np.int16),
        kinds=kinds,
        node_osm_id=np.arange(count, dtype=np.int64),
    )


def _length_m(line: Sequence[tuple[float, float]]) -> float:
    lat, lon = (np.array(column) for column in zip(*line, strict=True))
    return float(great_circle_m(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum())


@dataclass(frozen=True)
class Spot:
    """Where a place stands along a segment, and how long it takes from its door to there."""

    segment: int
    fraction: float
    door_ds: int


class Oracle:
    """Shortest ways between spots of a sketch by networkx."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch, self._times = sketch, sketch.times()

    def find_all_ds(self, start: Spot, ends: Mapping[int, Spot]) -> dict[int, int]:
        """Deciseconds from door to door, of those that can be reached."""
        reached = nx.single_source_dijkstra_path_length(self._build(start), "start")
        arriving = [
            (ds, after[0][-1]) for state, ds in reached.items() if state != "start" for after in self._list_next(state)
        ]
        found: dict[int, int] = {}
        for number, end in ends.items():
            costs = [
                ds + self._part_ds(directed, 1 - end.fraction if directed & 1 else end.fraction)
                for ds, directed in arriving
                if directed >> 1 == end.segment
            ]
            costs += self._list_along(start, end)
            if costs:
                found[number] = start.door_ds + min(costs) + end.door_ds
        return found

    def _ends_of(self, directed: int) -> tuple[int, int]:
        one = self._sketch.segments[directed >> 1]
        return (one.end, one.begin) if directed & 1 else (one.begin, one.end)

    def _part_ds(self, directed: int, share: float) -> int:
        return math.ceil(self._times[directed] * share - 1e-6)

    def _list_along(self, start: Spot, end: Spot) -> list[int]:
        """Along the one segment that both stand at."""
        found = []
        if start.segment == end.segment:
            for directed in (2 * start.segment, 2 * start.segment + 1):
                ahead = (end.fraction - start.fraction) * (-1 if directed & 1 else 1)
                if self._times[directed] >= 0 and ahead >= 0:
                    found.append(self._part_ds(directed, ahead))
        return found

    def _build(self, start: Spot) -> nx.DiGraph:
        graph = nx.DiGraph()
        graph.add_node("start")
        queue = []
        for directed in (2 * start.segment, 2 * start.segment + 1):
            if self._times[directed] >= 0:
                phase = OUT if self._sketch.segments[start.segment].is_for_residents else STREET
                share = start.fraction if directed & 1 else 1 - start.fraction
                state = ((directed,), phase)
                graph.add_edge("start", state, weight=self._part_ds(directed, share))
                queue.append(state)
        seen = set(queue)
        while queue:
            state = queue.pop()
            for after in self._list_next(state):
                graph.add_edge(state, after, weight=self._times[after[0][-1]])
                if after not in seen:
                    seen.add(after)
                    queue.append(after)
        return graph

    def _list_next(self, state: tuple[tuple[int, ...], str]) -> list[tuple[tuple[int, ...], str]]:
        last, phase = state
        found = []
        for directed, time_ds in enumerate(self._times):
            if time_ds < 0 or self._ends_of(last[-1])[1] != self._ends_of(directed)[0]:
                continue
            way = (*last, directed)
            if any(way[-n:] in self._sketch.forbidden for n in range(2, len(way) + 1)):
                continue
            if self._sketch.segments[directed >> 1].is_for_residents:
                found.append((way[-2:], OUT if phase == OUT else IN))
            elif phase != IN:
                found.append((way[-2:], STREET))
        return found


def _to_degrees(spot: tuple[int, int]) -> tuple[float, float]:
    """Whole numbers some ten metres apart."""
    return -30.0 + spot[0] / 11_120, -51.0 + spot[1] / 9_630


@st.composite
def sketches(draw: st.DrawFn, *, most_nodes: int = 9) -> Sketch:
    """Small towns: one-ways, dead ends, parallel and crossing streets, forbidden turns, streets for residents."""
    count = draw(st.integers(2, most_nodes))
    places = st.tuples(st.integers(0, 60), st.integers(0, 60))
    spots = draw(st.lists(places, min_size=count, max_size=count, unique=True))
    nodes = [_to_degrees(spot) for spot in spots]
    times = st.one_of(st.just(-1), st.integers(1, 400))
    numbers = st.integers(0, count - 1)
    bends = st.none() | places.map(_to_degrees)
    drawn = draw(st.lists(st.tuples(numbers, numbers, times, times, st.integers(0, 5), bends), min_size=1, max_size=18))
    segments = [
        Segment(a, b, fwd, bwd, is_for_residents=kind == 0, bend=bend) for a, b, fwd, bwd, kind, bend in drawn if a != b
    ] or [Segment(0, 1, 100, 100)]
    return Sketch(nodes, segments, draw(_forbidden(segments)))


@st.composite
def _forbidden(draw: st.DrawFn, segments: Sequence[Segment]) -> frozenset[tuple[int, ...]]:
    ends = [(one.begin, one.end) for one in segments]
    directed = [pair for begin, end in ends for pair in ((begin, end), (end, begin))]
    following = {d: [e for e, (tail, _) in enumerate(directed) if tail == head] for d, (_, head) in enumerate(directed)}
    found = set()
    for _ in range(draw(st.integers(0, 6))):
        sequence = [draw(st.integers(0, len(directed) - 1))]
        for _ in range(draw(st.integers(1, 2))):
            sequence.append(draw(st.sampled_from(following[sequence[-1]])))
        found.add(tuple(sequence))
    return frozenset(found)


@st.composite
def spots_in(draw: st.DrawFn, sketch: Sketch, count: int) -> list[tuple[float, float]]:
    """Points on and beside the segments of a sketch, up to some fifty metres off."""
    points = []
    for _ in range(count):
        one = draw(st.sampled_from(sketch.segments))
        share = draw(st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]))
        (lat, lon), (to_lat, to_lon) = sketch.nodes[one.begin], sketch.nodes[one.end]
        off = draw(st.sampled_from([0.0, 0.0, 1e-5, -1e-4, 4e-4]))
        points.append((lat + share * (to_lat - lat) + off, lon + share * (to_lon - lon) - off / 2))
    return points
