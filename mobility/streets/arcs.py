"""Times, uses and shut nodes of one profile on all segments, and its compiled arcs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mobility.geodesy import Floats
from mobility.streets.access import MAX_WHEELCHAIR_SLOPE, Use
from mobility.streets.barriers import LIFT_S, SIGNAL_SPAN_M, SIGNAL_WAIT_S, barrier_use, signal_sides, wait_s
from mobility.streets.components import find_main_segments
from mobility.streets.elevation import slopes_between
from mobility.streets.graph import Bools, Ints, ProfileGraph, Reals
from mobility.streets.osm import Extract
from mobility.streets.profiles import Profile
from mobility.streets.segments import Segments
from mobility.streets.speeds import slope_share
from mobility.streets.turns import Directed, shut, split_nodes
from mobility.streets.way_facts import WayFacts


@dataclass(frozen=True, slots=True)
class Travel:
    """One profile on directed segments (2s), before turns are looked at."""

    ways: Directed
    time_ds: Ints  # int32[2s], -1 where closed
    shut_nodes: Ints  # street nodes that one does not pass

    def list_closed(self) -> frozenset[int]:
        """Directed segments that may not be used."""
        return frozenset(np.flatnonzero(self.time_ds < 0).tolist())


def travel_of(profile: Profile, extract: Extract, segments: Segments, facts: WayFacts, elevation_m: Reals) -> Travel:
    """Uses and times of a profile on all segments. A time holds what one waits at the end of the segment."""
    row = extract.way_tags[segments.seg_way]
    uses = facts.uses[profile]
    use, mps, is_pushed = (column[row].ravel() for column in uses)
    slope = _slopes(segments, facts, row, elevation_m)
    is_steep = np.abs(np.nan_to_num(slope)) > MAX_WHEELCHAIR_SLOPE
    if profile is Profile.WHEELCHAIR:
        use = np.where(is_steep, Use.CLOSED, use)
    share = np.where(is_pushed | np.repeat(facts.is_steps[row], 2), 1.0, slope_share(slope, profile))
    lift_s = np.repeat(np.where(facts.is_lift[row], LIFT_S, 0.0), 2)
    seconds = np.repeat(segments.length_m, 2) / (mps * share) + lift_s + _waits(profile, segments)
    time_ds = np.where(use > Use.CLOSED, np.maximum(np.rint(10 * seconds), 1), -1).astype(np.int32)
    tail = np.stack([segments.seg_from, segments.seg_to], axis=1).ravel()
    head = np.stack([segments.seg_to, segments.seg_from], axis=1).ravel()
    ways = Directed(tail, head, use == Use.OPEN, use == Use.ENDS)
    return Travel(ways, time_ds, _shut_nodes(profile, segments, ways))


def build_profile(travel: Travel, node_count: int, forbidden: set[tuple[int, ...]]) -> ProfileGraph:
    """The compiled arcs: forbidden sequences and shut nodes kept by copies of nodes."""
    ways, time_ds = travel.ways, travel.time_ds
    is_main_seg = find_main_segments(ways, node_count, travel.shut_nodes)
    arcs = split_nodes(ways, node_count, forbidden | shut(travel.shut_nodes, ways))
    count = len(arcs.node_of)
    order = np.lexsort((arcs.directed, arcs.tail))
    tail, head, directed = arcs.tail[order], arcs.head[order], arcs.directed[order]
    r_arc = np.argsort(head, kind="stable").astype(np.int32)
    of_seg = np.argsort(directed, kind="stable").astype(np.int32)
    is_main = np.zeros(node_count, bool)
    is_main[ways.tail[0::2][is_main_seg]] = is_main[ways.head[0::2][is_main_seg]] = True
    return ProfileGraph(
        offset=_offsets(tail, count),
        head=head,
        time_ds=time_ds[directed],
        arc_seg=directed,
        r_offset=_offsets(head, count),
        r_tail=tail[r_arc],
        r_time_ds=time_ds[directed[r_arc]],
        r_arc=r_arc,
        node_of=arcs.node_of,
        fwd_ds=np.ascontiguousarray(time_ds[0::2]),
        bwd_ds=np.ascontiguousarray(time_ds[1::2]),
        is_main=is_main,
        tail=tail,
        of_seg_offset=_offsets(directed, len(time_ds)),
        of_seg=of_seg,
        start_head=arcs.start_head,
        is_main_seg=is_main_seg,
    )


def _offsets(number: Ints, count: int) -> Ints:
    found: Ints = np.r_[0, np.cumsum(np.bincount(number, minlength=count))].astype(np.int32)
    return found


def _slopes(segments: Segments, facts: WayFacts, row: Ints, elevation_m: Reals) -> Floats:
    """In the direction of travel, [2s]; NaN where unknown, on steps and where the ground's height says nothing."""
    by_ground = slopes_between(elevation_m[segments.seg_from], elevation_m[segments.seg_to], segments.length_m)
    by_ground[facts.is_structure[row]] = np.nan
    along = np.where(np.isnan(facts.slope[row]), by_ground, facts.slope[row])
    along[facts.is_steps[row]] = np.nan
    found: Floats = np.stack([along, -along], axis=1).ravel()
    return found


def _waits(profile: Profile, segments: Segments) -> Floats:
    """Seconds at the end of each directed segment: lifts and traffic lights, [2s]."""
    count = len(segments.node_row)
    wait, signal = np.zeros(count), np.zeros((count, 2), bool)
    for node, tags in segments.node_tags.items():
        wait[node] = wait_s(tags, profile)
        signal[node] = signal_sides(tags, profile)
    ends = np.stack([segments.seg_to, segments.seg_from], axis=1)
    is_lit = signal[ends, [0, 1]]
    is_any: Bools = np.logical_or(signal[:, 0], signal[:, 1])
    is_same = is_any[segments.seg_from] & is_any[segments.seg_to] & (segments.length_m < SIGNAL_SPAN_M)
    waits: Floats = wait[ends] + np.where(is_lit & ~is_same[:, None], SIGNAL_WAIT_S, 0.0)
    return waits.ravel()


def _shut_nodes(profile: Profile, segments: Segments, ways: Directed) -> Ints:
    """Nodes with a barrier; one for residents is passed where it leads to ways for residents."""
    leads_home = np.zeros(len(segments.node_row), bool)
    leads_home[ways.tail[ways.is_end]] = leads_home[ways.head[ways.is_end]] = True
    found = []
    for node, tags in segments.node_tags.items():
        use = barrier_use(tags, profile)
        if use is Use.CLOSED or (use is Use.ENDS and not leads_home[node]):
            found.append(node)
    return np.array(found, np.int64)
