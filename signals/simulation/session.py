"""One running simulation: steps SUMO and, before each step, our controllers."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

from signals.simulation.connection import SimulationError
from sumo_scenarios.manifest import Scenario

CONTROLLERS_NOT_YET = {"max_pressure", "adaptive"}


class Session:
    """A simulation with its controllers attached; ``fixed`` and ``actuated`` are SUMO's own programs."""

    def __init__(self, sumo: Any, scenario: Scenario, controller: str, out_dir: Path) -> None:
        if CONTROLLERS_NOT_YET & {controller}:
            raise SimulationError(f"{controller} is not built yet.")
        self._sumo = sumo
        self.now_s: float = sumo.simulation.getTime()
        self.notes: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def step(self) -> None:
        """Let one step of traffic pass."""
        self._sumo.simulationStep()
        self.now_s = self._sumo.simulation.getTime()
