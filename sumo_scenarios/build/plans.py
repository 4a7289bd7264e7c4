"""Fixed signal programs: Webster's cycle and splits, and offsets with the widest two-way green band.

Webster (1958): C = (1.5 L + 5) / (1 - Y), green in proportion to each stage's critical flow ratio. The
design volume of a movement is its highest over the periods: one plan serves both peaks, as a signal with
a single daytime plan does. Bands: MAXBAND (Little, Kelson, Gartner 1981), in whole seconds with CP-SAT.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ortools.sat.python import cp_model

from sumo_scenarios.build.demand import get_volumes
from sumo_scenarios.build.nets import Streets
from sumo_scenarios.build.streets import Stage, Turn

SATURATION_VPH = 1800.0  # per lane; SUMO's default car-following discharges a little more
RIGHT_TURN_FACTOR, LEFT_TURN_FACTOR = 0.85, 0.95  # HCM 6 chapter 19: turning slows the discharge
START_UP_LOSS_S = 2  # HCM 6 chapter 19
CRITICAL_GAP_S, FOLLOW_UP_S = 4.5, 2.5  # permissive left turn, HCM 6 exhibit 19-28
PROGRESSION_MPS = 12.5  # a platoon at a 50 km/h limit
MIN_CYCLE_S, MAX_CYCLE_S = 60, 120

Volumes = Mapping[tuple[str, str, str], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Plan:
    """Cycle, green of each stage in order, and offset of one signal, in seconds."""

    cycle_s: int
    greens_s: tuple[int, ...]
    offset_s: int = 0


def _flow(volumes: Volumes, movement: tuple[str, str, str]) -> float:
    return max(volumes[movement].values(), default=0.0) if movement in volumes else 0.0


def _permissive_saturation_vph(opposing_vph: float) -> float:
    """Gap acceptance: how many yielding vehicles per hour fit into an opposing flow."""
    if opposing_vph < 1:
        return SATURATION_VPH
    per_s = opposing_vph / 3600
    return opposing_vph * math.exp(-per_s * CRITICAL_GAP_S) / (1 - math.exp(-per_s * FOLLOW_UP_S))


def get_stage_ratio(streets: Streets, volumes: Volumes, signal: str, stage: Stage) -> float:
    """The critical flow ratio of a stage: the fullest lane group of its approaches."""
    ratios = [0.0]
    everywhere_protected = frozenset[Turn]().union(
        *(s.protected for s in streets.design.stages if s.axis is stage.axis)
    )
    for start in streets.approaches(signal):
        if streets.axis(start, signal) is not stage.axis:
            continue
        flow = {
            streets.turn(start, signal, end): _flow(volumes, (start, signal, end))
            for end in streets.approaches(signal)
            if end != start
        }
        through_lanes = len(streets.lanes_for(start, signal, Turn.STRAIGHT))
        if Turn.STRAIGHT in stage.protected:
            through = flow.get(Turn.STRAIGHT, 0.0) + flow.get(Turn.RIGHT, 0.0) / RIGHT_TURN_FACTOR
            ratios.append(through / (through_lanes * SATURATION_VPH))
        left = flow.get(Turn.LEFT, 0.0) / LEFT_TURN_FACTOR
        if Turn.LEFT in stage.protected:
            ratios.append(left / SATURATION_VPH)
        elif Turn.LEFT in stage.permissive and Turn.LEFT not in everywhere_protected:
            opposing = [
                _flow(volumes, (other, signal, start))
                for other in streets.approaches(signal)
                if other != start and streets.turn(other, signal, start) is Turn.STRAIGHT
            ]
            ratios.append(left / _permissive_saturation_vph(sum(opposing)))
    return max(ratios)


def get_webster_cycle_s(ratios: Sequence[float], lost_s: float) -> int:
    """Webster's cycle, to the next ten seconds, within what is used in streets."""
    load = min(sum(ratios), 0.95)
    cycle_s = (1.5 * lost_s + 5) / (1 - load)
    return int(min(max(math.ceil(cycle_s / 10) * 10, MIN_CYCLE_S), MAX_CYCLE_S))


def split_greens(ratios: Sequence[float], green_s: int, min_green_s: int) -> tuple[int, ...]:
    """Share ``green_s`` out in proportion to the ratios, no stage under its minimum, whole seconds."""
    greens = [min_green_s] * len(ratios)
    for _ in range(green_s - sum(greens)):
        # the stage with the least green for its load gets the next second
        neediest = max(range(len(ratios)), key=lambda i: (ratios[i] / (greens[i] - START_UP_LOSS_S), -i))
        greens[neediest] += 1
    return tuple(greens)


def find_offsets(distances_s: Sequence[int], greens_s: Sequence[int], cycle_s: int) -> tuple[int, ...]:
    """Offsets of the first stage's green along an arterial that give the widest band, both ways together.

    ``distances_s`` is the travel time from the first signal. Ties go to the smallest offsets, so that
    the answer is the same on every machine.
    """
    model = cp_model.CpModel()
    offsets = [model.new_int_var(0, cycle_s - 1, f"offset{i}") for i in range(len(greens_s))]
    model.add(offsets[0] == 0)
    widths = []
    for way, sign in (("out", 1), ("in", -1)):
        start = model.new_int_var(-cycle_s, cycle_s, f"{way}_start")
        width = model.new_int_var(-cycle_s, min(greens_s), f"{way}_width")  # below 0: no band
        for i, green_s in enumerate(greens_s):
            lap = model.new_int_var(-20, 20, f"{way}_lap{i}")
            arrival = start + sign * distances_s[i] - lap * cycle_s
            model.add(arrival >= offsets[i])
            model.add(arrival + width <= offsets[i] + green_s)
        widths.append(width)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    # the narrower band first, then both together, then the smallest offsets
    narrower = model.new_int_var(-cycle_s, cycle_s, "narrower")
    model.add(narrower <= widths[0])
    model.add(narrower <= widths[1])
    model.maximize(100_000 * (narrower + sum(widths)) - sum((i + 1) * o for i, o in enumerate(offsets)))
    if solver.solve(model) != cp_model.OPTIMAL:
        raise RuntimeError("no offsets found within the solver's time")
    return tuple(int(solver.value(o)) for o in offsets)


def build_plans(streets: Streets) -> dict[str, Plan]:
    """One plan per signal: a common cycle, Webster's splits, offsets along each arterial."""
    design = streets.design
    volumes = get_volumes(streets)
    lost_s = len(design.stages) * (design.yellow_s + design.all_red_s)
    ratios = {
        node.name: [get_stage_ratio(streets, volumes, node.name, stage) for stage in design.stages]
        for node in design.nodes
        if node.is_signalled
    }
    cycle_s = design.cycle_s or max(get_webster_cycle_s(r, lost_s) for r in ratios.values())
    greens = {name: split_greens(r, cycle_s - lost_s, design.min_green_s) for name, r in ratios.items()}
    offsets = dict.fromkeys(ratios, 0)
    for arterial in design.arterials:
        places = [streets.node[name] for name in arterial]
        distances_s = [
            round(math.hypot(p.x_m - places[0].x_m, p.y_m - places[0].y_m) / PROGRESSION_MPS) for p in places
        ]
        found = find_offsets(distances_s, [greens[name][0] for name in arterial], cycle_s)
        offsets.update(zip(arterial, found, strict=True))
    return {name: Plan(cycle_s, greens[name], offsets[name]) for name in ratios}


def _read_links(streets: Streets, net: Path) -> dict[str, list[tuple[str, Turn]]]:
    """For each signal: the approach's first node and the turn of every link index."""
    found: dict[str, dict[int, tuple[str, Turn]]] = {}
    for connection in ET.parse(net).getroot().iter("connection"):  # noqa: S314  (written by netconvert just now)
        signal = connection.get("tl")
        if signal is None:
            continue
        start = connection.attrib["from"].split("_")[0]
        end = connection.attrib["to"].removesuffix(".far").split("_")[1]
        turn = streets.turn(start, signal, end)
        found.setdefault(signal, {})[int(connection.attrib["linkIndex"])] = (start, turn)
    return {signal: [links[i] for i in range(len(links))] for signal, links in found.items()}


def _green_state(streets: Streets, signal: str, stage: Stage, links: Sequence[tuple[str, Turn]]) -> str:
    state = ""
    for start, turn in links:
        is_here = streets.axis(start, signal) is stage.axis
        state += "G" if is_here and turn in stage.protected else "g" if is_here and turn in stage.permissive else "r"
    return state


def _with_lost_greens(state: str, following: str, letter: str) -> str:
    return "".join(
        a if a == "r" or b in "Gg" else letter  # a green that goes on stays green
        for a, b in zip(state, following, strict=True)
    )


def _program_lines(streets: Streets, signal: str, plan: Plan, links: Sequence[tuple[str, Turn]]) -> list[str]:
    design = streets.design
    lines = [f'    <tlLogic id="{signal}" type="static" programID="0" offset="{plan.offset_s}">']
    greens = [_green_state(streets, signal, stage, links) for stage in design.stages]
    for i, state in enumerate(greens):
        following = greens[(i + 1) % len(greens)]
        lines.append(f'        <phase duration="{plan.greens_s[i]}" state="{state}"/>')
        for duration_s, letter in ((design.yellow_s, "y"), (design.all_red_s, "r")):
            lines.append(
                f'        <phase duration="{duration_s}" state="{_with_lost_greens(state, following, letter)}"/>'
            )
    return [*lines, "    </tlLogic>"]


def write_programs(streets: Streets, default_net: Path, path: Path) -> dict[str, Plan]:
    """Write the plans as netconvert's tll.xml; returns them for the README's figures."""
    plans = build_plans(streets)
    links = _read_links(streets, default_net)
    lines = [line for name in sorted(plans) for line in _program_lines(streets, name, plans[name], links[name])]
    path.write_text("<tlLogics>\n" + "\n".join(lines) + "\n</tlLogics>\n", encoding="utf-8")
    return plans
