"""Compares signal controllers on our scenarios and the small RESCO maps, and prints ratios.

    python benchmarks/signals/compare_controllers.py [--scenarios isolated,corridor] [--seeds 11,12,13,14,15]

Every controller meets the same seeds in the same run; a ratio below 1.00 is better than the baseline, its
95 % interval is paired by seed. One JSON line per scenario goes to ``benchmarks/signals/results/``.
The default seeds are not those on which plans and parameters were chosen (1 to 3, 101, 102).
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from signals.evaluation.experiment import EvaluationError, EvaluationProgress, EvaluationRequest, evaluate
from signals.evaluation.report import EvaluationReport
from sumo_scenarios.manifest import ScenarioError

RESULTS = Path(__file__).parent / "results"
SCENARIOS = "isolated,corridor,grid,cologne1,cologne3,cologne8,ingolstadt1,ingolstadt7"
CONTROLLERS = "fixed,actuated,max_pressure,adaptive"
SHOWN = (
    ("waiting_s", "waiting"),
    ("time_loss_s", "time loss"),
    ("travel_time_s", "travel"),
    ("stops", "stops"),
    ("co2_kg", "CO2"),
)


def print_ratios(report: EvaluationReport) -> None:
    """A block per scenario: every controller against the first and against the best shipped one."""
    print(f"\n{report.scenario}: {len(report.seeds)} seeds, SUMO {report.sumo_version}")
    print(f"  {'':26}" + "".join(f"{title:>24}" for _, title in SHOWN) + "   longest wait  teleports  unserved  unsafe")
    for name in report.labels:
        means = "".join(f"{report.get_estimate(name, measure).mean:24.2f}" for measure, _ in SHOWN)
        longest_s = max(report.list_values(name, "max_waiting_s"))
        rest = [report.get_estimate(name, m).mean for m in ("teleports", "unserved", "safety_violations")]
        print(f"  {name:26}{means}{longest_s:15.0f}{rest[0]:11.1f}{rest[1]:10.1f}{rest[2]:8.1f}")
    for baseline in report.list_baselines():
        for name in report.labels:
            if name != baseline:
                cells = "".join(f"{_format_ratio(report, name, baseline, measure):>24}" for measure, _ in SHOWN)
                print(f"  {name + ' / ' + baseline:26}{cells}")


def _format_ratio(report: EvaluationReport, name: str, baseline: str, measure: str) -> str:
    change = report.get_change(name, baseline, measure)
    if change.percent is None:
        return "-"
    text = f"{1 + change.percent / 100:.2f}"
    if change.percent_interval:
        low, high = change.percent_interval
        text += f" [{1 + low / 100:.2f}, {1 + high / 100:.2f}]"
    return text


def _show_progress(news: EvaluationProgress) -> None:
    if sys.stderr.isatty():
        line = f"{news.done_runs} of {news.total_runs} runs, {news.label}/{news.seed} {100 * news.fraction:3.0f} %"
        sys.stderr.write(f"\r{line:70}\r")


def main() -> int:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default=SCENARIOS)
    parser.add_argument("--controllers", default=CONTROLLERS)
    parser.add_argument("--seeds", default="11,12,13,14,15")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--label", default="", help="kept in each line, for example the commit")
    parser.add_argument("--out", type=Path, default=RESULTS / "controllers.jsonl")
    chosen = parser.parse_args()
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    failed = 0
    for scenario in chosen.scenarios.split(","):
        seeds = tuple(int(seed) for seed in chosen.seeds.split(","))
        request = EvaluationRequest(scenario, tuple(chosen.controllers.split(",")), seeds, jobs=chosen.jobs)
        try:
            report = evaluate(request, _show_progress)
        except (EvaluationError, ScenarioError) as error:
            print(f"\n{scenario}: {error}")
            failed += 1
            continue
        print_ratios(report)
        for notice in report.list_notices():
            print(f"  ! {notice}")
        line = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "label": chosen.label,
        }
        with chosen.out.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({**line, **report.to_json()}, ensure_ascii=False) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
