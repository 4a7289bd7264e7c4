"""What the queues teach: a head that stands at its stop line in spite of green shows that the model is wrong.

A protected head that does not move has a full exit beyond what is seen (short exit lanes never look blocked);
a permitted one finds no gap where the model sees some. Without this correction a search can hold a green for
ever for vehicles that cannot use it: on one network it locked up in one seed of six.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from signals.model import Intersection, IntervalKind, Stage
from signals.ports import Detections, SignalState

PROTECTED_STUCK_S = 20.0  # longer than the next signal's red of a queue that flows again; 6 s locked ingolstadt21 up
PERMITTED_STUCK_S = 8.0
_AT_STOP_LINE_M = 10.0
_HALTED_MPS = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class StuckMovements:
    """By movement: no way out at all, or no gap on a permitted green."""

    protected: npt.NDArray[np.bool_]
    permitted: npt.NDArray[np.bool_]


def find_stuck(intersection: Intersection, stage: Stage, state: SignalState, seen: Detections) -> StuckMovements:
    """Heads that have stood through more of the running green than any start-up takes.

    Not those who stand in another lane than their movement's: they wait for a gap to change lanes, while the movement
    itself may flow. Blocking it for them once cut its greens short, one after the other, which kept them there.
    """
    size = len(intersection.movements)
    stuck = StuckMovements(np.zeros(size, np.bool_), np.zeros(size, np.bool_))
    if state.interval is not IntervalKind.GREEN:
        return stuck
    near = (seen.distance_m < _AT_STOP_LINE_M) & (seen.speed_mps < _HALTED_MPS)
    if len(seen.lane):
        near &= seen.lane < 0
    for m, delay_s in zip(seen.movement[near].tolist(), seen.delay_s[near].tolist(), strict=True):
        stands_s = min(delay_s, state.elapsed_s)
        stuck.protected[m] |= m in stage.protected and stands_s >= PROTECTED_STUCK_S
        stuck.permitted[m] |= m in stage.permitted and stands_s >= PERMITTED_STUCK_S
    return stuck
