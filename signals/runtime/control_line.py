"""What an operator or the centre says to a running process: one JSON object a line, read without trust.

A request is ``{"request": "status" | "level" | "disarm" | "note", "nonce": 32 hexadecimal digits, "at": Unix seconds}``
with, beside these, ``intersection``, ``level`` and ``reason`` for ``level``, ``intersection`` (``*`` for all) and
``reason`` for ``disarm``, ``text`` for ``note``, and nothing else. The answer has the request's ``nonce``, the
process's own time ``at``, and ``{"ok": true}``, with ``status`` where it was asked for, or ``{"error": why}``.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from signals.signatures import SignatureError, read_object

MOST_LINE_BYTES = 4096
MOST_ANSWER_BYTES = 2**20
MOST_TEXT = 500
ALL = "*"
_MOST_NAME = 100
_MOST_TIME_S = 1e11
_NONCE = re.compile(r"[0-9a-f]{32}")


class Kind(StrEnum):
    """What can be asked for."""

    STATUS = "status"
    LEVEL = "level"
    DISARM = "disarm"
    NOTE = "note"


class Role(IntEnum):
    """What somebody may ask for, each with all of what is before it: to look; to take down, to note and to show advice;
    to arm.
    """

    OBSERVER = 0
    OPERATOR = 1
    ENGINEER = 2


LEVELS = ("shadow", "advisory", "armed")
_FIELDS = {
    Kind.STATUS: frozenset[str](),
    Kind.LEVEL: frozenset({"intersection", "level", "reason"}),
    Kind.DISARM: frozenset({"intersection", "reason"}),
    Kind.NOTE: frozenset({"text"}),
}
_ALWAYS = frozenset({"request", "nonce", "at"})


class MangledRequest(Exception):  # noqa: N818  (reads as the fact it reports)
    """A line that is no request; ``nonce`` is that of the line, empty where it has none."""

    def __init__(self, message: str, nonce: str = "") -> None:
        super().__init__(message)
        self.nonce = nonce


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``at_s`` is the sender's Unix time; ``text`` is the reason or the note."""

    kind: Kind
    nonce: str
    at_s: float
    intersection: str = ""
    level: str = ""
    text: str = ""

    @property
    def needs(self) -> Role:
        """The least role that may ask for it: only arming needs an engineer."""
        if self.kind is Kind.STATUS:
            return Role.OBSERVER
        return Role.ENGINEER if self.level == LEVELS[-1] else Role.OPERATOR

    @property
    def is_downward(self) -> bool:
        """Whether it can only take commands away from us: such a request is obeyed even where it cannot be logged."""
        return self.kind is Kind.DISARM or self.level == LEVELS[0]


def make_nonce() -> str:
    """A number that nobody has used or guesses."""
    return secrets.token_hex(16)


def encode_request(request: Request) -> bytes:
    """The line of a request.

    Raises:
        MangledRequest: what it says is too long, or not what a request says.
    """
    text_name = "text" if request.kind is Kind.NOTE else "reason"
    values = {"intersection": request.intersection, "level": request.level, text_name: request.text}
    body = {"request": request.kind.value, "nonce": request.nonce, "at": request.at_s}
    line = encode_line({**body, **{name: values[name] for name in sorted(_FIELDS[request.kind])}})
    if decode_request(line) != request:
        raise MangledRequest("the request has what its kind has not", request.nonce)
    return line


def decode_request(line: bytes) -> Request:
    """The request of a line, with or without its end.

    Raises:
        MangledRequest: it is none; nothing else is ever raised.
    """
    if len(line) > MOST_LINE_BYTES:
        raise MangledRequest(f"a line of more than {MOST_LINE_BYTES} bytes")
    try:
        body = read_object(line)
    except SignatureError as error:
        raise MangledRequest(f"not a line of this protocol: {error}") from error
    told = body.get("nonce")
    nonce = told if isinstance(told, str) and _NONCE.fullmatch(told) else ""
    try:
        kind = Kind(str(body.get("request")))
    except ValueError:
        raise MangledRequest(f"no such request; there are {', '.join(Kind)}", nonce) from None
    fields = _ALWAYS | _FIELDS[kind]
    if set(body) != fields:
        raise MangledRequest(f"{kind.value} has {', '.join(sorted(fields))}, and nothing else", nonce)
    if not nonce:
        raise MangledRequest("the nonce is not 32 hexadecimal digits")
    level = body.get("level", "")
    if kind is Kind.LEVEL and level not in LEVELS:
        raise MangledRequest(f"no such level; there are {', '.join(LEVELS)}", nonce)
    return Request(
        kind,
        nonce,
        _read_time(body["at"], nonce),
        _read_text(body, "intersection", _MOST_NAME, nonce) if "intersection" in fields else "",
        level,
        next((_read_text(body, name, MOST_TEXT, nonce) for name in ("reason", "text") if name in fields), ""),
    )


def encode_line(body: Mapping[str, Any]) -> bytes:
    """A JSON object as a line.

    Raises:
        TypeError, ValueError: it is none.
    """
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _read_time(value: object, nonce: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST_TIME_S:
        raise MangledRequest("at is no Unix time", nonce)
    return float(value)


def _read_text(body: Mapping[str, Any], name: str, most: int, nonce: str) -> str:
    """Something to say, without line ends or control characters, which would forge lines of a log."""
    value = body[name]
    if not isinstance(value, str) or not value.strip() or len(value) > most or not value.isprintable():
        raise MangledRequest(f"{name} has to be 1 to {most} printable characters", nonce)
    return value
