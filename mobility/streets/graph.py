"""Streets as arrays: the whole extract once, and per profile what a search reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mobility.geodesy import Floats
from mobility.streets.profiles import Profile

Ints = npt.NDArray[np.integer[Any]]
Bools = npt.NDArray[np.bool_]
Reals = npt.NDArray[np.floating[Any]]


class ProfileGraph(NamedTuple):
    """The streets of one profile: n street nodes, s segments, k search nodes, m arcs. Times are deciseconds.

    A *directed segment* is ``2 * segment``, plus 1 where it is travelled from ``seg_to`` to ``seg_from``. Search
    nodes are street nodes (the first n, under their own numbers) and copies of them, which remember how one came:
    a forbidden turn, a shut gate and a way that may be entered only by who stays there are missing arcs of copies.
    So several arcs may have the same directed segment, from different copies of its first node or to different
    copies of its last; all of them take the same time, ``fwd_ds`` or ``bwd_ds``.

    Who starts at a street node itself counts as having come by a street for all. Who *starts* within directed segment
    d goes to search node ``start_head[d]``. Who *ends* within d comes by one of the arcs
    ``of_seg[of_seg_offset[d] : of_seg_offset[d + 1]]``, from their ``tail``.
    """

    offset: Ints  # int32[k+1]: arcs out of each search node
    head: Ints  # int32[m]
    time_ds: Ints  # int32[m], at least 1
    arc_seg: Ints  # int32[m]: directed segment
    r_offset: Ints  # int32[k+1]: the same arcs by their head
    r_tail: Ints  # int32[m]
    r_time_ds: Ints  # int32[m]
    r_arc: Ints  # int32[m]: number of the arc
    node_of: Ints  # int32[k]: street node of each search node
    fwd_ds: Ints  # int32[s]: time of the whole segment from seg_from to seg_to, -1 where not allowed
    bwd_ds: Ints  # int32[s]: the other way
    is_main: Bools  # bool[n]: an end of a segment with is_main_seg
    tail: Ints  # int32[m]
    of_seg_offset: Ints  # int32[2s+1]
    of_seg: Ints  # int32[m]: arcs by directed segment
    start_head: Ints  # int32[2s], -1 where not allowed
    is_main_seg: Bools  # bool[s]: on a part of the network that is worth linking a place to (see components.py)


@dataclass(frozen=True, slots=True)
class StreetGraph:
    """Streets of an extract, for all profiles: n nodes, s segments between them, WGS 84 degrees and metres.

    Nodes are where ways meet or end, and where a barrier, a lift or traffic lights stand. No segment begins and ends
    at the same node.
    """

    node_lat: Floats  # [n]
    node_lon: Floats  # [n]
    seg_from: Ints  # int32[s]
    seg_to: Ints  # int32[s]
    seg_length_m: Reals  # float32[s]
    point_off: Ints  # int64[s+1]
    point_lat: Floats  # whole geometry of each segment, both ends included
    point_lon: Floats
    seg_name: Ints  # int32[s] into names
    names: tuple[str, ...]  # the first is empty: no name
    seg_way_id: Ints  # int64[s]
    elevation_m: Reals  # float32[n], NaN where unknown
    profiles: Mapping[Profile, ProfileGraph]
    seg_kind: Ints  # int16[s] into kinds
    kinds: tuple[str, ...]  # values of the tag highway: "residential", "steps"
    node_osm_id: Ints  # int64[n]
    attribution: str = "© OpenStreetMap contributors, ODbL 1.0"

    def __post_init__(self) -> None:
        # a store keeps the keys as plain text
        object.__setattr__(self, "profiles", {Profile(key): graph for key, graph in self.profiles.items()})
