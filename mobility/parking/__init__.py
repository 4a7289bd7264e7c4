"""Parking: facilities and tariffs, and later occupancy and availability."""

from mobility.parking.facilities import Facility
from mobility.parking.tariff_text import parse_tariff
from mobility.parking.tariffs import Cap, Days, Rate, Tariff, Vehicle, fee

__all__ = ["Cap", "Days", "Facility", "Rate", "Tariff", "Vehicle", "fee", "parse_tariff"]
