"""Kaohsiung: ``city.toml`` and the tables of facts; no code."""
