"""What can be wrong with a city: one error, naming file, row and remedy."""

from __future__ import annotations


class CityError(Exception):
    """A city that cannot be found, or whose configuration or tables do not hold; the message says what to do."""


class TableError(CityError):
    """A table of facts that cannot be used. ``row`` is the line in the file (the header is 1; 0: the whole file)."""

    def __init__(self, file: str, row: int, message: str) -> None:
        super().__init__(f"{file}:{row}: {message}" if row else f"{file}: {message}")
        self.file = file
        self.row = row
