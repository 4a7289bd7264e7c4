"""What a search is asked, and what it answers: stops as integers, service-day seconds, nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, NoReturn

import numpy as np

from mobility.network.timetable import Ints
from mobility.planner.refusals import ImpossibleRequest
from mobility.planner.workspace import FAR, MAX_VEHICLES

FARTHEST_S = int(FAR) // 2
"""How far from a service day's begin a search may look (17 years), so that sums stay within their integers."""


class Ends(NamedTuple):
    """Stops at one end of a journey, and the seconds between each and the door."""

    stop: Ints
    seconds: Ints


class TransferTimes(NamedTuple):
    """How long changes take this person: ``max(minimum_s, factor * footpath + additional_s)``.

    ``factor`` is at least 1 and the others at least 0, so that no change gets shorter than the timetable says
    and lower bounds stay true. Walks at both doors are not touched.
    """

    minimum_s: int = 0
    additional_s: int = 0
    factor: float = 1.0


AS_THE_TIMETABLE_SAYS = TransferTimes()


class Via(NamedTuple):
    """A place that the journey must visit, at any of ``stops``, for at least ``stay_s``.

    It is visited by a vehicle that calls there while one is aboard (only where ``stay_s`` is 0), by alighting
    there, or on foot: an access walk or a transfer that ends there. Vias are visited in order.

    ``rows`` are the rows of stops.txt of the stops, where some are copies of one: who changes between those has not
    left the place and stays while changing. Without it no two are.
    """

    stops: tuple[int, ...]
    stay_s: int = 0
    rows: tuple[int, ...] = ()


class Criterion(StrEnum):
    """What a search minimises beside arrival and vehicles. Integers, additive along a journey."""

    WALKING = "walking"
    """Seconds on foot, doors included."""
    PRICE = "price"
    """Hundredths of the currency, an additive estimate: fares that are not additive are priced afterwards."""
    CO2 = "co2"
    """Grams."""
    RISK = "risk"
    """-1000 times the natural logarithm of the probability to catch every connection."""


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
    transfer: TransferTimes = AS_THE_TIMETABLE_SAYS
    via: tuple[Via, ...] = ()
    criteria: frozenset[Criterion] = frozenset()

    def __post_init__(self) -> None:
        """Refuse what kernels have no room for, since they do not look.

        Raises:
            ImpossibleRequest: The message names the number and its limits, ``field`` the field.
        """
        if not 1 <= self.max_vehicles <= MAX_VEHICLES:
            _refuse("max_vehicles", self.max_vehicles, 1, MAX_VEHICLES)
        if not -FARTHEST_S <= self.at_s <= FARTHEST_S:
            _refuse("at_s", self.at_s, -FARTHEST_S, FARTHEST_S)
        if not 0 <= self.window_s <= FARTHEST_S:
            _refuse("window_s", self.window_s, 0, FARTHEST_S)
        if not 0 <= self.limit_s <= FARTHEST_S:
            _refuse("limit_s", self.limit_s, 0, FARTHEST_S)

    def reflected(self) -> Query:
        """The same question read backwards in time."""
        return replace(
            self,
            access=self.egress,
            egress=self.access,
            at_s=-self.at_s,
            arrive_by=False,
            origin=self.target,
            target=self.origin,
            via=self.via[::-1],
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
    costs: tuple[tuple[Criterion, int], ...] = ()
    """What the search added up, for the criteria that were asked for."""

    @property
    def transfers(self) -> int:
        """Vehicles minus one."""
        return len(self.rides) - 1


def _refuse(field: str, value: int, least: int, most: int) -> NoReturn:
    message = f"{field} of a search is {value}; it must be {least} to {most}"
    raise ImpossibleRequest(message, field)


def make_ends(stops: list[int], seconds: list[int]) -> Ends:
    """Ends from lists."""
    return Ends(np.array(stops, np.int32), np.array(seconds, np.int32))
