"""Linking places to streets, and what a search needs to begin and to end within a segment.

A place is linked to the nearest segment that its profile may use, on a part of the network that leads somewhere.
From its door to there it goes straight, at the profile's speed; SCOOTER and CAR are walked to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

import numba as nb
import numpy as np

from mobility.geodesy import Floats
from mobility.streets.graph import Bools, Ints, ProfileGraph, StreetGraph
from mobility.streets.nearest import Link, Mask, StreetGrid, build_grid, find_nearest
from mobility.streets.profiles import SPEED_MPS, Profile
from mobility.streets.search import Attachments

REACH_M = 200.0
COVER_M = 1000.0
"""Where no street of any kind is nearer, the extract ends."""
NO_STOPPING = frozenset({"motorway", "motorway_link", "trunk_link"})
"""Where nobody gets into or out of a vehicle, values of ``highway``."""


class Unlinked(IntEnum):
    """Why a place has no street."""

    LINKED = 0
    OUTSIDE = 1
    FAR = 2
    CLOSED = 3


_REASONS: Mapping[Unlinked, str] = MappingProxyType(
    {
        Unlinked.LINKED: "is linked",
        Unlinked.OUTSIDE: f"no street within {COVER_M:.0f} m: it is outside the extract; read a larger one",
        Unlinked.FAR: "no street within {reach_m:.0f} m: check its coordinates, or allow a longer way to the street",
        Unlinked.CLOSED: "no street within {reach_m:.0f} m that leads on and is open to {profile}",
    }
)


def find_stub_mps(profile: Profile) -> float:
    """The speed between a door and the street."""
    return SPEED_MPS[Profile.FOOT if profile in {Profile.SCOOTER, Profile.CAR} else profile]


@dataclass(frozen=True, slots=True)
class LinkedPlaces:
    """p places of one profile beside their streets."""

    profile: Profile
    lat: Floats  # [p], the places themselves
    lon: Floats
    segment: Ints  # int32[p], -1 unlinked
    fraction: Floats  # [p], along the segment, 0 at seg_from
    side: Ints  # int8[p]: -1 left of seg_from -> seg_to, 1 right of it, 0 on it
    distance_m: Floats  # [p], to the street; infinite where unlinked
    reason: Ints  # int8[p], values of ``Unlinked``
    reach_m: float

    @property
    def unlinked(self) -> Ints:
        """Numbers of the places without a street."""
        return np.flatnonzero(self.segment < 0).astype(np.int32)

    @property
    def is_outside(self) -> Bools:
        """Which places are outside the extract."""
        is_outside: Bools = self.reason == Unlinked.OUTSIDE
        return is_outside

    def explain(self, number: int) -> str:
        """Why a place has no street, in words."""
        text = _REASONS[Unlinked(int(self.reason[number]))]
        return text.format(reach_m=self.reach_m, profile=self.profile)


class Stretches(NamedTuple):
    """What a ProfileGraph tells of its s segments, with m arcs: how to leave a place within one and how to come."""

    fwd_ds: Ints  # int32[s]
    bwd_ds: Ints  # int32[s]
    start_head: Ints  # int32[2s]
    of_seg_offset: Ints  # int32[2s+1]
    of_seg: Ints  # int32[m]
    tail: Ints  # int32[m]


class Street(NamedTuple):
    """All that finds and measures the way between doors and the streets, for one profile."""

    grid: StreetGrid
    is_usable: Mask  # uint8[s]
    stretches: Stretches
    stub_mps: float
    reach_m: float


def open_street(graph: StreetGraph, profile: Profile, grid: StreetGrid, reach_m: float = REACH_M) -> Street:
    """For one profile of a graph; ``grid`` is ``build_grid(graph)``, the same for all of them.

    Raises:
        ValueError: The graph was read without the profile.
    """
    if profile not in graph.profiles:
        raise ValueError(f"these streets were read without the profile {profile}: read them again with it")
    g = graph.profiles[profile]
    return Street(grid, _list_usable(graph, profile), list_stretches(g), find_stub_mps(profile), reach_m)


def list_stretches(g: ProfileGraph) -> Stretches:
    """The arrays of a profile that these kernels read."""
    return Stretches(g.fwd_ds, g.bwd_ds, g.start_head, g.of_seg_offset, g.of_seg, g.tail)


def _list_usable(graph: StreetGraph, profile: Profile) -> Mask:
    g = graph.profiles[profile]
    is_usable = g.is_main_seg & ((g.fwd_ds >= 0) | (g.bwd_ds >= 0))
    if profile in {Profile.SCOOTER, Profile.CAR}:
        is_stop = np.array([kind not in NO_STOPPING for kind in graph.kinds], bool)
        is_usable = is_usable & is_stop[graph.seg_kind]
    return is_usable.astype(np.uint8)


def link(graph: StreetGraph, profile: Profile, lat: Floats, lon: Floats, reach_m: float = REACH_M) -> LinkedPlaces:
    """Link places, WGS 84 degrees. Whoever links more than once keeps an ``open_street`` for ``link_to``."""
    return link_to(open_street(graph, profile, build_grid(graph), reach_m), profile, lat, lon)


def link_to(street: Street, profile: Profile, lat: Floats, lon: Floats) -> LinkedPlaces:
    """Link places to the streets of the profile that ``street`` was opened for.

    Raises:
        ValueError: Latitudes and longitudes are not of one length, or not finite.
    """
    lat, lon = np.ascontiguousarray(lat, np.float64), np.ascontiguousarray(lon, np.float64)
    if lat.shape != lon.shape or not (np.isfinite(lat).all() and np.isfinite(lon).all()):
        raise ValueError("places need as many latitudes as longitudes, all of them numbers")
    segment, fraction, side, distance_m, reason = _link_all(street, lat, lon)
    return LinkedPlaces(profile, lat, lon, segment, fraction, side, distance_m, reason, street.reach_m)


@nb.njit(cache=True, nogil=True)
def _link_all(s: Street, lat: Floats, lon: Floats) -> tuple[Ints, Floats, Ints, Floats, Ints]:
    count = len(lat)
    segment, side = np.empty(count, np.int32), np.empty(count, np.int8)
    fraction, distance_m = np.empty(count), np.empty(count)
    reason = np.zeros(count, np.int8)
    is_any = np.ones(len(s.is_usable), np.uint8)
    for i in range(count):
        found = find_nearest(s.grid, s.is_usable, lat[i], lon[i], s.reach_m)
        segment[i], fraction[i] = found.segment, found.fraction
        side[i], distance_m[i] = found.side, found.distance_m
        if found.segment < 0:
            gap_m = find_nearest(s.grid, is_any, lat[i], lon[i], COVER_M).distance_m
            # values of Unlinked: outside, far, closed
            reason[i] = 1 if gap_m == np.inf else 2 if gap_m > s.reach_m else 3
    return segment, fraction, side, distance_m, reason


@nb.njit(cache=True, nogil=True)
def is_covered(g: StreetGrid, is_any: Mask, lat: float, lon: float) -> bool:
    """Whether a point is within the extract: a street of whatever kind is not farther than COVER_M.

    ``is_any`` is 1 for every segment.
    """
    return bool(find_nearest(g, is_any, lat, lon, COVER_M).segment >= 0)


@nb.njit(cache=True, nogil=True)
def part_ds(whole_ds: int, share: float) -> int:
    """A part of a segment's time, rounded up."""
    return int(np.ceil(whole_ds * share - 1e-6))


@nb.njit(cache=True, nogil=True)
def stub_ds(s: Street, distance_m: float) -> int:
    """The way between a door and its street."""
    return int(np.ceil(distance_m / s.stub_mps * 10.0 - 1e-6))


@nb.njit(cache=True, nogil=True)
def list_starts(s: Stretches, link: Link, from_door_ds: int) -> tuple[Ints, Ints, Ints]:
    """Where one gets from a place: search nodes, deciseconds from the door, and the directed segments taken."""
    node, ds, way = np.empty(2, np.int32), np.empty(2, np.int32), np.empty(2, np.int32)
    count = 0
    for d in range(2 * link.segment, 2 * link.segment + 2):
        whole_ds = s.bwd_ds[link.segment] if d & 1 else s.fwd_ds[link.segment]
        if whole_ds >= 0 and s.start_head[d] >= 0:
            node[count], way[count] = s.start_head[d], d
            ds[count] = from_door_ds + part_ds(whole_ds, link.fraction if d & 1 else 1.0 - link.fraction)
            count += 1
    return node[:count], ds[:count], way[:count]


@nb.njit(cache=True, nogil=True)
def list_ends(s: Stretches, link: Link, to_door_ds: int) -> tuple[Ints, Ints, Ints]:
    """From where one gets to a place, as ``list_starts``."""
    first, last = s.of_seg_offset[2 * link.segment], s.of_seg_offset[2 * link.segment + 2]
    node, ds, way = np.empty(last - first, np.int32), np.empty(last - first, np.int32), np.empty(last - first, np.int32)
    for d in range(2 * link.segment, 2 * link.segment + 2):
        whole_ds = s.bwd_ds[link.segment] if d & 1 else s.fwd_ds[link.segment]
        within_ds = to_door_ds + part_ds(whole_ds, 1.0 - link.fraction if d & 1 else link.fraction)
        for i in range(s.of_seg_offset[d], s.of_seg_offset[d + 1]):
            node[i - first], ds[i - first], way[i - first] = s.tail[s.of_seg[i]], within_ds, d
    return node, ds, way


@nb.njit(cache=True, nogil=True)
def along_ds(s: Stretches, start: Link, end: Link) -> tuple[int, int]:
    """Deciseconds between two places of one segment without leaving it, and its direction; -1 where one may not."""
    best, way = -1, 0
    if start.segment == end.segment:
        ahead, back = s.fwd_ds[start.segment], s.bwd_ds[start.segment]
        if ahead >= 0 and end.fraction >= start.fraction:
            best = part_ds(ahead, end.fraction - start.fraction)
        if back >= 0 and start.fraction >= end.fraction:
            other = part_ds(back, start.fraction - end.fraction)
            if best < 0 or other < best:
                best, way = other, 1
    return best, way


def attach(street: Street, places: LinkedPlaces, nodes: int, *, inbound: bool = False) -> Attachments:
    """Places by the search nodes they are reached from; with ``inbound`` by those that one leaves them to."""
    node, place, ds = _attach(street, places.segment, places.fraction, places.side, places.distance_m, inbound)
    order = np.argsort(node, kind="stable")
    offset = np.searchsorted(node[order], np.arange(nodes + 1)).astype(np.int32)
    return Attachments(offset, place[order], ds[order])


@nb.njit(cache=True, nogil=True)
def _attach(
    s: Street,
    segment: Ints,
    fraction: Floats,
    side: Ints,
    distance_m: Floats,
    inbound: bool,  # noqa: FBT001  (a kernel)
) -> tuple[Ints, Ints, Ints]:
    size = 0
    for p in range(len(segment)):
        if segment[p] >= 0:
            at = 2 * segment[p]
            size += 2 if inbound else s.stretches.of_seg_offset[at + 2] - s.stretches.of_seg_offset[at]
    node, place, ds = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int32)
    size = 0
    for p in range(len(segment)):
        if segment[p] < 0:
            continue
        link = Link(np.int64(segment[p]), fraction[p], np.int64(side[p]), distance_m[p])
        door_ds = stub_ds(s, distance_m[p])
        nodes, times, _ = list_starts(s.stretches, link, door_ds) if inbound else list_ends(s.stretches, link, door_ds)
        for i in range(len(nodes)):
            node[size], place[size], ds[size] = nodes[i], p, times[i]
            size += 1
    return node[:size], place[:size], ds[:size]
