"""Signal programs as SUMO loads them from an additional file, each checked by SUMO itself."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from signals.simulation.binaries import find_binary
from sumo_scenarios.manifest import Scenario


@dataclass(frozen=True, slots=True)
class Logic:
    """One ``tlLogic``; ``phases`` are the attributes of its displays, in order."""

    signal: str
    kind: str
    phases: tuple[Mapping[str, str], ...]
    offset_s: float = 0.0
    parameters: Mapping[str, str] = field(default_factory=dict)


def write_logics(logics: Iterable[Logic], file: Path) -> None:
    """Write the additional file; its programs replace those of the net."""
    root = ET.Element("additional")
    for logic in logics:
        element = ET.SubElement(
            root,
            "tlLogic",
            id=logic.signal,
            type=logic.kind,
            programID=f"changtong_{logic.kind}",
            offset=f"{logic.offset_s:g}",
        )
        for key, value in logic.parameters.items():
            ET.SubElement(element, "param", key=key, value=value)
        for phase in logic.phases:
            ET.SubElement(element, "phase", dict(phase))
    ET.ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)


def write_accepted(scenario: Scenario, logics: Mapping[str, Logic], file: Path) -> dict[str, str]:
    """Write what SUMO accepts; returns the signals whose programs it refuses, with its words."""
    accepted, refused = dict(logics), dict[str, str]()
    write_logics(accepted.values(), file)
    while accepted and (message := _find_load_error(scenario, file)):
        culprit = max((signal for signal in accepted if f"'{signal}'" in message), key=len, default=None)
        for signal in [culprit] if culprit is not None else list(accepted):
            refused[signal] = f"SUMO refuses the {accepted.pop(signal).kind} program: {message}"
        write_logics(accepted.values(), file)
    return refused


def _find_load_error(scenario: Scenario, file: Path) -> str | None:
    """None where SUMO takes the programs; a process of its own, because libsumo does not survive a failed start."""
    additional = ",".join(map(str, (*scenario.additional, file)))
    command = [find_binary("sumo"), "-n", str(scenario.net), "-a", additional, "--no-step-log", "--no-warnings"]
    window = ["-b", f"{scenario.begin_s:g}", "-e", f"{scenario.begin_s + 1:g}"]
    done = subprocess.run([*command, *window], capture_output=True, text=True, check=False)  # noqa: S603  (our own arguments)
    if done.returncode == 0:
        return None
    return " ".join(line for line in done.stderr.splitlines() if line.startswith("Error")) or "it does not say why"
