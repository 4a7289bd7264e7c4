"""Messages between neighbours: what is read is what was written, and nothing else is ever read."""

import contextlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.coordination.messages import (
    MAX_REPEATED,
    PLAN_S,
    ApproachReport,
    BadMessage,
    ExitReport,
    Message,
    NewerMessage,
    decode,
    encode,
)

u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 2**32 - 1)
u64 = st.integers(0, 2**64 - 1)
names = st.text(max_size=60)
exits = st.builds(
    ExitReport,
    u16,
    u32,
    st.lists(u16.map(lambda n: n / 100), max_size=MAX_REPEATED).map(tuple),
    st.binary(max_size=PLAN_S),
)
messages = st.builds(
    Message,
    names,
    u64,
    u32,
    u64,
    st.lists(exits, max_size=4).map(tuple),
    st.lists(st.builds(ApproachReport, u16, u16, u16, u16), max_size=6).map(tuple),
    st.lists(st.tuples(names, st.integers(-(2**63), 2**63 - 1)), max_size=4).map(tuple),
)


@given(messages)
def test_what_is_read_is_what_was_written(message):
    """Every message in the units of the format comes back as it was."""
    assert decode(encode(message)) == message


@given(st.binary(max_size=400))
def test_noise_is_a_bad_message(raw):
    """Arbitrary bytes raise BadMessage and nothing else."""
    with pytest.raises(BadMessage):
        decode(raw)


@given(st.binary(max_size=200))
def test_noise_with_a_good_checksum_is_read_or_refused(noise):
    """Even where the checksum holds, garbled contents raise nothing but BadMessage."""
    body = b"\x01" + noise
    with contextlib.suppress(BadMessage):
        decode(body + struct.pack("<I", zlib.crc32(body)))


@given(messages, st.data())
def test_a_changed_byte_is_noticed(message, data):
    """One wrong byte anywhere is refused."""
    raw = bytearray(encode(message))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadMessage):
        decode(bytes(raw))


def test_a_newer_version_is_told_apart():
    """Whoever speaks a later version is not garbled, only newer."""
    body = b"\x02" + encode(Message("A", 0, 1, 2))[1:-4]
    with pytest.raises(NewerMessage, match="version 2"):
        decode(body + struct.pack("<I", zlib.crc32(body)))


def test_a_message_is_small():
    """Twelve exits with ten departures each and a minute of plan fit into one datagram of 1,400 bytes."""
    exits = tuple(ExitReport(n, 1000, tuple(range(10)), bytes(60)) for n in range(12))
    standing = tuple(ApproachReport(n, 10, 20, 100) for n in range(4))
    assert len(encode(Message("crossing 17", 1, 2, 3, exits, standing))) < 1400
