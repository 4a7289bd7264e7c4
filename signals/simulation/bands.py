"""Green bands for a scenario: its demand's streams and its plans' splits in, windows by signal out.

This is what a centre does once in a while; the controllers get plain numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from signals.coordination.bands import BandLink, Window, find_bands, list_corridors
from signals.coordination.guidance import BandWindow
from signals.model import Intersection
from signals.simulation.conventional.volumes import EdgePair, list_turns, measure_demand
from signals.simulation.network import Site
from signals.timing_plan import TimingPlan
from sumo_scenarios.manifest import Scenario

MIN_STREAM_VPH = 30.0
MIN_WIDTH_S = 4.0  # two vehicles; a narrower band leads nobody
CYCLES_S = (50.0, 100.0)


def build_bands(
    scenario: Scenario, sites: Mapping[str, Site], plans: Mapping[str, TimingPlan], out_dir: Path, scale: float = 1.0
) -> dict[str, tuple[BandWindow, ...]]:
    """The bands of the scenario's corridors, by signal; signals in no corridor have none.

    Raises:
        SimulationError: SUMO's router refuses the demand.
    """
    demand = measure_demand(scenario, {signal: sites[signal] for signal in plans}, out_dir, scale)
    stage_of: dict[BandLink, tuple[int, int]] = {}
    for stream in demand.streams:
        if stream.volume_vph < MIN_STREAM_VPH or stream.origin not in plans or stream.destination not in plans:
            continue
        leaves = find_green(sites[stream.origin].intersection, plans[stream.origin], stream.origin_turn)
        arrives = find_green(sites[stream.destination].intersection, plans[stream.destination], stream.destination_turn)
        if leaves is None or arrives is None:
            continue
        link = BandLink(stream.origin, stream.destination, stream.travel_s, stream.volume_vph, leaves[1], arrives[1])
        stage_of[link] = leaves[0], arrives[0]
    found: dict[str, list[BandWindow]] = defaultdict(list)
    for corridor in list_corridors(stage_of):
        bands = find_bands(corridor, *CYCLES_S)
        for link, begin_s, width_s in zip(bands.links, bands.begin_s, bands.width_s, strict=True):
            if width_s < MIN_WIDTH_S:
                continue
            leaves_at, arrives_at = stage_of[link]
            left_s = (begin_s - link.travel_s) % bands.cycle_s
            found[link.origin].append(BandWindow(leaves_at, left_s, width_s, bands.cycle_s))
            found[link.destination].append(BandWindow(arrives_at, begin_s, width_s, bands.cycle_s))
    return {signal: tuple(windows) for signal, windows in sorted(found.items())}


def find_green(crossing: Intersection, plan: TimingPlan, turn: EdgePair) -> tuple[int, Window] | None:
    """The longest green of a turn in the plan's own sequence: its first stage, and when it runs, in cycles."""
    movements = set(list_turns(crossing).get(turn, ()))
    best: tuple[int, Window] | None = None
    begins_s = 0.0
    for step in plan.sequence:
        length = step.green_s / plan.cycle_s
        if movements & plan.stages[step.stage].greens and (best is None or length > best[1].length):
            best = step.stage, Window(begins_s / plan.cycle_s, length)
        begins_s += step.green_s + plan.transition_s(step.stage, plan.next_local(step.stage))
    return best
