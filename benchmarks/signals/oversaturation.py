"""Beyond capacity: does a network keep flowing, and how long are all of its vehicles in the system together?

    python -m benchmarks.signals.oversaturation [--scenarios arterial4x4] [--scales 1.0,1.2,1.4] [--seeds 1-5]
        [--sensing ideal] [--controllers retimed,actuated,...] [--quick]

Every scale is a demand; every controller meets the same seeds. Time in system runs from the second in which a vehicle
was due to depart to its arrival, or to the end of the run: who cannot even enter the net counts in full. Throughput is
what has arrived when the run ends. Ratios are against the best conventional controller, the one of least time in
system, and against max-pressure; a ratio below 1.00 is better, at most 0.85 is the aim. Teleports flatter whoever has
them and stand beside.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.signals.harness import QUICK_S, RESULTS, Options, run
from signals.cli.output import read_seeds
from signals.evaluation.experiment import Arm, EvaluationError
from signals.evaluation.report import EvaluationReport
from signals.simulation.run import CONTROLLERS
from sumo_scenarios.manifest import ScenarioError

SCENARIOS = "arterial4x4,pittsburgh50-am"
NAMES = "fixed,retimed,actuated,delay_based,coordinated,max_pressure,adaptive"
RIVAL = "max_pressure"
OURS = "adaptive"
AIM = 0.85


@dataclass(frozen=True, slots=True)
class Row:
    """One controller at one demand: totals of a run, means over the seeds."""

    label: str
    throughput: float
    system_h: float
    teleports: float
    unserved: float
    longest_s: float


def list_rows(report: EvaluationReport) -> list[Row]:
    """A row for each arm."""
    rows = []
    for label in report.labels:
        loaded, each_s = report.list_values(label, "loaded"), report.list_values(label, "travel_time_s")
        unserved = report.list_values(label, "unserved")
        runs = len(loaded)
        rows.append(
            Row(
                label,
                sum(a - b for a, b in zip(loaded, unserved, strict=True)) / runs,
                sum(a * b for a, b in zip(loaded, each_s, strict=True)) / runs / 3600.0,
                report.get_estimate(label, "teleports").mean,
                sum(unserved) / runs,
                max(report.list_values(label, "max_waiting_s")),
            )
        )
    return rows


def print_rows(title: str, rows: list[Row]) -> None:
    """The table, and whether ours reaches the aim."""
    conventional = [row for row in rows if row.label in CONTROLLERS and not CONTROLLERS[row.label].is_ours]
    best = min(conventional, key=lambda row: row.system_h, default=None)
    rival = next((row for row in rows if row.label == RIVAL), None)
    heads = ("arrived", "in system h", "/ best", "/ max-pr.", "teleports", "unserved", "longest s")
    print(f"\n{title}\n  {'':16}" + "".join(f"{head:>13}" for head in heads))
    for row in rows:
        ratios = [f"{row.system_h / other.system_h:13.2f}" if other else f"{'-':>13}" for other in (best, rival)]
        rest = f"{row.teleports:13.1f}{row.unserved:13.1f}{row.longest_s:13.0f}"
        print(f"  {row.label:16}{row.throughput:13.0f}{row.system_h:13.1f}{''.join(ratios)}{rest}")
    ours = next((row for row in rows if row.label == OURS), None)
    if ours is None or best is None:
        return
    others = [row for row in rows if row is not ours]
    is_reached = (
        ours.system_h <= AIM * best.system_h
        and ours.throughput >= max(row.throughput for row in others)
        and ours.teleports <= min(row.teleports for row in others)
    )
    print(f"  best conventional: {best.label}; aim {'reached' if is_reached else 'not reached'}")


def main() -> int:
    """Run all demands of all scenarios; the exit code says whether any run failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default=SCENARIOS)
    parser.add_argument("--scales", default="1.0,1.2,1.4", help="the demand, as multiples of the scenario's")
    parser.add_argument("--seeds", default="1-5", help="5 for 1 to 5, or the seeds themselves: 5,9 or 21-25")
    parser.add_argument("--controllers", default=NAMES)
    parser.add_argument("--sensing", default="ideal")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="one seed, ten minutes: to see that it works")
    parser.add_argument("--ledger", type=Path, default=RESULTS / "runs.jsonl")
    chosen = parser.parse_args()
    seeds = read_seeds(chosen.seeds)
    scenarios = tuple(chosen.scenarios.split(","))
    options = Options(
        scenarios=scenarios,
        seeds=seeds[:1] if chosen.quick else seeds,
        sensing=chosen.sensing,
        jobs=chosen.jobs,
        cut_after_s=QUICK_S if chosen.quick else None,
        ledger=chosen.ledger,
    )
    failed = 0
    for scenario in scenarios:
        for scale in map(float, chosen.scales.split(",")):
            arms = [
                Arm(name, name, sensing=chosen.sensing, demand_scale=scale) for name in chosen.controllers.split(",")
            ]
            try:
                report = run(scenario, arms, options)
            except (EvaluationError, ScenarioError) as error:
                print(f"{scenario} at {scale:g}: {error}", file=sys.stderr)
                failed += 1
                continue
            print_rows(
                f"{scenario}, demand x {scale:g}, {len(options.seeds)} seeds, {chosen.sensing} sensing",
                list_rows(report),
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
