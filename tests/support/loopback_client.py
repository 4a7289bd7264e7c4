"""A blocking client of the loopback protocol: tests watch an emulated cabinet through it, beside who commands it."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Any

from signals.hardware.field_driver import NotConnected
from signals.hardware.loopback_wire import (
    MAX_LINE_BYTES,
    MangledLine,
    decode_detections,
    decode_line,
    decode_state,
    encode_command,
    encode_line,
)
from signals.ports import Command, Detections, SignalState


class LoopbackClient:
    """One connection to one cabinet."""

    def __init__(self, host: str, port: int, timeout_s: float = 0.5) -> None:
        self._address, self._timeout_s = (host, port), timeout_s
        self._socket: socket.socket | None = None
        self._rest = b""
        self._seen: Detections | None = None

    def read_state(self) -> SignalState:
        """Ask for state and detections in one exchange."""
        reply = self._ask({"read": True})
        try:
            state, self._seen = decode_state(reply["state"]), decode_detections(reply["detections"])
        except KeyError as error:
            raise MangledLine(f"the reply lacks {error}") from error
        return state

    def read(self) -> Detections:
        """What came with the last state."""
        if self._seen is None:
            raise NotConnected("nothing has been read yet")
        return self._seen

    def tell(self, command: Command) -> None:
        """Say it once, unguarded."""
        self._ask(encode_command(command))

    def close(self) -> None:
        """Let go of the connection; the cabinet returns to its local plan by itself."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
        self._socket, self._rest, self._seen = None, b"", None

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        until_s = time.monotonic() + self._timeout_s
        try:
            if self._socket is None:
                self._socket = socket.create_connection(self._address, self._timeout_s)
            self._socket.settimeout(self._timeout_s)
            self._socket.sendall(encode_line(request))
            reply = decode_line(self._receive_line(self._socket, until_s))
        except (OSError, MangledLine) as error:
            self.close()
            raise NotConnected(f"{self._address[0]}:{self._address[1]}: {error}") from error
        if "error" in reply:
            raise MangledLine(f"the cabinet refused: {reply['error']}")
        return reply

    def _receive_line(self, connection: socket.socket, until_s: float) -> bytes:
        while b"\n" not in self._rest:
            left_s = until_s - time.monotonic()
            if left_s <= 0:  # a peer that sends a byte now and then must not hold us for ever
                raise TimeoutError("timed out")
            connection.settimeout(left_s)
            chunk = connection.recv(65_536)
            if not chunk:
                raise ConnectionResetError("the cabinet closed the connection")
            self._rest += chunk
            if len(self._rest) > MAX_LINE_BYTES:
                raise MangledLine("a line without an end")
        line, _, self._rest = self._rest.partition(b"\n")
        if self._rest:  # from here on every answer would be that to an earlier question
            raise MangledLine("more than one line in answer to one request")
        return line
