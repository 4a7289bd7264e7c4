"""Vehicles of which only the approach is known: told by neighbours, or counted where the street is not yet divided.

Each is put on the lane that the learned shares owe most, and waits there for the next loop on its way to count it.
"""

from __future__ import annotations

from signals.detectors.balance import choose_lane
from signals.detectors.layout import NO_DETECTOR, LoopLayout
from signals.detectors.tracks import (
    COUNTED,
    DISTANCE,
    EXPECTED,
    KIND,
    MAX_PER_LANE,
    Tracks,
    draw_movement,
    drop_vehicle,
    put_vehicle,
)
from signals.kernels import kernel
from signals.ports import BoolArray, IntArray

MATCH_M = 120.0  # who is counted may have been expected so much later
_UPSTREAM_LATE_M = 30.0  # or so much earlier


@kernel
def is_usable(usable: BoolArray, loop: int) -> bool:
    """Whether there is such a loop and it can be believed."""
    return bool(loop != NO_DETECTOR and usable[loop])


@kernel
def expect_vehicle(layout: LoopLayout, tracks: Tracks, usable: BoolArray, approach: int, distance_m: float) -> None:
    """A neighbour has sent somebody."""
    if 0 <= approach < tracks.told_s.shape[0] and 0.0 <= distance_m < 5000.0:
        tracks.told_s[approach] = 0.0
        _approach(layout, tracks, usable, approach, distance_m)


@kernel
def watch_upstream(layout: LoopLayout, tracks: Tracks, count: IntArray, usable: BoolArray) -> None:
    """Loops before a fork, a junction of streets or a widening: whoever was told of is there now, or one more comes."""
    for u in range(layout.upstream.shape[0]):
        loop, approach, at_m = layout.upstream[u], layout.approach_of[layout.upstream_of[u]], layout.upstream_m[u]
        if not usable[loop]:
            continue
        for _ in range(min(3, count[loop])):
            best, best_place, best_m = -1, -1, at_m + MATCH_M
            for lane in range(tracks.vehicles.shape[0]):
                if layout.approach_of[lane] != approach:
                    continue
                for k in range(tracks.vehicles[lane]):
                    distance_m = tracks.cars[lane, k, DISTANCE]
                    is_open = tracks.tags[lane, k, KIND] == EXPECTED
                    if is_open and at_m - _UPSTREAM_LATE_M < distance_m < best_m:
                        best, best_place, best_m = lane, k, distance_m
            if best >= 0:
                drop_vehicle(tracks, best, best_place)
            _approach(layout, tracks, usable, approach, at_m)
        for lane in range(tracks.vehicles.shape[0]):
            if layout.approach_of[lane] != approach or is_usable(usable, layout.advance[lane]):
                continue
            k = 0
            while k < tracks.vehicles[lane]:
                is_late = tracks.cars[lane, k, DISTANCE] <= at_m - _UPSTREAM_LATE_M
                if tracks.tags[lane, k, KIND] == EXPECTED and is_late:
                    drop_vehicle(tracks, lane, k)
                else:
                    k += 1


@kernel
def _will_be_counted(layout: LoopLayout, usable: BoolArray, lane: int, distance_m: float) -> bool:
    """Whether a loop lies between a vehicle and the line."""
    if is_usable(usable, layout.advance[lane]) and distance_m > layout.advance_m[lane]:
        return True
    for u in range(layout.upstream.shape[0]):
        is_own = layout.approach_of[layout.upstream_of[u]] == layout.approach_of[lane]
        if is_own and usable[layout.upstream[u]] and distance_m > layout.upstream_m[u] + 1.0:
            return True
    return False


@kernel
def _approach(layout: LoopLayout, tracks: Tracks, usable: BoolArray, approach: int, distance_m: float) -> None:
    """One more on an approach: on the lane that its shares owe most, until an advance loop tells."""
    total, best = 0.0, -1
    for lane in range(tracks.vehicles.shape[0]):
        if layout.approach_of[lane] == approach and layout.moves[lane, 0] >= 0:
            total += tracks.lane_weight[lane]
    for lane in range(tracks.vehicles.shape[0]):
        if layout.approach_of[lane] == approach and layout.moves[lane, 0] >= 0 and total > 0.0:
            tracks.lane_error[lane] = min(2.0, tracks.lane_error[lane] + tracks.lane_weight[lane] / total)
            if best < 0 or tracks.lane_error[lane] > tracks.lane_error[best]:
                best = lane
    if best < 0:
        return
    tracks.lane_error[best] = max(-2.0, tracks.lane_error[best] - 1.0)
    is_watched = _will_be_counted(layout, usable, best, distance_m)
    if not is_watched:
        best = choose_lane(layout, tracks, best, True)
    if best >= 0 and tracks.vehicles[best] < MAX_PER_LANE:
        is_watched = _will_be_counted(layout, usable, best, distance_m)
        movement = draw_movement(layout, tracks, best)
        put_vehicle(tracks, best, movement, EXPECTED if is_watched else COUNTED, distance_m, layout.free_mps[best])
