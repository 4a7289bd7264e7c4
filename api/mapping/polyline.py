"""Google's encoded polyline algorithm, at the precision MOTIS sends since v2 (6 digits)."""

from __future__ import annotations

from collections.abc import Iterable

from api.schemas.journey import EncodedPolyline
from mobility.model import Coordinate

PRECISION = 6


def encode_polyline(line: Iterable[Coordinate], precision: int = PRECISION) -> EncodedPolyline:
    """Each coordinate as the difference to the one before, in base 64 with five bits a sign."""
    scale = 10**precision
    signs: list[str] = []
    last_lat = last_lon = length = 0
    for at in line:
        lat, lon = round(at.lat * scale), round(at.lon * scale)
        _append_number(signs, lat - last_lat)
        _append_number(signs, lon - last_lon)
        last_lat, last_lon = lat, lon
        length += 1
    return EncodedPolyline(points="".join(signs), precision=precision, length=length)


def _append_number(signs: list[str], value: int) -> None:
    rest = ~(value << 1) if value < 0 else value << 1
    while rest >= 0x20:
        signs.append(chr((0x20 | (rest & 0x1F)) + 63))
        rest >>= 5
    signs.append(chr(rest + 63))


def decode_polyline(encoded: EncodedPolyline) -> tuple[Coordinate, ...]:
    """The line again, to the precision it was sent with."""
    numbers: list[int] = []
    value = shift = 0
    for sign in encoded.points:
        bits = ord(sign) - 63
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits < 0x20:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    scale = 10**encoded.precision
    lat = lon = 0
    line: list[Coordinate] = []
    for d_lat, d_lon in zip(numbers[::2], numbers[1::2], strict=True):
        lat, lon = lat + d_lat, lon + d_lon
        line.append(Coordinate(lat / scale, lon / scale))
    return tuple(line)
