"""What one intersection tells its neighbours, as checked bytes.

Layout, little-endian: version, sender, the sender's start (its incarnation), sequence number, the sender's clock;
then, by exit lane, the cumulative count with the ages of the latest departures and the planned departures by second;
then queues by approach; then clock differences to those it hears; last a CRC-32 of everything before it.

A lost message loses nothing: counts are cumulative and departures are repeated while they are young. Ages instead of
times of day: two clocks need not agree. Everything is checked on the way in; what does not hold is ``BadMessage``.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import NamedTuple

VERSION = 1
PLAN_S = 60  # seconds of planned departures, at most
REPEATED_S = 30.0  # for so long each departure is told again
MAX_REPEATED = 40
MAX_BYTES = 16_384
COUNT_MODULUS = 1 << 32

_HEAD = struct.Struct("<BQIQ")  # version, started_ms, sequence, sent_ms
_EXIT = struct.Struct("<HIBB")  # exit, total, repeated, planned seconds
_APPROACH = struct.Struct("<HHHH")  # approach, queue, present, reach in m
_HEARD = struct.Struct("<q")
_CRC = struct.Struct("<I")
_AGES = tuple(struct.Struct(f"<{count}H") for count in range(MAX_REPEATED + 1))
_AGE_UNITS_PER_S = 100.0
PLAN_UNITS = 32.0  # so that at most 255 / 32, some eight vehicles, leave by the lanes of a street in one second
_MAX_U16 = 0xFFFF


class BadMessage(ValueError):  # noqa: N818  (reads as the fact it reports)
    """Bytes that are no message; the text says why."""


class NewerMessage(BadMessage):
    """A message of a version that came after this program."""


class ExitReport(NamedTuple):
    """Departures into one exit lane: ``total`` since the sender's start (it wraps), ages of the latest ones in
    seconds before sending, oldest first, and the planned ones: vehicles in each second from sending, one byte each, in
    ``PLAN_UNITS`` to the vehicle.
    """

    exit: int
    total: int
    ages_s: tuple[float, ...] = ()
    planned: bytes = b""


class ApproachReport(NamedTuple):
    """What stands on one approach: vehicles queued and present, and how far up the street the queue reaches."""

    approach: int
    queue: int
    present: int
    reach_m: int


class Message(NamedTuple):
    """One message. ``heard``: by neighbour, least seen difference of its stamps to our clock at arrival, in ms."""

    sender: str
    started_ms: int
    sequence: int
    sent_ms: int
    exits: tuple[ExitReport, ...] = ()
    approaches: tuple[ApproachReport, ...] = ()
    heard: tuple[tuple[str, int], ...] = ()


def encode(message: Message) -> bytes:
    """The bytes of a message; ages are rounded to their units."""
    parts = [_HEAD.pack(VERSION, message.started_ms, message.sequence, message.sent_ms), _pack_text(message.sender)]
    parts.append(bytes((len(message.exits),)))
    for one in message.exits:
        ages = [_to_u16(round(age_s * _AGE_UNITS_PER_S)) for age_s in one.ages_s[-MAX_REPEATED:]]
        planned = one.planned[:PLAN_S]
        parts.append(_EXIT.pack(one.exit, one.total % COUNT_MODULUS, len(ages), len(planned)))
        parts += [_AGES[len(ages)].pack(*ages), planned]
    parts.append(bytes((len(message.approaches),)))
    for standing in message.approaches:
        approach, queue, present, reach_m = standing
        parts.append(_APPROACH.pack(approach, _to_u16(queue), _to_u16(present), _to_u16(reach_m)))
    parts.append(bytes((len(message.heard),)))
    for neighbour, difference_ms in message.heard:
        parts += [_pack_text(neighbour), _HEARD.pack(difference_ms)]
    body = b"".join(parts)
    if len(body) + _CRC.size > MAX_BYTES:
        raise BadMessage(f"a message of {len(body)} bytes; at most {MAX_BYTES} are sent")
    return body + _CRC.pack(zlib.crc32(body))


@lru_cache(maxsize=256)
def decode(raw: bytes) -> Message:
    """The message in these bytes; one that several intersections of a process are sent is read once.

    Raises:
        NewerMessage: of a later version.
        BadMessage: anything else that cannot be read; nothing else is ever raised.
    """
    if not _HEAD.size + _CRC.size <= len(raw) <= MAX_BYTES:
        raise BadMessage(f"{len(raw)} bytes are no message")
    body, (checksum,) = raw[: -_CRC.size], _CRC.unpack(raw[-_CRC.size :])
    if zlib.crc32(body) != checksum:
        raise BadMessage("the checksum does not hold")
    if body[0] != VERSION:
        kind = NewerMessage if body[0] > VERSION else BadMessage
        raise kind(f"a message of version {body[0]}; this program reads version {VERSION}")
    try:
        return _read(body)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise BadMessage(f"the message is cut or garbled: {error}") from error


def _to_u16(number: int) -> int:
    return 0 if number < 0 else min(number, _MAX_U16)


def _pack_text(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > 255:
        raise BadMessage(f"the name {text[:40]!r}... has {len(raw)} bytes; at most 255 are sent")
    return bytes((len(raw),)) + raw


def _read(body: bytes) -> Message:
    """Walk once over the bytes of a message whose checksum held; one loop, because every second has many."""
    _, started_ms, sequence, sent_ms = _HEAD.unpack_from(body)
    sender, at = _read_text(body, _HEAD.size)
    exits, heard = [], []
    exit_count, at = body[at], at + 1
    for _ in range(exit_count):
        number, total, repeated, seconds = _EXIT.unpack_from(body, at)
        if repeated > MAX_REPEATED:
            raise BadMessage(f"{repeated} departures repeated; at most {MAX_REPEATED} are")
        ages = _AGES[repeated]
        plan_at = at + _EXIT.size + ages.size
        ages_s = tuple([a / _AGE_UNITS_PER_S for a in ages.unpack_from(body, at + _EXIT.size)]) if repeated else ()
        at = plan_at + seconds
        if at > len(body):
            raise BadMessage("a plan is cut")
        exits.append(ExitReport(number, total, ages_s, body[plan_at:at]))
    approach_count, at = body[at], at + 1
    end = at + approach_count * _APPROACH.size
    approaches = list(map(ApproachReport._make, _APPROACH.iter_unpack(body[at:end])))
    at = end
    heard_count, at = body[at], at + 1
    for _ in range(heard_count):
        name, at = _read_text(body, at)
        heard.append((name, _HEARD.unpack_from(body, at)[0]))
        at += _HEARD.size
    if at != len(body):
        raise BadMessage(f"{len(body) - at} bytes are left over")
    return Message(sender, started_ms, sequence, sent_ms, tuple(exits), tuple(approaches), tuple(heard))


def _read_text(body: bytes, at: int) -> tuple[str, int]:
    """A text with its length before it, and where it ends."""
    end = at + 1 + body[at]
    if end > len(body):
        raise BadMessage("a name is cut")
    return body[at + 1 : end].decode(), end
