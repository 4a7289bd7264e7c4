"""Lines of CSV into records with their line numbers (RFC 4180, as GTFS asks).

One broken line never takes its neighbours with it: where a quote is opened and not closed, the record
ends with its line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from gtfs.notices import Notice, Severity

CHUNK_LINES = 4096
"""Measured on 0.9 M stop times: larger chunks leave the processor's cache and take twice the time."""
LONGEST_RECORD_LINES = 64
"""A quoted value with more line breaks than this is taken for a quote that was never closed."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records: ``columns[i][k]`` is field i of record k, which begins in line ``lines[k]``."""

    columns: tuple[tuple[str, ...], ...]
    lines: npt.NDArray[np.int32]


@dataclass(slots=True)
class Records:
    """Reads the records below a header of ``width`` names. ``notices`` fills while ``chunks`` is consumed."""

    file: str
    width: int
    notices: list[Notice]

    def chunks(self, text: Iterator[str], first_line: int) -> Iterator[Chunk]:
        """All records of ``text``, whose next line is ``first_line``."""
        line = first_line
        while lines := list(islice(text, CHUNK_LINES)):
            quotes = "".join(lines).count('"')
            if quotes % 2:
                lines += _until_closed(text)
            yield self._chunk(lines, line, may_be_simple=quotes % 2 == 0)
            line += len(lines)

    def _chunk(self, lines: list[str], first_line: int, *, may_be_simple: bool) -> Chunk:
        rows: list[list[str]] = []
        try:
            rows = list(csv.reader(lines)) if may_be_simple else []
        except csv.Error:
            rows = []
        if len(rows) == len(lines) and set(map(len, rows)) == {self.width}:
            numbers = np.arange(first_line, first_line + len(rows), dtype=np.int32)
        else:
            kept = list(self._split_carefully(lines, first_line))
            rows = [row for _, row in kept]
            numbers = np.array([number for number, _ in kept], dtype=np.int32)
        columns = tuple(zip(*rows, strict=True)) if rows else ((),) * self.width
        return Chunk(columns, numbers)

    def _split_carefully(self, lines: list[str], first_line: int) -> Iterator[tuple[int, list[str]]]:
        at = 0
        while at < len(lines):
            end = _find_end(lines, at)
            row = _split(lines[at:end])
            is_stray = end - at > 1 and (
                row is None or len(row) != self.width or lines[at + 1].count(",") >= self.width - 1
            )
            if is_stray:
                end = at + 1
                row = _split([lines[at].rstrip("\r\n")])
            fitted = self._fit(row, first_line + at, is_stray=is_stray)
            if fitted is not None:
                yield first_line + at, fitted
            at = end

    def _fit(self, row: list[str] | None, line: int, *, is_stray: bool) -> list[str] | None:
        """The record with as many fields as the header, or None where it cannot be used."""
        if row is None:
            self._note("csv_parsing_failed", line, f"a value has more than {csv.field_size_limit()} characters")
            return None
        if len(row) == self.width:
            return row
        if not row:
            return None
        if not any(map(str.strip, row)):
            self._note("empty_row", line, "the row holds nothing but blanks; remove it", Severity.WARNING)
            return None
        if is_stray:
            self._note("csv_parsing_failed", line, 'a quote (") is opened and never closed; close it or double it')
        else:
            remedy = "; quote values that contain a comma" if len(row) > self.width else ""
            message = f"{len(row)} fields where the header has {self.width}{remedy}"
            self._note("invalid_row_length", line, message)
        if len(row) < self.width:
            return row + [""] * (self.width - len(row))
        return None if any(map(str.strip, row[self.width :])) else row[: self.width]

    def _note(self, code: str, line: int, message: str, severity: Severity = Severity.ERROR) -> None:
        self.notices.append(Notice(code, severity, self.file, line, message))


def _until_closed(text: Iterator[str]) -> list[str]:
    more: list[str] = []
    for line in islice(text, LONGEST_RECORD_LINES):
        more.append(line)
        if line.count('"') % 2:
            break
    return more


def _find_end(lines: list[str], at: int) -> int:
    """One past the last line of the record that begins at ``at``: where its quotes are paired."""
    quotes = lines[at].count('"')
    end = at + 1
    while quotes % 2 and end < min(len(lines), at + LONGEST_RECORD_LINES):
        quotes += lines[end].count('"')
        end += 1
    return end


def _split(lines: list[str]) -> list[str] | None:
    """The fields of one record; None where the csv module refuses."""
    try:
        return next(csv.reader(lines), [])
    except csv.Error:
        return None
