"""The closed loop: the same scenario, seed and controller with and without wires, and what the difference is.

Each run is a process of its own, as every simulation is. The lamps are judged from SUMO's own recording of them, by the
auditor that judges every other run; they are those of the emulated controllers, not what we asked for.
"""

from __future__ import annotations

import json
import multiprocessing
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from signals.measures.audit import Audit, audit_run
from signals.measures.tripinfo import Measures, measure_run
from signals.rig.rack import Rack
from signals.simulation.request import RunRequest
from signals.simulation.run import simulate
from sumo_scenarios.manifest import Scenario

STEP_S = 0.2  # of streets, control and polls; what is shown once a second hides up to a second of every change


@dataclass(frozen=True, slots=True)
class LoopRun:
    """One of the two. ``engaged``: how many cabinets were under command in the end; ``datagrams``: to the cabinets;
    ``told``: what their drivers noted beside commands and confirmations, and how often.
    """

    measures: Measures
    audit: Audit
    notes: dict[str, str]
    cabinets: int = 0
    engaged: int = 0
    datagrams: int = 0
    told: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClosedLoop:
    """Both runs of one seed."""

    seed: int
    wired: LoopRun
    direct: LoopRun

    @property
    def waiting_ratio(self) -> float:
        """Mean waiting with wires over that without."""
        return self.wired.measures.waiting_s / self.direct.measures.waiting_s

    def to_dict(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "waiting_ratio": self.waiting_ratio}


def run_closed_loop(
    scenario: Scenario,
    seed: int,
    protocols: Sequence[str],
    folder: Path,
    *,
    minutes: float | None = None,
    connection: str = "libsumo",
) -> ClosedLoop:
    """Both runs, two at a time; ``connection`` is how SUMO is driven: libsumo, traci, or gui for its window.

    Raises:
        SimulationError: SUMO or a controller refuses the scenario.
        ValueError: a protocol that the rig has not got.
    """
    fine = replace(scenario, step_s=min(scenario.step_s, STEP_S))
    cut = fine if minutes is None else replace(fine, end_s=scenario.begin_s + 60 * minutes, drain_s=0.0)
    Rack(protocols)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        wired = pool.submit(_run, cut, seed, tuple(protocols), folder / "wired", connection, True)
        direct = pool.submit(_run, cut, seed, tuple(protocols), folder / "direct", "libsumo", False)
        return ClosedLoop(seed, wired.result(), direct.result())


def _run(
    scenario: Scenario,
    seed: int,
    protocols: tuple[str, ...],
    folder: Path,
    connection: str,
    is_wired: bool,  # noqa: FBT001
) -> LoopRun:
    rack = Rack(protocols, is_wired=is_wired)
    # stages beyond the local sequence cannot be said to controllers that serve sub-phases in order
    request = RunRequest(
        scenario,
        "adaptive",
        seed,
        folder,
        parameters={"adds_stages": False},
        connection=connection,
        rack=rack,
        control_every_s=STEP_S,
    )
    try:
        files = simulate(request)
        return LoopRun(
            measure_run(files.tripinfo, files.statistics, scenario.end_s),
            audit_run(files.tls_states, scenario, is_ours=True),
            json.loads((folder / "notes.json").read_text(encoding="utf-8")),
            len(rack.cabinets),
            sum(cabinet.driver.is_engaged for cabinet in rack.cabinets),
            sum(cabinet.datagrams for cabinet in rack.cabinets),
            dict(sum((cabinet.notes for cabinet in rack.cabinets), Counter()).most_common()),
        )
    finally:
        rack.close()
