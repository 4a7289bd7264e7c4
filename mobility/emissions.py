"""What riding emits: grams of CO2-equivalent per passenger-kilometre, per mode, as a table of facts with its source."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from mobility.itinerary import Itinerary, Leg
from mobility.model import Mode


@dataclass(frozen=True, slots=True)
class EmissionFactors:
    """Grams per passenger-kilometre by mode; ``source`` says whose figures they are."""

    source: str
    g_per_km: Mapping[Mode, float]

    def of(self, mode: Mode) -> float:
        """The factor of a mode; one that is not listed counts as a bus, nobody's vehicle as nothing."""
        if mode in self.g_per_km:
            return self.g_per_km[mode]
        return 0.0 if mode in {Mode.WALK, Mode.BIKE} else self.g_per_km[Mode.BUS]

    def leg_g(self, leg: Leg) -> float:
        """Grams that one person's share of a leg emits: by a shared vehicle as by its own kind."""
        factor = self.of_hire(leg.hire.form_factor, leg.hire.propulsion) if leg.hire else self.of(leg.mode)
        return factor * leg.distance_m / 1000

    def of_hire(self, form_factor: str, propulsion: str) -> float:
        """The factor of a shared vehicle, in words of GBFS: nothing by muscle; with a motor that of a car for cars, and
        of ``rental`` for all that is smaller.
        """
        if propulsion == "human":
            return 0.0
        return self.g_per_km[Mode.CAR] if form_factor == "car" else self.of(Mode.RENTAL)

    def itinerary_g(self, itinerary: Itinerary) -> int:
        """Grams of the whole journey, rounded."""
        return round(sum(self.leg_g(leg) for leg in itinerary.legs))

    def replaced_by(self, table: Mapping[str, Any]) -> EmissionFactors:
        """With the factors of a city's own table (``[emissions]`` of city.toml: source, and modes in lower case)."""
        own = {Mode(name.upper()): float(value) for name, value in table.items() if name != "source"}
        return EmissionFactors(str(table.get("source", self.source)), {**self.g_per_km, **own})


@cache
def default_factors() -> EmissionFactors:
    """The factors that ship with Changtong."""
    facts = tomllib.loads(files("mobility").joinpath("emissions.toml").read_text(encoding="utf-8"))
    factors = {Mode(name.upper()): float(value) for name, value in facts["g_per_passenger_km"].items()}
    return EmissionFactors(facts["source"], factors)
