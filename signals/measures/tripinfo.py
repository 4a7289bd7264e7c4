"""Measures of one run from SUMO's tripinfo and statistics outputs.

Every vehicle whose departure was due counts, also one that never got in: its departure delay is waiting,
delay and travel time. Blocking an entry can therefore not look good. Definitions:

- waiting = waitingTime + departDelay, time loss = timeLoss + departDelay, travel time = duration + departDelay,
  each a mean over all loaded vehicles; stops = waitingCount, likewise;
- CO2, NOx and fuel are totals of SUMO's emission model;
- unserved = loaded - arrived: never departed, or still under way when the run ended;
- total time in system = travel time summed over all loaded vehicles; throughput = vehicles that had arrived when
  the demand ended; speed = distance driven / time on the road;
- free-flow share = what of the travel time would be left without any loss: (duration - timeLoss) / travel time;
- pedestrians' waiting is the ``waitingTime`` of what they walk, over all who set out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signals.measures.sumo_xml import MeasureError, get_number, iter_elements

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trips:
    """One row per loaded vehicle. An undeparted vehicle has only a departure delay; ``arrival_s`` is NaN for those
    that have not arrived. ``walkers_waiting_s`` has a row per person who set out on foot.
    """

    has_departed: NDArray[np.bool_]
    has_arrived: NDArray[np.bool_]
    arrival_s: Floats
    length_m: Floats
    walkers_waiting_s: Floats
    depart_delay_s: Floats
    waiting_s: Floats
    time_loss_s: Floats
    duration_s: Floats
    stops: Floats
    co2_mg: Floats
    nox_mg: Floats
    fuel_mg: Floats


@dataclass(frozen=True, slots=True)
class Measures:
    """What one run was worth. Seconds and stops are means per loaded vehicle unless the name says otherwise."""

    loaded: int
    departed: int
    arrived: int
    unserved: int
    not_due: int
    waiting_s: float
    waiting_on_road_s: float
    p95_waiting_s: float
    max_waiting_s: float
    time_loss_s: float
    travel_time_s: float
    stops: float
    co2_kg: float
    nox_g: float
    fuel_kg: float
    teleports: int
    collisions: int
    emergency_stops: int
    total_time_h: float = 0.0
    throughput: int = 0
    speed_kmh: float = 0.0
    free_flow_share: float = 0.0
    pedestrians: int = 0
    pedestrian_waiting_s: float = 0.0
    p95_pedestrian_waiting_s: float = 0.0


_COLUMNS = ("departDelay", "waitingTime", "timeLoss", "duration", "waitingCount")
_EMISSIONS = ("CO2_abs", "NOx_abs", "fuel_abs")


def load_trips(tripinfo: Path) -> Trips:
    """Read a tripinfo file written with ``write-unfinished`` and ``write-undeparted``."""
    rows: list[tuple[float, ...]] = []
    lengths: list[float] = []
    walkers: list[float] = []
    for element in iter_elements(tripinfo, "tripinfo", "personinfo"):
        if element.tag == "personinfo":
            walks = [get_number(walk, "waitingTime", tripinfo) for walk in element.iter("walk")]
            if walks and get_number(element, "depart", tripinfo) >= 0:
                walkers.append(float(np.nansum(walks)))
            continue
        emissions = element.find("emissions")
        if emissions is None:
            raise MeasureError(f"{tripinfo}: {element.get('id')} has no emissions; run SUMO with the emissions device.")
        rows.append(
            (
                get_number(element, "depart", tripinfo),
                get_number(element, "arrival", tripinfo),
                *(get_number(element, name, tripinfo) for name in _COLUMNS),
                *(get_number(emissions, name, tripinfo) for name in _EMISSIONS),
            )
        )
        lengths.append(get_number(element, "routeLength", tripinfo))
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 10)
    if np.isnan(table).any():
        row = int(np.isnan(table).any(axis=1).argmax())
        raise MeasureError(f"{tripinfo}: trip number {row + 1} lacks an attribute that the measures need.")
    depart, arrival, *columns = table.T
    has_arrived = arrival >= 0
    arrival_s = np.where(has_arrived, arrival, np.nan)
    length_m = np.maximum(np.nan_to_num(np.array(lengths, np.float64)), 0.0)
    return Trips(depart >= 0, has_arrived, arrival_s, length_m, np.array(walkers, np.float64), *columns)


def measure_run(tripinfo: Path, statistics: Path, demand_end_s: float = math.inf) -> Measures:
    """The measures of one run. ``demand_end_s`` is when its last vehicle was due, for the throughput.

    Raises:
        MeasureError: a file is missing or broken, or the two do not tell of the same vehicles.
    """
    trips = load_trips(tripinfo)
    counts = _read_counts(statistics)
    departed = int(trips.has_departed.sum())
    if departed != counts["inserted"]:
        raise MeasureError(
            f"{tripinfo}: {departed} vehicles departed, but {statistics.name} says {counts['inserted']}; "
            "is tripinfo-output.write-unfinished on, and are both files of one run?"
        )
    loaded, arrived = len(trips.has_departed), int(trips.has_arrived.sum())
    if loaded < counts["inserted"] + counts["waiting"]:
        raise MeasureError(
            f"{tripinfo}: {loaded} vehicles, but {counts['waiting']} more wait to depart than it tells of; "
            "turn tripinfo-output.write-undeparted on."
        )
    waiting_s = trips.waiting_s + trips.depart_delay_s
    total_s = float((trips.duration_s + trips.depart_delay_s).sum())
    on_road_s = float(trips.duration_s.sum())
    return Measures(
        loaded=loaded,
        departed=departed,
        arrived=arrived,
        unserved=loaded - arrived,
        not_due=max(0, counts["loaded"] - loaded),
        waiting_s=_mean(waiting_s),
        waiting_on_road_s=_mean(trips.waiting_s),
        p95_waiting_s=_percentile_95(waiting_s),
        max_waiting_s=float(waiting_s.max(initial=0.0)),
        time_loss_s=_mean(trips.time_loss_s + trips.depart_delay_s),
        travel_time_s=_mean(trips.duration_s + trips.depart_delay_s),
        stops=_mean(trips.stops),
        co2_kg=float(trips.co2_mg.sum()) / 1e6,
        nox_g=float(trips.nox_mg.sum()) / 1e3,
        fuel_kg=float(trips.fuel_mg.sum()) / 1e6,
        teleports=counts["teleports"],
        collisions=counts["collisions"],
        emergency_stops=counts["emergency_stops"],
        total_time_h=total_s / 3600,
        throughput=int((trips.arrival_s <= demand_end_s).sum()),
        speed_kmh=3.6 * float(trips.length_m.sum()) / on_road_s if on_road_s else 0.0,
        free_flow_share=float((trips.duration_s - trips.time_loss_s).sum()) / total_s if total_s else 0.0,
        pedestrians=len(trips.walkers_waiting_s),
        pedestrian_waiting_s=_mean(trips.walkers_waiting_s),
        p95_pedestrian_waiting_s=_percentile_95(trips.walkers_waiting_s),
    )


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0


def _percentile_95(values: Floats) -> float:
    return float(np.percentile(values, 95)) if len(values) else 0.0


def _read_counts(statistics: Path) -> dict[str, int]:
    found = {element.tag: element.attrib for element in iter_elements(statistics, "vehicles", "teleports", "safety")}
    if "vehicles" not in found:
        raise MeasureError(f"{statistics}: no <vehicles>; is it SUMO's statistic-output?")
    vehicles, safety = found["vehicles"], found.get("safety", {})
    return {
        "loaded": int(vehicles["loaded"]),
        "inserted": int(vehicles["inserted"]),
        "waiting": int(vehicles["waiting"]),
        "teleports": int(found.get("teleports", {}).get("total", 0)),
        "collisions": int(safety.get("collisions", 0)),
        "emergency_stops": int(safety.get("emergencyStops", 0)),
    }
