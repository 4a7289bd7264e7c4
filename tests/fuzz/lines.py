"""Lines of JSON from the emulated cabinet, and messages from neighbours."""

import json
import math
import zlib
from collections.abc import Iterator

from signals.coordination.messages import (
    PLAN_S,
    ApproachReport,
    BadMessage,
    ExitReport,
    Message,
    decode,
    encode,
)
from signals.hardware.loopback_wire import (
    MangledLine,
    decode_command,
    decode_deadline,
    decode_detections,
    decode_line,
    decode_state,
    encode_detections,
    encode_line,
    encode_state,
)
from tests.fuzz.garbled_json import garble, list_deep

_REPLY = {
    "state": {
        "stage": 1, "interval": "green", "elapsed_s": 3.5, "target": None, "mode": "local", "uptime_s": 9.0,
        "lamps": [0, 1, 2], "faults": ["door"],
    },
    "detections": {
        "at_s": 1.0,
        **{name: [1, 2] for name in ("movement", "exit_count", "exit_halted", "volume")},
        **{name: [1.0, 2.5] for name in ("distance_m", "speed_mps", "delay_s", "exit_speed_mps")},
    },
}  # fmt: skip
_REQUEST = {"command": "advance", "stage": 2, "reason": "left", "valid_until_s": 12.5}
_GARBLED = 0xFE  # no text of JSON begins with it: what follows changes a template


def seed_loopback_line() -> Iterator[bytes]:
    """A request of each kind, a reply, and both garbled."""
    yield from list_deep()
    for number in range(0, 240, 6):
        yield bytes((_GARBLED, number, number // 6, number))
    yield b'{"read":true}\n'
    yield b'{"command":"hold","valid_until_s":12.5}\n'
    yield b'{"command":"advance","stage":2,"reason":"left"}\n'
    yield b'{"command":"release","reason":"end"}\n'
    yield encode_line(_REPLY)
    yield b'{"error":"busy"}\n'


def check_loopback_line(data: bytes) -> None:
    """Everything that either end would read of the line."""
    if data[:1] == bytes((_GARBLED,)):
        data = garble(_REPLY if data[1:2] < b"\x80" else _REQUEST, data[2:])
    try:
        message = decode_line(data)
    except MangledLine:
        return
    if not _has_infinity(message):
        assert decode_line(encode_line(message)) == message
    for read in (decode_command, decode_deadline):
        try:
            read(message)
        except MangledLine:
            continue
    for name, read_part, write_part in (
        ("state", decode_state, encode_state),
        ("detections", decode_detections, encode_detections),
    ):
        values = message.get(name, message)
        if not isinstance(values, dict):
            continue
        try:
            found = read_part(values)  # type: ignore[operator]
        except MangledLine:
            continue
        told = write_part(found)  # type: ignore[operator]
        again = write_part(read_part(json.loads(encode_line(told))))  # type: ignore[operator]
        assert again == told


def _has_infinity(message: object) -> bool:
    """1e999 is read as infinite, which nothing writes; each field refuses it where it is looked at."""
    return any(isinstance(one, float) and math.isinf(one) for one in _walk(message))


def _walk(message: object) -> Iterator[object]:
    yield message
    for one in message.values() if isinstance(message, dict) else message if isinstance(message, list) else ():
        yield from _walk(one)


def seed_coordination() -> Iterator[bytes]:
    """An empty message and a full one, with and without their checksums."""
    full = Message(
        "a1",
        1_700_000_000_000,
        7,
        1_700_000_001_000,
        (ExitReport(0, 9, (3.0, 1.25), bytes((32, 0, 64))), ExitReport(3, 1)),
        (ApproachReport(0, 3, 5, 40),),
        (("b2", -20), ("左", 3)),
    )
    for message in (Message("", 0, 0, 0), full):
        yield encode(message)
        yield encode(message)[:-4]


def check_coordination(data: bytes) -> None:
    """As they are, and with the checksum that they should have."""
    for raw in (data, data + zlib.crc32(data).to_bytes(4, "little")):
        try:
            message = decode(raw)
        except BadMessage:
            continue
        if all(len(one.planned) <= PLAN_S for one in message.exits):  # a longer plan is read, and is cut when written
            assert decode(encode(message)) == message
