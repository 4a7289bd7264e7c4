"""A wire that can be killed: passes UDP and TCP on from one port to another, and speaks from an address of its own.

python -m benchmarks.signals.chaos_relay 127.0.0.2 9000=9740 9001=6400
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Any

_CHUNK = 65_536
_LOCAL = "127.0.0.1"


class _Onward(asyncio.DatagramProtocol):
    """One peer's datagrams to the far port, and the answers back."""

    def __init__(self, back: Any, peer: tuple[str, int]) -> None:
        self._back, self._peer = back, peer
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """The socket to the far port is open."""
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """An answer."""
        del addr
        self._back.sendto(data, self._peer)


class _Inward(asyncio.DatagramProtocol):
    """The near port: datagrams of a peer that has no way onward yet wait for it no longer than the loop's next turn."""

    def __init__(self, source: str, port: int) -> None:
        self._source, self._port = source, port
        self._ways: dict[tuple[str, int], asyncio.Task[_Onward]] = {}
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """The near socket is open."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Pass it on."""
        if addr not in self._ways:
            self._ways[addr] = asyncio.get_running_loop().create_task(self._open(addr))
        way = self._ways[addr]
        if way.done():
            way.result().transport.sendto(data)
        else:
            way.add_done_callback(lambda done: done.result().transport.sendto(data))

    async def _open(self, peer: tuple[str, int]) -> _Onward:
        _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Onward(self._transport, peer), local_addr=(self._source, 0), remote_addr=(_LOCAL, self._port)
        )
        return protocol


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _relay(source: str, pairs: list[tuple[int, int]]) -> None:
    for near, far in pairs:

        async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, far: int = far) -> None:
            try:
                there = await asyncio.open_connection(_LOCAL, far, local_addr=(source, 0))
            except OSError:
                writer.close()
                return
            await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))

        await asyncio.start_server(join, _LOCAL, near)
        await asyncio.get_running_loop().create_datagram_endpoint(
            lambda far=far: _Inward(source, far),  # type: ignore[misc]
            local_addr=(_LOCAL, near),
        )
    await asyncio.Event().wait()


def main() -> None:
    """Relay until killed."""
    pairs = [(int(near), int(far)) for near, far in (word.split("=") for word in sys.argv[2:])]
    asyncio.run(_relay(sys.argv[1], pairs))


if __name__ == "__main__":
    main()
