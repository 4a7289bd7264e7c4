"""MessageFrame of SAE J2735 in unaligned PER: which message it is, its length, and the message.

The frame is one extension bit, fifteen bits of message number, and an open type: its length in one byte below 128, in
two below 16384, then so many bytes. Four messages are known, by the DSRC module of ISO/TS 19091 as pycrate ships it.

pycrate takes its time to import, keeps the value that it works on in the type itself, and is not made for hostile
bytes: it is imported when first used, used by one thread at a time, and what goes wrong in it is ``MangledMessage``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from copy import deepcopy
from enum import IntEnum
from functools import cache
from typing import Any

MOST_BYTES = 2500  # above any message that fits a frame of 802.11p or of LTE-V2X
_ONE_BYTE, _TWO_BYTES = 0x80, 0x4000
_HEAD_BYTES = 3
_using_codec = threading.Lock()


class MangledMessage(Exception):  # noqa: N818  (reads as the fact it reports)
    """Bytes that are no message that we read; the message says what is wrong with them."""


class MessageId(IntEnum):
    """DSRCmsgID of the messages that we write or read."""

    MAP = 18
    SPAT = 19
    SIGNAL_REQUEST = 29
    SIGNAL_STATUS = 30


_TYPES = {
    MessageId.MAP: "MapData",
    MessageId.SPAT: "SPAT",
    MessageId.SIGNAL_REQUEST: "SignalRequestMessage",
    MessageId.SIGNAL_STATUS: "SignalStatusMessage",
}


def wrap(message: int, payload: bytes) -> bytes:
    """A frame around an encoded message.

    Raises:
        ValueError: there is no such message number, or the frame would be longer than ``MOST_BYTES``.
    """
    if not 0 <= message < 0x8000:
        raise ValueError(f"message {message} is none; J2735 has 0 to 32767")
    size = len(payload)
    length = bytes((size,)) if size < _ONE_BYTE else (0x8000 | size).to_bytes(2, "big") if size < _TWO_BYTES else b""
    frame = message.to_bytes(2, "big") + length + payload
    if not payload or not length or len(frame) > MOST_BYTES:
        raise ValueError(f"a message of {size} bytes does not fit; 1 to {MOST_BYTES} with its frame")
    return frame


def unwrap(data: bytes) -> tuple[int, bytes]:
    """The number of the message in a frame, and its bytes.

    Raises:
        MangledMessage: it is no frame, or has anything behind its end.
    """
    if not _HEAD_BYTES < len(data) <= MOST_BYTES:
        raise MangledMessage(f"{len(data)} bytes are no frame")
    message = int.from_bytes(data[:2], "big")
    if message >= 0x8000:
        raise MangledMessage("a frame with extensions is not known")
    size, begin = data[2], 3
    if size >= _ONE_BYTE:
        if size >= 0xC0:  # pieces of 16 KiB
            raise MangledMessage("a frame in fragments is longer than any that is read")
        size, begin = int.from_bytes(data[2:4], "big") & 0x3FFF, 4
        if size < _ONE_BYTE:
            raise MangledMessage(f"a length of {size} in two bytes is not as PER writes it")
    payload = data[begin:]
    if not payload or len(payload) != size:
        raise MangledMessage(f"the frame tells of {size} bytes and has {len(payload)}")
    return message, payload


def encode(message: MessageId, value: Mapping[str, Any]) -> bytes:
    """A message in its frame; ``value`` as pycrate has it: dicts, lists, ``(number, bits)`` and ``(choice, value)``.

    Raises:
        ValueError: the value does not fit the message, or is too long.
    """
    with _using_codec:
        try:
            payload = _load(message).to_uper(deepcopy(dict(value)))
        except Exception as error:
            raise ValueError(f"{_TYPES[message]}: {type(error).__name__}: {error}") from error
    return wrap(message, payload)


def decode(data: bytes, expected: MessageId) -> dict[str, Any]:
    """The value of a message of the kind that is expected.

    Raises:
        MangledMessage: it is another, or none.
    """
    message, payload = unwrap(data)
    if message != expected:
        raise MangledMessage(f"message {message} is not the {expected.value} that is expected")
    with _using_codec:
        try:
            kind = _load(expected)
            left = _read(kind, payload)
            value = deepcopy(kind.get_val())
        except Exception as error:  # whatever the codec stumbles over: it asserts, indexes and recurses
            raise MangledMessage(f"{_TYPES[expected]}: {type(error).__name__}: {error}") from error
    if left:
        raise MangledMessage(f"{_TYPES[expected]} ends {left} bits before its frame does")
    if not isinstance(value, dict):
        raise MangledMessage(f"{_TYPES[expected]} has no fields")
    return value


def _read(kind: Any, payload: bytes) -> int:
    """Have the codec read; how many bits it left."""
    from pycrate_core.charpy import Charpy  # type: ignore[import-untyped]  # noqa: PLC0415

    bits = Charpy(payload)
    kind.from_uper(bits)
    return int(bits.len_bit())


@cache
def _load(message: MessageId) -> Any:
    from pycrate_asn1dir import ITS_IS  # noqa: PLC0415  (slow to import)

    return getattr(ITS_IS.DSRC, _TYPES[message])
