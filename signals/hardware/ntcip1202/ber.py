"""The few forms of ASN.1's basic encoding that SNMP uses: written fast, read without trust.

Lengths are definite, tags have one byte (RFC 1157 section 3.2.2, X.690). Everything read is checked against the bytes
that are there, so that no length leads outside and nothing is kept that was not sent.
"""

from __future__ import annotations

from functools import lru_cache

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
IP_ADDRESS, COUNTER32, GAUGE32, TIME_TICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_VIEW = 0x80, 0x81, 0x82
_UNSIGNED = frozenset({COUNTER32, GAUGE32, TIME_TICKS, COUNTER64})
_LONGEST_INTEGER = 9  # a Counter64 and its sign
_MOST_SUB_ID = 2**32 - 1
_MOST_SUB_IDS = 128


class MangledPacket(Exception):  # noqa: N818  (reads as the fact it reports)
    """Bytes that are not what SNMP would send."""


def write(tag: int, content: bytes) -> bytes:
    """A tag, a length and what has this length."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    if size < 0x100:
        return bytes((tag, 0x81, size)) + content
    if size < 0x10000:
        return bytes((tag, 0x82, size >> 8, size & 0xFF)) + content
    raise ValueError(f"{size} bytes are more than any packet holds")


def write_integer(value: int, tag: int = INTEGER) -> bytes:
    """The shortest form in two's complement."""
    bits = (value if value >= 0 else ~value).bit_length()  # -128 has as few as 127: X.690 8.3.2 allows no byte more
    return write(tag, value.to_bytes(bits // 8 + 1, "big", signed=True))


@lru_cache(maxsize=65536)
def write_oid(oid: tuple[int, ...]) -> bytes:
    """An object's name; a controller's names are few, and asked for again each second.

    Raises:
        ValueError: no object has such a name.
    """
    if not 2 <= len(oid) <= _MOST_SUB_IDS or oid[0] > 2 or (oid[0] < 2 and oid[1] > 39) or not _are_sub_ids(oid):
        raise ValueError(f"{'.'.join(map(str, oid))} is no object identifier")
    content = bytearray()
    for number in (oid[0] * 40 + oid[1], *oid[2:]):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        content += bytes(reversed(groups))
    return write(OID, bytes(content))


def read_head(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag, where its content begins and where it ends."""
    if at + 2 > end:
        raise MangledPacket(f"a tag and a length are missing at byte {at}")
    tag, size, begin = data[at], data[at + 1], at + 2
    if size >= 0x80:
        more = size & 0x7F
        if not 1 <= more <= 2 or begin + more > end:
            raise MangledPacket(f"a length of {more} bytes at byte {at + 1}")
        size = int.from_bytes(data[begin : begin + more], "big")
        begin += more
    if begin + size > end:
        raise MangledPacket(f"{size} bytes from byte {begin} on, and {end - begin} are there")
    return tag, begin, begin + size


def read_integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    """An INTEGER and where the next thing begins."""
    tag, begin, stop = read_head(data, at, end)
    if tag != INTEGER:
        raise MangledPacket(f"tag {tag:#04x} at byte {at}, not an INTEGER")
    return to_integer(data, begin, stop), stop


def to_integer(data: bytes, begin: int, end: int, *, is_unsigned: bool = False) -> int:
    """The whole number of these bytes; what has no sign may still begin with a set bit, as some agents send it."""
    if not 1 <= end - begin <= _LONGEST_INTEGER:
        raise MangledPacket(f"a number of {end - begin} bytes at byte {begin}")
    return int.from_bytes(data[begin:end], "big", signed=not is_unsigned)


def to_oid(data: bytes, begin: int, end: int) -> tuple[int, ...]:
    """The object's name of these bytes."""
    if begin == end or data[end - 1] & 0x80:
        raise MangledPacket(f"an unfinished object identifier at byte {begin}")
    numbers, number = [], 0
    for byte in data[begin:end]:
        number = number << 7 | byte & 0x7F
        if number > _MOST_SUB_ID:
            raise MangledPacket(f"a sub-identifier beyond 32 bits in the object identifier at byte {begin}")
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    if len(numbers) >= _MOST_SUB_IDS:
        raise MangledPacket(f"{len(numbers) + 1} sub-identifiers at byte {begin}")
    first = min(numbers[0] // 40, 2)
    return (first, numbers[0] - 40 * first, *numbers[1:])


def is_unsigned(tag: int) -> bool:
    """Counters, gauges and times are never below zero."""
    return tag in _UNSIGNED


def _are_sub_ids(oid: tuple[int, ...]) -> bool:
    return all(0 <= number <= _MOST_SUB_ID for number in oid)
