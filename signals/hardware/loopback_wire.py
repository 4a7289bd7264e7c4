"""The loopback protocol: one JSON object a line over TCP, for the emulator, training and tests.

A request is ``{"read": true}`` or ``{"command": "hold" | "advance" | "release", "stage": n, "reason": text}``, the
latter with ``"valid_until_s"`` where it is too late after that second of the cabinet's; the reply is
``{"state": {...}, "detections": {...}}``, or ``{"ok": true}``, or ``{"error": text}``. Every number from the wire
is finite and of its kind, or the line is refused. Real cabinets speak Taiwan's protocol 3.0 or NTCIP 1202; this is
not one of them.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any, NoReturn

import numpy as np

from signals.model import IntervalKind, Lamp
from signals.ports import Advance, Command, Detections, Hold, Mode, Release, SignalState

MAX_LINE_BYTES = 262_144
MOST = 1e12
_INTEGERS = ("movement", "exit_count", "exit_halted", "volume")
_FLOATS = ("distance_m", "speed_mps", "delay_s", "exit_speed_mps")


class MangledLine(Exception):  # noqa: N818  (reads as the fact it reports)
    """A line that is not of the protocol."""


def encode_line(message: dict[str, Any]) -> bytes:
    """One message as a line."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def decode_line(line: bytes) -> dict[str, Any]:
    """The message of a line."""
    try:
        message = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise MangledLine(f"not JSON: {line[:60]!r}") from error
    if not isinstance(message, dict):
        raise MangledLine(f"not an object: {line[:60]!r}")
    return message


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


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
        case {"command": "advance", "stage": int(stage)} if not isinstance(stage, bool):
            return Advance(stage)
        case {"command": "release"}:
            return Release(str(message.get("reason", "")))
    raise MangledLine(f"no such request: {str(message)[:60]}")


def decode_deadline(message: dict[str, Any]) -> float:
    """The cabinet's second after which a command is too late; infinite where the request names none."""
    return to_number(message["valid_until_s"], -math.inf) if "valid_until_s" in message else math.inf


def to_number(value: object, least: float = 0.0) -> float:
    """A finite number that is not below ``least``; neither text nor true nor NaN is one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MangledLine(f"not a number: {str(value)[:60]}")
    if not (abs(value) <= MOST and value >= least):
        raise MangledLine(f"not a number that can be: {str(value)[:60]}")
    return float(value)


def _to_stage(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise MangledLine(f"not a stage: {str(value)[:60]}")
    return value


def encode_state(state: SignalState) -> dict[str, Any]:
    """A state as JSON values."""
    return {**asdict(state), "lamps": [int(lamp) for lamp in state.lamps], "faults": sorted(state.faults)}


def decode_state(values: dict[str, Any]) -> SignalState:
    """The state of a reply."""
    try:
        return SignalState(
            _to_stage(values["stage"]),
            IntervalKind(values["interval"]),
            to_number(values["elapsed_s"]),
            None if values["target"] is None else _to_stage(values["target"]),
            Mode(values["mode"]),
            to_number(values["uptime_s"]),
            tuple(Lamp(_to_stage(lamp)) for lamp in values.get("lamps", ())),
            frozenset(str(fault) for fault in values.get("faults", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MangledLine(f"not a state: {str(values)[:120]}") from error


def _to_count(value: object) -> int:
    if (count := _to_stage(value)) < 0 or count > MOST:
        raise MangledLine(f"not a count: {str(value)[:60]}")
    return count


def encode_detections(seen: Detections) -> dict[str, Any]:
    """Detections as JSON values."""
    arrays = {name: getattr(seen, name).tolist() for name in (*_INTEGERS, *_FLOATS)}
    return {"at_s": seen.at_s, **arrays}


def decode_detections(values: dict[str, Any]) -> Detections:
    """The detections of a reply."""
    try:
        integers = {name: np.array([_to_count(v) for v in values[name]], np.int64) for name in _INTEGERS}
        floats = {name: np.array([to_number(v) for v in values[name]], np.float64) for name in _FLOATS}
        for names in (
            ("movement", "distance_m", "speed_mps", "delay_s"),
            ("exit_count", "exit_halted", "exit_speed_mps"),
        ):
            if len({len(values[name]) for name in names}) > 1:
                raise MangledLine(f"{', '.join(names)} differ in length")
        return Detections(
            at_s=to_number(values["at_s"]),
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
