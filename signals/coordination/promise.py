"""What neighbours' plans mean at our stop lines, damped and aligned.

A plan is a wish: replanned each second, it flips. So promises are kept by the absolute second in which the vehicles
would leave upstream, and each new plan moves them only part of the way: what is planned again and again is believed,
what flickers stays small. The first published outflow messages (Xie, Smith, Barlow 2012, section on coordination)
are not damped; measured on ingolstadt21, they made things worse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from signals.coordination.messages import PLAN_UNITS
from signals.coordination.streets import Street
from signals.ports import FloatArray

MEMORY_S = 128  # longer than any horizon; a power of two, so that seconds wrap without a gap
CROSSING_S = 2.0  # from the stop line into the exit lane


class Promises:
    """Expected departures upstream by street and absolute second, on our clock."""

    def __init__(self, streets: Sequence[Street], belief: float) -> None:
        self._streets, self._belief = streets, belief
        self._expected = np.zeros((len(streets), MEMORY_S))
        self._from_s = np.array([CROSSING_S + s.free_s for s in streets])

    def update(self, street: int, planned: bytes, sent_s: float) -> None:
        """Move what is expected on a street part of the way to a new plan; what lies before it is over."""
        first = math.floor(sent_s)
        seconds = np.arange(first, first + MEMORY_S) % MEMORY_S
        count = min(len(planned), MEMORY_S)
        row = self._expected[street]
        wanted = np.frombuffer(planned, np.uint8, count) / PLAN_UNITS
        row[seconds[:count]] += self._belief * (wanted - row[seconds[:count]])
        row[seconds[count:]] = 0.0

    def forget(self, street: int) -> None:
        """The neighbour is silent."""
        self._expected[street] = 0.0

    def list_arrivals(self, street: int, now_s: float, horizon_s: int) -> FloatArray:
        """Expected arrivals at our line in each second from now, of those who have not left upstream yet."""
        arrivals = np.zeros(horizon_s)
        begin = math.ceil(self._from_s[street])
        if begin >= horizon_s:
            return arrivals
        seconds = (math.floor(now_s) + np.arange(horizon_s - begin)) % MEMORY_S
        arrivals[begin:] = self._streets[street].share * self._expected[street, seconds]
        return arrivals
