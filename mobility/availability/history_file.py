"""A day of readings as bytes: blocks that are whole or passed over.

A block is the mark ``CTAV``, its kind, the length and the CRC-32 of its content, and the content, deflated. A names
block lists series (JSON); a levels block begins with the hash of the list that it counts by, then has four columns:
number in that list (uint32), level (uint16), capacity (uint16), observation time (uint32, POSIX seconds). Lists
are found by their hash, so that blocks of several recorders may alternate in a file.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mobility.availability.readings import MOST, HistoryNotice, Ints, Kind, Series

MARK: Final = b"CTAV"
NAMES, LEVELS = 1, 2
_HEAD: Final = struct.Struct("<4sBII")
_LARGEST: Final = 1 << 28
"""No content is larger, deflated or not: a length beyond it is damage."""
ROW: Final = np.dtype([("number", "<u4"), ("level", "<u2"), ("capacity", "<u2"), ("observed_s", "<u4")])
_HASH_BYTES: Final = 8
Rows = NDArray[np.void]


class Columns(NamedTuple):
    """Readings in order of series and time, each once. ``number`` counts ``series``."""

    series: tuple[Series, ...]
    number: Ints
    level: Ints
    capacity: Ints
    observed_s: Ints


def encode_names(series: Sequence[Series]) -> tuple[bytes, bytes]:
    """The block of a list of series, and the hash by which levels name it."""
    text = json.dumps([[one.kind.value, one.place_id] for one in series], ensure_ascii=False).encode()
    return _make_block(NAMES, text), _hash(text)


def encode_levels(key: bytes, rows: Rows) -> bytes:
    """The block of readings (dtype ``ROW``) that count by the list with this hash."""
    return _make_block(LEVELS, key + b"".join(rows[name].tobytes() for name in ROW.names or ()))


def _make_block(kind: int, content: bytes) -> bytes:
    packed = zlib.compress(content, 6)
    return _HEAD.pack(MARK, kind, len(packed), zlib.crc32(packed)) + packed


def _hash(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=_HASH_BYTES).digest()


def decode(content: bytes, file: str) -> tuple[Columns, list[HistoryNotice]]:
    """The readings of a file, and what of it could not be used. Never raises for what bytes hold."""
    notices: list[HistoryNotice] = []
    number_of: dict[Series, int] = {}
    lists: dict[bytes, Ints] = {}
    waiting: list[tuple[int, bytes]] = []
    for record, kind, body in _list_blocks(content, file, notices):
        if kind == NAMES:
            names = _decode_names(body)
            if names is None:
                message = "a list of series is not readable: readings that count by it are left out"
                notices.append(HistoryNotice("history_names_damaged", file, record, message))
            else:
                lists[_hash(body)] = np.array([number_of.setdefault(one, len(number_of)) for one in names], np.int64)
        elif kind == LEVELS:
            waiting.append((record, body))
    parts = []
    for record, body in waiting:
        rows = _decode_levels(body, lists)
        if rows is None:
            message = "its list of series is not in the file, or its columns do not fit: this poll is left out"
            notices.append(HistoryNotice("history_levels_unusable", file, record, message))
        else:
            parts.append(rows)
    return _sort(tuple(number_of), parts), notices


def _list_blocks(content: bytes, file: str, notices: list[HistoryNotice]) -> Iterator[tuple[int, int, bytes]]:
    at, record = 0, 0
    while at < len(content):
        record += 1
        found = _read_block(content, at)
        if found is not None:
            kind, body, at = found
            yield record, kind, body
            continue
        following = content.find(MARK, at + 1)
        end = len(content) if following < 0 else following
        message = f"{end - at} bytes at {at} are not a whole block (a crash or a damaged disk): the rest is used"
        notices.append(HistoryNotice("history_block_damaged", file, record, message))
        at = end


def _read_block(content: bytes, at: int) -> tuple[int, bytes, int] | None:
    if len(content) - at < _HEAD.size:
        return None
    mark, kind, length, check = _HEAD.unpack_from(content, at)
    first, end = at + _HEAD.size, at + _HEAD.size + length
    if mark != MARK or length > _LARGEST or end > len(content) or zlib.crc32(content[first:end]) != check:
        return None
    inflate = zlib.decompressobj()
    try:
        body = inflate.decompress(content[first:end], _LARGEST)
    except zlib.error:
        return None
    return (kind, body, end) if inflate.eof else None


def _decode_names(body: bytes) -> list[Series] | None:
    try:
        return [Series(Kind(kind), str(place_id)) for kind, place_id in json.loads(body)]
    except (ValueError, TypeError, RecursionError):
        return None


def _decode_levels(body: bytes, lists: dict[bytes, Ints]) -> tuple[Ints, Ints, Ints, Ints] | None:
    names = lists.get(body[:_HASH_BYTES])
    count, rest = divmod(len(body) - _HASH_BYTES, ROW.itemsize)
    if names is None or rest or count < 0:
        return None
    columns, at = [], _HASH_BYTES
    for name in ROW.names or ():
        kind = ROW[name]
        columns.append(np.frombuffer(body, kind, count, at).astype(np.int64))
        at += count * kind.itemsize
    number, level, capacity, observed_s = columns
    if count and number.max() >= len(names):
        return None
    fits = level <= MOST
    return names[number[fits]], level[fits], np.minimum(capacity[fits], MOST), observed_s[fits]


def _sort(series: tuple[Series, ...], parts: list[tuple[Ints, Ints, Ints, Ints]]) -> Columns:
    if not parts:
        none = np.zeros(0, np.int64)
        return Columns(series, none, none, none, none)
    number, level, capacity, observed_s = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((observed_s, number))  # stable: of two readings of a moment the later written is the last
    number, level, capacity, observed_s = number[order], level[order], capacity[order], observed_s[order]
    is_last = np.ones(len(number), bool)
    is_last[:-1] = (number[1:] != number[:-1]) | (observed_s[1:] != observed_s[:-1])
    return Columns(series, number[is_last], level[is_last], capacity[is_last], observed_s[is_last])
