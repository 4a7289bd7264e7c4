"""The roadside process from its command line to its end: configuration, seal, signals of the system.

Real cabinets can be armed only under a configuration that enough people have signed (``runtime.sealed_config``):
without a keyring, or where the seal does not hold, everything runs as far as advisory, and says why. What was verified
is what is run: the process reads a copy made of the very bytes that the signatures cover.
"""

from __future__ import annotations

import asyncio
import math
import os
import signal as system_signal
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import uvloop

from signals.runtime.intersection_file import IntersectionFileError
from signals.runtime.roadside import Roadside
from signals.runtime.roadside_file import RoadsideConfig, load_config
from signals.runtime.sealed_config import SealError, verify_config
from signals.runtime.station import Say
from signals.safety.arming import Level

KEYRING_VARIABLE = "CHANGTONG_KEYRING"  # a folder of public keys; not named by what they sign


def run_roadside(
    path: Path, log: Say, *, speed: float = 1.0, seconds: float | None = None, state: Path | None = None
) -> None:
    """Run every intersection of a configuration, for ``seconds`` of their time or until told to stop.

    ``state``: the folder for logs and leases, instead of the one that the configuration names.

    Raises:
        IntersectionFileError: a file that cannot be used.
        KeyboardInterrupt: SIGINT ended it, in good order.
    """
    if not (math.isfinite(speed) and speed > 0):
        raise IntersectionFileError(f"a speed of {speed:g} makes no seconds; give a number above zero.")
    told: list[int] = []

    async def run(config: RoadsideConfig, most: Level, notices: tuple[str, ...]) -> None:
        roadside = Roadside(config, log, speed=speed, most=most, notices=notices)
        loop = asyncio.get_running_loop()

        def tell(number: int) -> None:
            told.append(number)
            roadside.stop()
            loop.remove_signal_handler(number)  # a second one ends at once

        if threading.current_thread() is threading.main_thread():
            for number in (system_signal.SIGTERM, system_signal.SIGINT):
                loop.add_signal_handler(number, tell, number)
        await roadside.run(seconds)

    with ExitStack() as open_:
        config, most, notices = _read_sealed(path, open_)
        for notice in notices:
            log(notice)
        uvloop.run(run(replace(config, state=state or config.state), most, notices))
    if system_signal.SIGINT in told:
        raise KeyboardInterrupt


def _read_sealed(path: Path, open_: ExitStack) -> tuple[RoadsideConfig, Level, tuple[str, ...]]:
    """The configuration, how far it may arm real cabinets, and why no further."""
    config = load_config(path)
    wants = any(row.most is Level.ARMED and row.driver != "loopback" for row in config.intersections)
    if not wants:
        return config, Level.ADVISORY, ()
    keyring = os.environ.get(KEYRING_VARIABLE, "")
    if not keyring:
        why = f"{KEYRING_VARIABLE} names no keyring; nothing real can be armed"
        return config, Level.ADVISORY, (why,)
    verdict = verify_config(path, Path(keyring), needed=[row.file for row in config.intersections])
    if not verdict.is_sealed:
        return config, Level.ADVISORY, tuple(f"not sealed, nothing real can be armed: {f}" for f in verdict.faults)
    folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="changtong-sealed-")))
    try:
        copy = load_config(verdict.write_snapshot(folder / "config"), home=path)
    except (SealError, OSError) as error:
        raise IntersectionFileError(f"{path}: {error}") from error
    return replace(copy, path=path), Level.ARMED, (f"sealed by {', '.join(verdict.signed_by)}: {verdict.digest[:16]}",)
