"""Ways cut into segments: nodes where ways meet, end or hold something that matters, and the shape between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mobility.geodesy import Floats, great_circle_m
from mobility.streets.graph import Bools, Ints
from mobility.streets.notices import Notices
from mobility.streets.osm import Extract, Tags


@dataclass(frozen=True, slots=True)
class Segments:
    """n nodes (rows of the extract's nodes, ascending) and s segments in the order of their ways."""

    node_row: Ints  # int64[n] into the extract's nodes
    seg_way: Ints  # int64[s], rows of the extract's ways
    seg_from: Ints  # int32[s]
    seg_to: Ints  # int32[s]
    length_m: Floats  # [s]
    point_off: Ints  # int64[s+1]
    point_row: Ints  # int64, into the extract's nodes
    node_tags: Mapping[int, Tags]  # of the street nodes that have any that matter, by their number


def cut_ways(extract: Extract, is_used: Bools, notices: Notices) -> Segments:
    """Segments of the ways with ``is_used`` ([w]). A gap of nodes that the file lacks ends a piece of its way;
    a round of a way that meets nothing is cut at its middle, too, so that no segment begins where it ends.
    """
    row, way, piece = _pieces(extract, is_used, notices)
    if not len(row):
        none = np.zeros(0, np.int64)
        small = none.astype(np.int32)
        return Segments(none, none, small, small, np.zeros(0), np.zeros(1, np.int64), none, {})
    is_first = np.r_[True, piece[1:] != piece[:-1]]
    is_last = np.r_[is_first[1:], True]
    uses = np.bincount(row, minlength=len(extract.node_id))
    is_node = uses > 1
    is_node[row[is_first | is_last]] = True
    is_node |= np.isin(extract.node_id, np.array(list(extract.node_tags), np.int64))
    is_node |= np.isin(extract.node_id, _vias(extract))
    begin, end = _cuts(row, is_node, is_first, is_last)
    is_round = row[begin] == row[end]
    if is_round.any():
        is_node[row[(begin[is_round] + end[is_round]) // 2]] = True
        begin, end = _cuts(row, is_node, is_first, is_last)
    node_row = np.unique(np.r_[row[begin], row[end]])
    size = end - begin + 1
    point_off = np.r_[0, np.cumsum(size)]
    point_row = row[np.repeat(begin - point_off[:-1], size) + np.arange(point_off[-1])]
    return Segments(
        node_row=node_row,
        seg_way=way[begin],
        seg_from=np.searchsorted(node_row, row[begin]).astype(np.int32),
        seg_to=np.searchsorted(node_row, row[end]).astype(np.int32),
        length_m=_lengths(extract, point_row, point_off),
        point_off=point_off,
        point_row=point_row,
        node_tags=_tags_of(extract, node_row),
    )


def _tags_of(extract: Extract, node_row: Ints) -> dict[int, Tags]:
    osm_id = extract.node_id[node_row]
    numbers = np.flatnonzero(np.isin(osm_id, np.array(list(extract.node_tags), np.int64))).tolist()
    return {number: extract.node_tags[int(osm_id[number])] for number in numbers}


def _vias(extract: Extract) -> Ints:
    found = [ref for one in extract.restrictions for role, is_way, ref in one.members if role == "via" and not is_way]
    return np.array(found, np.int64)


def _pieces(extract: Extract, is_used: Bools, notices: Notices) -> tuple[Ints, Ints, Ints]:
    """Known nodes of used ways in order: row of the node, row of the way, number of the piece; pieces of one node
    are left out, and a node that follows itself.
    """
    count = len(extract.way_id)
    way = np.repeat(np.arange(count), np.diff(extract.ref_off))
    where = np.minimum(np.searchsorted(extract.node_id, extract.ref), max(len(extract.node_id) - 1, 0))
    is_known = extract.node_id[where] == extract.ref if len(extract.node_id) else np.zeros(len(way), bool)
    is_wanted = is_used[way]
    for gone in np.unique(way[is_wanted & ~is_known]):
        notices.count("way_nodes_missing", str(extract.way_id[gone]))
    run = np.cumsum(np.r_[True, way[1:] != way[:-1]] | ~is_known) if len(way) else way
    keep = is_wanted & is_known
    row, way, run = where[keep], way[keep], run[keep]
    if not len(row):
        return row, way, run
    is_new = np.r_[True, (row[1:] != row[:-1]) | (run[1:] != run[:-1])]
    row, way, run = row[is_new], way[is_new], run[is_new]
    _, number, size = np.unique(run, return_inverse=True, return_counts=True)
    is_long = size[number] > 1
    return row[is_long], way[is_long], number[is_long]


def _cuts(row: Ints, is_node: Bools, is_first: Bools, is_last: Bools) -> tuple[Ints, Ints]:
    """Places in ``row`` where segments begin and where they end."""
    at = np.flatnonzero(is_node[row])
    return at[~is_last[at]], at[~is_first[at]]


def _lengths(extract: Extract, point_row: Ints, point_off: Ints) -> Floats:
    lat, lon = extract.node_lat[point_row], extract.node_lon[point_row]
    step_m = np.r_[great_circle_m(lat[:-1], lon[:-1], lat[1:], lon[1:]), 0.0]
    step_m[point_off[1:] - 1] = 0.0  # from the last point of a segment to the first of the next
    lengths: Floats = np.add.reduceat(step_m, point_off[:-1])
    return lengths
