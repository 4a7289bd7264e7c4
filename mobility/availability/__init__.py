"""Availability: will there still be a bike, a dock or a space on arrival, and with what probability."""

from mobility.availability.model import AvailabilityModel, BoundPlaces, Forecasts, Trends
from mobility.availability.readings import Forecast, Kind, Reading

__all__ = ["AvailabilityModel", "BoundPlaces", "Forecast", "Forecasts", "Kind", "Reading", "Trends"]
