"""Everything a city publishes, built from its tables: a GTFS zip, a GBFS folder and a parking document."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gtfs.ingest import read_feed
from gtfs.validate import validate
from mobility.cities.build_feed import build_feed
from mobility.cities.build_gbfs import build_gbfs
from mobility.cities.build_parking import build_parking
from mobility.cities.catalog import City
from mobility.cities.content import content_hash
from mobility.cities.errors import CityError

GTFS, GBFS, PARKING, STAMP = "gtfs.zip", "gbfs", "parking.json", "content.sha256"
SHOWN_ERRORS = 3


@dataclass(frozen=True, slots=True)
class CityFiles:
    """Where the built files lie: a GTFS zip, a folder with ``gbfs.json``, a JSON document of car parks."""

    gtfs: Path
    gbfs: Path
    parking: Path


def build_city(city: City, out_dir: Path) -> CityFiles:
    """Build the city's files in ``out_dir``, in place of what an earlier build left there.

    Everything is made aside first: when something does not hold, ``out_dir`` stays as it was.

    Raises:
        CityError: The tables do not hold, or the folder cannot be written.
    """
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".build-", dir=out_dir) as aside:
            _build(city, Path(aside))
            for name in (GTFS, GBFS, PARKING, STAMP):
                _move(Path(aside) / name, out_dir / name)
    except OSError as error:
        raise CityError(f"{out_dir} cannot be written: {error.strerror or error}; choose another folder") from error
    return _files(out_dir)


def ensure_city(city: City, cache_dir: Path) -> CityFiles:
    """The city's files under ``cache_dir``, built when missing or when the tables or the code have changed.

    A version has a folder of its own, named by its content, and appears whole or not at all: processes that
    start at the same time do not see each other's halves.

    Raises:
        CityError: As ``build_city``.
    """
    fingerprint = content_hash(city)
    target = cache_dir / city.id / fingerprint[:16]
    if _is_whole(target, fingerprint):
        return _files(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".build-", dir=target.parent))
    except OSError as error:
        raise CityError(f"{cache_dir} cannot be written: {error.strerror or error}; choose another folder") from error
    try:
        aside.chmod(0o755)  # mkdtemp makes it private
        _build(city, aside)
        if target.exists() and not _is_whole(target, fingerprint):
            shutil.rmtree(target)
        _rename(aside, target, lambda: _is_whole(target, fingerprint))
    except OSError as error:
        raise CityError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return _files(target)


def _build(city: City, folder: Path) -> None:
    build_feed(city, folder / GTFS)
    _check_feed(city, folder / GTFS)
    build_gbfs(city, folder / GBFS)
    build_parking(city, folder / PARKING)
    (folder / STAMP).write_text(content_hash(city), encoding="ascii")


def _check_feed(city: City, path: Path) -> None:
    """Tables may be sound one by one and still not fit together: such a feed is not handed out."""
    errors = validate(*read_feed(path)).errors
    if errors:
        shown = "; ".join(f"{n.file}:{n.row} {n.code}: {n.message}" for n in errors[:SHOWN_ERRORS])
        raise CityError(f"{city.id}: the tables give a feed with {len(errors)} errors: {shown}")


def _files(folder: Path) -> CityFiles:
    return CityFiles(folder / GTFS, folder / GBFS, folder / PARKING)


def _is_whole(folder: Path, fingerprint: str) -> bool:
    stamp = folder / STAMP
    is_ours = stamp.is_file() and stamp.read_text(encoding="ascii") == fingerprint
    return is_ours and all((folder / name).exists() for name in (GTFS, GBFS, PARKING))


def _move(source: Path, target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    source.replace(target)


def _rename(source: Path, target: Path, is_there: Callable[[], bool]) -> None:
    try:
        source.rename(target)
    except OSError:
        if not is_there():  # else another process was faster and built the same
            raise
