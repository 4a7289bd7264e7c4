"""The words of the journey planner: indices, modes, coordinates and places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

StopIdx = NewType("StopIdx", int)
PatternIdx = NewType("PatternIdx", int)
TripIdx = NewType("TripIdx", int)


class Mode(StrEnum):
    """Modes, named as in the MOTIS API v6 (``Mode``), so that no client needs a second vocabulary."""

    WALK = "WALK"
    BIKE = "BIKE"
    CAR = "CAR"
    CAR_PARKING = "CAR_PARKING"
    CAR_DROPOFF = "CAR_DROPOFF"
    RENTAL = "RENTAL"
    FLEX = "FLEX"
    ODM = "ODM"
    TRAM = "TRAM"
    SUBWAY = "SUBWAY"
    SUBURBAN = "SUBURBAN"
    RAIL = "RAIL"
    BUS = "BUS"
    COACH = "COACH"
    FERRY = "FERRY"
    CABLE_CAR = "CABLE_CAR"
    AERIAL_LIFT = "AERIAL_LIFT"
    FUNICULAR = "FUNICULAR"
    OTHER = "OTHER"


_BASIC_MODES = {
    0: Mode.TRAM,
    1: Mode.SUBWAY,
    2: Mode.RAIL,
    3: Mode.BUS,
    4: Mode.FERRY,
    5: Mode.CABLE_CAR,
    6: Mode.AERIAL_LIFT,
    7: Mode.FUNICULAR,
    11: Mode.BUS,
    12: Mode.SUBWAY,
    109: Mode.SUBURBAN,
    405: Mode.SUBWAY,
}
_MODES_BY_HUNDRED = {
    1: Mode.RAIL,
    2: Mode.COACH,
    3: Mode.SUBURBAN,
    4: Mode.SUBWAY,
    5: Mode.SUBWAY,
    6: Mode.SUBWAY,
    7: Mode.BUS,
    8: Mode.BUS,
    9: Mode.TRAM,
    10: Mode.FERRY,
    12: Mode.FERRY,
    13: Mode.AERIAL_LIFT,
    14: Mode.FUNICULAR,
}


def mode_of_route_type(route_type: int) -> Mode:
    """The mode of a GTFS route_type, basic or extended (hierarchical vehicle types, TPEG)."""
    if route_type in _BASIC_MODES:
        return _BASIC_MODES[route_type]
    return _MODES_BY_HUNDRED.get(route_type // 100, Mode.OTHER)


class PlannerError(Exception):
    """Base of what the planner refuses."""


class InvalidCoordinate(PlannerError, ValueError):  # noqa: N818  (what is wrong is the coordinate)
    """A latitude or longitude that is not on Earth."""


@dataclass(frozen=True, slots=True)
class Coordinate:
    """WGS 84, degrees."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (-90.0 <= self.lat <= 90.0 and -180.0 <= self.lon <= 180.0):
            message = f"{self.lat},{self.lon} is not a coordinate: latitude is -90..90, longitude -180..180"
            raise InvalidCoordinate(message)


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere to start, end or change. ``stop_id`` is the feed's id, or empty for a free coordinate;
    ``code`` what riders see on the platform (``R10``); ``names`` the name by BCP-47 language tag.
    """

    name: str
    at: Coordinate
    stop_id: str = ""
    code: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
