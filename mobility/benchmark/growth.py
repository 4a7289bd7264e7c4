"""How our engine grows: ever larger synthetic cities, each in a fresh process, and the exponent of the growth.

An exponent of 1 would mean that twice the stop events take twice the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mobility.benchmark.footprint import Footprint, Watch, in_fresh_process, open_feed, warm_up
from mobility.benchmark.measure import Clock, Outcome, measure
from mobility.benchmark.problem import Bars, BenchmarkError, Kind, Rules, silent
from mobility.benchmark.searchers import Search
from mobility.benchmark.synthetic_city import DATE, build_city, list_city_pairs

SIZES = (100_000, 500_000, 1_000_000, 3_000_000)
SMALLEST, LARGEST = 1_000, 20_000_000
QUERIES = 300
"""More targets than an engine keeps bounds for (256), so that beyond the all-pairs table every query pays."""
KINDS = (Kind.EARLIEST, Kind.RANGE)


@dataclass(frozen=True, slots=True)
class City:
    """One size: what was built, what it cost, and how fast it answers. ``arrays_mib`` is the timetable alone."""

    events: int
    stops: int
    trips: int
    patterns: int
    arrays_mib: float
    footprint: Footprint
    outcomes: tuple[Outcome, ...]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        plain = {name: getattr(self, name) for name in ("events", "stops", "trips", "patterns", "arrays_mib")}
        return plain | {
            "footprint": self.footprint.to_json(),
            "kinds": [outcome.to_json() for outcome in self.outcomes],
        }


@dataclass(frozen=True, slots=True)
class Growth:
    """All sizes, and the fitted exponents of the medians by kind of question."""

    search: Search
    clock: Clock
    cities: tuple[City, ...]
    exponents: Mapping[Kind, float]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        cities = [city.to_json() for city in self.cities]
        return {"search": self.search, "clock": self.clock, "exponents_p50": dict(self.exponents), "cities": cities}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured at every size."""

    search: Search = Search.TRIP_BASED
    queries: int = QUERIES
    repeats: int = 3
    seed: int = 42
    clock: Clock = Clock.WALL


def measure_growth(sizes: tuple[int, ...] = SIZES, plan: Plan | None = None, bars: Bars = silent) -> Growth:
    """Build and ask a city of every size.

    Raises:
        BenchmarkError: A size is no city's, or there are fewer than two.
    """
    plan = plan or Plan()
    if len(set(sizes)) < 2 or min(sizes) < SMALLEST or max(sizes) > LARGEST:
        raise BenchmarkError(f"growth needs two sizes or more, each of {SMALLEST:,} to {LARGEST:,} stop events")
    cities = []
    with bars("Growing a city") as advance:
        for number, events in enumerate(sorted(set(sizes))):
            advance(number, len(sizes))
            cities.append(in_fresh_process(measure_city, events, plan))
    grown = [city.events for city in cities]
    exponents = {
        kind: fit_exponent(grown, [city.outcomes[number].ours.p50_ms for city in cities])
        for number, kind in enumerate(KINDS)
    }
    return Growth(plan.search, plan.clock, tuple(cities), exponents)


def measure_city(events: int, plan: Plan) -> City:
    """One size, in this process."""
    warm_up(plan.search)
    feed = build_city(events, plan.seed)
    watch = Watch()
    ours = open_feed(feed, DATE, Rules(), plan.search, watch, makes_walks=True)
    pairs = list_city_pairs(feed, plan.queries, seed=plan.seed)
    outcomes = tuple(
        measure(kind, ours, None, pairs, plan.repeats, lambda _done, _total: None, plan.clock) for kind in KINDS
    )
    timetable = ours.engine.timetable
    return City(
        events=len(timetable.arrays.arr),
        stops=timetable.stop_count,
        trips=timetable.trip_count,
        patterns=timetable.pattern_count,
        arrays_mib=round(sum(array.nbytes for array in timetable.arrays) / 2**20, 1),
        footprint=watch.finish("changtong"),
        outcomes=outcomes,
    )


def fit_exponent(sizes: list[int], values: list[float]) -> float:
    """The power of size that values grow with: least squares on logarithms."""
    slope, _ = np.polyfit(np.log(sizes), np.log(values), 1)
    return round(float(slope), 3)
