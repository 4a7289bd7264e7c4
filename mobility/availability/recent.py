"""The polls of the last hour: the trend that a forecast starts from. Fed by who polls, asked by who forecasts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from mobility.availability.kernel import RECENT_S, measure_usual
from mobility.availability.model import BoundPlaces, Trends
from mobility.availability.rates import JUMP_SHARE, LEAST_JUMP
from mobility.availability.readings import UNKNOWN, Floats, Ints
from mobility.availability.samples import PULSE_S

STEP_S: Final = 300.0
"""Polls nearer to the one before are passed over: trends were learned on steps of five minutes."""
_SLACK_S: Final = 60.0


class _Poll(NamedTuple):
    at_s: float
    level: Ints
    change: Floats
    """Since the poll before, without what only a truck can bring; NaN where one of the two is unknown."""
    moved: float
    usual: float


@dataclass(slots=True, eq=False)
class RecentReadings:
    """Polls of the places of ``places``, in order of time. For one thread; ``get_trends`` gives values."""

    places: BoundPlaces
    _polls: deque[_Poll] = field(default_factory=deque)
    _since_s: Floats = field(init=False)
    _last: Ints = field(init=False)

    def __post_init__(self) -> None:
        self._since_s = np.full(len(self.places.row), np.nan)
        self._last = np.full(len(self.places.row), UNKNOWN, np.int64)

    def observe(self, level: Ints, at_s: float) -> None:
        """Take in the levels of a poll (negative: not known). Too soon a one, or of the past, is passed over."""
        level = np.asarray(level, np.int64)
        before = self._polls[-1] if self._polls else None
        if before is not None and at_s - before.at_s < STEP_S - _SLACK_S:
            return
        model = self.places.model
        capacity = np.maximum(model.profiles.capacity[self.places.row].astype(np.float64), 1.0)
        change, moved, usual = np.full(len(level), np.nan), 0.0, 0.0
        if before is not None and at_s - before.at_s <= STEP_S + 2 * _SLACK_S:
            both = (level >= 0) & (before.level >= 0)
            most = np.maximum(LEAST_JUMP, JUMP_SHARE * capacity)
            change = np.where(both, np.clip((level - before.level).astype(np.float64), -most, most), np.nan)
            moved = float(np.nansum(np.abs(change)))
            now_s = model.clock.locate_one(before.at_s)
            usual = measure_usual(model.profiles, self.places.row[both], capacity[both], now_s, at_s - before.at_s)
        # what is unknown for a while has not changed by that
        self._since_s[(level >= 0) & (level != self._last)] = at_s
        self._last = np.where(level >= 0, level, self._last)
        self._polls.append(_Poll(at_s, level, change, moved, usual))
        while self._polls[0].at_s <= at_s - PULSE_S - _SLACK_S:
            self._polls.popleft()

    def get_trends(self, at_s: float) -> Trends:
        """What the polls say at ``at_s``; nothing where the last is older than two steps."""
        count = len(self.places.row)
        if not self._polls or at_s - self._polls[-1].at_s > 2 * STEP_S:
            return Trends(np.full(count, np.nan), np.zeros(count))
        last_s = self._polls[-1].at_s
        recent = [poll for poll in self._polls if poll.at_s > last_s - RECENT_S + _SLACK_S]
        is_whole = len(recent) >= round(RECENT_S / STEP_S)
        flow = np.sum([poll.change for poll in recent], axis=0) if is_whole else np.full(count, np.nan)
        usual = sum(poll.usual for poll in self._polls)
        has_hour = len(self._polls) >= round(PULSE_S / STEP_S) and usual >= 1.0
        pulse = sum(poll.moved for poll in self._polls) / usual if has_hour else float("nan")
        return Trends(flow, np.nan_to_num(last_s - self._since_s), pulse)
