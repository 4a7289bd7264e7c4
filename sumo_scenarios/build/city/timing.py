"""Plans of a period: splits that make the fullest lane as little full as can be, a common cycle, green bands.

Splits: for every lane the greens that serve it must carry its volume; CP-SAT maximises by how much all volumes could
grow (the reciprocal is the ratio of volume to capacity), walk and clearance being lower bounds. The cycle is the one
of 60, 70, ... 120 s with the least delay by Webster's formula. Offsets: the widest two-way band along the arterials
(``sumo_scenarios.build.plans``), then street by street where the platoons meet green.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from sumo_scenarios.build.city.layout import District, Turn
from sumo_scenarios.build.city.links import Link, Signal
from sumo_scenarios.build.city.offsets import Windows, find_all_offsets
from sumo_scenarios.build.city.stage_times import Timed
from sumo_scenarios.build.city.staging import Stage
from sumo_scenarios.build.plans import CRITICAL_GAP_S, FOLLOW_UP_S

Volumes = Mapping[tuple[str, str, str], float]

SATURATION_VPH = 1750
CYCLES_S = range(60, 121, 10)
_TURN_FACTOR = {Turn.LEFT: 0.93, Turn.THROUGH: 1.0, Turn.RIGHT: 0.87}  # HCM 6 chapter 19
_YIELD_TO_WALKERS = 0.85
_SNEAKERS_VPC = 1.5  # who turns left while the yellow runs, HCM 6 chapter 31


@dataclass(frozen=True, slots=True)
class Plan:
    """Greens by stage (pedestrian clearance included), and when the first stage begins in the cycle."""

    cycle_s: int
    greens_s: tuple[int, ...]
    offset_s: int
    load: float


@dataclass(frozen=True, slots=True)
class _LaneLoad:
    volume_vph: float
    rates_vph: tuple[float, ...]  # by stage
    extra_vpc: float  # vehicles a cycle beyond


def _list_lanes(timed: Timed, volumes: Volumes, cycle_s: int) -> list[_LaneLoad]:
    signal = timed.signal
    lanes: dict[tuple[str, int], list[Link]] = {}
    for link in signal.links:
        if not link.is_crossing:
            lanes.setdefault((link.leg, link.lane), []).append(link)
    shares = {
        (leg, lane, link.end): volumes.get((leg, signal.name, link.end), 0.0)
        / sum(other.leg == leg and other.end == link.end for other in signal.links)
        for (leg, lane), links in lanes.items()
        for link in links
    }
    found = []
    for (leg, lane), links in lanes.items():
        volume = sum(shares[leg, lane, link.end] for link in links)
        if volume < 1:
            continue
        rates = []
        extra = 0.0
        for stage, times in zip(timed.stages, timed.times, strict=True):
            need = sum(
                shares[leg, lane, link.end] / rate
                if (rate := _get_rate_vph(signal, stage, link, volumes))
                else math.inf
                for link in links
                if shares[leg, lane, link.end] > 0
            )
            rates.append(0.0 if math.isinf(need) else volume / need)
            lefts = [link for link in links if stage.state[link.number] == "g" and link.turn is Turn.LEFT]
            for link in lefts:
                share = shares[leg, lane, link.end] / volume
                blocked_s = min(_get_blocked_s(signal, stage, link, volumes, cycle_s), times.least_s)
                extra += share * (_SNEAKERS_VPC - blocked_s * rates[-1] / 3600)
        found.append(_LaneLoad(volume, tuple(rates), extra))
    return found


def _get_rate_vph(signal: Signal, stage: Stage, link: Link, volumes: Volumes) -> float:
    """Vehicles per hour of green on one link while a stage lasts."""
    letter = stage.state[link.number]
    if letter == "r" or link.turn is None:
        return 0.0
    rate_vph = SATURATION_VPH * _TURN_FACTOR[link.turn]
    if letter == "G":
        return rate_vph
    foes = [b for b in signal.links if stage.state[b.number] in "Gg" and b is not link and signal.is_foe(link, b)]
    if any(foe.is_crossing for foe in foes):
        rate_vph *= _YIELD_TO_WALKERS
    against_vph = sum(_list_opposing(signal, link, foes, volumes).values())
    if against_vph < 1:
        return rate_vph
    per_s = against_vph / 3600
    return min(rate_vph, 3600 * per_s * math.exp(-per_s * CRITICAL_GAP_S) / (1 - math.exp(-per_s * FOLLOW_UP_S)))


def _list_opposing(signal: Signal, link: Link, foes: Sequence[Link], volumes: Volumes) -> dict[tuple[str, int], float]:
    """Vehicles per hour and lane of those to whom a link gives way."""
    found: dict[tuple[str, int], float] = {}
    for b in foes:
        if not b.is_crossing and signal.yields(link, b):
            among = sum(other.leg == b.leg and other.end == b.end for other in signal.links)
            share_vph = volumes.get((b.leg, signal.name, b.end), 0.0) / among
            found[b.leg, b.lane] = found.get((b.leg, b.lane), 0.0) + share_vph
    return found


def _get_blocked_s(signal: Signal, stage: Stage, link: Link, volumes: Volumes, cycle_s: int) -> float:
    """How long the queue that a red has collected keeps a permitted left turn from going, HCM 6 chapter 31."""
    foes = [b for b in signal.links if stage.state[b.number] in "Gg" and b is not link and signal.is_foe(link, b)]
    fullest_vph = max(_list_opposing(signal, link, foes, volumes).values(), default=0.0)
    return 3600 / SATURATION_VPH * fullest_vph / 3600 * cycle_s


def split(timed: Timed, volumes: Volumes, cycle_s: int) -> tuple[tuple[int, ...], float] | None:
    """Greens by stage, and volume to capacity in the fullest lane; None where the cycle is too short."""
    green_s = cycle_s - sum(times.lost_s for times in timed.times)
    if green_s < sum(times.least_s for times in timed.times):
        return None
    model = cp_model.CpModel()
    greens = [model.new_int_var(times.least_s, green_s, f"g{k}") for k, times in enumerate(timed.times)]
    model.add(sum(greens) == green_s)
    growth = model.new_int_var(0, 100_000, "growth")  # thousandths
    for lane in _list_lanes(timed, volumes, cycle_s):
        # a second of yellow is used, a second of green is lost: displayed and effective green are about equal
        served = sum(round(1000 * rate) * green for rate, green in zip(lane.rates_vph, greens, strict=True))
        extra = round(1000 * 3600 * lane.extra_vpc)
        model.add(served + extra >= growth * round(lane.volume_vph * cycle_s))
    spare = model.new_int_var(0, green_s, "spare")  # what is over goes to the street of the first stages
    model.add(spare <= sum(greens[: max(1, len(greens) // 2)]))
    model.maximize(1000 * growth + spare)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    if solver.solve(model) != cp_model.OPTIMAL:
        raise RuntimeError(f"{timed.signal.name}: no splits found")
    return tuple(int(solver.value(green)) for green in greens), 1000 / max(1, solver.value(growth))


def get_delay_s(timed: Timed, volumes: Volumes, cycle_s: int, greens_s: Sequence[int]) -> float:
    """Vehicle-seconds of delay an hour: uniform and random part (Webster 1958, in the form of HCM 6)."""
    total = 0.0
    for lane in _list_lanes(timed, volumes, cycle_s):
        served = [g if rate > 0 else 0 for g, rate in zip(greens_s, lane.rates_vph, strict=True)]
        capacity = sum(r * g for r, g in zip(lane.rates_vph, greens_s, strict=True)) / cycle_s
        capacity += 3600 * lane.extra_vpc / cycle_s
        x, share = lane.volume_vph / max(1.0, capacity), sum(served) / cycle_s
        uniform_s = 0.5 * cycle_s * (1 - share) ** 2 / (1 - min(1.0, x) * share)
        random_s = 900 * 0.5 * ((x - 1) + math.sqrt((x - 1) ** 2 + 8 * 0.5 * x / (max(1.0, capacity) * 0.5)))
        total += lane.volume_vph * (uniform_s + random_s)
    return total


def build_plans(district: District, signals: Mapping[str, Timed], volumes: Volumes) -> dict[str, Plan]:
    """One plan per signal with a common cycle."""
    best: tuple[float, int, dict[str, tuple[tuple[int, ...], float]]] | None = None
    for cycle_s in CYCLES_S:
        found = {name: split(timed, volumes, cycle_s) for name, timed in signals.items()}
        complete = {name: pair for name, pair in found.items() if pair is not None}
        if len(complete) < len(signals):
            continue
        delay_s = sum(get_delay_s(signals[name], volumes, cycle_s, pair[0]) for name, pair in complete.items())
        if best is None or delay_s < best[0]:
            best = delay_s, cycle_s, complete
    if best is None:
        raise RuntimeError(f"no cycle up to {CYCLES_S[-1]} s has room for the shortest greens")
    _, cycle_s, splits = best
    windows = Windows(signals, {name: greens for name, (greens, _) in splits.items()}, cycle_s)
    offsets = find_all_offsets(district, windows, volumes)
    return {name: Plan(cycle_s, greens, offsets[name], load) for name, (greens, load) in splits.items()}
