"""The connection to one running SUMO: libsumo in this process, or traci to sumo-gui.

libsumo is one simulation per process and does not survive a failed start: callers use a fresh process per run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from signals.simulation.binaries import SYSTEM_LIBRARIES, SumoNotFound, find_binary, find_home


class SimulationError(Exception):
    """SUMO refused the scenario or stopped; the message is SUMO's own."""


@contextmanager
def open_simulation(options: list[str], *, connection: str = "libsumo") -> Iterator[Any]:
    """Start SUMO and yield libsumo or traci, whose modules have the same names; close it at the end."""
    find_home()
    try:
        sumo = import_module("libsumo" if connection == "libsumo" else "traci")
    except ImportError as error:  # its wheels link X11 and GL, which servers often lack
        remedy = f"on Debian or Ubuntu: apt-get install {' '.join(SYSTEM_LIBRARIES)}"
        raise SumoNotFound(f"SUMO cannot be loaded ({error}); {remedy}") from error
    is_window = connection == "gui"
    program = find_binary("sumo-gui" if is_window else "sumo")
    try:
        sumo.start([program, *options, *(["--start", "--quit-on-end"] if is_window else [])])
    except Exception as error:  # libsumo raises types of its own, some of them not exported
        raise SimulationError(f"SUMO did not start: {error}") from error
    try:
        yield sumo
    except (sumo.TraCIException, sumo.FatalTraCIError) as error:  # the latter: somebody closed the window
        raise SimulationError(f"SUMO stopped: {error}") from error
    finally:
        with suppress(sumo.TraCIException, sumo.FatalTraCIError):
            sumo.close()
