"""The link layer of protocol 3.0: frames with a checksum, told apart in a stream or a datagram.

A message is ``AA BB | SEQ | ADDR(2) | LEN(2) | INFO, stuffed | AA CC | CKS``, an acknowledgement
``AA DD | SEQ | ADDR(2) | 00 08 | CKS``, a refusal ``AA EE | SEQ | ADDR(2) | 00 09 | ERR | CKS``. LEN counts the whole
frame; each AA in INFO is sent twice and counts twice. CKS is the exclusive or of all bytes before it. SEQ, ADDR, LEN,
ERR and CKS are never stuffed, so that a frame ends where LEN says and not at the next AA CC (specification, chapter 2;
its slips about LEN and about the checksum of an acknowledgement are read as all known implementations read them).

Nothing here trusts its input: whatever is no frame is counted and skipped, and a reader keeps at most ``MOST_BYTES``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntFlag
from functools import reduce
from operator import xor

DLE, STX, ETX, ACK, NAK = 0xAA, 0xBB, 0xCC, 0xDD, 0xEE
BROADCAST = 0xFFFF
MOST_BYTES = 1024  # the longest known messages, the steps of all sub-phases, have some 350
_HEAD, _ACK_BYTES, _NAK_BYTES, _LEAST = 7, 8, 9, 10
_PAIR = bytes((DLE, DLE))
_END = bytes((DLE, ETX))


class LinkError(IntFlag):
    """Why a frame is refused: the bits of a NAK."""

    CHECKSUM = 1
    FRAME = 2
    ADDRESS = 4
    LENGTH = 8


class MangledFrame(Exception):  # noqa: N818  (reads as the fact it reports)
    """Bytes that are not a frame; ``error`` is what a NAK would say, ``sequence`` which message it would be of: none
    where an acknowledgement is broken, since nobody answers those.
    """

    def __init__(self, message: str, error: LinkError, sequence: int | None = None) -> None:
        super().__init__(message)
        self.error, self.sequence = error, sequence


@dataclass(frozen=True, slots=True)
class Message:
    """A frame that carries information: a command's two code bytes and its parameters."""

    sequence: int
    address: int
    info: bytes


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The other side has got message ``sequence``; whether it obeys is told in a message of its own (0F80, 0F81)."""

    sequence: int
    address: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The other side got message ``sequence`` broken."""

    sequence: int
    address: int
    error: int


Frame = Message | Acknowledged | Refused


@dataclass(frozen=True, slots=True)
class LinkProfile:
    """What vendors do differently. ``stuffs``: AA in INFO is sent twice (some firmware does not); ``has_bcd_address``:
    address 12 is sent as 0x0012.
    """

    stuffs: bool = True
    has_bcd_address: bool = False


STANDARD = LinkProfile()


def encode_frame(frame: Frame, profile: LinkProfile = STANDARD) -> bytes:
    """The bytes on the wire.

    Raises:
        ValueError: a number that its field cannot hold, or more information than LEN can count.
    """
    head = bytes((_fit(frame.sequence, 0xFF), *_split(_to_wire_address(frame.address, profile))))
    match frame:
        case Acknowledged():
            return _close(bytes((DLE, ACK)) + head + bytes(_split(_ACK_BYTES)))
        case Refused():
            return _close(bytes((DLE, NAK)) + head + bytes((*_split(_NAK_BYTES), _fit(frame.error, 0xFF))))
    info = frame.info.replace(_PAIR[:1], _PAIR) if profile.stuffs else frame.info
    size = _LEAST + len(info)
    if size > MOST_BYTES:
        raise ValueError(f"{len(frame.info)} bytes of information are more than a frame holds")
    return _close(bytes((DLE, STX)) + head + bytes(_split(size)) + info + _END)


def decode_frame(data: bytes, profile: LinkProfile = STANDARD) -> Frame:
    """The frame that these bytes are, all of them.

    Raises:
        MangledFrame: they are no frame, or more than one.
    """
    size = find_size(data)
    if size is None or size != len(data):
        raise MangledFrame(f"{len(data)} bytes, of which {size} are the frame", LinkError.LENGTH, _find_sequence(data))
    return _read(data, profile)


def find_size(data: bytes) -> int | None:
    """How long the frame at the beginning will be; None while too little of it is there.

    Raises:
        MangledFrame: no frame begins like this.
    """
    if data[:1] != _PAIR[:1] or (len(data) > 1 and data[1] not in (STX, ACK, NAK)):
        raise MangledFrame(f"no frame begins with {data[:2].hex(' ')}", LinkError.FRAME)
    if len(data) < _HEAD:
        return None
    size = int.from_bytes(data[5:7], "big")
    fits = {ACK: size == _ACK_BYTES, NAK: size == _NAK_BYTES, STX: _LEAST + 2 <= size <= MOST_BYTES}[data[1]]
    if not fits:
        raise MangledFrame(f"a frame of {size} bytes cannot be", LinkError.LENGTH, _find_sequence(data))
    return size


class FrameReader:
    """Finds the frames in a stream that may begin anywhere and be cut anywhere.

    ``skipped`` counts the bytes that belonged to no frame, ``mangled`` the frames that were refused.
    """

    def __init__(self, profile: LinkProfile = STANDARD) -> None:
        self._profile, self._kept = profile, bytearray()
        self.skipped = self.mangled = 0

    def feed(self, data: bytes) -> Iterator[Frame | MangledFrame]:
        """Each frame that is whole now, and what was refused, in their order."""
        for start in range(0, len(data), MOST_BYTES):
            self._kept += data[start : start + MOST_BYTES]
            yield from self._drain()  # what is left is less than a frame

    def reset(self) -> None:
        """Forget a frame that has begun: the line was silent for too long, or is a new one."""
        self.skipped += len(self._kept)
        self._kept.clear()

    def _drain(self) -> Iterator[Frame | MangledFrame]:
        while self._kept:
            try:
                size = find_size(bytes(self._kept[:_HEAD]))
            except MangledFrame as error:
                self._skip()
                if error.error is not LinkError.FRAME:
                    self.mangled += 1
                    yield error
                continue
            if size is None or len(self._kept) < size:
                return
            try:
                frame = _read(bytes(self._kept[:size]), self._profile)
            except MangledFrame as error:
                self.mangled += 1
                self._skip()
                yield error
                continue
            del self._kept[:size]
            yield frame

    def _skip(self) -> None:
        """To where the next frame may begin: what LEN says is not believed of a frame that is broken."""
        at = self._kept.find(DLE, 1)
        gone = len(self._kept) if at < 0 else at
        self.skipped += gone
        del self._kept[:gone]


def _read(data: bytes, profile: LinkProfile) -> Frame:
    """A frame of the length that it says."""
    sequence, address = data[2], _from_wire_address(int.from_bytes(data[3:5], "big"), profile, data[2])
    if reduce(xor, data) != 0:
        raise MangledFrame(f"frame {sequence}: the checksum is wrong", LinkError.CHECKSUM, _find_sequence(data))
    if data[1] == ACK:
        return Acknowledged(sequence, address)
    if data[1] == NAK:
        return Refused(sequence, address, data[7])
    if data[-3:-1] != _END:
        raise MangledFrame(f"frame {sequence}: it does not end with AA CC", LinkError.FRAME, sequence)
    return Message(sequence, address, _unstuff(data[_HEAD:-3], profile, sequence))


def _unstuff(info: bytes, profile: LinkProfile, sequence: int) -> bytes:
    if not profile.stuffs:
        return info
    plain = info.replace(_PAIR, b"")
    if DLE in plain:
        raise MangledFrame(f"frame {sequence}: a lone AA in the information", LinkError.FRAME, sequence)
    return info.replace(_PAIR, _PAIR[:1])


def _close(frame: bytes) -> bytes:
    return frame + bytes((reduce(xor, frame),))


def _find_sequence(data: bytes) -> int | None:
    return data[2] if len(data) > 2 and data[1] == STX else None


def _split(value: int) -> tuple[int, int]:
    return _fit(value, 0xFFFF) >> 8, value & 0xFF


def _fit(value: int, most: int) -> int:
    if not 0 <= value <= most:
        raise ValueError(f"{value} is not between 0 and {most}")
    return value


def _to_wire_address(address: int, profile: LinkProfile) -> int:
    if not profile.has_bcd_address or address == BROADCAST:
        return address
    return int(str(_fit(address, 9999)), 16)


def _from_wire_address(wire: int, profile: LinkProfile, sequence: int) -> int:
    if not profile.has_bcd_address or wire == BROADCAST:
        return wire
    digits = f"{wire:x}"
    if not digits.isdecimal():
        raise MangledFrame(f"frame {sequence}: address {wire:#06x} is not decimal", LinkError.ADDRESS, sequence)
    return int(digits)
