"""``changtong signals evaluate``: arms against each other on equal seeds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from signals.cli.output import (
    UNSAFE,
    check_writable,
    get_console,
    get_error_console,
    one_clear_error,
    read_seeds,
    show_runs,
)

if TYPE_CHECKING:
    from signals.evaluation.arm import Arm
    from signals.evaluation.report import EvaluationReport


def evaluate(
    scenario: str,
    /,
    *,
    controllers: str | None = None,
    arms: Path | None = None,
    parameters: Path | None = None,
    trust: Annotated[bool, Parameter(negative=())] = False,
    seeds: str = "3",
    sensing: str = "ideal",
    scale: float = 1.0,
    jobs: int = 2,
    minutes: float | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    plot: Path | None = None,
    keep: Path | None = None,
    ledger: Path | None = None,
) -> int:
    """Compare controllers on a scenario with equal seeds and 95 % intervals.

    Every vehicle that was due counts, also one that never got in: its delay before entering is waiting. The
    signal states are recorded by SUMO and audited independently of the controllers. The first controller is
    the "before": changes are paired with it seed by seed. Exit code 2 means that unsafe signals were found.

    Examples: `changtong signals evaluate corridor`, `changtong signals evaluate cologne3 --seeds 5 --plot
    cologne3.png`, `changtong signals evaluate my.sumocfg --controllers actuated,adaptive --seeds 5,9 --json`,
    `changtong signals evaluate corridor --parameters out/tuned/adaptive.json --seeds 1-10`.

    Args:
        scenario: A name from `changtong signals scenarios`, or the path of a .sumocfg file.
        controllers: Separated by commas: fixed, actuated, max_pressure, adaptive and others; a wrong name lists all.
            The first is the "before". Default: fixed,actuated,adaptive, or only those of `--arms`.
        arms: A TOML file of further sides to compare, one `[[arm]]` each with `label`, `controller` and, where
            wanted, `parameters`, `file` (tuned parameters), `sensing`, `faults`, `demand_scale` and `limits`.
        parameters: A parameter file from `changtong signals tune`: one more side, labelled "tuned".
        trust: Read parameter files that are unsigned or signed by an unknown key. A changed file is always refused.
        seeds: A number N for the seeds 1 to N, or the seeds themselves (`5,9`, `1-10`, or `7,`).
        sensing: How our controllers see the traffic: `ideal` (every vehicle within 300 m and its turn), `loops` (stop
            line, advance and exit loops, push buttons; the rest is estimated) or `video` (a camera at the line).
        scale: Times the scenario's demand; arms of a file have their own.
        jobs: Simulations at the same time, at most the number of cores.
        minutes: Cut every run off after so many simulated minutes (for a quick look, not for figures).
        json: Print the report as JSON.
        plot: Write a before/after picture to this file (.png, .svg or .pdf).
        keep: Keep SUMO's files, one folder per run, in this folder.
        ledger: Keep the figures of finished runs in this file and do not repeat those it has.
    """
    with one_clear_error():
        check_writable(plot, (".png", ".svg", ".pdf"))
        numbers = read_seeds(seeds)

        from signals.evaluation.experiment import EvaluationRequest
        from signals.evaluation.experiment import evaluate as run_all

        further = _load_arms(arms, parameters, sensing, scale, needs_signature=not trust)
        if controllers is None:
            controllers = "" if arms else "fixed,actuated,adaptive"
        request = EvaluationRequest(
            scenario=scenario,
            controllers=tuple(name.strip() for name in controllers.split(",") if name.strip()),
            seeds=numbers,
            sensing=sensing,
            jobs=jobs,
            cut_after_s=None if minutes is None else 60 * minutes,
            keep=keep,
            arms=further,
            demand_scale=scale,
            ledger=ledger,
        )
        with show_runs(scenario, len(request.list_arms()) * len(request.seeds)) as show:
            report = run_all(request, show)
        if plot:
            from signals.evaluation.plot import plot_report

            plot_report(report, plot)
    _print_report(report, as_json=json)
    return UNSAFE if any(not r.audit.is_safe for r in report.runs) else 0


def _load_arms(
    arms: Path | None, parameters: Path | None, sensing: str, scale: float, *, needs_signature: bool
) -> tuple[Arm, ...]:
    from signals.evaluation.arm import build_tuned_arm, load_arms
    from signals.parameter_file import load_parameters

    found = load_arms(arms, needs_signature=needs_signature) if arms else ()
    if parameters:
        content = load_parameters(parameters, needs_signature=needs_signature)
        tuned = build_tuned_arm(content, parameters.name, label="tuned")
        found = (*found, replace(tuned, sensing=sensing, demand_scale=scale))
    return found


def _print_report(report: EvaluationReport, *, as_json: bool) -> None:
    import json as codec

    if as_json:
        print(codec.dumps(report.to_json(), indent=1, ensure_ascii=False))
    else:
        from signals.evaluation.table import build_table, list_parameters

        get_console().print(build_table(report))
        for line in list_parameters(report):
            get_console().print(line, highlight=False, markup=False)
    for notice in report.list_notices():
        get_error_console().print(f"[bold red]![/] {notice}", highlight=False)
