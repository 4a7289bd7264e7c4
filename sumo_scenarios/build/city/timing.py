"""Plans of a period: splits that make the fullest lane as little full as can be, a common cycle, green bands.

Splits: for every lane the greens that serve it must carry its volume; CP-SAT maximises by how much all volumes could
grow (the reciprocal is the ratio of volume to capacity), walk and clearance being lower bounds. The cycle is the one
of 60, 65, ... 120 s with the least delay by Webster's formula. Offsets: the widest two-way band along the arterials
(``sumo_scenarios.build.plans``), then street by street where the platoons meet green.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from sumo_scenarios.build.city.layout import District, Turn
from sumo_scenarios.build.city.links import Link, Signal
from sumo_scenarios.build.city.staging import Stage
from sumo_scenarios.build.plans import CRITICAL_GAP_S, FOLLOW_UP_S, find_offsets

Volumes = Mapping[tuple[str, str, str], float]

SATURATION_VPH = 1750
WALK_S, SHORT_WALK_S, WALKING_MPS = 7, 5, 1.07  # MUTCD 2009 section 4E.06: 7 s, 4 s where few walk; 3.5 ft/s
MIN_GREEN_S, MIN_LEFT_S, MAX_GREEN_S = 7, 5, 60
ALL_RED_S = 2
CYCLES_S = range(60, 121, 5)
_TURN_FACTOR = {Turn.LEFT: 0.93, Turn.THROUGH: 1.0, Turn.RIGHT: 0.87}  # HCM 6 chapter 19
_YIELD_TO_WALKERS = 0.85
_SNEAKERS_VPC = 1.5  # who turns left while the yellow runs, HCM 6 chapter 31


@dataclass(frozen=True, slots=True)
class StageTimes:
    """What surrounds and bounds the green of one stage, in seconds."""

    walk_s: int
    ped_clearance_s: int
    yellow_s: int
    all_red_s: int
    min_green_s: int

    @property
    def least_s(self) -> int:
        """The shortest green, walk and pedestrian clearance included."""
        return max(self.min_green_s, self.walk_s + self.ped_clearance_s)

    @property
    def lost_s(self) -> int:
        """Yellow and red."""
        return self.yellow_s + self.all_red_s


@dataclass(frozen=True, slots=True)
class Plan:
    """Greens by stage (pedestrian clearance included), and when the first stage begins in the cycle."""

    cycle_s: int
    greens_s: tuple[int, ...]
    offset_s: int
    load: float


@dataclass(frozen=True, slots=True)
class Timed:
    """A signal with its stages and their fixed times."""

    signal: Signal
    stages: tuple[Stage, ...]
    times: tuple[StageTimes, ...]

    def starts_s(self, greens_s: Sequence[int]) -> list[int]:
        """When each stage begins, from the beginning of the first."""
        ends = [green + times.lost_s for green, times in zip(greens_s, self.times, strict=True)]
        return [sum(ends[:k]) for k in range(len(ends))]


def get_times(district: District, signal: Signal, stages: tuple[Stage, ...]) -> Timed:
    """Walk, clearances, yellow (by the speed of the street) and red of each stage."""
    found = []
    for stage in stages:
        green = [signal.links[k] for k in stage.greens()]
        walks = [link.length_m for link in green if link.is_crossing]
        legs = {link.leg for link in green if not link.is_crossing}
        speed_mps = max(district.ways[leg, signal.name].speed_mps for leg in legs)
        is_turning = all(link.turn is not Turn.THROUGH for link in green if not link.is_crossing)
        is_wide = len(district.legs(signal.name)) > 4
        found.append(
            StageTimes(
                walk_s=0 if not walks else WALK_S if max(walks) > 12 else SHORT_WALK_S,
                ped_clearance_s=math.ceil(max(walks, default=0.0) / WALKING_MPS),
                yellow_s=4 if speed_mps > 12 and not is_turning else 3,
                all_red_s=ALL_RED_S + is_wide,
                min_green_s=MIN_LEFT_S if stage.kind == "left" else MIN_GREEN_S,
            )
        )
    return Timed(signal, stages, tuple(found))


@dataclass(frozen=True, slots=True)
class _LaneLoad:
    volume_vph: float
    rates_vph: tuple[float, ...]  # by stage
    extra_vpc: float  # vehicles a cycle beyond


def _list_lanes(timed: Timed, volumes: Volumes) -> list[_LaneLoad]:
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
        for stage in timed.stages:
            need = sum(
                shares[leg, lane, link.end] / rate
                if (rate := _get_rate_vph(signal, stage, link, volumes))
                else math.inf
                for link in links
                if shares[leg, lane, link.end] > 0
            )
            rates.append(0.0 if math.isinf(need) else volume / need)
            if any(stage.state[link.number] == "g" and link.turn is Turn.LEFT for link in links):
                left = sum(shares[leg, lane, link.end] for link in links if link.turn is Turn.LEFT)
                extra = max(extra, _SNEAKERS_VPC * min(1.0, left / volume))
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
    opposing = {(b.leg, b.end) for b in foes if not b.is_crossing and signal.yields(link, b)}
    against_vph = sum(volumes.get((leg, signal.name, end), 0.0) for leg, end in opposing)
    if against_vph < 1:
        return rate_vph
    per_s = against_vph / 3600 * 1.8  # the opposing flow comes in about 55 % of the time, while this stage lasts
    return min(rate_vph, 3600 * per_s * math.exp(-per_s * CRITICAL_GAP_S) / (1 - math.exp(-per_s * FOLLOW_UP_S)))


def split(timed: Timed, volumes: Volumes, cycle_s: int) -> tuple[tuple[int, ...], float] | None:
    """Greens by stage, and volume to capacity in the fullest lane; None where the cycle is too short."""
    green_s = cycle_s - sum(times.lost_s for times in timed.times)
    if green_s < sum(times.least_s for times in timed.times):
        return None
    model = cp_model.CpModel()
    greens = [model.new_int_var(times.least_s, green_s, f"g{k}") for k, times in enumerate(timed.times)]
    model.add(sum(greens) == green_s)
    growth = model.new_int_var(0, 100_000, "growth")  # thousandths
    for lane in _list_lanes(timed, volumes):
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
    for lane in _list_lanes(timed, volumes):
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
    offsets = _find_all_offsets(district, signals, volumes, cycle_s, {name: pair[0] for name, pair in splits.items()})
    return {name: Plan(cycle_s, greens, offsets[name], load) for name, (greens, load) in splits.items()}


def _get_window(timed: Timed, greens_s: Sequence[int], leg: str, end: str) -> tuple[int, int]:
    """Begin and length of the time in which a movement has its main green, from the beginning of the first stage."""
    numbers = [link.number for link in timed.signal.links if link.leg == leg and link.end == end]
    starts = timed.starts_s(greens_s)
    serving = [k for k, stage in enumerate(timed.stages) if stage.state[numbers[0]] in "Gg"]
    first = serving[0]
    last = first
    while last + 1 in serving:
        last += 1
    return starts[first], starts[last] + greens_s[last] - starts[first]


def _find_all_offsets(
    district: District,
    signals: Mapping[str, Timed],
    volumes: Volumes,
    cycle_s: int,
    greens: Mapping[str, Sequence[int]],
) -> dict[str, int]:
    """Begin of each signal's first stage in the cycle."""
    offsets: dict[str, int] = {}
    for chain in district.bands:
        windows = []
        for k, name in enumerate(chain):
            before = (
                chain[k - 1]
                if k
                else next(g for g in district.legs(name) if g not in signals and g[1] == chain[0][_fixed(chain)])
            )
            after = (
                chain[k + 1]
                if k + 1 < len(chain)
                else next(g for g in district.legs(name) if g not in signals and g[1] == chain[0][_fixed(chain)])
            )
            begin, length = _get_window(signals[name], greens[name], before, after)
            other_begin, other_length = _get_window(signals[name], greens[name], after, before)
            start = max(begin, other_begin)
            windows.append((start, min(begin + length, other_begin + other_length) - start))
        times_s = [0]
        for a, b in zip(chain, chain[1:], strict=False):
            times_s.append(times_s[-1] + round(district.length_m(a, b) / district.ways[a, b].speed_mps))
        starts = find_offsets(times_s, [length for _, length in windows], cycle_s)
        own = [(start - begin) % cycle_s for start, (begin, _) in zip(starts, windows, strict=True)]
        shift = next((offsets[name] - o for name, o in zip(chain, own, strict=True) if name in offsets), 0)
        for name, offset in zip(chain, own, strict=True):
            offsets.setdefault(name, (offset + shift) % cycle_s)
    fixed = set(offsets)
    order = [name for chain in district.one_way_bands for name in chain] + sorted(signals)
    for _ in range(3):
        for name in dict.fromkeys(order):
            if name not in fixed:
                offsets[name] = min(
                    range(cycle_s),
                    key=lambda o: (
                        round(_get_stops(district, signals, volumes, cycle_s, greens, offsets, name, o), 6),
                        o,
                    ),
                )
    return offsets


def _fixed(chain: tuple[str, ...]) -> int:
    """Which letter of the names stays the same along a chain."""
    return 0 if chain[0][0] == chain[1][0] else 1


def _get_stops(
    district: District,
    signals: Mapping[str, Timed],
    volumes: Volumes,
    cycle_s: int,
    greens: Mapping[str, Sequence[int]],
    offsets: Mapping[str, int],
    name: str,
    offset: int,
) -> float:
    """Vehicle-seconds that platoons wait at one signal and at its neighbours beyond, for one offset."""
    total = 0.0
    trial = {**offsets, name: offset}
    for here, there in [(a, name) for a in district.into[name]] + [(name, b) for b in district.out_of[name]]:
        if here not in trial or there not in trial:
            continue
        travel_s = district.length_m(here, there) / district.ways[here, there].speed_mps + 2
        for leg in district.into[here]:
            vph = volumes.get((leg, here, there), 0.0)
            targets = [e for e in district.ends(here, there) if district.turn(here, there, e) is Turn.THROUGH]
            if vph < 1 or not targets:
                continue
            begin, length = _get_window(signals[here], greens[here], leg, there)
            open_s, open_length = _get_window(signals[there], greens[there], here, targets[0])
            for share in (0.1, 0.3, 0.5, 0.7, 0.9):
                arrival = trial[here] + begin + share * min(length, vph / 3600 * cycle_s * 2.2) + travel_s
                late_s = (arrival - trial[there] - open_s) % cycle_s
                total += vph * (cycle_s - late_s if late_s > open_length else 0.0)
    return total
