"""Writes GTFS files into a zip whose bytes depend on nothing but their content."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time stamp that a zip can hold: the same in every build."""


@dataclass(frozen=True, slots=True)
class GtfsFile:
    """One file of a feed, as text."""

    name: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def encode(self) -> bytes:
        """The file as CSV, UTF-8."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(self.rows)
        return out.getvalue().encode()


def write_gtfs_zip(files: Iterable[GtfsFile], path: Path) -> None:
    """One zip, files in the given order, empty ones left out."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for file in files:
            if file.rows:
                entry = zipfile.ZipInfo(file.name, EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3  # else the zip tells which system wrote it
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.encode())


def clock(seconds: int) -> str:
    """Seconds of the service day as GTFS writes them; may exceed 24:00:00."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
