"""What a search is asked, and what it answers: stops as integers, service-day seconds, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mobility.network.timetable import Ints
from mobility.planner.workspace import MAX_VEHICLES


class Ends(NamedTuple):
    """Stops at one end of a journey, and the seconds between each and the door."""

    stop: Ints
    seconds: Ints


@dataclass(frozen=True, slots=True)
class Query:
    """One search. ``at_s`` is the earliest departure, or the latest arrival with ``arrive_by``.

    ``window_s`` > 0 asks for all Pareto-optimal journeys that leave within it (arrive within it, before
    ``at_s``); 0 for those of one departure. ``target`` is a stop from whose bounds those of all egress
    stops follow because the egress walks are footpaths of the timetable (-1: none).
    """

    access: Ends
    egress: Ends
    at_s: int
    window_s: int = 0
    arrive_by: bool = False
    max_vehicles: int = MAX_VEHICLES
    limit_s: int = 86_400
    origin: int = -1
    target: int = -1

    def reflected(self) -> Query:
        """The same question read backwards in time."""
        return Query(
            access=self.egress,
            egress=self.access,
            at_s=-self.at_s,
            window_s=self.window_s,
            max_vehicles=self.max_vehicles,
            limit_s=self.limit_s,
            origin=self.target,
            target=self.origin,
        )


class Ride(NamedTuple):
    """One vehicle of a path: trip number, positions in its pattern, and the stops there."""

    trip: int
    board_pos: int
    alight_pos: int
    board_stop: int
    alight_stop: int


class Path(NamedTuple):
    """A journey as found: when one leaves the door and arrives at the other, and the vehicles between.

    Walks follow from the stops: where one alights and the next boards, at most one footpath.
    """

    departure_s: int
    arrival_s: int
    rides: tuple[Ride, ...]

    @property
    def transfers(self) -> int:
        """Vehicles minus one."""
        return len(self.rides) - 1


def make_ends(stops: list[int], seconds: list[int]) -> Ends:
    """Ends from lists."""
    return Ends(np.array(stops, np.int32), np.array(seconds, np.int32))
