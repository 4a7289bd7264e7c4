"""Where SUMO is: the programs and data files of the installed ``eclipse-sumo`` distribution."""

from __future__ import annotations

import os
from pathlib import Path

SYSTEM_LIBRARIES = ("libatomic1", "libgl1", "libx11-6", "libxext6", "libxrender1")
"""Debian's packages of the libraries that SUMO's wheels expect on the machine, even where nothing is drawn."""


class SumoNotFound(Exception):  # noqa: N818  (reads as the fact it reports)
    """SUMO is not installed; the message says how to install it."""


def find_home() -> Path:
    """SUMO_HOME: the environment's, else that of the installed distribution, which is then also set."""
    try:
        import sumo  # noqa: PLC0415  (only a simulation needs it)
    except ImportError as error:
        raise SumoNotFound("SUMO is not installed: install changtong[sim] (eclipse-sumo, libsumo, traci).") from error
    home = Path(sumo.SUMO_HOME)
    os.environ.setdefault("SUMO_HOME", str(home))
    return home


def find_binary(name: str) -> str:
    """The path of `sumo`, `sumo-gui`, `netconvert` and their like."""
    path = find_home() / "bin" / name
    if not path.is_file():
        raise SumoNotFound(f"{path} is missing: reinstall eclipse-sumo 1.28.")
    return str(path)
