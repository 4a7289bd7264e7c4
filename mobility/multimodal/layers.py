"""What the whole network consists of, by the names that a person asks for."""

from __future__ import annotations

from enum import StrEnum


class Layer(StrEnum):
    """A part of the network that can be left out. Stops are always there: all else hangs on them."""

    TRANSIT = "transit"
    WALKS = "walks"
    BIKES = "bikes"
    PARKING = "parking"
    ZONES = "zones"
    STREETS = "streets"


EVERYTHING = frozenset(Layer)


def parse_layers(text: str) -> frozenset[Layer]:
    """``transit,bikes``; all of them where nothing is written.

    Raises:
        ValueError: There is no layer of that name.
    """
    names = [part.strip().lower() for part in text.split(",") if part.strip()]
    for name in names:
        if name not in set(Layer):
            message = f"{name!r} is no layer; there are {', '.join(Layer)}"
            raise ValueError(message)
    return frozenset(map(Layer, names)) or EVERYTHING
