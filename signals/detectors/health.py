"""Which detectors can be believed: silence, endless presence, chatter and drop-out, each with its recovery.

Silence is judged against the others: by what the partner in the same lane has counted since, or, where there is no
partner or it is silent too, by the loop's usual share of the intersection's counts. The latter needs patience, because
traffic comes in platoons and an approach may be held back upstream: with 10 expected every loop was accused once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from signals.detectors.layout import CLOSED, NO_DETECTOR, PERMITTED, PROTECTED, LoopLayout
from signals.kernels import kernel
from signals.model import Detector, DetectorKind, Intersection
from signals.ports import BoolArray, FloatArray, IntArray

_DEAD_EXPECTED = 30.0
_BOTH_DEAD_EXPECTED = 60.0
_PARTNER_EXPECTED = 12.0
_PRIOR_RATIO_OF = 20.0  # vehicles for which partners are taken to count alike
_STANDS = 0.98
_STALE_S = 3.0
_RECOVERED_S = 5.0
_STUCK_GREEN_S = 60.0  # a vehicle on a stop-line loop has left or another has come within so much of its green
_STUCK_S = 300.0
_STUCK_EXIT_S = 120.0
_CHATTER_PER_S = 0.9  # no lane passes so many for half a minute
_RATE_MEMORY_S = 30.0
_SHARE_MEMORY = 2000.0
_PRIOR_SHARE = 0.1  # all detectors together are granted so much of the counts beforehand
_STOP_LINE, _ADVANCE, _EXIT, _OTHER = 0, 1, 2, 3
_KINDS = {
    DetectorKind.STOP_LINE: _STOP_LINE,
    DetectorKind.ADVANCE: _ADVANCE,
    DetectorKind.EXIT: _EXIT,
    DetectorKind.UPSTREAM: _ADVANCE,
}


class DetectorStatus(IntEnum):
    """What is known about one detector."""

    WORKING = 0
    NO_DATA = 1
    STUCK_ON = 2
    DEAD = 3
    CHATTER = 4


WORKING, _NO_DATA, _STUCK_ON, _DEAD, _CHATTER = (int(status) for status in DetectorStatus)


@dataclass(frozen=True, slots=True)
class Health:
    """The report: a status per detector, and how far each approach can be believed, 0 to 1."""

    status: tuple[DetectorStatus, ...]
    trust: tuple[float, ...]


class Watch(NamedTuple):
    """Counters per detector. ``lane`` is -1 for push buttons; ``partner`` counts in the same lane."""

    kind: IntArray
    lane: IntArray
    partner: IntArray
    status: IntArray
    good_s: FloatArray
    stale_s: FloatArray
    on_s: FloatArray
    on_green_s: FloatArray
    expected: FloatArray
    partner_counted: FloatArray
    rate_per_s: FloatArray
    total: FloatArray


class HealthMonitor:
    """All detectors of one intersection; ``watch`` is what the kernel counts in."""

    def __init__(self, intersection: Intersection, layout: LoopLayout, detectors: tuple[Detector, ...]) -> None:
        size = len(detectors)
        partner = np.full(size, NO_DETECTOR, np.int64)
        for stop, advance in zip(layout.stop.tolist(), layout.advance.tolist(), strict=True):
            if NO_DETECTOR not in {stop, advance}:
                partner[stop], partner[advance] = advance, stop
        loops = [(d, e) for d, e in zip(layout.stop.tolist(), layout.advance.tolist(), strict=True)]
        self._of_approach = [
            [d for lane in approach.lanes for d in loops[lane] if d != NO_DETECTOR]
            for approach in intersection.approaches
        ]
        self.watch = Watch(
            kind=np.array([_KINDS.get(d.kind, _OTHER) for d in detectors], np.int64),
            lane=np.array([d.lane for d in detectors], np.int64),
            partner=partner,
            status=np.zeros(size, np.int64),
            good_s=np.zeros(size),
            stale_s=np.zeros(size),
            on_s=np.zeros(size),
            on_green_s=np.zeros(size),
            expected=np.zeros(size),
            partner_counted=np.zeros(size),
            rate_per_s=np.zeros(size),
            total=np.zeros(size),
        )

    def report(self) -> Health:
        """The present state in words and numbers."""
        return Health(tuple(DetectorStatus(s) for s in self.watch.status.tolist()), self.list_trust())

    def list_trust(self) -> tuple[float, ...]:
        """By approach: the share of its lanes' detectors that work."""
        works = (self.watch.status == WORKING).tolist()
        return tuple(sum([works[d] for d in own]) / len(own) if own else 0.0 for own in self._of_approach)


@kernel
def watch_second(
    layout: LoopLayout,
    watch: Watch,
    count: IntArray,
    occupied_s: FloatArray,
    is_fresh: BoolArray,
    levels: IntArray,
) -> None:
    """Update the counters and the status of every detector."""
    size = watch.kind.shape[0]
    counted, ever = 0.0, 0.0
    for d in range(size):
        if watch.kind[d] != _OTHER:
            ever += watch.total[d]
            if is_fresh[d] and watch.status[d] == WORKING:
                counted += min(2, count[d])
    for d in range(size):
        if not is_fresh[d]:
            watch.stale_s[d] += 1.0
            watch.good_s[d] = 0.0
            if watch.stale_s[d] >= _STALE_S and watch.status[d] == WORKING:
                watch.status[d] = _NO_DATA
            continue
        watch.stale_s[d] = 0.0
        _count_one(layout, watch, count, occupied_s, levels, d, counted, ever)
        trouble = _judge(watch, d)
        if trouble != WORKING:
            watch.status[d], watch.good_s[d] = trouble, 0.0
        elif watch.status[d] != WORKING:
            watch.good_s[d] += 1.0
            if watch.good_s[d] >= _RECOVERED_S:
                watch.status[d] = WORKING


@kernel
def _count_one(
    layout: LoopLayout,
    watch: Watch,
    count: IntArray,
    occupied_s: FloatArray,
    levels: IntArray,
    d: int,
    counted: float,
    ever: float,
) -> None:
    watch.rate_per_s[d] += (count[d] - watch.rate_per_s[d]) / _RATE_MEMORY_S
    if watch.kind[d] == _OTHER:
        return
    partner = watch.partner[d]
    if count[d] > 0:
        watch.total[d] += min(2, count[d])
    if ever > _SHARE_MEMORY:
        watch.total[d] *= 1.0 - counted / _SHARE_MEMORY
    stands = count[d] == 0 and occupied_s[d] >= _STANDS
    watch.on_s[d] = watch.on_s[d] + 1.0 if stands else 0.0
    if not stands:
        watch.on_green_s[d] = 0.0
    elif watch.kind[d] == _STOP_LINE and _is_all_green(layout, levels, watch.lane[d]):
        watch.on_green_s[d] += 1.0
    if count[d] > 0 or occupied_s[d] > 0.0:
        watch.expected[d], watch.partner_counted[d] = 0.0, 0.0
        return
    share = (watch.total[d] + _PRIOR_SHARE) / (ever + watch.kind.shape[0])
    watch.expected[d] += share * counted
    if partner != NO_DETECTOR and watch.status[partner] == WORKING:
        ratio = min(1.0, (watch.total[d] + _PRIOR_RATIO_OF) / (watch.total[partner] + _PRIOR_RATIO_OF))
        watch.partner_counted[d] += ratio * min(2, count[partner])


@kernel
def _is_all_green(layout: LoopLayout, levels: IntArray, lane: int) -> bool:
    """Whether something of the lane has a green; a head that wants another movement may stay, but not for ever."""
    is_green = False
    for p in range(layout.moves.shape[1]):
        m = layout.moves[lane, p]
        if m >= 0 and levels[m] > CLOSED:
            is_green |= PERMITTED <= levels[m] <= PROTECTED
    return is_green


@kernel
def _judge(watch: Watch, d: int) -> int:
    if watch.rate_per_s[d] > _CHATTER_PER_S:
        return _CHATTER
    kind = watch.kind[d]
    if kind == _STOP_LINE and (watch.on_green_s[d] > _STUCK_GREEN_S or watch.on_s[d] > _STUCK_S):
        return _STUCK_ON
    if kind == _ADVANCE and watch.on_s[d] > _STUCK_S:
        return _STUCK_ON
    if kind == _EXIT and watch.on_s[d] > _STUCK_EXIT_S:
        return _STUCK_ON
    partner = watch.partner[d]
    has_partner = partner != NO_DETECTOR and watch.status[partner] == WORKING
    patience = _BOTH_DEAD_EXPECTED if has_partner else _DEAD_EXPECTED
    if watch.expected[d] > patience or watch.partner_counted[d] > _PARTNER_EXPECTED:
        return _DEAD
    return WORKING
