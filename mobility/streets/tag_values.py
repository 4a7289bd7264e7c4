"""Numbers in the values of OpenStreetMap tags.

Units as the wiki has them (pages "Map features/Units", "Key:maxspeed", "Key:incline").
"""

from __future__ import annotations

import re
from math import radians, tan

KMH = 1 / 3.6
_NUMBER = re.compile(r"^([0-9]+(?:\.[0-9]+)?)\s*(km/h|kmh|kph|mph|knots)?$", re.IGNORECASE)
_FACTOR = {"": KMH, "km/h": KMH, "kmh": KMH, "kph": KMH, "mph": 0.44704, "knots": 0.514444}
_WORDS_KMH = {
    "none": 130.0,  # the advisory speed where there is no limit
    "walk": 7.0,
    "urban": 50.0,
    "rural": 80.0,
    "trunk": 100.0,
    "motorway": 120.0,
    "living_street": 10.0,
    "bicycle_road": 30.0,
}
"""Words, and the last part of values such as RO:urban. Countries differ by some 10 km/h: taken are round values."""
_SIGNS = {"signals", "variable", "default", "implicit", "sign"}
MAX_KMH = 150.0
MIN_KMH = 5.0
MAX_INCLINE = 1.0


def parse_maxspeed_mps(text: str) -> float | None:
    """A value of maxspeed; None where it gives no fixed number.

    Raises:
        ValueError: It is no speed, or none that a street has (5 to 150 km/h).
    """
    first = text.split(";", 1)[0].strip().lower()
    word = first.rsplit(":", 1)[-1]
    if first in _SIGNS:
        return None
    if word in _WORDS_KMH:
        return _WORDS_KMH[word] * KMH
    if ":" in first:  # DE:zone:30, BE:zone30, FR:30
        first = word.removeprefix("zone")
    match = _NUMBER.match(first)
    speed = float(match[1]) * _FACTOR[(match[2] or "").lower()] if match else 0.0
    if not MIN_KMH * KMH <= speed <= MAX_KMH * KMH:
        raise ValueError(f"{text!r} is no speed limit")
    return speed


def parse_incline(text: str) -> float | None:
    """Rise over run along the way, downhill negative: ``8 %`` is 0.08, ``5°`` its tangent; None for up and down,
    and for whatever is no slope of a street.
    """
    match = re.match(r"^([+-]?[0-9]+(?:\.[0-9]+)?)\s*(%|°)?$", text.strip())
    if match is None or match[2] is None:
        return None
    number = float(match[1])
    slope = number / 100 if match[2] == "%" else _tangent(number)
    return slope if abs(slope) <= MAX_INCLINE else None


def parse_metres(text: str) -> float | None:
    """A height or width: ``0.03``, ``3 cm``, ``1.2 m``."""
    match = re.match(r"^([0-9]+(?:\.[0-9]+)?)\s*(cm|m)?$", text.strip())
    if match is None:
        return None
    return float(match[1]) * (0.01 if match[2] == "cm" else 1.0)


def _tangent(degrees: float) -> float:
    return tan(radians(min(max(degrees, -60.0), 60.0)))
