"""How many vehicles an hour want each movement, and go on from one signal to the next: from the demand itself.

The route files are expanded by SUMO's own ``duarouter`` (trips, flows and routes alike), so that what a saturated
net fails to serve still counts. A turn's vehicles are shared out over the lanes that allow it so that lanes are even.
"""

from __future__ import annotations

import gzip
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np

from signals.model import Intersection, RoadUser
from signals.ports import FloatArray
from signals.simulation.binaries import find_binary
from signals.simulation.connection import SimulationError
from signals.simulation.network import Site
from sumo_scenarios.manifest import Scenario

_PORTIONS = 50
_MIN_SPEED_MPS = 2.0

EdgePair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Stream:
    """Vehicles that leave one signal by some movements and meet a next one: how many, and after how long."""

    origin: str
    origin_turn: EdgePair
    destination: str
    destination_turn: EdgePair
    volume_vph: float
    travel_s: float


@dataclass(frozen=True, slots=True)
class Demand:
    """Vehicles an hour: by signal and turn (entry edge, exit edge), and from signal to signal."""

    turns_vph: Mapping[str, Mapping[EdgePair, float]]
    streams: tuple[Stream, ...]


def measure_demand(scenario: Scenario, sites: Mapping[str, Site], out_dir: Path, scale: float = 1.0) -> Demand:
    """Expand the scenario's demand and count it.

    Raises:
        SimulationError: SUMO's router refuses the demand.
    """
    signal_of = {turn: signal for signal, site in sites.items() for turn in list_turns(site.intersection)}
    time_s = dict(_read_edge_times(scenario.net))
    hours = (scenario.end_s - scenario.begin_s) / 3600.0
    turns: dict[str, Counter[EdgePair]] = defaultdict(Counter)
    streams: Counter[tuple[EdgePair, EdgePair]] = Counter()
    travel_s: dict[tuple[EdgePair, EdgePair], float] = {}
    for edges, vehicles in _count_routes(scenario, out_dir).items():
        previous: EdgePair | None = None
        passed_s = 0.0
        for turn in pairwise(edges):
            passed_s += time_s.get(turn[0], 0.0)
            signal = signal_of.get(turn)
            if signal is None:
                continue
            turns[signal][turn] += vehicles
            if previous is not None:
                streams[previous, turn] += vehicles
                travel_s[previous, turn] = passed_s
            previous, passed_s = turn, 0.0
    per_hour = scale / hours
    return Demand(
        {signal: {turn: n * per_hour for turn, n in counts.items()} for signal, counts in turns.items()},
        tuple(
            Stream(signal_of[a], a, signal_of[b], b, n * per_hour, travel_s[a, b])
            for (a, b), n in sorted(streams.items())
        ),
    )


def list_turns(crossing: Intersection) -> dict[EdgePair, list[int]]:
    """The movements of vehicles by entry and exit edge."""
    found: dict[EdgePair, list[int]] = defaultdict(list)
    for m in crossing.movements:
        if m.user is RoadUser.VEHICLE:
            found[_edge(crossing.entries[m.entry].id), _edge(crossing.exits[m.exit].id)].append(m.index)
    return dict(found)


def share_lanes(crossing: Intersection, turns_vph: Mapping[EdgePair, float]) -> FloatArray:
    """Vehicles an hour by movement: portion by portion to the emptiest lane, turns with the fewest lanes first."""
    volume = np.zeros(len(crossing.movements))
    on_lane = np.zeros(len(crossing.entries))
    turns = sorted(list_turns(crossing).items(), key=lambda item: (len(item[1]), item[0]))
    for _ in range(_PORTIONS):
        for turn, movements in turns:
            portion = turns_vph.get(turn, 0.0) / _PORTIONS
            best = min(movements, key=lambda m: (on_lane[crossing.movements[m].entry], m))
            volume[best] += portion
            on_lane[crossing.movements[best].entry] += portion
    return volume


def _edge(lane: str) -> str:
    return lane.rpartition("_")[0]


def _count_routes(scenario: Scenario, out_dir: Path) -> Counter[tuple[str, ...]]:
    routes = out_dir / "demand.rou.xml"
    command = [
        find_binary("duarouter"), "--net-file", str(scenario.net), "--route-files", ",".join(map(str, scenario.demand)),
        "--output-file", str(routes), "--alternatives-output", "NUL", "--skip-new-routes", "--ignore-errors",
        "--begin", f"{scenario.begin_s:g}", "--end", f"{scenario.end_s:g}", "--no-warnings", "--no-step-log",
        "--gawron.a", "0", "--max-alternatives", "1000",  # of a distribution all routes, as likely as it says
    ]  # fmt: skip
    if scenario.additional:
        command += ["--additional-files", ",".join(map(str, scenario.additional))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own arguments)
    if done.returncode != 0:
        reason = " ".join(line for line in done.stderr.splitlines() if line.startswith("Error"))
        raise SimulationError(f"{scenario.demand[0]}: the volumes cannot be counted: {reason or 'SUMO says not why'}")
    counted: Counter[tuple[str, ...]] = Counter()
    for _, element in ET.iterparse(routes):  # noqa: S314  (written by SUMO just now)
        if element.tag == "vehicle":
            route = element.find("route")
            if route is not None:
                counted[tuple(route.get("edges", "").split())] += 1
            element.clear()
    routes.unlink()
    return counted


def _read_edge_times(net: Path) -> Iterator[tuple[str, float]]:
    """Seconds to drive each edge freely."""
    with _open(net) as file:
        for _, element in ET.iterparse(file):  # noqa: S314  (the scenario's own net; expat refuses entity bombs)
            if element.tag == "edge":
                lanes = element.findall("lane")
                if lanes and element.get("function") != "internal":
                    speed_mps = max(_MIN_SPEED_MPS, *(float(lane.get("speed", 13.9)) for lane in lanes))
                    yield element.get("id", ""), float(lanes[0].get("length", 0.0)) / speed_mps
                element.clear()
            elif element.tag in {"junction", "connection"}:
                element.clear()


def _open(file: Path) -> IO[bytes]:
    return gzip.open(file) if file.suffix == ".gz" else file.open("rb")  # type: ignore[return-value]
