"""SNMP and the encoding below it."""

from collections.abc import Iterator

from signals.hardware.ntcip1202 import ber
from signals.hardware.ntcip1202.ber import MangledPacket
from signals.hardware.ntcip1202.snmp import Kind, Packet, Version, bind, decode_packet, encode_packet
from signals.hardware.ntcip1202.spat_push import MangledPush, PhaseTimes, SpatPush, decode_push, encode_push

_BACKUP_TIME = (1, 3, 6, 1, 4, 1, 1206, 4, 2, 1, 3, 3, 0)


def seed_snmp() -> Iterator[bytes]:
    """One of every kind of PDU and of value."""
    values = (
        bind(_BACKUP_TIME),
        bind(_BACKUP_TIME, 10),
        bind(_BACKUP_TIME, 2**32 - 1, ber.COUNTER32),
        bind(_BACKUP_TIME, 2**64 - 1, ber.COUNTER64),
        bind(_BACKUP_TIME, b"left"),
        bind(_BACKUP_TIME, b"\x7f\0\0\1", ber.IP_ADDRESS),
        bind(_BACKUP_TIME, (2, 999, 3)),
        bind(_BACKUP_TIME, None, ber.NO_SUCH_INSTANCE),
    )
    for kind in Kind:
        yield encode_packet(Packet(Version.V1, b"public", kind, 1, values[:2]))
    for value in values:
        yield encode_packet(Packet(Version.V2C, b"public", Kind.RESPONSE, 7, (value,), 2, 1))
    yield encode_packet(Packet(Version.V2C, b"", Kind.RESPONSE, 2**31 - 1, values * 2))


def check_snmp(data: bytes) -> None:
    """What could be read can be written, but for a negative request, which we never send; then it is the same."""
    try:
        packet = decode_packet(data)
    except MangledPacket:
        return
    for one in packet.bindings:
        assert ber.write_oid(one.oid)
    if packet.request >= 0:
        assert decode_packet(encode_packet(packet)) == packet


def seed_ber() -> Iterator[bytes]:
    """The primitive forms."""
    yield ber.write_integer(-129)
    yield ber.write_integer(2**63)
    yield ber.write_oid(_BACKUP_TIME)
    yield ber.write(ber.OCTETS, bytes(200))
    yield ber.write(ber.SEQUENCE, bytes(300))


def check_ber(data: bytes) -> None:
    """Heads, numbers and names at the beginning and everywhere."""
    for at in range(0, len(data) + 1, 1 + len(data) // 64):
        try:
            tag, begin, end = ber.read_head(data, at, len(data))
        except MangledPacket:
            continue
        assert at + 2 <= begin <= end <= len(data)
        _check_integer(data, at, begin, end)
        _check_name(data, tag, begin, end)


def _check_integer(data: bytes, at: int, begin: int, end: int) -> None:
    try:
        number, stop = ber.read_integer(data, at, len(data))
    except MangledPacket:
        return
    again = ber.write_integer(number)
    assert stop == end
    assert len(again) <= stop - at, "not the shortest form"
    assert ber.read_integer(again, 0, len(again)) == (number, len(again))
    assert ber.to_integer(data, begin, end, is_unsigned=True) >= 0


def _check_name(data: bytes, tag: int, begin: int, end: int) -> None:
    try:
        name = ber.to_oid(data, begin, end)
    except MangledPacket:
        return
    again = ber.write_oid(name)
    _, first, last = ber.read_head(again, 0, len(again))
    assert ber.to_oid(again, first, last) == name
    assert tag in range(256)


def seed_spat_push() -> Iterator[bytes]:
    """A broadcast at rest, one with every field, and each without its head."""
    times = tuple(PhaseTimes(k, 10 * k, 20 * k, k, 2 * k, 3 * k, 4 * k) for k in range(1, 17))
    rest = SpatPush(times, 0xFFDD, 0, 0x22, 0xFFFF, 0, 0)
    full = SpatPush(times, 0xFF00, 0x0F, 0xF0, 0xFF00, 1, 2, 3, 4, 8, 16, 32, 64, 1, 17, 200, 43_200, 999, 3, 4)
    for push in (rest, full):
        yield encode_push(push)
        yield encode_push(push)[2:]


def check_spat_push(data: bytes) -> None:
    """As it is, and mended to the right length, mark and numbers; what is read is written byte for byte."""
    mended = bytearray(data[:245].ljust(245, b"\0"))
    mended[:2] = 0xCD, 16
    for k in range(16):
        mended[2 + 13 * k] = k + 1
    mended[234] = mended[234] & 7 | 16
    for raw in (data, bytes(mended)):
        try:
            push = decode_push(raw)
        except MangledPush:
            continue
        assert encode_push(push) == raw
