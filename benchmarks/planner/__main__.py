"""The planner beside its peers, and its growth: ``python -m benchmarks.planner [FOLDER] [--quick]``.

FOLDER holds networks (``NAME.zip`` with ``NAME_nigiri.csv``, see ``changtong bench planner --help``); where
there is none, only growth on synthetic cities is measured. Prints tables, appends one JSON line per network
to ``benchmarks/planner/results/planner.jsonl``, and exits with 1 when an answer differs or a promise of
``thresholds.py`` does not hold.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.planner.thresholds import list_broken
from mobility.benchmark.compare import Comparison, Options, Peer, compare
from mobility.benchmark.footprint import measure_footprints
from mobility.benchmark.growth import QUERIES, SIZES, Plan, measure_growth
from mobility.benchmark.measure import Clock
from mobility.benchmark.problem import BESIDE_THE_CHECKOUT, BenchmarkError, Case, list_cases
from mobility.benchmark.report import find_note, open_console, print_comparison, print_footprints, print_growth
from mobility.cli.console import progress_bar

RESULTS = Path(__file__).parent / "results" / "planner.jsonl"
PEERS = (Peer.NIGIRI, Peer.CAFEIN)


def main() -> int:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=BESIDE_THE_CHECKOUT)
    parser.add_argument("--quick", action="store_true", help="a tenth of the pairs, one repeat, small cities")
    parser.add_argument("--networks", default="", help="only these of the folder, for example saskatoon,poa")
    parser.add_argument("--repeats", type=int, default=3, help="timings per query; their median counts")
    parser.add_argument("--clock", type=Clock, choices=list(Clock), default=Clock.WALL, help="cpu on a busy machine")
    parser.add_argument("--label", default="", help="kept in each line, for example the commit")
    parser.add_argument("--out", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    try:
        cases = list_cases(chosen.folder, tuple(name for name in chosen.networks.split(",") if name))
    except BenchmarkError as error:
        print(f"beside the peers: skipped. {error}", file=sys.stderr)
        cases = []
    head = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "label": chosen.label,
    }
    broken: list[str] = []
    repeats, limit = (1, 30) if chosen.quick else (max(1, chosen.repeats), 0)
    for comparison, facts in _compare_all(cases, Options(repeats=repeats, limit=limit, clock=chosen.clock)):
        broken += list_broken(comparison)
        _append(chosen.out, head | facts)
    plan = Plan(queries=limit or QUERIES, repeats=repeats, clock=chosen.clock)
    growth = measure_growth(SIZES[:2] if chosen.quick else SIZES, plan, progress_bar)
    print_growth(open_console(), growth)
    _append(chosen.out, head | {"growth": growth.to_json()})
    for sentence in broken:
        print(f"BROKEN  {sentence}")
    print(f"{len(broken)} promises broken" if broken else "every promise that was measured holds")
    return 1 if broken else 0


def _compare_all(cases: list[Case], like: Options) -> Iterator[tuple[Comparison, dict[str, Any]]]:
    console = open_console()
    for peer in PEERS if cases else ():
        options = replace(like, peer=peer)
        for case in cases:
            comparison = compare(case, options, progress_bar)
            with progress_bar(f"{case.name}: loading and memory") as advance:
                footprints = measure_footprints(case, comparison.date, peer, options.search, advance)
            print_comparison(console, comparison)
            print_footprints(console, case.name, footprints)
            yield comparison, comparison.to_json() | {"footprints": [part.to_json() for part in footprints]}
        console.print(find_note(peer, options.kinds) or "")


def _append(path: Path, line: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
