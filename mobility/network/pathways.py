"""Ways inside stations (pathways.txt, levels.txt) as a graph over rows of stops.txt, and times along them.

GTFS reference, pathways.txt. ``traversal_time`` is taken as it is for machines and gates; on foot it holds for
a walker of ``WALKER_MPS`` and is longer for slower people. Where it is missing the length decides, then the
constants below. People in wheelchairs take no stairs and no escalators, no ramp steeper than ``STEEPEST`` and
nothing narrower than ``NARROWEST_M``. What a feed does not say is taken as passable.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from gtfs.feed import Feed
from mobility.geodesy import great_circle_m
from mobility.network.schedule import lookup

WALKWAY, STAIRS, MOVING_SIDEWALK, ESCALATOR, ELEVATOR, FARE_GATE, EXIT_GATE = range(1, 8)
"""pathway_mode."""
WALKER_MPS = 1.33
"""For whom traversal times are stated; the default of ``Walking``."""
STEP_M = 0.4
"""A step counts as so much of a way (OpenTripPlanner, for pathways without time and length)."""
STEPS_PER_LEVEL = 20
"""Where stairs have no stair_count: a storey of 3.4 m in steps of 17 cm."""
ESCALATOR_MPS = 0.5
"""The usual rated speed (EN 115-1)."""
ESCALATOR_LEVEL_S = 14
"""A storey of 3.4 m at 30 degrees and that speed."""
LIFT_WAIT_S, LIFT_LEVEL_S = 90, 20
"""OpenTripPlanner's defaults: to get in, and per level."""
GATE_S = 5
UNKNOWN_S = 30
"""A walkway of which neither time nor length is known, nor where its ends are."""
STEEPEST = 0.083
"""1:12, the steepest ramp of ISO 21542 and the ADA standards."""
NARROWEST_M = 0.8
"""The clear width of a door in ISO 21542."""


class Way(NamedTuple):
    """A pathway in one direction: from row to row of stops.txt, and what stands on its signs."""

    from_row: int
    to_row: int
    seconds: float
    mode: int
    signposted_as: str


Ways = Mapping[int, list[Way]]
"""By the row where they begin."""


class _Pathway(NamedTuple):
    """What is known of a row; what is not is negative, NaN or empty."""

    mode: int
    both: int
    traversal_time: int
    length_m: float
    stairs: float
    slope: float
    width_m: float
    signs: str
    signs_back: str


_COLUMNS = (
    "pathway_mode",
    "is_bidirectional",
    "traversal_time",
    "length",
    "stair_count",
    "max_slope",
    "min_width",
    "signposted_as",
    "reversed_signposted_as",
)


def build_ways(feed: Feed, speed_mps: float = WALKER_MPS, *, wheelchair: bool = False) -> Ways:
    """All pathways that one can pass, both directions of those that have two."""
    table, stops = feed["pathways.txt"], feed["stops.txt"]
    index = {stop_id: row for row, stop_id in enumerate(stops["stop_id"].tolist())}
    ends = [lookup(index, table[f"{side}_stop_id"], len(table)).tolist() for side in ("from", "to")]
    facts = zip(*(table[name].tolist() for name in _COLUMNS), strict=True)
    levels = _list_levels(feed)
    lat, lon = stops["stop_lat"], stops["stop_lon"]
    ways: dict[int, list[Way]] = defaultdict(list)
    for start, end, values in zip(*ends, facts, strict=True):
        path = _Pathway(*values)
        if start < 0 or end < 0 or start == end or (wheelchair and not _is_step_free(path)):
            continue
        rise = abs(levels[start] - levels[end])
        gap_m = float(great_circle_m(lat[[start]], lon[[start]], lat[end], lon[end])[0])
        seconds = _crossing_s(path, 1.0 if np.isnan(rise) else max(1.0, rise), gap_m, speed_mps)
        ways[start].append(Way(start, end, seconds, path.mode, path.signs))
        if path.both == 1 and path.mode != EXIT_GATE:
            ways[end].append(Way(end, start, seconds, path.mode, path.signs_back))
    return ways


def _list_levels(feed: Feed) -> list[float]:
    """The level of every row of stops.txt, NaN where it has none."""
    table = feed["levels.txt"]
    index = dict(zip(table["level_id"].tolist(), table["level_index"].tolist(), strict=True))
    return [index.get(level, np.nan) for level in feed["stops.txt"]["level_id"].tolist()]


def _is_step_free(path: _Pathway) -> bool:
    is_ramp = path.mode in (WALKWAY, MOVING_SIDEWALK) and abs(path.slope) > STEEPEST
    return not (path.mode in (STAIRS, ESCALATOR) or is_ramp or path.width_m < NARROWEST_M)


def _crossing_s(path: _Pathway, rise: float, gap_m: float, speed_mps: float) -> float:
    """``rise`` in levels, at least one; ``gap_m`` is between its ends, NaN where unknown."""
    is_on_foot = path.mode in (WALKWAY, STAIRS)
    if path.traversal_time > 0:
        return path.traversal_time * (WALKER_MPS / speed_mps if is_on_foot else 1.0)
    length_s = path.length_m / (ESCALATOR_MPS if path.mode == ESCALATOR else speed_mps)
    if path.mode == ELEVATOR:
        return LIFT_WAIT_S + LIFT_LEVEL_S * rise
    if path.mode in (FARE_GATE, EXIT_GATE):
        return max(GATE_S, length_s)
    if length_s > 0 or (length_s == 0 and path.mode == WALKWAY):
        return length_s
    if path.mode == STAIRS:
        steps = abs(path.stairs) if abs(path.stairs) > 0 else STEPS_PER_LEVEL * rise
        return STEP_M * steps / speed_mps
    if path.mode == ESCALATOR:
        return ESCALATOR_LEVEL_S * rise
    return UNKNOWN_S if np.isnan(gap_m) else gap_m / speed_mps


def list_times(ways: Ways, sources: Iterable[int]) -> dict[int, float]:
    """Seconds to every row that can be reached from the nearest of ``sources`` (Dijkstra 1959)."""
    return {row: seconds for row, (seconds, _) in _search(ways, sources).items()}


def find_way(ways: Ways, sources: Iterable[int], ends: Iterable[int]) -> tuple[Way, ...] | None:
    """The fastest pathways from one of the rows to one of others, in order; None where there is no way."""
    labels = _search(ways, sources)
    reached = [(labels[end][0], end) for end in ends if end in labels]
    if not reached:
        return None
    row, found = min(reached)[1], []
    while (way := labels[row][1]) is not None:
        found.append(way)
        row = way.from_row
    return tuple(reversed(found))


def _search(ways: Ways, sources: Iterable[int]) -> dict[int, tuple[float, Way | None]]:
    """Per row its seconds and the way that leads there."""
    labels: dict[int, tuple[float, Way | None]] = {}
    queue: list[tuple[float, int, int, Way | None]] = [(0.0, row, 0, None) for row in sources]
    heapq.heapify(queue)
    pushed = 0  # no two entries compare by their ways
    while queue:
        seconds, row, _, way = heapq.heappop(queue)
        if row in labels:
            continue
        labels[row] = seconds, way
        for onward in ways.get(row, ()):
            if onward.to_row not in labels:
                pushed += 1
                heapq.heappush(queue, (seconds + onward.seconds, onward.to_row, pushed, onward))
    return labels
