"""Street searches beside networkx, scipy and pyroutingkit: ``python -m benchmarks.streets FILE.osm.pbf``.

Prints a table, or with ``--json`` one JSON object; exits with 1 when an answer differs, with 2 when the extract
cannot be read. Without ``--elevation FILE.tif`` streets are level.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.table import Table

from mobility.benchmark.report import open_console
from mobility.benchmark.streets import Plan, Row, StreetsReport, measure_streets
from mobility.cli.console import progress_bar
from mobility.streets.notices import StreetsUnreadable


def main() -> int:
    """Run everything."""
    usual = Plan()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("extract", type=Path, help="OpenStreetMap, for example city.osm.pbf")
    parser.add_argument("--elevation", type=Path, default=None, help="a GeoTIFF of heights")
    parser.add_argument("--queries", type=int, default=usual.queries)
    parser.add_argument("--slow", type=int, default=usual.slow, help="questions to networkx and scipy")
    parser.add_argument("--repeats", type=int, default=usual.repeats, help="timings per query; their median counts")
    parser.add_argument("--json", action="store_true", help="for machines")
    chosen = parser.parse_args()
    plan = Plan(max(1, chosen.queries), max(1, chosen.slow), max(1, chosen.repeats))
    try:
        with progress_bar("streets") as advance:
            report = measure_streets(chosen.extract, chosen.elevation, plan, advance)
    except StreetsUnreadable as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if chosen.json:
        print(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        _print(report)
    return 1 if report.differing else 0


def _print(report: StreetsReport) -> None:
    title = f"{report.name}: {report.nodes:,} nodes, {report.segments:,} segments; read in {report.read_s} s"
    table = Table(
        title=f"{title}, ready in {report.ready_s} s", title_justify="left", caption="wall time, milliseconds"
    )
    for column in ("question", "profile", "engine"):
        table.add_column(column)
    for column in ("queries", "p50", "p95", "× p50", "× p95", "differ"):
        table.add_column(column, justify="right")
    for row in report.rows:
        table.add_row(row.question, row.profile, row.engine, f"{row.queries}", *_list_cells(row))
    open_console().print(table)


def _list_cells(row: Row) -> list[str]:
    optional = (row.ratio_p50, row.ratio_p95, row.differing)
    cells = ["-" if value is None else f"{value}" for value in optional]
    return [f"{row.times.p50_ms:.3f}", f"{row.times.p95_ms:.3f}", *cells]


if __name__ == "__main__":
    sys.exit(main())
