"""What the experiments on signals share: their options, resumable runs with a bar, tables of ratios.

Every finished run is a line in ``results/runs.jsonl``, found again as long as scenario, arm, seed and code are the
same: an experiment that was cut off goes on where it stopped.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from signals.cli.output import read_seeds, show_runs
from signals.evaluation.experiment import Arm, EvaluationError, EvaluationRequest, evaluate
from signals.evaluation.report import EvaluationReport
from sumo_scenarios.manifest import ScenarioError

RESULTS = Path(__file__).parent / "results"
COLUMNS = (
    ("waiting_s", "waiting s", 1),
    ("travel_time_s", "travel s", 1),
    ("stops", "stops", 2),
    ("co2_kg", "CO2 kg", 0),
    ("max_waiting_s", "longest", 0),
    ("teleports", "teleports", 1),
    ("unserved", "unserved", 1),
    ("safety_violations", "unsafe", 1),
)
QUICK_S = 600.0


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line."""

    scenarios: tuple[str, ...]
    seeds: tuple[int, ...]
    sensing: str
    jobs: int
    cut_after_s: float | None
    ledger: Path


def parse_options(doc: str, scenarios: str, seeds: str = "1-5", sensing: str = "loops") -> Options:
    """The options that every experiment has."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default=scenarios)
    parser.add_argument("--seeds", default=seeds, help="5 for 1 to 5, or the seeds themselves: 5,9 or 21-25")
    parser.add_argument("--sensing", default=sensing)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="one seed, ten minutes: to see that it works")
    parser.add_argument("--ledger", type=Path, default=RESULTS / "runs.jsonl")
    chosen = parser.parse_args()
    numbers = read_seeds(chosen.seeds)
    return Options(
        scenarios=tuple(chosen.scenarios.split(",")),
        seeds=numbers[:1] if chosen.quick else numbers,
        sensing=chosen.sensing,
        jobs=chosen.jobs,
        cut_after_s=QUICK_S if chosen.quick else None,
        ledger=chosen.ledger,
    )


def run(scenario: str, arms: Sequence[Arm], options: Options) -> EvaluationReport:
    """Every arm with every seed, those from the ledger included."""
    request = EvaluationRequest(
        scenario, (), options.seeds, jobs=options.jobs, arms=tuple(arms), cut_after_s=options.cut_after_s,
        ledger=options.ledger,
    )  # fmt: skip
    with show_runs(scenario, len(arms) * len(options.seeds)) as show:
        return evaluate(request, show)


def run_each(options: Options, build: Callable[[str], Sequence[Arm]]) -> tuple[list[EvaluationReport], int]:
    """A report per scenario, and how many scenarios failed, each with its message."""
    reports, failed = [], 0
    for scenario in options.scenarios:
        try:
            reports.append(run(scenario, build(scenario), options))
        except (EvaluationError, ScenarioError) as error:
            print(f"{scenario}: {error}", file=sys.stderr)
            failed += 1
    return reports, failed


def print_report(report: EvaluationReport) -> None:
    """Means, and the change of waiting and CO2 against the first arm with intervals."""
    first = report.labels[0]
    seeds = ", ".join(map(str, report.seeds))
    print(f"\n{report.scenario}: seeds {seeds}; SUMO {report.sumo_version}; changes against {first}")
    width = max(len(label) for label in report.labels) + 2
    heads = "".join(f"{title:>11}" for _, title, _ in COLUMNS)
    print(f"  {'':{width}}{heads}{'waiting':>24}{'CO2':>24}")
    for label in report.labels:
        cells = "".join(f"{report.get_estimate(label, m).mean:11.{digits}f}" for m, _, digits in COLUMNS)
        changes = "".join(f"{format_change(report, label, first, m):>24}" for m in ("waiting_s", "co2_kg"))
        print(f"  {label:{width}}{cells}{changes if label != first else ''}")
    for notice in report.list_notices():
        print(f"  ! {notice}")


def format_change(report: EvaluationReport, label: str, baseline: str, measure: str) -> str:
    """The paired change in percent, with its interval where there is one."""
    change = report.get_change(label, baseline, measure)
    if change.percent is None:
        return "-"
    ends = change.percent_interval
    return f"{change.percent:+.0f} %" + (f" [{ends[0]:+.0f}, {ends[1]:+.0f}]" if ends else "")


def mean_percent(reports: Sequence[EvaluationReport], label: str, measure: str) -> float:
    """The mean over scenarios of an arm's change against each scenario's first arm; each scenario weighs the same."""
    changes = [report.get_change(label, report.labels[0], measure).percent for report in reports]
    known = [change for change in changes if change is not None]
    return math.fsum(known) / len(known) if known else math.nan
