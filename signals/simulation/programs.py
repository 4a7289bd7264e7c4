"""The programs that a scenario ships, read from its net and additional files, and their actuated twins.

Here a SUMO "phase" is a display: a state string and a duration. The actuated conversion follows the rule of
the literature's baselines: the same program with its type changed; every green without a yellow may run from
5 to 50 s or as shipped; intergreens untouched; SUMO's own detectors with a 3 s gap-out.
"""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from signals.simulation.binaries import find_binary
from sumo_scenarios.manifest import Scenario

ACTUATED_MIN_GREEN_S = 5.0
ACTUATED_MAX_GREEN_S = 50.0
_GREENS = frozenset("Gg")
_YELLOWS = frozenset("yYu")


@dataclass(frozen=True, slots=True)
class Display:
    """One state string of a program; ``min_s`` and ``max_s`` are None where the program does not ship them."""

    state: str
    duration_s: float
    min_s: float | None = None
    max_s: float | None = None

    @property
    def is_green(self) -> bool:
        """Some movement has a green and none has a yellow: a stage, or a clearance of pedestrians."""
        return bool(_GREENS & set(self.state)) and not _YELLOWS & set(self.state)


@dataclass(frozen=True, slots=True)
class Program:
    """A signal program as shipped."""

    signal: str
    program: str
    kind: str
    offset_s: float
    displays: tuple[Display, ...]
    parameters: tuple[tuple[str, str], ...] = ()


def read_programs(scenario: Scenario) -> dict[str, Program]:
    """The program that SUMO would run at each signal: of several, the one that is loaded last."""
    found: dict[str, Program] = {}
    for file in (scenario.net, *scenario.additional):
        found.update((program.signal, program) for program in _read_file(file))
    return found


def _read_file(file: Path) -> Iterable[Program]:
    for _, element in ET.iterparse(file):  # noqa: S314  (the scenario's own files; expat refuses entity bombs)
        if element.tag == "tlLogic":
            yield _to_program(element)
        if element.tag in {"edge", "junction", "connection", "vehicle"}:
            element.clear()  # nets are large and only the programs are wanted


def _to_program(element: ET.Element) -> Program:
    return Program(
        signal=element.get("id", ""),
        program=element.get("programID", "0"),
        kind=element.get("type", "static"),
        offset_s=_seconds(element, "offset") or 0.0,
        displays=tuple(
            Display(p.get("state", ""), _seconds(p, "duration") or 0.0, _seconds(p, "minDur"), _seconds(p, "maxDur"))
            for p in element.findall("phase")
        ),
        parameters=tuple((p.get("key", ""), p.get("value", "")) for p in element.findall("param")),
    )


def _seconds(element: ET.Element, key: str) -> float | None:
    text = element.get(key)
    return None if text in {None, "begin", "end"} else float(text or 0.0)


@dataclass(frozen=True, slots=True)
class ActuatedPrograms:
    """The file to load after the net, and the signals that stay as shipped, with the reason."""

    file: Path
    unchanged: dict[str, str]


def build_actuated_programs(scenario: Scenario, out_dir: Path) -> ActuatedPrograms:
    """Convert each shipped program, and let SUMO itself check every one that it can be loaded."""
    file = out_dir / "actuated.add.xml"
    unchanged: dict[str, str] = {}
    converted: dict[str, Program] = {}
    for signal, program in read_programs(scenario).items():
        greens = [d for d in program.displays if d.is_green]
        if program.kind in {"actuated", "NEMA"} and any(_is_adjustable(d) for d in program.displays):
            unchanged[signal] = f"ships an {program.kind} program of its own"
        elif len(greens) < 2:
            unchanged[signal] = f"has {len(greens)} green without a yellow; there is nothing to actuate"
        else:
            converted[signal] = _to_actuated(program)
    _write_programs(converted.values(), file)
    while converted and (message := _find_load_error(scenario, file)):
        culprit = max((s for s in converted if s in message), key=len, default=None)
        refused = [culprit] if culprit is not None else list(converted)
        for signal in refused:
            unchanged[signal] = f"SUMO refuses the actuated program: {message}"
            del converted[signal]
        _write_programs(converted.values(), file)
    return ActuatedPrograms(file, unchanged)


def _is_adjustable(display: Display) -> bool:
    return display.min_s is not None and display.max_s is not None and display.min_s < display.max_s


def _to_actuated(program: Program) -> Program:
    displays = tuple(
        Display(d.state, d.duration_s, d.min_s or ACTUATED_MIN_GREEN_S, d.max_s or ACTUATED_MAX_GREEN_S)
        if d.is_green
        else Display(d.state, d.duration_s)
        for d in program.displays
    )
    return Program(program.signal, "actuated", "actuated", program.offset_s, displays)


def _write_programs(programs: Iterable[Program], file: Path) -> None:
    root = ET.Element("additional")
    for program in programs:
        logic = ET.SubElement(
            root,
            "tlLogic",
            id=program.signal,
            type=program.kind,
            programID=program.program,
            offset=f"{program.offset_s:g}",
        )
        for key, value in program.parameters:
            ET.SubElement(logic, "param", key=key, value=value)
        for d in program.displays:
            limits = {} if d.min_s is None or d.max_s is None else {"minDur": f"{d.min_s:g}", "maxDur": f"{d.max_s:g}"}
            ET.SubElement(logic, "phase", {"duration": f"{d.duration_s:g}", "state": d.state, **limits})
    ET.ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)


def _find_load_error(scenario: Scenario, file: Path) -> str | None:
    """None where SUMO takes the programs; a process of its own, because libsumo does not survive a failed start."""
    additional = ",".join(map(str, (*scenario.additional, file)))
    command = [find_binary("sumo"), "-n", str(scenario.net), "-a", additional, "--no-step-log", "--no-warnings"]
    window = ["-b", f"{scenario.begin_s:g}", "-e", f"{scenario.begin_s + 1:g}"]
    done = subprocess.run([*command, *window], capture_output=True, text=True, check=False)  # noqa: S603  (our own arguments)
    if done.returncode == 0:
        return None
    return " ".join(line for line in done.stderr.splitlines() if line.startswith("Error")) or "it does not say why"
