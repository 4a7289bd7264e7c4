"""What is wrong with a feed, where, and how bad it is.

Codes are those of the canonical MobilityData GTFS Schedule validator where it has one
(https://gtfs-validator.mobilitydata.org/rules.html); our own begin with ``changtong_`` and are listed in
``gtfs/README.md``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a notice matters. ERROR means that exit code 1 is due."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Notice:
    """One finding. ``row`` is the 1-based line in the file (the header is row 1); 0 means the whole file."""

    code: str
    severity: Severity
    file: str
    row: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.row}" if self.row else self.file
        return f"{self.severity.value.upper():7} {place}  {self.code}: {self.message}"


@dataclass(frozen=True, slots=True)
class Report:
    """All notices of one feed, in the order in which they were found."""

    notices: tuple[Notice, ...] = ()

    def __iter__(self) -> Iterator[Notice]:
        return iter(self.notices)

    def __len__(self) -> int:
        return len(self.notices)

    def with_notices(self, more: Iterable[Notice]) -> Report:
        """A new report with ``more`` appended."""
        return Report((*self.notices, *more))

    @property
    def errors(self) -> tuple[Notice, ...]:
        """The notices of severity ERROR."""
        return tuple(n for n in self.notices if n.severity is Severity.ERROR)

    @property
    def is_usable(self) -> bool:
        """True when no notice is an error."""
        return not self.errors

    def counts(self) -> Counter[Severity]:
        """How many notices of each severity."""
        return Counter(n.severity for n in self.notices)
