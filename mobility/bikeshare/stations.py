"""The bike station: where bikes are taken and returned. What stands there now is live data and lives elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mobility.model import Coordinate


@dataclass(frozen=True, slots=True)
class BikeStation:
    """``names`` by BCP-47 language tag; ``docks`` is the capacity; ``region`` a district, empty where unknown."""

    station_id: str
    names: Mapping[str, str]
    at: Coordinate
    docks: int
    region: str = ""
