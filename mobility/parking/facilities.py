"""The parking facility: where it is, what fits in, what it costs. How full it is now is live data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mobility.model import Coordinate
from mobility.parking.tariffs import Tariff, Vehicle


@dataclass(frozen=True, slots=True)
class Facility:
    """A car park. ``at`` is None where the position is unknown; ``capacity`` holds the kinds of vehicle whose
    number of spaces is known; ``tariff`` is None where ``tariff_text``, the price as published, says no more.
    """

    facility_id: str
    names: Mapping[str, str]
    at: Coordinate | None
    capacity: Mapping[Vehicle, int]
    tariff_text: str = ""
    tariff: Tariff | None = None
    address: str = ""
    district: str = ""
    opening_hours: str = ""
    ownership: str = ""
    structure: str = ""
    chargers: int | None = None
