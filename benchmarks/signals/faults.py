"""What is left when detectors, messages and clocks fail: every fault beside the actuated baseline, which has none.

    python -m benchmarks.signals.faults [--scenarios cologne8,ingolstadt7] [--seeds 1-5] [--quick]

Exit code 1 where a run waits longer than actuated on the same scenario's mean, keeps somebody at red longer than the
maximum, or shows unsafe lamps (audited from SUMO's recording).
"""

from __future__ import annotations

import sys

from benchmarks.signals.harness import Options, parse_options, print_report, run_each
from signals.evaluation.experiment import Arm
from signals.evaluation.report import EvaluationReport

SCENARIOS = "cologne3,cologne8,ingolstadt7,ingolstadt21"
# the conditions of the promise: shares of detectors, of vehicles and of messages, one silent neighbour, clocks 2 s off
FAULTS: tuple[tuple[str, dict[str, float]], ...] = (
    ("no fault", {}),
    ("10 % dead", {"share_dead": 0.1}),
    ("30 % dead", {"share_dead": 0.3}),
    ("10 % stuck", {"share_stuck_on": 0.05, "share_stuck_off": 0.05}),
    ("30 % stuck", {"share_stuck_on": 0.15, "share_stuck_off": 0.15}),
    ("20 % unseen", {"miss": 0.2}),
    ("20 % messages lost", {"message_loss": 0.2}),
    ("one silent", {"silent": 1}),
    ("clocks off 2 s", {"clock_skew_s": 2.0}),
    (
        "all at once",
        {"share_dead": 0.1, "share_stuck_on": 0.05, "miss": 0.1, "message_loss": 0.2, "silent": 1, "clock_skew_s": 2.0},
    ),
)


def build_arms(options: Options) -> list[Arm]:
    """Actuated, then the adaptive controller under each fault."""
    ours = [Arm(label, "adaptive", sensing=options.sensing, faults=faults) for label, faults in FAULTS]
    return [Arm("actuated", "actuated"), *ours]


def list_failures(report: EvaluationReport) -> list[str]:
    """What the promise rules out and was seen."""
    found = []
    for label in report.labels[1:]:
        change = report.get_change(label, "actuated", "waiting_s").percent
        if change is not None and change >= 0:
            found.append(f"{report.scenario}, {label}: waits {change:+.0f} % against actuated")
        if unsafe := report.get_estimate(label, "safety_violations").mean:
            found.append(f"{report.scenario}, {label}: {unsafe:g} safety violations a run, the maximum red included")
    return found


def main() -> int:
    """Run them, print a table per scenario, and what does not hold."""
    options = parse_options(str(__doc__), SCENARIOS)
    reports, failed = run_each(options, lambda _: build_arms(options))
    for report in reports:
        print_report(report)
    failures = [failure for report in reports for failure in list_failures(report)]
    print("\n" + ("\n".join(failures) or "Below actuated everywhere; nobody beyond the maximum red; no unsafe lamp."))
    return 1 if failed or failures else 0


if __name__ == "__main__":
    sys.exit(main())
