"""Searches with more criteria and by way of vias: from a query to paths, in both directions of time.

One multi-label search serves both (``multi_raptor``). Without a restriction and with ``EXACT`` steps the answer is
the full Pareto set over departure (in a window), arrival, vehicles and every criterion asked for; a journey is told
once, however many ways there are to travel at the same costs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np

from mobility.network.timetable import Ints, Timetable
from mobility.planner.criteria.costs import RideCosts, no_costs
from mobility.planner.criteria.labels import COSTS, Bags, BagsPool
from mobility.planner.criteria.latest import LatestPool, group_moments, search_latest
from mobility.planner.criteria.multi_raptor import OVERFLOW, Ask, Seeds, emit, search
from mobility.planner.criteria.restriction import Restriction, build_limits, most_vehicles, unlimited
from mobility.planner.criteria.risk import DEFAULT_DELAYS, DelayDistribution
from mobility.planner.criteria.via import build_bound_rows, check_vias, list_entries, mark_vias, unmark_vias
from mobility.planner.direction import NEVER_S, Direction
from mobility.planner.query import AS_THE_TIMETABLE_SAYS, Criterion, Ends, Path, Query, Ride, TransferTimes
from mobility.planner.range_raptor import list_seeds
from mobility.planner.workspace import MAX_VEHICLES

CRITERIA = Criterion.WALKING, Criterion.PRICE, Criterion.CO2, Criterion.RISK
"""The order of costs in a label."""
Steps = tuple[int, int, int, int]
"""By how many bits each cost is rounded down before it is compared (powers of two: a division would take longer than
all the comparing)."""
EXACT: Steps = (0, 0, 0, 0)
COARSE: Steps = (6, 0, 3, 6)
"""About a minute of walking (64 s), one hundredth of the currency, 8 grams, a chance in fifteen (64). Faster, and a
journey better by less may be missed."""
NO_GROUP = np.full(1, -1, np.int64)
NO_TABLE = np.zeros((1, 1, 1), np.int32)
NO_RISK = np.zeros(1, np.int32)


class BothDirections(Protocol):
    """What this search takes of an engine."""

    timetable: Timetable

    @property
    def forward(self) -> Direction:
        """The timetable as it is."""

    @property
    def backward(self) -> Direction:
        """The timetable read backwards in time."""

    def turn(self, path: Path) -> Path:
        """A path found backwards in time as one reads it forwards."""

    def with_transfer_times(self, times: TransferTimes) -> BothDirections:
        """The same for somebody who changes in these times."""


class CriteriaSearch:
    """Searches one engine's timetable with these costs. Safe to share between threads."""

    def __init__(
        self, engine: BothDirections, costs: RideCosts | None = None, delays: DelayDistribution | None = None
    ) -> None:
        """``costs`` are aligned with the engine's timetable; without them rides cost nothing."""
        self.costs = costs or no_costs(engine.timetable)
        self.delays = delays or DEFAULT_DELAYS
        self._engine = engine
        self._risk = self.delays.build_table()
        self._forward = _CriteriaDirection(engine.forward, lambda: engine.backward, self.costs)
        self._backward: _CriteriaDirection | None = None
        self._with_times: dict[TransferTimes, CriteriaSearch] = {}

    def find_paths(self, query: Query, *, restriction: Restriction | None = None, steps: Steps = EXACT) -> list[Path]:
        """Pareto-optimal paths as ``Engine.find_paths`` orders them, with their costs.

        Raises:
            TooManyVias: More than four.
        """
        check_vias(query.via)
        if query.transfer != AS_THE_TIMETABLE_SAYS:
            slower = self._for_times(query.transfer)
            query = replace(query, transfer=AS_THE_TIMETABLE_SAYS)
            return slower.find_paths(query, restriction=restriction, steps=steps)
        if not query.arrive_by:
            return self._find(self._forward, query, restriction, steps)
        turned = self._find(self._get_backward(), query.reflected(), restriction, steps)
        return [self._engine.turn(path) for path in turned]

    def _find(
        self, direction: _CriteriaDirection, query: Query, restriction: Restriction | None, steps: Steps
    ) -> list[Path]:
        table = self._risk if Criterion.RISK in query.criteria else NO_RISK
        if restriction is None:
            return direction.find_paths(query, table, steps)
        plain = self._find_plain(direction, query)
        if not plain:
            return []
        return direction.find_paths(query, table, steps, restriction, plain)

    def _find_plain(self, direction: _CriteriaDirection, query: Query) -> list[Path]:
        """Arrival and vehicles only: over the window, and for whoever leaves at its end."""
        plain = replace(query, criteria=frozenset())
        queries = [plain]
        if query.window_s:
            queries.append(replace(plain, at_s=query.at_s + query.window_s, window_s=0))
        if query.via:
            return [path for each in queries for path in direction.find_paths(each, NO_RISK, EXACT)]
        return [path for each in queries for path in direction.plain.find_paths(each)]

    def _get_backward(self) -> _CriteriaDirection:
        if self._backward is None:
            costs = self.costs.reflected(self._engine.timetable.arrays)
            self._backward = _CriteriaDirection(self._engine.backward, lambda: self._engine.forward, costs)
        return self._backward

    def _for_times(self, times: TransferTimes) -> CriteriaSearch:
        slower = self._engine.with_transfer_times(times)
        kept = self._with_times.get(times)
        if kept is None or kept._engine is not slower:  # noqa: SLF001  (of the same class)
            kept = CriteriaSearch(slower, self.costs, self.delays)
            self._with_times = {times: kept}
        return kept


class _CriteriaDirection:
    """One direction of time with its costs; queries are already reflected."""

    def __init__(self, plain: Direction, get_opposite: Callable[[], Direction], costs: RideCosts) -> None:
        self.plain = plain
        self._get_opposite = get_opposite
        self._latest = LatestPool()
        self._costs = costs
        self._pool = BagsPool()
        a = plain.arrays
        self._free = RideCosts(
            board_price=np.zeros(len(a.pat_trips), np.int32),
            price=np.zeros(len(a.pat_stop), np.int32),
            co2_g=np.zeros(len(a.pat_stop), np.int32),
            walk_s=np.zeros(len(a.fp_s), np.int32),
        )

    def find_paths(
        self,
        query: Query,
        risk: Ints,
        steps: Steps,
        restriction: Restriction | None = None,
        plain: list[Path] | None = None,
    ) -> list[Path]:
        """The Pareto set of a query, restricted to what is near the plain answer if there is one."""
        seeds, end_s = self._list_seeds(query)
        vehicles = query.max_vehicles
        if restriction is not None and plain is not None:
            vehicles = min(vehicles, most_vehicles(restriction, plain))
            moments = np.unique(seeds.moment_s)[::-1]
            limits = build_limits(restriction, plain, moments)
            seeds = seeds._replace(limit_s=limits, group=np.full(len(limits), -1, np.int64))
            if not query.via:
                seeds = self._find_latest(query, seeds, moments, vehicles)
        a = self.plain.arrays
        ask = self._ask(query, risk, steps)
        bags = self._pool.get(len(a.change_s), len(a.pat_trips), int(a.pat_trips.sum()))
        while True:
            mark_vias(query.via, bags.via_of, bags.place_of)
            found = search(a, bags, ask, seeds, *query.egress, end_s, query.limit_s, vehicles)
            if found != OVERFLOW:
                break
            bags = self._pool.grow(bags)
        unmark_vias(query.via, bags.via_of, bags.place_of)
        return _read_paths(bags, found, query)

    def _find_latest(self, query: Query, seeds: Seeds, moments: Ints, vehicles: int) -> Seeds:
        """How late one may be anywhere and still arrive within the limits of a departure."""
        group = group_moments(seeds.limit_s)
        count = int(group[-1]) + 1
        opposite = self._get_opposite()
        row, unit_s = opposite.row_for(query.reflected())
        latest = self._latest.get(count, MAX_VEHICLES + 1, len(row))
        for number in range(count):
            members = np.flatnonzero(group == number)
            limits, earliest_s = seeds.limit_s[members[0]], int(moments[members[-1]])
            search_latest(
                opposite.arrays, *query.egress, limits, earliest_s, vehicles, row, unit_s,
                latest[0][number], latest[1][number],
            )  # fmt: skip
        return seeds._replace(group=group, latest_ready=latest[0], latest_arrived=latest[1])

    def _list_seeds(self, query: Query) -> tuple[Seeds, int]:
        entries = list_entries(query.access, query.via)
        count = len(entries.stop)
        if query.window_s:
            end_s = query.at_s + query.window_s
            moments, numbers = list_seeds(self.plain.arrays, Ends(entries.stop, entries.delay_s), query.at_s, end_s)
        else:
            end_s = NEVER_S
            moments, numbers = np.full(count, query.at_s, np.int64), np.arange(count)
        walk_s = entries.walk_s if Criterion.WALKING in query.criteria else np.zeros(count, np.int32)
        begin = moments, numbers, entries.stop, entries.delay_s, walk_s, entries.vias
        return Seeds(*begin, unlimited(), NO_GROUP, NO_TABLE, NO_TABLE), end_s

    def _ask(self, query: Query, risk: Ints, steps: Steps) -> Ask:
        lb, unit_s = build_bound_rows(self.plain, query)
        asked = [criterion in query.criteria for criterion in CRITERIA]
        walking, price, co2, _ = (self._costs if is_asked else self._free for is_asked in asked)
        return Ask(
            lb=lb,
            unit_s=unit_s,
            via_stay_s=np.array([via.stay_s for via in query.via], np.int64),
            walk_s=walking.walk_s,
            board_price=price.board_price,
            price=price.price,
            co2=co2.co2_g,
            risk=risk,
            shift=np.array(steps, np.int64),
            counts_walking=int(asked[0]),
        )


def _read_paths(bags: Bags, found: int, query: Query) -> list[Path]:
    journeys = np.empty((found, 3 + COSTS), np.int32)
    vehicles = int(bags.label[bags.answers[:found], 1].sum())
    legs = np.empty((vehicles, 5), np.int32)
    emit(bags, found, journeys, legs)
    rides = [Ride._make(leg) for leg in legs.tolist()]
    asked = [(number, criterion) for number, criterion in enumerate(CRITERIA, 3) if criterion in query.criteria]
    paths, first = [], 0
    for journey in journeys.tolist():
        departure_s, arrival_s, count = journey[:3]
        costs = tuple((criterion, journey[number]) for number, criterion in asked)
        paths.append(Path(departure_s, arrival_s, tuple(rides[first : first + count]), costs))
        first += count
    paths.sort(key=lambda path: (-path.departure_s, len(path.rides), path.arrival_s, [c for _, c in path.costs]))
    return paths
