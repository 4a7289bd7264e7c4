"""The high-resolution event log on disk: a CSV file a day, in the columns that ``atspm`` reads.

``DEVICE_YYYY-MM-DD.csv`` with TimeStamp (to the tenth of a second, in the log's time zone), DeviceId, EventId and
Parameter. Rows are appended whole: what a process was writing when it was killed is cut off by the next to open the
file, and a row that the disk has no room for is taken back. One process writes the log of a device.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self

from signals.runtime.hires_events import Event

HEADER = b"TimeStamp,DeviceId,EventId,Parameter\n"
_DEVICE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TAIL_BYTES = 4096


class HiresLogError(Exception):
    """The log cannot be kept: the file is somebody else's, or not such a log."""


class HiresLog:
    """Appends events; use it as a context. ``keep_days``: how many days' files stay, the newest; None: all."""

    def __init__(self, folder: Path, device: str, *, zone: tzinfo = UTC, keep_days: int | None = None) -> None:
        if not _DEVICE.fullmatch(device):
            raise ValueError(f"{device!r} names no device: up to 64 letters, digits, - and _")
        if keep_days is not None and keep_days < 1:
            raise ValueError(f"keep_days is {keep_days}; at least today's file stays")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._device, self._zone, self._keep_days = folder, device, zone, keep_days
        self._day: date | None = None
        self._file = -1

    def append(self, events: Iterable[Event]) -> None:
        """Write events to the files of their days. They are with the system when this returns, and not lost with the
        process; with the power, they may be.

        Raises:
            OSError: the disk is full or gone. Of the day whose rows failed none of this call stays.
            HiresLogError: another process writes the file, or it is not such a log.
            ValueError: an event without a time zone; nothing is written.
        """
        found = [*events]
        if any(event.at.tzinfo is None for event in found):
            raise ValueError("an event without a time zone")
        rows = [(event.at.astimezone(self._zone), event) for event in found]
        for day, of_day in groupby(rows, key=lambda row: row[0].date()):
            self._open(day)
            self._write("".join(self._format(at, event) for at, event in of_day).encode("ascii"))

    def close(self) -> None:
        """Let others write."""
        if self._file >= 0:
            os.close(self._file)
        self._file, self._day = -1, None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _format(self, at: datetime, event: Event) -> str:
        moment = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 100_000}"
        return f"{moment},{self._device},{int(event.code)},{int(event.parameter)}\n"

    def _path(self, day: date) -> Path:
        return self._folder / f"{self._device}_{day:%Y-%m-%d}.csv"

    def _open(self, day: date) -> None:
        if day == self._day:
            return
        self.close()
        path = self._path(day)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _mend(file, path)
        except BlockingIOError as error:
            os.close(file)
            raise HiresLogError(f"{path}: another process writes this log") from error
        except BaseException:
            os.close(file)
            raise
        self._file, self._day = file, day
        self._drop_old()

    def _write(self, data: bytes) -> None:
        size = os.fstat(self._file).st_size
        rest = data if size else HEADER + data
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            try:
                os.ftruncate(self._file, size)
            except OSError:
                self.close()  # who opens it next cuts off what is torn
            raise

    def _drop_old(self) -> None:
        """Remove the oldest files of this device; counted, not reckoned from today, so that a clock that jumps years
        ahead costs one file and not all.
        """
        if self._keep_days is None or self._day is None:
            return
        pattern = re.compile(re.escape(self._device) + r"_\d{4}-\d{2}-\d{2}\.csv")
        found = sorted(path for path in self._folder.iterdir() if pattern.fullmatch(path.name))
        for path in found[: -self._keep_days]:
            if path != self._path(self._day):
                path.unlink(missing_ok=True)


def _mend(file: int, path: Path) -> None:
    """Cut off what follows the last row's end; refuse a file that begins otherwise than such a log."""
    size = os.fstat(file).st_size
    head = os.pread(file, len(HEADER), 0)
    if head != HEADER[: len(head)]:
        raise HiresLogError(f"{path}: this is no high-resolution log; it is left alone")
    end = size
    while end > 0:
        begin = max(0, end - _TAIL_BYTES)
        at = os.pread(file, end - begin, begin).rfind(b"\n")
        if at >= 0:
            end = begin + at + 1
            break
        end = begin
    if end < size:
        os.ftruncate(file, end)
