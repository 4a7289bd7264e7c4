"""A shipped program as conventional control sees it: which displays are stages, and how long each may last.

All displays keep their order; only stages are retimed. A display with a green and no yellow is a stage unless it
is part of an intergreen: nothing starts in it, and only pedestrians have ended or it is short and of fixed length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from signals.model import RoadUser
from signals.simulation.network import Site
from signals.simulation.programs import Display, Program
from signals.timing_plan import MIN_WALK_S, WALKING_SPEED_MPS
from sumo_scenarios.manifest import Scenario

MAX_GREEN_S = 50.0  # what the literature's actuated baselines take where nothing is shipped
_SHORTEST_STAGE_S = 5.0
_GREENS = frozenset("Gg")


class NotConvertible(Exception):  # noqa: N818  (reads as the fact it reports)
    """A program that stays as shipped; the message says why."""


@dataclass(frozen=True, slots=True)
class ShippedProgram:
    """A program with its stages: ``stages`` are positions in ``displays``, the bounds have one entry per stage."""

    signal: str
    site: Site
    displays: tuple[Display, ...]
    offset_s: float
    stages: tuple[int, ...]
    min_s: tuple[float, ...]
    max_s: tuple[float, ...]
    is_adjustable: bool

    @property
    def lost_s(self) -> float:
        """What all intergreens of a cycle take."""
        return sum(d.duration_s for k, d in enumerate(self.displays) if k not in self.stages)

    @property
    def shortest_cycle_s(self) -> float:
        """The cycle with every stage at its minimum."""
        return self.lost_s + sum(self.min_s)


def read_shipped(
    programs: Mapping[str, Program], sites: Mapping[str, Site], scenario: Scenario
) -> tuple[dict[str, ShippedProgram], dict[str, str]]:
    """Every program that can be retimed, and why the others cannot."""
    found: dict[str, ShippedProgram] = {}
    unchanged: dict[str, str] = {}
    for signal, program in programs.items():
        if signal not in sites:
            unchanged[signal] = "controls no link of the net"
            continue
        try:
            found[signal] = to_shipped(program, sites[signal], scenario)
        except NotConvertible as reason:
            unchanged[signal] = str(reason)
    return found, unchanged


def to_shipped(program: Program, site: Site, scenario: Scenario) -> ShippedProgram:
    """Mark the stages of one program.

    Raises:
        NotConvertible: fewer than two stages, displays shorter than the links, or no program of displays at all.
    """
    displays = program.displays
    if program.kind == "NEMA":
        raise NotConvertible("ships a NEMA program of its own")
    if not displays or min(len(d.state) for d in displays) <= max(site.links):
        raise NotConvertible(f"its program has no displays for all {max(site.links) + 1} links")
    walkers = frozenset(
        number
        for m, number in zip(site.intersection.movements, site.links, strict=True)
        if m.user is RoadUser.PEDESTRIAN
    )
    stages = tuple(k for k, d in enumerate(displays) if d.is_green and not _is_clearance(displays, k, walkers))
    if len(stages) < 2:
        raise NotConvertible(f"has {len(stages)} green without a yellow; there is nothing to time")
    walks_s = {
        number: m.crossing_m / WALKING_SPEED_MPS
        for m, number in zip(site.intersection.movements, site.links, strict=True)
        if number in walkers
    }
    min_s = tuple(_min_green_s(displays, k, walks_s, scenario) for k in stages)
    max_s = tuple(max(least, displays[k].max_s or MAX_GREEN_S) for k, least in zip(stages, min_s, strict=True))
    is_adjustable = any(d.min_s is not None and d.max_s is not None and d.min_s < d.max_s for d in displays)
    return ShippedProgram(
        program.signal, site, displays, program.offset_s, stages, min_s, max_s,
        is_adjustable=program.kind == "actuated" and is_adjustable,
    )  # fmt: skip


def _is_clearance(displays: tuple[Display, ...], k: int, walkers: Iterable[int]) -> bool:
    before, display = displays[k - 1].state, displays[k]
    changed = {i for i, (a, b) in enumerate(zip(before, display.state, strict=False)) if a != b}
    starts = any(display.state[i] in _GREENS and before[i] != "G" for i in changed)
    if starts or not changed:
        return False
    is_short = display.min_s is None and display.duration_s < _SHORTEST_STAGE_S
    return is_short or changed <= set(walkers)


def _min_green_s(displays: tuple[Display, ...], k: int, walks_s: Mapping[int, float], scenario: Scenario) -> float:
    """As shipped; else the scenario's, and time to walk. Where pedestrians lose their green with the vehicles, they
    have to get over within the stage.
    """
    display = displays[k]
    if display.min_s is not None:
        return display.min_s
    after = displays[(k + 1) % len(displays)].state
    least_s = scenario.min_green_s
    for number, walk_s in walks_s.items():
        if display.state[number] in _GREENS and after[number] not in _GREENS:
            is_cleared = "y" not in after.lower()  # a display of pedestrian clearance follows
            least_s = max(least_s, MIN_WALK_S + (0.0 if is_cleared else walk_s))
    return min(least_s, display.duration_s)
