"""Fixed time, retimed for the scenario's demand: cycle, splits and offsets on the shipped stages.

The same timing is the frame of the coordinated and of the NEMA controller. A signal may have its own cycle only where
nothing is coordinated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from signals.ports import FloatArray
from signals.simulation.conventional.capacity import LaneLoads, measure_loads
from signals.simulation.conventional.logic_file import Logic
from signals.simulation.conventional.offsets import Coupling, find_offsets, tabulate_wait
from signals.simulation.conventional.splits import estimate_delay, list_cycles, split_greens
from signals.simulation.conventional.stages import ShippedProgram
from signals.simulation.conventional.volumes import Demand, EdgePair, list_turns, share_lanes
from signals.simulation.shipped_plan import to_lamps

MAX_COORDINATED_S = 90.0  # of travel; beyond it a platoon has dissolved
OFFSETS = ("delay", "zero", "shipped")


@dataclass(frozen=True, slots=True)
class RetimedSettings:
    """``cycle_s`` 0 takes that of least delay, times ``cycle_factor``; ``offsets``: least delay, zero, as shipped."""

    cycle_s: int = field(default=0, metadata={"most": 300})
    cycle_factor: float = field(default=1.0, metadata={"least": 0.4, "most": 2.5})
    common_cycle: bool = True
    split_exponent: float = field(default=1.0, metadata={"least": 0.2, "most": 3.0})
    offsets: str = field(default="delay", metadata={"choices": OFFSETS})


@dataclass(frozen=True, slots=True)
class Timing:
    """One signal's fixed times; ``greens_s`` has one entry per stage, ``volume_vph`` one per movement."""

    cycle_s: int
    greens_s: tuple[float, ...]
    offset_s: float
    volume_vph: FloatArray
    has_neighbours: bool


def retime(shipped: Mapping[str, ShippedProgram], demand: Demand, settings: RetimedSettings) -> dict[str, Timing]:
    """Time every signal for the demand."""
    volumes = {
        signal: share_lanes(program.site.intersection, demand.turns_vph.get(signal, {}))
        for signal, program in shipped.items()
    }
    loads = {signal: measure_loads(program, volumes[signal]) for signal, program in shipped.items()}
    cycles_s = _choose_cycles(shipped, loads, settings)
    greens_s = {
        signal: _split(program, loads[signal], cycles_s[signal], settings) for signal, program in shipped.items()
    }
    coupled = {
        name
        for stream in demand.streams
        if stream.travel_s <= MAX_COORDINATED_S and stream.origin in shipped and stream.destination in shipped
        for name in (stream.origin, stream.destination)
        if stream.origin != stream.destination
    }
    offsets_s = _choose_offsets(shipped, demand, cycles_s, greens_s, settings)
    return {
        signal: Timing(cycles_s[signal], greens_s[signal], offsets_s[signal], volumes[signal], signal in coupled)
        for signal in shipped
    }


def to_retimed(shipped: ShippedProgram, timing: Timing) -> Logic:
    """The fixed program with these times."""
    greens = dict(zip(shipped.stages, timing.greens_s, strict=True))
    phases = tuple(
        {"duration": f"{greens.get(k, display.duration_s):g}", "state": display.state}
        for k, display in enumerate(shipped.displays)
    )
    return Logic(shipped.signal, "static", phases, timing.offset_s)


def _choose_cycles(
    shipped: Mapping[str, ShippedProgram], loads: Mapping[str, LaneLoads], settings: RetimedSettings
) -> dict[str, int]:
    """By least delay, times the factor; in common for all signals, or each its own."""
    groups = [tuple(shipped)] if settings.common_cycle else [(signal,) for signal in shipped]
    chosen: dict[str, int] = {}
    for group in groups:
        shortest_s = max((shipped[signal].shortest_cycle_s for signal in group), default=0.0)
        cycle_s = settings.cycle_s
        if cycle_s == 0:
            tried = list_cycles(shortest_s)
            cycle_s = min(tried, key=lambda c: sum(_delay(shipped[k], loads[k], c, settings) for k in group))
            cycle_s = round(cycle_s * settings.cycle_factor)
        chosen |= dict.fromkeys(group, max(cycle_s, int(np.ceil(shortest_s))))
    return chosen


def _split(program: ShippedProgram, loads: LaneLoads, cycle_s: int, settings: RetimedSettings) -> tuple[float, ...]:
    """The greens of one signal; the longest takes what is missing to whole seconds."""
    greens_s = split_greens(loads, int(cycle_s - program.lost_s + 1e-9), program.min_s, settings.split_exponent)
    missing_s = cycle_s - program.lost_s - sum(greens_s)
    longest = greens_s.index(max(greens_s))
    return tuple(g + (missing_s if k == longest else 0.0) for k, g in enumerate(greens_s))


def _delay(program: ShippedProgram, loads: LaneLoads, cycle_s: int, settings: RetimedSettings) -> float:
    return estimate_delay(loads, _split(program, loads, cycle_s, settings), cycle_s)


def list_greens(shipped: ShippedProgram, greens_s: tuple[float, ...], cycle_s: int) -> npt.NDArray[np.bool_]:
    """Each movement's green by second of the cycle that begins with the first display."""
    greens = dict(zip(shipped.stages, greens_s, strict=True))
    shown = np.zeros((len(shipped.site.intersection.movements), cycle_s), np.bool_)
    at_s = 0.0
    for k, display in enumerate(shipped.displays):
        until_s = at_s + greens.get(k, display.duration_s)
        seconds = [t % cycle_s for t in range(round(at_s), round(until_s))]
        for m, lamp in enumerate(to_lamps(display.state, shipped.site)):  # also while only pedestrians clear
            if lamp.is_green:
                shown[m, seconds] = True
        at_s = until_s
    return shown


def _choose_offsets(
    shipped: Mapping[str, ShippedProgram],
    demand: Demand,
    cycles_s: Mapping[str, int],
    greens_s: Mapping[str, tuple[float, ...]],
    settings: RetimedSettings,
) -> dict[str, float]:
    if settings.offsets == "shipped":
        return {signal: program.offset_s for signal, program in shipped.items()}
    cycle_s = max(cycles_s.values(), default=0)
    if settings.offsets == "zero" or len(set(cycles_s.values())) != 1:
        return dict.fromkeys(shipped, 0.0)
    shown = {signal: list_greens(program, greens_s[signal], cycle_s) for signal, program in shipped.items()}
    turns = {signal: list_turns(program.site.intersection) for signal, program in shipped.items()}

    def green(signal: str, turn: EdgePair) -> npt.NDArray[np.bool_]:
        return np.logical_or.reduce(shown[signal][turns[signal][turn]], axis=0)  # type: ignore[no-any-return]

    couplings = [
        Coupling(s.origin, s.destination, tabulate_wait(
            green(s.origin, s.origin_turn), green(s.destination, s.destination_turn), s.travel_s, s.volume_vph
        ))
        for s in demand.streams
        if s.travel_s <= MAX_COORDINATED_S and s.origin != s.destination
        and s.origin in shipped and s.destination in shipped
    ]  # fmt: skip
    return {signal: float(o) for signal, o in find_offsets(tuple(shipped), couplings, cycle_s).items()}
