"""One process for the intersections of a configuration: a guarded decision each second, and a line when it matters.

Shadow mode (``armed = false``, the default) decides and logs but sends nothing. When a cabinet does not answer, its
loop says so once, keeps trying each second, and says when it is back; the cabinet runs its local plan meanwhile.
"""

from __future__ import annotations

import asyncio
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from signals.cabinet import Cabinet
from signals.controller import build_supervisor
from signals.hardware.emulator import CabinetEmulator
from signals.hardware.loopback import LoopbackCabinet
from signals.hardware.street import EmulatedStreet
from signals.ports import Advance, Capabilities, SignalState
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


def load_config(path: Path) -> tuple[IntersectionConfig, ...]:
    """Read ``roadside.toml``; raises ``IntersectionFileError`` with file and remedy."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        rows = content["intersection"]
        for row in rows:
            if row.get("driver", "loopback") != "loopback":
                raise IntersectionFileError(
                    f"{path}: driver {row['driver']!r} is not known; this release has loopback."
                )
        return tuple(
            IntersectionConfig(path.parent / r["file"], str(r["host"]), int(r["port"]), bool(r.get("armed", False)))
            for r in rows
        )
    except OSError as error:
        raise IntersectionFileError(f"{path}: {error.strerror}") from error
    except KeyError as error:
        raise IntersectionFileError(f"{path}: {error} is missing; see config/roadside.toml for an example.") from error
    except (TypeError, ValueError) as error:  # TOMLDecodeError is a ValueError
        raise IntersectionFileError(f"{path}: {error}") from error


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
        self._supervisor: Supervisor = build_supervisor(found.intersection, found.plan, self._cabinet, signal, clock)
        self._log, self._clock, self._trouble = log, clock, ""
        mode = "armed" if config.armed else "shadow mode, nothing is sent"
        log(f"{self.id}: {mode}; cabinet {config.host}:{config.port}")

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
        """Let go of the cabinet."""
        self._cabinet.close()


def run_roadside(path: Path, log: Log, *, speed: float = 1.0, seconds: float | None = None) -> None:
    """Run every intersection of a configuration, for ``seconds`` of their time or until interrupted."""
    clock = ScaledClock(speed)
    loops = [IntersectionLoop(config, clock, log) for config in load_config(path)]
    next_s = 0.0
    try:
        while seconds is None or next_s < seconds:
            for loop in loops:
                loop.step()
            next_s = max(next_s + 1.0, float(int(clock.now_s())))  # after a stall, no burst of decisions
            time.sleep(max(0.0, (next_s - clock.now_s()) / speed))
    finally:
        for loop in loops:
            loop.close()


def emulate(file: Path, host: str, port: int, log: Log, *, speed: float = 1.0, seed: int = 1) -> None:
    """Be a cabinet with a street in front of it until interrupted."""
    found = load_intersection(file)
    street = EmulatedStreet(found.intersection, found.demand_per_h, seed)
    emulator = CabinetEmulator(Cabinet(found.plan), street, speed)
    asyncio.run(emulator.serve(host, port, lambda bound: log(f"{found.intersection.id}: listening on {host}:{bound}")))
