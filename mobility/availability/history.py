"""Histories on disk: what was read at every poll, appended to one file a day (UTC), and read again as a grid.

What a poll brought is one ``write`` to a file opened for appending, then synchronised: a crash loses the poll in
the making and nothing else. Two recorders may write to one folder, a reading that occurs twice counts once,
and readings need not come in order of time. 1,500 stations (bikes and docks) and 300 car parks take
3 MB a day at 5-minute polls.
"""

from __future__ import annotations

import datetime as dt
import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numba as nb
import numpy as np

from mobility.availability.history_file import ROW, Columns, decode, encode_levels, encode_names
from mobility.availability.readings import (
    MOST,
    UNKNOWN,
    Floats,
    Grid,
    HistoryNotice,
    Ints,
    Kind,
    Levels,
    Reading,
    Series,
)
from mobility.availability.week import DAY_S

SUFFIX: Final = ".levels"
STEP_S: Final = 300.0
GRID_AGE_S: Final = 900.0
"""A moment of the grid has the latest reading unless that is older than this."""
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


class HistoryUnreadable(Exception):  # noqa: N818  (named as its siblings: FeedUnreadable)
    """There is no history where one was asked for; the message says what to do."""


@dataclass(slots=True)
class HistoryStore:
    """A folder of daily files. Appending is for one thread; reading needs no lock."""

    folder: Path
    _numbers: dict[Series, int] = field(default_factory=dict)
    _told: set[Path] = field(default_factory=set)
    _last_s: dict[Series, int] = field(default_factory=dict)

    def append(self, readings: Iterable[tuple[Kind, str, Reading]]) -> int:
        """Write the readings of a poll; how many were new. Left out are those whose source says the same time as at
        the poll before, and levels that no place can have.

        Raises:
            OSError: The folder cannot be written; what was written before is whole.
        """
        by_day: dict[int, list[tuple[int, int, int, int]]] = {}
        seen: dict[Series, int] = {}
        for kind, place_id, reading in readings:
            series, at_s = Series(Kind(kind), place_id), int(reading.observed_at_s)
            is_new = at_s not in (seen.get(series), self._last_s.get(series))
            if not is_new or reading.level > MOST or not 0 <= at_s < 1 << 32:
                continue
            seen[series] = at_s
            if series not in self._numbers:
                self._numbers[series] = len(self._numbers)
                self._told.clear()
            row = self._numbers[series], reading.level, min(reading.capacity, MOST), at_s
            by_day.setdefault(at_s // DAY_S, []).append(row)
        if by_day:
            self.folder.mkdir(parents=True, exist_ok=True)
        for day, rows in sorted(by_day.items()):
            self._append_day(self._path_of(dt.date.fromordinal(_EPOCH + day)), rows)
        self._last_s.update(seen)
        return sum(len(rows) for rows in by_day.values())

    def _append_day(self, path: Path, rows: Sequence[tuple[int, int, int, int]]) -> None:
        names, key = encode_names(tuple(self._numbers))
        content = (b"" if path in self._told else names) + encode_levels(key, np.array(rows, ROW))
        with path.open("ab", buffering=0) as file:
            if file.write(content) != len(content):
                raise OSError(errno.ENOSPC, "the poll was not written whole: make room", str(path))
            os.fsync(file.fileno())
        self._told.add(path)

    def _path_of(self, day: dt.date) -> Path:
        return self.folder / f"{day.isoformat()}{SUFFIX}"

    def _list_files(self) -> Iterator[tuple[dt.date, Path]]:
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            with suppress(ValueError):  # some other file of somebody's
                yield dt.date.fromisoformat(path.stem), path

    def list_days(self) -> list[dt.date]:
        """The days (UTC) of which there is a file, oldest first."""
        return [day for day, _ in self._list_files()]

    def read_day(self, day: dt.date) -> tuple[Columns, list[HistoryNotice]]:
        """The readings of a day, and what of its file could not be used.

        Raises:
            HistoryUnreadable: There is no file of that day, or it may not be read.
        """
        path = self._path_of(day)
        try:
            content = path.read_bytes()
        except OSError as error:
            message = f"{path} cannot be read ({error.strerror}): list_days says which days there are"
            raise HistoryUnreadable(message) from error
        return decode(content, path.name)

    def read(
        self, since: dt.date | None = None, until: dt.date | None = None, *, step_s: float = STEP_S
    ) -> tuple[Grid, list[HistoryNotice]]:
        """Levels on a grid from the beginning of ``since`` to the end of ``until`` (UTC; all that there is).

        A file that may not be read is told and left out.

        Raises:
            HistoryUnreadable: No day between the two has a reading.
        """
        first, last = since or dt.date.min, until or dt.date.max
        notices: list[HistoryNotice] = []
        found: list[tuple[dt.date, Columns]] = []
        for day in self.list_days():
            if not first <= day <= last:
                continue
            try:
                columns, told = self.read_day(day)
            except HistoryUnreadable as error:
                name = self._path_of(day).name
                notices.append(HistoryNotice("history_file_unreadable", name, 0, str(error)))
                continue
            notices += told
            if len(columns.number):
                found.append((day, columns))
        if not found:
            message = (
                f"{self.folder} has no readings from {first} to {last}: record some with HistoryStore.append first"
            )
            raise HistoryUnreadable(message)
        return _make_grid(found, step_s), notices

    def prune(self, before: dt.date) -> list[dt.date]:
        """Remove the files of all days before; the days that went.

        Raises:
            OSError: A file cannot be removed.
        """
        gone = [(day, path) for day, path in self._list_files() if day < before]
        for _, path in gone:
            path.unlink(missing_ok=True)
            self._told.discard(path)
        return [day for day, _ in gone]


def _make_grid(found: Sequence[tuple[dt.date, Columns]], step_s: float) -> Grid:
    series = tuple(sorted({one for _, columns in found for one in columns.series}))
    row_of = {one: row for row, one in enumerate(series)}
    start_s = float((found[0][0].toordinal() - _EPOCH) * DAY_S)
    days = found[-1][0].toordinal() - found[0][0].toordinal() + 1
    level = np.full((len(series), int(days * DAY_S / step_s)), UNKNOWN, np.int16)
    total, count = np.zeros(len(series)), np.zeros(len(series))
    for _, columns in found:
        row = np.array([row_of[one] for one in columns.series], np.int64)[columns.number]
        _put_down(level, row, columns.level, columns.observed_s - start_s, step_s, GRID_AGE_S)
        told = columns.capacity > 0
        total += np.bincount(row[told], columns.capacity[told], len(series))
        count += np.bincount(row[told], minlength=len(series))
    capacity = np.rint(total / np.maximum(count, 1)).astype(np.float32)
    return Grid(series, level, capacity, start_s, step_s)


@nb.njit(cache=True, nogil=True)
def _put_down(grid: Levels, row: Ints, level: Ints, since_s: Floats, step_s: float, age_s: float) -> None:
    """Readings in order of series and time onto the moments that follow them, up to the age that is allowed."""
    for i in range(len(row)):
        moment = max(0, int(np.ceil(since_s[i] / step_s)))
        while moment < grid.shape[1] and moment * step_s - since_s[i] <= age_s:
            grid[row[i], moment] = level[i]
            moment += 1
