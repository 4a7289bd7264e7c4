"""Many controllers on one UDP socket: each driver is woken when it wants to be, and gets what comes from its address.

Polls are spread over the period. No more than ``most_in_flight`` requests wait at once, and the socket's receive buffer
is raised: some 170 answers at once overflow the usual one. What comes from an address that is nobody's is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import math
import socket
from collections.abc import Callable, Mapping

from signals.hardware.ntcip1202.driver import NtcipDriver

Address = tuple[str, int]
MOST_IN_FLIGHT = 128
RECEIVE_BYTES = 4 * 1024 * 1024  # as much of it as the kernel gives
_SHORTEST_WAIT_S = 0.001  # so that wakings that lie close together are one
_LONGEST_WAIT_S = 1.0


class Poller(asyncio.DatagramProtocol):
    """Feeds the drivers of one process. ``on_receive`` is called after a driver has taken a datagram."""

    def __init__(
        self,
        drivers: Mapping[Address, NtcipDriver],
        *,
        most_in_flight: int = MOST_IN_FLIGHT,
        on_receive: Callable[[NtcipDriver], None] | None = None,
    ) -> None:
        self._drivers, self._most, self._on_receive = dict(drivers), most_in_flight, on_receive
        self._heap: list[tuple[float, int, Address]] = []
        self._due_s: dict[Address, float] = {}
        self._in_flight = self._count = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._timer: asyncio.Handle | None = None
        self._rings_at_s = math.inf
        self.foreign = 0

    async def start(self, host: str = "0.0.0.0", spread_s: float = 1.0) -> None:  # noqa: S104  (cabinets call from anywhere)
        """Open the socket and begin, the first polls spread over ``spread_s``."""
        self._loop = loop = asyncio.get_running_loop()
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError):
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        line.setblocking(False)
        line.bind((host, 0))
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=line)
        begin_s = loop.time()
        for k, address in enumerate(self._drivers):
            self._plan(address, begin_s + spread_s * k / len(self._drivers))
        self._pump()

    def stop(self) -> None:
        """Close the socket; nothing is sent any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.close()
        self._timer = self._transport = None

    def wake(self, address: Address) -> None:
        """Something was applied to this driver: let it speak now."""
        if self._loop is not None:
            self._plan(address, self._loop.time())
            self._pump()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """What came, to whom it is for."""
        address = (addr[0], addr[1])
        driver = self._drivers.get(address)
        if driver is None or self._loop is None:
            self.foreign += 1
            return
        before = driver.in_flight
        was_full = self._in_flight >= self._most
        driver.receive(data, self._loop.time())
        self._in_flight += driver.in_flight - before
        if self._on_receive is not None:
            self._on_receive(driver)
        if driver.wakes_at_s < self._due_s.get(address, math.inf):
            self._plan(address, driver.wakes_at_s)
            self._pump()
        elif was_full:
            self._pump()

    def error_received(self, exc: Exception) -> None:
        """A cabinet's port is closed; its driver finds out by the timeout."""

    def _plan(self, address: Address, at_s: float) -> None:
        self._count += 1
        self._due_s[address] = at_s
        heapq.heappush(self._heap, (at_s, self._count, address))

    def _pump(self) -> None:
        """Wake whoever wants to be woken by now."""
        loop, transport, heap = self._loop, self._transport, self._heap
        if loop is None or transport is None:
            return
        now_s = loop.time()
        while heap and heap[0][0] <= now_s + _SHORTEST_WAIT_S:
            at_s, _, address = heap[0]
            driver = self._drivers[address]
            if at_s != self._due_s[address]:  # planned anew since
                heapq.heappop(heap)
                continue
            wakes_s = driver.wakes_at_s
            if wakes_s <= now_s + _SHORTEST_WAIT_S:
                expires = driver.in_flight > 0
                if self._in_flight >= self._most and not expires:
                    break
                before = driver.in_flight
                for data in driver.due(max(now_s, wakes_s)):
                    transport.sendto(data, address)
                self._in_flight += driver.in_flight - before
                wakes_s = driver.wakes_at_s
            heapq.heappop(heap)
            self._plan(address, max(wakes_s, now_s + _SHORTEST_WAIT_S))
        self._sleep(loop, now_s)

    def _sleep(self, loop: asyncio.AbstractEventLoop, now_s: float) -> None:
        at_s = self._heap[0][0] if self._heap else now_s + _LONGEST_WAIT_S
        at_s = min(max(at_s, now_s + _SHORTEST_WAIT_S), now_s + _LONGEST_WAIT_S)
        if self._timer is not None:
            if self._rings_at_s <= at_s:
                return
            self._timer.cancel()
        self._timer, self._rings_at_s = loop.call_at(at_s, self._ring), at_s

    def _ring(self) -> None:
        self._timer = None
        self._pump()
