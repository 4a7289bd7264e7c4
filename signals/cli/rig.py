"""``changtong signals rig``: SUMO's streets, emulated controllers behind real sockets, and the adaptive controller."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from signals.cli.output import UNSAFE, get_console, get_error_console, one_clear_error, read_seeds


def rig(
    scenario: str,
    /,
    *,
    protocols: tuple[str, ...] = ("utc-v3", "ntcip1202"),
    seeds: str = "1",
    minutes: float | None = None,
    connection: Literal["libsumo", "traci", "gui"] = "libsumo",
    work: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Close the loop: the same streets with cabinets behind field protocols, and with cabinets in the process.

    Every signal of the scenario gets an emulated controller and a driver, with UDP sockets between them, in turn of the
    protocols given; the adaptive controller acts through the drivers alone. Beside it runs the same without wires. The
    lamps are audited from SUMO's own recording; exit code 2 when they were unsafe.

    Example: `changtong signals rig corridor --protocols utc-v3 --minutes 10`.

    Args:
        scenario: A scenario of `changtong signals scenarios`.
        protocols: Which protocols, in turn: utc-v3, ntcip1202.
        seeds: Random seeds, e.g. `1-3`.
        minutes: Only the first minutes (default: the whole scenario; an hour of sixteen signals takes about half one).
        connection: How SUMO is driven; `gui` opens its window on the street with the wires.
        work: Folder for SUMO's files (default: a temporary one).
        json: Print everything as JSON.
    """
    import json as codec
    import tempfile

    from rich.table import Table

    from signals.rig.closed_loop import run_closed_loop
    from signals.simulation.connection import SimulationError
    from sumo_scenarios.catalog import find_scenario

    with (
        one_clear_error(SimulationError, ValueError),
        tempfile.TemporaryDirectory(prefix="changtong-rig-") as temporary,
    ):
        found, folder, loops = find_scenario(scenario), work or Path(temporary), []
        for seed in read_seeds(seeds):
            with get_error_console().status(f"{scenario}, seed {seed}: with and without wires ..."):
                place = folder / str(seed)
                loops.append(run_closed_loop(found, seed, protocols, place, minutes=minutes, connection=connection))
    is_safe = all(loop.wired.audit.is_safe and loop.direct.audit.is_safe for loop in loops)
    if json:
        print(codec.dumps([loop.to_dict() for loop in loops], indent=1, default=str))
        return 0 if is_safe else UNSAFE
    table = Table(title=f"{scenario} behind {', '.join(protocols)}")
    for column in (
        "seed",
        "waiting over wires, s",
        "in the process, s",
        "ratio",
        "violations",
        "commanded",
        "datagrams",
    ):
        table.add_column(column, justify="right")
    for loop in loops:
        wired = loop.wired
        table.add_row(
            str(loop.seed),
            f"{wired.measures.waiting_s:.1f}",
            f"{loop.direct.measures.waiting_s:.1f}",
            f"{loop.waiting_ratio:.3f}",
            f"{len(wired.audit.violations)} / {len(loop.direct.audit.violations)}",
            f"{wired.engaged} of {wired.cabinets}",
            f"{wired.datagrams:,}",
        )
    get_console().print(table)
    return 0 if is_safe else UNSAFE
