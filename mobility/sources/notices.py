"""What a decoder leaves out or mends, told to whoever keeps the source: shared by all sources."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceNotice:
    """One finding in a source document.

    ``code`` is snake_case and stable; ``file`` the document's name; ``record`` the id of the record, or where it
    stands (``stations[3]``) when it has none, empty for the document as a whole; ``message`` says what is wrong
    and, last, the remedy.
    """

    code: str
    file: str
    record: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file} {self.record}".rstrip()
        return f"{place}: {self.message} ({self.code})"
