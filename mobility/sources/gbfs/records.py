"""One record of a document, field by field: what does not hold is told with its remedy and taken as absent."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mobility.bikeshare.system import RentalUris
from mobility.sources.gbfs.documents import Document, read_instant
from mobility.sources.notices import SourceNotice

MOST = 100_000
"""More vehicles or docks than this stand nowhere: such a count is an error."""


@dataclass(frozen=True, slots=True)
class Record:
    """A JSON object with the name that notices give it."""

    file: str
    label: str
    raw: Mapping[str, Any]
    notices: list[SourceNotice]

    def tell(self, code: str, message: str) -> None:
        """Add a notice about this record."""
        self.notices.append(SourceNotice(code, self.file, self.label, message))

    def has(self, name: str) -> bool:
        """Whether a field is there with anything but null."""
        return self.raw.get(name) is not None

    def text(self, name: str) -> str:
        """A string, an id given as a number too; empty where absent."""
        value = self.raw.get(name)
        if isinstance(value, str):
            return value.strip()
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""

    def texts(self, name: str, language: str) -> dict[str, str]:
        """Texts by language: a list of ``{text, language}`` (3.x), or one string in the document's language."""
        value = self.raw.get(name)
        if isinstance(value, list):
            entries = [e for e in value if isinstance(e, Mapping) and isinstance(e.get("text"), str)]
            return {str(e.get("language") or language): e["text"].strip() for e in entries if e["text"].strip()}
        one = self.text(name)
        return {language: one} if one else {}

    def number(self, name: str, *, least: float = -math.inf, most: float = math.inf) -> float | None:
        """A finite number within bounds; None where absent, or not such a number (told)."""
        if not self.has(name):
            return None
        found = to_float(self.raw[name])
        if found is None or not least <= found <= most:
            self.tell(
                "bad_number",
                f"{name} {short(self.raw[name])} is no number from {least:g} to {most:g}: taken as unknown; "
                f"publish a JSON number",
            )
            return None
        return found

    def count(self, name: str, raw: Any = None) -> int | None:
        """A whole number from 0; None where absent, or a count that cannot be (told)."""
        value = self.raw.get(name) if raw is None else raw
        if value is None:
            return None
        found = to_float(value)
        if found is not None and found < 0:
            self.tell(
                "negative_count",
                f"{name} is {short(value)}: taken as unknown, not as zero; publish the count, or leave the field out",
            )
            return None
        if found is None or found != math.floor(found) or found > MOST:
            self.tell("bad_count", f"{name} {short(value)} is no count: taken as unknown; publish a whole number")
            return None
        return int(found)

    def flag(self, name: str, *, otherwise: bool, is_required: bool = False) -> bool:
        """A boolean, 0 or 1 (1.x); ``otherwise`` where absent (told if required) or neither (told)."""
        value = self.raw.get(name)
        if isinstance(value, bool) or (isinstance(value, int) and value in {0, 1}):
            return bool(value)
        if is_required or value is not None:
            word = str(otherwise).lower()
            self.tell("bad_flag", f"{name} {short(value)} is neither true nor false: taken as {word}; publish it")
        return otherwise

    def maybe_flag(self, name: str) -> bool | None:
        """A boolean where there is one."""
        return self.flag(name, otherwise=False) if self.has(name) else None

    def instant(self, name: str, *, now: dt.datetime | None = None, ahead_s: int = 60) -> dt.datetime | None:
        """A time; None where absent, no time (told), or more than ``ahead_s`` after ``now`` (told)."""
        if not self.has(name):
            return None
        found = read_instant(self.raw[name])
        if found is None:
            self.tell(
                "bad_time",
                f"{name} {short(self.raw[name])} is no time: taken as unknown; "
                f"publish POSIX seconds (1.x, 2.x) or RFC 3339 with an offset (3.x)",
            )
        elif now is not None and found > now + dt.timedelta(seconds=ahead_s):
            self.tell("future_time", f"{name} {found.isoformat()} is yet to come: taken as unknown; set the clock")
            return None
        return found

    def ids(self, *names: str) -> frozenset[str]:
        """A list of ids under the first of several names that is there."""
        value: Any = next((self.raw[name] for name in names if self.has(name)), [])
        values = value if isinstance(value, list) else [value]
        return frozenset(str(v) for v in values if isinstance(v, str | int) and not isinstance(v, bool) and v != "")

    def objects(self, name: str) -> list[Mapping[str, Any]]:
        """The objects of a list; what is none of them is dropped (told)."""
        value = self.raw.get(name)
        if value is None:
            return []
        found = [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
        if not isinstance(value, list) or len(found) < len(value):
            self.tell("bad_list", f"{name} is no list of objects: what is none is left out; publish a list")
        return found

    def rental_uris(self, name: str = "rental_uris") -> RentalUris:
        """Deep links, empty where absent."""
        value = self.raw.get(name)
        links = value if isinstance(value, Mapping) else {}
        android, ios, web = (v if isinstance(v := links.get(key), str) else "" for key in ("android", "ios", "web"))
        return RentalUris(android, ios, web)


def list_records(
    document: Document, key: str, id_name: str, notices: list[SourceNotice], *, other_id: str = ""
) -> Iterator[Record]:
    """The records of a document's list that have an id (under ``id_name``, or ``other_id`` of older versions).

    Told: a list that is missing, entries that are no objects, records without id.
    """
    entries = document.data.get(key)
    if not isinstance(entries, list):
        message = f"has no list `{key}`: read as if it were absent; publish one, empty if there is nothing"
        notices.append(SourceNotice("no_list", document.file, "", message))
        return
    for number, entry in enumerate(entries):
        place = f"{key}[{number}]"
        if not isinstance(entry, Mapping):
            message = f"{short(entry)} is no object: left out; publish one object a record"
            notices.append(SourceNotice("not_an_object", document.file, place, message))
            continue
        record = Record(document.file, place, entry, notices)
        name = record.text(id_name) or (record.text(other_id) if other_id else "")
        if name:
            yield Record(document.file, name, entry, notices)
        else:
            record.tell("no_id", f"has no {id_name}: left out; give every record an id of its own")


def keep_first(records: Iterator[Record]) -> Iterator[Record]:
    """Records without those whose id has come before (told)."""
    seen: set[str] = set()
    for record in records:
        if record.label in seen:
            record.tell("duplicate_id", "comes more than once: only the first is used; give each record one id")
        else:
            seen.add(record.label)
            yield record


def to_float(value: Any) -> float | None:
    """A finite JSON number, or a string that is one (1.x has such); None otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def short(value: Any) -> str:
    """A value for a message."""
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
