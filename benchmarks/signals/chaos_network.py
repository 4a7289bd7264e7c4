"""The network of one chaos street: a cabinet and two hosts, each behind a link that can be cut and mended.

Where this process may make network namespaces (root, iproute2), every end is in one of its own, joined to a bridge by a
veth pair whose outer end is taken down: packets are lost as on a cut wire, and nobody is told. Elsewhere each host
reaches cabinet and Redis through a relay process (``chaos_relay``) that is killed. Either way the cabinet knows a host
by its address.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Protocol

HOSTS = ("a", "b")
CABINET = "cabinet"
CABINET_PORT, REDIS_PORT, READINGS_PORT = 9740, 6400, 9900
_CLONE_NEWNET = 0x40000000


class Network(Protocol):
    """Links of one street. An end is ``cabinet`` or a host."""

    redis_host: str
    redis_port: int

    def place(self, end: str, command: list[str]) -> list[str]:
        """The command that runs another at an end."""
        ...

    def cabinet_seen_from(self, host: str) -> tuple[str, int]:
        """Where a host finds the cabinet."""
        ...

    def redis_seen_from(self, host: str) -> tuple[str, int]:
        """Where a host finds Redis."""
        ...

    def cabinet_listens(self) -> tuple[str, int]:
        """Where the cabinet has to listen."""
        ...

    def find_host(self, address: str) -> str:
        """Whose address the cabinet has seen; empty for nobody's."""
        ...

    def open_eyes(self, host: str) -> tuple[socket.socket, tuple[str, int]]:
        """A socket at a host, and where its detectors' readings go."""
        ...

    def readings_port(self, host: str) -> int:
        """Where a host listens for its detectors."""
        ...

    def cut(self, end: str) -> None:
        """Nothing passes the link of this end any more."""
        ...

    def mend(self, end: str) -> None:
        """It does again."""
        ...

    def close(self) -> None:
        """Take everything down."""
        ...


def can_make_namespaces() -> bool:
    """Whether this process may make network namespaces and join them by a bridge."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        return False
    name = f"ctprobe{os.getpid() % 100_000}"
    tries = (
        ["ip", "netns", "add", name],
        ["ip", "link", "add", name, "type", "bridge"],
        ["ip", "link", "add", f"{name[2:]}x", "type", "veth", "peer", "name", f"{name[2:]}y"],
    )
    try:
        return all(subprocess.run(one, check=False, capture_output=True).returncode == 0 for one in tries)
    finally:
        for one in (["link", "del", f"{name[2:]}x"], ["link", "del", name], ["netns", "del", name]):
            subprocess.run(["ip", *one], check=False, capture_output=True)


class Namespaces:
    """One namespace an end; ``number`` tells the streets of one run apart."""

    def __init__(self, number: int) -> None:
        self._tag = f"ct{os.getpid() % 100_000}n{number}"
        net = f"10.{100 + os.getpid() % 100}.{number}"
        self._addresses = {CABINET: f"{net}.4", "a": f"{net}.2", "b": f"{net}.3"}
        self.redis_host, self.redis_port = f"{net}.1", REDIS_PORT
        _ip("link", "add", self._tag, "type", "bridge")
        try:
            _ip("addr", "add", f"{self.redis_host}/24", "dev", self._tag)
            _ip("link", "set", self._tag, "up")
            for end in self._addresses:
                self._join(end)
        except BaseException:
            self.close()
            raise

    def place(self, end: str, command: list[str]) -> list[str]:
        """In the namespace of the end."""
        return ["ip", "netns", "exec", self._name(end), *command]

    def cabinet_seen_from(self, host: str) -> tuple[str, int]:
        """The same for both hosts."""
        del host
        return self._addresses[CABINET], CABINET_PORT

    def redis_seen_from(self, host: str) -> tuple[str, int]:
        """On the bridge."""
        del host
        return self.redis_host, self.redis_port

    def cabinet_listens(self) -> tuple[str, int]:
        """At its own address."""
        return self._addresses[CABINET], CABINET_PORT

    def find_host(self, address: str) -> str:
        """By the address of its namespace."""
        return next((end for end in HOSTS if self._addresses[end] == address), "")

    def open_eyes(self, host: str) -> tuple[socket.socket, tuple[str, int]]:
        """The socket is made by a thread that has gone into the namespace, and stays there when it ends."""
        made: list[socket.socket | OSError] = []
        path = f"/run/netns/{self._name(host)}"

        def make() -> None:
            file = os.open(path, os.O_RDONLY)
            try:
                if ctypes.CDLL(None, use_errno=True).setns(file, _CLONE_NEWNET):
                    made.append(OSError(ctypes.get_errno(), f"setns {path}"))
                    return
                made.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            finally:
                os.close(file)

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0], ("127.0.0.1", READINGS_PORT)

    def readings_port(self, host: str) -> int:
        """The same for both hosts."""
        del host
        return READINGS_PORT

    def cut(self, end: str) -> None:
        """The outer end goes down."""
        _ip("link", "set", f"{self._name(end)}o", "down")

    def mend(self, end: str) -> None:
        """It comes up."""
        _ip("link", "set", f"{self._name(end)}o", "up")

    def close(self) -> None:
        """What is not there any more is gone already."""
        for end in self._addresses:
            subprocess.run(["ip", "link", "del", f"{self._name(end)}o"], check=False, capture_output=True)
            subprocess.run(["ip", "netns", "del", self._name(end)], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", self._tag], check=False, capture_output=True)

    def _name(self, end: str) -> str:
        return f"{self._tag}{end[0]}"  # cabinet: c; a link's name has 15 characters at most

    def _join(self, end: str) -> None:
        name = self._name(end)
        outer, inner = f"{name}o", f"{name}i"
        _ip("netns", "add", name)
        _ip("link", "add", outer, "type", "veth", "peer", "name", inner)
        _ip("link", "set", inner, "netns", name)
        _ip("link", "set", outer, "master", self._tag, "up")
        _ip("-n", name, "addr", "add", f"{self._addresses[end]}/24", "dev", inner)
        _ip("-n", name, "link", "set", inner, "up")
        _ip("-n", name, "link", "set", "lo", "up")


class Relays:
    """A relay a host, all on this machine's loopback; the link of the cabinet is both relays together."""

    def __init__(self, number: int, folder: Path) -> None:
        del number
        self._folder = folder
        self._cabinet, self.redis_port = _find_port(), _find_port()
        self.redis_host = "127.0.0.1"
        self._ports = {host: (_find_port(), _find_port(), _find_port()) for host in HOSTS}  # cabinet, Redis, readings
        self._sources = {"a": "127.0.0.2", "b": "127.0.0.3"}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for host in HOSTS:
            self._start(host)

    def place(self, end: str, command: list[str]) -> list[str]:
        """They all run here."""
        del end
        return command

    def cabinet_seen_from(self, host: str) -> tuple[str, int]:
        """Its relay."""
        return "127.0.0.1", self._ports[host][0]

    def redis_seen_from(self, host: str) -> tuple[str, int]:
        """Its relay."""
        return "127.0.0.1", self._ports[host][1]

    def cabinet_listens(self) -> tuple[str, int]:
        """At a port that was free."""
        return "127.0.0.1", self._cabinet

    def find_host(self, address: str) -> str:
        """By the address from which its relay speaks."""
        return next((host for host, source in self._sources.items() if source == address), "")

    def open_eyes(self, host: str) -> tuple[socket.socket, tuple[str, int]]:
        """A port of its own for each."""
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM), ("127.0.0.1", self._ports[host][2])

    def readings_port(self, host: str) -> int:
        """Where a host listens for its detectors."""
        return self._ports[host][2]

    def cut(self, end: str) -> None:
        """Kill the relay, or both."""
        for host in HOSTS if end == CABINET else (end,):
            if process := self._running.pop(host, None):
                process.kill()
                process.wait()

    def mend(self, end: str) -> None:
        """Start what was killed."""
        for host in HOSTS if end == CABINET else (end,):
            if host not in self._running:
                self._start(host)

    def close(self) -> None:
        """Kill both."""
        self.cut(CABINET)

    def _start(self, host: str) -> None:
        cabinet, redis, _ = self._ports[host]
        command = [
            sys.executable, "-m", "benchmarks.signals.chaos_relay", self._sources[host],
            f"{cabinet}={self._cabinet}", f"{redis}={self.redis_port}",
        ]  # fmt: skip
        with (self._folder / f"relay-{host}.log").open("ab") as log:
            self._running[host] = subprocess.Popen(command, stdout=log, stderr=log)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _find_port() -> int:
    """A port that is free now, for TCP and UDP."""
    while True:
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = int(tcp.getsockname()[1])
            with suppress(OSError):  # somebody has it for UDP
                udp.bind(("127.0.0.1", port))
                return port
