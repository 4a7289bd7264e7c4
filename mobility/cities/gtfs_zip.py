"""Writes GTFS files into a zip whose bytes depend on nothing but their content."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gtfs.write import format_time as clock
from gtfs.write import write_members

__all__ = ["GtfsFile", "clock", "write_gtfs_zip"]


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
    write_members(((file.name, file.encode()) for file in files if file.rows), path)
