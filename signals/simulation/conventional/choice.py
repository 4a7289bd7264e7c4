"""Which conventional programs a run loads: the entrance for ``signals.simulation.run``.

Each controller has a dataclass of settings; the run's parameters are its fields by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from signals.baselines.parameters import with_values
from signals.simulation.conventional.actuated import (
    ActuatedSettings,
    DelayBasedSettings,
    to_actuated,
    to_delay_based,
)
from signals.simulation.conventional.coordinated import CoordinatedSettings, to_coordinated
from signals.simulation.conventional.logic_file import Logic, write_accepted
from signals.simulation.conventional.nema import NemaSettings, to_nema
from signals.simulation.conventional.nema_design import DualRing, design_dual_ring, to_stages
from signals.simulation.conventional.retimed import RetimedSettings, retime, to_retimed
from signals.simulation.conventional.stages import NotConvertible, ShippedProgram, read_shipped
from signals.simulation.conventional.volumes import measure_demand, share_lanes
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from sumo_scenarios.manifest import Scenario


@dataclass(frozen=True, slots=True)
class NoSettings:
    """Fixed time as shipped: there is nothing to set."""


@dataclass(frozen=True, slots=True)
class ConventionalPrograms:
    """The file to load after the net, and what to say of signals: they stay as shipped, or run otherwise, and why."""

    file: Path
    notes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Task:
    scenario: Scenario
    shipped: dict[str, ShippedProgram]
    out_dir: Path
    scale: float


Built = tuple[dict[str, Logic], dict[str, str]]


def _build_actuated(task: _Task, settings: Any) -> Built:
    own = {
        k: "stays as shipped: ships an actuated program of its own" for k, s in task.shipped.items() if s.is_adjustable
    }
    return {k: to_actuated(s, settings) for k, s in task.shipped.items() if k not in own}, own


def _build_delay_based(task: _Task, settings: Any) -> Built:
    return {k: to_delay_based(s, settings) for k, s in task.shipped.items()}, {}


def _build_retimed(task: _Task, settings: Any) -> Built:
    sites = {k: s.site for k, s in task.shipped.items()}
    timings = retime(task.shipped, measure_demand(task.scenario, sites, task.out_dir, task.scale), settings)
    return {k: to_retimed(s, timings[k]) for k, s in task.shipped.items()}, {}


def _build_coordinated(task: _Task, settings: Any) -> Built:
    sites = {k: s.site for k, s in task.shipped.items()}
    demand = measure_demand(task.scenario, sites, task.out_dir, task.scale)
    timings = retime(task.shipped, demand, settings.to_frame())
    return {k: to_coordinated(s, timings[k], settings, task.scenario.begin_s) for k, s in task.shipped.items()}, {}


def _build_nema(task: _Task, settings: Any) -> Built:
    """Dual rings where the place allows it, coordinated stages elsewhere, all in one frame."""
    sites = {k: s.site for k, s in task.shipped.items()}
    demand = measure_demand(task.scenario, sites, task.out_dir, task.scale)
    designs: dict[str, DualRing] = {}
    notes: dict[str, str] = {}
    for signal, shipped in task.shipped.items():
        try:
            volume_vph = share_lanes(shipped.site.intersection, demand.turns_vph.get(signal, {}))
            designs[signal] = design_dual_ring(shipped, volume_vph)
        except NotConvertible as reason:
            notes[signal] = f"runs coordinated on its shipped stages: {reason}"
    framed = {k: to_stages(s, designs[k]) if k in designs else s for k, s in task.shipped.items()}
    timings = retime(framed, demand, settings.to_frame())
    logics = {
        k: to_nema(s, designs[k], timings[k], settings)
        if k in designs
        else to_coordinated(s, timings[k], settings, task.scenario.begin_s)
        for k, s in framed.items()
    }
    return logics, notes


_BUILDERS: Mapping[str, tuple[Any, Callable[[_Task, Any], Built]]] = MappingProxyType(
    {
        "actuated": (ActuatedSettings(), _build_actuated),
        "delay_based": (DelayBasedSettings(), _build_delay_based),
        "retimed": (RetimedSettings(), _build_retimed),
        "coordinated": (CoordinatedSettings(), _build_coordinated),
        "nema": (NemaSettings(), _build_nema),
    }
)
CONVENTIONAL: Mapping[str, Any] = MappingProxyType(
    {"fixed": NoSettings(), **{name: settings for name, (settings, _) in _BUILDERS.items()}}
)
"""The settings of every controller that SUMO plays, by its name, with their defaults."""


def build_programs(
    controller: str, scenario: Scenario, parameters: Mapping[str, Any], out_dir: Path, demand_scale: float = 1.0
) -> ConventionalPrograms | None:
    """The programs of one controller, written to ``out_dir`` and accepted by SUMO; None where none are needed.

    Raises:
        ValueError: a parameter that the controller does not have.
        SimulationError: the demand cannot be counted.
    """
    settings = with_values(CONVENTIONAL[controller], parameters, f"the controller {controller}")
    if controller not in _BUILDERS:
        return None
    programs, sites = read_programs(scenario), read_sites(scenario.net)
    shipped, unchanged = read_shipped(programs, sites, scenario)
    _, build = _BUILDERS[controller]
    logics, kept = build(_Task(scenario, shipped, out_dir, demand_scale), settings)
    file = out_dir / f"{controller}.add.xml"
    refused = write_accepted(scenario, logics, file)
    notes = kept | {signal: f"stays as shipped: {why}" for signal, why in {**unchanged, **refused}.items()}
    return ConventionalPrograms(file, notes)
