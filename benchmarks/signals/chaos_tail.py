"""What stands in the street now, from the end of a cabinet's record and of a host's output, while both are written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

_LEVEL = re.compile(r": (shadow|advisory|armed)(?:;|$)|DISARMED to (shadow)", re.MULTILINE)


class _Lines:
    """New whole lines of a file, at each call."""

    def __init__(self, path: Path) -> None:
        self._path, self._at, self._rest = path, 0, b""

    def read(self) -> list[bytes]:
        """Those that are there since the last call."""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._at)
                new = stream.read()
        except FileNotFoundError:
            return []
        self._at += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        return lines


class CabinetTail:
    """The newest that a cabinet has written. ``obeyed_at``: monotonic; a release does not count."""

    def __init__(self, path: Path) -> None:
        self._lines = _Lines(path)
        self.lamps, self.is_led, self.is_starting = "", False, True
        self.obeyed_at, self.peer = float("-inf"), ""

    def read(self) -> None:
        """Take in what is new."""
        for line in self._lines.read():
            row = read_row(line)
            if "lamps" in row:
                self.lamps, self.is_led, self.is_starting = row["lamps"], row["led"], row["starting"]
            elif "bytes" in row and not row["release"]:
                self.obeyed_at, self.peer = row["at"], row["peer"]
            elif "start" in row:
                self.lamps, self.is_led, self.is_starting = "", False, True


class HostTail:
    """The level that a host has said last."""

    def __init__(self, path: Path) -> None:
        self._lines, self.level = _Lines(path), "shadow"

    def read(self) -> None:
        """Take in what is new."""
        for line in self._lines.read():
            for found in _LEVEL.finditer(line.decode(errors="replace")):
                self.level = found[1] or found[2]


def read_row(line: bytes) -> dict[str, Any]:
    """One line of a cabinet's record; empty where a kill has cut it."""
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}
