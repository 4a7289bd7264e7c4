"""What one simulation is asked to be: scenario, controller and its parameters, seed, sensing, demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from signals.simulation.faults import FaultPlan
from signals.simulation.racks import CabinetRack, InProcessRack
from sumo_scenarios.manifest import Scenario

SENSING = ("ideal", "loops", "video")
CONNECTIONS = ("libsumo", "traci", "gui")


@dataclass(frozen=True, slots=True)
class ControllerInfo:
    """A controller that can be chosen. ``is_ours``: held to the scenario's clearances, not to what it ships."""

    name: str
    title: str
    is_ours: bool


CONTROLLERS: Mapping[str, ControllerInfo] = MappingProxyType(
    {
        info.name: info
        for info in (
            ControllerInfo("fixed", "Fixed time, as shipped", is_ours=False),
            ControllerInfo("retimed", "Fixed time, retimed for the demand", is_ours=False),
            ControllerInfo("actuated", "Actuated, shipped stages", is_ours=False),
            ControllerInfo("delay_based", "Delay-based (SUMO)", is_ours=False),
            ControllerInfo("coordinated", "Coordinated actuated", is_ours=False),
            ControllerInfo("nema", "NEMA dual ring, coordinated", is_ours=False),
            ControllerInfo("max_pressure", "Max-pressure", is_ours=True),
            ControllerInfo("surtrac", "Schedule-driven, Surtrac style", is_ours=True),
            ControllerInfo("adaptive", "Changtong adaptive", is_ours=True),
        )
    }
)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to simulate and where its files go.

    ``sensing`` is ideal, loops or video (a camera at the stop line); ``faults`` is what fails of it and of the mail
    between neighbours. ``parameters`` are the controller's own, by name; ``demand_scale`` multiplies the vehicles.
    ``connection`` is libsumo, traci, or the window of sumo-gui. ``rack`` makes the cabinets of our own controllers,
    which decide each ``control_every_s``.
    """

    scenario: Scenario
    controller: str
    seed: int
    out_dir: Path
    sensing: str = "ideal"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    demand_scale: float = 1.0
    connection: str = "libsumo"
    faults: FaultPlan | None = None
    rack: CabinetRack = field(default_factory=InProcessRack)
    control_every_s: float = 1.0
