"""Which message a code means: every known message is a frozen dataclass with its code, its level and its layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from signals.hardware.utc_v3.layout import BadParameter, Cursor, Part, read_record, write_record

_CODE_BYTES = 2


class Level(StrEnum):
    """What a purchase must include: everything has the basic messages, the default set has the advanced ones too."""

    BASIC = "B"
    ADVANCED = "A"
    OPTIONAL = "O"


@dataclass(frozen=True, slots=True)
class Info:
    """What a message says; each kind is a subclass."""

    CODE: ClassVar[int] = 0
    LEVEL: ClassVar[Level] = Level.BASIC
    LAYOUT: ClassVar[tuple[Part, ...]] = ()


@dataclass(frozen=True, slots=True)
class Unknown(Info):
    """A message whose code nobody here knows, or whose form the specification's copies do not tell."""

    code: int
    data: bytes = b""


Kind = TypeVar("Kind", bound=type[Info])
_KINDS: dict[int, type[Info]] = {}


def message(code: int, level: Level, *layout: Part) -> Callable[[Kind], Kind]:
    """Register a dataclass as the message of a code."""

    def register(kind: Kind) -> Kind:
        if code in _KINDS:
            raise ValueError(f"{code:04X} is {_KINDS[code].__name__} already")
        kind.CODE, kind.LEVEL = code, level
        if layout:
            kind.LAYOUT = layout
        _KINDS[code] = kind
        return kind

    return register


def lies_as(*layout: Part) -> Callable[[Kind], Kind]:
    """The layout of a record inside a message."""

    def register(kind: Kind) -> Kind:
        kind.LAYOUT = layout
        return kind

    return register


def list_kinds() -> dict[int, type[Info]]:
    """Every known message by code."""
    return dict(_KINDS)


def encode_info(info: Info) -> bytes:
    """Code and parameters, unstuffed.

    Raises:
        BadParameter: a value that its place cannot hold.
    """
    if isinstance(info, Unknown):
        if not 0 <= info.code <= 0xFFFF:
            raise BadParameter(f"{info.code} is no code", 0)
        return info.code.to_bytes(_CODE_BYTES, "big") + info.data
    return info.CODE.to_bytes(_CODE_BYTES, "big") + write_record(info)


def decode_info(data: bytes) -> Info:
    """The message of a frame's information; ``Unknown`` where the code is.

    Raises:
        BadParameter: too short, too long, or a value beyond its range.
    """
    if len(data) < _CODE_BYTES:
        raise BadParameter("a message has at least its two code bytes", len(data), is_length=True)
    code, cursor = int.from_bytes(data[:_CODE_BYTES], "big"), Cursor(data[_CODE_BYTES:])
    kind = _KINDS.get(code)
    if kind is None:
        return Unknown(code, cursor.data)
    read: Any = read_record(kind, cursor)
    if cursor.left:
        raise BadParameter(f"{code:04X}: {cursor.left} bytes too many", len(cursor.data), is_length=True)
    assert isinstance(read, Info)  # noqa: S101  (read_record builds the kind it is given)
    return read
