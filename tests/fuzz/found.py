"""Inputs that something once failed on, each mended since: they are tried again with every test run."""

import base64

FOUND = (
    ("ber", base64.b64encode(b"\x02\x09\x80" + bytes(8)), "-2^71 was written with a tenth byte, which nothing reads"),
    ("ber", base64.b64encode(b"\x02\x01\x80"), "-128 was written as 02 02 FF 80, not in its shortest form"),
    ("parameter_file", base64.b64encode(b"[" * 2000), "RecursionError out of the JSON parser"),
    ("parameter_file", b"/quE", "a training seed of 1e308 became a whole number of 309 digits"),
    ("readings", b"/hM5", "OverflowError out of a share of 400 digits"),
    (
        "j2735_srm",
        b"c5TvAPoFK5QABAAcDIAQEOU7xdwBdwAAAHBGScoAAgAOBkAICHKd4u4Au4AAAAAAHBGSAQAHAyAEBAcAAAAAAAAAABwRkkBAAP////8=",
        "additions of a later edition are written again under other numbers by pycrate: read as nothing by us",
    ),
)


def list_found(target: str) -> list[bytes]:
    """Those of one target."""
    return [base64.b64decode(text) for name, text, _ in FOUND if name == target]
