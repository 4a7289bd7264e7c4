"""One second of estimation in one kernel: to hand over the arrays of the street costs more than most of its parts."""

from __future__ import annotations

from signals.detectors.health import WORKING, Watch, watch_second
from signals.detectors.layout import LoopLayout
from signals.detectors.outcome import Outcome, find_blocked, find_shares, find_sights, list_vehicles
from signals.detectors.tracker import track_second
from signals.detectors.tracks import Tracks
from signals.kernels import kernel
from signals.ports import BoolArray, FloatArray, IntArray


@kernel
def estimate_second(
    layout: LoopLayout,
    tracks: Tracks,
    watch: Watch,
    outcome: Outcome,
    levels: IntArray,
    count: IntArray,
    occupied_s: FloatArray,
    is_fresh: BoolArray,
    usable: BoolArray,
    entered_approach: IntArray,
    entered_m: FloatArray,
    told_m: FloatArray,
    exit_capacity: IntArray,
    exit_free_mps: FloatArray,
) -> int:
    """Judge the detectors, then move the vehicles, then tell who is where; ``usable`` and ``outcome`` are written."""
    watch_second(layout, watch, count, occupied_s, is_fresh, levels)
    for d in range(usable.shape[0]):
        usable[d] = is_fresh[d] and watch.status[d] == WORKING
    track_second(layout, tracks, levels, count, occupied_s, usable, entered_approach, entered_m)
    find_sights(layout, tracks, usable, told_m, outcome)
    find_shares(layout, tracks, outcome)
    find_blocked(tracks, exit_capacity, exit_free_mps, outcome)
    return list_vehicles(layout, tracks, outcome)
