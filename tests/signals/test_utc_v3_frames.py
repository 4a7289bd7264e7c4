"""Protocol 3.0: known frames byte for byte, any message there and back, any stream cut anywhere, any bytes survived."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.hardware.utc_v3 import layout
from signals.hardware.utc_v3.every_device import Done, Rejected, Rejection, SetClock, SetCommandSet
from signals.hardware.utc_v3.layout import BadParameter
from signals.hardware.utc_v3.link import (
    BROADCAST,
    MOST_BYTES,
    Acknowledged,
    FrameReader,
    LinkError,
    LinkProfile,
    MangledFrame,
    Message,
    Refused,
    decode_frame,
    encode_frame,
)
from signals.hardware.utc_v3.messages import Unknown, decode_info, encode_info, list_kinds
from signals.hardware.utc_v3.signal_controller import (
    GoTo,
    QueryPosition,
    QueryStrategy,
    Reached,
    SetReportCycle,
    SetStrategy,
    StepReport,
    Strategy,
)
from signals.hardware.utc_v3.signal_data import ForcePlan, SetPhaseSteps, SetPlan, SubPhaseSteps

GOLDEN = {
    "AA BB 12 00 01 00 0C 5F 40 AA CC 77": QueryStrategy(),
    "AA BB 12 00 01 00 0E 5F 10 10 02 AA CC 37": SetStrategy(Strategy.PHASE_CONTROL, 2),
    "AA BB 12 00 01 00 0F 5F 1C 02 01 0F AA CC 24": GoTo(2, 1, 15),
    "AA BB 12 00 01 00 0C 5F 4C AA CC 7B": QueryPosition(),
    "AA BB 12 00 01 00 0E 5F 3F 02 00 AA CC 08": SetReportCycle(2, 0),
    "AA BB 12 00 01 00 0D 5F 18 05 AA CC 2B": ForcePlan(5),
    "AA BB 12 00 01 00 0D 0F 13 03 AA CC 76": SetCommandSet(3),
    "AA BB 12 00 01 00 19 5F 15 00 00 40 02 00 28 00 AA AA 00 DC 00 00 AA CC 81": SetPlan(
        0, 0, 0x40, (40, 170), 220, 0
    ),
    "AA BB 12 00 01 00 0E 0F 80 5F 1C AA CC A6": Done(0x5F1C),
    "AA BB 12 00 01 00 10 0F 81 5F 1C 80 00 AA CC 39": Rejected(0x5F1C, Rejection.EXCLUDED_BY_LEVEL, 0),
    "AA BB 12 00 01 00 0F 5F 0C 10 02 01 AA CC 2B": Reached(Strategy.PHASE_CONTROL, 2, 1),
    "AA BB 12 00 01 00 17 5F 03 40 55 04 02 01 00 0F 44 81 44 81 AA CC 32": StepReport(
        0x40, 0x55, 2, 1, 15, (0x44, 0x81, 0x44, 0x81)
    ),
    "AA BB 12 00 01 00 13 0F 12 73 0B 16 07 0E 1E 05 AA CC 16": SetClock(115, 11, 22, 7, 14, 30, 5),
}


@pytest.mark.parametrize(("text", "info"), GOLDEN.items())
def test_known_frames_are_written_and_read_byte_for_byte(text, info):
    """Those of the protocol's facts, sequence 0x12, address 1."""
    data = bytes.fromhex(text)
    assert encode_frame(Message(0x12, 1, encode_info(info))) == data
    frame = decode_frame(data)
    assert isinstance(frame, Message)
    assert (frame.sequence, frame.address, decode_info(frame.info)) == (0x12, 1, info)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("AA DD 12 00 01 00 08 6C", Acknowledged(0x12, 1)),
        ("AA EE 12 00 01 00 09 01 5F", Refused(0x12, 1, LinkError.CHECKSUM)),
    ],
)
def test_acknowledgements_are_written_and_read(text, frame):
    """They have no end mark, and a length of their own."""
    assert encode_frame(frame) == bytes.fromhex(text)
    assert decode_frame(bytes.fromhex(text)) == frame


def values(part, columns):
    """Any value that a part can hold."""
    match part:
        case layout.Number():
            top = 256**part.size - 1 if part.most is None else part.most
            return st.integers(part.least, top)
        case layout.Numbers():
            top = 256**part.size - 1 if part.most is None else part.most
            few, many = (part.fixed, part.fixed) if part.fixed is not None else (0, 6)
            return st.lists(st.integers(0, top), min_size=few, max_size=many).map(tuple)
        case layout.Groups():
            few, many = (part.fixed, part.fixed) if part.fixed is not None else (0, 4)
            return st.lists(records(part.form, columns), min_size=few, max_size=many).map(tuple)
        case layout.Table():
            row = st.lists(st.integers(0, 255), min_size=columns, max_size=columns).map(tuple)
            return st.lists(row, min_size=1, max_size=5).map(tuple)
        case layout.Rest():
            return st.binary(max_size=20)
        case layout.Maybe():
            return values(part.part, columns)
    raise AssertionError(part)


def records(kind, columns=3):
    """Any message of a kind; tables have as many columns as is told before them."""
    given_parts = {part.name: values(part, columns) for part in kind.LAYOUT if part.name}
    for part in kind.LAYOUT:
        if getattr(part, "rows_of", ""):
            given_parts[part.name] = st.just(columns)
    return st.fixed_dictionaries(given_parts).map(lambda fields: kind(**fields))


MESSAGES = st.sampled_from([kind for _, kind in sorted(list_kinds().items())]).flatmap(records)
PROFILES = st.sampled_from([LinkProfile(), LinkProfile(has_bcd_address=True)])


@settings(deadline=None, max_examples=400)
@given(MESSAGES, st.integers(0, 255), st.integers(0, 9999) | st.just(BROADCAST), PROFILES)
def test_any_message_comes_back(info, sequence, address, profile):
    """Every known kind with any values, in a frame with any number and address, stuffed where AA is in it."""
    frame = Message(sequence, address, encode_info(info))
    data = encode_frame(frame, profile)
    assert decode_frame(data, profile) == frame
    assert decode_info(frame.info) == info
    assert len(data) == int.from_bytes(data[5:7], "big")


def test_every_kind_is_tried():
    """Codes of the tables, each once; a code that nobody knows keeps its bytes."""
    kinds = list_kinds()
    assert len(kinds) == 84
    assert all(code == kind.CODE for code, kind in kinds.items())
    assert decode_info(bytes.fromhex("5F 11 01 02")) == Unknown(0x5F11, b"\x01\x02")
    assert encode_info(Unknown(0x5F11, b"\x01\x02")) == bytes.fromhex("5F 11 01 02")


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.binary(min_size=2, max_size=60), st.integers(0, 255)), max_size=8),
    st.lists(st.binary(max_size=12).map(lambda data: data.replace(b"\xaa", b"")), min_size=9, max_size=9),
    st.lists(st.integers(1, 40), max_size=60),
)
def test_frames_are_found_in_any_stream(contents, noise, cuts):
    """However a stream is cut, and whatever noise is between its frames: each frame is found, in order."""
    frames = [Message(sequence, 1, info) for info, sequence in contents]
    stream = b"".join(gap + encode_frame(frame) for gap, frame in zip(noise, frames, strict=False))
    reader, found = FrameReader(), []
    for size in [*cuts, len(stream) + 1]:
        found += reader.feed(stream[:size])
        stream = stream[size:]
    assert found == frames
    assert reader.mangled == 0
    assert reader.skipped == sum(len(gap) for gap in noise[: len(frames)])


@settings(deadline=None, max_examples=300)
@given(st.lists(st.binary(max_size=200), max_size=30))
def test_no_bytes_do_harm(chunks):
    """Whatever comes: only frames and refusals go out, and no more is kept than the longest frame."""
    reader = FrameReader()
    for chunk in chunks:
        for found in reader.feed(chunk):
            if isinstance(found, Message):
                with suppress(BadParameter):
                    decode_info(found.info)
        assert len(reader._kept) <= MOST_BYTES


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(list_kinds())), st.binary(max_size=80))
def test_no_parameters_do_harm(code, data):
    """A known code before any bytes: a message, or an error that says where; what is read is written as it was."""
    where = 0
    try:
        info = decode_info(code.to_bytes(2, "big") + data)
    except BadParameter as error:
        where = error.parameter
    else:
        assert decode_info(encode_info(info)) == info
    assert 0 <= where <= len(data)


@given(st.sampled_from(list(GOLDEN)), st.data())
def test_a_flipped_bit_is_noticed(text, data):
    """No golden frame with one bit turned is taken for another message."""
    whole = bytearray.fromhex(text)
    place = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[place // 8] ^= 1 << place % 8
    with pytest.raises(MangledFrame):
        decode_frame(bytes(whole))


def test_a_reader_finds_its_way_after_a_broken_frame():
    """A wrong checksum is told with its sequence, for the NAK, and the next frame is found; silence clears the rest."""
    broken = bytearray.fromhex("AA BB 07 00 01 00 0C 5F 40 AA CC 62")
    broken[-1] ^= 1
    good = encode_frame(Message(8, 1, encode_info(QueryPosition())))
    reader = FrameReader()
    refused, frame = reader.feed(bytes(broken) + good + good[:5])
    assert (refused.error, refused.sequence) == (LinkError.CHECKSUM, 7)
    assert frame == Message(8, 1, encode_info(QueryPosition()))
    reader.reset()
    assert list(reader.feed(good)) == [frame]


def test_vendors_differ():
    """Some firmware sends AA once, some counts addresses in decimal digits."""
    plain = LinkProfile(stuffs=False)
    frame = Message(1, 12, bytes.fromhex("5F 15 AA"))
    assert encode_frame(frame, plain)[7:10] == bytes.fromhex("5F 15 AA")
    assert decode_frame(encode_frame(frame, plain), plain) == frame
    decimal = LinkProfile(has_bcd_address=True)
    assert encode_frame(frame, decimal)[3:5] == bytes.fromhex("00 12")
    with pytest.raises(MangledFrame, match="not decimal"):
        decode_frame(encode_frame(Message(1, 0x1A, b"\x5f\x40")), decimal)


@pytest.mark.parametrize(
    ("info", "words"),
    [
        (SetPlan(0, 0, 0x40, (9000,), 0, 0), "greens_s is 9000"),
        (SetClock(115, 13, 1, 1, 0, 0, 0), "month is 13"),
        (GoTo(1, 1, 256), "effect_s is 256"),
        (SubPhaseSteps(((1, 2), (1,))), "not equally long"),
        (SetPhaseSteps(1, 1, 2, (SubPhaseSteps(((1, 2, 1),)), SubPhaseSteps(((7,),)))), "has not the 2"),
    ],
)
def test_what_cannot_be_said_is_refused(info, words):
    """A value beyond its place is an error with its name, before anything is sent."""
    with pytest.raises(BadParameter, match=words):
        encode_info(info)


@pytest.mark.parametrize(
    ("text", "words", "parameter"),
    [
        ("5F 1C 02", "ends after 1 bytes", 1),
        ("5F 1C 02 01 0F 00", "1 bytes too many", 4),
        ("5F 18 00", "plan is 0, not 1 to 40", 1),
        ("5F", "two code bytes", 1),
    ],
)
def test_what_cannot_be_read_says_where(text, words, parameter):
    """As 0F81 would: which parameter, and whether it is the length."""
    with pytest.raises(BadParameter, match=words) as caught:
        decode_info(bytes.fromhex(text))
    assert caught.value.parameter == parameter
