"""One street under chaos: Redis, a cabinet, two rival hosts and the wires between them, real processes all, and the
hand that kills them at random and starts them again.
"""

from __future__ import annotations

import json
import math
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.signals.chaos_cabinet import LETTERS
from benchmarks.signals.chaos_network import CABINET, HOSTS, Namespaces, Network, Relays
from benchmarks.signals.chaos_operator import Operator, Signers
from benchmarks.signals.chaos_tail import CabinetTail, HostTail
from signals.hardware.street import EmulatedStreet
from signals.runtime.audit_log import KEY_FILE_VARIABLE, verify
from signals.runtime.intersection_file import load_intersection
from signals.runtime.process import KEYRING_VARIABLE
from signals.runtime.roadside import REDIS_VARIABLE
from signals.runtime.wiring import WRITE_COMMUNITY_VARIABLE

KINDS = ("leader", "standby", "redis", "cabinet", "network")
DOWN_S = (0.5, 12.0)  # how long the killed stays dead
QUIET_S = (0.0, 8.0)  # how long control is left in peace before the next
PATIENCE_S = 300.0  # after which control counts as not come back
_STANDBY_S = 8.0  # how long the standby may take to be armed before the next kill comes regardless
_FRESH_S = 6.0  # the last command was obeyed not longer ago, while control goes on
_POLL_S = 0.05
_RESTART_S = 2.0  # after a process that has ended by itself
_TRANSPORT = {"loopback": "tcp", "utc-v3": "udp", "ntcip1202": "udp"}
_LAMPS = {letter: lamp for lamp, letter in LETTERS.items()}


class Stopped(Exception):  # noqa: N818  (reads as the fact it reports)
    """Somebody wants the whole to end."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one street is to go through. ``number`` tells streets of one run apart, ``first`` is how many kills those
    before it have; seconds are the cabinet's, ``speed`` of them a second on the wall.
    """

    protocol: str
    kills: int
    seed: int
    speed: float
    folder: Path
    file: Path
    number: int = 0
    first: int = 0
    has_namespaces: bool = True


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill; monotonic moments. ``what`` is what exactly was done; ``commanded`` whether control came back within
    ``PATIENCE_S``; ``torn`` bytes of a record were cut off in the log of a host that was killed; ``log_fault`` is what
    its log had to say against itself before it was opened again.
    """

    kind: str
    what: str
    at: float
    restored_at: float = math.nan
    commanded: bool = False
    torn: int = 0
    log_fault: str = ""


class Street:
    """Runs the kills of one street; everything it leaves is in ``folder``."""

    def __init__(self, wanted: Wanted, must_stop: Callable[[], bool] = lambda: False) -> None:
        self._wanted, self._must_stop = wanted, must_stop
        self._random = random.Random(wanted.seed)  # noqa: S311  (whom to kill is no secret)
        self._folder = wanted.folder
        self._found = load_intersection(wanted.file)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._cabinet = CabinetTail(self.record)
        self._tails: dict[str, HostTail] = {}
        self._eyes = EmulatedStreet(
            self._found.intersection, self._found.demand_per_h, wanted.seed, self._found.detectors
        )
        self._eyes_at = 0.0
        self._lives = self.ended_by_themselves = 0
        self._start_again_at = dict.fromkeys(HOSTS, 0.0)
        self.kills: list[Kill] = []

    @property
    def record(self) -> Path:
        """What the cabinet has written down."""
        return self._folder / "cabinet.jsonl"

    def find_log(self, host: str) -> Path:
        """The audit log of a host."""
        return self._folder / host / "state" / "audit.log"

    @property
    def key(self) -> bytes:
        """Of the audit logs."""
        return (self._folder / "audit.key").read_bytes().strip()

    def find_host(self, address: str) -> str:
        """Whose address the cabinet has seen."""
        return self._network.find_host(address)

    def run(self, on_kill: Callable[[Kill], None] = lambda _: None) -> None:
        """Start all, kill and restore as often as is wanted, and end in good order."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "audit.key").write_text(secrets.token_hex(32), encoding="ascii")
        (self._folder / "audit.key").chmod(0o600)
        (self._folder / "community").write_text("private", encoding="ascii")  # the emulated controller's
        wanted = self._wanted
        made = Namespaces(wanted.number) if wanted.has_namespaces else Relays(wanted.number, self._folder)
        self._network: Network = made
        desk = Path(tempfile.mkdtemp(prefix="ct"))  # the path of a Unix socket has 107 bytes at most
        self._desk = {host: desk / f"{host}.sock" for host in HOSTS}
        operator = Operator(self._found.intersection.id, self._desk, self._find_level, 1.0 / wanted.speed)
        try:
            self._sockets = {host: self._network.open_eyes(host) for host in HOSTS}
            self._prepare()
            self._start_redis()
            self._start_cabinet()
            for host in HOSTS:
                self._start_host(host)
            operator.start()
            for kind in self._draw():
                is_commanded = self._wait_for_control()
                if self.kills:
                    self._close_kill(is_commanded=is_commanded, on_kill=on_kill)
                self._wait(self._random.uniform(*QUIET_S))
                self._kill(kind)
            self._close_kill(is_commanded=self._wait_for_control(), on_kill=on_kill)
            self._wait(5.0)
            operator.stop()
            self._end()
        finally:
            operator.stop()
            for process in self._processes.values():
                process.kill()
                process.wait()
            for opened, _ in getattr(self, "_sockets", {}).values():
                opened.close()
            self._network.close()
            shutil.rmtree(desk, ignore_errors=True)

    def _find_level(self, host: str) -> str:
        tail = self._tails.get(host)
        return tail.level if tail is not None and host in self._processes else "down"

    def _draw(self) -> list[str]:
        """Each kind as often as the others, in random order."""
        kinds = [KINDS[(self._wanted.first + k) % len(KINDS)] for k in range(self._wanted.kills)]
        self._random.shuffle(kinds)
        return kinds

    def _kill(self, kind: str) -> None:
        leader = self._network.find_host(self._cabinet.peer) or HOSTS[0]
        standby = next(host for host in HOSTS if host != leader)
        down_s = self._random.uniform(*DOWN_S)
        match kind:
            case "leader" | "standby":
                self._kill_host(kind, leader if kind == "leader" else standby, down_s)
            case "redis":
                keeps = self._random.random() < 0.5
                self._note(kind, "with its data" if keeps else "without its data")
                self._stop("redis")
                self._wait(down_s)
                if not keeps:
                    shutil.rmtree(self._folder / "redis", ignore_errors=True)
                self._start_redis()
            case "cabinet":
                self._note(kind, "power cycle")
                self._stop("cabinet")
                self._wait(down_s)
                self._start_cabinet()
            case _:
                end = self._random.choice((leader, CABINET, CABINET, standby))
                self._note(kind, {leader: "leader's link", standby: "standby's link"}.get(end, "cabinet's link"))
                self._network.cut(end)
                self._wait(down_s)
                self._network.mend(end)
        self.kills[-1] = replace(self.kills[-1], restored_at=time.monotonic())

    def _kill_host(self, kind: str, host: str, down_s: float) -> None:
        self._note(kind, f"host {host}")
        self._stop(host)
        log = self.find_log(host)
        torn = len(log.read_bytes().rpartition(b"\n")[2])
        self.kills[-1] = replace(self.kills[-1], torn=torn, log_fault=verify(log, key=self.key).fault)
        self._wait(down_s)
        self._start_host(host)

    def _note(self, kind: str, what: str) -> None:
        self.kills.append(Kill(kind, what, time.monotonic()))

    def _close_kill(self, *, is_commanded: bool, on_kill: Callable[[Kill], None]) -> None:
        self.kills[-1] = replace(self.kills[-1], commanded=is_commanded)
        with (self._folder / "kills.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(self.kills[-1])) + "\n")
        on_kill(self.kills[-1])

    def _wait_for_control(self) -> bool:
        """Until the cabinet is commanded and a standby is armed; False where control does not come back in time."""
        began, standby_until = time.monotonic(), math.inf
        while time.monotonic() - began < PATIENCE_S / self._wanted.speed:
            self._turn()
            now = time.monotonic()
            is_fresh = (now - self._cabinet.obeyed_at) * self._wanted.speed < _FRESH_S
            if self._cabinet.is_led and is_fresh:
                standby_until = min(standby_until, now + _STANDBY_S / self._wanted.speed)
                if now > standby_until or all(tail.level == "armed" for tail in self._tails.values()):
                    return True
        return False

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds / self._wanted.speed
        while time.monotonic() < until:
            self._turn()

    def _turn(self) -> None:
        """A moment: read what is new, tell detectors, start again who has ended by himself, as systemd would."""
        if self._must_stop():
            raise Stopped
        time.sleep(_POLL_S)
        self._cabinet.read()
        for tail in self._tails.values():
            tail.read()
        if self._wanted.protocol == "utc-v3" and time.monotonic() >= self._eyes_at:
            self._eyes_at = max(self._eyes_at, time.monotonic() - 1.0) + 1.0 / self._wanted.speed
            self._tell_readings()
        for host in HOSTS:
            process = self._processes.get(host)
            if process is None or process.poll() is None:
                continue
            if self._start_again_at[host] == 0.0:
                self.ended_by_themselves += 1
                self._start_again_at[host] = time.monotonic() + _RESTART_S
            elif time.monotonic() >= self._start_again_at[host]:
                self._start_host(host)

    def _tell_readings(self) -> None:
        size = len(self._found.intersection.movements)
        self._eyes.tick(1.0, tuple(_LAMPS[letter] for letter in self._cabinet.lamps or "r" * size))
        told = self._eyes.read_loops()
        rows = [
            {"id": d.id, "count": int(n), "occupied": float(share), "speed_mps": None if math.isnan(v) else float(v)}
            for d, n, share, v in zip(self._found.detectors, told.count, told.occupied_s, told.speed_mps, strict=True)
        ]
        for opened, address in self._sockets.values():
            with suppress(OSError):  # nobody listens yet
                opened.sendto(json.dumps({"readings": rows}).encode(), address)

    def _prepare(self) -> None:
        """The configuration of each host, signed."""
        signers = Signers(self._folder)
        for host in HOSTS:
            folder = self._folder / host
            folder.mkdir(exist_ok=True)
            shutil.copy(self._wanted.file, folder / "crossing.toml")
            address, port = self._network.cabinet_seen_from(host)
            readings = f"readings_port = {self._network.readings_port(host)}\n"
            (folder / "roadside.toml").write_text(
                f'[runtime]\nstate = "state"\nlease = "redis"\n[control]\nsocket = "{self._desk[host]}"\n'
                '[[intersection]]\nfile = "crossing.toml"\n'
                f'driver = "{self._wanted.protocol}"\ntransport = "{_TRANSPORT[self._wanted.protocol]}"\n'
                f'host = "{address}"\nport = {port}\nmost = "armed"\ntrial_s = 1.0\n'
                + (readings if self._wanted.protocol == "utc-v3" else ""),
                encoding="utf-8",
            )
            signers.sign(folder / "roadside.toml")

    def _start_redis(self) -> None:
        folder = self._folder / "redis"
        folder.mkdir(exist_ok=True)
        binary = shutil.which("redis-server") or shutil.which("valkey-server") or "redis-server"
        command = [
            binary, "--bind", self._network.redis_host, "--port", str(self._network.redis_port), "--save", "",
            "--appendonly", "yes", "--appendfsync", "always", "--dir", str(folder), "--protected-mode", "no",
        ]  # fmt: skip
        self._start("redis", command)

    def _start_cabinet(self) -> None:
        host, port = self._network.cabinet_listens()
        wanted = self._wanted
        self._lives += 1
        command = [
            sys.executable, "-m", "benchmarks.signals.chaos_cabinet", wanted.protocol, str(wanted.file), host,
            str(port), str(self.record), str(wanted.speed), str(wanted.seed + self._lives),
        ]  # fmt: skip
        self._start("cabinet", self._network.place(CABINET, command))

    def _start_host(self, host: str) -> None:
        out = self._folder / f"{host}.log"
        self._tails[host] = HostTail(out)
        self._tails[host].read()
        self._tails[host].level = "shadow"
        self._start_again_at[host] = 0.0
        address, port = self._network.redis_seen_from(host)
        command = [
            sys.executable, "-m", "api.cli", "signals", "run", str(self._folder / host / "roadside.toml"),
            "--speed", str(self._wanted.speed),
        ]  # fmt: skip
        environment = {
            REDIS_VARIABLE: f"redis://{address}:{port}/0",
            KEYRING_VARIABLE: str(self._folder / "keyring"),
            KEY_FILE_VARIABLE: str(self._folder / "audit.key"),
            WRITE_COMMUNITY_VARIABLE: str(self._folder / "community"),
        }
        self._start(host, self._network.place(host, command), environment)

    def _start(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(environment or {})}
            )

    def _stop(self, name: str) -> None:
        """Kill -9; what has been killed is not waited for as if it lived."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def _end(self) -> None:
        """Hosts by SIGTERM, so that they release and seal their logs; then the cabinet and Redis."""
        hosts = [self._processes.pop(host) for host in HOSTS]
        for process in hosts:
            process.send_signal(signal.SIGTERM)
        for process in hosts:
            try:
                process.wait(20.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._wait(2.0)
        for name in ("cabinet", "redis"):
            self._stop(name)
