"""One simulation of one scenario under one controller: the only entrance for evaluation.

The recording of the lamps comes from SUMO itself (``SaveTLSStates``), never from the controller, so that
what is audited is what the drivers saw.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from signals.simulation.connection import SimulationError, open_simulation
from signals.simulation.conventional.choice import CONVENTIONAL, ConventionalPrograms, build_programs
from signals.simulation.loops import write_loops
from signals.simulation.progress import ProgressMeter, RunProgress
from signals.simulation.request import CONNECTIONS, CONTROLLERS, SENSING, ControllerInfo, RunRequest
from signals.simulation.session import MAKERS, Session
from signals.simulation.survey import Survey, survey

__all__ = [
    "CONTROLLERS", "SENSING", "ControllerInfo", "RunFiles", "RunProgress", "RunRequest", "SimulationError", "simulate",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunFiles:
    """SUMO's own outputs of one run."""

    tripinfo: Path
    statistics: Path
    tls_states: Path


def simulate(request: RunRequest, on_progress: Callable[[RunProgress], None] | None = None) -> RunFiles:
    """Run until the net is empty, at the latest ``drain_s`` after the demand ends.

    Call it in a fresh process: libsumo is one simulation per process. Beside the returned files, ``notes.json``
    in the folder says which signals could not be converted or controlled and why, and ``decisions.txt`` holds
    one line per decision of our own controllers.

    Raises:
        SimulationError: an unknown controller or sensing, a net without signals, or SUMO refuses the scenario.
    """
    _check(request)
    request.out_dir.mkdir(parents=True, exist_ok=True)
    files = RunFiles(*(request.out_dir / name for name in ("tripinfo.xml", "statistics.xml", "tls_states.xml")))
    additional = [*request.scenario.additional]
    notes: dict[str, str] = {}
    if programs := _build_conventional(request):
        additional.append(programs.file)
        notes |= programs.notes
    found = survey(request, is_controlled=request.controller in MAKERS)
    if found.detectors:
        every, short = chain.from_iterable(found.detectors.values()), found.list_without_advance()
        additional.append(write_loops(every, request.out_dir / "loops.add.xml", short))
    additional.append(_write_recorder(request, found, files.tls_states))
    scenario = request.scenario
    with open_simulation(_list_options(request, additional, files), connection=request.connection) as sumo:
        end_s = scenario.end_s + scenario.drain_s
        meter = on_progress and ProgressMeter(sumo, scenario.begin_s, scenario.end_s, scenario.step_s, on_progress)
        with Session(sumo, request, found) as session:
            while sumo.simulation.getMinExpectedNumber() > 0 and session.now_s() < end_s:
                session.step()
                if meter:
                    meter.after_step(session.now_s())
            if meter:
                meter.report(session.now_s())
            notes |= session.notes
    (request.out_dir / "notes.json").write_text(json.dumps(notes, indent=1, ensure_ascii=False), encoding="utf-8")
    return files


def _build_conventional(request: RunRequest) -> ConventionalPrograms | None:
    if request.controller not in CONVENTIONAL:
        return None
    try:
        return build_programs(
            request.controller, request.scenario, request.parameters, request.out_dir, request.demand_scale
        )
    except ValueError as error:
        raise SimulationError(f"{error}") from error


def _check(request: RunRequest) -> None:
    if request.controller not in CONTROLLERS:
        raise SimulationError(f"There is no controller {request.controller!r}; choose {', '.join(CONTROLLERS)}.")
    if request.connection not in CONNECTIONS:
        raise SimulationError(f"There is no connection {request.connection!r}; choose {', '.join(CONNECTIONS)}.")
    if request.sensing not in SENSING:
        raise SimulationError(f"There is no sensing {request.sensing!r}; choose {', '.join(SENSING)}.")


def _list_options(request: RunRequest, additional: list[Path], files: RunFiles) -> list[str]:
    scenario = request.scenario
    options: dict[str, str] = {
        "--net-file": str(scenario.net),
        "--route-files": ",".join(map(str, scenario.demand)),
        "--additional-files": ",".join(map(str, additional)),
        "--begin": f"{scenario.begin_s:g}",
        "--end": f"{scenario.end_s + scenario.drain_s:g}",
        "--step-length": f"{scenario.step_s:g}",
        "--seed": str(request.seed),
        "--scale": f"{request.demand_scale:g}",
        "--tripinfo-output": str(files.tripinfo),
        "--tripinfo-output.write-unfinished": "true",
        "--tripinfo-output.write-undeparted": "true",
        "--statistic-output": str(files.statistics),
        "--device.emissions.probability": "1",
        "--time-to-teleport": "300",
        "--no-step-log": "true",
        "--no-warnings": "true",
        "--duration-log.disable": "true",
    }
    return [part for option in options.items() for part in option]


def _write_recorder(request: RunRequest, found: Survey, destination: Path) -> Path:
    """Have SUMO record every signal's lamps at every step."""
    root = ET.Element("additional")
    if not found.programs:
        raise SimulationError(f"{request.scenario.net}: the net has no traffic signal; there is nothing to control.")
    for signal in found.programs:
        ET.SubElement(root, "timedEvent", type="SaveTLSStates", source=signal, dest=str(destination.resolve()))
    file = request.out_dir / "recorder.add.xml"
    ET.ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)
    return file
