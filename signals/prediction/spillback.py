"""Which exits are full: a green into a full exit discharges nobody and blocks the intersection.

The rule of 40 m: shorter exit lanes look full all the time, and blocking them starves whole approaches.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from signals.model import Intersection
from signals.ports import Detections

MIN_EXIT_M = 40.0
_VEHICLE_M = 7.0
_MARGIN_M = 12.0
_CRAWLING_MPS = 3.0


def find_blocked_exits(intersection: Intersection, seen: Detections) -> npt.NDArray[np.bool_]:
    """One flag per exit lane: standing traffic fills it."""
    length_m = np.array([lane.length_m for lane in intersection.exits])
    is_full = _VEHICLE_M * seen.exit_count > length_m - _MARGIN_M
    blocked: npt.NDArray[np.bool_] = (length_m >= MIN_EXIT_M) & is_full & (seen.exit_speed_mps < _CRAWLING_MPS)
    return blocked
