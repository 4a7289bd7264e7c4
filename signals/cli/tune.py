"""``changtong signals tune``: parameters chosen on training seeds, as a signed file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from signals.cli.output import get_console, get_error_console, one_clear_error, read_seeds

if TYPE_CHECKING:
    from signals.tuning.study import TuningRequest
    from signals.tuning.tune import TuningResult

INTERRUPTED = 130


def tune(
    scenarios: str,
    /,
    *,
    controller: str = "adaptive",
    reference: str = "actuated",
    trials: int = 50,
    seeds: str = "21-24",
    scales: str = "1",
    sensing: str = "ideal",
    only: str = "",
    jobs: int = 2,
    storage: str = "",
    study: str = "",
    timeout: float | None = None,
    sampler_seed: int = 1,
    pruner: str = "median",
    co2_weight: float = 0.25,
    minutes: float | None = None,
    key: Path | None = None,
    out: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Choose a controller's parameters on training seeds, and sign what was found.

    Every trial meets the same scenarios, demands and seeds as the reference controller, and is worth the mean of
    log(waiting ratio) + weight x log(CO2 ratio), with penalties for teleports, unserved vehicles and safety
    violations. The defaults are the first trial; hopeless trials are pruned after a seed. Ctrl-C loses nothing:
    the same command goes on. With `--jobs 1` the same command gives the same trials, stopped in between or not.

    Many machines can join one study: give all the same `--study` and `--storage` (an optuna URL such as
    `postgresql://...`, `mysql://...`, `redis://...`, or a journal file on a shared disk).

    Examples: `changtong signals tune cologne1 --trials 30`, `changtong signals tune cologne1,cologne3 --scales 1,1.2
    --sensing loops --jobs 2 --timeout 60`, then `changtong signals evaluate cologne1 --parameters out/tuned/NAME.json`.

    Args:
        scenarios: Names from `changtong signals scenarios` or .sumocfg files, separated by commas.
        controller: Whose parameters: adaptive, max_pressure, surtrac, actuated, coordinated and others; a wrong
            name lists all.
        reference: The controller that each run is compared with.
        trials: How many the study shall have in all, earlier ones and those of other machines included.
        seeds: Training seeds, as `21-24` or `21,25`. Test seeds are refused.
        scales: Demands, as multiples of the scenario's, separated by commas.
        sensing: How our controllers see the traffic: `ideal` (every vehicle within 300 m and its turn), `loops` (stop
            line, advance and exit loops, push buttons; the rest is estimated) or `video` (a camera at the line).
        only: Names of the parameters to vary, separated by commas (default: all).
        jobs: Trials at the same time, one SUMO each.
        storage: Storage URL or journal file (default: a journal in out/studies).
        study: Name of the study (default: made of controller, scenarios and sensing).
        timeout: Minutes after which it stops.
        sampler_seed: Random seed of the search.
        pruner: median, hyperband or none.
        co2_weight: What a change of CO2 counts beside the same change of waiting.
        minutes: Cut every run off after so many simulated minutes.
        key: Signing key (Ed25519, PEM; default: CHANGTONG_SIGNING_KEY, or one made for the user).
        out: The parameter file (default: out/tuned/STUDY.json).
        json: Print the file's content.
    """
    with one_clear_error():
        from signals.tuning.study import TuningRequest

        request = TuningRequest(
            scenarios=_split(scenarios),
            controller=controller,
            reference=reference,
            trials=trials,
            seeds=read_seeds(seeds),
            scales=_read_scales(scales),
            sensing=sensing,
            only=_split(only),
            jobs=jobs,
            storage=storage,
            name=study,
            timeout_s=None if timeout is None else 60 * timeout,
            sampler_seed=sampler_seed,
            pruner=pruner,
            co2_weight=co2_weight,
            cut_after_s=None if minutes is None else 60 * minutes,
        )
        result = _run(request, out, key)
    _print_result(result, as_json=json)
    if result.is_stopped:
        get_error_console().print(f"stopped; what is done is kept in {request.place}, the same command goes on with it")
        return INTERRUPTED
    return 0


def _run(request: TuningRequest, out: Path | None, key: Path | None) -> TuningResult:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from signals.tuning.campaign import TuningProgress
    from signals.tuning.tune import tune as run_study

    console = get_error_console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[news]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(request.study_name, total=request.trials, news="")

        def show(news: TuningProgress) -> None:
            best = "" if news.best is None else f"best {_to_percent(news.best)} (trial {news.best_number}); "
            bar.update(
                task,
                completed=news.fraction * news.wanted,
                description=f"{request.study_name}: {news.finished} of {news.wanted} trials, {news.pruned} pruned",
                news=f"{best}{news.doing}",
            )

        return run_study(request, out=out, key=key, on_progress=show)


def _print_result(result: TuningResult, *, as_json: bool) -> None:
    import json as codec
    from dataclasses import asdict

    from rich.table import Table

    content = result.content
    if as_json:
        print(codec.dumps({"file": str(result.file), **asdict(content)}, indent=1, ensure_ascii=False))
    else:
        table = Table("parameter", "default", "tuned", "tried")
        for name, value in content.parameters.items():
            default = result.space.defaults[name]
            mark = "" if value == default else "[bold]"
            table.add_row(name, str(default), f"{mark}{value}", result.space.describe(name))
        defaults = _tell_defaults(content.evidence)
        get_console().print(table)
        print(
            f"{result.finished} trials, {result.pruned} pruned, {result.failed} failed; training seeds "
            f"{', '.join(map(str, content.training_seeds))}\nscore {content.objective:.3f} "
            f"({_to_percent(content.objective)}) against {content.reference}, defaults {defaults}\n{result.file}"
        )
    for line in result.news:
        get_error_console().print(line, highlight=False)


def _tell_defaults(evidence: tuple[object, ...]) -> str:
    rows = [row for row in evidence if isinstance(row, dict) and row.get("who") == "defaults"]
    return _to_percent(sum(row["score"] for row in rows) / len(rows)) if rows else "not run"


def _to_percent(score: float) -> str:
    return f"{100 * (math.exp(score) - 1):+.1f} %"


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _read_scales(text: str) -> tuple[float, ...]:
    from signals.tuning.errors import TuningError

    try:
        return tuple(float(part) for part in _split(text))
    except ValueError as error:
        raise TuningError(f"--scales {text!r}: numbers separated by commas, such as 1,1.2.") from error
