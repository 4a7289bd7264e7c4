"""Cafein 0.29.0 (Rust): a peer with an easier problem, which our engine then follows too.

It changes in no time at the same stop, does not walk to another stop before the first vehicle, and gets
our footpaths through ``set_transfers`` (it asks for closed sets, and walks one footpath at a time). Its
window ends with a departure in the last second, whose journeys may leave after the end: those are not of
the half-open window and are left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from mobility.benchmark.problem import RANGE_MIN, Answer, BenchmarkError, Kind, Pair, Rules
from mobility.benchmark.searchers import to_minutes
from mobility.network.build import Network

RULES = Rules(change_s=0, walks_first=False)
LIMITS = MappingProxyType({Kind.RANGE: 150, Kind.ONE_TO_ALL: 100, Kind.ARRIVE_BY: 100})
"""Its range and its arrive-by take tenths of a second a query on city networks."""
WALK_MPS = 1.33


@dataclass(frozen=True, slots=True)
class Cafein:
    """Cafein with one feed, asked about one day."""

    network: Any
    date: dt.date
    numbers: Mapping[str, int]
    kinds: ClassVar[frozenset[Kind]] = frozenset(Kind)
    limits: ClassVar[Mapping[Kind, int]] = LIMITS

    def ask(self, kind: Kind, pair: Pair) -> Any:
        """Journeys with their legs, or seconds by stop."""
        moment = self._moment(pair.departure_min)
        if kind is Kind.ONE_TO_ALL:
            return self.network.travel_times_from_stop(pair.start, moment)
        if kind is Kind.ARRIVE_BY:
            latest = self._moment(pair.latest_min)
            return self.network.route_between_stops(pair.start, pair.end, arrival=latest, geometries=False)
        window = RANGE_MIN if kind is Kind.RANGE else None
        return self.network.route_between_stops(
            pair.start, pair.end, moment, departure_time_window=window, geometries=False
        )

    def read(self, kind: Kind, pair: Pair, found: Any) -> Answer:
        """Journeys as tuples."""
        if kind is Kind.ONE_TO_ALL:
            seconds = found.items()
            return frozenset((self.numbers[stop], pair.departure_min + to_minutes(s)) for stop, s in seconds)
        journeys = [journey for journey in found if journey["rides"]]
        if kind is Kind.RANGE:
            end_s = (pair.departure_min + RANGE_MIN) * 60
            return frozenset(
                (to_minutes(journey["departure_s"]), to_minutes(journey["arrival_s"]), journey["rides"] - 1)
                for journey in journeys
                if _first_departure_s(journey) < end_s
            )
        end = "departure_s" if kind is Kind.ARRIVE_BY else "arrival_s"
        return frozenset((journey["rides"] - 1, to_minutes(journey[end])) for journey in journeys)

    def _moment(self, minutes: int) -> str:
        if minutes >= 1440:
            raise BenchmarkError("cafein is asked within one day: choose departures (--at) before 22:00")
        return f"{self.date} {minutes // 60:02d}:{minutes % 60:02d}"


def _first_departure_s(journey: dict[str, Any]) -> int:
    return next(int(leg["departure_s"]) for leg in journey["legs"] if leg["type"] == "transit")


def open_cafein(gtfs: Path, date: dt.date, ours: Network) -> Cafein:
    """Cafein on a feed, with the footpaths of our network.

    Raises:
        BenchmarkError: cafein is not installed, or refuses the feed.
    """
    try:
        library = import_module("cafein")  # an optional peer
    except ImportError as error:
        raise BenchmarkError("cafein is not installed: pip install 'changtong[bench]'") from error
    ids = ours.schedule.stop_ids
    paths = ours.footpaths
    starts = np.repeat(np.arange(len(ids)), np.diff(paths.fp_off)).tolist()
    walks = [
        (ids[start], ids[end], seconds, seconds * WALK_MPS)
        for start, end, seconds in zip(starts, paths.fp_to.tolist(), paths.fp_s.tolist(), strict=True)
    ]
    try:
        network = library.TransportNetwork.from_gtfs(str(gtfs), trip_distances=False, leg_geometries=False)
        network.set_transfers(walks)
    except Exception as error:
        message = f"cafein refuses {gtfs}: {error}"
        raise BenchmarkError(message) from error
    numbers: dict[str, int] = {}
    for number, stop_id in enumerate(ids):
        numbers.setdefault(stop_id, number)
    return Cafein(network, date, numbers)
