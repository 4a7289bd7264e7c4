"""The members of a feed, from a zip or a folder. Knows names and bytes, not their meaning."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from gtfs import schema

KNOWN = frozenset(spec.name for spec in schema.list_files()) | {schema.LOCATIONS}

DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError)
"""What reading raises on a member that is cut off or garbled."""
LOCKED = (*DAMAGED, NotImplementedError, RuntimeError)
"""What opening raises too: zipfile on a member that is encrypted or packed in an unknown way."""


class FeedUnreadable(Exception):  # noqa: N818  (named for what the caller must say)
    """Not a feed at all: no such path, not a zip, nothing inside. The message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the feed."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True, slots=True)
class Archive:
    """``members`` by file name; ``folder`` is where they lie inside (empty: at the top, as they should);
    ``strangers`` are the other files, by their path inside.
    """

    members: Mapping[str, Member]
    folder: str
    strangers: Mapping[str, Member]


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """The feed at ``path``; raises FeedUnreadable."""
    folder = _find_folder(path)
    if folder is not None:
        yield _sort_out(path, folder)
        return
    with _open_zip(path) as archive:
        yield _sort_out(path, _list_zip(archive))


def _find_folder(path: Path) -> dict[str, Member] | None:
    """The files of a folder; None where the path is a file."""
    try:
        if not path.exists():
            raise FeedUnreadable(f"{path}: no such file or folder")
        return _list_folder(path) if path.is_dir() else None
    except OSError as error:
        raise FeedUnreadable(f"{path}: cannot be opened: {error.strerror}") from error


def _open_zip(path: Path) -> zipfile.ZipFile:
    try:
        if path.stat().st_size == 0:
            raise FeedUnreadable(f"{path}: the file is empty (0 bytes); download the feed again")
        return zipfile.ZipFile(path)
    except OSError as error:
        raise FeedUnreadable(f"{path}: cannot be opened: {error.strerror or error}") from error
    except LOCKED as error:
        raise FeedUnreadable(f"{path}: not a zip file; a GTFS feed is a zip, or a folder, of .txt files") from error


def _list_zip(archive: zipfile.ZipFile) -> dict[str, Member]:
    def member(info: zipfile.ZipInfo) -> Member:
        return Member(PurePosixPath(info.filename).name, info.file_size, lambda: archive.open(info))

    return {info.filename: member(info) for info in archive.infolist() if not info.is_dir()}


def _list_folder(folder: Path) -> dict[str, Member]:
    def member(file: Path) -> Member:
        return Member(file.name, file.stat().st_size, lambda: file.open("rb"))

    files = [file for pattern in ("*", "*/*") for file in sorted(folder.glob(pattern)) if file.is_file()]
    return {file.relative_to(folder).as_posix(): member(file) for file in files}


def _sort_out(path: Path, found: Mapping[str, Member]) -> Archive:
    """The folder with the most files of the specification is the feed, the shallowest where equal."""
    if not found:
        raise FeedUnreadable(f"{path}: holds no files")
    scores: dict[str, int] = {}
    for name in found:
        place = PurePosixPath(name)
        if place.name in KNOWN and "__MACOSX" not in place.parts:
            folder = "" if str(place.parent) == "." else str(place.parent)
            scores[folder] = scores.get(folder, 0) + 1
    if not scores:
        some = ", ".join(sorted(found)[:3])
        raise FeedUnreadable(f"{path}: holds no GTFS file such as stops.txt (found {some})")
    folder = min(scores, key=lambda name: (-scores[name], name.count("/"), name))
    prefix = f"{folder}/" if folder else ""
    members = {m.name: m for name, m in found.items() if name == prefix + m.name and m.name in KNOWN}
    strangers = {name: m for name, m in sorted(found.items()) if name != prefix + m.name or m.name not in KNOWN}
    return Archive(members, folder, strangers)


def open_text(member: Member) -> IO[str]:
    """The member as text. Bytes that are not UTF-8 become U+FFFD, which a rule reports; a BOM is left out."""
    return io.TextIOWrapper(member.open(), encoding="utf-8-sig", errors="replace", newline="")
