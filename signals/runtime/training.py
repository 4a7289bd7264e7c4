"""Emulated controllers for training and demos: one intersection's file makes a cabinet with a street in front of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from pathlib import Path

from signals.cabinet import Cabinet
from signals.hardware.emulator import CabinetEmulator
from signals.hardware.street import EmulatedStreet
from signals.runtime.intersection_file import IntersectionFileError, load_intersection

Say = Callable[[str], None]


def emulate(file: Path, host: str, port: int, say: Say, *, speed: float = 1.0, seed: int = 1) -> None:
    """Be a cabinet that speaks the loopback protocol, with a street in front of it, until interrupted."""
    if not (math.isfinite(speed) and speed > 0):
        raise IntersectionFileError(f"a speed of {speed:g} makes no seconds; give a number above zero.")
    found = load_intersection(file)
    street = EmulatedStreet(found.intersection, found.demand_per_h, seed)
    emulator = CabinetEmulator(Cabinet(found.plan), street, speed)
    asyncio.run(emulator.serve(host, port, lambda bound: say(f"{found.intersection.id}: listening on {host}:{bound}")))
