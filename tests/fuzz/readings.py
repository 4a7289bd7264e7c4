"""Detectors' readings from cameras and counters, which nothing authenticates."""

from collections.abc import Iterator
from types import SimpleNamespace

from signals.runtime.readings_port import ReadingsPort
from tests.fuzz.garbled_json import garble, list_deep

_GARBLED = 0xFE  # no text of JSON begins with it: what follows changes a template
_TEMPLATE = {
    "readings": [
        {"id": "a", "count": 1, "occupied": 0.4, "speed_mps": 9.5},
        {"id": "b", "count": 0, "occupied": 0.0},
    ]
}


class _Stopped:
    """A clock at one second."""

    def now_s(self) -> float:
        return 1.0


def seed_readings() -> Iterator[bytes]:
    """Two detectors, garbled in many ways."""
    yield from list_deep()
    yield garble(_TEMPLATE, b"")
    for number in range(0, 250, 3):
        yield bytes((_GARBLED, number // 3, number))


def check_readings(data: bytes) -> None:
    """Nothing raises, a datagram counts whole or not at all, and no reading is beyond what can be."""
    if data[:1] == bytes((_GARBLED,)):
        data = garble(_TEMPLATE, data[1:])
    detectors = tuple(SimpleNamespace(id=name) for name in "ab")
    port = ReadingsPort(detectors, _Stopped())  # type: ignore[arg-type]
    port.datagram_received(data, ("192.0.2.1", 1))
    read = port.read()
    assert port.mangled == 0 or not read.is_fresh.any()
    assert ((read.count >= 0) & (read.count <= 20)).all()
    assert ((read.occupied_s >= 0) & (read.occupied_s <= 1)).all()
    assert not (read.speed_mps < 0).any()
    assert not (read.speed_mps > 100).any()
