"""Engines by service day, built when first asked for; the last few are kept."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from mobility.model import Mode
from mobility.network.build import Network
from mobility.network.needs import NO_NEEDS, Needs
from mobility.network.routes import RouteTable
from mobility.planner.engine import Engine
from mobility.planner.stored_days import StoredDays

KEPT = 8
NO_DAYS: StoredDays = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Day:
    """One service day ready to be searched. ``is_served`` flags the stops where something calls."""

    engine: Engine
    is_served: npt.NDArray[np.bool_]


class Days:
    """Builds and keeps days. Safe to share: one thread builds, the others wait for it."""

    def __init__(self, network: Network, routes: RouteTable, stored: StoredDays = NO_DAYS) -> None:
        """Nothing is built yet; days that are ``stored`` need not be."""
        self._network = network
        self._routes = routes
        self._stored = stored
        self._days: OrderedDict[tuple[dt.date, frozenset[Mode] | None, Needs], Day] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, date: dt.date, modes: frozenset[Mode] | None = None, needs: Needs = NO_NEEDS) -> Day:
        """The day, with only the vehicles of ``modes`` (None: all) that the traveller's ``needs`` allow."""
        key = date, modes, needs
        with self._lock:
            if key in self._days:
                self._days.move_to_end(key)
            else:
                self._days[key] = self._build(date, modes, needs)
                if len(self._days) > KEPT:
                    self._days.popitem(last=False)
            return self._days[key]

    def _build(self, date: dt.date, modes: frozenset[Mode] | None, needs: Needs) -> Day:
        is_plain = modes is None and needs == NO_NEEDS
        engine = self._stored[date].open_engine() if is_plain and date in self._stored else None
        if engine is None:
            allowed = None if modes is None else np.array([mode in modes for mode in self._routes.modes], bool)
            # doors differ from query to query, so that bounds between all pairs of stops would not pay
            engine = Engine(self._network.build_timetable(date, allowed, needs=needs), all_pairs=False)
        timetable = engine.timetable
        return Day(engine, np.bincount(timetable.arrays.pat_stop, minlength=timetable.stop_count) > 0)
