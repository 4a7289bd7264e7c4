"""The eight RESCO networks: every baseline, tuned max-pressure, the Surtrac style, and ours with full and with loop
sensing; the table goes to ``benchmarks/signals/README.md``.

    python -m benchmarks.signals.resco [--scenarios cologne1,grid4x4] [--seeds 1-5] [--jobs 2] [--quick]

Finished runs are kept and not repeated: run it again after it was cut off, or network by network. The table is made of
``results/resco.json``, one entry per network. Tuned parameters are read from ``parameters/NETWORK/CONTROLLER.json``
(``changtong signals tune NETWORK --controller CONTROLLER --out ...``), which must be chosen on training seeds; without
such a file a controller has its defaults, and the table says so.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from benchmarks.signals.harness import RESULTS, Options, parse_options, print_report, run_each
from signals.evaluation.arm import build_tuned_arm
from signals.evaluation.experiment import Arm
from signals.evaluation.report import EvaluationReport
from signals.parameter_file import load_parameters
from signals.simulation.request import CONTROLLERS

NETWORKS = "cologne1,cologne3,cologne8,ingolstadt1,ingolstadt7,ingolstadt21,grid4x4,arterial4x4"
HOME = Path(__file__).parent
TABLE = HOME / "README.md"
STORE = RESULTS / "resco.json"
BEGIN, END = "<!-- resco: written by benchmarks/signals/resco.py -->", "<!-- resco: end -->"
ACTUATED = ("default", "long_gap", "short_gap", "long_max", "jam")
TUNABLE = ("retimed", "delay_based", "coordinated", "max_pressure", "surtrac")
# s per vehicle: the best single value over all logged episodes of the learners (IDQN, IPPO, MPLight, MPLightFULL,
# FMA2C) in resco_benchmark/utils/avg_timeLoss.py of github.com/Pi-Star-Lab/RESCO
LEARNERS_BEST_S = {
    "cologne1": 26.1, "cologne3": 24.0, "cologne8": 21.6, "ingolstadt1": 20.9, "ingolstadt7": 31.2,
    "ingolstadt21": 59.6, "grid4x4": 33.0, "arterial4x4": 654.1,
}  # fmt: skip
_CAVEAT = """Waiting, time loss and CO2 are means over the seeds; departure delay and unserved vehicles count in full.
The best conventional controller is the one that waits least on these very seeds, which favours it. *Learners' best* is
the smallest delay that RESCO's authors logged for any learner in any episode (SUMO 1.9, a decision every 5 to 10 s,
200 m of sensing, cut at 3600 s): another harness, so that it is context and not a result."""


def build_arms(network: str, options: Options) -> list[Arm]:
    """Conventional control in all its kinds, then the rivals, then ours."""
    arms = [Arm("fixed", "fixed")]
    arms += [Arm(f"actuated {setting}", "actuated", {"setting": setting}) for setting in ACTUATED]
    arms += [arm for name in TUNABLE if name in CONTROLLERS for arm in _build_tunable(network, name, "ideal")]
    arms += [arm for name in ("max_pressure", "surtrac") for arm in _build_tunable(network, name, options.sensing)[-1:]]
    arms += [Arm("adaptive ideal", "adaptive"), Arm(f"adaptive {options.sensing}", "adaptive", sensing=options.sensing)]
    return arms


def _build_tunable(network: str, controller: str, sensing: str) -> list[Arm]:
    """With its defaults, and tuned where there is a file; at last the better informed of the two."""
    suffix = "" if sensing == "ideal" else f" {sensing}"
    arms = [Arm(f"{controller}{suffix}", controller, sensing=sensing)]
    file = HOME / "parameters" / network / f"{controller}.json"
    if file.is_file():
        tuned = load_parameters(file, needs_signature=False)
        arms.append(build_tuned_arm(tuned, file.name, label=f"{controller} tuned{suffix}", sensing=sensing))
    return arms


def to_row(report: EvaluationReport, sensing: str) -> dict[str, Any]:
    """What the table needs of one network."""
    best = str(report.find_best_conventional())
    labels = report.labels
    columns = {
        "best conventional": best,
        "max-pressure": _find_last(labels, "max_pressure"),
        "surtrac": _find_last(labels, "surtrac"),
        "adaptive ideal": "adaptive ideal",
        "adaptive loops": f"adaptive {sensing}",
    }
    return {
        "scenario": report.scenario,
        "seeds": list(report.seeds),
        "cut_after_s": report.cut_after_s,
        "columns": columns,
        "arms": [arm.to_json() for arm in report.arms],
        "figures": {
            label: {
                measure: report.get_estimate(label, measure).to_json()
                for measure in ("waiting_s", "time_loss_s", "co2_kg", "teleports", "unserved", "max_waiting_s",
                                "safety_violations")
            }
            for label in labels
        },
        "changes": {
            name: {measure: report.get_change(label, best, measure).to_json() for measure in ("waiting_s", "co2_kg")}
            for name, label in columns.items()
            if label != best
        },
    }  # fmt: skip


def _find_last(labels: tuple[str, ...], controller: str) -> str:
    """Tuned where there is a tuned one."""
    return f"{controller} tuned" if f"{controller} tuned" in labels else controller


def write_table(rows: dict[str, dict[str, Any]]) -> str:
    """The table in Markdown, with the means over networks below it."""
    names = [name for name in NETWORKS.split(",") if name in rows]
    heads = (
        "network", "best conventional", "its waiting s", "max-pressure", "Surtrac style", "ours, ideal", "ours, loops",
        "CO2 ideal", "CO2 loops", "teleports: conventional / ideal / loops", "time loss: ideal / loops",
        "learners' best",
    )  # fmt: skip
    lines = [
        f"| {' | '.join(heads)} |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name in names:
        row = rows[name]
        figures, columns, changes = row["figures"], row["columns"], row["changes"]
        best = columns["best conventional"]
        ideal, loops = (figures[columns[key]] for key in ("adaptive ideal", "adaptive loops"))
        cells = [
            name,
            best,
            f"{figures[best]['waiting_s']['mean']:.1f}",
            *(
                f"{figures[columns[key]]['waiting_s']['mean']:.1f} ({_format(changes[key]['waiting_s'])})"
                for key in ("max-pressure", "surtrac", "adaptive ideal", "adaptive loops")
            ),
            *(_format(changes[key]["co2_kg"]) for key in ("adaptive ideal", "adaptive loops")),
            " / ".join(f"{each['teleports']['mean']:.1f}" for each in (figures[best], ideal, loops)),
            " / ".join(f"{each['time_loss_s']['mean']:.1f}" for each in (ideal, loops)),
            f"{LEARNERS_BEST_S.get(name, math.nan):.1f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    means = [_mean(rows, names, key, m) for key, m in _SUMMED]
    lines.append(f"| **mean of {len(names)}** | | | {' | '.join(f'**{mean:+.0f} %**' for mean in means)} | | | |")
    seeds = sorted({tuple(rows[name]["seeds"]) for name in names})
    told = "; ".join(", ".join(map(str, each)) for each in seeds)
    cut = " **Cut short: no figures to quote.**" if any(rows[name]["cut_after_s"] for name in names) else ""
    return "\n".join([f"Seeds {told}.{cut} {_CAVEAT}", "", *lines])


_SUMMED = (
    *((key, "waiting_s") for key in ("max-pressure", "surtrac", "adaptive ideal", "adaptive loops")),
    ("adaptive ideal", "co2_kg"),
    ("adaptive loops", "co2_kg"),
)


def _mean(rows: dict[str, dict[str, Any]], names: list[str], key: str, measure: str) -> float:
    found = [rows[name]["changes"][key][measure]["percent"] for name in names]
    return math.fsum(found) / len(found)


def _format(change: dict[str, Any]) -> str:
    low, high = change["percent_ci95"]
    interval = "" if low is None else f" [{low:+.0f}, {high:+.0f}]"
    return f"{change['percent']:+.0f} %{interval}"


def put_table(text: str, table: str) -> str:
    """The page with the table between its marks; at the end where the page has no marks."""
    if BEGIN in text and END in text:
        head, tail = text.split(BEGIN, 1)[0], text.split(END, 1)[1]
        return f"{head}{BEGIN}\n{table}\n{END}{tail}"
    return f"{text.rstrip()}\n\n## The eight RESCO networks\n\n{BEGIN}\n{table}\n{END}\n"


def main() -> int:
    """Run the networks, print every arm, and write the table. Quick runs are printed and not written."""
    options = parse_options(str(__doc__), NETWORKS)
    reports, failed = run_each(options, lambda network: build_arms(network, options))
    for report in reports:
        print_report(report)
    rows = json.loads(STORE.read_text(encoding="utf-8")) if STORE.is_file() else {}
    if options.cut_after_s is not None:
        rows = {}
    rows |= {report.scenario: to_row(report, options.sensing) for report in reports}
    if rows:
        table = write_table(rows)
        print(f"\n{table}")
        if options.cut_after_s is None:
            STORE.parent.mkdir(exist_ok=True)
            STORE.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
            page = TABLE.read_text(encoding="utf-8") if TABLE.is_file() else "# Signals, measured\n"
            TABLE.write_text(put_table(page, table), encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
