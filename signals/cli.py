"""``changtong signals``: evaluate, simulate, audit and run traffic-signal controllers.

Figures go to standard output, progress and warnings to standard error. Exit code 1: the request could not
be carried out; 2: it was, and signals were found unsafe.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from rich.console import Console

    from signals.evaluation.report import EvaluationReport
    from signals.measures.audit import Audit

UNSAFE = 2

app = App(
    name="signals",
    help_format="markdown",
    help="""Evaluate, run and audit traffic-signal controllers in SUMO.

Start with `changtong signals scenarios`, then `changtong signals evaluate corridor --seeds 5`.""",
)


@app.command
def evaluate(
    scenario: str,
    /,
    *,
    controllers: str = "fixed,actuated,adaptive",
    seeds: str = "3",
    sensing: str = "ideal",
    jobs: int = 2,
    minutes: float | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    plot: Path | None = None,
    keep: Path | None = None,
) -> int:
    """Compare controllers on a scenario with equal seeds and 95 % intervals.

    Every vehicle that was due counts, also one that never got in: its delay before entering is waiting. The
    signal states are recorded by SUMO and audited independently of the controllers. The first controller is
    the "before": changes are paired with it seed by seed. Exit code 2 means that unsafe signals were found.

    Examples: `changtong signals evaluate corridor`, `changtong signals evaluate cologne3 --seeds 5 --plot
    cologne3.png`, `changtong signals evaluate my.sumocfg --controllers actuated,adaptive --seeds 5,9 --json`.

    Args:
        scenario: A name from `changtong signals scenarios`, or the path of a .sumocfg file.
        controllers: Separated by commas: fixed, actuated, max_pressure, adaptive. The first is the "before".
        seeds: A number N for the seeds 1 to N, or the seeds themselves separated by commas (`5,9`, or `7,`).
        sensing: How the controllers see the traffic.
        jobs: Simulations at the same time, at most the number of cores.
        minutes: Cut every run off after so many simulated minutes (for a quick look, not for figures).
        json: Print the report as JSON.
        plot: Write a before/after picture to this file (.png, .svg or .pdf).
        keep: Keep SUMO's files, one folder per run, in this folder.
    """
    with _one_clear_error():
        _check_writable(plot, (".png", ".svg", ".pdf"))
        numbers = _read_seeds(seeds)

        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        from signals.evaluation.experiment import EvaluationProgress, EvaluationRequest
        from signals.evaluation.experiment import evaluate as run_all

        request = EvaluationRequest(
            scenario=scenario,
            controllers=tuple(name.strip() for name in controllers.split(",") if name.strip()),
            seeds=numbers,
            sensing=sensing,
            jobs=jobs,
            cut_after_s=None if minutes is None else 60 * minutes,
            keep=keep,
        )
        console = _get_error_console()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[news]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            total = len(request.controllers) * len(request.seeds)
            task = bar.add_task(f"{scenario}: 0 of {total} runs", total=total, news="")
            fractions: dict[tuple[str, int], float] = {}

            def show(news: EvaluationProgress) -> None:
                fractions[news.controller, news.seed] = news.fraction
                text = f"{news.controller}/{news.seed}"
                if news.run:
                    text += f" {news.run.sim_s:.0f} s, waiting {news.run.waiting_s:.1f} s"
                done = f"{scenario}: {news.done_runs} of {news.total_runs} runs"
                bar.update(task, completed=sum(fractions.values()), description=done, news=text)

            report = run_all(request, show)
        if plot:
            from signals.evaluation.plot import plot_report

            plot_report(report, plot)
    _print_report(report, as_json=json)
    return UNSAFE if any(not r.audit.is_safe for r in report.runs) else 0


@app.command
def scenarios(*, json: Annotated[bool, Parameter(negative=())] = False) -> int:
    """List the scenarios that can be named, with their size and licence.

    The RESCO maps appear when the PyPI package sumo-rl is installed (`pip install changtong[bench]`).

    Args:
        json: Print the list as JSON.
    """
    import json as codec

    from rich.table import Table

    from sumo_scenarios.catalog import list_scenarios

    with _one_clear_error():
        found = list_scenarios()
    if json:
        rows = [
            {"name": s.name, "title": s.title, "minutes": (s.end_s - s.begin_s) / 60, "license": s.license}
            for s in found
        ]
        print(codec.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    table = Table("name", "what", "minutes", "licence")
    for s in found:
        table.add_row(s.name, s.title, f"{(s.end_s - s.begin_s) / 60:.0f}", s.license or "Apache-2.0")
    _get_console().print(table)
    return 0


@app.command
def simulate(
    scenario: str,
    /,
    *,
    controller: str = "adaptive",
    seed: int = 1,
    sensing: str = "ideal",
    out: Path = Path("out/signals"),
    gui: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Run one simulation under one controller, with `--gui` in sumo-gui, and keep SUMO's files.

    Args:
        scenario: A name from `changtong signals scenarios`, or the path of a .sumocfg file.
        controller: fixed, actuated, max_pressure or adaptive.
        seed: Random seed of demand and drivers.
        sensing: How the controller sees the traffic.
        out: Folder for tripinfo, statistics and the recording of the signals.
        gui: Watch it in sumo-gui.
    """
    from rich.progress import Progress

    from signals.measures.audit import audit_run
    from signals.measures.tripinfo import measure_run
    from signals.simulation.run import CONTROLLERS, RunProgress, RunRequest
    from signals.simulation.run import simulate as run_one
    from sumo_scenarios.catalog import find_scenario

    with _one_clear_error():
        found = find_scenario(scenario)
        if gui:
            _check_screen()
        console = _get_error_console()
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(f"{scenario}, {controller}", total=found.end_s - found.begin_s)

            def show(news: RunProgress) -> None:
                bar.update(task, completed=news.sim_s - news.begin_s)

            files = run_one(
                RunRequest(found, controller, seed, out, sensing=sensing, connection="gui" if gui else "libsumo"), show
            )
        measures = measure_run(files.tripinfo, files.statistics)
        audit = audit_run(files.tls_states, found, is_ours=CONTROLLERS[controller].is_ours)
    print(
        f"{measures.loaded} vehicles, {measures.unserved} unserved, {measures.teleports} teleports\n"
        f"waiting {measures.waiting_s:.1f} s, travel time {measures.travel_time_s:.1f} s, "
        f"{measures.stops:.2f} stops per vehicle, {measures.co2_kg:.0f} kg CO2\n"
        f"SUMO's files are in {out}"
    )
    return _print_audit(audit)


@app.command
def audit(
    recording: Path,
    /,
    *,
    scenario: str,
    shipped: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Audit a recording of signal states (SUMO's SaveTLSStates) for safety; exit code 2 when unsafe.

    Checks minimum greens, yellows, red clearances, conflicting greens and longest reds against the net's
    right-of-way matrix and the scenario's numbers.

    Args:
        recording: The XML file, plain or gzipped.
        scenario: The scenario that was run: its net and its safety numbers.
        shipped: Hold the signals to the clearances and greens of the scenario's own programs.
        json: Print the findings as JSON.
    """
    import json as codec
    from dataclasses import asdict

    from signals.measures.audit import audit_run
    from sumo_scenarios.catalog import find_scenario

    with _one_clear_error():
        found = audit_run(recording, find_scenario(scenario), is_ours=not shipped)
    if json:
        print(codec.dumps({**asdict(found), "is_safe": found.is_safe}, indent=1))
        return 0 if found.is_safe else UNSAFE
    return _print_audit(found)


@app.command
def diagram(
    recording: Path, /, *, signal: str, out: Path, begin_s: float | None = None, end_s: float | None = None
) -> int:
    """Draw what the lamps of one signal showed over time.

    Args:
        recording: SUMO's SaveTLSStates file (`evaluate --keep` leaves one per run, tls_states.xml).
        signal: The signal's id in the net.
        out: Picture to write (.png, .svg or .pdf).
        begin_s: From this simulated second (default: the recording's first).
        end_s: To this one (default: five minutes later).
    """
    with _one_clear_error():
        _check_writable(out, (".png", ".svg", ".pdf"))
        from signals.evaluation.plot import plot_lamps
        from signals.measures.recording import load_recording
        from signals.measures.sumo_xml import MeasureError

        recordings = load_recording(recording)
        if signal not in recordings:
            raise MeasureError(
                f"{recording}: there is no signal {signal!r}; recorded: {', '.join(sorted(recordings))}."
            )
        first_s = float(recordings[signal].times_s[0]) if begin_s is None else begin_s
        plot_lamps(recordings[signal], out, first_s, first_s + 300 if end_s is None else end_s)
    print(out)
    return 0


@app.command
def run(config: Path, /, *, speed: float = 1.0) -> int:
    """Run the process in the cabinet: a guarded decision each second for every intersection of a configuration.

    Intersections with `armed = false` are in shadow mode: decisions are logged and nothing is sent. It runs until
    interrupted; an example is `config/roadside.toml`.

    Args:
        config: The configuration (TOML).
        speed: Times as fast as the clock; only an emulated cabinet can follow.
    """
    from signals.runtime.intersection_file import IntersectionFileError
    from signals.runtime.process import run_roadside

    with _one_clear_error(IntersectionFileError):
        run_roadside(config, _log, speed=speed)
    return 0


@app.command
def emulate(*, intersection: Path, host: str = "127.0.0.1", port: int = 9740, speed: float = 1.0, seed: int = 1) -> int:
    """Be a cabinet with a street in front of it, for `changtong signals run` to drive, until interrupted.

    Args:
        intersection: The intersection and its plan (TOML), as for `run`.
        host: Address to listen on.
        port: TCP port; 0 for any free one, which is then printed.
        speed: Times as fast as the clock.
        seed: Random seed of the traffic.
    """
    from signals.runtime.intersection_file import IntersectionFileError
    from signals.runtime.process import emulate as be_a_cabinet

    with _one_clear_error(IntersectionFileError):
        be_a_cabinet(intersection, host, port, _log, speed=speed, seed=seed)
    return 0


def _log(line: str) -> None:
    print(line, flush=True)


@contextmanager
def _one_clear_error(*expected: type[Exception]) -> Iterator[None]:
    """What can go wrong ends as one line on standard error and exit code 1."""
    try:
        yield
    except KeyboardInterrupt:
        print("changtong signals: stopped", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        if not isinstance(error, (*expected, *_list_expected_errors())):
            raise
        print(f"changtong signals: {error}", file=sys.stderr)
        sys.exit(1)


def _list_expected_errors() -> tuple[type[Exception], ...]:
    from signals.evaluation.errors import EvaluationError
    from signals.measures.sumo_xml import MeasureError
    from signals.simulation.connection import SimulationError
    from sumo_scenarios.manifest import ScenarioError

    return (EvaluationError, MeasureError, ScenarioError, SimulationError, OSError)


def _read_seeds(text: str) -> tuple[int, ...]:
    from signals.evaluation.errors import EvaluationError

    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise EvaluationError(f"--seeds {text!r}: give a number of seeds (3) or the seeds themselves (5,9).")
    numbers = tuple(int(part) for part in parts)
    if "," in text:
        return numbers
    if not 1 <= numbers[0] <= 1000:
        raise EvaluationError(f"--seeds {text}: from 1 to 1000 seeds; the single seed {text} is written `{text},`.")
    return tuple(range(1, numbers[0] + 1))


def _check_screen() -> None:
    """Without one, traci tries for a minute and says so sixty times."""
    from signals.evaluation.errors import EvaluationError

    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise EvaluationError("--gui needs a screen, and neither DISPLAY nor WAYLAND_DISPLAY is set here.")


def _check_writable(path: Path | None, suffixes: tuple[str, ...]) -> None:
    """Before the long work, not after it."""
    from signals.evaluation.errors import EvaluationError

    if path is None:
        return
    if path.suffix not in suffixes:
        raise EvaluationError(f"{path}: a picture ends in {', '.join(suffixes)}.")
    if not path.absolute().parent.is_dir():
        raise EvaluationError(f"{path}: there is no folder {path.absolute().parent}.")


def _print_report(report: EvaluationReport, *, as_json: bool) -> None:
    import json as codec

    if as_json:
        print(codec.dumps(report.to_json(), indent=1, ensure_ascii=False))
    else:
        from signals.evaluation.table import build_table

        _get_console().print(build_table(report))
    for notice in report.list_notices():
        _get_error_console().print(f"[bold red]![/] {notice}", highlight=False)


def _print_audit(found: Audit) -> int:
    print(
        f"audited {found.signals} signals, {found.links} links, {found.conflicts} conflicts, {found.greens} greens "
        f"over {found.recorded_s:g} s: {len(found.violations)} violations"
    )
    for violation in found.violations[:20]:
        print(f"  {violation}")
    if len(found.violations) > 20:
        print(f"  ... and {len(found.violations) - 20} more (--json lists all)")
    return 0 if found.is_safe else UNSAFE


def _get_console() -> Console:
    from rich.console import Console

    # a table cut to the 80 columns of a pipe would lose figures
    return Console(width=None if sys.stdout.isatty() else 160)


def _get_error_console() -> Console:
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True)
