"""From door to door: the kernels that put links, the search and the way along one street together.

Three ways compete: through the network; along the street both doors stand at; and straight, where two doors are no
farther from each other than one of them is from its street (nothing is known of the ground between, neither there
nor on the way to the street).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from mobility.geodesy import Floats
from mobility.streets.graph import Ints
from mobility.streets.hierarchy import ClimbSpace, Hierarchy, climb_path
from mobility.streets.links import (
    LinkedPlaces,
    Street,
    along_ds,
    list_ends,
    list_starts,
    stub_ds,
)
from mobility.streets.nearest import DEGREE_M, Link, find_nearest
from mobility.streets.search import Arcs, Attachments, collect, spread
from mobility.streets.workspace import FAR, Workspace


class Doors(NamedTuple):
    """Linked places as kernels read them, p of them."""

    lat: Floats  # [p]
    lon: Floats
    segment: Ints  # int32[p]
    fraction: Floats
    side: Ints
    distance_m: Floats
    by_segment: Ints  # int32[p]: numbers by segment
    sorted_segment: Ints  # int32[p]: their segments, ascending


def list_doors(places: LinkedPlaces) -> Doors:
    """The arrays of linked places."""
    order = np.argsort(places.segment, kind="stable").astype(np.int32)
    return Doors(
        places.lat, places.lon, places.segment, places.fraction, places.side, places.distance_m,
        order, places.segment[order],
    )  # fmt: skip


class Ask(NamedTuple):
    """A point, degrees; whether the ways lead to it; for how long; and how many times as long as usual they take."""

    lat: float
    lon: float
    inbound: bool
    limit_s: int
    slowness: float


@nb.njit(cache=True, nogil=True)
def straight_m(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """A short distance, the same both ways; exact to a millimetre within a kilometre."""
    x = (to_lon - lon) * math.cos(math.radians((lat + to_lat) / 2))
    return DEGREE_M * math.sqrt(x * x + (to_lat - lat) ** 2)


@nb.njit(cache=True, nogil=True)
def to_seconds(ds: int, slowness: float) -> int:
    """Whole seconds, rounded up."""
    return math.ceil(ds * slowness / 10.0 - 1e-9)


@nb.njit(cache=True, nogil=True)
def reach_doors(
    s: Street, arcs: Arcs, doors: Doors, attached: Attachments, ask: Ask, link: Link, w: Workspace
) -> tuple[Ints, Ints]:
    """Places within the limit of a linked point, and their seconds, by these and then by number.

    ``arcs`` and ``attached`` are those of the direction that is asked for.
    """
    if link.segment < 0 or ask.limit_s < 0:
        return np.empty(0, np.int32), np.empty(0, np.int32)
    limit_ds = min(int(ask.limit_s * 10 / ask.slowness + 1e-9), FAR - 1)
    door_ds = stub_ds(s, link.distance_m)
    starts = list_ends(s.stretches, link, door_ds) if ask.inbound else list_starts(s.stretches, link, door_ds)
    touched = spread(arcs, starts[0], starts[1], limit_ds, w)
    places = collect(attached, touched, limit_ds, w, 0)
    low = np.searchsorted(doors.sorted_segment, link.segment)
    for i in range(low, len(doors.sorted_segment)):
        if doors.sorted_segment[i] != link.segment:
            break
        p = doors.by_segment[i]
        other = Link(np.int64(doors.segment[p]), doors.fraction[p], np.int64(doors.side[p]), doors.distance_m[p])
        within = along_ds(s.stretches, other, link) if ask.inbound else along_ds(s.stretches, link, other)
        if within[0] >= 0:
            places = _note(p, door_ds + stub_ds(s, other.distance_m) + within[0], limit_ds, places, w)
    for p in range(len(doors.lat)):
        if doors.segment[p] >= 0:
            open_m = max(link.distance_m, doors.distance_m[p])
            if abs(doors.lat[p] - ask.lat) * DEGREE_M <= open_m:
                gap_m = straight_m(ask.lat, ask.lon, doors.lat[p], doors.lon[p])
                if gap_m <= open_m:
                    places = _note(p, stub_ds(s, gap_m), limit_ds, places, w)
    key = np.empty(places, np.int64)
    for i in range(places):
        p = w.found[i]
        key[i] = to_seconds(w.best[p], ask.slowness) << 32 | np.int64(p)
        w.best[p] = FAR
    key.sort()
    number, seconds = np.empty(places, np.int32), np.empty(places, np.int32)
    for i in range(places):
        number[i], seconds[i] = key[i] & 0xFFFFFFFF, key[i] >> 32
    return number, seconds


@nb.njit(cache=True, nogil=True)
def _note(place: int, ds: int, limit_ds: int, places: int, w: Workspace) -> int:
    """Keep a way to a place where it is the quickest so far; how many places there are then."""
    if ds <= limit_ds and ds < w.best[place]:
        if w.best[place] == FAR:
            w.found[places] = place
            places += 1
        w.best[place] = ds
    return places


@nb.njit(cache=True, nogil=True)
def reach_point(
    s: Street, arcs: Arcs, doors: Doors, attached: Attachments, ask: Ask, w: Workspace
) -> tuple[Ints, Ints]:
    """``reach_doors`` of a point that has to be linked first."""
    link = find_nearest(s.grid, s.is_usable, ask.lat, ask.lon, s.reach_m)
    number, seconds = reach_doors(s, arcs, doors, attached, ask, link, w)
    return number, seconds


class Found(NamedTuple):
    """A way between two doors, as parts of segments; ``ds`` is FAR where there is none. No parts: straight."""

    ds: int
    way: Ints  # int32[]: directed segments
    begin: Floats  # where each part begins and ends, along the segment
    end: Floats


@nb.njit(cache=True, nogil=True)
def find_way(
    s: Street, h: Hierarchy, arc_seg: Ints, at: tuple[float, float], to: tuple[float, float], w: ClimbSpace
) -> Found:
    """The quickest way between two points."""
    no_way, no_share = np.empty(0, np.int32), np.empty(0)
    nowhere = Found(FAR, no_way, no_share, no_share)
    start = find_nearest(s.grid, s.is_usable, at[0], at[1], s.reach_m)
    if start.segment < 0:
        return nowhere
    end = find_nearest(s.grid, s.is_usable, to[0], to[1], s.reach_m)
    if end.segment < 0:
        return nowhere
    gap_m = straight_m(at[0], at[1], to[0], to[1])
    if gap_m <= max(start.distance_m, end.distance_m):
        return Found(stub_ds(s, gap_m), no_way, no_share, no_share)
    out_ds, in_ds = stub_ds(s, start.distance_m), stub_ds(s, end.distance_m)
    starts = list_starts(s.stretches, start, out_ds)
    ends = list_ends(s.stretches, end, in_ds)
    best, path, first, last = climb_path(h, starts[0], starts[1], ends[0], ends[1], w)
    within_ds, turned = along_ds(s.stretches, start, end)
    if within_ds >= 0 and out_ds + within_ds + in_ds <= best:
        one = np.full(1, 2 * start.segment + turned, np.int32)
        return Found(out_ds + within_ds + in_ds, one, np.full(1, start.fraction), np.full(1, end.fraction))
    if best >= FAR:
        return nowhere
    count = len(path) + 2
    way, begin, stop = np.empty(count, np.int32), np.empty(count), np.empty(count)
    way[0], way[-1] = starts[2][first], ends[2][last]
    for i in range(len(path)):
        way[i + 1] = arc_seg[path[i]]
    for i in range(count):
        begin[i], stop[i] = (1.0, 0.0) if way[i] & 1 else (0.0, 1.0)
    begin[0], stop[-1] = start.fraction, end.fraction
    return Found(best, way, begin, stop)
