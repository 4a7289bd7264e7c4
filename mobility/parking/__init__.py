"""Parking: facilities, their hours and occupancy, tariffs as data, exact fees, and the nearest that fits."""

from mobility.parking.facilities import Charger, Facility, Occupancy, Placement, SpaceKind, Structure
from mobility.parking.fees import FeeBreakdown, FeeLine, LineKind, fee, fee_breakdown
from mobility.parking.tariff_text import parse_tariff
from mobility.parking.tariffs import (
    Band,
    Block,
    Cap,
    CapPer,
    Concession,
    Days,
    Holder,
    Rate,
    Tariff,
    TariffError,
    Vehicle,
)

__all__ = [
    "Band",
    "Block",
    "Cap",
    "CapPer",
    "Charger",
    "Concession",
    "Days",
    "Facility",
    "FeeBreakdown",
    "FeeLine",
    "Holder",
    "LineKind",
    "Occupancy",
    "Placement",
    "Rate",
    "SpaceKind",
    "Structure",
    "Tariff",
    "TariffError",
    "Vehicle",
    "fee",
    "fee_breakdown",
    "parse_tariff",
]
