"""The driver of the loopback protocol: a cabinet and its detectors behind one TCP connection.

``read_state`` and ``apply`` raise ``NotConnected`` when the cabinet does not answer in time; the next call connects
anew. A command is never sent twice: an advance that got no answer is left to the next second's decision, and carries
the second after which the cabinet must not take it any more. One exchange lasts no longer than the timeout.
"""

from __future__ import annotations

import math
import socket
import time
from contextlib import suppress
from typing import Any

from signals.hardware.loopback_wire import (
    MAX_LINE_BYTES,
    MangledLine,
    decode_detections,
    decode_line,
    decode_state,
    encode_command,
    encode_line,
)
from signals.ports import Capabilities, Detections, SignalState
from signals.safety.command import SafeCommand, unseal


class NotConnected(Exception):  # noqa: N818  (reads as the fact it reports)
    """The cabinet does not answer; the cause is in the message."""


class LoopbackCabinet:
    """Implements ``GuardedController`` and ``DetectorSource`` for one address."""

    capabilities = Capabilities()

    def __init__(self, host: str, port: int, timeout_s: float = 0.5) -> None:
        self._address, self._timeout_s = (host, port), timeout_s
        self._socket: socket.socket | None = None
        self._rest = b""
        self._seen: Detections | None = None
        self._uptime_s = math.nan

    def read_state(self) -> SignalState:
        """Ask for state and detections in one exchange."""
        reply = self._ask({"read": True})
        try:
            state, self._seen = decode_state(reply["state"]), decode_detections(reply["detections"])
        except KeyError as error:
            raise MangledLine(f"the reply lacks {error}") from error
        self._uptime_s = state.uptime_s
        return state

    def read(self) -> Detections:
        """What came with the last state."""
        if self._seen is None:
            raise NotConnected("nothing has been read yet")
        return self._seen

    def apply(self, command: SafeCommand) -> None:
        """Send a command once; one that was admitted for an earlier second or connection is refused."""
        request = encode_command(unseal(command, self._uptime_s))
        if math.isfinite(command.valid_until_s):
            request["valid_until_s"] = command.valid_until_s
        self._ask(request)

    def close(self) -> None:
        """Let go of the connection; the cabinet returns to its local plan by itself."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
        self._socket, self._rest, self._seen, self._uptime_s = None, b"", None, math.nan

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
