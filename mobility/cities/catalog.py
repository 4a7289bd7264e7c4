"""Which cities there are, and what their ``city.toml`` says.

A city is a folder with ``city.toml`` and ``tables/*.csv``: one that ships inside this package, or any
folder of the operator's. Nothing here knows a particular city.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from mobility.cities.errors import CityError
from mobility.model import Coordinate, InvalidCoordinate

REQUIRED = (
    *("id", "timezone", "currency", "languages", "bbox", "centre"),
    *("attribution", "names", "walking", "feed", "tables"),
)


@dataclass(frozen=True, slots=True)
class Approximation:
    """Why something is not a published fact: a sentence per language. ``has_badge``: people see it on
    every journey that uses it.
    """

    code: str
    sentences: Mapping[str, str]
    has_badge: bool


@dataclass(frozen=True, slots=True)
class City:
    """A city's configuration. ``bbox`` is (south-west, north-east); the first of ``languages`` is the feed's own;
    ``tables`` says of each table how it was made; ``settings`` keeps the whole of ``city.toml``.
    """

    id: str
    names: Mapping[str, str]
    root: Traversable
    timezone: str
    currency: str
    languages: tuple[str, ...]
    bbox: tuple[Coordinate, Coordinate]
    centre: Coordinate
    attribution: str
    walking_speed_mps: float
    walking_detour: float
    tables: Mapping[str, str]
    sources: Mapping[str, Mapping[str, str]]
    approximations: Mapping[str, Approximation]
    settings: Mapping[str, Any] = field(repr=False, default_factory=lambda: MappingProxyType({}))

    def list_holidays(self) -> frozenset[dt.date]:
        """Its public holidays, as far as ``city.toml`` knows them."""
        days = self.settings.get("public_holidays", ())
        return frozenset(day if isinstance(day, dt.date) else dt.date.fromisoformat(str(day)) for day in days)

    def get_setting(self, *path: str) -> Any:
        """The value at ``path`` in ``city.toml``.

        Raises:
            CityError: It is not there.
        """
        value: Any = self.settings
        for key in path:
            if not isinstance(value, Mapping) or key not in value:
                raise self._wrong(f"{'.'.join(path)} is missing")
            value = value[key]
        return value

    def get_number(self, *path: str) -> float:
        """The number at ``path`` in ``city.toml``."""
        value = self.get_setting(*path)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(f"{'.'.join(path)} is {value!r}, not a number")
        return float(value)

    def get_text(self, *path: str) -> str:
        """The text at ``path`` in ``city.toml``."""
        value = self.get_setting(*path)
        if not isinstance(value, str):
            raise self._wrong(f"{'.'.join(path)} is {value!r}, not a text")
        return value

    def get_texts(self, *path: str) -> Mapping[str, str]:
        """The text at ``path`` by language, at least in the feed's own."""
        value = self.get_setting(*path)
        if not isinstance(value, Mapping) or self.languages[0] not in value:
            raise self._wrong(f"{'.'.join(path)} needs a text in {self.languages[0]}")
        return value

    def get_basis(self, *path: str) -> str:
        """The code of an approximation at ``path`` in ``city.toml``."""
        code = self.get_text(*path)
        if code not in self.approximations:
            raise self._wrong(f"{'.'.join(path)} is {code!r}: describe it under [approximations]")
        return code

    def _wrong(self, message: str) -> CityError:
        return CityError(f"{self.root / 'city.toml'}: {message}; see mobility/cities/README.md")


def list_cities() -> tuple[City, ...]:
    """The cities that ship with Changtong, by id."""
    return tuple(_load_city(folder) for folder in _city_folders())


def find_city(name: str) -> City:
    """The city called ``name`` (its id, its name in any of its languages), or the one in the folder ``name``.

    Raises:
        CityError: There is none; the message lists those there are.
    """
    for folder in _city_folders():
        if folder.name == name.casefold():
            return _load_city(folder)
    path = Path(name).expanduser()
    if (path / "city.toml").is_file():
        return _load_city(path)
    if path.is_dir():
        raise CityError(f"{path} holds no city.toml; see mobility/cities/README.md for what a city needs")
    cities = list_cities()
    for city in cities:
        if name.casefold() in {text.casefold() for text in city.names.values()}:
            return city
    known = ", ".join(city.id for city in cities)
    raise CityError(f"no city {name!r}: known are {known}; a folder with a city.toml is a city, too")


def _city_folders() -> Iterator[Traversable]:
    root = files("mobility.cities")
    for entry in sorted(root.iterdir(), key=lambda e: e.name):
        if entry.is_dir() and (entry / "city.toml").is_file():
            yield entry


def _load_city(root: Traversable) -> City:
    file = root / "city.toml"
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CityError(f"{file}: {error}") from error
    missing = [key for key in REQUIRED if key not in settings]
    if missing:
        raise CityError(f"{file}: {', '.join(missing)} missing; see mobility/cities/README.md")
    try:
        return _city(root, settings)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidCoordinate) as error:
        raise CityError(f"{file}: {type(error).__name__}: {error}; see mobility/cities/README.md") from error


def _city(root: Traversable, settings: dict[str, Any]) -> City:
    south, west, north, east = settings["bbox"]
    ZoneInfo(settings["timezone"])
    languages = tuple(settings["languages"])
    return City(
        id=settings["id"],
        names=settings["names"],
        root=root,
        timezone=settings["timezone"],
        currency=settings["currency"],
        languages=languages,
        bbox=(Coordinate(south, west), Coordinate(north, east)),
        centre=Coordinate(*settings["centre"]),
        attribution=settings["attribution"],
        walking_speed_mps=float(settings["walking"]["speed_mps"]),
        walking_detour=float(settings["walking"]["detour"]),
        tables=dict(settings["tables"]),
        sources=settings.get("sources", {}),
        approximations={
            code: Approximation(code, {lang: entry[lang] for lang in languages}, bool(entry.get("badge", True)))
            for code, entry in settings.get("approximations", {}).items()
        },
        settings=settings,
    )
