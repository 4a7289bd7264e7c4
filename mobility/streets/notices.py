"""What could not be read or kept of a street extract: for people who look after the map file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple


class Severity(StrEnum):
    """WARNING: ways, turns or times differ from the map. INFO: it is as the map says, and worth knowing."""

    INFO = "INFO"
    WARNING = "WARNING"


class StreetNotice(NamedTuple):
    """Stable ``code``, and a sentence that names the file, how many objects, examples by OSM id, and a remedy."""

    code: str
    severity: Severity
    message: str


class StreetsUnreadable(Exception):  # noqa: N818  (what is wrong are the streets)
    """The whole extract is of no use; the message names the file, what is wrong and the remedy."""


class Notices:
    """Gathers notices about one file: many objects of a kind make one notice."""

    EXAMPLES = 5

    def __init__(self, path: Path) -> None:
        self._file = path.name
        self._told: list[StreetNotice] = []
        self._found: dict[str, tuple[int, list[str]]] = {}

    def count(self, code: str, example: str) -> None:
        """One more object for the notice ``code``, told when ``tell_counted`` is asked."""
        number, examples = self._found.get(code, (0, []))
        if len(examples) < self.EXAMPLES:
            examples.append(example)
        self._found[code] = number + 1, examples

    def tell(self, code: str, message: str, severity: Severity = Severity.WARNING) -> None:
        """A notice about the file as a whole."""
        self._told.append(StreetNotice(code, severity, f"{self._file}: {message}"))

    def tell_counted(self, code: str, what: str, remedy: str, severity: Severity = Severity.WARNING) -> None:
        """One notice of all objects counted under ``code``; none where there are none."""
        number, examples = self._found.pop(code, (0, []))
        if number:
            more = ", ..." if number > len(examples) else ""
            self.tell(code, f"{number} {what} ({', '.join(examples)}{more}). {remedy}", severity)

    def list_all(self) -> tuple[StreetNotice, ...]:
        """In the order in which they were told."""
        return tuple(self._told)
