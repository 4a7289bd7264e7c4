"""Legs and itineraries: what a person is told, and its one-line notation.

Times are seconds of ``Itinerary.service_date`` (noon minus 12 h, may exceed 86,400); they become
wall-clock instants only at the edges, with ``Itinerary.timezone``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from mobility.model import Coordinate, Mode, Place


@dataclass(frozen=True, slots=True)
class Call:
    """A vehicle calls at a place. Times in seconds of the service day."""

    place: Place
    arrival_s: int
    departure_s: int


@dataclass(frozen=True, slots=True)
class Ride:
    """What one needs to know of the vehicle of a transit leg. ``approximate`` names why its times are
    not a published timetable (a sentence for people), empty where they are."""

    route_id: str
    trip_id: str
    short_name: str
    long_name: str = ""
    headsign: str = ""
    agency_id: str = ""
    agency_name: str = ""
    color: str = ""
    text_color: str = ""
    route_type: int = 3
    approximate: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """One part of an itinerary. ``calls`` are the intermediate stops, both ends left out;
    ``geometry`` is a line from start to end (at least two points)."""

    mode: Mode
    start: Place
    end: Place
    departure_s: int
    arrival_s: int
    distance_m: float = 0.0
    ride: Ride | None = None
    calls: tuple[Call, ...] = ()
    geometry: tuple[Coordinate, ...] = ()


@dataclass(frozen=True, slots=True)
class Itinerary:
    """A journey from door to door, in order. ``fare`` is (amount, ISO 4217 code) where known."""

    legs: tuple[Leg, ...]
    service_date: dt.date
    timezone: str
    fare: tuple[float, str] | None = None

    @property
    def departure_s(self) -> int:
        """When one leaves, seconds of the service day."""
        return self.legs[0].departure_s

    @property
    def arrival_s(self) -> int:
        """When one is there, seconds of the service day."""
        return self.legs[-1].arrival_s

    @property
    def transfers(self) -> int:
        """Changes between vehicles: vehicles minus one, never below zero."""
        return max(0, sum(leg.ride is not None for leg in self.legs) - 1)
