"""What control adds to libsumo: a controlled run, and SUMO alone showing the same lamps to the same vehicles."""

from __future__ import annotations

import hashlib
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from signals.simulation.run import RunRequest, simulate
from sumo_scenarios.catalog import find_scenario
from sumo_scenarios.manifest import Scenario

_WARM_S = 60.0
Lamps = list[tuple[float, str, str]]


@dataclass(slots=True)
class _Meter:
    """CPU seconds from the end of the first simulated minute on."""

    begin_s: float
    began: float = -1.0
    spent_s: float = 0.0

    def before_step(self, now_s: float) -> None:
        if self.began < 0 and now_s >= self.begin_s + _WARM_S:
            self.began = time.process_time()

    def end(self) -> None:
        self.spent_s = time.process_time() - self.began


def measure_share(scenario: str, seed: int, minutes: float) -> dict[str, Any]:
    """CPU seconds of both runs, of SUMO alone also with the loops in its net, and whether the traffic was the same."""
    controlled, lamps = _alone(_run_controlled, scenario, seed, minutes)
    alone = _alone(_run_alone, scenario, seed, minutes, lamps, False)
    looped = _alone(_run_alone, scenario, seed, minutes, lamps, True)
    return {
        "seconds": controlled["seconds"],
        "vehicles": controlled["vehicles"],
        "controlled_s": controlled["spent_s"],
        "alone_s": alone["spent_s"],
        "added": controlled["spent_s"] / alone["spent_s"] - 1,
        "loops": looped["spent_s"] / alone["spent_s"] - 1,
        "is_same": controlled["trace"] == alone["trace"] == looped["trace"],
    }


def _alone(function: Any, *arguments: Any) -> Any:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def _cut(scenario: str, minutes: float) -> Scenario:
    found = find_scenario(scenario)
    return replace(found, end_s=min(found.end_s, found.begin_s + 60 * minutes), drain_s=0.0)


def _run_controlled(name: str, seed: int, minutes: float) -> tuple[dict[str, Any], Lamps]:
    scenario = _cut(name, minutes)
    run: Any = import_module("signals.simulation.run")
    meter, lamps = _Meter(scenario.begin_s), Lamps()

    class Metered(run.Session):  # type: ignore[misc]
        def step(self) -> None:
            meter.before_step(self.now_s())
            super().step()

        def __exit__(self, *what: object) -> None:
            meter.end()
            super().__exit__(*what)

    run.Session = Metered
    _hear_lamps(lamps)
    with tempfile.TemporaryDirectory(prefix="changtong-") as folder:
        files = simulate(RunRequest(scenario, "adaptive", seed, Path(folder), sensing="loops"))
        return _describe(meter, scenario, files.tripinfo), lamps


def _hear_lamps(lamps: Lamps) -> None:
    """Notes every lamp that is set, with its time."""
    libsumo: Any = import_module("libsumo")
    show = libsumo.trafficlight.setRedYellowGreenState

    def noted(signal: str, state: str) -> None:
        lamps.append((libsumo.simulation.getTime(), signal, state))
        show(signal, state)

    libsumo.trafficlight.setRedYellowGreenState = noted


def _run_alone(name: str, seed: int, minutes: float, lamps: Lamps, has_loops: bool) -> dict[str, Any]:  # noqa: FBT001
    """The same options and outputs as any run; without loops unless asked for."""
    scenario = _cut(name, minutes)
    run: Any = import_module("signals.simulation.run")
    meter = _Meter(scenario.begin_s)

    class Replaying:
        """In the place of the session: sets the noted lamps and steps."""

        def __init__(self, sumo: Any, *_: Any) -> None:
            self._sumo, self._now_s, self._next = sumo, sumo.simulation.getTime(), 0
            self.notes: dict[str, str] = {}

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            meter.end()

        def now_s(self) -> float:
            return float(self._now_s)

        def step(self) -> None:
            meter.before_step(self._now_s)
            while self._next < len(lamps) and lamps[self._next][0] <= self._now_s:
                _, signal, state = lamps[self._next]
                self._sumo.trafficlight.setRedYellowGreenState(signal, state)
                self._next += 1
            self._sumo.simulationStep()
            self._now_s = self._sumo.simulation.getTime()

    run.Session = Replaying
    if not has_loops:
        write = run.write_loops
        run.write_loops = lambda _, file, __: write((), file, ())
    with tempfile.TemporaryDirectory(prefix="changtong-") as folder:
        files = simulate(RunRequest(scenario, "adaptive", seed, Path(folder), sensing="loops"))
        return _describe(meter, scenario, files.tripinfo)


def _describe(meter: _Meter, scenario: Scenario, tripinfo: Path) -> dict[str, Any]:
    trips = [line.strip() for line in tripinfo.read_text(encoding="utf-8").splitlines() if "<tripinfo " in line]
    return {
        "spent_s": meter.spent_s,
        "seconds": scenario.end_s - scenario.begin_s,
        "vehicles": len(trips),
        "trace": hashlib.sha256("\n".join(trips).encode()).hexdigest(),
    }
