"""``changtong signals pittsburgh``: a before/after study over the periods of a day, as one page."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from signals.cli.output import UNSAFE, get_console, get_error_console, one_clear_error, read_seeds

if TYPE_CHECKING:
    from signals.evaluation.before_after.outcome import StudyOutcome
    from signals.evaluation.experiment import EvaluationProgress

QUICK_S = 600.0


def pittsburgh(
    *,
    periods: str = "",
    cases: str = "",
    seeds: str = "1-10",
    jobs: int = 2,
    out: Path = Path("out/pittsburgh/report.html"),
    work: Path = Path("out/pittsburgh"),
    study: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    others: Annotated[bool, Parameter(negative=())] = False,
    quick: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Run the Pittsburgh study: coordinated actuated control, retimed, before; the adaptive controller on loops after.

    Four periods of a day on 52 signals, equal seeds on both sides, 95 % intervals. The page stands beside the figures
    that were published for Pittsburgh, says where a target is missed, by how much and what limits it, and needs
    nothing from the network. Finished runs are kept: a study that was cut off goes on where it stopped, and runs
    again only what code, scenario or parameters have changed. Exit code 2 means that unsafe signals were found.

    Examples: `changtong signals pittsburgh --quick`, `changtong signals pittsburgh --seeds 1-10 --cases
    incident,stadium --out report.html`, `changtong signals pittsburgh --periods am --seeds 1-5 --json`.

    Args:
        periods: Which periods, separated by commas: am, midday, pm, evening. Default: all of the study.
        cases: Which cases beside them: incident, stadium. They are no part of the overall figures.
        seeds: A number N for the seeds 1 to N, or the seeds themselves (`5,9`, `1-10`, or `7,`).
        jobs: Simulations at the same time, at most the number of cores.
        out: The page, one HTML file.
        work: Keeps the finished runs.
        study: Another study's description (TOML), for another city.
        json: Print all figures as JSON.
        others: Also run the study's other controllers, to see whether the before is the best there is.
        quick: The first seed, ten minutes of each period: to see that it works, no figures to quote.
    """
    with one_clear_error():
        from signals.evaluation.before_after.definition import load_study
        from signals.evaluation.before_after.page import build_page
        from signals.evaluation.before_after.study import StudyRequest, run_study
        from signals.evaluation.errors import EvaluationError
        from sumo_scenarios.catalog import HOME

        if out.suffix != ".html":
            raise EvaluationError(f"{out}: the page is HTML; name it .html.")
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        numbers = read_seeds(seeds)
        definition = load_study(study or HOME / "pittsburgh50" / "study.toml")
        request = StudyRequest(
            definition,
            _split(periods) or tuple(period.name for period in definition.periods),
            _split(cases),
            numbers[:1] if quick else numbers,
            work,
            jobs,
            QUICK_S if quick else None,
            others,
        )
        with _show_study(request.count_runs()) as show:
            outcome = run_study(request, show)
        out.write_text(build_page(outcome), encoding="utf-8")
    _print_outcome(outcome, as_json=json)
    print(f"wrote {out}", file=sys.stderr)
    return 0 if outcome.is_safe else UNSAFE


def _split(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


@contextmanager
def _show_study(total: int) -> Iterator[Callable[[str, EvaluationProgress], None]]:
    """A bar over all runs; the time left is guessed from the runs that are really made, not from those kept."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = get_error_console()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[news]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"0 of {total} runs", total=total, news="")
        fractions: dict[tuple[str, str, int], float] = {}
        live: set[tuple[str, str, int]] = set()
        began_s = time.monotonic()

        def show(period: str, news: EvaluationProgress) -> None:
            key = (period, news.label, news.seed)
            fractions[key] = news.fraction
            if news.run:
                live.add(key)
            made, done = sum(fractions[k] for k in live), sum(fractions.values())
            left_s = (time.monotonic() - began_s) / made * (total - done) if made > 0 else None
            finished = sum(fraction >= 1 for fraction in fractions.values())
            told = "" if left_s is None else f", {_tell_minutes(left_s)} left"
            bar.update(
                task,
                completed=done,
                description=f"{finished} of {total} runs{told}",
                news=f"{period}, {news.label}, seed {news.seed}",
            )

        yield show


def _tell_minutes(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 100 else f"{minutes / 60:.1f} h"


def _print_outcome(outcome: StudyOutcome, *, as_json: bool) -> None:
    import json as codec

    from signals.evaluation.before_after.table import build_table

    if as_json:
        print(codec.dumps(outcome.to_json(), indent=1, ensure_ascii=False))
    else:
        get_console().print(build_table(outcome))
    for notice in outcome.list_notices():
        get_error_console().print(f"[bold red]![/] {notice}", highlight=False)
