"""A cabinet with a street in front of it, listening for the loopback protocol.

It plays its local plan until it is commanded, ignores an advance before the minimum green, and goes back to the
local plan when nobody has spoken for a few seconds, as a real controller does. One client commands at a time: another
is refused until the first has released, gone, or been silent for as long as the cabinet waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from signals.cabinet import BACKUP_S, Cabinet
from signals.hardware.loopback_wire import (
    MAX_LINE_BYTES,
    MangledLine,
    decode_command,
    decode_deadline,
    decode_line,
    encode_detections,
    encode_line,
    encode_state,
)
from signals.hardware.street import EmulatedStreet
from signals.ports import Release


class CabinetEmulator:
    """One cabinet on one port. ``speed`` above 1 makes its seconds shorter, for training and tests."""

    def __init__(self, cabinet: Cabinet, street: EmulatedStreet, speed: float = 1.0) -> None:
        self.cabinet, self.street, self._speed = cabinet, street, speed
        self._commander: object | None = None
        self._commanded_at_s = 0.0

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
        try:
            with suppress(ConnectionError, ValueError):  # ValueError: a line longer than the limit
                while line := await reader.readline():
                    writer.write(encode_line(self._answer(line, writer)))
                    await writer.drain()
        finally:
            if self._commander is writer:
                self._commander = None
            writer.close()

    def _answer(self, line: bytes, client: object) -> dict[str, object]:
        try:
            message = decode_line(line)
            if message.get("read") is True:
                state, seen = encode_state(self.cabinet.read_state()), encode_detections(self.street.read())
                return {"state": state, "detections": seen}
            return self._obey(message, client)
        except MangledLine as error:
            return {"error": str(error)}

    def _obey(self, message: dict[str, object], client: object) -> dict[str, object]:
        command, until_s = decode_command(message), decode_deadline(message)
        uptime_s = self.cabinet.read_state().uptime_s
        if uptime_s > until_s:
            return {"error": f"too late: good until second {until_s:g}, it is second {uptime_s:g}"}
        if self._commander not in (None, client) and uptime_s - self._commanded_at_s <= BACKUP_S:
            return {"error": "another client commands this cabinet"}
        self._commander = None if isinstance(command, Release) else client
        self._commanded_at_s = uptime_s
        self.cabinet.obey(command)
        return {"ok": True}
