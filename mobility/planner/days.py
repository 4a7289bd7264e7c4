"""Engines by service day, built when first asked for; the last few are kept, and the one in use gets faster."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from mobility.geodesy import Floats
from mobility.model import Mode
from mobility.network.build import Network
from mobility.network.needs import NO_NEEDS, Needs
from mobility.network.routes import RouteTable
from mobility.network.timetable import Ints, Timetable
from mobility.planner.criteria.costs import RideCosts, build_ride_costs
from mobility.planner.criteria.search import CriteriaSearch
from mobility.planner.engine import Engine
from mobility.planner.stored_days import StoredDays

KEPT: Final = 8
NO_DAYS: Final[StoredDays] = MappingProxyType({})
IN_USE: Final = 3
"""How often a day has been asked for when it is worth preparing."""
WORTH_PREPARING: Final = 50_000
"""Stop events from which on trip-based routing pays; below, the search is done in a tenth of a millisecond."""


class RouteCosts(NamedTuple):
    """What a ride costs per row of routes.txt: hundredths of the currency to board and per kilometre, and grams."""

    board_price: Ints
    price_per_km: Floats
    co2_g_per_km: Floats


@dataclass(frozen=True)
class Day:
    """One service day ready to be searched. ``is_served`` flags the stops where something calls."""

    engine: Engine
    is_served: npt.NDArray[np.bool_]
    build_costs: Callable[[Timetable], RideCosts | None]

    @cached_property
    def criteria(self) -> CriteriaSearch:
        """Searches with more criteria, by what rides cost here."""
        return CriteriaSearch(self.engine, self.build_costs(self.engine.timetable))


@dataclass(slots=True)
class _Kept:
    day: Day
    asked: int = field(default=0)


class Days:
    """Builds and keeps days. Safe to share: one thread builds, the others wait for it.

    With ``accelerate`` a day that is in use and large is prepared for trip-based routing by a thread of its own;
    nobody waits for it, and journeys leave, arrive and change the same before and after (of ways that are equal in all
    three another may be told).
    """

    def __init__(
        self,
        network: Network,
        routes: RouteTable,
        stored: StoredDays = NO_DAYS,
        *,
        costs: RouteCosts | None = None,
        accelerate: bool = False,
    ) -> None:
        """Nothing is built yet; days that are ``stored`` need not be."""
        self._network = network
        self._routes = routes
        self._stored = stored
        self._costs = costs
        self._accelerate = accelerate
        self._preparing = threading.Lock()
        self._days: OrderedDict[tuple[dt.date, frozenset[Mode] | None, Needs], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, date: dt.date, modes: frozenset[Mode] | None = None, needs: Needs = NO_NEEDS) -> Day:
        """The day, with only the vehicles of ``modes`` (None: all) that the traveller's ``needs`` allow."""
        key = date, modes, needs
        with self._lock:
            if key in self._days:
                self._days.move_to_end(key)
            else:
                self._days[key] = _Kept(self._build(date, modes, needs))
                if len(self._days) > KEPT:
                    self._days.popitem(last=False)
            kept = self._days[key]
            kept.asked += 1
        is_plain = modes is None and needs == NO_NEEDS
        if self._accelerate and is_plain and kept.asked == IN_USE:
            self._prepare(kept.day.engine)
        return kept.day

    def _build(self, date: dt.date, modes: frozenset[Mode] | None, needs: Needs) -> Day:
        is_plain = modes is None and needs == NO_NEEDS
        engine = self._stored[date].open_engine() if is_plain and date in self._stored else None
        if engine is None:
            allowed = None if modes is None else np.array([mode in modes for mode in self._routes.modes], bool)
            # doors differ from query to query, so that bounds between all pairs of stops would not pay
            engine = Engine(self._network.build_timetable(date, allowed, needs=needs), all_pairs=False)
        timetable = engine.timetable
        is_served = np.bincount(timetable.arrays.pat_stop, minlength=timetable.stop_count) > 0
        return Day(engine, is_served, self._find_costs)

    def _find_costs(self, timetable: Timetable) -> RideCosts | None:
        """Of each pattern the costs of its first trip's route."""
        if self._costs is None:
            return None
        route = self._routes.trip_route[timetable.trips.feed_trip[timetable.arrays.first_trip]]
        known = route >= 0
        schedule = self._network.schedule
        return build_ride_costs(
            timetable,
            schedule.lat,
            schedule.lon,
            pattern_co2_g_per_km=np.where(known, self._costs.co2_g_per_km[route], 0.0),
            pattern_board_price=np.where(known, self._costs.board_price[route], 0),
            pattern_price_per_km=np.where(known, self._costs.price_per_km[route], 0.0),
            stop_row=schedule.stop_row,
        )

    def _prepare(self, engine: Engine) -> None:
        if len(engine.timetable.arrays.arr) < WORTH_PREPARING or engine.is_accelerated:
            return

        def prepare() -> None:
            with self._preparing:  # one day at a time: it is done for those who ask, not instead of them
                engine.accelerate(backward=True)

        threading.Thread(target=prepare, name="changtong-accelerate", daemon=True).start()
