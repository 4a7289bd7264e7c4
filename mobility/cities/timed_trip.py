"""A trip as every kind of table yields it, before it becomes rows of GTFS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TimedTrip:
    """``arrivals_s`` and ``departures_s`` are of the service day, one per stop. ``periods`` (start, end,
    headway, all in seconds) are not empty where the trip repeats. ``basis``: codes of what is approximate.
    ``block_id``: trips that share one are made by one vehicle.
    """

    trip_id: str
    route_id: str
    service_id: str
    direction: int
    headsign: Mapping[str, str]
    stop_ids: tuple[str, ...]
    arrivals_s: tuple[int, ...]
    departures_s: tuple[int, ...]
    periods: tuple[tuple[int, int, int], ...] = ()
    basis: frozenset[str] = field(default_factory=frozenset)
    wheelchair: int = 0
    bikes: int = 0
    block_id: str = ""
