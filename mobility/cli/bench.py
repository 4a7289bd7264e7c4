"""``changtong bench``: our engines beside their peers, in the same run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from mobility.cli.console import AsJson, answered, parse_clock, parse_date, print_json, progress_bar

bench_app = App(name="bench", help="Measure our engines beside their peers, in the same run.", help_format="markdown")


@bench_app.command
def planner(
    *,
    gtfs: Annotated[Path, Parameter(help="A GTFS zip: one service day, its own transfers.txt.")],
    pairs: Annotated[Path, Parameter(help="CSV with from, to, dep_min (and the recorded answers, where it has them).")],
    date: Annotated[str, Parameter(help="Service day, YYYY-MM-DD.")],
    at: Annotated[str, Parameter(help="Departure HH:MM; the CSV's dep_min when left out.")] = "",
    peer: Annotated[str, Parameter(help="nigiri, or none.")] = "nigiri",
    repeats: Annotated[int, Parameter(help="Timings per query; their median counts.")] = 5,
    json: AsJson = False,
) -> int:
    """Time the planner and its peer on the same queries, and count every answer that differs.

    Exit code 1: some answers differ.
    """

    def answer() -> int:
        from mobility.benchmark import list_pairs, run

        day, departure_min = parse_date(date), parse_clock(at) // 60 if at else None
        with progress_bar("Routing") as advance:
            outcome = run(
                gtfs, day, list_pairs(pairs, departure_min), peer=peer, repeats=max(1, repeats), progress=advance
            )
        facts = outcome.to_json()
        if json:
            print_json(facts)
        else:
            print("\n".join(_lay_out_facts(facts)))
        return 1 if outcome.differing or outcome.differing_recorded else 0

    return answered(answer, as_json=json)


def _lay_out_facts(facts: dict[str, Any]) -> Iterator[str]:
    for key, value in facts.items():
        told = f"p50 {value['p50_ms']:.3f} ms, p95 {value['p95_ms']:.3f} ms" if isinstance(value, dict) else value
        yield f"{key:20}{told}"
