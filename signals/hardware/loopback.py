"""The driver of the loopback protocol, for emulated cabinets alone: state and detections are asked for each second.

Answers say what they are, so that none is taken for that to another question. A command is sent once and carries the
second after which the cabinet must not take it any more; one that was admitted for an earlier connection is dropped.
"""

from __future__ import annotations

import math
from collections import deque

from signals.hardware.field_driver import STALE_S, FieldNote, NotConnected, NoteKind, NotEngaged
from signals.hardware.loopback_wire import (
    MAX_LINE_BYTES,
    MangledLine,
    decode_detections,
    decode_line,
    decode_state,
    encode_command,
    encode_line,
)
from signals.ports import Capabilities, Detections, Release, SignalState
from signals.safety.command import SafeCommand, StaleCommandError, unseal

ASK_EVERY_S = 1.0
_MOST_NOTES = 256
_READ = encode_line({"read": True})


class LoopbackDriver:
    """Implements ``FieldDriver`` and ``DetectorSource[Detections]``."""

    capabilities = Capabilities()

    def __init__(self) -> None:
        self._rest, self._ask_at_s, self._heard_s = b"", -math.inf, -math.inf
        self._now_s = -math.inf
        self._state: SignalState | None = None
        self._seen: Detections | None = None
        self._queue: deque[SafeCommand] = deque(maxlen=4)
        self._notes: deque[FieldNote] = deque(maxlen=_MOST_NOTES)
        self.is_engaged, self._farewell = False, b""

    def receive(self, data: bytes, now_s: float) -> None:
        """Whole lines are answers; what is none is told, and forgotten with everything after it."""
        self._now_s = now_s
        self._rest += data
        while b"\n" in self._rest:
            line, _, self._rest = self._rest.partition(b"\n")
            try:
                self._take(line, now_s)
            except MangledLine as error:
                self._note(NoteKind.REFUSED, f"the answer is mangled: {error}")
        if len(self._rest) > MAX_LINE_BYTES:
            self._rest = b""
            self._note(NoteKind.REFUSED, "a line without an end")

    def due(self, now_s: float) -> list[bytes]:
        """Commands in their order, then the second's question."""
        self._now_s = now_s
        written = [self._say(self._farewell)] if self._farewell else []
        self._farewell = b""
        while self._queue:
            if line := self._open(self._queue.popleft()):
                written.append(line)
        if now_s >= self._ask_at_s:
            self._ask_at_s = now_s + ASK_EVERY_S
            written.append(_READ)
        return written

    def find_command(self, data: bytes) -> bytes | None:
        """All but the question."""
        return None if data == _READ else data

    @property
    def wakes_at_s(self) -> float:
        """The next question."""
        return -math.inf if self._queue or self._farewell else self._ask_at_s

    def read_state(self) -> SignalState:
        """The last one told, while it is fresh."""
        if self._state is None or self._now_s - self._heard_s > STALE_S:
            raise NotConnected("the cabinet does not answer")
        return self._state

    def read(self) -> Detections:
        """What came with the last state."""
        if self._seen is None:
            raise NotConnected("nothing has been read yet")
        return self._seen

    def apply(self, command: SafeCommand) -> None:
        """Queue it."""
        if not (self.is_engaged or isinstance(command.command, Release)):
            raise NotEngaged("the cabinet has not been taken over")
        self._queue.append(command)

    def list_obstacles(self) -> tuple[str, ...]:
        """Only silence: an emulated cabinet goes back to its local plan by itself and keeps its clearances."""
        try:
            self.read_state()
        except NotConnected as error:
            return (str(error),)
        return ()

    def engage(self) -> None:
        """From now on commands are sent."""
        if obstacles := self.list_obstacles():
            raise NotEngaged(obstacles[0])
        self.is_engaged = True

    def disengage(self, reason: str) -> None:
        """Hand it back."""
        if self.is_engaged:
            self.is_engaged = False
            self._queue.clear()
            self._farewell = encode_line(encode_command(Release(reason)))

    def take_notes(self) -> tuple[FieldNote, ...]:
        """What has happened."""
        notes = tuple(self._notes)
        self._notes.clear()
        return notes

    def reset_link(self, now_s: float) -> None:
        """Nothing of the old connection is believed or sent."""
        self._now_s = now_s
        self._rest, self._state, self._seen, self._ask_at_s = b"", None, None, now_s
        self._queue = deque((c for c in self._queue if isinstance(c.command, Release)), maxlen=self._queue.maxlen)

    def _open(self, safe: SafeCommand) -> bytes:
        try:
            request = encode_command(unseal(safe, math.nan if self._state is None else self._state.uptime_s))
        except StaleCommandError as error:
            self._note(NoteKind.DROPPED, str(error))
            return b""
        if math.isfinite(safe.valid_until_s):
            request["valid_until_s"] = safe.valid_until_s
        return self._say(encode_line(request))

    def _say(self, line: bytes) -> bytes:
        self._note(NoteKind.SENT, line.decode().strip(), line)
        return line

    def _take(self, line: bytes, now_s: float) -> None:
        reply = decode_line(line)
        if "error" in reply:
            self._note(NoteKind.REFUSED, f"the cabinet refused: {str(reply['error'])[:120]}")
        elif "state" in reply:
            if not isinstance(reply["state"], dict) or not isinstance(reply.get("detections"), dict):
                raise MangledLine(f"not a state and detections: {line[:60]!r}")
            state, self._seen = decode_state(reply["state"]), decode_detections(reply["detections"])
            if self._state is not None and state.uptime_s < self._state.uptime_s:
                self._note(NoteKind.RESTARTED, "the cabinet's seconds have begun anew")
            self._state, self._heard_s = state, now_s
        elif reply.get("ok") is not True:
            raise MangledLine(f"no such answer: {line[:60]!r}")

    def _note(self, kind: NoteKind, text: str, data: bytes = b"") -> None:
        self._notes.append(FieldNote(kind, text, data))
