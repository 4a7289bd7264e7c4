"""A cabinet with a street in front of it, listening for the loopback protocol.

It plays its local plan until it is commanded, ignores an advance before the minimum green, and goes back to the
local plan when nobody has spoken for a few seconds, as a real controller does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from signals.cabinet import Cabinet
from signals.hardware.loopback_wire import (
    MAX_LINE_BYTES,
    MangledLine,
    decode_command,
    decode_line,
    encode_detections,
    encode_line,
    encode_state,
)
from signals.hardware.street import EmulatedStreet


class CabinetEmulator:
    """One cabinet on one port. ``speed`` above 1 makes its seconds shorter, for training and tests."""

    def __init__(self, cabinet: Cabinet, street: EmulatedStreet, speed: float = 1.0) -> None:
        self.cabinet, self.street, self._speed = cabinet, street, speed

    async def serve(self, host: str, port: int, on_ready: Callable[[int], None] | None = None) -> None:
        """Listen and let time pass until cancelled. ``on_ready`` gets the port (useful with port 0)."""
        server = await asyncio.start_server(self._talk, host, port, limit=MAX_LINE_BYTES)
        if on_ready:
            on_ready(server.sockets[0].getsockname()[1])
        async with server:
            loop = asyncio.get_running_loop()
            next_s = loop.time()
            while True:
                next_s += 1.0 / self._speed
                await asyncio.sleep(max(0.0, next_s - loop.time()))
                self.street.tick(1.0, self.cabinet.list_lamps())
                self.cabinet.tick(1.0)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, ValueError):  # ValueError: a line longer than the limit
            while line := await reader.readline():
                writer.write(encode_line(self._answer(line)))
                await writer.drain()
        writer.close()

    def _answer(self, line: bytes) -> dict[str, object]:
        try:
            message = decode_line(line)
            if message.get("read"):
                state, seen = encode_state(self.cabinet.read_state()), encode_detections(self.street.read())
                return {"state": state, "detections": seen}
            self.cabinet.obey(decode_command(message))
        except MangledLine as error:
            return {"error": str(error)}
        return {"ok": True}
