"""One process for the intersections of a configuration: a guarded decision each second, and a line when it matters.

Shadow mode (``armed = false``, the default) decides and logs but sends nothing. Every intersection has a thread of its
own, so that a dead cabinet delays no other. When a cabinet does not answer, its loop says so once, keeps trying each
second, and says when it is back; the cabinet runs its local plan meanwhile. On SIGTERM and SIGINT, and when anything
fails, every cabinet is released to its local plan before the process ends.
"""

from __future__ import annotations

import asyncio
import math
import signal as system_signal
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from signals.cabinet import Cabinet
from signals.controller import build_supervisor
from signals.hardware.emulator import CabinetEmulator
from signals.hardware.loopback import LoopbackCabinet
from signals.hardware.street import EmulatedStreet
from signals.ports import Advance, Capabilities, Detections, SignalState
from signals.runtime.intersection_file import IntersectionFileError, load_intersection
from signals.safety.command import GuardedController, SafeCommand
from signals.safety.supervisor import StepReport, Supervisor

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class IntersectionConfig:
    """One ``[[intersection]]`` of the configuration; ``file`` is already relative to it."""

    file: Path
    host: str
    port: int
    armed: bool = False


_KEYS = ("file", "driver", "host", "port", "armed")


def load_config(path: Path) -> tuple[IntersectionConfig, ...]:
    """Read ``roadside.toml``; raises ``IntersectionFileError`` with file and remedy."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        found = tuple(_read_row(path, row) for row in content["intersection"])
    except OSError as error:
        raise IntersectionFileError(f"{path}: {error.strerror}") from error
    except KeyError as error:
        raise IntersectionFileError(f"{path}: {error} is missing; see config/roadside.toml for an example.") from error
    except (AttributeError, TypeError, ValueError) as error:  # TOMLDecodeError is a ValueError
        raise IntersectionFileError(f"{path}: {error}") from error
    if not found:
        raise IntersectionFileError(f"{path}: there is no [[intersection]]; see config/roadside.toml for an example.")
    addresses = [(config.host, config.port) for config in found]
    for host, port in addresses:
        if addresses.count((host, port)) > 1:
            raise IntersectionFileError(
                f"{path}: two intersections have the cabinet {host}:{port}; one may command it."
            )
    return found


def _read_row(path: Path, row: Mapping[str, Any]) -> IntersectionConfig:
    if unknown := sorted(set(row) - set(_KEYS)):
        raise ValueError(f"an intersection has no {unknown[0]!r}; it may have {', '.join(_KEYS)}")
    if row.get("driver", "loopback") != "loopback":
        raise ValueError(f"driver {row['driver']!r} is not known; this release has loopback.")
    armed = row.get("armed", False)
    if not isinstance(armed, bool):  # "false" in quotes would arm
        raise TypeError(f"armed is {armed!r}; it has to be true or false, without quotes")
    port = row["port"]
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65_535:
        raise ValueError(f"port is {port!r}; it has to be a number from 1 to 65535")
    return IntersectionConfig(path.parent / row["file"], str(row["host"]), port, armed)


class ScaledClock:
    """Monotonic seconds since the start, ``speed`` times as fast as the wall's."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed, self._start_s = speed, time.monotonic()

    def now_s(self) -> float:
        """The time."""
        return (time.monotonic() - self._start_s) * self._speed


class ShadowController:
    """Passes state through and keeps every command to itself."""

    def __init__(self, cabinet: GuardedController) -> None:
        self._cabinet = cabinet

    @property
    def capabilities(self) -> Capabilities:
        """What the cabinet can do."""
        return self._cabinet.capabilities

    def read_state(self) -> SignalState:
        """What the cabinet shows now."""
        return self._cabinet.read_state()

    def apply(self, command: SafeCommand) -> None:
        """Send nothing."""


class IntersectionLoop:
    """The loop of one intersection and what it says about itself."""

    def __init__(self, config: IntersectionConfig, clock: ScaledClock, log: Log) -> None:
        found = load_intersection(config.file)
        self.id = found.intersection.id
        self._cabinet = LoopbackCabinet(config.host, config.port)
        signal: GuardedController = self._cabinet if config.armed else ShadowController(self._cabinet)
        self._supervisor: Supervisor[Detections] = build_supervisor(
            found.intersection, found.plan, self._cabinet, signal, clock
        )
        self._log, self._clock, self._trouble = log, clock, ""
        mode = "ARMED from the start: commands are sent" if config.armed else "shadow mode, nothing is sent"
        log(f"{self.id}: {mode}; cabinet {config.host}:{config.port}")
        self._is_armed = config.armed

    def run(self, stop: threading.Event, *, speed: float, seconds: float | None) -> None:
        """Step each second until ``stop`` or the end of ``seconds``; release and let go whatever happens."""
        next_s = 0.0
        try:
            while not stop.is_set() and (seconds is None or next_s < seconds):
                self.step()
                next_s = max(next_s + 1.0, float(int(self._clock.now_s())))  # after a stall, no burst of decisions
                stop.wait(max(0.0, (next_s - self._clock.now_s()) / speed))
        finally:
            self.close()

    def step(self) -> StepReport:
        """One second; logs changes of trouble, advances and refusals that matter."""
        report = self._supervisor.step()
        if report.trouble != self._trouble:
            self._log(f"{self.id}: {report.trouble or 'the cabinet answers again'}")
            self._trouble = report.trouble
        if isinstance(report.applied, Advance):
            why = report.refusal.message if report.refusal else report.line
            self._log(f"{self.id} {self._clock.now_s():.0f} s: advance to stage {report.applied.stage}  {why}")
        return report

    def close(self) -> None:
        """Release the cabinet to its local plan and let go of it."""
        trouble = self._supervisor.release("the process ends")
        self._cabinet.close()
        if self._is_armed:
            why = "" if trouble == self._trouble else f" ({trouble})"
            lost = f"not released{why}; the cabinet returns to its local plan by itself"
            self._log(f"{self.id}: {lost if trouble else 'released to its local plan'}")


def run_roadside(path: Path, log: Log, *, speed: float = 1.0, seconds: float | None = None) -> None:
    """Run every intersection of a configuration, for ``seconds`` of their time or until told to stop."""
    _check_speed(speed)
    lock = threading.Lock()

    def say(line: str) -> None:
        with lock:
            log(line)

    clock = ScaledClock(speed)
    loops = [IntersectionLoop(config, clock, say) for config in load_config(path)]
    with _stop_when_told() as stop, ThreadPoolExecutor(max(1, len(loops))) as pool:
        running = {pool.submit(loop.run, stop, speed=speed, seconds=seconds) for loop in loops}
        wait(running, return_when=FIRST_EXCEPTION)
        stop.set()  # one loop that fails ends all: each releases its cabinet, and whoever watches starts us anew
    for ended in running:
        ended.result()


@contextmanager
def _stop_when_told() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set; a second signal ends at once. SIGINT is passed on in the end."""
    stop, told = threading.Event(), []
    kinds = (system_signal.SIGTERM, system_signal.SIGINT)

    def tell(number: int, frame: FrameType | None) -> None:
        del frame
        told.append(number)
        stop.set()
        system_signal.signal(number, system_signal.SIG_DFL)

    is_main = threading.current_thread() is threading.main_thread()  # elsewhere Python takes no handlers
    before = {kind: system_signal.signal(kind, tell) for kind in kinds} if is_main else {}
    try:
        yield stop
    finally:
        stop.set()
        for kind, handler in before.items():
            system_signal.signal(kind, handler)
    if system_signal.SIGINT in told:
        raise KeyboardInterrupt


def _check_speed(speed: float) -> None:
    if not (math.isfinite(speed) and speed > 0):
        raise IntersectionFileError(f"a speed of {speed:g} makes no seconds; give a number above zero.")


def emulate(file: Path, host: str, port: int, log: Log, *, speed: float = 1.0, seed: int = 1) -> None:
    """Be a cabinet with a street in front of it until interrupted."""
    _check_speed(speed)
    found = load_intersection(file)
    street = EmulatedStreet(found.intersection, found.demand_per_h, seed)
    emulator = CabinetEmulator(Cabinet(found.plan), street, speed)
    asyncio.run(emulator.serve(host, port, lambda bound: log(f"{found.intersection.id}: listening on {host}:{bound}")))
