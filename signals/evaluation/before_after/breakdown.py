"""What a study keeps of each run beyond its measures: sums by class of trip, walkers' waits, the longest reds.

Sums, not means: periods and classes are pooled by adding. Classes overlap: every vehicle is in ``all``, in its vehicle
type's class, in one of through, inbound, outbound and within (by where its route meets the edge of the net: an edge
that begins or ends at a dead end) and in the routes of interest that begin and end as it does.

What a trip would emit without delay is an estimate: its length times what the least delayed tenth of the run's trips
of that vehicle type emitted per metre.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from signals.evaluation.before_after.definition import RouteOfInterest
from signals.measures.lamp_runs import RED, join_runs, list_runs
from signals.measures.recording import load_recording
from signals.measures.right_of_way import load_layouts
from signals.measures.sumo_xml import get_number, iter_elements
from signals.simulation.network import edge_of
from signals.simulation.run import RunFiles
from sumo_scenarios.manifest import Scenario

SUMS = (
    "vehicles", "waiting_s", "travel_time_s", "time_loss_s", "on_road_s", "free_flow_s", "stops", "co2_g",
    "free_flow_co2_g", "distance_m",
)  # fmt: skip
GEOGRAPHY = ("through", "inbound", "outbound", "within")  # by two bits: begins inside, ends inside
_LEAST_DELAYED = 10.0  # percent
_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The inspector of a study's runs."""

    routes: tuple[RouteOfInterest, ...] = ()

    @property
    def key(self) -> str:
        """Changes with the routes of interest."""
        return f"breakdown {_VERSION} {hashlib.sha256(repr(self.routes).encode()).hexdigest()[:12]}"

    def inspect(self, files: RunFiles, scenario: Scenario) -> Mapping[str, Any]:
        """``classes`` (sums by class), ``walkers`` (count by whole seconds waited), ``longest_red_s`` by signal."""
        return {
            "classes": self._sum_classes(files.tripinfo, scenario.net),
            "walkers": _count_walkers(files.tripinfo),
            "longest_red_s": _find_longest_reds(files.tls_states, scenario),
        }

    def _sum_classes(self, tripinfo: Path, net: Path) -> dict[str, dict[str, float]]:
        gates_in, gates_out = _find_gates(net)
        kinds: list[str] = []
        rows: list[tuple[float, ...]] = []
        classes: list[list[str]] = []
        for trip in iter_elements(tripinfo, "tripinfo"):
            kind = trip.get("vType", "").split("@")[0]
            kinds.append(kind)
            rows.append(tuple(_list_numbers(trip, tripinfo)))
            begin, end = (edge_of(trip.get(name, "")) for name in ("departLane", "arrivalLane"))
            place = [GEOGRAPHY[2 * (begin not in gates_in) + (end not in gates_out)]] if begin and end else []
            routes = [r.name for r in self.routes if r.from_edge == begin and r.to_edge == end]
            classes.append(["all", f"type {kind}", *place, *routes])
        table = np.array(rows, np.float64).reshape(len(rows), len(SUMS))
        _estimate_free_flow(table, np.array(kinds))
        sums: dict[str, Any] = {}
        for row, names in zip(table, classes, strict=True):
            for name in names:
                sums[name] = sums.get(name, 0.0) + row
        return {
            name: {key: round(float(value), 3) for key, value in zip(SUMS, row, strict=True)}
            for name, row in sorted(sums.items())
        }


def _list_numbers(trip: Any, tripinfo: Path) -> Iterator[float]:
    """In the order of ``SUMS``; a vehicle that never departed has only its departure delay."""
    names = ("departDelay", "waitingTime", "timeLoss", "duration", "waitingCount", "routeLength")
    delay, waiting, loss, duration, stops, length = (max(0.0, get_number(trip, name, tripinfo)) for name in names)
    emissions = trip.find("emissions")
    co2_g = get_number(emissions, "CO2_abs", tripinfo) / 1000 if emissions is not None else 0.0
    yield from (1.0, waiting + delay, duration + delay, loss + delay, duration, duration - loss, stops, co2_g)
    yield from (0.0, length)


def _estimate_free_flow(table: Any, kinds: Any) -> None:
    on_road_s, free_s, co2_g, floor_g, distance_m = (
        table[:, SUMS.index(name)] for name in ("on_road_s", "free_flow_s", "co2_g", "free_flow_co2_g", "distance_m")
    )
    for kind in sorted(set(kinds.tolist())):
        mine = np.flatnonzero((kinds == kind) & (distance_m > 0) & (on_road_s > 0))
        if len(mine) == 0:
            continue
        share = 1.0 - free_s[mine] / on_road_s[mine]
        least = mine[share <= np.percentile(share, _LEAST_DELAYED)]
        per_m = co2_g[least].sum() / distance_m[least].sum()
        floor_g[mine] = np.minimum(per_m * distance_m[mine], co2_g[mine])


def _find_gates(net: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The edges through which one enters the net, and those through which one leaves it."""
    ends: dict[str, tuple[str, str]] = {}
    dead: set[str] = set()
    for element in iter_elements(net, "edge", "junction"):
        if element.tag == "junction":
            if element.get("type") == "dead_end":
                dead.add(element.get("id", ""))
        elif element.get("function") is None:
            ends[element.get("id", "")] = (element.get("from", ""), element.get("to", ""))
    return (
        frozenset(edge for edge, (start, _) in ends.items() if start in dead),
        frozenset(edge for edge, (_, end) in ends.items() if end in dead),
    )


def _count_walkers(tripinfo: Path) -> dict[str, int]:
    """Those who set out on foot, by how long they stood."""
    counts: Counter[int] = Counter()
    for person in iter_elements(tripinfo, "personinfo"):
        walks = [get_number(walk, "waitingTime", tripinfo) for walk in person.iter("walk")]
        if walks and get_number(person, "depart", tripinfo) >= 0:
            counts[round(float(np.nansum(walks)))] += 1
    return {str(seconds): counts[seconds] for seconds in sorted(counts)}


def _find_longest_reds(tls_states: Path, scenario: Scenario) -> dict[str, list[float]]:
    """Of every signal, the link that was red longest at a stretch: [seconds, link, beginning]."""
    recordings = load_recording(tls_states)
    found = {}
    for signal, layout in sorted(load_layouts(scenario.net, scenario.additional).items()):
        runs = list_runs(recordings[signal])
        reds = [(red, link) for link in layout.names for red in join_runs(runs[link], frozenset({RED}))]
        if reds:
            red, link = max(reds, key=lambda pair: (pair[0].length_s, -pair[1]))
            found[signal] = [red.length_s, float(link), red.start_s]
    return found
