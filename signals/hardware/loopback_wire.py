"""The loopback protocol: one JSON object a line over TCP, for the emulator, training and tests.

A request is ``{"read": true}`` or ``{"command": "hold" | "advance" | "release", "stage": n, "reason": text}``; the
reply is ``{"state": {...}, "detections": {...}}``, or ``{"ok": true}``, or ``{"error": text}``. Real cabinets speak
Taiwan's protocol 3.0 or NTCIP 1202; this is not one of them.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np

from signals.model import IntervalKind
from signals.ports import Advance, Command, Detections, Hold, Mode, Release, SignalState

MAX_LINE_BYTES = 262_144
_INTEGERS = ("movement", "exit_count", "exit_halted", "volume")
_FLOATS = ("distance_m", "speed_mps", "delay_s", "exit_speed_mps")


class MangledLine(Exception):  # noqa: N818  (reads as the fact it reports)
    """A line that is not of the protocol."""


def encode_line(message: dict[str, Any]) -> bytes:
    """One message as a line."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def decode_line(line: bytes) -> dict[str, Any]:
    """The message of a line."""
    try:
        message = json.loads(line)
    except ValueError as error:
        raise MangledLine(f"not JSON: {line[:60]!r}") from error
    if not isinstance(message, dict):
        raise MangledLine(f"not an object: {line[:60]!r}")
    return message


def encode_command(command: Command) -> dict[str, Any]:
    """A command as a request."""
    match command:
        case Hold():
            return {"command": "hold"}
        case Advance(stage):
            return {"command": "advance", "stage": stage}
        case Release(reason):
            return {"command": "release", "reason": reason}


def decode_command(message: dict[str, Any]) -> Command:
    """The command of a request."""
    match message:
        case {"command": "hold"}:
            return Hold()
        case {"command": "advance", "stage": int(stage)}:
            return Advance(stage)
        case {"command": "release"}:
            return Release(str(message.get("reason", "")))
    raise MangledLine(f"no such request: {message}")


def encode_state(state: SignalState) -> dict[str, Any]:
    """A state as JSON values."""
    return asdict(state)


def decode_state(values: dict[str, Any]) -> SignalState:
    """The state of a reply."""
    try:
        return SignalState(
            int(values["stage"]),
            IntervalKind(values["interval"]),
            float(values["elapsed_s"]),
            None if values["target"] is None else int(values["target"]),
            Mode(values["mode"]),
            float(values["uptime_s"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MangledLine(f"not a state: {values}") from error


def encode_detections(seen: Detections) -> dict[str, Any]:
    """Detections as JSON values."""
    arrays = {name: getattr(seen, name).tolist() for name in (*_INTEGERS, *_FLOATS)}
    return {"at_s": seen.at_s, **arrays}


def decode_detections(values: dict[str, Any]) -> Detections:
    """The detections of a reply."""
    try:
        integers = {name: np.asarray(values[name], np.int64) for name in _INTEGERS}
        floats = {name: np.asarray(values[name], np.float64) for name in _FLOATS}
        return Detections(
            at_s=float(values["at_s"]),
            movement=integers["movement"],
            distance_m=floats["distance_m"],
            speed_mps=floats["speed_mps"],
            delay_s=floats["delay_s"],
            exit_count=integers["exit_count"],
            exit_halted=integers["exit_halted"],
            exit_speed_mps=floats["exit_speed_mps"],
            volume=integers["volume"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MangledLine(f"not detections: {str(values)[:60]}") from error
