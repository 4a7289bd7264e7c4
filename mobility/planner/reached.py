"""Reach and matrices between places and instants: ``one_to_all`` in the words of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mobility.model import Place
from mobility.network.places import distance_between_m
from mobility.planner.clocks import date_of, day_begins_s, split_arrivals
from mobility.planner.days import Day
from mobility.planner.journeys import LONGEST_JOURNEY_S, Ground
from mobility.planner.one_to_all import UNREACHED_S, matrix, reach
from mobility.planner.query import Ends
from mobility.planner.refusals import ImpossibleRequest
from mobility.planner.request import LONGEST_WALK_S, PlanRequest

LONGEST_REACH_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class Reached:
    """A stop, how long it takes to be there, waiting included, and in how many vehicles (0: on foot)."""

    place: Place
    duration_s: int
    vehicles: int

    @property
    def minutes(self) -> int:
        """Whole minutes, rounded up: within so many one is there."""
        return -(-self.duration_s // 60)


class _Moment(NamedTuple):
    """The request's instant on the clock of the day that answers for it."""

    day: Day
    at_s: int


def _find_moment(ground: Ground, request: PlanRequest) -> _Moment:
    instant_s, timezone = int(request.at.timestamp()), ground.reconstructor.timezone
    if request.arrive_by:
        date, clock_s, at_s, _ = split_arrivals(instant_s - 1, instant_s, timezone)[0]
    else:
        date = date_of(instant_s, timezone)
        clock_s = day_begins_s(date, timezone)
        at_s = instant_s - clock_s
    return _Moment(ground.days.get(date, request.modes, request.needs), at_s)


def list_reached(ground: Ground, request: PlanRequest, minutes: int) -> tuple[Reached, ...]:
    """Every stop within so many minutes of ``request.start``, the nearest first.

    Raises:
        ImpossibleRequest: So many minutes are none, or more than a day.
    """
    if not 1 <= minutes <= LONGEST_REACH_MIN:
        message = f"how far one gets is asked within {minutes} minutes; it is 1 to {LONGEST_REACH_MIN} (24 hours)"
        raise ImpossibleRequest(message, "minutes")
    day, at_s = _find_moment(ground, request)
    ends = ground.list_ends(request.start, request.max_walk_s, day, is_egress=request.arrive_by)
    found = reach(
        day.engine, ends, at_s, limit_s=60 * minutes, max_vehicles=request.max_transfers + 1,
        arrive_by=request.arrive_by, transfer=request.transfer,
    )  # fmt: skip
    places, stop_row = ground.reconstructor.places, ground.reconstructor.network.schedule.stop_row
    reached = np.flatnonzero(found.seconds != UNREACHED_S)
    order = np.lexsort((found.vehicles[reached], found.seconds[reached]))
    told: dict[int, Reached] = {}
    for stop in reached[order].tolist():  # of the copies of a stop the first to be reached
        told.setdefault(
            int(stop_row[stop]), Reached(places.stops[stop], int(found.seconds[stop]), int(found.vehicles[stop]))
        )
    return tuple(told.values())


def build_matrix(
    ground: Ground, request: PlanRequest, starts: Sequence[Place], ends: Sequence[Place]
) -> tuple[tuple[int | None, ...], ...]:
    """Seconds from each start (row) to each end at the request's instant, in vehicles or walking up to two hours; None
    where there is no way.
    """
    day, at_s = _find_moment(ground, request)

    def doors(places: Sequence[Place], *, is_egress: bool) -> list[Ends]:
        return [ground.list_ends(place, request.max_walk_s, day, is_egress=is_egress) for place in places]

    table = matrix(
        day.engine, doors(starts, is_egress=False), doors(ends, is_egress=True), at_s, limit_s=LONGEST_JOURNEY_S,
        max_vehicles=request.max_transfers + 1, arrive_by=request.arrive_by, transfer=request.transfer,
    )  # fmt: skip
    walking = ground.reconstructor.network.walking
    rows = []
    for start, line in zip(starts, table.tolist(), strict=True):
        distances_m = np.array([distance_between_m(start.at, end.at) for end in ends])
        on_foot_s = walking.duration_s(distances_m).tolist()
        rows.append(tuple(_best_of(ridden_s, walked_s) for ridden_s, walked_s in zip(line, on_foot_s, strict=True)))
    return tuple(rows)


def _best_of(ridden_s: int, walked_s: int) -> int | None:
    if ridden_s == UNREACHED_S:
        return walked_s if walked_s <= LONGEST_WALK_S else None
    return min(ridden_s, walked_s)
