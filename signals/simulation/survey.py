"""What is read once of a scenario before a run: programs, intersections, streets, detectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from signals.coordination.streets import Street
from signals.simulation.network import Site, read_sites
from signals.simulation.placement import PlacedDetector, Placement, list_without_advance, place, read_roads
from signals.simulation.programs import Program, read_programs
from signals.simulation.request import RunRequest
from signals.simulation.streets import read_streets

PLACEMENTS: Mapping[str, Placement | None] = {"ideal": None, "loops": Placement(), "video": Placement.video()}


@dataclass(frozen=True, slots=True)
class Survey:
    """The scenario's signals; ``sites`` and what follows are empty where SUMO alone controls."""

    programs: Mapping[str, Program]
    sites: Mapping[str, Site]
    streets: tuple[Street, ...]
    detectors: Mapping[str, tuple[PlacedDetector, ...]]

    def list_without_advance(self) -> list[str]:
        """The entry lanes that are too short for an advance loop."""
        layouts = {signal: tuple(p.detector for p in placed) for signal, placed in self.detectors.items()}
        return [lane for signal, own in layouts.items() for lane in list_without_advance(self.sites[signal], own)]


def survey(request: RunRequest, *, is_controlled: bool) -> Survey:
    """Read the scenario; of a run that SUMO alone controls only the programs."""
    programs = read_programs(request.scenario)
    if not is_controlled:
        return Survey(programs, {}, (), {})
    net = request.scenario.net
    sites = {signal: site for signal, site in read_sites(net).items() if signal in programs}
    streets = read_streets(net, sites)
    placement = PLACEMENTS[request.sensing]
    if placement is None:
        return Survey(programs, sites, streets, {})
    roads = read_roads(net)
    return Survey(programs, sites, streets, {s: place(site, roads, placement) for s, site in sites.items()})
