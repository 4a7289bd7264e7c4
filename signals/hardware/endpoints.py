"""Sockets and serial lines for drivers: UDP, TCP and RS-232 under asyncio, one event loop for one cabinet or thousands.

A ``Feed`` joins one driver to one wire: it hands over what comes, writes what is due, and wakes the driver when it
wants. All cabinets on UDP share one socket with a large receive buffer, and are told apart by their addresses;
datagrams of strangers are counted and thrown away. A TCP connection or a serial line that breaks is tried again, later
and later.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from signals.hardware.field_driver import FieldDriver

RECEIVE_BYTES = 4 << 20  # a burst of a thousand answers overflows the usual 212,992
SOONEST_S, LATEST_S = 0.5, 30.0
_LEAST_WAIT_S = 0.001
_MOST_UNWRITTEN = 65_536
_TCP_PATIENCE_MS = 3000
_CHUNK = 4096

Address = tuple[str, int]


class Timepiece(Protocol):
    """Seconds for drivers, and how many of them a second on the wall is."""

    @property
    def speed(self) -> float:
        """Above 1 where an emulated cabinet lives faster than the clock."""
        ...

    def now_s(self) -> float:
        """Seconds that never go back."""
        ...


class Feed:
    """One driver on one wire; ``send`` writes one datagram or one piece of a stream.

    ``witness`` sees all that is about to be written and says what of it may be: the last look before the socket.
    """

    def __init__(self, driver: FieldDriver, clock: Timepiece, send: Callable[[bytes], None]) -> None:
        self.driver, self._clock, self._send = driver, clock, send
        self._timer: asyncio.TimerHandle | None = None
        self.witness: Callable[[list[bytes]], list[bytes]] = list
        self.received = self.sent = 0

    def receive(self, data: bytes) -> None:
        """Bytes from the cabinet."""
        self.received += 1
        self.driver.receive(data, self._clock.now_s())
        self.pump()

    def pump(self) -> None:
        """Write what is due; call it whenever a command was applied."""
        now_s = self._clock.now_s()
        try:
            for data in self.witness(self.driver.due(now_s)):
                self.sent += 1
                self._send(data)
        finally:  # whatever happens, it is woken again
            self._rest()
            wakes_at_s = self.driver.wakes_at_s
            if wakes_at_s < float("inf"):
                wait_s = max(_LEAST_WAIT_S, (wakes_at_s - now_s) / self._clock.speed)
                self._timer = asyncio.get_running_loop().call_later(wait_s, self.pump)

    def reset(self) -> None:
        """The wire is a new one."""
        self.driver.reset_link(self._clock.now_s())
        self.pump()

    def stop(self) -> None:
        """Wake the driver no more."""
        self._rest()

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class UdpPort(asyncio.DatagramProtocol):
    """One UDP socket for every cabinet on UDP of a process. ``strangers`` counts datagrams from unknown addresses."""

    def __init__(self, clock: Timepiece) -> None:
        self._clock, self._feeds = clock, dict[Address, Feed]()
        self._transport: Any = None
        self.strangers = self.errors = 0

    async def open(self, host: str = "0.0.0.0", port: int = 0) -> int:  # noqa: S104  (cabinets are elsewhere)
        """Bind; the port, useful where 0 was asked for."""
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        bound.bind((host, port))
        bound.setblocking(False)
        number = int(bound.getsockname()[1])
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=bound)
        return number

    async def attach(self, driver: FieldDriver, host: str, port: int) -> Feed:
        """A feed for the cabinet at an address.

        Raises:
            OSError: the name cannot be resolved.
            ValueError: another driver has this cabinet already.
        """
        found = await asyncio.get_running_loop().getaddrinfo(host, port, family=socket.AF_INET, type=socket.SOCK_DGRAM)
        address: Address = (str(found[0][4][0]), int(found[0][4][1]))
        if address in self._feeds:
            raise ValueError(f"{host}:{port} has a driver already; one may speak to a cabinet")
        feed = self._feeds[address] = Feed(driver, self._clock, lambda data: self._write(data, address))
        feed.reset()
        return feed

    def close(self) -> None:
        """Stop every feed and let go of the socket."""
        for feed in self._feeds.values():
            feed.stop()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: Any) -> None:  # uvloop's is no asyncio.DatagramTransport
        """The socket is open."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """To the driver whose cabinet it is."""
        feed = self._feeds.get((addr[0], addr[1]))
        if feed is None:
            self.strangers += 1
        else:
            feed.receive(data)

    def error_received(self, exc: Exception) -> None:
        """A cabinet's port is closed; its driver finds out by its silence."""
        del exc
        self.errors += 1

    def _write(self, data: bytes, address: Address) -> None:
        if self._transport is not None:
            self._transport.sendto(data, address)


async def keep_tcp(
    driver: FieldDriver, clock: Timepiece, host: str, port: int, on_feed: Callable[[Feed], None]
) -> None:
    """Connect, feed, and connect again, until cancelled."""

    async def dial(feed: Feed, out: _Outlet) -> None:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), LATEST_S)
        opened = writer.get_extra_info("socket")
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _TCP_PATIENCE_MS)
        try:
            out.write = writer.write
            feed.reset()
            while chunk := await reader.read(_CHUNK):
                feed.receive(chunk)
                if writer.transport.get_write_buffer_size() > _MOST_UNWRITTEN:
                    break  # it takes nothing: a cabinet that hears nothing must not be spoken to from memory
        finally:
            out.write = None
            writer.transport.abort()  # what the kernel still has to send must not come minutes later

    await _keep(driver, clock, on_feed, dial)


async def keep_serial(
    driver: FieldDriver, clock: Timepiece, device: str, baud: int, on_feed: Callable[[Feed], None]
) -> None:
    """Open a serial line with 8 data bits, no parity, 1 stop bit; open it again when it breaks; until cancelled."""
    import serial  # noqa: PLC0415  (few cabinets have one)

    async def dial(feed: Feed, out: _Outlet) -> None:
        loop = asyncio.get_running_loop()
        with serial.Serial(device, baud, timeout=0, write_timeout=0) as line:
            gone: asyncio.Future[None] = loop.create_future()

            def read() -> None:
                try:
                    chunk = os.read(line.fileno(), _CHUNK)
                except BlockingIOError:
                    return
                except OSError:
                    chunk = b""
                if chunk:
                    feed.receive(chunk)
                elif not gone.done():
                    gone.set_result(None)

            def write(data: bytes) -> None:
                try:
                    os.write(line.fileno(), data)  # the link layer sends again what the line did not take
                except BlockingIOError:
                    return
                except OSError:
                    if not gone.done():
                        gone.set_result(None)

            loop.add_reader(line.fileno(), read)
            try:
                out.write = write
                feed.reset()
                await gone
            finally:
                out.write = None
                loop.remove_reader(line.fileno())

    await _keep(driver, clock, on_feed, dial)


class _Outlet:
    """Where a feed writes while there is a connection."""

    def __init__(self) -> None:
        self.write: Callable[[bytes], None] | None = None

    def __call__(self, data: bytes) -> None:
        if self.write is not None:
            self.write(data)


async def _keep(driver: FieldDriver, clock: Timepiece, on_feed: Callable[[Feed], None], dial: Any) -> None:
    out = _Outlet()
    feed = Feed(driver, clock, out)
    on_feed(feed)
    wait_s, loop = SOONEST_S, asyncio.get_running_loop()
    try:
        while True:
            begun_s = loop.time()
            with suppress(OSError, TimeoutError):
                await dial(feed, out)
            wait_s = SOONEST_S if loop.time() - begun_s > LATEST_S else min(LATEST_S, 2.0 * wait_s)
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311  (a thousand must not come at once)
    finally:
        feed.stop()
