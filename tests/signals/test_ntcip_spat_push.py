"""The signal state broadcast: known bytes, any broadcast there and back, any bytes survived, gaps reported."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.hardware.ntcip1202 import objects
from signals.hardware.ntcip1202.spat_push import (
    ENABLE,
    PHASES,
    SIZE,
    MangledPush,
    PhaseTimes,
    PushWatch,
    SpatPush,
    decode_push,
    encode_push,
)

WORDS = st.integers(0, 0xFFFF)
TIMES = st.tuples(*[st.tuples(*[WORDS] * 6) for _ in range(PHASES)]).map(
    lambda rows: tuple(PhaseTimes(k, *row) for k, row in enumerate(rows, 1))
)


@st.composite
def colours(draw):
    """Three masks of which no two share a bit."""
    first, second = draw(WORDS), draw(WORDS)
    return first, second & ~first, draw(WORDS) & ~(first | second)


@st.composite
def pushes(draw):
    """Any broadcast."""
    return SpatPush(
        draw(TIMES),
        *draw(colours()),
        *draw(colours()),
        *draw(colours()),
        flashing=draw(WORDS),
        overlaps_flashing=draw(WORDS),
        status=draw(st.integers(0, 255)),
        timebase_action=draw(st.integers(0, 255)),
        discontinuity=16 | draw(st.integers(0, 7)),
        sequence=draw(st.integers(0, 255)),
        second=draw(st.integers(0, 86_399)),
        millisecond=draw(st.integers(0, 999)),
        ped_direct_calls=draw(WORDS),
        ped_latched_calls=draw(WORDS),
    )


PLAIN = SpatPush(tuple(PhaseTimes(k) for k in range(1, PHASES + 1)), 0xFFDD, 0, 0x0022, 0xFFFF, 0, 0)


@settings(deadline=None, max_examples=100)
@given(pushes())
def test_any_broadcast_comes_back(push):
    """245 bytes, whatever it says."""
    data = encode_push(push)
    assert len(data) == SIZE
    assert decode_push(data) == push


def test_every_field_lies_where_the_makers_layout_has_it():
    """Offsets of the published layout, one by one, big-endian."""
    times = (PhaseTimes(1, 0x0102, 0x0304, 0x0506, 0x0708, 0x090A, 0x0B0C), *PLAIN.times[1:])
    push = replace(PLAIN, times=times, second=0x010203, millisecond=0x0102, sequence=7, status=8, ped_latched_calls=9)
    data = encode_push(push)
    assert data[:15] == bytes((0xCD, 16, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))
    assert data[15] == 2  # the second phase
    assert data[210:216] == bytes.fromhex("FFDD 0000 0022")
    assert (data[232], data[234] >> 3, data[235]) == (8, 2, 7)
    assert data[236:241] == bytes.fromhex("010203 0102")
    assert data[241:] == bytes.fromhex("0000 0009")


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300) | st.binary(min_size=SIZE - 2, max_size=SIZE - 2).map(lambda rest: b"\xcd\x10" + rest))
def test_no_bytes_do_harm(data):
    """A broadcast, or an error; nothing else."""
    try:
        decode_push(data)
    except MangledPush:
        return


@settings(deadline=None, max_examples=100)
@given(pushes(), st.integers(0, SIZE - 1))
def test_a_broadcast_cut_short_is_refused(push, size):
    """Any other length than 245."""
    with pytest.raises(MangledPush):
        decode_push(encode_push(push)[:size])


@pytest.mark.parametrize(
    ("at", "byte", "words"),
    [
        (0, 0xCC, "begin with cc"),
        (1, 15, "begin with cd 0f"),
        (2, 5, "phases"),
        (234, 0x18, "version 3"),
        (236, 0xFF, "of the day"),
        (212, 0xFF, "two colours"),
    ],
)
def test_what_cannot_be_is_refused(at, byte, words):
    """Another mark, count, phase, version, hour; a phase that is red and yellow."""
    data = bytearray(encode_push(PLAIN))
    data[at] = byte
    with pytest.raises(MangledPush, match=words):
        decode_push(bytes(data))


def test_what_cannot_be_sent_is_refused():
    """Numbers beyond their field, two colours."""
    for wrong in (replace(PLAIN, second=86_400), replace(PLAIN, greens=1 << 16), replace(PLAIN, walks=1)):
        with pytest.raises(ValueError, match=r"of the day|fit|colours"):
            encode_push(wrong)


def test_gaps_of_more_than_300_ms_are_reported():
    """300 ms are allowed, 301 are not; the same broadcast twice is no news; silence is told while it lasts."""
    watch = PushWatch()
    assert watch.find_silence(9.0) == ""
    assert watch.take(PLAIN, 10.0) == ""
    assert watch.take(replace(PLAIN, sequence=3), 10.3) == ""
    assert watch.take(replace(PLAIN, sequence=3), 10.4) == "the same broadcast again"
    assert "301 ms" in watch.take(replace(PLAIN, sequence=6), 10.601)
    assert watch.find_silence(10.9) == ""
    assert "500 ms" in watch.find_silence(11.101)
    assert (watch.late, watch.repeated, round(watch.longest_gap_s, 3)) == (1, 1, 0.301)


def test_the_driver_may_not_switch_it_on():
    """The maker's object is an engineer's to set."""
    assert not objects.may_set(ENABLE)
