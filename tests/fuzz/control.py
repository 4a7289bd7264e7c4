"""Lines on the control channel."""

from collections.abc import Iterator

from signals.runtime.control_line import (
    Kind,
    MangledRequest,
    Request,
    decode_request,
    encode_request,
)
from tests.fuzz.garbled_json import garble, list_deep

_GARBLED = 0xFE  # no text of JSON begins with it: what follows changes a template
_NONCE = "0123456789abcdef" * 2
_REQUESTS = (
    Request(Kind.STATUS, _NONCE, 1.0),
    Request(Kind.LEVEL, _NONCE, 1_795_000_000.5, "demo", "armed", "尖峰"),
    Request(Kind.DISARM, _NONCE, 2.0, "*", text="crash"),
    Request(Kind.NOTE, _NONCE, 3.0, text="a crane"),
)
_TEMPLATES = tuple(
    {"request": one.kind.value, "nonce": one.nonce, "at": one.at_s, **more}
    for one, more in zip(
        _REQUESTS,
        (
            {},
            {"intersection": "demo", "level": "armed", "reason": "x"},
            {"intersection": "*", "reason": "x"},
            {"text": "x"},
        ),
        strict=True,
    )
)


def seed_control_line() -> Iterator[bytes]:
    """One of each kind, each garbled, and what is nested beyond any stack."""
    yield from list_deep()
    for number, one in enumerate(_REQUESTS):
        yield encode_request(one)
        for odd in range(0, 250, 6):
            yield bytes((_GARBLED, number, odd // 6, odd))


def check_control_line(data: bytes) -> None:
    """What is read can be written, and is the same; nothing in it forges a line of a log."""
    if data[:1] == bytes((_GARBLED,)) and len(data) > 1:
        data = garble(_TEMPLATES[data[1] % len(_TEMPLATES)], data[2:])
    try:
        request = decode_request(data)
    except MangledRequest:
        return
    assert all(text.isprintable() for text in (request.intersection, request.level, request.text, request.nonce))
    assert decode_request(encode_request(request)) == request
