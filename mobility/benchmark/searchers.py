"""The engines that a benchmark asks: what all offer, and ours.

A searcher ``ask``s, which is what is timed (everything that a caller needs, legs included), and ``read``s
what was found into an answer that can be compared, which is not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from gtfs.feed import Feed
from mobility.benchmark.problem import RANGE_MIN, Answer, Kind, Pair, Rules
from mobility.network.build import Network, build_network
from mobility.network.transfers import Walking
from mobility.planner.access_egress import merge_ends
from mobility.planner.engine import Engine
from mobility.planner.one_to_all import Reach, reach
from mobility.planner.query import Ends, Query, make_ends


class Searcher(Protocol):
    """One engine, loaded with one service day."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """What it can be asked."""

    @property
    def limits(self) -> Mapping[Kind, int]:
        """How many pairs are asked at most, where not all are."""

    def ask(self, kind: Kind, pair: Pair) -> Any:
        """The timed call."""

    def read(self, kind: Kind, pair: Pair, found: Any) -> Answer:
        """What ``ask`` found, in whole minutes."""


LONGEST_WALK_S = 480
Phase = Callable[[str], AbstractContextManager[None]]
"""What times a step of loading, by its name."""


def untimed(_: str) -> AbstractContextManager[None]:
    """A step that nobody times."""
    return nullcontext()


class Search(StrEnum):
    """Which of our two searches answers."""

    TRIP_BASED = "trip-based"
    RAPTOR = "raptor"


@dataclass(frozen=True, slots=True)
class Ours:
    """Our engine on one timetable. ``numbers`` are the stop numbers of a stop id (copies of a stop included)."""

    engine: Engine
    numbers: Mapping[str, tuple[int, ...]]
    rules: Rules
    kinds: ClassVar[frozenset[Kind]] = frozenset(Kind)
    limits: ClassVar[Mapping[Kind, int]] = MappingProxyType({})

    def ask(self, kind: Kind, pair: Pair) -> Any:
        """Paths, with every ride; or seconds by stop."""
        if kind is Kind.ONE_TO_ALL:
            return reach(self.engine, self._ends_of(pair)[0], pair.departure_min * 60)
        return self.engine.find_paths(self._build_query(kind, pair))

    def read(self, kind: Kind, pair: Pair, found: Any) -> Answer:
        """Paths as tuples."""
        if kind is Kind.ONE_TO_ALL:
            return self._read_reach(pair, found)
        if kind is Kind.ARRIVE_BY:
            return frozenset((path.transfers, to_minutes(path.departure_s)) for path in found)
        if kind is Kind.RANGE:
            return frozenset((to_minutes(p.departure_s), to_minutes(p.arrival_s), p.transfers) for p in found)
        return frozenset((path.transfers, to_minutes(path.arrival_s)) for path in found)

    def _build_query(self, kind: Kind, pair: Pair) -> Query:
        access, egress, origin, target = self._ends_of(pair)
        at_min = pair.latest_min if kind is Kind.ARRIVE_BY else pair.departure_min
        return Query(
            access,
            egress,
            at_min * 60,
            window_s=RANGE_MIN * 60 if kind is Kind.RANGE else 0,
            arrive_by=kind is Kind.ARRIVE_BY,
            origin=origin,
            target=target,
        )

    def _read_reach(self, pair: Pair, found: Reach) -> Answer:
        seconds = found.seconds.tolist()
        best = {copies[0]: [seconds[copy] for copy in copies if seconds[copy] >= 0] for copies in self.numbers.values()}
        return frozenset((stop, pair.departure_min + to_minutes(min(times))) for stop, times in best.items() if times)

    def _ends_of(self, pair: Pair) -> tuple[Ends, Ends, int, int]:
        starts, ends = self.numbers[pair.start], self.numbers[pair.end]
        if len(starts) == 1 and len(ends) == 1:
            access, egress = self.engine.stop_to_stop(starts[0], ends[0])
            origin, target = starts[0], ends[0]
        else:
            doors = [self.engine.stop_to_stop(start, end) for start in starts for end in ends]
            access, egress = merge_ends(*(door[0] for door in doors)), merge_ends(*(door[1] for door in doors))
            origin = target = -1
        if not self.rules.walks_first:
            access = make_ends(list(starts), [0] * len(starts))
        return access, egress, origin, target


def build_our_network(feed: Feed, rules: Rules, *, makes_walks: bool = False) -> Network:
    """One service day, with the feed's own footpaths or walks of at most eight minutes that we make."""
    walking = Walking(makes_walks=makes_walks, max_transfer_s=LONGEST_WALK_S, change_s=rules.change_s)
    return build_network(feed, walking, days=(0,))


def open_ours(network: Network, date: dt.date, rules: Rules, search: Search, phase: Phase = untimed) -> Ours:
    """Our engine on one day of a network, step by step."""
    with phase("timetable"):
        timetable = network.build_timetable(date)
    is_trip_based = search is Search.TRIP_BASED
    with phase("bounds"):
        engine = Engine(timetable, trip_based=is_trip_based)
    if is_trip_based:
        with phase("transfers"):
            engine.accelerate()
    with phase("arrive-by"):
        if is_trip_based:
            engine.accelerate(backward=True)
        else:
            _ = engine.backward
    numbers: dict[str, tuple[int, ...]] = {}
    for number, stop_id in enumerate(network.schedule.stop_ids):
        numbers[stop_id] = (*numbers.get(stop_id, ()), number)
    return Ours(engine, numbers, rules)


def to_minutes(seconds: int) -> int:
    """Whole minutes; anything else becomes a number that no minute equals."""
    return seconds // 60 if seconds % 60 == 0 else -abs(seconds) - 1
