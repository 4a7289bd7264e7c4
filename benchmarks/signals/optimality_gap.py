"""How far the schedule search is from the optimum: small random cases, every sequence tried.

    python benchmarks/signals/optimality_gap.py --cases 200 --width 40

Cases are crossings of two or three stages, a horizon of 18 to 22 s and up to six vehicles in each of three lanes. The
search may change at even seconds only, as the exhaustive walk, so that the gap is what beam and dominance lose.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from signals.scheduling.exhaustive import find_optimum
from signals.scheduling.futures import build_workspace
from signals.scheduling.problem import PERMITTED, PROTECTED, ROOM_UNKNOWN, Layout, Settings, Traffic
from signals.scheduling.search import search_changes

NORTH, WEST, NORTH_LEFT, SOUTH = range(4)
_LANES, _PLACES = 3, 48


@dataclass(frozen=True, slots=True)
class Case:
    """One situation."""

    layout: Layout
    traffic: Traffic
    stage: int
    green_s: int


def make_layout(stages: int, min_green_s: int, change_s: int) -> Layout:
    """North and south with a permitted left turn, its protected stage where there are three, and the west."""
    level = np.zeros((3, 4), np.int8)
    level[0, [NORTH, SOUTH]], level[0, NORTH_LEFT] = PROTECTED, PERMITTED
    level[1, WEST] = PROTECTED
    level[2, [NORTH, NORTH_LEFT]] = PROTECTED
    through = np.zeros((3, 3, 4), np.int8)
    through[0, 2, NORTH] = through[2, 0, NORTH] = PROTECTED
    foes = np.full((4, 1), -1, np.int64)
    foes[NORTH_LEFT, 0] = SOUTH
    return Layout(
        level=level[:stages],
        through=through[:stages, :stages],
        change_s=np.full((stages, stages), change_s, np.int64),
        min_green_s=np.full(stages, min_green_s, np.int64),
        max_green_s=np.full(stages, 50, np.int64),
        entry_of=np.array([0, 1, 0, 2], np.int64),
        exit_of=np.array([0, 1, 2, 0], np.int64),
        foes=foes,
        allowed=~np.eye(stages, dtype=np.bool_),
        lanes=_LANES,
        exits=_LANES,
    )


def draw_case(rng: np.random.Generator, settings: Settings) -> Case:
    """A random crossing in a random state, every other one with an exit that has little room."""
    stages = int(rng.integers(2, 4))
    layout = make_layout(stages, int(rng.integers(4, 6)), int(rng.integers(3, 6)))
    arrival_s, movement = np.zeros((_LANES, _PLACES)), np.zeros((_LANES, _PLACES), np.int64)
    vehicles = rng.integers(0, 7, _LANES)
    for lane, kinds in enumerate(((NORTH, NORTH, NORTH_LEFT), (WEST,), (SOUTH,))):
        arrival_s[lane, : vehicles[lane]] = np.sort(rng.uniform(0.0, settings.horizon_s, vehicles[lane]).round())
        movement[lane, : vehicles[lane]] = rng.choice(kinds, vehicles[lane])
    traffic = Traffic(
        vehicles=vehicles,
        arrival_s=arrival_s,
        movement=movement,
        weight=1.0 + rng.uniform(0.0, 1.0, arrival_s.shape) * (arrival_s == 0.0),
        blocked=np.zeros(4, np.bool_),
        held=np.zeros(4, np.bool_),
        is_guess=np.zeros(arrival_s.shape, np.bool_),
        turn_share=np.zeros(4),
        headway_s=np.full(_LANES, settings.headway_s),
        startup_loss_s=np.full(_LANES, settings.startup_loss_s),
        room=np.where(rng.uniform(size=_LANES) < 0.25, 2, ROOM_UNKNOWN),
        price=np.zeros(4),
        guide_s=np.full((0, 2), np.nan),
    )
    return Case(layout, traffic, int(rng.integers(0, stages)), int(rng.integers(0, 12)))


def measure_gaps(cases: int, seed: int, width: int) -> np.ndarray:
    """The relative gap of each case, by how much the sequence found is dearer than the cheapest."""
    rng = np.random.default_rng(seed)
    gaps = np.zeros(cases)
    for number in range(cases):
        settings = Settings(horizon_s=int(rng.integers(18, 23)), width=width, fine_s=0, coarse_s=1000)
        case = draw_case(rng, settings)
        space = build_workspace(case.layout, settings)
        may_change = np.ones(case.layout.level.shape[0], np.bool_)
        found = search_changes(case.layout, case.traffic, settings, space, case.stage, case.green_s, may_change)[1]
        optimum = find_optimum(case.layout, case.traffic, settings, case.stage, case.green_s)
        gaps[number] = (found - optimum) / max(optimum, 1.0)
    return gaps


def main() -> None:
    """Print the distribution."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--width", type=int, nargs="+", default=[5, 10, 20, Settings().width])
    options = parser.parse_args()
    print(f"{options.cases} cases, seed {options.seed}: found / optimum - 1, in percent")
    print(f"{'width':>6} {'optimal':>8} {'mean':>7} {'p90':>7} {'p99':>7} {'max':>7}")
    for width in options.width:
        gaps = 100.0 * measure_gaps(options.cases, options.seed, width)
        p90, p99 = np.percentile(gaps, [90, 99])
        print(f"{width:6d} {np.mean(gaps < 1e-6):8.1%} {gaps.mean():7.2f} {p90:7.2f} {p99:7.2f} {gaps.max():7.2f}")


if __name__ == "__main__":
    main()
