"""Who is counted in one lane and leaves from another, or was never counted: input against output of each lane.

Vehicles change lanes behind an advance loop, join from a side street, or are missed. What has come over a lane's loop
and what has left over its stop line, both with fading memory, and who is believed between them, must agree in the
long run (conservation). What a lane has too much is taken to change to the lanes beside it that have too little, in
that proportion, by error diffusion; what an approach has too little came unseen, evenly in time.
"""

from __future__ import annotations

from signals.detectors.layout import LoopLayout
from signals.detectors.tracks import Tracks
from signals.kernels import kernel

NOBODY = -1
_MEMORY_S = 600.0
_FIRST_S = 60.0  # rates of the first minutes are means over what has passed, and this
_SLACK = 1.0  # vehicles by which counts may differ by chance
_PRIOR = 5.0  # vehicles for which input is taken to be output


@kernel
def fade(tracks: Tracks, lane: int) -> None:
    """A second passes."""
    tracks.came[lane] *= 1.0 - 1.0 / _MEMORY_S
    tracks.left[lane] *= 1.0 - 1.0 / _MEMORY_S


@kernel
def find_surplus(tracks: Tracks, lane: int) -> float:
    """Vehicles that were counted in and are neither there nor have left; negative where too few were counted."""
    over = tracks.came[lane] - tracks.left[lane] - tracks.vehicles[lane]
    return float(over - _SLACK if over > _SLACK else min(0.0, over + _SLACK))


@kernel
def share_uncounted(tracks: Tracks, lane: int) -> float:
    """The share of a lane's departures that its loop did not count."""
    return float(max(0.0, tracks.left[lane] - tracks.came[lane] - _SLACK) / (tracks.left[lane] + _PRIOR))


@kernel
def choose_lane(layout: LoopLayout, tracks: Tracks, lane: int, may_leave: bool) -> int:  # noqa: FBT001
    """The lane in which a vehicle that was counted for ``lane`` will stand; ``NOBODY`` if it left the street."""
    tracks.came[lane] += 1.0
    own = find_surplus(tracks, lane)
    if own <= 0.0:
        return lane
    over, under = _sum_approach(layout, tracks, lane)
    within = min(1.0, under / over)
    tracks.stray[lane] += own / (tracks.came[lane] + _PRIOR) * (1.0 if may_leave else within)
    if tracks.stray[lane] < 1.0:
        return lane
    tracks.stray[lane] -= 1.0
    if may_leave:
        tracks.gone[lane] += 1.0 - within
        if tracks.gone[lane] >= 1.0:
            tracks.gone[lane] -= 1.0
            return NOBODY
    if under <= 0.0:
        return lane
    best = lane
    for other in range(tracks.vehicles.shape[0]):
        if layout.approach_of[other] == layout.approach_of[lane] and layout.moves[other, 0] >= 0 and other != lane:
            tracks.owed[other] = min(2.0, tracks.owed[other] + max(0.0, -find_surplus(tracks, other)) / under)
            if best == lane or tracks.owed[other] > tracks.owed[best]:
                best = other
    if best != lane:
        tracks.owed[best] = max(-2.0, tracks.owed[best] - 1.0)
    return best


@kernel
def _sum_approach(layout: LoopLayout, tracks: Tracks, lane: int) -> tuple[float, float]:
    over, under = 0.0, 0.0
    for other in range(tracks.vehicles.shape[0]):
        if layout.approach_of[other] == layout.approach_of[lane] and layout.moves[other, 0] >= 0:
            surplus = find_surplus(tracks, other)
            over += max(0.0, surplus)
            under += max(0.0, -surplus)
    return over, under


@kernel
def find_unseen_per_s(layout: LoopLayout, tracks: Tracks, lane: int) -> float:
    """How many vehicles a second come into a lane without being counted there or beside it."""
    under = tracks.left[lane] - tracks.came[lane] - _SLACK
    if under <= 0.0:
        return 0.0
    all_over, all_under = 0.0, 0.0
    for other in range(tracks.vehicles.shape[0]):
        if layout.approach_of[other] == layout.approach_of[lane] and layout.moves[other, 0] >= 0:
            over = tracks.came[other] - tracks.left[other] - tracks.vehicles[other]
            all_over += max(0.0, over)
            all_under += max(0.0, tracks.left[other] - tracks.came[other])
    open_share = max(0.0, 1.0 - all_over / all_under)
    return float(under * open_share / min(_MEMORY_S, _FIRST_S + tracks.clock_s[0]))
