"""The text that a roadside unit forwards: written as it is read, and nothing else is."""

import socket
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.hardware.j2735.frame import MOST_BYTES, MangledMessage
from signals.hardware.j2735.rsu import (
    FORWARD_PAYLOAD,
    MOST_TEXT_BYTES,
    RSU_MODE,
    ImmediateForward,
    encode_forward,
    parse_forward,
)

SPAT = bytes.fromhex("00130b0000003781000000000005")
TEXT = b"""Version=0.7
Type=SPAT
PSID=0x8002
Priority=7
TxMode=CONT
TxChannel=183
TxInterval=0
DeliveryStart=
DeliveryStop=
Signature=False
Encryption=False
Payload=00130B0000003781000000000005
"""


def test_a_spat_is_written_as_units_read_it():
    """Line by line."""
    assert encode_forward(ImmediateForward("SPAT", SPAT)) == TEXT
    assert parse_forward(TEXT) == ImmediateForward("SPAT", SPAT)
    assert parse_forward(TEXT.replace(b"\n", b"\r\n").replace(b"Type", b"TYPE")) == ImmediateForward("SPAT", SPAT)


@given(
    st.builds(
        ImmediateForward,
        kind=st.sampled_from(("SPAT", "MAP", "SSM")),
        payload=st.binary(min_size=1, max_size=MOST_BYTES),
        psid=st.integers(0, 0x1020407F),
        priority=st.integers(0, 7),
        channel=st.integers(0, 200),
        interval_s=st.integers(0, 86_400),
        is_signed=st.booleans(),
        is_encrypted=st.booleans(),
    )
)
def test_any_message_comes_back(message):
    """From its text."""
    text = encode_forward(message)
    assert len(text) <= MOST_TEXT_BYTES
    assert parse_forward(text) == message


@given(st.binary(max_size=600) | st.text(max_size=600).map(str.encode))
def test_other_bytes_are_refused(data):
    """With the one exception."""
    with pytest.raises(MangledMessage):
        parse_forward(data)


@given(st.data())
def test_an_altered_text_is_refused_or_a_message(data):
    """Bytes changed anywhere."""
    text = bytearray(TEXT)
    for at in data.draw(st.lists(st.integers(0, len(text) - 1), max_size=5)):
        text[at] = data.draw(st.integers(0, 255))
    with suppress(MangledMessage):
        assert isinstance(parse_forward(bytes(text)), ImmediateForward)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "SPAT\nPayload=00"},
        {"kind": ""},
        {"mode": "A=B"},
        {"payload": b""},
        {"payload": bytes(MOST_BYTES + 1)},
        {"priority": 8},
        {"channel": -1},
        {"psid": 1 << 40},
    ],
)
def test_what_would_break_the_text_is_no_message(change):
    """Nobody can put a second line into a value."""
    with pytest.raises(ValueError):
        ImmediateForward(**{"kind": "SPAT", "payload": SPAT, **change})


def test_a_text_too_long_or_with_a_key_twice_is_refused():
    """Which of two payloads was meant nobody knows."""
    with pytest.raises(MangledMessage, match="twice"):
        parse_forward(TEXT + b"Payload=00\n")
    with pytest.raises(MangledMessage, match="too many"):
        parse_forward(TEXT + b"\n" * MOST_TEXT_BYTES)


def test_a_text_crosses_a_socket_in_one_datagram():
    """The longest message, over loopback."""
    longest = ImmediateForward("MAP", bytes(range(250)) * 10)
    with socket.socket(type=socket.SOCK_DGRAM) as unit, socket.socket(type=socket.SOCK_DGRAM) as sender:
        unit.bind(("127.0.0.1", 0))
        unit.settimeout(10.0)
        sender.sendto(encode_forward(longest), unit.getsockname())
        assert parse_forward(unit.recv(MOST_TEXT_BYTES)) == longest


def test_the_objects_of_ntcip_1218_lie_below_its_node():
    """As those who set them write them."""
    assert ".".join(map(str, FORWARD_PAYLOAD)) == "1.3.6.1.4.1.1206.4.2.18.4.2.1.8"
    assert ".".join(map(str, RSU_MODE)) == "1.3.6.1.4.1.1206.4.2.18.16.2"
