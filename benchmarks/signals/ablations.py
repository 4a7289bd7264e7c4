"""What each idea of the adaptive controller is worth: one is taken away at a time.

    python -m benchmarks.signals.ablations [--scenarios cologne3,ingolstadt7] [--seeds 1-5] [--sensing loops] [--quick]

The first arm is the whole controller, the second the actuated baseline for scale; a change above zero is what the idea
saves. Minimum greens of 5, 10 and 15 s hold for cabinet, guard and audit alike.
"""

from __future__ import annotations

import sys

from benchmarks.signals.harness import Options, mean_percent, parse_options, print_report, run_each
from signals.evaluation.experiment import Arm

SCENARIOS = "cologne3,cologne8,ingolstadt7,ingolstadt21,grid4x4"
SWITCHES = (
    ("no neighbours", "uses_neighbours"),
    ("no bands", "uses_bands"),
    ("no storage guard", "uses_storage_guard"),
    ("no learning", "uses_learning"),
    ("no added stages", "adds_stages"),
)
MIN_GREENS_S = (5.0, 10.0, 15.0)


def build_arms(options: Options) -> list[Arm]:
    """The whole, and the whole less one thing each."""
    whole = Arm("full", "adaptive", sensing=options.sensing)
    less = [Arm(label, "adaptive", {switch: False}, options.sensing) for label, switch in SWITCHES]
    greens = [
        Arm(f"min green {green_s:g} s", "adaptive", sensing=options.sensing, limits={"min_green_s": green_s})
        for green_s in MIN_GREENS_S
    ]
    return [whole, Arm("actuated", "actuated"), *less, *greens]


def main() -> int:
    """Run them and print one table per scenario and one over all."""
    options = parse_options(str(__doc__), SCENARIOS)
    arms = build_arms(options)
    reports, failed = run_each(options, lambda _: arms)
    for report in reports:
        print_report(report)
    if reports:
        print(f"\nMean change against full over {len(reports)} scenarios, {options.sensing} sensing, in %")
        print(f"  {'':20}{'waiting':>10}{'travel':>10}{'stops':>10}{'CO2':>10}{'longest':>10}")
        for arm in arms[1:]:
            measures = ("waiting_s", "travel_time_s", "stops", "co2_kg", "max_waiting_s")
            print(f"  {arm.label:20}" + "".join(f"{mean_percent(reports, arm.label, m):+10.1f}" for m in measures))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
