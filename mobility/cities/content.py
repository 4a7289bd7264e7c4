"""The fingerprint of a city: of its configuration, its tables, and the code that makes feeds of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from mobility.cities.catalog import City

MADE_BY = ("mobility.cities", "mobility.bikeshare", "mobility.parking", "gtfs")
"""The packages whose code shapes what is built: a new version builds anew."""


def content_hash(city: City) -> str:
    """SHA-256 of everything the built files depend on, as hexadecimal digits."""
    digest = hashlib.sha256()
    for name, entry in _inputs(city):
        digest.update(f"{name}\0".encode())
        digest.update(hashlib.sha256(entry.read_bytes()).digest())
    return digest.hexdigest()


def _inputs(city: City) -> Iterator[tuple[str, Traversable]]:
    yield "city.toml", city.root / "city.toml"
    for table in sorted(city.tables):
        entry = city.root / "tables" / f"{table}.csv"
        if entry.is_file():
            yield f"tables/{table}.csv", entry
    for package in MADE_BY:
        for entry in sorted(files(package).iterdir(), key=lambda e: e.name):
            if entry.name.endswith(".py"):
                yield f"{package}/{entry.name}", entry
