"""Vehicles' requests, and the text in which a roadside unit is handed a message."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from signals.hardware.j2735.frame import MangledMessage, MessageId, decode, encode, wrap
from signals.hardware.j2735.map_message import LaneNumbers
from signals.hardware.j2735.priority import Receipt, decode_requests
from signals.hardware.j2735.rsu import ImmediateForward, encode_forward, parse_forward
from signals.hardware.j2735.spat import IntersectionName
from signals.runtime.intersection_file import load_intersection

_NUMBERS = LaneNumbers(load_intersection(Path("config/intersection.toml")).intersection)
_NAME = IntersectionName(7, 1)
_RECEIPT = Receipt(datetime(2026, 11, 23, 10, 30, tzinfo=UTC), 1000.0)


def seed_j2735_srm() -> Iterator[bytes]:
    """Requests from a lane, from an approach, with and without a time, a cancellation; and the SPaT that is none."""
    package = {
        "request": {
            "id": {"region": 1, "id": 7},
            "requestID": 3,
            "requestType": "priorityRequest",
            "inBoundLane": ("lane", 1),
            "outBoundLane": ("lane", 8),
        },
        "minute": 469_470,
        "second": 12_000,
        "duration": 3000,
    }
    cancellation = {
        "request": {
            "id": {"id": 7},
            "requestID": 4,
            "requestType": "priorityCancellation",
            "inBoundLane": ("approach", 2),
        }
    }
    requestors = (
        {"id": ("entityID", b"\1\2\3\4"), "type": {"role": "publicTransport"}},
        {"id": ("stationID", 77), "type": {"role": "ambulance"}},
    )
    for requestor in requestors:
        for packages in ([package], [cancellation], [package, cancellation] * 3):
            content = {"timeStamp": 469_470, "second": 500, "sequenceNumber": 5, "requests": packages}
            frame = encode(MessageId.SIGNAL_REQUEST, {**content, "requestor": requestor})
            yield frame
            yield frame[3:]
    yield bytes.fromhex("00130b0000003781000000000005")


def check_j2735_srm(data: bytes) -> None:
    """As a frame, and as what is in one."""
    frames = [data]
    with suppress(ValueError):
        frames.append(wrap(MessageId.SIGNAL_REQUEST, data))
    for frame in frames:
        with suppress(MangledMessage):
            for request in decode_requests(frame, _NAME, _NUMBERS, _RECEIPT):
                assert request.entries <= frozenset(range(len(_NUMBERS.intersection.entries)))
                assert request.exits <= frozenset(range(len(_NUMBERS.intersection.exits)))
                assert not request.is_proven
        with suppress(MangledMessage):
            _check_again(decode(frame, MessageId.SIGNAL_REQUEST))


def _check_again(value: dict[str, object]) -> None:
    """Written and read again it is the same, but for additions of a later edition, which pycrate keeps as it can."""
    if "_ext_" in repr(value) or "_unk_" in repr(value):
        return
    try:
        again = encode(MessageId.SIGNAL_REQUEST, value)
    except ValueError:
        return
    assert decode(again, MessageId.SIGNAL_REQUEST) == value


def seed_rsu_text() -> Iterator[bytes]:
    """Our own text, and one as somebody else may write it."""
    yield encode_forward(ImmediateForward("SPAT", bytes(range(40)), interval_s=1))
    yield b"\r\nversion = 0.7\r\ntype=MAP\r\npsid=32770\nPriority=7\nTxMode=ALT\nTxChannel=178\npayload=00 13 0b\n"


def check_rsu_text(data: bytes) -> None:
    """MangledMessage and nothing else; what was read is written and read as the same."""
    try:
        forward = parse_forward(data)
    except MangledMessage:
        return
    assert parse_forward(encode_forward(forward)) == forward
