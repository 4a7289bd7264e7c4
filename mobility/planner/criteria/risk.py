"""The risk to miss a connection: how late vehicles are, and what that makes a tight change cost.

A vehicle is on time with probability ``on_time_share``; otherwise it is late by an exponential delay. Somebody
with ``slack`` seconds left at the stop catches the next vehicle with
P = 1 - (1 - on_time_share) * exp(-slack / mean_delay_s), the vehicle to catch taken to be punctual and delays
independent of each other. The cost is -1000 ln P, so that costs of connections add up as their probabilities
multiply. The first boarding costs nothing: one chooses when to leave.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mobility.network.timetable import Ints, Timetable
from mobility.planner.query import Path

UNIT = 1000
"""The cost of a connection is this times the natural logarithm of its probability, negated."""


@dataclass(frozen=True, slots=True)
class DelayDistribution:
    """How late the vehicles of a city are.

    An assumption until a city's own records replace it: local buses in England, where about four in five
    departures of non-frequent services are less than six minutes late (Department for Transport, annual bus
    statistics, table BUS09); half on time and a mean of six minutes among the late give 0.82.
    """

    on_time_share: float = 0.5
    mean_delay_s: float = 360.0

    def __post_init__(self) -> None:
        """Refuse what is no distribution.

        Raises:
            ValueError: The message names the number and its limits.
        """
        if not 0 < self.on_time_share <= 1:
            message = f"the share of vehicles on time is {self.on_time_share:g}; it is more than 0 and at most 1"
            raise ValueError(message)
        if not 0 < self.mean_delay_s <= 7200:
            message = f"the mean delay is {self.mean_delay_s:g} s; it is more than 0 and at most 7200 s"
            raise ValueError(message)

    def catch_probability(self, slack_s: int) -> float:
        """The probability to catch a connection with so much slack."""
        return 1 - (1 - self.on_time_share) * math.exp(-max(slack_s, 0) / self.mean_delay_s)

    def cost(self, slack_s: int) -> int:
        """-1000 ln of that probability, rounded."""
        return round(-UNIT * math.log(self.catch_probability(slack_s)))

    def build_table(self) -> Ints:
        """The cost per second of slack, from 0 s on, up to where it is nothing."""
        if self.on_time_share == 1:
            return np.zeros(1, np.int32)
        # -1000 ln(1 - x) rounds to 0 from x = 0.0005 on
        end_s = max(0, math.ceil(self.mean_delay_s * math.log((1 - self.on_time_share) / 0.00049)))
        slack = np.arange(end_s + 1)
        missed = (1 - self.on_time_share) * np.exp(-slack / self.mean_delay_s)
        table: Ints = np.rint(-UNIT * np.log1p(-missed)).astype(np.int32)
        return table


DEFAULT_DELAYS = DelayDistribution()


def list_slacks(path: Path, timetable: Timetable) -> list[int]:
    """Seconds to spare at every connection of a path, once one has changed or walked."""
    slacks = []
    for ride, following in pairwise(path.rides):
        arrival = timetable.list_times_of(ride.trip)[0][ride.alight_pos]
        departure = timetable.list_times_of(following.trip)[1][following.board_pos]
        if ride.alight_stop == following.board_stop:
            change_s: int | None = int(timetable.arrays.change_s[ride.alight_stop])
        else:
            change_s = timetable.find_footpath_s(ride.alight_stop, following.board_stop)
        if change_s is None:
            message = f"no footpath from stop {ride.alight_stop} to stop {following.board_stop}"
            raise LookupError(message)
        slacks.append(departure - arrival - change_s)
    return slacks


def risk_of(path: Path, timetable: Timetable, delays: DelayDistribution = DEFAULT_DELAYS) -> int:
    """What a path would cost by the criterion *risk*, stays at vias not counted."""
    return sum(delays.cost(slack) for slack in list_slacks(path, timetable))


def catch_probability_of(path: Path, timetable: Timetable, delays: DelayDistribution = DEFAULT_DELAYS) -> float:
    """The probability to catch every connection of a path."""
    return math.prod(delays.catch_probability(slack) for slack in list_slacks(path, timetable))
