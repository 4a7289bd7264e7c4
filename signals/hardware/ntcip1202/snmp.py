"""SNMPv1 and v2c messages: requests written, answers read (RFC 1157, RFC 3416).

Names are kept as the bytes that were sent, since comparing them is all that a poll does with them; ``Binding.oid``
tells the numbers. A value is a number, bytes, a name, or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from signals.hardware.ntcip1202 import ber
from signals.hardware.ntcip1202.ber import MangledPacket

MOST_BINDINGS = 256
_MOST_ID = 2**31 - 1


class Version(IntEnum):
    """As written in the message; some controllers know only the first and are silent otherwise."""

    V1 = 0
    V2C = 1


class Kind(IntEnum):
    """What is asked or answered: the tag of the PDU."""

    GET = 0xA0
    GET_NEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3


class ErrorStatus(IntEnum):
    """Why a request was not answered, all or nothing; the names of RFC 3416."""

    NO_ERROR = 0
    TOO_BIG = 1
    NO_SUCH_NAME = 2
    BAD_VALUE = 3
    READ_ONLY = 4
    GEN_ERR = 5
    NO_ACCESS = 6
    WRONG_TYPE = 7
    WRONG_LENGTH = 8
    WRONG_ENCODING = 9
    WRONG_VALUE = 10
    NO_CREATION = 11
    INCONSISTENT_VALUE = 12
    RESOURCE_UNAVAILABLE = 13
    COMMIT_FAILED = 14
    UNDO_FAILED = 15
    AUTHORIZATION_ERROR = 16
    NOT_WRITABLE = 17
    INCONSISTENT_NAME = 18


Value = int | bytes | tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Binding:
    """A name and its value; ``tag`` says what kind of value, also that there is none (``ber.NO_SUCH_OBJECT`` ...)."""

    name: bytes
    tag: int = ber.NULL
    value: Value = None

    @property
    def oid(self) -> tuple[int, ...]:
        """The name in numbers."""
        _, begin, end = ber.read_head(self.name, 0, len(self.name))
        return ber.to_oid(self.name, begin, end)


@dataclass(frozen=True, slots=True)
class Packet:
    """One message. ``error`` is an ``ErrorStatus`` where it is one that we know, and ``index`` whose it is, from 1."""

    version: int
    community: bytes
    kind: Kind
    request: int
    bindings: tuple[Binding, ...] = ()
    error: int = 0
    index: int = 0


def bind(oid: tuple[int, ...], value: Value = None, tag: int | None = None) -> Binding:
    """A name with a value: numbers are INTEGER and bytes OCTET STRING unless ``tag`` says otherwise."""
    if tag is None:
        kinds = ((int, ber.INTEGER), (bytes, ber.OCTETS), (tuple, ber.OID))
        tag = next((tag for kind, tag in kinds if isinstance(value, kind)), ber.NULL)
    return Binding(ber.write_oid(oid), tag, value)


def encode_packet(packet: Packet) -> bytes:
    """The bytes of a datagram.

    Raises:
        ValueError: a value or a number that SNMP cannot carry.
    """
    least = -_MOST_ID - 1 if packet.kind is Kind.RESPONSE else 0  # whoever answers, echoes
    if not least <= packet.request <= _MOST_ID or len(packet.bindings) > MOST_BINDINGS:
        raise ValueError(f"request {packet.request} with {len(packet.bindings)} bindings cannot be sent")
    bindings = b"".join(ber.write(ber.SEQUENCE, one.name + _write_value(one)) for one in packet.bindings)
    pdu = b"".join(
        (
            ber.write_integer(packet.request),
            ber.write_integer(packet.error),
            ber.write_integer(packet.index),
            ber.write(ber.SEQUENCE, bindings),
        )
    )
    head = ber.write_integer(packet.version) + ber.write(ber.OCTETS, packet.community)
    return ber.write(ber.SEQUENCE, head + ber.write(packet.kind, pdu))


def encode_get(
    names: Iterable[bytes], request: int, community: bytes = b"public", version: Version = Version.V1
) -> bytes:
    """A GET for names that are already bytes: what is sent to every controller each second."""
    null = bytes((ber.NULL, 0))
    bindings = b"".join(ber.write(ber.SEQUENCE, name + null) for name in names)
    zero = ber.write_integer(0)
    pdu = ber.write_integer(request) + zero + zero + ber.write(ber.SEQUENCE, bindings)
    head = ber.write_integer(version) + ber.write(ber.OCTETS, community)
    return ber.write(ber.SEQUENCE, head + ber.write(Kind.GET, pdu))


def decode_packet(data: bytes) -> Packet:
    """The message of a datagram.

    Raises:
        MangledPacket: it is none, or has more in it.
    """
    tag, at, end = ber.read_head(data, 0, len(data))
    if tag != ber.SEQUENCE or end != len(data):
        raise MangledPacket(f"tag {tag:#04x} and {end} of {len(data)} bytes: no SNMP message")
    version, at = ber.read_integer(data, at, end)
    tag, begin, at = ber.read_head(data, at, end)
    if tag != ber.OCTETS:
        raise MangledPacket(f"tag {tag:#04x} where the community should be")
    community = bytes(data[begin:at])
    tag, at, stop = ber.read_head(data, at, end)
    if tag not in _KINDS or stop != end:
        raise MangledPacket(f"tag {tag:#04x}: not a PDU that we know, or not the only one")
    request, at = ber.read_integer(data, at, end)
    error, at = ber.read_integer(data, at, end)
    index, at = ber.read_integer(data, at, end)
    if not -(2**31) <= request <= _MOST_ID:
        raise MangledPacket(f"request {request} has more than 32 bits")
    return Packet(version, community, Kind(tag), request, tuple(_read_bindings(data, at, end)), error, index)


def find(bindings: Sequence[Binding], name: bytes) -> Value:
    """The value of a name; None where it is not among them or has none."""
    return next((one.value for one in bindings if one.name == name), None)


_KINDS = frozenset(Kind)
_RANGES = {
    ber.INTEGER: (-(2**31), 2**31 - 1),
    **dict.fromkeys((ber.COUNTER32, ber.GAUGE32, ber.TIME_TICKS), (0, 2**32 - 1)),
    ber.COUNTER64: (0, 2**64 - 1),
}


def _read_bindings(data: bytes, at: int, end: int) -> Iterable[Binding]:
    tag, at, stop = ber.read_head(data, at, end)
    if tag != ber.SEQUENCE or stop != end:
        raise MangledPacket(f"tag {tag:#04x} where the bindings should be, or something after them")
    count = 0
    while at < end:
        count += 1
        if count > MOST_BINDINGS:
            raise MangledPacket(f"more than {MOST_BINDINGS} bindings")
        tag, begin, at = ber.read_head(data, at, end)
        if tag != ber.SEQUENCE:
            raise MangledPacket(f"tag {tag:#04x} where a binding should be")
        yield _read_binding(data, begin, at)


def _read_binding(data: bytes, begin: int, end: int) -> Binding:
    tag, content, at = ber.read_head(data, begin, end)
    if tag != ber.OID:
        raise MangledPacket(f"tag {tag:#04x} where a name should be")
    name = bytes(data[begin:at])
    _check_name(name, content - begin)
    tag, content, stop = ber.read_head(data, at, end)
    if stop != end:
        raise MangledPacket(f"{end - stop} bytes after a value")
    return Binding(name, tag, _read_value(tag, data, content, stop))


@lru_cache(maxsize=8192)
def _check_name(name: bytes, begin: int) -> None:
    """Whether it is a name at all; the same few are seen again and again."""
    ber.to_oid(name, begin, len(name))


def _read_value(tag: int, data: bytes, begin: int, end: int) -> Value:
    if tag == ber.INTEGER or ber.is_unsigned(tag):
        number = ber.to_integer(data, begin, end, is_unsigned=ber.is_unsigned(tag))
        if not _RANGES[tag][0] <= number <= _RANGES[tag][1]:
            raise MangledPacket(f"{number} is beyond tag {tag:#04x}")
        return number
    if tag == ber.OID:
        return ber.to_oid(data, begin, end)
    if tag in (ber.OCTETS, ber.IP_ADDRESS, ber.OPAQUE):
        return bytes(data[begin:end])
    if tag in (ber.NULL, ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE, ber.END_OF_VIEW):
        if begin != end:
            raise MangledPacket(f"{end - begin} bytes of nothing")
        return None
    raise MangledPacket(f"tag {tag:#04x} is no value of SNMP")


def _write_value(one: Binding) -> bytes:
    match one.value:
        case int():
            least, most = _RANGES.get(one.tag, (0, -1))
            if not least <= one.value <= most:
                raise ValueError(f"{one.value} cannot be sent as {one.tag:#04x}")
            return ber.write_integer(one.value, one.tag)
        case bytes():
            return ber.write(one.tag, one.value)
        case tuple():
            return ber.write_oid(one.value)
    return bytes((one.tag, 0))
