"""Asking a controller the same names again and again: a GET written once, answers read without making objects of them.

An answer counts only where version, community, request and every name are those that were asked; everything that is
read is held against the bytes that are there, as in ``snmp``.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from signals.hardware.ntcip1202 import ber
from signals.hardware.ntcip1202.ber import MangledPacket
from signals.hardware.ntcip1202.snmp import Kind, Value, decode_packet


@dataclass(frozen=True, slots=True)
class Head:
    """What an answer says of itself; ``at`` is where its bindings begin."""

    version: int
    community: bytes
    kind: int
    request: int
    error: int
    index: int
    at: int


def draw_request() -> int:
    """A number that nobody can guess, for one request; SNMP allows 31 bits."""
    return secrets.randbits(31)


def read_head(data: bytes) -> Head:
    """The head of a message.

    Raises:
        MangledPacket: it has none.
    """
    tag, at, end = ber.read_head(data, 0, len(data))
    if tag != ber.SEQUENCE or end != len(data):
        raise MangledPacket("no SNMP message")
    version, at = ber.read_integer(data, at, end)
    tag, begin, at = ber.read_head(data, at, end)
    if tag != ber.OCTETS:
        raise MangledPacket(f"tag {tag:#04x} where the community should be")
    kind, pdu, stop = ber.read_head(data, at, end)
    if stop != end:
        raise MangledPacket("something after the PDU")
    request, pdu = ber.read_integer(data, pdu, end)
    error, pdu = ber.read_integer(data, pdu, end)
    index, pdu = ber.read_integer(data, pdu, end)
    return Head(version, data[begin:at], kind, request, error, index, pdu)


def read_values(data: bytes, head: Head, names: Sequence[bytes]) -> list[Value]:
    """The values of exactly these names in this order.

    Raises:
        MangledPacket: other names, or no bindings at all.
    """
    end = len(data)
    tag, at, stop = ber.read_head(data, head.at, end)
    if tag != ber.SEQUENCE or stop != end:
        raise MangledPacket("no bindings, or something after them")
    values: list[Value] = []
    for name in names:
        # what nearly all look like: short lengths, the name as it was written, an INTEGER
        begin = at + 2
        value = begin + len(name)
        if value + 2 > end or data[at] != ber.SEQUENCE or not data.startswith(name, begin) or data[value + 1] >= 0x80:
            return _read_slowly(data, names)
        after = value + 2 + data[value + 1]
        if data[at + 1] >= 0x80 or after != begin + data[at + 1] or after > end:
            return _read_slowly(data, names)
        size, tag = after - value - 2, data[value]
        if tag == ber.INTEGER and 1 <= size <= 4:
            values.append(int.from_bytes(data[value + 2 : after], "big", signed=True))
        elif tag == ber.TIME_TICKS and 1 <= size <= 5:
            values.append(int.from_bytes(data[value + 2 : after], "big") & 0xFFFFFFFF)
        else:
            return _read_slowly(data, names)
        at = after
    if at != end:
        raise MangledPacket("more bindings than were asked for")
    return values


def _read_slowly(data: bytes, names: Sequence[bytes]) -> list[Value]:
    bindings = decode_packet(data).bindings
    if [one.name for one in bindings] != list(names):
        raise MangledPacket("other names than were asked for")
    return [one.value for one in bindings]


class Question:
    """A GET for names that never change, written but for its request number."""

    __slots__ = ("_community", "_tail", "_version", "names")

    def __init__(self, names: Sequence[bytes], community: bytes, version: int) -> None:
        self.names = tuple(names)
        self._community, self._version = ber.write(ber.OCTETS, community), ber.write_integer(version)
        zero, null = ber.write_integer(0), bytes((ber.NULL, 0))
        bindings = b"".join(ber.write(ber.SEQUENCE, name + null) for name in self.names)
        self._tail = zero + zero + ber.write(ber.SEQUENCE, bindings)

    def write(self, request: int) -> bytes:
        """The datagram."""
        pdu = ber.write(Kind.GET, ber.write_integer(request) + self._tail)
        return ber.write(ber.SEQUENCE, self._version + self._community + pdu)

    def without(self, position: int, community: bytes, version: int) -> Question:
        """The same without one name."""
        return Question((*self.names[:position], *self.names[position + 1 :]), community, version)
