"""Shared bikes: stations, and later vehicles and availability."""
