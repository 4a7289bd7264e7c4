"""What a store is built from, and whether it has changed since.

Two things shape a store: what it is made of (the feed, or the tables of the city that makes it; the streets and their
heights) and our own code. A changed feed or map is told, since yesterday's timetable is better than none; other code is
refused, since it may read the arrays wrongly.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from gtfs.merge import NamedFeed, format_sources, is_source, parse_sources
from mobility.cities import City, CityError, ensure_city, find_city
from mobility.cities.content import content_hash
from mobility.network.build import DEFAULT_WALKING
from mobility.network.store import StoreError
from mobility.network.transfers import Walking

MADE_BY = (
    "gtfs",
    "gtfs.ingest",
    "gtfs.merge",
    "mobility.network",
    "mobility.planner",
    "mobility.planner.trip_based",
    "mobility.streets",
)
"""The packages whose code shapes what is stored."""
MAPS = ("streets", "elevation")
"""Fields of a source that are files beside the feed, and options of the command."""


@dataclass(frozen=True, slots=True)
class Source:
    """A GTFS zip or folder, and the city that it is of, where there is one. ``reference`` is how to ask for it.
    ``others`` are feeds that are merged with the first, under their tags; then it has one, too. ``streets`` is an
    OpenStreetMap extract (PBF), ``elevation`` a GeoTIFF with the heights of its streets.
    """

    reference: str
    gtfs: Path
    city: City | None = None
    walking: Walking = DEFAULT_WALKING
    tag: str = ""
    others: tuple[NamedFeed, ...] = ()
    streets: Path | None = None
    elevation: Path | None = None

    @property
    def feeds(self) -> tuple[NamedFeed, ...]:
        """All of them."""
        return (NamedFeed(self.tag, self.gtfs), *self.others)

    @property
    def name(self) -> str:
        """The city, or the feeds: short enough for the name of a folder."""
        if self.city:
            return self.city.id
        return "+".join(feed.tag for feed in self.feeds) if self.others else self.gtfs.stem


def find_source(name: str, cache_dir: Path) -> Source:
    """A city that ships with Changtong, a city's folder, or the path of a GTFS zip or folder; several of them, with
    commas between, are merged.

    Raises:
        CityError: No city is called that, or its tables do not hold.
        MergeError: Two feeds have one tag.
    """
    path = Path(name).expanduser()
    if is_source(name):
        first, *others = (NamedFeed(feed.tag, feed.path.resolve()) for feed in parse_sources(name))
        return Source(format_sources([first, *others]), first.path, tag=first.tag, others=tuple(others))
    city = find_city(name)
    reference = str(path.resolve()) if (path / "city.toml").is_file() else city.id
    walking = Walking(city.walking_speed_mps, city.walking_detour)
    return Source(reference, ensure_city(city, cache_dir).gtfs, city, walking)


def with_streets(source: Source, streets: Path | None, elevation: Path | None) -> Source:
    """The same with the streets of an OpenStreetMap extract, and with heights for them.

    Raises:
        StoreError: Heights without streets.
    """
    if elevation and not streets:
        raise StoreError("--elevation holds the heights of streets: give it with --streets FILE.osm.pbf")
    # not resolved: a link that is moved on to a newer file is a change
    found = [path.expanduser().absolute() if path else None for path in (streets, elevation)]
    return replace(source, streets=found[0], elevation=found[1])


def describe(source: Source) -> dict[str, Any]:
    """The state that the source is in: of a city its content, of a file its size, its moment and its bytes."""
    maps = {name: _describe_file(path) for name, path in zip(MAPS, (source.streets, source.elevation), strict=True)}
    if source.city:
        return {"reference": source.reference, "city": source.city.id, "sha256": content_hash(source.city), **maps}
    members = _list_members(source.feeds)
    return {"reference": source.reference, "city": "", "sha256": _hash(members), **_glance(members), **maps}


def format_build(told: Mapping[str, Any], root: Path) -> str:
    """The command that builds what ``describe`` told into ``root``."""
    words = ["changtong", "network", "build", told["reference"]]
    for name in MAPS:
        if told.get(name):
            words += [f"--{name}", told[name]["path"]]
    return shlex.join([*words, "--out", str(root)])


def find_change(told: Mapping[str, Any]) -> str:
    """What has changed since ``describe`` told it, in a few words; empty where nothing has, or nobody can say."""
    maps = (_find_change_of_file(told[name]) for name in MAPS if told.get(name))
    return " and ".join(change for change in (_find_change_of_feed(told), *maps) if change)


def _find_change_of_feed(told: Mapping[str, Any]) -> str:
    reference = str(told["reference"])
    if told["city"]:
        try:
            is_same = content_hash(find_city(reference)) == told["sha256"]
        except (CityError, OSError):
            return ""
        return "" if is_same else f"the tables of {told['city']} or the code that makes its feed have changed"
    return f"{reference} has changed" if _is_changed(_list_members(parse_sources(reference)), told) else ""


def _describe_file(path: Path | None) -> dict[str, Any] | None:
    """Of a file that cannot be read no bytes are known: whoever reads it says why."""
    if path is None:
        return None
    members = [path] if path.is_file() else []
    try:
        return {"path": str(path), "sha256": _hash(members), **_glance(members)}
    except OSError:
        return {"path": str(path), "sha256": _hash([]), **_glance([])}


def _find_change_of_file(told: Mapping[str, Any]) -> str:
    path = Path(told["path"])
    return f"{path} has changed" if path.is_file() and _is_changed([path], told) else ""


def _is_changed(members: Sequence[Path], told: Mapping[str, Any]) -> bool:
    """Whether files are others than those that were told. Of files that are gone nobody can say."""
    try:
        is_same = all(told[key] == value for key, value in _glance(members).items())
        return bool(members) and not is_same and _hash(members) != told["sha256"]
    except OSError:
        return False


@cache
def code_hash() -> str:
    """A name for the code that shapes a store."""
    digest = hashlib.sha256()
    for package in MADE_BY:
        for entry in sorted(files(package).iterdir(), key=lambda e: e.name):
            if entry.name.endswith(".py"):
                digest.update(f"{package}/{entry.name}\0".encode())
                digest.update(hashlib.sha256(entry.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _list_members(feeds: Sequence[NamedFeed]) -> Sequence[Path]:
    """The files of feeds; none of those that are not there (any more)."""
    paths = [sorted(path.iterdir()) if path.is_dir() else [path] for _, path in feeds]
    return [path for members in paths for path in members if path.is_file()]


def _hash(members: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for member in members:
        with member.open("rb") as file:
            digest.update(f"{member.name}\0".encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _glance(members: Sequence[Path]) -> dict[str, int]:
    stats = [member.stat() for member in members]
    return {"bytes": sum(s.st_size for s in stats), "mtime_ns": max((s.st_mtime_ns for s in stats), default=0)}
