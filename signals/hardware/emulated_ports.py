"""Emulated controllers behind real sockets: UDP, TCP or one end of a serial line, for training, demos and tests."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from signals.hardware.field_emulator import EmulatedController, Peer

TICK_S = 0.1
_CHUNK = 4096


class EmulatedPort(asyncio.DatagramProtocol):
    """One emulated controller and whoever speaks to it, on UDP, TCP or a serial line."""

    def __init__(self, controller: EmulatedController) -> None:
        self.controller = controller
        self._send: dict[Peer, Callable[[bytes], None]] = {}
        self._datagrams: Any = None

    def flush(self) -> None:
        """Send what the controller wants to send; what is for somebody who has gone is lost, as on a wire."""
        for peer, data in self.controller.due():
            if send := self._send.get(peer):
                send(data)
            elif self._datagrams is not None and isinstance(peer, tuple):
                self._datagrams.sendto(data, peer)

    def tick(self, seconds: float) -> None:
        """Let the controller's time pass."""
        self.controller.tick(seconds)
        self.flush()

    def connection_made(self, transport: Any) -> None:  # uvloop's is no asyncio.DatagramTransport
        """The UDP socket is open."""
        self._datagrams = transport

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Somebody speaks."""
        self.controller.receive(data, addr)
        self.flush()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One TCP connection to its end."""
        peer: Peer = writer
        self._send[peer] = writer.write
        try:
            while data := await reader.read(_CHUNK):
                self.controller.receive(data, peer)
                self.flush()
        except ConnectionError:
            pass
        finally:
            del self._send[peer]
            writer.close()

    def join_line(self, file: int) -> None:
        """Speak over a serial line that is open at ``file``."""
        peer: Peer = ("serial line", file)
        self._send[peer] = lambda data: _write(file, data)

        def read() -> None:
            try:
                data = os.read(file, _CHUNK)
            except OSError:
                return
            self.controller.receive(data, peer)
            self.flush()

        asyncio.get_running_loop().add_reader(file, read)


@asynccontextmanager
async def open_udp(controller: EmulatedController, host: str, port: int) -> AsyncIterator[tuple[EmulatedPort, int]]:
    """The controller at a UDP port, and which one that is."""
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: EmulatedPort(controller), local_addr=(host, port)
    )
    try:
        yield protocol, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


@asynccontextmanager
async def open_tcp(controller: EmulatedController, host: str, port: int) -> AsyncIterator[tuple[EmulatedPort, int]]:
    """The controller at a TCP port, and which one that is."""
    emulated = EmulatedPort(controller)
    server = await asyncio.start_server(emulated.converse, host, port)
    async with server:
        yield emulated, server.sockets[0].getsockname()[1]


@asynccontextmanager
async def open_serial(controller: EmulatedController) -> AsyncIterator[tuple[EmulatedPort, str]]:
    """The controller at one end of a pseudo-terminal, and the device name of the other."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)
    emulated = EmulatedPort(controller)
    emulated.join_line(ours)
    try:
        yield emulated, os.ttyname(theirs)
    finally:
        asyncio.get_running_loop().remove_reader(ours)
        os.close(ours)
        os.close(theirs)


async def live(emulated: EmulatedPort, speed: float = 1.0, on_tick: Callable[[], None] = lambda: None) -> None:
    """Let its time pass until cancelled, ``speed`` times as fast as the clock; after a stall it catches up.

    ``on_tick`` is called after each ``TICK_S`` of its time.
    """
    loop = asyncio.get_running_loop()
    next_s = loop.time()
    while True:
        next_s += TICK_S / speed
        await asyncio.sleep(max(0.0, next_s - loop.time()))
        emulated.tick(TICK_S)
        on_tick()


def _write(file: int, data: bytes) -> None:
    try:
        os.write(file, data)
    except OSError:
        return
