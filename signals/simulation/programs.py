"""The programs that a scenario ships, read from its net and additional files.

Here a SUMO "phase" is a display: a state string and a duration. What conventional control makes of them is in
``signals.simulation.conventional``.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sumo_scenarios.manifest import Scenario

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
