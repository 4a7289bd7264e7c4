"""Bus trips: patterns of stops, run times from distances, headways per period.

Run time between two stops: crow-fly distance times a detour at a speed that depends on the spacing, plus a
fixed time per stop; the numbers are the city's (``[bus_times]``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mobility.cities.catalog import City
from mobility.cities.errors import CityError
from mobility.cities.geometry import Array, distances_m
from mobility.cities.tables import Fact, read_facts
from mobility.cities.timed_trip import TimedTrip


@dataclass(frozen=True, slots=True)
class RunTimes:
    """``spacing_km`` are the upper ends of all bands of spacing but the last; one speed per band.
    ``basis``: the code under which the city explains times made from distances.
    """

    stop_s: float
    detour: float
    spacing_km: tuple[float, ...]
    speed_kmh: tuple[float, ...]
    basis: str

    def seconds(self, distance_m: Array) -> Array:
        """Whole seconds between stops at these crow-fly distances."""
        band = np.searchsorted(np.array(self.spacing_km), distance_m / 1000.0, side="right")
        speed = np.array(self.speed_kmh)[band] / 3.6
        result: Array = np.round(self.stop_s + distance_m * self.detour / speed)
        return result


def read_run_times(city: City) -> RunTimes:
    """The city's numbers."""
    spacing = city.get_setting("bus_times", "spacing_km")
    speed = city.get_setting("bus_times", "speed_kmh")
    numbers = [*spacing, *speed] if isinstance(spacing, list) and isinstance(speed, list) else []
    if len(speed) != len(spacing) + 1 or not all(isinstance(n, int | float) and n > 0 for n in numbers):
        raise CityError(f"{city.root / 'city.toml'}: [bus_times] needs one speed_kmh more than spacing_km, all above 0")
    return RunTimes(
        city.get_number("bus_times", "stop_s"),
        city.get_number("bus_times", "detour"),
        tuple(map(float, spacing)),
        tuple(map(float, speed)),
        city.get_basis("bus_times", "basis"),
    )


def build_bus_trips(city: City, positions: Mapping[str, tuple[float, float]]) -> Iterator[TimedTrip]:
    """One trip per pattern and day type, repeated by its headways. ``positions``: (lat, lon) by stop id."""
    patterns = read_facts(city, "bus_patterns")
    if not patterns:
        return
    run_times = read_run_times(city)
    headways: dict[str, dict[str, list[Fact]]] = {}
    for fact in read_facts(city, "bus_headways"):
        headways.setdefault(fact["route_id"], {}).setdefault(fact["service"], []).append(fact)
    for pattern in patterns:
        stop_ids = tuple(pattern["stops"].split())
        unknown = [stop_id for stop_id in stop_ids if stop_id not in positions]
        if unknown or len(stop_ids) < 2:
            pattern.refuse(f"stops: {', '.join(unknown)} not in bus_stops.csv" if unknown else "fewer than two stops")
        if pattern["route_id"] not in headways:
            pattern.refuse(f"route {pattern['route_id']} has no headway in bus_headways.csv")
        points = np.array([positions[stop_id] for stop_id in stop_ids])
        offsets = np.concatenate(([0.0], np.cumsum(run_times.seconds(distances_m(points[:-1], points[1:])))))
        for service, facts in headways[pattern["route_id"]].items():
            yield _trip(city, pattern, service, facts, stop_ids, offsets.astype(int).tolist(), run_times.basis)


def _trip(
    city: City,
    pattern: Fact,
    service: str,
    facts: Sequence[Fact],
    stop_ids: tuple[str, ...],
    offsets: list[int],
    run_time_basis: str,
) -> TimedTrip:
    periods = tuple((f.time_s("from"), f.time_s("to"), f.integer("headway_s")) for f in facts)
    times = tuple(periods[0][0] + offset for offset in offsets)
    return TimedTrip(
        trip_id=f"{pattern['route_id']}-{pattern['direction']}-{service}",
        route_id=pattern["route_id"],
        service_id=service,
        direction=pattern.integer("direction"),
        headsign=pattern.names("headsign", city.languages),
        stop_ids=stop_ids,
        arrivals_s=times,
        departures_s=times,
        periods=periods,
        basis=frozenset({run_time_basis, pattern.basis, *(f.basis for f in facts)} - {""}),
    )
