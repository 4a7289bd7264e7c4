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


class PlannerError(Exception):
    """Base of what the planner refuses."""


class InvalidCoordinate(PlannerError, ValueError):
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
    ``code`` what riders see on the platform (``R10``); ``names`` the name by BCP-47 language tag."""

    name: str
    at: Coordinate
    stop_id: str = ""
    code: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
