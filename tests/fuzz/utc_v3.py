"""Protocol 3.0: the stream of frames, the messages in them, and the exchange over a link that somebody else owns."""

from collections.abc import Iterator
from contextlib import suppress

from signals.hardware.utc_v3.exchange import Exchange, Heard, LinkBusy, Sent
from signals.hardware.utc_v3.layout import BadParameter
from signals.hardware.utc_v3.link import (
    MOST_BYTES,
    Acknowledged,
    FrameReader,
    LinkProfile,
    MangledFrame,
    Message,
    Refused,
    decode_frame,
    encode_frame,
)
from signals.hardware.utc_v3.messages import decode_info, encode_info, list_kinds

GOLDEN = (
    "AA BB 12 00 01 00 0C 5F 40 AA CC 77",
    "AA BB 12 00 01 00 0E 5F 10 10 02 AA CC 37",
    "AA BB 12 00 01 00 0F 5F 1C 02 01 0F AA CC 24",
    "AA BB 12 00 01 00 19 5F 15 00 00 40 02 00 28 00 AA AA 00 DC 00 00 AA CC 81",
    "AA BB 12 00 01 00 10 0F 81 5F 1C 80 00 AA CC 39",
    "AA BB 12 00 01 00 17 5F 03 40 55 04 02 01 00 0F 44 81 44 81 AA CC 32",
    "AA BB 12 00 01 00 13 0F 12 73 0B 16 07 0E 1E 05 AA CC 16",
    "AA DD 12 00 01 00 08 6C",
    "AA EE 12 00 01 00 09 01 5F",
)
_PROFILES = tuple(LinkProfile(stuffs, bcd) for stuffs in (True, False) for bcd in (False, True))


def seed_utc_v3_stream() -> Iterator[bytes]:
    """A profile, where to cut, and golden frames alone and in a row."""
    frames = [bytes.fromhex(text) for text in GOLDEN]
    for profile in range(len(_PROFILES)):
        yield from (bytes((profile, 3)) + frame for frame in frames)
        yield bytes((profile, 5)) + b"".join(frames)


def check_utc_v3_stream(data: bytes) -> None:
    """Fed at once or in pieces: the same frames, none lost silently, and never more kept than a frame needs."""
    if len(data) < 3:
        return
    profile, piece, stream = _PROFILES[data[0] % len(_PROFILES)], 1 + data[1] % 64, data[2:]
    whole, cut = FrameReader(profile), FrameReader(profile)
    found = [_tell(one) for one in whole.feed(stream)]
    in_pieces = []
    for at in range(0, len(stream), piece):
        in_pieces += [_tell(one) for one in cut.feed(stream[at : at + piece])]
        assert len(cut._kept) <= MOST_BYTES
    assert found == in_pieces
    assert (whole.skipped, whole.mangled) == (cut.skipped, cut.mangled)
    with suppress(MangledFrame):
        frame = decode_frame(stream, profile)
        assert encode_frame(frame, profile) == stream
    _check_sealed(stream, profile)


def _check_sealed(body: bytes, profile: LinkProfile) -> None:
    """The same bytes as the information of a frame with a right checksum, which chance rarely makes."""
    info = body[3 : 3 + 300]
    if len(info) < 2:
        return
    frame = Message(body[0], int.from_bytes(body[1:3], "big") % 10_000, info)
    wire = encode_frame(frame, profile)
    assert decode_frame(wire, profile) == frame
    assert list(FrameReader(profile).feed(wire)) == [frame]


def _tell(found: object) -> object:
    return (str(found), found.error, found.sequence) if isinstance(found, MangledFrame) else found


def seed_utc_v3_info() -> Iterator[bytes]:
    """What is in the golden frames, and every known code with nothing and with zeros."""
    for text in GOLDEN[:-2]:
        frame = decode_frame(bytes.fromhex(text))
        assert isinstance(frame, Message)
        yield frame.info
    for code in sorted(list_kinds()):
        yield code.to_bytes(2, "big")
        yield code.to_bytes(2, "big") + bytes(range(1, 24))


def check_utc_v3_info(data: bytes) -> None:
    """Read, written and read again: the same message."""
    try:
        info = decode_info(data)
    except BadParameter:
        return
    repr(info)
    assert decode_info(encode_info(info)) == info


def seed_utc_v3_exchange() -> Iterator[bytes]:
    """Sendings, silences and answers in a few orders."""
    yield bytes((0, 1, 4, 0, 5, 1, 4, 0))
    yield bytes((1, 1, 4, 0, 5, 9, 4, 0, 4, 0, 3, 7))
    yield bytes((0, 2, 1, 3, 4, 0, 2, 1, 2, 1, 4, 0, 6, 0, 4, 0))
    yield bytes(range(7)) * 20


def check_utc_v3_exchange(data: bytes) -> None:
    """Each pair of bytes is something that happens: a sending, a frame of any kind, time that passes, the link gone."""
    link, now_s = Exchange(1, sequence=data[0] if data else 0), 0.0
    open_tickets: dict[int, bool] = {}
    wire: dict[bytes, int] = {}

    def end(sent: Sent) -> None:
        assert sent.ticket in open_tickets, "a ticket ended twice, or never was"
        del open_tickets[sent.ticket]

    for at in range(0, len(data) - 1, 2):
        kind, value = data[at] % 8, data[at + 1]
        match kind:
            case 0 | 1:
                info = len(wire).to_bytes(3, "big") + bytes((value,))
                with suppress(LinkBusy):
                    open_tickets[link.send(info, is_repeatable=kind == 0)] = kind == 0
                    wire[info] = 0 if kind == 0 else -1
            case 2 | 3:
                frame = Message(value, 1 if kind == 2 else 0xFFFF, bytes((value % 3, 7)))
                told = link.take(frame, now_s)
                assert told is None or isinstance(told, Heard)
            case 4:
                frames, given_up = link.due(now_s)
                for one in given_up:
                    end(one)
                for written in frames:
                    read = decode_frame(written)
                    if isinstance(read, Message):
                        _count(wire, read.info)
            case 5:
                answer = Acknowledged(value, 1) if value % 2 else Refused(link._sequence, 1, 1)
                told = link.take(answer if value % 5 else Acknowledged(link._sequence, 1), now_s)
                if isinstance(told, Sent):
                    end(told)
            case 6:
                now_s += value / 50
            case _:
                if value < 8:
                    for one in link.cancel():
                        end(one)
                else:
                    told = link.take(MangledFrame("x", 1, value), now_s)  # type: ignore[arg-type]
                    assert told is None
    for one in link.cancel():
        end(one)
    assert not open_tickets, "a ticket never ended"


def _count(wire: dict[bytes, int], info: bytes) -> None:
    """-1: unrepeatable and not yet sent; it must go out once at most. Others five times at most."""
    assert info in wire
    assert wire[info] != -2, "an unrepeatable message went out twice"
    wire[info] = -2 if wire[info] == -1 else wire[info] + 1
    assert wire[info] <= 5
