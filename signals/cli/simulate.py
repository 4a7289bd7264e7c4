"""``changtong signals simulate`` and ``scenarios``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from signals.cli.output import check_screen, get_console, get_error_console, one_clear_error, print_audit


def scenarios(*, json: Annotated[bool, Parameter(negative=())] = False) -> int:
    """List the scenarios that can be named, with their size and licence.

    The RESCO maps appear when the PyPI package sumo-rl is installed (`pip install changtong[bench]`).

    Args:
        json: Print the list as JSON.
    """
    import json as codec

    from rich.table import Table

    from sumo_scenarios.catalog import list_scenarios

    with one_clear_error():
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
    get_console().print(table)
    return 0


def simulate(
    scenario: str,
    /,
    *,
    controller: str = "adaptive",
    seed: int = 1,
    sensing: str = "ideal",
    scale: float = 1.0,
    parameters: Path | None = None,
    trust: Annotated[bool, Parameter(negative=())] = False,
    out: Path = Path("out/signals"),
    gui: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Run one simulation under one controller, with `--gui` in sumo-gui, and keep SUMO's files.

    Args:
        scenario: A name from `changtong signals scenarios`, or the path of a .sumocfg file.
        controller: fixed, actuated, max_pressure, adaptive or another; a wrong name lists all.
        seed: Random seed of demand and drivers.
        sensing: How our controllers see the traffic: `ideal` (every vehicle within 300 m and its turn), `loops` (stop
            line, advance and exit loops, push buttons; the rest is estimated) or `video` (a camera at the line).
        scale: Times the scenario's demand.
        parameters: A parameter file from `changtong signals tune`; it names the controller itself.
        trust: Read a parameter file that is unsigned or signed by an unknown key.
        out: Folder for tripinfo, statistics and the recording of the signals.
        gui: Watch it in sumo-gui.
    """
    from rich.progress import Progress

    from signals.measures.audit import audit_run
    from signals.measures.tripinfo import measure_run
    from signals.parameter_file import load_parameters
    from signals.simulation.run import CONTROLLERS, RunProgress, RunRequest
    from signals.simulation.run import simulate as run_one
    from sumo_scenarios.catalog import find_scenario

    with one_clear_error():
        found = find_scenario(scenario)
        if gui:
            check_screen()
        values = {}
        if parameters:
            tuned = load_parameters(parameters, needs_signature=not trust)
            controller, values = tuned.controller, dict(tuned.parameters)
        console = get_error_console()
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(f"{scenario}, {controller}", total=found.end_s - found.begin_s)

            def show(news: RunProgress) -> None:
                bar.update(task, completed=news.sim_s - news.begin_s)

            request = RunRequest(
                found,
                controller,
                seed,
                out,
                sensing=sensing,
                parameters=values,
                demand_scale=scale,
                connection="gui" if gui else "libsumo",
            )
            files = run_one(request, show)
        measures = measure_run(files.tripinfo, files.statistics, found.end_s)
        audit = audit_run(files.tls_states, found, is_ours=CONTROLLERS[controller].is_ours)
    print(
        f"{measures.loaded} vehicles, {measures.unserved} unserved, {measures.teleports} teleports\n"
        f"waiting {measures.waiting_s:.1f} s, travel time {measures.travel_time_s:.1f} s, "
        f"{measures.stops:.2f} stops per vehicle, {measures.co2_kg:.0f} kg CO2\n"
        f"SUMO's files are in {out}"
    )
    return print_audit(audit)
