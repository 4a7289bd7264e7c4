"""Parking: facilities and tariffs, and later occupancy and availability."""
